"""What the matcher is asked when a bed will not do, or a request waits: up to three beds."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from lake.vocabulary import Rule
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
from simulator.domain.hospital import Hospital
from simulator.domain.needs import Needs
from simulator.domain.permissions import wards_of_patient
from simulator.domain.principals import Principal
from simulator.domain.requests import BedRequest
from simulator.domain.rules.matching import Fit, Matcher, Search
from simulator.domain.rules.soft import Wish

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
        Rule.LOUNGE_FULL,
    }
)


class Suggestion(NamedTuple):
    bed_id: str
    reason: str


def suggest(
    hospital: Hospital, command: Command, refused: Collection[Rule], moment: Moment
) -> list[Suggestion]:
    """Other beds for what this bed refused; none where no other bed helps."""
    if NO_OTHER_BED_HELPS.intersection(refused):
        return []
    command = _as_known_to(moment.who, hospital, command)
    wish = _wish_of(hospital, command, moment)
    if wish is None or (wish.ends_at is not None and wish.ends_at <= wish.starts_at):
        return []
    if isinstance(command, BookBed) and wish.moves_in and hospital.stay_of(wish.patient_ref):
        return []  # a transfer moves a patient
    bed, needs = wish.bed, wish.needs
    search = Search(
        needs=needs,
        starts_at=wish.starts_at,
        now=wish.now,
        ends_at=wish.ends_at,
        assumes_end=getattr(command, "assumes_end", False),
        expected_stay=_expected_stay(hospital, command),
        moves_in=wish.moves_in,
        patient_ref=wish.patient_ref,
        ward_id=bed.ward_id,
        specialty=bed.specialty,
        room_class=bed.room_class,
        besides=wish.besides,
        mother_ref=wish.mother_ref,
    )
    others = (fit for fit in Matcher(hospital, search).ranked() if fit.bed_id != bed.bed_id)
    return _in_words(others)


def _as_known_to(who: Principal, hospital: Hospital, command: Command) -> Command:
    """Who is of other wards is nobody: which beds would do tells where somebody lies."""
    if who.is_manager:
        return command

    def known(ref: str | None) -> str | None:
        places = wards_of_patient(hospital, ref) if ref else ()
        return None if places and not any(map(who.owns, places)) else ref

    if isinstance(command, BookBed):
        patient, mother = known(command.patient_ref) or "", known(command.mother_ref)
        command = replace(command, patient_ref=patient, mother_ref=mother)
    if isinstance(command, BookBed | ChangeReservation | TransferPatient) and command.needs:
        needs = replace(command.needs, placed_with=known(command.needs.placed_with))
        command = replace(command, needs=needs)
    return command


def _expected_stay(hospital: Hospital, command: Command) -> timedelta | None:
    if isinstance(command, PlaceRequest):
        return hospital.request(command.bed_request_id).expected_stay
    return getattr(command, "expected_stay", None)


def suggest_for(hospital: Hospital, request: BedRequest, moment: Moment) -> list[Suggestion]:
    """Beds for a request that waits, from the time it is wanted for to the ward's usual end."""
    return _in_words(Matcher(hospital, search_for(hospital, request, moment)).ranked())


def search_for(hospital: Hospital, request: BedRequest, moment: Moment) -> Search:
    """Of a patient in bed with what is known of the stay."""
    stay = hospital.stay_of(request.patient_ref)
    search = Search(
        needs=_asked(hospital, request),
        starts_at=max(request.wanted_from, moment.at),
        now=moment.now,
        moves_in=request.wanted_from <= moment.now,
        patient_ref=request.patient_ref,
        ward_id=request.ward_id,
        expected_stay=request.expected_stay,
    )
    return as_moved(search, stay) if stay else search


def as_moved(search: Search, stay: Booking) -> Search:
    """For a patient in bed: the stay is not in the way, and keeps its end as a move keeps it."""
    search = replace(search, besides=frozenset({stay.booking_id}))
    lasts = stay.ends_at is not None and stay.ends_at > search.starts_at
    if stay.ends_at and lasts and not stay.is_end_assumed:
        return replace(search, ends_at=stay.ends_at)
    if search.expected_stay:
        return search
    if not stay.is_end_assumed:
        return replace(search, assumes_end=False)
    rest = stay.ends_at - search.starts_at if stay.ends_at and lasts and stay.length else None
    return replace(search, expected_stay=rest)


def _in_words(fits: Iterator[Fit]) -> list[Suggestion]:
    return [Suggestion(fit.bed_id, ", ".join(fit.reasons)) for fit in islice(fits, MOST)]


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
            return wish._replace(mother_ref=command.mother_ref)
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
            return wish._replace(needs=wish.needs.with_given(needs or Needs()))
        case _:
            return None


def _coming_in(booking: Booking, bed: Bed, moment: Moment) -> Wish:
    has_passed = booking.ends_at is not None and booking.ends_at <= moment.at
    ends_at = None if has_passed else booking.ends_at
    return _wish_for(booking, bed, moment.at, ends_at, moment)._replace(moves_in=True)


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
