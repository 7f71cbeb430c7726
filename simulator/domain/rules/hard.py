"""The hard rules: no override sets them aside. Each raises Refusal; none changes anything."""

from datetime import datetime

from lake.vocabulary import BedStatus, BookingState, Rule, canonical_ref
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking
from simulator.domain.changes import Moment
from simulator.domain.errors import InvalidRequest, Refusal
from simulator.domain.hospital import Hospital, touched
from simulator.domain.needs import Needs


def bed_at(hospital: Hospital, bed_id: str, moment: Moment) -> Bed:
    """The bed, touched by an event of this moment. Raises Refusal.

    What is written down late may lie before a note or a reservation of the bed, not before the
    status that it has now, or the patient in it.
    """
    bed = hospital.bed(bed_id)
    not_before(hospital, bed, hospital.unchanged_since(bed), moment.at)
    return touched(bed, moment.at, moment.source)


def not_before(hospital: Hospital, bed: Bed, earliest_at: datetime, at: datetime) -> None:
    if at < earliest_at:
        raise too_early(f"{bed.bed_id} is what it is since", hospital, earliest_at)


def too_early(told: str, hospital: Hospital, earliest_at: datetime) -> Refusal:
    return Refusal(
        Rule.BEFORE_LAST_EVENT,
        f"{told} {hospital.said(earliest_at)}: that is the earliest time that will do.",
        earliest_at=earliest_at,
    )


def not_before_the_register(hospital: Hospital, at: datetime) -> None:
    """No bed is registered for a time of which it is not remembered who was where."""
    begins = min((bed.last_event_at for bed in hospital.beds.values()), default=at)
    if at < begins:
        raise Refusal(
            Rule.BEFORE_LAST_EVENT,
            f"Every bed has had events since {hospital.said(begins)}.",
            earliest_at=begins,
        )


def not_closed(hospital: Hospital, bed: Bed, starts_at: datetime) -> None:
    """A closed bed may be booked for the time after its closing is planned to end."""
    if bed.status is BedStatus.CLOSED and not opens_by(bed, starts_at):
        until = f" until {hospital.said(bed.closed_until_at)}" if bed.closed_until_at else ""
        raise Refusal(Rule.BED_CLOSED, f"{bed.bed_id} is closed{until}: {bed.closed_reason_code}.")


def opens_by(bed: Bed, at: datetime) -> bool:
    return bed.closed_until_at is not None and bed.closed_until_at <= at


def not_empty(starts_at: datetime, ends_at: datetime | None) -> None:
    if ends_at is not None and ends_at <= starts_at:
        raise Refusal(Rule.EMPTY_INTERVAL)


def vacant(hospital: Hospital, bed: Bed, now: datetime) -> None:
    """The bed is not closed and holds nobody."""
    if bed.status is BedStatus.CLOSED:
        raise Refusal(Rule.BED_CLOSED, f"{bed.bed_id} is closed: {bed.closed_reason_code}.")
    nobody_in(hospital, bed, now)


def vacant_or_kept(
    hospital: Hospital, bed: Bed, patient_ref: str, moment: Moment
) -> Booking | None:
    """Not closed, and empty but for a patient on leave, whose bed a soft rule keeps: that stay."""
    stay = hospital.stay_on_leave(bed.bed_id)
    if stay is None or stay.patient_ref in hospital.refs_of(patient_ref):
        vacant(hospital, bed, moment.now)
    return stay


def nobody_in(hospital: Hospital, bed: Bed, now: datetime) -> None:
    if bed.holds_a_patient:
        stay = hospital.current_booking(bed.bed_id)
        detail = hospital.in_words(stay, now) if stay else f"{bed.bed_id} is {bed.status}."
        raise Refusal(Rule.BED_OCCUPIED, detail, stay)


def in_no_other_bed(hospital: Hospital, patient_ref: str, bed_id: str, at: datetime) -> None:
    """The patient is in no other bed, and was in none at `at`, if that lies in the past."""
    stay = hospital.stay_of(patient_ref)
    if stay is not None and stay.bed_id != bed_id:
        raise Refusal(
            Rule.PATIENT_IN_OTHER_BED, f"It is {stay.bed_id}; a transfer moves a patient.", stay
        )
    left_at = hospital.left_bed_at(patient_ref)
    if left_at is not None and at < left_at:
        raise Refusal(
            Rule.PATIENT_IN_OTHER_BED,
            f"The patient left it only on {hospital.said(left_at)}: "
            "that is the earliest time that will do.",
            earliest_at=left_at,
            past_of=patient_ref,
        )


def alive(hospital: Hospital, patient_ref: str, besides: str | None = None) -> None:
    died_at = hospital.has_died_at(patient_ref, besides)
    if died_at is not None:
        raise Refusal(
            Rule.PATIENT_HAS_DIED,
            f"On {hospital.said(died_at)}; correct or cancel that discharge if it is wrong.",
            past_of=patient_ref,
        )


def another_mother(hospital: Hospital, patient_ref: str, mother_ref: str | None) -> None:
    """Raises InvalidRequest for who would be their own."""
    if mother_ref and canonical_ref(mother_ref) in hospital.refs_of(patient_ref):
        raise InvalidRequest("mother_ref: is the patient's own reference.")


def known_features(hospital: Hospital, needs: Needs) -> None:
    """Raises InvalidRequest for a word that no bed of the hospital could have."""
    known = hospital.house.features
    unknown = [name for name in needs.features if known and name not in known]
    if unknown:
        there_are = ", ".join(sorted(known))
        raise InvalidRequest(f"needs.features: {unknown[0]!r} is unknown; there are: {there_are}.")


def in_state(booking: Booking, state: BookingState, verb: str) -> None:
    if booking.state is not state:
        raise Refusal(
            Rule.ILLEGAL_BOOKING_CHANGE,
            f"{booking.booking_id} is {booking.state}; only a booking that is {state} "
            f"can be {verb}.",
            booking,
        )
