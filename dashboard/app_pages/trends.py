"""Trends: the census, the key figures, the cleaning and the words of the updates over time."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import streamlit as st

from dashboard import times
from dashboard.acting import exporting
from dashboard.asking import queries
from dashboard.asking.ask import ask, row, rows
from dashboard.asking.live import Glance, glance
from dashboard.drawing import charts, html, tables, top
from dashboard.settings import DashboardSettings
from dashboard.whose import sight

BUILDING = "Building: first numbers come within two minutes of the first start."
NOTHING = "Nothing in these days."
PERIODS = {"Last 7 days": 7, "Last 30 days": 30, "Last 90 days": 90, "Everything": 36500}
LEVELS = {"Rooms": "room", "Wards": "ward", "Specialties": "specialty", "Hospital": "hospital"}
GRAINS = {"per day": "day", "per week": "week", "per month": "month", "per quarter": "quarter"}
TOP = 12
FEWEST = 5  # updates, of a term that somebody sees who does not see all patients

# The questions' common parameters: `from_on`, `until_on`, `ward_ids`. (Streamlit shows a page's
# strings that stand alone, so no docstring.)
Chosen = dict[str, Any]


def choose(last_on: date) -> Chosen:
    period, ward = st.columns([1, 1])[0].columns([1, 2])
    days = PERIODS[period.selectbox("Period", PERIODS, index=1, label_visibility="collapsed")]
    ward_ids = ward.multiselect(
        "Wards",
        [ward["ward_id"] for ward in rows(queries.wards)],
        placeholder="All wards",
        label_visibility="collapsed",
    )
    return {
        "from_on": last_on - timedelta(days=days - 1),
        "until_on": last_on,
        "ward_ids": ward_ids,
    }


def draw(
    place: Any,
    title: str,
    chart: Callable[[Any], charts.Drawn],
    question: str,
    *,
    empty: str = NOTHING,
    **parameters: Any,
) -> None:
    place.markdown(f"**{title}**")
    answer = ask(question, **parameters)
    if answer.num_rows:
        place.altair_chart(chart(answer), width="stretch")
    else:
        place.info(empty)


def beds(chosen: Chosen, now: Glance) -> None:
    limits = DashboardSettings().thresholds
    left, right = st.columns([3, 2], gap="medium")
    draw(
        left,
        "Beds by status, each full hour",
        charts.census_hourly,
        queries.census_hourly,
        empty=BUILDING,
        **chosen,
        time_zone=str(now.zone),
    )
    draw(
        right,
        "Occupancy by ward",
        partial(charts.ward_occupancy, limits=limits),
        queries.ward_occupancy,
        empty=BUILDING,
        **chosen,
    )
    draw(
        left,
        "Admissions and discharges",
        charts.movements_daily,
        queries.movements_daily,
        empty=BUILDING,
        **chosen,
    )
    draw(
        right,
        "Occupancy at each midnight",
        partial(charts.unit_kpis, limits=limits),
        queries.unit_kpis,
        empty=BUILDING,
        **chosen,
        level="ward" if chosen["ward_ids"] else "hospital",
        period="day",
    )


def key_figures(chosen: Chosen, _: Glance) -> None:
    limits = DashboardSettings().thresholds
    choices = st.container(horizontal=True, vertical_alignment="center", gap="medium")
    unit = choices.segmented_control("Of", LEVELS, default="Hospital", required=True,
                                   label_visibility="collapsed")  # fmt: skip
    per = choices.segmented_control("Per", GRAINS, default="per week", required=True,
                                  label_visibility="collapsed")  # fmt: skip
    answer = ask(queries.unit_kpis, **chosen, level=LEVELS[unit], period=GRAINS[per])
    if not answer.num_rows:
        st.info(BUILDING)
        return
    exporting.offer(choices, tables.csv(answer), f"{LEVELS[unit]}_{GRAINS[per]}_kpis.csv")
    if LEVELS[unit] != "room":  # too many for lines
        st.markdown("**Occupancy at midnight**")
        st.altair_chart(charts.unit_kpis(answer, limits), width="stretch")
    st.dataframe(answer, column_config=tables.UNIT_KPIS, hide_index=True, width="stretch")
    st.caption(
        "Weeks begin on Monday. The first week or month is shown as a whole, also where it begins "
        "before the chosen dates; the last has the days so far. Specialties and the hospital count "
        "all of their wards. "
        "Occupancy as in KH03; length of stay, turnover interval and bed use factor as StatsWales "
        "defines them. No case: no ratio."
    )


def turnaround(chosen: Chosen, _: Glance) -> None:
    goals = DashboardSettings().turnaround_goals
    for place, (phase, title) in zip(
        st.columns(3, gap="medium"), charts.PHASES.items(), strict=True
    ):
        draw(
            place,
            title,
            partial(charts.turnaround_by_ward, phase=phase),
            queries.turnaround_by_ward,
            **(chosen | goals),
        )
    st.caption(
        "Medians of the cleaning cycles that ended in these days, in hospital minutes. The dashed "
        "line is the goal; a bar that reaches it is orange."
    )


def breaches(chosen: Chosen, now: Glance) -> None:
    left, right = st.columns([3, 2], gap="medium")
    draw(left, "Patients where a rule of the ward was broken, each day", charts.breach_days,
         queries.breach_days, **chosen)  # fmt: skip
    left.caption(
        "Each patient once a day and rule: a room with women and men, isolation that is none, a "
        "ward that does not give the care or does not take such patients. An override explains a "
        "breach, it does not end it."
    )
    left.dataframe(
        ask(queries.breach_days_by_ward, **chosen),
        column_config=tables.BREACH_DAYS, hide_index=True, width="stretch",
    )  # fmt: skip
    right.markdown("**Now**")
    answer = ask(queries.breaches_now, now=now.hospital_at, ward_ids=chosen["ward_ids"])
    if answer.num_rows:
        right.dataframe(answer, column_config=tables.BREACHES_NOW, hide_index=True, width="stretch")
    else:
        right.success("No rule is broken now.", icon=":material/check_circle:")


def updates(chosen: Chosen, _: Glance) -> None:
    left, right = st.columns([3, 2], gap="medium")
    draw(left, "Updates with a flagged phrase, each day", charts.update_phrases_daily,
         queries.update_phrases_daily, **chosen)  # fmt: skip
    left.caption("A flag stands for phrases that matter on a ward, such as isolation, falls or "
                 "oxygen; flows/phrases.toml lists them.")  # fmt: skip
    rising_terms(right, chosen)
    share, length = st.columns(2, gap="medium")
    draw(share, "Share of manual updates", charts.manual_share_daily,
         queries.update_origins_daily, **chosen)  # fmt: skip
    draw(length, "Characters of an update's text, by whom", charts.update_length_daily,
         queries.update_origins_daily, **chosen)  # fmt: skip
    terms, pairs = st.columns(2, gap="medium")
    for place, title, gram_size in ((terms, "Terms", 1), (pairs, "Word pairs", 2)):
        draw(place, title, charts.top_terms, queries.top_terms, **chosen,
             gram_size=gram_size, top=TOP, least=1 if sight().sees_all else FEWEST)  # fmt: skip


def rising_terms(place: Any, chosen: Chosen) -> None:
    place.markdown("**Rising terms now**")
    answer = ask(queries.rising_terms, ward_ids=chosen["ward_ids"], top=TOP)
    if answer.num_rows:
        place.dataframe(answer, column_config=tables.RISING_TERMS, hide_index=True, width="stretch")
    else:
        place.caption("No term rises.")
    place.caption(
        "In at least 5 updates of the last 24 hours, and at least twice as often as in the week "
        "before."
    )


SECTIONS = {
    "Beds": beds, "Key figures": key_figures, "Turnaround": turnaround, "Breaches": breaches,
    "Updates": updates,
}  # fmt: skip


def counted_until(now: Glance, last_at: Any) -> str:
    text = f"counted until {times.full(last_at, now.zone)}" if last_at else "not counted yet"
    return html.filled("counted_until", text=text)


@st.fragment(run_every=20)
def trends() -> None:
    now = glance()
    counted = row(queries.counted_period)
    st.html(top.strip(now, counted_until(now, counted.get("last_at"))))
    chosen = choose(counted.get("last_on") or times.local(now.hospital_at, now.zone).date())
    section = st.segmented_control(
        "Section", SECTIONS, default="Beds", required=True, key="section",
        label_visibility="collapsed",
    )  # fmt: skip
    SECTIONS[section](chosen, now)


trends()
