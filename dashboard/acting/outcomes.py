"""Says what became of an action."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import streamlit as st

from dashboard import theme, times
from dashboard.acting import desk, proof
from dashboard.acting.desk import Outcome
from dashboard.drawing.markdown import plain
from dashboard.times import Here
from lake.vocabulary import BookingState, OverrideReason
from simulator.client import (
    Alternative,
    BookingAnswer,
    Change,
    Conflict,
    Event,
    NewBooking,
    NotSent,
    Override,
    Refused,
)

SHORTEST_REASON = 10


Again = Callable[[], Outcome]
"""What the user chose to do instead."""


def do(key: str, action: Callable[..., Outcome], *arguments: Any) -> None:
    """Called before the page is drawn anew: what was clicked is done, whatever is there by then.
    What became of it is kept in the session under `key`."""
    st.session_state[key] = action(*arguments)


def tell(outcome: Outcome, here: Here, key: str) -> Again | None:
    """What became of it. Of a refusal, what can be done instead: another bed, or an override."""
    if outcome.done:
        st.success(_done(outcome.what, outcome.done, here), icon=":material/check_circle:")
    if isinstance(outcome.unreachable, NotSent):
        st.error(f"{_not_done(outcome)} {plain(outcome.unreachable)}", icon=":material/cloud_off:")
    elif outcome.unreachable:
        st.error(
            f"**It is not known whether this was done: {plain(outcome.what)}.** "
            f"{plain(outcome.unreachable)} "
            "Look at the bed before you try again.",
            icon=":material/cloud_off:",
        )
    if outcome.refused:
        return _tell_refusal(outcome.refused, outcome, here, key)
    return None


def _tell_refusal(refused: Refused, outcome: Outcome, here: Here, key: str) -> Again | None:
    if outcome.meanwhile:
        _tell_meanwhile(outcome.meanwhile, here)
        return None
    st.error(
        f"{_not_done(outcome)} {plain(refused.detail)} (`{refused.code}`)", icon=":material/block:"
    )
    for conflict in refused.in_the_way:
        st.markdown(_in_the_way(conflict, here))
    other = _offer(refused.alternatives, outcome.wish) if outcome.wish else None
    if other:
        return partial(desk.book, other)
    if refused.can_be_overridden and outcome.against_rules:
        override = ask_override(outcome.what, refused.rules, key)
        if override:
            return partial(outcome.against_rules, override)
    return None


def _tell_meanwhile(events: Sequence[Event], here: Here) -> None:
    """What somebody decided on is not so any more: they decide again."""
    st.error(
        f"**Not done.** {events[0].bed_id} has changed since you looked at it. It is shown as it "
        "is now; do it again if it is still right.",
        icon=":material/sync_problem:",
    )
    for event in events:
        words = (theme.words(event.reason_code), event.reason, event.override_reason, event.note)
        said = "; ".join(plain(word) for word in words if word)
        who = plain(event.actor or event.source)
        st.markdown(
            f"- {here.moment(event.occurred_at)} {theme.words(event.event_type)}, {who}"
            f"{': ' * bool(said)}{said}"
        )


def _not_done(outcome: Outcome) -> str:
    return f"**Not done: {plain(outcome.what)}.**"


def ask_override(what: str, rules: list[str], key: str) -> Override | None:
    """Somebody with a name, a coded reason and the words for it."""
    against = ", ".join(theme.words(rule) for rule in rules)
    with st.expander(f"Override against {against}: {plain(what)}"):
        actor = desk.actor()
        if not actor:
            st.warning("Give your name at the top right: whoever overrides answers for it.")
        code = st.selectbox(
            "Why", [*OverrideReason], format_func=theme.words, index=None, key=f"{key}-code"
        )
        text = st.text_area(
            "In words, at least 10 characters", max_chars=500, key=f"{key}-text"
        ).strip()
        st.caption(
            "A reservation in the way is displaced and its patient put on the waiting list: you "
            "find another bed. Somebody else reviews the override."
        )
        password = proof.ask_proof(key)
        is_complete = bool(actor and code and len(text) >= SHORTEST_REASON and password != "")
        is_asked = st.button("Override", key=f"{key}-go", disabled=not is_complete)
        if is_asked and code and proof.is_proved(password):
            return Override(reason_code=code, reason=text)
    return None


def _offer(alternatives: list[Alternative], wish: NewBooking) -> NewBooking | None:
    if alternatives:
        st.markdown(f"Beds that would do for **{plain(wish.patient_ref)}**:")
    taken = [
        alternative
        for alternative in alternatives
        if st.button(
            f"Book {alternative.bed_id} instead: {plain(alternative.reason)}",
            key=f"instead-{alternative.bed_id}",
        )
    ]
    return wish.model_copy(update={"bed_id": taken[0].bed_id}) if taken else None


def _done(what: str, done: Change, here: Here) -> str:
    if not isinstance(done, BookingAnswer):
        return f"Done: {plain(what)}. Recorded as update {done.seq}."
    if done.state == BookingState.COMPLETED:
        gone = f"The patient has left **{done.bed_id}**: booking `{done.booking_id}` has ended."
        return " ".join([gone, *_of_the_patient(done)])
    booked = (
        f"**{done.bed_id}** is {done.state}: booking `{done.booking_id}`, "
        f"from {times.full(done.starts_at, here.zone)} to {_end(done, here)}."
    )
    return " ".join([booked, *_of_the_patient(done)])


def _of_the_patient(done: BookingAnswer) -> Iterator[str]:
    """What else became of the patient's reservations and requests."""
    for ids, what in (
        (done.placed_request_ids, "no longer waits: the bed is one that was asked for"),
        (done.unmet_request_ids, "still waits: this bed is none that was asked for"),
        ([*done.ended_booking_ids, *done.ended_request_ids], "ended with the stay"),
        ([*done.restored_booking_ids, *done.restored_request_ids], "is as it was before"),
        (done.lost_booking_ids, "could not be restored: its time is taken"),
    ):
        if ids:
            yield f"{', '.join(f'`{one}`' for one in ids)} {what}."


def _in_the_way(conflict: Conflict, here: Here) -> str:
    patient = f" for **{plain(conflict.patient_ref)}**" if conflict.patient_ref else ""
    return (
        f"In the way: booking `{conflict.booking_id}` of {conflict.bed_id}{patient}, "
        f"{times.full(conflict.starts_at, here.zone)} to {_end(conflict, here)}."
    )


def _end(booking: BookingAnswer | Conflict, here: Here) -> str:
    return times.full(booking.ends_at, here.zone) if booking.ends_at else "open end"
