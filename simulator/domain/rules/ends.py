"""Ends that nobody says: the usual one, or when somebody else is to have the bed, or the room."""

from dataclasses import replace
from datetime import datetime, timedelta

from simulator.domain.bookings import Booking
from simulator.domain.hospital import Hospital
from simulator.domain.rules.soft import Wish, excludes


def with_assumed_end(
    hospital: Hospital, booking: Booking, now: datetime, stay: timedelta | None = None
) -> Booking:
    """The end is that of the expected stay, or the usual one of the ward; where the bed is needed
    before that, the patient has it until then, if that is long enough to be worth it, and is at
    risk."""
    bed, starts_at = hospital.beds[booking.bed_id], booking.starts_at
    usual = starts_at + stay if stay else hospital.house.assumed_end(bed.ward_id, starts_at)
    wish = Wish(bed, booking.patient_ref, booking.needs, starts_at, usual, now)
    needed = needed_from(hospital, wish._replace(mother_ref=booking.mother_ref))
    cut = needed and hospital.house.until(usual, needed, starts_at)
    return replace(
        booking,
        ends_at=cut or usual,
        is_end_assumed=usual is not None,
        is_at_risk=cut is not None,
    )


def needed_from(hospital: Hospital, wish: Wish) -> datetime | None:
    """When the next booking of the bed begins, or one of the room whose patient shuts out the one
    of the wish; none of the patient's own."""
    refs = hospital.refs_of(wish.patient_ref)
    first = None
    for bed in (wish.bed, *hospital.room_mates(wish.bed)):
        for booking in hospital.booked_after(bed.bed_id, wish.starts_at):
            if first is not None and booking.starts_at >= first:
                break
            if booking.patient_ref in refs:
                continue
            if bed is wish.bed or excludes(hospital, wish, (bed, booking)):
                first = booking.starts_at
                break
    return first
