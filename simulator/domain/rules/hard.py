"""The hard rules: no override sets them aside. Each raises Refusal; none changes anything."""

from datetime import datetime

from lake.vocabulary import BedStatus, BookingState, Rule
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking
from simulator.domain.changes import Moment
from simulator.domain.errors import Refusal
from simulator.domain.hospital import Hospital, touched


def bed_at(hospital: Hospital, bed_id: str, moment: Moment) -> Bed:
    """The bed, touched by an event of this moment. Raises Refusal."""
    bed = hospital.bed(bed_id)
    not_before_last_event(bed, moment.at)
    return touched(bed, moment.at, moment.source)


def not_before_last_event(bed: Bed, at: datetime) -> None:
    if at < bed.last_event_at:
        raise Refusal(
            Rule.BEFORE_LAST_EVENT,
            f"The newest event of {bed.bed_id} is of {bed.last_event_at:%Y-%m-%d %H:%M:%S} UTC.",
        )


def not_before_the_register(hospital: Hospital, at: datetime) -> None:
    """No bed is registered for a time of which it is not remembered who was where."""
    begins = min((bed.last_event_at for bed in hospital.beds.values()), default=at)
    if at < begins:
        raise Refusal(
            Rule.BEFORE_LAST_EVENT,
            f"Every bed has had events since {begins:%Y-%m-%d %H:%M:%S} UTC.",
        )


def not_closed(bed: Bed, starts_at: datetime) -> None:
    """A closed bed may be booked for the time after its closing is planned to end."""
    opens_before = bed.closed_until_at is not None and bed.closed_until_at <= starts_at
    if bed.status is BedStatus.CLOSED and not opens_before:
        until = f" until {bed.closed_until_at:%Y-%m-%d %H:%M} UTC" if bed.closed_until_at else ""
        raise Refusal(Rule.BED_CLOSED, f"{bed.bed_id} is closed{until}: {bed.closed_reason_code}.")


def not_empty(starts_at: datetime, ends_at: datetime | None) -> None:
    if ends_at is not None and ends_at <= starts_at:
        raise Refusal(Rule.EMPTY_INTERVAL)


def vacant(hospital: Hospital, bed: Bed) -> None:
    """The bed is not closed and holds nobody."""
    if bed.status is BedStatus.CLOSED:
        raise Refusal(Rule.BED_CLOSED, f"{bed.bed_id} is closed: {bed.closed_reason_code}.")
    nobody_in(hospital, bed)


def nobody_in(hospital: Hospital, bed: Bed) -> None:
    if bed.holds_a_patient:
        raise Refusal(
            Rule.BED_OCCUPIED,
            f"{bed.bed_id} is {bed.status}.",
            hospital.current_booking(bed.bed_id),
        )


def in_no_other_bed(hospital: Hospital, patient_ref: str, bed_id: str | None, at: datetime) -> None:
    """The patient is in no other bed, and was in none at `at`, if that lies in the past."""
    in_bed = hospital.in_bed.get(patient_ref)
    if in_bed is not None and in_bed != bed_id:
        raise Refusal(
            Rule.PATIENT_IN_OTHER_BED,
            f"{patient_ref} is in {in_bed}; a transfer moves a patient.",
            hospital.current_booking(in_bed),
        )
    left_at = hospital.left_at.get(patient_ref)
    if left_at is not None and at < left_at:
        raise Refusal(
            Rule.PATIENT_IN_OTHER_BED,
            f"{patient_ref} left a bed only at {left_at:%Y-%m-%d %H:%M:%S} UTC.",
        )


def in_state(booking: Booking, state: BookingState, verb: str) -> None:
    if booking.state is not state:
        raise Refusal(
            Rule.ILLEGAL_BOOKING_CHANGE,
            f"{booking.booking_id} is {booking.state}; only a booking that is {state} "
            f"can be {verb}.",
            booking,
        )
