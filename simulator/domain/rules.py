"""The rules that a command can break. Each raises Refusal; none changes anything."""

from datetime import datetime

from lake.vocabulary import BedStatus, BookingState, Rule
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking
from simulator.domain.errors import Refusal
from simulator.domain.hospital import Hospital


def not_before_last_event(bed: Bed, at: datetime) -> None:
    if at < bed.last_event_at:
        raise Refusal(
            Rule.BEFORE_LAST_EVENT,
            f"The newest event of {bed.bed_id} is of {bed.last_event_at:%Y-%m-%d %H:%M:%S} UTC.",
        )


def not_closed(bed: Bed) -> None:
    if bed.status is BedStatus.CLOSED:
        raise Refusal(Rule.BED_CLOSED, f"{bed.bed_id} is closed: {bed.closed_reason_code}.")


def not_empty(starts_at: datetime, ends_at: datetime | None) -> None:
    if ends_at is not None and ends_at <= starts_at:
        raise Refusal(Rule.EMPTY_INTERVAL)


def free_for(
    hospital: Hospital,
    bed: Bed,
    starts_at: datetime,
    ends_at: datetime | None,
    now: datetime,
    but: str | None = None,
) -> None:
    """No open booking of the bed other than `but` overlaps `[starts_at, ends_at)`.

    A stay that runs over has no end that is known: nothing may start by now.
    """
    for booking in hospital.of_bed.get(bed.bed_id, ()):
        if booking.booking_id == but:
            continue
        if booking.state is BookingState.ACTIVE:
            _after_the_stay(booking, starts_at, ends_at, now)
        elif booking.overlaps(starts_at, ends_at):
            raise Refusal(
                Rule.OVERLAPS_BOOKING, f"{booking.booking_id} holds {bed.bed_id}.", booking
            )


def _after_the_stay(
    stay: Booking, starts_at: datetime, ends_at: datetime | None, now: datetime
) -> None:
    runs_over = stay.ends_at is not None and stay.ends_at <= now and starts_at <= now
    if stay.ends_at is None and stay.overlaps(starts_at, ends_at):
        raise Refusal(
            Rule.OVERLAPS_OPEN_STAY, f"{stay.booking_id} has no expected discharge.", stay
        )
    if runs_over:
        raise Refusal(
            Rule.OVERLAPS_OPEN_STAY, f"{stay.booking_id} has passed its expected discharge.", stay
        )
    if stay.overlaps(starts_at, ends_at):
        raise Refusal(
            Rule.OVERLAPS_BOOKING,
            f"The stay {stay.booking_id} is expected to end later than this starts.",
            stay,
        )


def vacant(hospital: Hospital, bed: Bed) -> None:
    """The bed is not closed and holds nobody."""
    not_closed(bed)
    if bed.holds_a_patient:
        raise Refusal(
            Rule.BED_OCCUPIED,
            f"{bed.bed_id} is {bed.status}.",
            hospital.current_booking(bed.bed_id),
        )


def clean(bed: Bed) -> None:
    if bed.needs_cleaning:
        raise Refusal(Rule.BED_NOT_CLEAN, f"{bed.bed_id} is {bed.status}.")


def can_take_a_patient(hospital: Hospital, bed: Bed, patient_ref: str) -> None:
    """The bed holds nobody and is clean, and the patient is in no other bed."""
    vacant(hospital, bed)
    in_bed = hospital.in_bed.get(patient_ref)
    if in_bed is not None and in_bed != bed.bed_id:
        raise Refusal(
            Rule.PATIENT_IN_OTHER_BED,
            f"{patient_ref} is in {in_bed}; a transfer moves a patient.",
            hospital.current_booking(in_bed),
        )
    clean(bed)


def in_state(booking: Booking, state: BookingState, verb: str) -> None:
    if booking.state is not state:
        raise Refusal(
            Rule.ILLEGAL_BOOKING_CHANGE,
            f"{booking.booking_id} is {booking.state}; only a booking that is {state} "
            f"can be {verb}.",
            booking,
        )
