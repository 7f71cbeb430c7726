"""Activity: every update, automatic and manual, newest first."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import streamlit as st

from dashboard import theme
from dashboard.asking import queries
from dashboard.asking.ask import rows
from dashboard.asking.live import glance
from dashboard.drawing import top, updates
from lake.vocabulary import EventType

PAGE = 100
PERIODS = {"Last 2 days": 1, "Last 7 days": 6, "Last 30 days": 29, "Everything": 36500}
ORIGINS = {"Manual": True, "Automatic": False}


def choose(ward_ids: list[str]) -> dict[str, Any]:
    """The question's parameters."""
    period, ward, bed, types, origin = st.columns([1.3, 1, 1.2, 3, 1.3])
    days = PERIODS[period.selectbox("Period", PERIODS, label_visibility="collapsed")]
    ward_id = ward.selectbox(
        "Ward", ward_ids, index=None, placeholder="All wards", label_visibility="collapsed"
    )
    bed_text = bed.text_input("Bed", placeholder="Bed", label_visibility="collapsed")
    event_types = types.multiselect(
        "What",
        [*EventType],
        format_func=theme.words,
        placeholder="All kinds of update",
        label_visibility="collapsed",
    )
    source = origin.selectbox(
        "By", ORIGINS, index=None, placeholder="By anyone", label_visibility="collapsed"
    )
    return {
        "recorded_from": days_ago(days),
        "ward_id": ward_id,
        "bed_text": bed_text.strip().lower() or None,
        "event_types": event_types,
        "is_manual": ORIGINS.get(source) if source else None,
    }


def days_ago(days: int) -> date:
    return datetime.now(UTC).date() - timedelta(days=days)


@st.fragment(run_every=3)
def latest(ward_ids: list[str]) -> None:
    now = glance()
    st.html(top.strip(now))
    chosen = choose(ward_ids)
    limit = st.session_state.setdefault("update_limit", PAGE)
    found = rows(queries.updates, **chosen, row_limit=limit)
    if not found:
        st.info("No update fits. Choose a longer period or fewer filters.")
        return
    st.html(updates.table(found, now.zone))
    if len(found) == limit and st.button("Load older"):
        st.session_state["update_limit"] += PAGE
        st.rerun(scope="fragment")


latest([ward["ward_id"] for ward in rows(queries.wards)])
