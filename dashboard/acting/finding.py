"""The right bed: what the matcher answers, and a bed picked from it."""

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard.acting import desk, pick
from dashboard.asking.board import Bed
from dashboard.asking.live import Api, glance
from dashboard.drawing import tables
from dashboard.drawing.markdown import plain
from dashboard.times import Here
from simulator.client import BedSearch, BookingAnswer, ClientError, FitBed, FoundBeds

LABEL = "Bed (best first)"
BEST = 3
EVERY_BED = 1000
BOOKING = "booking_outcome"
"""What became of the last booking, in the session."""


def on_ward(sought: BedSearch, ward_id: str | None) -> BedSearch:
    """The same, with the ward that is wanted, if one is."""
    return sought.model_copy(update={"ward_id": ward_id}) if ward_id else sought


def pick_bed(
    beds: Sequence[Bed],
    here: Here,
    key: str,
    sought: BedSearch | None,
    *,
    unranked: Sequence[Bed],
    first: str | None = None,
) -> Bed | None:
    """One of `beds`, the best first; of `unranked` while the matcher is not asked or silent."""
    found = _found(key, sought)
    if found is None:
        return pick.bed(LABEL, unranked, here, key, first)
    by_id = {bed["bed_id"]: bed for bed in beds}
    _offer_best([fit for fit in found.items if fit.bed_id in by_id], key, first)
    said = _said(found)
    in_order = [by_id[bed_id] for bed_id in said if bed_id in by_id]
    bed = pick.bed(LABEL, in_order, here, key, first, said)
    with st.container():  # there without a warning too: what is opened below stays open
        _warn(bed["bed_id"] if bed else "", found)
    others = _unsure(found) | _unfit(found)
    _why_not({bed_id: why for bed_id, why in others.items() if bed_id in by_id}, key)
    return bed


def _found(key: str, sought: BedSearch | None) -> FoundBeds | None:
    """While the API is known to be silent it is not waited for."""
    if sought is None or glance().api is not Api.READY:
        return None
    answer = desk.find_beds(key, sought)
    if isinstance(answer, ClientError):
        st.caption(f"These beds are not ranked. {plain(answer)}")
        return None
    return answer


def _offer_best(fits: Sequence[FitBed], key: str, first: str | None) -> None:
    """One click each; all others are in the list below."""
    if not fits:
        st.warning(
            "No bed would do without breaking a rule. See below why not, or ask for a bed on the "
            "page Waiting."
        )
        return
    st.markdown(f"**{len(fits)} {'bed' if len(fits) == 1 else 'beds'} would do**")
    chosen = pick.chosen_id(key, first)
    for fit in fits[:BEST]:
        sign = "checked" if fit.bed_id == chosen else "unchecked"
        st.button(
            f"**{plain(fit.bed_id)}** {plain(', '.join(fit.reasons))}",
            key=f"{key}-best-{fit.bed_id}",
            icon=f":material/radio_button_{sign}:",
            width="stretch",
            on_click=pick.choose,
            args=(key, fit.bed_id),
        )


def _said(found: FoundBeds) -> dict[str, str]:
    """Of each bed by its id, in the order in which they are offered."""
    return (
        {fit.bed_id: ", ".join(fit.reasons) for fit in found.items}
        | {bed_id: f"? {why}" for bed_id, why in _unsure(found).items()}
        | {bed_id: f"✕ {why}" for bed_id, why in _unfit(found).items()}
    )


def _unsure(found: FoundBeds) -> dict[str, str]:
    return {one.bed_id: one.detail for one in found.unsure}


def _unfit(found: FoundBeds) -> dict[str, str]:
    return {one.bed_id: one.detail for one in found.unfit}


def _warn(bed_id: str, found: FoundBeds) -> None:
    """Who chooses such a bed on purpose may; who has just booked it knows."""
    if _is_just_booked(bed_id):
        return
    if why := _unfit(found).get(bed_id):
        st.warning(f"**{plain(bed_id)}** does not fit: {plain(why)}.")
    if why := _unsure(found).get(bed_id):
        st.warning(f"**{plain(bed_id)}** may not be free by then: {plain(why)}.")


def _is_just_booked(bed_id: str) -> bool:
    done = st.session_state.get(BOOKING, desk.NOTHING_YET).done
    return isinstance(done, BookingAnswer) and done.bed_id == bed_id


def _why_not(others: Mapping[str, str], key: str) -> None:
    """A table, to be read down or searched."""
    if not others:
        return
    with st.expander(f"Why not ...? {len(others)} other beds"):
        typed = st.text_input(
            "Bed or reason",
            placeholder="Bed or reason: W3-204, women, closed",
            label_visibility="collapsed",
            key=f"{key}-why-not",
        )
        wanted = typed.strip().lower()
        st.dataframe(
            [
                {"bed_id": bed_id, "detail": why}
                for bed_id, why in others.items()
                if wanted in f"{bed_id} {why}".lower()
            ],
            column_config=tables.WHY_NOT,
            hide_index=True,
            height=240,
        )
