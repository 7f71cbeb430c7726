"""Book: promise a bed, and act on one."""

import streamlit as st

from dashboard.acting import desk, outcomes, pick
from dashboard.acting.act_form import ask_act
from dashboard.acting.booking_form import ask_wish
from dashboard.asking import board, queries
from dashboard.asking.ask import rows
from dashboard.asking.live import glance
from dashboard.drawing import tiles, top
from dashboard.times import Here


@st.fragment(run_every=3)
def head() -> None:
    st.html(top.strip(glance()))


def keep(outcome: desk.Outcome, key: str) -> None:
    """Shown after the page has asked the lake again."""
    st.session_state[key] = outcome
    st.rerun()


def book_a_bed(beds: list[board.Bed], here: Here) -> None:
    st.subheader("Book a bed", anchor=False)
    wish = ask_wish(beds, here)
    if st.button("Book", type="primary", disabled=wish is None) and wish:
        keep(desk.book(wish), "booking_outcome")
    told = st.session_state.get("booking_outcome", desk.NOTHING_YET)
    instead = outcomes.tell(told, here, "book")
    if instead:
        keep(instead(), "booking_outcome")


def act_on_a_bed(beds: list[board.Bed], here: Here) -> None:
    st.subheader("Act on a bed", anchor=False)
    bed = pick.bed("Bed", beds, here, "acted_bed_id")
    if bed is None:
        st.caption("Admit, discharge, transfer, cancel, clean, close and open: choose a bed.")
        return
    st.html(tiles.card(bed, here))
    act = ask_act(bed, beds, here)
    if act and st.button(f"{act[0]}: {bed['bed_id']}", type="primary"):
        keep(desk.act(*act, bed), "act_outcome")
    told = st.session_state.get("act_outcome", desk.NOTHING_YET)
    instead = outcomes.tell(told, here, "act")
    if instead:
        keep(instead(), "act_outcome")


if "bed_id" in st.query_params:  # chosen on the board
    st.session_state["wanted_bed_id"] = st.query_params.pop("bed_id")
    st.session_state.pop("booking_outcome", None)

head()
now = glance()
all_beds = rows(queries.beds, now=now.hospital_at)
if not all_beds:
    st.info("No beds are registered yet. Booking starts as soon as the hospital is set up.")
left, right = st.columns(2, gap="large")
with left:
    book_a_bed(all_beds, now.here)
with right:
    act_on_a_bed(all_beds, now.here)
