"""The widgets that ask what is to be booked."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import streamlit as st

from dashboard.acting import legal, pick
from dashboard.asking.board import Bed, Filter, choices
from dashboard.times import Here
from lake.vocabulary import RoomClass, Sex
from simulator.client import Needs, NewBooking

PRIORITIES = ["1", "2", "3", "4", "5"]


def ask_wish(beds: Sequence[Bed], here: Here) -> NewBooking | None:
    """What is asked for, once it is complete."""
    ref = st.text_input(
        "Patient reference", placeholder="for example P-10293, never a name", max_chars=64
    ).strip()
    bed = _ask_bed(beds, here)
    starts_at, ends_at = _ask_interval(here)
    admit = st.checkbox("Admit now: the patient is here", disabled=starts_at is not None)
    needs = _ask_needs(choices(beds, "specialty"))
    problem = legal.patient_ref_problem(ref) or legal.interval_problem(starts_at, ends_at, here.now)
    if ref and problem:
        st.warning(problem)
    if problem or bed is None:
        return None
    wish = {"starts_at": starts_at, "ends_at": ends_at, "needs": Needs(**needs) if needs else None}
    return NewBooking(
        bed_id=bed["bed_id"],
        patient_ref=ref,
        admit=admit and starts_at is None,
        **{name: value for name, value in wish.items() if value is not None},
    )


def _ask_bed(beds: Sequence[Bed], here: Here) -> Bed | None:
    left, right = st.columns(2)
    with left:
        ward_id = pick.word("Ward", choices(beds, "ward_id"))
    with right:
        room_class = pick.word("Room class", choices(beds, "room_class"))
    shown = Filter(ward_id=ward_id, room_class=room_class)
    fitting = legal.free_first(bed for bed in beds if shown.lets_through(bed))
    wanted = st.session_state.get("wanted_bed_id")
    return pick.bed("Bed (free ones first)", fitting, here, "booked_bed_id", first=wanted)


def _ask_interval(here: Here) -> tuple[datetime | None, datetime | None]:
    """Start (None: now) and end (None: open)."""
    left, right = st.columns(2)
    starts_at = ends_at = None
    with left:
        if st.radio("Starts", ["now", "later"], horizontal=True) == "later":
            starts_at = pick.instant("Starts", here, timedelta(hours=1), "starts")
    with right:
        if st.radio("Ends", ["open", "at a set time"], horizontal=True) != "open":
            ends_at = pick.instant("Ends", here, timedelta(days=2), "ends")
    return starts_at, ends_at


def _ask_needs(specialties: Sequence[str]) -> dict[str, Any]:
    with st.expander("Needs of the patient (optional)"):
        left, right = st.columns(2)
        with left:
            specialty = pick.word("Needed specialty", specialties)
            sex = pick.word("Sex", [*Sex], "Not given")
        with right:
            room_class = pick.word("Needed room class", [*RoomClass])
            priority = pick.word("Priority (1 is most urgent)", PRIORITIES, "Not given")
        needs = {
            "specialty": specialty,
            "room_class": room_class,
            "sex": sex,
            "priority": int(priority) if priority else None,
            "isolation": st.checkbox("Isolation") or None,
        }
    return {name: need for name, need in needs.items() if need is not None}
