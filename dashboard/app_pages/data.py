"""Data: whether the numbers can be trusted, and where they come from."""

from datetime import UTC, datetime

import streamlit as st

from dashboard.asking import queries
from dashboard.asking.ask import rows
from dashboard.asking.live import glance
from dashboard.drawing import health, lineage, top

MOST_RESULTS = 40
MOST_RUNS = 60
MOST_SET_ASIDE = 20


def checks(now: datetime) -> None:
    st.subheader("Checks", anchor=False)
    found = rows(queries.checks, most=MOST_RESULTS)
    if found:
        st.html(health.checks(found, now))
    else:
        st.caption("No check has run yet. The flow check_lake runs them.")


def origins() -> None:
    st.subheader("Where each table comes from", anchor=False)
    newest = rows(queries.newest_runs)
    if newest:
        st.graphviz_chart(lineage.dot(newest), width="content")
        st.caption("An arrow leads from what was read to what was made of it. Point at it for the "
                   "version that was read.")  # fmt: skip
    else:
        st.caption("No flow has written a table yet.")


def runs(now: datetime) -> None:
    st.subheader("Runs", anchor=False)
    newest = rows(queries.newest_runs)
    table_name = st.selectbox(
        "Table",
        sorted(run["table_name"] for run in newest),
        index=None,
        placeholder="The newest run of each table",
        label_visibility="collapsed",
        width=320,
    )
    found = rows(queries.last_runs, table_name=table_name, most=MOST_RUNS) if table_name else newest
    if found:
        st.html(health.runs(found, now))
    else:
        st.caption("No run yet.")


def quarantine(now: datetime) -> None:
    st.subheader("Quarantine", anchor=False)
    rules = rows(queries.quarantine_rules)
    if not rules:
        st.caption("No event has been set aside.")
        return
    st.html(health.quarantine_rules(rules, now))
    st.html(health.quarantine_newest(rows(queries.quarantine_newest, most=MOST_SET_ASIDE), now))


@st.fragment(run_every=20)
def data() -> None:
    st.html(top.strip(glance()))
    now = datetime.now(UTC)
    checks(now)
    left, right = st.columns(2, gap="large")
    with left:
        origins()
    with right:
        quarantine(now)
    runs(now)


data()
