"""Up to three beds that would do, when a bed will not, with the reason of their rank."""

from collections.abc import Iterator
from datetime import datetime
from heapq import nsmallest
from typing import NamedTuple

from lake.vocabulary import BedStatus, Rule
from simulator.domain import rules
from simulator.domain.beds import Bed
from simulator.domain.commands import AdmitPatient, BookBed, Command, TransferPatient
from simulator.domain.errors import Refusal
from simulator.domain.hospital import Hospital

MOST = 3
NO_OTHER_BED_HELPS = frozenset(
    {Rule.PATIENT_IN_OTHER_BED, Rule.ILLEGAL_BOOKING_CHANGE, Rule.BEFORE_LAST_EVENT}
)


class Suggestion(NamedTuple):
    bed_id: str
    reason: str


def beds_that_would_do(
    hospital: Hospital,
    wanted: Bed,
    starts_at: datetime,
    ends_at: datetime | None,
    now: datetime,
    *,
    at_once: bool,
) -> list[Suggestion]:
    """Free for the whole interval; same ward first, then same class, then clean now."""
    fit = _free(hospital, wanted, starts_at, ends_at, now, at_once=at_once)
    best = nsmallest(MOST, fit, key=lambda bed: (_rank(bed, wanted), bed.bed_id))
    return [Suggestion(bed.bed_id, _reason(bed, wanted)) for bed in best]


def _free(
    hospital: Hospital,
    wanted: Bed,
    starts_at: datetime,
    ends_at: datetime | None,
    now: datetime,
    *,
    at_once: bool,
) -> Iterator[Bed]:
    for bed in hospital.registered_beds:
        if bed.bed_id == wanted.bed_id or bed.status is BedStatus.CLOSED:
            continue
        if at_once and bed.status is not BedStatus.AVAILABLE:
            continue
        try:
            rules.free_for(hospital, bed, starts_at, ends_at, now)
        except Refusal:
            continue
        yield bed


def _rank(bed: Bed, wanted: Bed) -> tuple[bool, bool, bool, bool]:
    return (
        bed.ward_id != wanted.ward_id,
        bed.specialty != wanted.specialty,
        bed.room_class != wanted.room_class,
        bed.status is not BedStatus.AVAILABLE,
    )


def _reason(bed: Bed, wanted: Bed) -> str:
    ward = "same ward" if bed.ward_id == wanted.ward_id else f"on {bed.ward_name}"
    kind = "same class" if bed.room_class == wanted.room_class else bed.room_class
    clean = "clean now" if bed.status is BedStatus.AVAILABLE else f"{bed.status} now"
    return f"{ward}, {kind}, {clean}, free for the whole time"


def suggest(
    hospital: Hospital, command: Command, rule: Rule, at: datetime, now: datetime
) -> list[Suggestion]:
    """Other beds for a booking, admission or transfer that this bed refused."""
    if rule in NO_OTHER_BED_HELPS:
        return []
    match command:
        case BookBed():
            starts_at = at if command.admit else command.starts_at or at
            return _instead_of(
                hospital, command.bed_id, starts_at, command.ends_at, now, command.admit
            )
        case AdmitPatient() | TransferPatient():
            booking = hospital.bookings.get(command.booking_id)
            if booking is None:
                return []
            bed_id = command.to_bed_id if isinstance(command, TransferPatient) else booking.bed_id
            is_past = booking.ends_at is not None and booking.ends_at <= at
            return _instead_of(
                hospital, bed_id, at, None if is_past else booking.ends_at, now, True
            )
        case _:
            return []


def _instead_of(
    hospital: Hospital,
    bed_id: str,
    starts_at: datetime,
    ends_at: datetime | None,
    now: datetime,
    at_once: bool,
) -> list[Suggestion]:
    wanted = hospital.beds.get(bed_id)
    if wanted is None or (ends_at is not None and ends_at <= starts_at):
        return []
    return beds_that_would_do(hospital, wanted, starts_at, ends_at, now, at_once=at_once)
