"""A bed for all who wait: proposed, looked through, and given in one go."""

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard.acting import desk, outcomes
from dashboard.drawing import waits
from dashboard.drawing.markdown import plain
from dashboard.times import Here
from simulator.client import BedRequest, ClientError, Pair, Proposal, ProposedBed

PROPOSAL = "waiting_proposal"
MOST_SHOWN = 8


def show_proposal(waiting: Sequence[BedRequest], here: Here, outcome: str) -> None:
    """A button; then what it proposes, until it is given or put away."""
    st.button(
        "Propose beds for all",
        icon=":material/bed:",
        disabled=not waiting,
        on_click=_propose,
    )
    proposal = st.session_state.get(PROPOSAL)
    if isinstance(proposal, ClientError):
        st.error(f"No proposal now. {plain(proposal)}", icon=":material/cloud_off:")
    elif proposal:
        with st.container(border=True):
            _show(proposal, {one.bed_request_id: one for one in waiting}, here, outcome)


def _propose() -> None:
    try:
        st.session_state[PROPOSAL] = desk.reading().match_requests()
    except ClientError as error:
        st.session_state[PROPOSAL] = error


def _put_away() -> None:
    st.session_state.pop(PROPOSAL, None)


def _give(outcome: str, pairs: Sequence[Pair]) -> None:
    outcomes.do(outcome, desk.place_all, pairs)
    _put_away()


def _show(proposal: Proposal, who: Mapping[str, BedRequest], here: Here, outcome: str) -> None:
    given, left = len(proposal.items), len(proposal.left)
    st.markdown(f"**A bed for {given} of {given + left}**")
    st.caption("The best for all at once, the most urgent first. Nothing is booked yet.")
    chosen = [pair for pair in proposal.items if _is_wanted(pair, who, here)]
    for one in proposal.left:
        st.caption(f"No bed: {_name(one.bed_request_id, who)}. {plain(one.in_the_way)}")
    if proposal.pending:
        st.markdown("**What would help most**")
    for bed in proposal.pending[:MOST_SHOWN]:
        st.caption(waits.help_of(bed, [_name(one, who) for one in bed.is_for], here))
    with st.container(horizontal=True, gap="small"):
        st.button(
            f"Reserve {len(chosen)} beds" if len(chosen) != 1 else "Reserve 1 bed",
            type="primary",
            disabled=not chosen,
            on_click=_give,
            args=(outcome, [_pair(pair, here) for pair in chosen]),
        )
        st.button("Put away", on_click=_put_away)


def _is_wanted(pair: ProposedBed, who: Mapping[str, BedRequest], here: Here) -> bool:
    return st.checkbox(
        f"**{_name(pair.bed_request_id, who)} → {pair.bed_id}** "
        f"{waits.from_when(pair, here)}: {plain(', '.join(pair.reasons))}",
        value=True,
        key=f"propose-{pair.bed_request_id}-{pair.bed_id}",
    )


def _name(bed_request_id: str, who: Mapping[str, BedRequest]) -> str:
    request = who.get(bed_request_id)
    return waits.briefly(request) if request else bed_request_id


def _pair(pair: ProposedBed, here: Here) -> Pair:
    """What starts now starts when it is given: a proposal may be looked at for long."""
    starts_at = None if waits.is_now(pair, here) else pair.starts_at
    return Pair(
        bed_request_id=pair.bed_request_id,
        bed_id=pair.bed_id,
        starts_at=starts_at,
        seq=pair.seq,
    )
