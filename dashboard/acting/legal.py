"""What a person may ask for, said before the API has to refuse it."""

import re
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from dashboard.asking.board import Bed
from lake.vocabulary import (
    HOLDS_A_PATIENT,
    LEGAL_BED_STATUS_CHANGES,
    AgeGroup,
    BedStatus,
    DisplayStatus,
    StatusChange,
)
from simulator.client import Hospital, patient_ref


class Act(StrEnum):
    """What can be done to a bed; the value is what the button says."""

    ADMIT = "Admit the reserved patient"
    EXPECT = "Set the expected discharge"
    PROGRESS = "Say how near it is"
    CONFIRM = "Confirm the discharge"
    DISCHARGE = "Discharge"
    TRANSFER = "Transfer"
    START_LEAVE = "Goes on leave"
    END_LEAVE = "Is back from leave"
    START_ABSENCE = "Goes to theatre or dialysis"
    END_ABSENCE = "Is back in the bed"
    CANCEL = "Cancel reservation"
    START_ISOLATION = "Start isolation"
    END_ISOLATION = "End isolation"
    END_CONTACT = "Is no contact any more"
    KNOWN = "Say more of the patient"
    START_CLEANING = "Start cleaning"
    FINISH_CLEANING = "Finish cleaning"
    STOP_CLEANING = "Stop cleaning"
    MARK_DIRTY = "Mark dirty"
    CLOSE = "Close"
    OPEN = "Open"
    CLOSE_ROOM = "Close the room to admissions"
    OPEN_ROOM = "Open the room to admissions"
    NOTE = "Write a note"


CAUSES = {
    Act.DISCHARGE: StatusChange.VACATED,
    Act.TRANSFER: StatusChange.VACATED,
    Act.START_ISOLATION: StatusChange.ISOLATION_STARTED,
    Act.END_ISOLATION: StatusChange.ISOLATION_ENDED,
    Act.START_CLEANING: StatusChange.CLEANING_STARTED,
    Act.FINISH_CLEANING: StatusChange.CLEANING_FINISHED,
    Act.STOP_CLEANING: StatusChange.CLEANING_STOPPED,
    Act.MARK_DIRTY: StatusChange.MARKED_DIRTY,
    Act.CLOSE: StatusChange.CLOSED,
    Act.OPEN: StatusChange.OPENED,
}


def patient_ref_problem(text: str) -> str | None:
    """Why this cannot be a patient reference; None: it can."""
    if not text:
        return "Give the patient's reference."
    try:
        patient_ref(text)
    except ValueError as problem:
        return str(problem)
    return None


def ages_in_words(hospital: Hospital | None) -> dict[str, str]:
    """What the age groups are called, with their ages where these are known."""
    names = {group.value: group.value for group in AgeGroup}
    if hospital is None:
        return names
    of = hospital.age_groups
    return {
        AgeGroup.NEONATE.value: f"neonate (to {of.child * 365.25:.0f} days)",
        AgeGroup.CHILD.value: f"child (to {of.adult:g})",
        AgeGroup.ADULT.value: "adult",
        AgeGroup.OLDER.value: f"older ({of.older:g} and over)",
    }


def as_code(typed: str) -> str:
    """A word as codes are written: `C. difficile` is c_difficile."""
    return re.sub(r"[^a-z0-9]+", "_", typed.strip().lower()).strip("_")


def interval_problem(
    starts_at: datetime | None, ends_at: datetime | None, now: datetime
) -> str | None:
    if ends_at is not None and ends_at <= (starts_at or now):
        return "The booking ends before it starts."
    return None


def legal_acts(bed: Bed) -> list[Act]:
    """What the bed's status and reservation allow, in the order of `Act`."""
    status = BedStatus(bed["bed_status"])
    possible = {
        cause for (at, _), by in LEGAL_BED_STATUS_CHANGES.items() if at is status for cause in by
    }
    acts = {act for act, cause in CAUSES.items() if cause in possible} | {Act.NOTE}
    acts.add(Act.OPEN_ROOM if bed["room_closed_reason_code"] else Act.CLOSE_ROOM)
    if bed["current_booking_id"]:
        acts |= {Act.EXPECT, Act.PROGRESS, Act.KNOWN, *_away(bed)}
        if bed["current_contact_of"]:
            acts.add(Act.END_CONTACT)
        if not bed["current_is_discharge_confirmed"]:
            acts.add(Act.CONFIRM)
    if bed["next_booking_id"]:
        acts.add(Act.CANCEL)
        if status not in (BedStatus.CLOSED, *HOLDS_A_PATIENT):
            acts.add(Act.ADMIT)
    return [act for act in Act if act in acts]


def _away(bed: Bed) -> set[Act]:
    if bed["leave_since_at"]:
        return {Act.END_LEAVE}
    return {Act.END_ABSENCE} if bed["absence_since_at"] else {Act.START_LEAVE, Act.START_ABSENCE}


FREE_FIRST = (
    DisplayStatus.AVAILABLE,
    DisplayStatus.RESERVED,
    DisplayStatus.DIRTY,
    DisplayStatus.OCCUPIED,
    DisplayStatus.CLOSED,
)


def free_first(beds: Iterable[Bed]) -> list[Bed]:
    """Of the free ones, those first that nobody has booked for later."""
    return sorted(
        beds,
        key=lambda bed: (
            FREE_FIRST.index(DisplayStatus(bed["display_status"])),
            bed["next_booking_id"] is not None,
        ),
    )
