"""Waiting: who needs a bed, and which overrides want a second pair of eyes."""

from collections.abc import Mapping

import streamlit as st

from dashboard import theme, times
from dashboard.acting import allowed, desk, outcomes
from dashboard.acting.proposing import show_proposal
from dashboard.acting.request_form import ask_request
from dashboard.asking import queries
from dashboard.asking.ask import rows
from dashboard.asking.board import Bed
from dashboard.asking.live import Glance, glance
from dashboard.drawing import top, waits
from dashboard.drawing.markdown import plain
from dashboard.times import Here
from simulator.client import BedRequestWithBeds, ClientError, Lounge, OverrideRecord

MOST_SHOWN = 20
OUTCOME = "waiting_outcome"
READ_EVERY_SECONDS = 10  # the API looks for beds for each who waits


def ask_for_a_bed(beds: list[Bed], now: Glance) -> None:
    with st.expander("Ask for a bed", icon=":material/add:"):
        wish = ask_request(beds, now.here, desk.hospital())
        st.button(
            "Put on the list",
            type="primary",
            key="request-go",
            disabled=wish is None,
            on_click=outcomes.do,
            args=(OUTCOME, desk.request_bed, wish),
        )


def show_request(request: BedRequestWithBeds, ward_of: Mapping[str, str], here: Here) -> None:
    with st.container(border=True):
        st.markdown(waits.headline(request))
        st.html(waits.clocks(request, here))
        st.caption(waits.story(request, here))
        if not request.suggestions:
            st.caption("No bed would do without breaking a rule.")
        with st.container(horizontal=True, gap="small"):
            offer_beds(request, ward_of, is_early=waits.is_early(request, here.now))
            withdrawing = (OUTCOME, desk.withdraw, request.bed_request_id)
            key = f"{request.bed_request_id}-withdraw"
            st.button("Withdraw", key=key, type="tertiary", on_click=outcomes.do, args=withdrawing)


def offer_beds(request: BedRequestWithBeds, ward_of: Mapping[str, str], *, is_early: bool) -> None:
    verb = "Reserve" if is_early else "Admit to"
    for bed in request.suggestions:
        is_own = allowed.may(allowed.WORK, ward_of.get(bed.bed_id))
        placing = (OUTCOME, desk.place, request.bed_request_id, bed.bed_id, not is_early)
        st.button(
            f"{verb} {bed.bed_id}: {plain(bed.reason)}",
            key=f"{request.bed_request_id}-{bed.bed_id}",
            disabled=not is_own,
            help=None if is_own else "Its ward's clerk, or a manager, places the patient there.",
            on_click=outcomes.do,
            args=placing,
        )


def show_override(record: OverrideRecord, here: Here) -> None:
    with st.container(border=True):
        rules = ", ".join(theme.words(rule) for rule in record.rules)
        st.markdown(f"**{record.bed_id}** · {rules} · {theme.words(record.reason_code)}")
        st.markdown(f"> {plain(record.reason)}")
        lost = ", ".join(record.displaced_booking_ids)
        told = f"; displaced {lost}, {plain(record.replace_by)} finds another bed" if lost else ""
        st.caption(f"{plain(record.actor)}, {times.full(record.occurred_at, here.zone)}{told}")
        key, note = f"review-{record.event_id}", None
        if not allowed.may(allowed.REVIEW):
            st.caption("A manager reviews it.")
            return
        if allowed.takes_reason(allowed.REVIEW):
            note = allowed.why(f"{key}-why", "What you found (it is recorded)")
        st.button(
            "Reviewed",
            key=key,
            disabled=note == "",
            on_click=outcomes.do,
            args=(OUTCOME, desk.review, record.event_id, note),
        )


def show_lounge(lounge: Lounge, here: Here) -> None:
    st.subheader(f"Discharge lounge: {len(lounge.items)} of {lounge.places}", anchor=False)
    for one in lounge.items:
        left, right = st.columns([3, 1], vertical_alignment="center")
        since = here.moment(one.since_at)
        left.markdown(f"**{plain(one.patient_ref)}** from {plain(one.ward_id)}, since {since}")
        leaving = (OUTCOME, desk.leave_lounge, one.booking_id)
        key = f"lounge-{one.booking_id}"
        right.button("Has left", key=key, on_click=outcomes.do, args=leaving)


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
        waiting = desk.reading().requests_with_beds()
        unreviewed = desk.reading().overrides(reviewed=False)
        lounge = desk.reading().lounge()
    except ClientError as error:
        st.error(
            f"The waiting list cannot be read now. {plain(error)}", icon=":material/cloud_off:"
        )
        return
    beds = rows(queries.beds, now=now.hospital_at)
    ward_of = {bed["bed_id"]: bed["ward_id"] for bed in beds}
    outcomes.tell(st.session_state.get(OUTCOME, desk.NOTHING_YET), now.here, "waiting")
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader(f"Waiting for a bed: {len(waiting)}", anchor=False)
        if too_long := waits.overdue(waiting):
            st.markdown(f":red[**{too_long}**]")
        ask_for_a_bed(beds, now)
        show_proposal(waiting, now.here, OUTCOME)
        not_shown(len(waiting), "who wait, the most urgent first")
        for one in waiting[:MOST_SHOWN]:
            show_request(one, ward_of, now.here)
        if not waiting:
            st.caption("Nobody waits.")
    with right:
        if lounge.places:
            show_lounge(lounge, now.here)
        st.subheader(f"Overrides to review: {len(unreviewed)}", anchor=False)
        not_shown(len(unreviewed), "overrides, the newest first")
        for record in reversed(unreviewed[-MOST_SHOWN:]):
            show_override(record, now.here)
        if not unreviewed:
            st.caption("All overrides have been reviewed.")


head()
if allowed.shows_patients():
    lists()
