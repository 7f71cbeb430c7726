"""Trends: census, occupancy, movements and the words of the updates."""

from datetime import date, timedelta
from typing import Any

import streamlit as st

from dashboard import charts, queries, times, top
from dashboard.ask import ask, row, rows
from dashboard.live import Glance, glance

BUILDING = "Building: first numbers come within two minutes of the first start."
PERIODS = {"Last 7 days": 7, "Last 30 days": 30, "Last 90 days": 90, "Everything": 36500}
TOP = 12


def choose(last_on: date) -> dict[str, Any]:
    """The questions' common parameters."""
    period, ward = st.columns([1, 1])[0].columns(2)
    days = PERIODS[period.selectbox("Period", PERIODS, index=1, label_visibility="collapsed")]
    ward_id = ward.selectbox(
        "Ward",
        [ward["ward_id"] for ward in rows(queries.wards)],
        index=None,
        placeholder="All wards",
        label_visibility="collapsed",
    )
    return {"from_on": last_on - timedelta(days=days - 1), "until_on": last_on, "ward_id": ward_id}


def draw(place: Any, title: str, chart: Any, question: str, **parameters: Any) -> None:
    place.markdown(f"**{title}**")
    answer = ask(question, **parameters)
    if answer.num_rows:
        place.altair_chart(chart(answer), width="stretch")
    else:
        place.info(BUILDING)


def counted_until(now: Glance, last_at: Any) -> str:
    text = f"counted until {times.full(last_at, now.zone)}" if last_at else "not counted yet"
    return f'<div><span class="small">Trends</span><span>{text}</span></div>'


@st.fragment(run_every=20)
def trends() -> None:
    now = glance()
    counted = row(queries.counted_period)
    st.html(top.strip(now, counted_until(now, counted.get("last_at"))))
    chosen = choose(counted.get("last_on") or times.local(now.hospital_at, now.zone).date())
    left, right = st.columns([3, 2], gap="medium")
    draw(
        left,
        "Beds by status, each full hour",
        charts.census_hourly,
        queries.census_hourly,
        **chosen,
        time_zone=str(now.zone),
    )
    draw(right, "Occupancy by ward", charts.ward_occupancy, queries.ward_occupancy, **chosen)
    left, middle, right = st.columns([3, 1, 1], gap="medium")
    draw(
        left, "Admissions and discharges", charts.movements_daily, queries.movements_daily, **chosen
    )
    for place, title, gram_size in ((middle, "Terms", 1), (right, "Word pairs", 2)):
        draw(
            place,
            title,
            charts.top_terms,
            queries.top_terms,
            **chosen,
            gram_size=gram_size,
            top=TOP,
        )


trends()
