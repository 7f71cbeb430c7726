"""Waiting: who needs a bed, and which overrides want a second pair of eyes."""

import streamlit as st

from dashboard import theme, times
from dashboard.acting import desk, outcomes
from dashboard.asking.live import glance
from dashboard.drawing import top
from dashboard.drawing.markdown import plain
from dashboard.times import Here
from simulator.client import Alternative, BedRequest, ClientError, OverrideRecord

MOST_SHOWN = 20
OUTCOME = "waiting_outcome"
READ_EVERY_SECONDS = 10  # each request that is shown is asked for beds of its own


def needs_of(request: BedRequest) -> str:
    needs = request.needs
    named = [theme.words(need) for need in (needs.specialty, needs.room_class, needs.sex) if need]
    isolation = ["isolation"] if needs.isolation else []
    return plain(", ".join([*named, *isolation])) or "no special needs"


def suggestions(request: BedRequest) -> list[Alternative]:
    """None for a request that has just gone: the next reading leaves it out."""
    try:
        return desk.reading().request(request.bed_request_id).suggestions
    except ClientError:
        return []


def show_request(request: BedRequest, here: Here) -> None:
    with st.container(border=True):
        priority = request.needs.priority or "-"
        st.markdown(
            f"**{plain(request.patient_ref)}** · priority {priority} · "
            f"{plain(request.ward_id or 'any ward')} · {needs_of(request)}"
        )
        displaced = ", displaced by an override" if request.displaced_booking_id else ""
        waits = times.duration(here.now - max(request.wanted_from, request.requested_at))
        is_early = request.wanted_from > here.now
        wanted = f"wanted from {here.moment(request.wanted_from)}" if is_early else f"waits {waits}"
        st.caption(f"{wanted}, asked for by {plain(request.requested_by)}{displaced}")
        beds = suggestions(request)
        for bed in beds:
            verb = "Reserve" if is_early else "Admit to"
            label = f"{verb} {bed.bed_id}: {plain(bed.reason)}"
            placing = (OUTCOME, desk.place, request.bed_request_id, bed.bed_id, not is_early)
            st.button(
                label,
                key=f"{request.bed_request_id}-{bed.bed_id}",
                on_click=outcomes.do,
                args=placing,
            )
        if not beds:
            st.caption("No bed would do without breaking a rule.")
        withdrawing = (OUTCOME, desk.withdraw, request.bed_request_id)
        key = f"{request.bed_request_id}-withdraw"
        st.button("Withdraw", key=key, on_click=outcomes.do, args=withdrawing)


def show_override(record: OverrideRecord, here: Here) -> None:
    with st.container(border=True):
        rules = ", ".join(theme.words(rule) for rule in record.rules)
        st.markdown(f"**{record.bed_id}** · {rules} · {theme.words(record.reason_code)}")
        st.markdown(f"> {plain(record.reason)}")
        lost = ", ".join(record.displaced_booking_ids)
        told = f"; displaced {lost}, {plain(record.replace_by)} finds another bed" if lost else ""
        st.caption(f"{plain(record.actor)}, {times.full(record.occurred_at, here.zone)}{told}")
        reviewing = (OUTCOME, desk.review, record.event_id)
        st.button("Reviewed", key=f"review-{record.event_id}", on_click=outcomes.do, args=reviewing)


def not_shown(count: int, what: str) -> None:
    if count > MOST_SHOWN:
        st.caption(f"The first {MOST_SHOWN} of {count} {what}; the others move up as these go.")


@st.fragment(run_every=3)
def head() -> None:
    st.html(top.strip(glance()))


@st.fragment(run_every=READ_EVERY_SECONDS)
def lists() -> None:
    now = glance()
    try:
        waiting = desk.reading().requests()
        unreviewed = desk.reading().overrides(reviewed=False)
    except ClientError as error:
        st.error(
            f"The waiting list cannot be read now. {plain(error)}", icon=":material/cloud_off:"
        )
        return
    outcomes.tell(st.session_state.get(OUTCOME, desk.NOTHING_YET), now.here, "waiting")
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader(f"Waiting for a bed: {len(waiting)}", anchor=False)
        not_shown(len(waiting), "who wait, the most urgent first")
        for one in waiting[:MOST_SHOWN]:
            show_request(one, now.here)
        if not waiting:
            st.caption("Nobody waits.")
    with right:
        st.subheader(f"Overrides to review: {len(unreviewed)}", anchor=False)
        not_shown(len(unreviewed), "overrides, the newest first")
        for record in reversed(unreviewed[-MOST_SHOWN:]):
            show_override(record, now.here)
        if not unreviewed:
            st.caption("All overrides have been reviewed.")


head()
lists()
