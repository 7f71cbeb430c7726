"""Up to three beds that would do, when a bed will not, with the reason of their rank."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from lake.vocabulary import BedStatus, Rule
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking
from simulator.domain.changes import Moment
from simulator.domain.commands import (
    AdmitPatient,
    BookBed,
    ChangeReservation,
    Command,
    PlaceRequest,
    TransferPatient,
)
from simulator.domain.errors import Refusal
from simulator.domain.hospital import Hospital
from simulator.domain.needs import Needs
from simulator.domain.requests import BedRequest
from simulator.domain.rules import hard
from simulator.domain.rules.soft import Wish, breaches, overlaps

MOST = 3
NO_OTHER_BED_HELPS = frozenset(
    {
        Rule.PATIENT_IN_OTHER_BED,
        Rule.PATIENT_HAS_DIED,
        Rule.PATIENT_RESERVED_ELSEWHERE,
        Rule.ILLEGAL_BOOKING_CHANGE,
        Rule.BEFORE_LAST_EVENT,
        Rule.EMPTY_INTERVAL,
        Rule.STARTS_IN_PAST,
        Rule.UNKNOWN_BED,
    }
)


class Suggestion(NamedTuple):
    bed_id: str
    reason: str


class Wanted(NamedTuple):
    """What the beds are ranked by: the ward and what the room should be."""

    ward_id: str | None
    specialty: str | None
    room_class: str | None


WishIn = Callable[[Bed], Wish]


def beds_that_would_do(hospital: Hospital, wish_in: WishIn, wanted: Wanted) -> list[Suggestion]:
    """Beds in which the wish breaks no rule; same ward first, then specialty, class, clean now."""
    ranked = sorted(hospital.registered_beds, key=lambda bed: (_rank(bed, wanted), bed.bed_id))
    fit = (bed for bed in ranked if _fits(hospital, wish_in(bed)))
    return [Suggestion(bed.bed_id, _reason(bed, wanted)) for bed in islice(fit, MOST)]


def _fits(hospital: Hospital, wish: Wish) -> bool:
    # Most beds are ruled out by their status or their diary: those are looked at first.
    if wish.moves_in and wish.bed.status is not BedStatus.AVAILABLE:
        return False
    if not wish.bed.is_staffed or hospital.unchanged_since(wish.bed) > wish.now:
        return False
    stay = hospital.current_booking(wish.bed.bed_id)
    if stay and stay.is_end_assumed and stay.booking_id not in wish.besides:
        return False  # nobody has said that it will be free
    if overlaps(hospital, wish):
        return False
    try:
        hard.not_closed(hospital, wish.bed, wish.starts_at)
    except Refusal:
        return False
    return not breaches(hospital, wish)


def _rank(bed: Bed, wanted: Wanted) -> tuple[bool, bool, bool, bool]:
    return (
        bed.ward_id != wanted.ward_id,
        bed.specialty != wanted.specialty,
        bed.room_class != wanted.room_class,
        bed.status is not BedStatus.AVAILABLE,
    )


def _reason(bed: Bed, wanted: Wanted) -> str:
    ward = "same ward" if bed.ward_id == wanted.ward_id else f"on {bed.ward_name}"
    kind = "same class" if bed.room_class == wanted.room_class else bed.room_class
    clean = "clean now" if bed.status is BedStatus.AVAILABLE else f"{bed.status} now"
    return f"{ward}, {kind}, {clean}, free for the whole time"


def suggest(
    hospital: Hospital, command: Command, refused: Collection[Rule], moment: Moment
) -> list[Suggestion]:
    """Other beds for what this bed refused; none where no other bed helps."""
    if NO_OTHER_BED_HELPS.intersection(refused):
        return []
    wish = _wish_of(hospital, command, moment)
    if wish is None or (wish.ends_at is not None and wish.ends_at <= wish.starts_at):
        return []
    if isinstance(command, BookBed) and wish.moves_in and hospital.stay_of(wish.patient_ref):
        return []  # a transfer moves a patient
    bed, needs = wish.bed, wish.needs
    wanted = Wanted(
        bed.ward_id, needs.specialty or bed.specialty, needs.room_class or bed.room_class
    )
    assumes_end = getattr(command, "assumes_end", False) and wish.ends_at is None

    def wish_in(other: Bed) -> Wish:
        ends_at = _usual_end(hospital, other, wish.starts_at) if assumes_end else wish.ends_at
        return replace(wish, bed=other, ends_at=ends_at)

    found = beds_that_would_do(hospital, wish_in, wanted)
    return [suggestion for suggestion in found if suggestion.bed_id != bed.bed_id]


def suggest_for(hospital: Hospital, request: BedRequest, moment: Moment) -> list[Suggestion]:
    """Beds for a request that waits, from the time it is wanted for to the ward's usual end."""
    starts_at = max(request.wanted_from, moment.at)
    needs, patient = _asked(hospital, request), request.patient_ref
    moves_in = request.wanted_from <= moment.now
    return beds_that_would_do(
        hospital,
        lambda bed: Wish(
            bed,
            patient,
            needs,
            starts_at,
            _usual_end(hospital, bed, starts_at),
            moment.now,
            moves_in,
        ),
        Wanted(request.ward_id, needs.specialty, needs.room_class),
    )


def _usual_end(hospital: Hospital, bed: Bed, starts_at: datetime) -> datetime | None:
    return hospital.house.assumed_end(bed.ward_id, starts_at)


def _asked(hospital: Hospital, request: BedRequest) -> Needs:
    """Of a patient in bed with what is known of the stay."""
    stay = hospital.stay_of(request.patient_ref)
    return hospital.needs_with(stay, request.needs) if stay else request.needs


def _wish_of(hospital: Hospital, command: Command, moment: Moment) -> Wish | None:
    at = now = moment.at  # what is entered later is to be for beds without events since
    match command:
        case BookBed(
            bed_id=bed_id,
            patient_ref=patient,
            starts_at=starts_at,
            ends_at=ends_at,
            admit=moves_in,
            needs=needs,
        ):
            start = at if moves_in else starts_at or at
            wish = Wish(hospital.bed(bed_id), patient, needs, start, ends_at, now, moves_in)
            return replace(wish, mother_ref=command.mother_ref)
        case PlaceRequest(
            bed_request_id=request_id,
            bed_id=bed_id,
            starts_at=starts_at,
            ends_at=ends_at,
            admit=moves_in,
        ):
            request = hospital.request(request_id)
            start = at if moves_in else starts_at or max(request.wanted_from, at)
            patient, needs = request.patient_ref, _asked(hospital, request)
            return Wish(hospital.bed(bed_id), patient, needs, start, ends_at, now, moves_in)
        case ChangeReservation(
            booking_id=booking_id, bed_id=bed_id, starts_at=starts_at, ends_at=ends_at, needs=needs
        ):
            booking = hospital.booking(booking_id)
            booking = replace(booking, needs=booking.needs.with_given(needs))
            return _wish_for(booking, hospital.bed(bed_id), starts_at, ends_at, moment)
        case AdmitPatient(booking_id=booking_id):
            booking = hospital.booking(booking_id)
            return _coming_in(booking, hospital.bed(booking.bed_id), moment)
        case TransferPatient(booking_id=booking_id, to_bed_id=to_bed_id, needs=needs):
            wish = _coming_in(hospital.booking(booking_id), hospital.bed(to_bed_id), moment)
            return replace(wish, needs=wish.needs.with_given(needs or Needs()))
        case _:
            return None


def _coming_in(booking: Booking, bed: Bed, moment: Moment) -> Wish:
    has_passed = booking.ends_at is not None and booking.ends_at <= moment.at
    ends_at = None if has_passed else booking.ends_at
    return replace(_wish_for(booking, bed, moment.at, ends_at, moment), moves_in=True)


def _wish_for(
    booking: Booking, bed: Bed, starts_at: datetime, ends_at: datetime | None, moment: Moment
) -> Wish:
    return Wish(
        bed=bed,
        patient_ref=booking.patient_ref,
        needs=booking.needs,
        starts_at=starts_at,
        ends_at=ends_at,
        now=moment.at,
        besides=frozenset({booking.booking_id}),
    )
