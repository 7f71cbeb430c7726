"""Says what became of an action."""

from dataclasses import replace

import streamlit as st

from dashboard import times
from dashboard.desk import Outcome
from dashboard.tiles import Here
from simulator.client import Alternative, Booking, Change, Conflict, NewBooking, Refused


def tell(outcome: Outcome, here: Here) -> NewBooking | None:
    """Returns the wish for another bed, where one of the alternatives is taken."""
    if outcome.done:
        st.success(_done(outcome.done, here), icon=":material/check_circle:")
    if outcome.unreachable:
        st.error(
            f"**It is not known whether this was done.** {outcome.unreachable} "
            "Look at the bed before you try again.",
            icon=":material/cloud_off:",
        )
    if outcome.refused:
        return _tell_refusal(outcome.refused, outcome.wish, here)
    return None


def _tell_refusal(refused: Refused, wish: NewBooking | None, here: Here) -> NewBooking | None:
    st.error(f"**Not done.** {refused.detail} (`{refused.code}`)", icon=":material/block:")
    if refused.conflicts_with:
        st.markdown(_in_the_way(refused.conflicts_with, here))
    return _offer(refused.alternatives, wish) if wish else None


def _offer(alternatives: list[Alternative], wish: NewBooking) -> NewBooking | None:
    if alternatives:
        st.markdown(f"Beds that would do for **{wish.patient_ref}**:")
    taken = [
        alternative
        for alternative in alternatives
        if st.button(
            f"Book {alternative.bed_id} instead: {alternative.reason}",
            key=f"instead-{alternative.bed_id}",
        )
    ]
    return replace(wish, bed_id=taken[0].bed_id) if taken else None


def _done(done: Booking | Change, here: Here) -> str:
    if isinstance(done, Change):
        return f"Done: recorded as update {done.seq}."
    return (
        f"**{done.bed_id}** is {done.state}: booking `{done.booking_id}`, "
        f"from {times.full(done.starts_at, here.zone)} to {_end(done, here)}."
    )


def _in_the_way(conflict: Conflict, here: Here) -> str:
    return (
        f"In the way: booking `{conflict.booking_id}` of {conflict.bed_id}, "
        f"{times.full(conflict.starts_at, here.zone)} to {_end(conflict, here)}."
    )


def _end(booking: Booking | Conflict, here: Here) -> str:
    return times.full(booking.ends_at, here.zone) if booking.ends_at else "open end"
