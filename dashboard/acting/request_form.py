"""The widgets that ask for a bed for a patient who has none, or needs another one."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import streamlit as st

from dashboard import theme
from dashboard.acting import booking_form, legal, pick
from dashboard.asking.board import Bed, choices
from dashboard.times import Here
from lake.vocabulary import USUAL_PRIORITY, WaitsIn
from simulator.client import Hospital, Needs, NewBedRequest


def ask_request(beds: Sequence[Bed], here: Here, hospital: Hospital | None) -> NewBedRequest | None:
    """What is asked for, once it is complete: the reference alone will do, the rest is usual."""
    ref = st.text_input(
        "Patient reference",
        placeholder="for example P-10293, never a name",
        max_chars=64,
        key="request-ref",
    ).strip()
    who = booking_form.ask_who(hospital, "request")
    where = _ask_where(here)
    priority = st.pills(
        f"Priority: 1 most urgent, {USUAL_PRIORITY} if not said",
        booking_form.PRIORITIES,
        key="request-priority",
    )
    when = _ask_when(beds, here)
    needs = who | booking_form.ask_needs(choices(beds, "specialty"), hospital)
    needs |= {"priority": priority} if priority else {}
    problem = legal.patient_ref_problem(ref)
    if ref and problem:
        st.warning(problem)
    if problem:
        return None
    said = where | when | ({"needs": Needs(**needs)} if needs else {})
    return NewBedRequest(patient_ref=ref, **said)


def _ask_where(here: Here) -> dict[str, Any]:
    """Where the patient is, and since when. Of who lies in a bed that is known."""
    waits_in = st.pills(
        "Where is the patient?",
        [*WaitsIn],
        format_func=theme.words,
        key="request-waits-in",
        wrap=True,
    )
    left, right = st.columns(2)
    with left:
        arrived_at = pick.past("Arrived at (within the last day)", here, "request-arrived")
    with right:
        decided_at = pick.past("Decided to admit at, if not now", here, "request-decided")
    if arrived_at and decided_at and decided_at < arrived_at:
        st.warning("It was decided before the patient arrived: correct one of the two times.")
    return _said(waits_in=waits_in, arrived_at=arrived_at, decided_at=decided_at)


def _ask_when(beds: Sequence[Bed], here: Here) -> dict[str, Any]:
    left, middle, right = st.columns(3)
    with left:
        ward_id = pick.word("Ward", choices(beds, "ward_id"), "Any", "request-ward")
    days = middle.number_input(
        "Expected stay, days", 0.5, 366.0, None, 0.5, placeholder="Usual", key="request-stay"
    )
    wanted_from: datetime | None = None
    if right.radio("Bed wanted", ["now", "not before"], key="request-wanted") == "not before":
        wanted_from = pick.instant("Not before", here, timedelta(hours=2), "request-from")
    hours = days * 24 if days else None
    return _said(ward_id=ward_id, expected_stay_hours=hours, wanted_from=wanted_from)


def _said(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
