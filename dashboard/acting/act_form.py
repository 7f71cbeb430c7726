"""The widgets that ask what is to be done to a bed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import streamlit as st

from dashboard.acting import allowed, booking_form, finding, legal, pick
from dashboard.acting.legal import Act
from dashboard.asking.board import Bed, Filter, choices
from dashboard.times import Here
from lake.vocabulary import DisplayStatus, Disposition, WaitsFor
from simulator.client import BedSearch, Hospital, IsolationStart, Needs, Newborn

CLOSE_REASONS = ["maintenance", "infection_control", "staffing", "equipment", "other"]
OPEN_REASONS = ["work_finished", "staffed_again", "closed_in_error", "other"]
CLOSE_ROOM_REASONS = ["norovirus", "infection_control", "staffing", "other"]
OPEN_ROOM_REASONS = ["outbreak_over", "staffed_again", "closed_in_error", "other"]
CANCEL_REASONS = ["patient_cancelled", "booked_in_error", "better_bed_found", "other"]

Details = dict[str, Any]
"""What the wire calls what an act needs to be told."""


@dataclass(frozen=True)
class Scene:
    """The bed that is acted on, among all beds; what hospital.toml says, if that is known."""

    bed: Bed
    beds: Sequence[Bed]
    here: Here
    hospital: Hospital | None


Ask = Callable[[Scene], Details | None]


def ask_act(scene: Scene) -> tuple[Act, Details] | None:
    """The act and its details, once they are complete."""
    acts = allowed.of_these(legal.legal_acts(scene.bed), scene.bed)
    key = f"act-{scene.bed['bed_id']}"
    if not acts:
        return None
    chosen = st.pills("What happened?", acts, key=key, wrap=True)
    if chosen is None:
        return None
    ask_details = ASKED.get(chosen)
    details: Details | None = ask_details(scene) if ask_details else {}
    return None if details is None else (chosen, details)


def _ask_known(scene: Scene) -> Details | None:
    known = booking_form.ask_who(scene.hospital, "known")
    placed_with = booking_form.ask_placed_with("known")
    known |= {"placed_with": placed_with} if placed_with else {}
    return {"needs": Needs(**known)} if known else None


def _ask_newborns(scene: Scene) -> Details:
    """Those in the cots of the room: who of them leaves the hospital with the patient."""
    bed = scene.bed
    cots = [one for one in scene.beds if one["is_cot"] and one["room_id"] == bed["room_id"]]
    refs = [cot["current_patient_ref"] for cot in cots if cot["current_patient_ref"]]
    if not refs or bed["is_cot"]:
        return {}
    chosen = st.pills("Newborns who leave with the patient", refs, selection_mode="multi")
    return {"newborns": [Newborn(patient_ref=r, disposition=Disposition.HOME) for r in chosen]}


def _ask_isolation(_: Scene) -> Details | None:
    isolation = booking_form.ask_isolation("act")
    return {"isolation": IsolationStart(**isolation.model_dump())} if isolation else None


def _ask_discharge(scene: Scene) -> Details:
    """Of who has died, when that was: the bed is vacated later, when the body leaves."""
    details: Details = {"disposition": pick.word("Where to", [*Disposition], "Not given")}
    if details["disposition"] == Disposition.DIED:
        details["died_at"] = pick.instant("Time of death", scene.here, timedelta(), "died")
    elif scene.hospital and scene.hospital.lounge_places:
        details["to_lounge"] = st.checkbox(
            "To the discharge lounge",
            help="The bed can be cleaned. The page Waiting shows who is in the lounge.",
        )
    return details | _ask_newborns(scene)


def _ask_new_bed(scene: Scene) -> Details | None:
    """On the same ward, unless another one is said."""
    ward_id = pick.word("To ward", choices(scene.beds, "ward_id"), "The same", "transfer_to_ward")
    others = [bed for bed in allowed.own(scene.beds) if bed["bed_id"] != scene.bed["bed_id"]]
    wanted = Filter(ward_id=ward_id, status=DisplayStatus.AVAILABLE)
    sought = BedSearch(
        patient_ref=scene.bed["current_patient_ref"],
        ward_id=ward_id or scene.bed["ward_id"],
        limit=finding.EVERY_BED,
    )
    bed = finding.pick_bed(
        others,
        scene.here,
        "transfer_to_bed_id",
        sought,
        unranked=[bed for bed in others if wanted.lets_through(bed)],
    )
    if bed is None or bed["ward_id"] == scene.bed["ward_id"]:
        return {"to_bed_id": bed["bed_id"]} if bed else None
    return _with_reason({"to_bed_id": bed["bed_id"]})


def _ask_admit(scene: Scene) -> Details | None:
    """Of who lies on another ward it is a move."""
    ref = scene.bed["next_patient_ref"]
    lies = next((b for b in scene.beds if ref and b["current_patient_ref"] == ref), None)
    if lies is None or lies["ward_id"] == scene.bed["ward_id"]:
        return {}
    return _with_reason({})


def _with_reason(details: Details) -> Details | None:
    """To another ward: a manager says why."""
    if not allowed.takes_reason(allowed.ACROSS):
        return details
    note = allowed.why("transfer_why", "Why to another ward (it is recorded)")
    return details | {"note": note} if note else None


def _ask_expected(scene: Scene) -> Details:
    return {
        "ends_at": pick.instant("Expected discharge", scene.here, timedelta(days=1), "expected")
    }


def _ask_progress(_: Scene) -> Details:
    needs_bed = st.checkbox("Still needs the bed")
    waits_for = None if needs_bed else pick.word("Waits for", [*WaitsFor], "Not said")
    return {"needs_bed": needs_bed} | ({"waits_for": waits_for} if waits_for else {})


def _ask_cancel_reason(_: Scene) -> Details:
    return {"reason_code": pick.word("Why", CANCEL_REASONS, "Not given")}


def _ask_reason(reasons: Sequence[str]) -> Ask:
    def ask(_: Scene) -> Details | None:
        code = pick.word("Why", reasons, "Choose")
        text = st.text_input("In words").strip()
        return {"reason_code": code, "reason": text} if code and text else None

    return ask


def _ask_note(_: Scene) -> Details | None:
    note = st.text_area("Note (no names of patients)", max_chars=500).strip()
    return {"note": note} if note else None


ASKED: dict[Act, Ask] = {
    Act.ADMIT: _ask_admit,
    Act.DISCHARGE: _ask_discharge,
    Act.KNOWN: _ask_known,
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
