"""What each command does to the hospital: `decide` gives the changes, or raises Refusal.

A change says what the bed and the booking are after it. One command's changes go into the log as
one commit, all or none.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from lake.vocabulary import (
    BedStatus,
    BookingState,
    EventType,
    Rule,
    StatusChange,
)
from simulator.domain import commands as c
from simulator.domain import rules
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking, Needs
from simulator.domain.errors import Refusal
from simulator.domain.hospital import Hospital, touched


@dataclass(frozen=True, slots=True)
class Moment:
    """When a command takes effect, the hospital's now, the log's next seq and the source."""

    at: datetime
    now: datetime
    next_seq: int
    source: str


@dataclass(frozen=True, slots=True)
class Change:
    """One event row in the making; `columns` are those that neither bed nor booking carry."""

    event_type: EventType
    bed: Bed | None = None
    booking: Booking | None = None
    columns: dict[str, Any] = field(default_factory=dict)


def decide(hospital: Hospital, command: c.Command, moment: Moment) -> list[Change]:
    return DECISIONS[type(command)](hospital, command, moment)


def _bed(hospital: Hospital, bed_id: str, moment: Moment) -> Bed:
    bed = hospital.bed(bed_id)
    rules.not_before_last_event(bed, moment.at)
    return touched(bed, moment.at, moment.source)


def _register(hospital: Hospital, command: c.RegisterBed, moment: Moment) -> list[Change]:
    known = hospital.beds.get(command.bed_id)
    if known and not known.is_retired:
        raise Refusal(Rule.BED_EXISTS, command.bed_id)
    if known:
        rules.not_before_last_event(known, moment.at)
    bed = Bed(
        bed_id=command.bed_id,
        room_id=command.room_id,
        ward_id=command.ward_id,
        ward_name=command.ward_name,
        specialty=command.specialty,
        room_class=command.room_class,
        is_staffed=command.is_staffed,
        status=BedStatus.AVAILABLE,
        status_since_at=moment.at,
        last_event_at=moment.at,
        last_source=moment.source,
    )
    return [Change(EventType.BED_REGISTERED, bed)]


def _retire(hospital: Hospital, command: c.RetireBed, moment: Moment) -> list[Change]:
    bed = _bed(hospital, command.bed_id, moment)
    if bed.holds_a_patient:
        raise Refusal(
            Rule.BED_OCCUPIED, f"{bed.bed_id} holds one.", hospital.current_booking(bed.bed_id)
        )
    if bed.status is BedStatus.CLEANING:
        raise Refusal(Rule.ILLEGAL_STATUS_CHANGE, "Stop the cleaning first.")
    booked = hospital.next_booking(bed.bed_id)
    if booked:
        raise Refusal(Rule.OVERLAPS_BOOKING, "Move or cancel its reservations first.", booked)
    return [Change(EventType.BED_RETIRED, replace(bed, is_retired=True))]


def _book(hospital: Hospital, command: c.BookBed, moment: Moment) -> list[Change]:
    bed = _bed(hospital, command.bed_id, moment)
    starts_at = moment.at if command.admit else command.starts_at or moment.at
    rules.not_empty(starts_at, command.ends_at)
    booking = Booking(
        booking_id=f"B{moment.next_seq}",
        bed_id=bed.bed_id,
        patient_ref=command.patient_ref,
        state=BookingState.RESERVED,
        starts_at=starts_at,
        ends_at=command.ends_at,
        needs=command.needs,
        source=moment.source,
    )
    if command.admit:
        return [_admission(hospital, bed, booking, moment)]
    rules.not_closed(bed)
    rules.free_for(hospital, bed, starts_at, command.ends_at, moment.now)
    return [Change(EventType.BED_BOOKED, bed, booking)]


def _admit(hospital: Hospital, command: c.AdmitPatient, moment: Moment) -> list[Change]:
    booking = hospital.booking(command.booking_id)
    rules.in_state(booking, BookingState.RESERVED, "admitted")
    bed = _bed(hospital, booking.bed_id, moment)
    has_passed = booking.ends_at is not None and booking.ends_at <= moment.at
    booking = replace(
        booking,
        starts_at=moment.at,
        ends_at=None if has_passed else booking.ends_at,
        source=moment.source,
    )
    return [_admission(hospital, bed, booking, moment)]


def _admission(hospital: Hospital, bed: Bed, booking: Booking, moment: Moment) -> Change:
    rules.can_take_a_patient(hospital, bed, booking.patient_ref)
    rules.free_for(
        hospital, bed, booking.starts_at, booking.ends_at, moment.now, but=booking.booking_id
    )
    active = replace(
        booking,
        state=BookingState.ACTIVE,
        stay_id=f"S{moment.next_seq}",
        spell_id=booking.spell_id or f"P{moment.next_seq}",
    )
    return Change(EventType.PATIENT_ADMITTED, _taken(bed, booking.needs, moment), active)


def _taken(bed: Bed, needs: Needs, moment: Moment) -> Bed:
    status = BedStatus.ISOLATED if needs.isolation else BedStatus.OCCUPIED
    return bed.becomes(status, StatusChange.ADMITTED, moment.at)


def _vacated(bed: Bed, moment: Moment) -> Bed:
    isolated = bed.status is BedStatus.ISOLATED
    status = BedStatus.CONTAMINATED if isolated else BedStatus.DIRTY
    return bed.becomes(status, StatusChange.VACATED, moment.at)


def _transfer(hospital: Hospital, command: c.TransferPatient, moment: Moment) -> list[Change]:
    """Two rows: the bed that is left, then the bed that is taken."""
    stay = hospital.booking(command.booking_id)
    rules.in_state(stay, BookingState.ACTIVE, "transferred")
    left = _bed(hospital, stay.bed_id, moment)
    taken = _bed(hospital, command.to_bed_id, moment)
    needs = command.needs or replace(stay.needs, isolation=left.status is BedStatus.ISOLATED)
    runs_over = stay.ends_at is not None and stay.ends_at <= moment.at
    ends_at = None if runs_over else stay.ends_at
    rules.vacant(hospital, taken)
    rules.clean(taken)
    rules.free_for(hospital, taken, moment.at, ends_at, moment.now)
    arrived = Booking(
        booking_id=f"B{moment.next_seq}",
        bed_id=taken.bed_id,
        patient_ref=stay.patient_ref,
        state=BookingState.ACTIVE,
        starts_at=moment.at,
        ends_at=ends_at,
        stay_id=f"S{moment.next_seq}",
        spell_id=stay.spell_id,
        needs=needs,
        source=moment.source,
    )
    return [
        Change(EventType.PATIENT_TRANSFERRED, _vacated(left, moment), _ended(stay, moment)),
        Change(EventType.PATIENT_TRANSFERRED, _taken(taken, needs, moment), arrived),
    ]


def _ended(booking: Booking, moment: Moment) -> Booking:
    return replace(booking, state=BookingState.COMPLETED, source=moment.source)


def _discharge(hospital: Hospital, command: c.DischargePatient, moment: Moment) -> list[Change]:
    stay = hospital.booking(command.booking_id)
    rules.in_state(stay, BookingState.ACTIVE, "discharged")
    bed = _vacated(_bed(hospital, stay.bed_id, moment), moment)
    columns = {"disposition": command.disposition}
    return [Change(EventType.PATIENT_DISCHARGED, bed, _ended(stay, moment), columns)]


def _expect_discharge(
    hospital: Hospital, command: c.ExpectDischarge, moment: Moment
) -> list[Change]:
    stay = hospital.booking(command.booking_id)
    rules.in_state(stay, BookingState.ACTIVE, "given an expected discharge")
    bed = _bed(hospital, stay.bed_id, moment)
    rules.not_empty(stay.starts_at, command.expected_at)
    rules.free_for(
        hospital, bed, stay.starts_at, command.expected_at, moment.now, but=stay.booking_id
    )
    changed = replace(stay, ends_at=command.expected_at, source=moment.source)
    return [Change(EventType.DISCHARGE_EXPECTED, bed, changed)]


def _cancel(hospital: Hospital, command: c.CancelBooking, moment: Moment) -> list[Change]:
    return _end_reservation(
        hospital, command.booking_id, moment, BookingState.CANCELLED, EventType.BOOKING_CANCELLED
    )


def _expire(hospital: Hospital, command: c.ExpireBooking, moment: Moment) -> list[Change]:
    return _end_reservation(
        hospital, command.booking_id, moment, BookingState.EXPIRED, EventType.BOOKING_EXPIRED
    )


def _end_reservation(
    hospital: Hospital,
    booking_id: str,
    moment: Moment,
    state: BookingState,
    event_type: EventType,
) -> list[Change]:
    booking = hospital.booking(booking_id)
    rules.in_state(booking, BookingState.RESERVED, state.value)
    bed = _bed(hospital, booking.bed_id, moment)
    return [Change(event_type, bed, replace(booking, state=state, source=moment.source))]


def _with_stay(hospital: Hospital, bed: Bed, moment: Moment) -> Booking | None:
    stay = hospital.current_booking(bed.bed_id)
    return replace(stay, source=moment.source) if stay else None


def _start_isolation(hospital: Hospital, command: c.StartIsolation, moment: Moment) -> list[Change]:
    bed = _bed(hospital, command.bed_id, moment)
    isolated = bed.becomes(BedStatus.ISOLATED, StatusChange.ISOLATION_STARTED, moment.at)
    return [Change(EventType.ISOLATION_STARTED, isolated, _with_stay(hospital, bed, moment))]


def _end_isolation(hospital: Hospital, command: c.EndIsolation, moment: Moment) -> list[Change]:
    bed = _bed(hospital, command.bed_id, moment)
    occupied = bed.becomes(BedStatus.OCCUPIED, StatusChange.ISOLATION_ENDED, moment.at)
    return [Change(EventType.ISOLATION_ENDED, occupied, _with_stay(hospital, bed, moment))]


def _mark_dirty(hospital: Hospital, command: c.MarkBedDirty, moment: Moment) -> list[Change]:
    bed = _bed(hospital, command.bed_id, moment)
    dirty = bed.becomes(BedStatus.DIRTY, StatusChange.MARKED_DIRTY, moment.at)
    return [Change(EventType.BED_MARKED_DIRTY, dirty)]


def _start_cleaning(hospital: Hospital, command: c.StartCleaning, moment: Moment) -> list[Change]:
    bed = _bed(hospital, command.bed_id, moment)
    cleaning = bed.becomes(BedStatus.CLEANING, StatusChange.CLEANING_STARTED, moment.at)
    return [Change(EventType.CLEANING_STARTED, cleaning)]


def _finish_cleaning(hospital: Hospital, command: c.FinishCleaning, moment: Moment) -> list[Change]:
    bed = _bed(hospital, command.bed_id, moment)
    clean = bed.becomes(BedStatus.AVAILABLE, StatusChange.CLEANING_FINISHED, moment.at)
    return [Change(EventType.CLEANING_FINISHED, clean)]


def _stop_cleaning(hospital: Hospital, command: c.StopCleaning, moment: Moment) -> list[Change]:
    bed = _bed(hospital, command.bed_id, moment)
    back_to = bed.previous_status or BedStatus.DIRTY
    stopped = bed.becomes(back_to, StatusChange.CLEANING_STOPPED, moment.at)
    return [Change(EventType.CLEANING_STOPPED, stopped)]


def _close(hospital: Hospital, command: c.CloseBed, moment: Moment) -> list[Change]:
    bed = _bed(hospital, command.bed_id, moment)
    if bed.holds_a_patient:
        raise Refusal(
            Rule.BED_OCCUPIED, f"{bed.bed_id} holds one.", hospital.current_booking(bed.bed_id)
        )
    booked = hospital.next_booking(bed.bed_id)
    if booked:
        raise Refusal(Rule.OVERLAPS_BOOKING, "Move or cancel its reservations first.", booked)
    closed = bed.becomes(BedStatus.CLOSED, StatusChange.CLOSED, moment.at)
    return [Change(EventType.BED_CLOSED, replace(closed, closed_reason_code=command.reason_code))]


def _open(hospital: Hospital, command: c.OpenBed, moment: Moment) -> list[Change]:
    bed = _bed(hospital, command.bed_id, moment)
    back_to = bed.previous_status or BedStatus.AVAILABLE
    return [
        Change(EventType.BED_OPENED, bed.becomes(back_to, StatusChange.OPENED, moment.at)),
    ]


def _add_note(hospital: Hospital, command: c.AddNote, moment: Moment) -> list[Change]:
    return [Change(EventType.NOTE_ADDED, _bed(hospital, command.bed_id, moment))]


def _set_clock(hospital: Hospital, command: c.SetClock, moment: Moment) -> list[Change]:
    columns = {"clock_speed": command.speed, "reason_code": command.mode}
    return [Change(EventType.CLOCK_SET, columns=columns)]


DECISIONS: dict[type, Callable[[Hospital, Any, Moment], list[Change]]] = {
    c.RegisterBed: _register,
    c.RetireBed: _retire,
    c.BookBed: _book,
    c.CancelBooking: _cancel,
    c.ExpireBooking: _expire,
    c.AdmitPatient: _admit,
    c.TransferPatient: _transfer,
    c.ExpectDischarge: _expect_discharge,
    c.DischargePatient: _discharge,
    c.StartIsolation: _start_isolation,
    c.EndIsolation: _end_isolation,
    c.MarkBedDirty: _mark_dirty,
    c.StartCleaning: _start_cleaning,
    c.FinishCleaning: _finish_cleaning,
    c.StopCleaning: _stop_cleaning,
    c.CloseBed: _close,
    c.OpenBed: _open,
    c.AddNote: _add_note,
    c.SetClock: _set_clock,
}
