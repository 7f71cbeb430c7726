"""What happens to beds: registered and retired, closed and opened, cleaned, noted."""

from dataclasses import replace
from datetime import datetime

from lake.vocabulary import BedStatus, BookingState, EventType, Rule, StatusChange
from simulator.domain import commands as c
from simulator.domain.beds import Bed, Closing
from simulator.domain.bookings import END_OF_TIME
from simulator.domain.changes import Change, Moment
from simulator.domain.errors import Refusal
from simulator.domain.hospital import Hospital
from simulator.domain.overrides import Override
from simulator.domain.rules import hard
from simulator.domain.rules.grants import Grant, grant
from simulator.domain.rules.hard import bed_at
from simulator.domain.rules.soft import Breach


def register(hospital: Hospital, command: c.RegisterBed, moment: Moment) -> list[Change]:
    known = hospital.beds.get(command.bed_id)
    if known and not known.is_retired:
        raise Refusal(Rule.BED_EXISTS, command.bed_id)
    if known:
        hard.not_before(hospital, known, known.last_event_at, moment.at)
    hard.not_before_the_register(hospital, moment.at)
    bed = Bed(
        bed_id=command.bed_id,
        room_id=command.room_id,
        ward_id=command.ward_id,
        ward_name=command.ward_name,
        specialty=command.specialty,
        room_class=command.room_class,
        is_staffed=command.is_staffed,
        is_temporary=command.is_temporary,
        features=command.features,
        is_cot=command.is_cot or (known is not None and known.is_cot),
        is_off_census=command.is_off_census or (known is not None and known.is_off_census),
        status=BedStatus.AVAILABLE,
        status_since_at=moment.at,
        last_event_at=moment.at,
        last_source=moment.source,
        unreviewed_override_count=sum(
            override.bed_id == command.bed_id for override in hospital.overrides.values()
        ),
        room_closing=_closing_of_others(hospital, command, "room"),
        ward_closing=_closing_of_others(hospital, command, "ward"),
    )
    return [Change(EventType.BED_REGISTERED, bed)]


def _closing_of_others(hospital: Hospital, command: c.RegisterBed, what: str) -> Closing | None:
    """A bed that comes into a room or ward that takes nobody new takes nobody new either."""
    place = f"{what}_id"
    there = [b for b in hospital.beds.values() if getattr(b, place) == getattr(command, place)]
    others = sorted(there, key=lambda bed: bed.is_retired)
    return next((getattr(other, f"{what}_closing") for other in others), None)


def update(hospital: Hospital, command: c.UpdateBed, moment: Moment) -> list[Change]:
    bed = bed_at(hospital, command.bed_id, moment)
    return [Change(EventType.BED_UPDATED, replace(bed, is_staffed=command.is_staffed))]


def retire(hospital: Hospital, command: c.RetireBed, moment: Moment) -> list[Change]:
    """What is booked in it has to be moved first, or is displaced; what has passed expires."""
    bed = bed_at(hospital, command.bed_id, moment)
    _not_in_use(hospital, bed, moment)
    passed = [
        Change(EventType.BOOKING_EXPIRED, bed, replace(booking, state=BookingState.EXPIRED))
        for booking in hospital.reservations(bed.bed_id)
        if not booking.overlaps(moment.at, END_OF_TIME)
    ]
    granted = _cleared(hospital, [bed], END_OF_TIME, command.override, moment)
    retired = replace(granted.on(bed), is_retired=True)
    record = Change(EventType.BED_RETIRED, retired, columns=granted.columns)
    return [*passed, *granted.first, record]


def close(hospital: Hospital, command: c.CloseBeds, moment: Moment) -> list[Change]:
    """What is booked while they are closed has to be moved first, or is displaced."""
    until = command.until_at or END_OF_TIME
    hard.not_empty(moment.at, until)
    beds = [bed_at(hospital, bed_id, moment) for bed_id in command.bed_ids]
    for bed in beds:
        _not_in_use(hospital, bed, moment)
    closed = [
        replace(
            bed.becomes(BedStatus.CLOSED, StatusChange.CLOSED, moment.at),
            closed_reason_code=command.reason_code,
            closed_until_at=command.until_at,
        )
        for bed in beds
    ]
    granted = _cleared(hospital, beds, until, command.override, moment)
    # One override is one record: the last row, of a bed that something was displaced from.
    displaced = {change.bed.bed_id for change in granted.first if change.bed}
    *others, last = sorted(closed, key=lambda bed: bed.bed_id in displaced)
    return [
        *granted.first,
        *(Change(EventType.BED_CLOSED, bed) for bed in others),
        Change(EventType.BED_CLOSED, granted.on(last), columns=granted.columns),
    ]


def _not_in_use(hospital: Hospital, bed: Bed, moment: Moment) -> None:
    hard.nobody_in(hospital, bed, moment.now)
    if bed.status is BedStatus.CLEANING:
        raise Refusal(Rule.ILLEGAL_STATUS_CHANGE, f"Stop the cleaning of {bed.bed_id} first.")


def _cleared(
    hospital: Hospital,
    beds: list[Bed],
    until: datetime,
    override: Override | None,
    moment: Moment,
) -> Grant:
    """Displaces what is booked in the beds by then. Raises Refusal, which lists it."""
    booked = tuple(
        booking
        for bed in beds
        for booking in hospital.reservations(bed.bed_id)
        if booking.overlaps(moment.at, until)
    )
    if not booked:
        return Grant()
    names = ", ".join(f"{booking.booking_id} in {booking.bed_id}" for booking in booked)
    detail = f"Move or displace what is booked: {names}."
    breach = Breach(Rule.OVERLAPS_BOOKING, detail, "booked", booked)
    return grant(hospital, [breach], override, moment, starts_at=moment.at)


def open_again(hospital: Hospital, command: c.OpenBeds, moment: Moment) -> list[Change]:
    return [_opened(bed_at(hospital, bed_id, moment), moment) for bed_id in command.bed_ids]


def _opened(bed: Bed, moment: Moment) -> Change:
    back_to = bed.previous_status or BedStatus.AVAILABLE
    opened = bed.becomes(back_to, StatusChange.OPENED, moment.at)
    return Change(EventType.BED_OPENED, opened)


def close_admissions(
    hospital: Hospital, command: c.CloseAdmissions, moment: Moment
) -> list[Change]:
    """Who is there stays, and what is booked in it stands, at risk."""
    until = command.until_at or END_OF_TIME
    hard.not_empty(moment.at, until)
    closing = Closing(command.reason_code, moment.at, command.until_at)
    beds = [bed_at(hospital, bed_id, moment) for bed_id in command.bed_ids]
    changes = [
        Change(EventType.ADMISSIONS_CLOSED, _with_closing(bed, closing, is_ward=command.is_ward))
        for bed in beds
    ]
    at_risk = [
        booking.booking_id
        for bed in beds
        for booking in hospital.reservations(bed.bed_id)
        if booking.overlaps(moment.at, until)
    ]
    *others, last = changes
    return [*others, replace(last, columns={"at_risk_booking_ids": at_risk or None})]


def open_admissions(hospital: Hospital, command: c.OpenAdmissions, moment: Moment) -> list[Change]:
    beds = [bed_at(hospital, bed_id, moment) for bed_id in command.bed_ids]
    return [
        Change(EventType.ADMISSIONS_OPENED, _with_closing(bed, None, is_ward=command.is_ward))
        for bed in beds
    ]


def _with_closing(bed: Bed, closing: Closing | None, *, is_ward: bool) -> Bed:
    before = bed.ward_closing if is_ward else bed.room_closing
    if (closing is None) == (before is None):
        what = "open" if closing is None else "closed"
        raise Refusal(
            Rule.ILLEGAL_STATUS_CHANGE,
            f"The {'ward' if is_ward else 'room'} of {bed.bed_id} is {what} to admissions already.",
        )
    return replace(bed, ward_closing=closing) if is_ward else replace(bed, room_closing=closing)


def mark_dirty(hospital: Hospital, command: c.MarkBedDirty, moment: Moment) -> list[Change]:
    bed = bed_at(hospital, command.bed_id, moment)
    dirty = bed.becomes(BedStatus.DIRTY, StatusChange.MARKED_DIRTY, moment.at)
    return [Change(EventType.BED_MARKED_DIRTY, dirty)]


def start_cleaning(hospital: Hospital, command: c.StartCleaning, moment: Moment) -> list[Change]:
    bed = bed_at(hospital, command.bed_id, moment)
    cleaning = bed.becomes(BedStatus.CLEANING, StatusChange.CLEANING_STARTED, moment.at)
    return [Change(EventType.CLEANING_STARTED, cleaning)]


def finish_cleaning(hospital: Hospital, command: c.FinishCleaning, moment: Moment) -> list[Change]:
    bed = bed_at(hospital, command.bed_id, moment)
    clean = bed.becomes(BedStatus.AVAILABLE, StatusChange.CLEANING_FINISHED, moment.at)
    return [Change(EventType.CLEANING_FINISHED, clean)]


def stop_cleaning(hospital: Hospital, command: c.StopCleaning, moment: Moment) -> list[Change]:
    bed = bed_at(hospital, command.bed_id, moment)
    back_to = bed.previous_status or BedStatus.DIRTY
    stopped = bed.becomes(back_to, StatusChange.CLEANING_STOPPED, moment.at)
    return [Change(EventType.CLEANING_STOPPED, stopped)]


def add_note(hospital: Hospital, command: c.AddNote, moment: Moment) -> list[Change]:
    return [Change(EventType.NOTE_ADDED, bed_at(hospital, command.bed_id, moment))]
