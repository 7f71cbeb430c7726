"""The widgets that ask what is to be done to a bed."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import streamlit as st

from dashboard.acting import booking_form, legal, pick
from dashboard.acting.legal import Act
from dashboard.asking.board import Bed, Filter
from dashboard.times import Here
from lake.vocabulary import DisplayStatus, Disposition, WaitsFor
from simulator.client import Hospital, IsolationStart, Needs, Newborn

CLOSE_REASONS = ["maintenance", "infection_control", "staffing", "equipment", "other"]
OPEN_REASONS = ["work_finished", "staffed_again", "closed_in_error", "other"]
CLOSE_ROOM_REASONS = ["norovirus", "infection_control", "staffing", "other"]
OPEN_ROOM_REASONS = ["outbreak_over", "staffed_again", "closed_in_error", "other"]
CANCEL_REASONS = ["patient_cancelled", "booked_in_error", "better_bed_found", "other"]

Details = dict[str, Any]
"""What the wire calls what an act needs to be told."""


def ask_act(
    bed: Bed, beds: Sequence[Bed], here: Here, hospital: Hospital | None
) -> tuple[Act, Details] | None:
    """The act and its details, once they are complete."""
    acts, key = legal.legal_acts(bed), f"act-{bed['bed_id']}"
    chosen = st.pills("What happened?", acts, key=key, wrap=True)
    if chosen is None:
        return None
    ask_details = ASKED.get(chosen)
    details: Details | None = ask_details(beds, here) if ask_details else {}
    if chosen is Act.DISCHARGE and details is not None:
        details |= _ask_newborns(bed, beds)
    if chosen is Act.KNOWN:
        details = _ask_known(hospital)
    return None if details is None else (chosen, details)


def _ask_known(hospital: Hospital | None) -> Details | None:
    known = booking_form.ask_who(hospital, "known")
    placed_with = pick.word("Placed with", ["female", "male"], "As the sex says", "known-with")
    known |= {"placed_with": placed_with} if placed_with else {}
    return {"needs": Needs(**known)} if known else None


def _ask_newborns(bed: Bed, beds: Sequence[Bed]) -> Details:
    """Those in the cots of the room: who of them leaves the hospital with the patient."""
    cots = [one for one in beds if one["is_cot"] and one["room_id"] == bed["room_id"]]
    refs = [cot["current_patient_ref"] for cot in cots if cot["current_patient_ref"]]
    if not refs or bed["is_cot"]:
        return {}
    chosen = st.pills("Newborns who leave with the patient", refs, selection_mode="multi")
    return {"newborns": [Newborn(patient_ref=r, disposition=Disposition.HOME) for r in chosen]}


def _ask_isolation(_: Sequence[Bed], __: Here) -> Details | None:
    isolation = booking_form.ask_isolation("act")
    return {"isolation": IsolationStart(**isolation.model_dump())} if isolation else None


def _ask_disposition(_: Sequence[Bed], here: Here) -> Details:
    """Of who has died, when that was: the bed is vacated later, when the body leaves."""
    disposition = pick.word("Where to", [*Disposition], "Not given")
    if disposition != Disposition.DIED:
        return {"disposition": disposition}
    died_at = pick.instant("Time of death", here, timedelta(), "died")
    return {"disposition": disposition, "died_at": died_at}


def _ask_new_bed(beds: Sequence[Bed], here: Here) -> Details | None:
    free = [bed for bed in beds if Filter(status=DisplayStatus.AVAILABLE).lets_through(bed)]
    bed = pick.bed("To which free bed", free, here, "transfer_to_bed_id")
    return {"to_bed_id": bed["bed_id"]} if bed else None


def _ask_expected(_: Sequence[Bed], here: Here) -> Details:
    return {"ends_at": pick.instant("Expected discharge", here, timedelta(days=1), "expected")}


def _ask_progress(_: Sequence[Bed], __: Here) -> Details:
    needs_bed = st.checkbox("Still needs the bed")
    waits_for = None if needs_bed else pick.word("Waits for", [*WaitsFor], "Not said")
    return {"needs_bed": needs_bed} | ({"waits_for": waits_for} if waits_for else {})


def _ask_cancel_reason(_: Sequence[Bed], __: Here) -> Details:
    return {"reason_code": pick.word("Why", CANCEL_REASONS, "Not given")}


def _ask_reason(reasons: Sequence[str]) -> Callable[[Sequence[Bed], Here], Details | None]:
    def ask(_: Sequence[Bed], __: Here) -> Details | None:
        code = pick.word("Why", reasons, "Choose")
        text = st.text_input("In words").strip()
        return {"reason_code": code, "reason": text} if code and text else None

    return ask


def _ask_note(_: Sequence[Bed], __: Here) -> Details | None:
    note = st.text_area("Note (no names of patients)", max_chars=500).strip()
    return {"note": note} if note else None


ASKED: dict[Act, Callable[[Sequence[Bed], Here], Details | None]] = {
    Act.DISCHARGE: _ask_disposition,
    Act.TRANSFER: _ask_new_bed,
    Act.EXPECT: _ask_expected,
    Act.PROGRESS: _ask_progress,
    Act.START_ISOLATION: _ask_isolation,
    Act.CANCEL: _ask_cancel_reason,
    Act.CLOSE: _ask_reason(CLOSE_REASONS),
    Act.OPEN: _ask_reason(OPEN_REASONS),
    Act.CLOSE_ROOM: _ask_reason(CLOSE_ROOM_REASONS),
    Act.OPEN_ROOM: _ask_reason(OPEN_ROOM_REASONS),
    Act.NOTE: _ask_note,
}
