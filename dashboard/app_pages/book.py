"""Book: promise a bed, and act on one."""

import streamlit as st

from dashboard.acting import allowed, desk, outcomes, pick
from dashboard.acting.act_form import Scene, ask_act
from dashboard.acting.booking_form import ask_wish
from dashboard.acting.finding import BOOKING
from dashboard.asking import board, queries
from dashboard.asking.ask import rows
from dashboard.asking.live import glance
from dashboard.drawing import tiles, top
from dashboard.times import Here
from simulator.client import Hospital


def tell(key: str, here: Here, what: str) -> None:
    """What became of the last action, and of what was chosen instead of it."""
    instead = outcomes.tell(st.session_state.get(key, desk.NOTHING_YET), here, what)
    if instead:
        st.session_state[key] = instead()
        st.rerun()


def book_a_bed(beds: list[board.Bed], here: Here, hospital: Hospital | None) -> None:
    st.subheader("Book a bed", anchor=False)
    wish = ask_wish(allowed.own(beds), here, hospital)
    st.button(
        "Book",
        type="primary",
        disabled=wish is None,
        on_click=outcomes.do,
        args=(BOOKING, desk.book, wish),
    )
    tell(BOOKING, here, "book")


def act_on_a_bed(beds: list[board.Bed], here: Here, hospital: Hospital | None) -> None:
    st.subheader("Act on a bed", anchor=False)
    bed = pick.bed("Bed", beds, here, "acted_bed_id")
    if bed is None:
        st.caption("Admit, discharge, transfer, cancel, clean, close and open: choose a bed.")
        return
    st.html(tiles.card(bed, here))
    act = ask_act(Scene(bed, beds, here, hospital))
    if act:
        label = f"{act[0]}: {bed['bed_id']}"
        touched = (bed["bed_id"], act[1].get("to_bed_id"))
        seen_seq = max(int(one["seq"]) for one in beds if one["bed_id"] in touched)
        arguments = ("act_outcome", desk.act, *act, bed, seen_seq)
        st.button(label, type="primary", on_click=outcomes.do, args=arguments)
    told = st.session_state.get("act_outcome", desk.NOTHING_YET)
    if told.bed_id not in (None, bed["bed_id"]):  # of the bed that was chosen before
        st.session_state.pop("act_outcome")
    tell("act_outcome", here, "act")


@st.fragment(run_every=3)
def live_forms() -> None:
    now = glance()
    st.html(top.strip(now))
    beds = rows(queries.beds, now=now.hospital_at)
    if not beds:
        st.info("No beds are registered yet. Booking starts as soon as the hospital is set up.")
    if not allowed.may(allowed.WORK):
        st.info("Your role books no beds: clerks book on their wards, managers everywhere.")
        return
    hospital = desk.hospital()
    left, right = st.columns(2, gap="large")
    with left:
        book_a_bed(beds, now.here, hospital)
    with right:
        act_on_a_bed(beds, now.here, hospital)


if "bed_id" in st.query_params:  # chosen on the board
    st.session_state["wanted_bed_id"] = st.query_params.pop("bed_id")
    st.session_state.pop(BOOKING, None)

live_forms()
