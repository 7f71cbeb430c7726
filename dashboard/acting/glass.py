"""A patient of another ward, looked at for an hour: asked for, shown, and reviewed by a manager."""

from collections.abc import Callable
from datetime import UTC, datetime
from math import ceil

import streamlit as st

from dashboard.acting import desk
from dashboard.acting.allowed import BREAK_GLASS, REVIEW, may
from dashboard.acting.proof import ask_proof, is_proved
from dashboard.asking.live import glance
from dashboard.drawing.markdown import plain
from dashboard.times import Here
from dashboard.whose import whose
from lake.vocabulary import GlassReason
from simulator.client import Broken, ClientError, NewGlass, Patient, Refused

WHY = {
    GlassReason.EMERGENCY: "Emergency",
    GlassReason.CROSS_COVER: "I look after that ward too",
    GlassReason.IDENTIFICATION: "Who this patient is",
    GlassReason.OTHER: "Another reason",
}
FEWEST = 10
LOOK_SECONDS = 5


def ask_here() -> None:
    """Behind a button, for whoever may break it."""
    if not may(BREAK_GLASS):
        return
    with st.popover("Other ward", icon=":material/lock_open:"):
        _form()


def show() -> None:
    """To whoever may break it what is open; to whoever reviews it what is to be reviewed."""
    if whose() is not None and (may(BREAK_GLASS) or may(REVIEW)):
        _live()


@st.fragment(run_every=LOOK_SECONDS)
def _live() -> None:
    try:
        broken = desk.reading().glass()
    except ClientError:
        return
    here = glance().here
    for one in broken:
        if may(REVIEW):
            _to_review(one)
        else:
            _opened(one, here)


def _form() -> None:
    st.markdown("**A patient of another ward**")
    st.caption(
        "One patient, for 60 minutes, to look at. Every manager sees who looked, and why, until "
        "one has reviewed it. Three times in 12 hours at most."
    )
    ref = st.text_input("Patient reference", key="glass-ref", max_chars=64).strip()
    code = st.selectbox("Reason", list(WHY), format_func=WHY.__getitem__, key="glass-code")
    words = st.text_input("In words, ten letters at least", key="glass-words", max_chars=500)
    typed = ask_proof("glass")
    is_ready = bool(ref) and len(words.strip()) >= FEWEST and typed != ""
    if st.button("Break the glass", disabled=not is_ready, type="primary") and is_proved(typed):
        why = NewGlass(reason_code=code, reason=words.strip())
        if _is_done(lambda: desk.client().break_glass(ref, why)):
            st.rerun()


def _opened(broken: Broken, here: Here) -> None:
    minutes = max(0, ceil((broken.until_at - datetime.now(UTC)).total_seconds() / 60))
    with st.container(border=True):
        st.markdown(
            f":material/lock_open: **{plain(broken.patient_ref)}**, "
            f"shown for {minutes} min more, to look at"
        )
        try:
            known = desk.reading().patient(broken.patient_ref)
        except ClientError as error:
            st.caption(plain(error.detail if isinstance(error, Refused) else str(error)))
            return
        for line in _lines(known, here):
            st.markdown(line)


def _lines(known: Patient, here: Here) -> list[str]:
    """Where the patient is, what is booked and what is waited for."""
    found = []
    for stay in known.stays:
        if stay.ended_at is None:
            since = here.moment(stay.admitted_at)
            found.append(f"In bed **{plain(stay.bed_id)}** since {since}")
    for booking in known.bookings:
        if booking.state == "reserved":
            start = here.moment(booking.starts_at)
            found.append(f"{plain(booking.bed_id)} is reserved from {start}")
    for request in known.requests:
        if request.state == "waiting":
            ward = f" on {plain(request.ward_id)}" if request.ward_id else ""
            found.append(f"Waits for a bed{ward}")
    if known.died_at:
        found.append(f"Died {here.moment(known.died_at)}")
    return found or ["In no bed now, and nothing is booked."]


def _to_review(broken: Broken) -> None:
    why = WHY.get(GlassReason(broken.reason_code), broken.reason_code)
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f":material/lock_open: **{plain(broken.name)}** looks at {plain(broken.patient_ref)} "
            f"of another ward. {why}: {plain(broken.reason)}"
        )
        key = f"glass-{broken.glass_id}"
        note = st.text_input(
            "Found", key=key, placeholder="What you found", label_visibility="collapsed",
            max_chars=500,
        ).strip()  # fmt: skip
        if st.button("Reviewed", key=f"{key}-done", disabled=not note) and _is_done(
            lambda: desk.client().review_glass(broken.glass_id, note)
        ):
            st.rerun()


def _is_done(act: Callable[[], Broken]) -> bool:
    """Says what is wrong where it is not."""
    try:
        act()
    except ClientError as error:
        st.error(plain(error.detail if isinstance(error, Refused) else "No answer: try again."))
        return False
    return True
