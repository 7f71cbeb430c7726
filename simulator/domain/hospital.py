"""The hospital as it is: every bed and every open booking, folded from event rows."""

from bisect import insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from lake.vocabulary import (
    RESERVED_AHEAD_MINUTES,
    BedStatus,
    BookingState,
    DisplayStatus,
    Rule,
)
from simulator.domain.beds import Bed
from simulator.domain.bookings import END_OF_TIME, Booking
from simulator.domain.errors import NotThere, Refusal

RESERVED_AHEAD = timedelta(minutes=RESERVED_AHEAD_MINUTES)


@dataclass
class Hospital:
    """`bookings`: the open ones; `of_bed`: the same per bed, by start; `in_bed`: the patients."""

    beds: dict[str, Bed] = field(default_factory=dict)
    bookings: dict[str, Booking] = field(default_factory=dict)
    of_bed: dict[str, list[Booking]] = field(default_factory=dict)
    in_bed: dict[str, str] = field(default_factory=dict)

    def bed(self, bed_id: str) -> Bed:
        """Raises Refusal `unknown_bed`, for retired beds too."""
        bed = self.beds.get(bed_id)
        if bed is None or bed.is_retired:
            raise Refusal(Rule.UNKNOWN_BED, f"No bed is registered as {bed_id}.")
        return bed

    def booking(self, booking_id: str) -> Booking:
        """An open booking. Raises NotThere."""
        try:
            return self.bookings[booking_id]
        except KeyError:
            raise NotThere(f"There is no open booking {booking_id}.") from None

    @property
    def registered_beds(self) -> Iterable[Bed]:
        return (bed for bed in self.beds.values() if not bed.is_retired)

    def current_booking(self, bed_id: str) -> Booking | None:
        """The booking of the patient in the bed."""
        return next(
            (b for b in self.of_bed.get(bed_id, ()) if b.state is BookingState.ACTIVE), None
        )

    def next_booking(self, bed_id: str, at: datetime | None = None) -> Booking | None:
        """The first reservation of the bed; with `at` the first that has not passed by then."""
        reserved = (b for b in self.of_bed.get(bed_id, ()) if b.state is BookingState.RESERVED)
        return next((b for b in reserved if at is None or at < (b.ends_at or END_OF_TIME)), None)

    def display_status(self, bed: Bed, now: datetime) -> DisplayStatus:
        if bed.status is BedStatus.CLOSED:
            return DisplayStatus.CLOSED
        if bed.holds_a_patient:
            return DisplayStatus.OCCUPIED
        if bed.needs_cleaning:
            return DisplayStatus.DIRTY
        if any(is_due(booking, now) for booking in self.of_bed.get(bed.bed_id, ())):
            return DisplayStatus.RESERVED
        return DisplayStatus.AVAILABLE

    def apply(self, bed: Bed | None, booking: Booking | None) -> None:
        """Take in one event: what the bed and the booking are after it."""
        if bed:
            self.beds[bed.bed_id] = bed
        if booking:
            self._forget(self.bookings.pop(booking.booking_id, None))
            if booking.is_open:
                self._remember(booking)

    def _forget(self, booking: Booking | None) -> None:
        if booking:
            self.of_bed[booking.bed_id].remove(booking)
            if booking.state is BookingState.ACTIVE:
                del self.in_bed[booking.patient_ref]

    def _remember(self, booking: Booking) -> None:
        self.bookings[booking.booking_id] = booking
        insort(self.of_bed.setdefault(booking.bed_id, []), booking, key=_start)
        if booking.state is BookingState.ACTIVE:
            self.in_bed[booking.patient_ref] = booking.bed_id

    def bed_columns(self, bed: Bed) -> dict[str, Any]:
        """The bed's whole state, as columns of an event row."""
        current = self.current_booking(bed.bed_id)
        following = self.next_booking(bed.bed_id, bed.last_event_at)
        columns = bed.as_columns()
        if current:
            columns |= {
                "current_booking_id": current.booking_id,
                "current_stay_id": current.stay_id,
                "current_patient_ref": current.patient_ref,
                "admitted_at": current.starts_at,
                "expected_discharge_at": current.ends_at,
            }
        if following:
            columns |= {
                "next_booking_id": following.booking_id,
                "next_starts_at": following.starts_at,
                "next_ends_at": following.ends_at,
            }
        return columns


def is_due(booking: Booking, now: datetime) -> bool:
    """Whether a reservation is running or starts within two hospital hours."""
    return (
        booking.state is BookingState.RESERVED
        and booking.starts_at <= now + RESERVED_AHEAD
        and now < (booking.ends_at or END_OF_TIME)
    )


def fold(rows: Iterable[Mapping[str, Any]]) -> Hospital:
    """The hospital after these event rows, in the order of `seq`."""
    hospital = Hospital()
    for row in rows:
        take_in(hospital, row)
    return hospital


def take_in(hospital: Hospital, row: Mapping[str, Any]) -> None:
    bed = Bed.from_row(row) if row.get("bed_id") else None
    booking = Booking.from_row(row) if row.get("booking_id") else None
    hospital.apply(bed, booking)


def touched(bed: Bed, at: datetime, source: str) -> Bed:
    """The bed after any event at this instant."""
    return replace(bed, last_event_at=at, last_source=source)


def _start(booking: Booking) -> datetime:
    return booking.starts_at
