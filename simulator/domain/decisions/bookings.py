"""What happens to bookings: made, changed, ended; the patient comes, moves, swaps, leaves."""

from dataclasses import replace

from lake.vocabulary import BedStatus, BookingState, EventType, Rule, StatusChange
from simulator.domain import commands as c
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking, Needs
from simulator.domain.changes import Change, Moment
from simulator.domain.errors import Refusal
from simulator.domain.hospital import Hospital
from simulator.domain.rules import hard
from simulator.domain.rules.grants import Grant, grant
from simulator.domain.rules.hard import bed_at
from simulator.domain.rules.soft import Wish, breaches, overlaps


def book(hospital: Hospital, command: c.BookBed, moment: Moment) -> list[Change]:
    bed = bed_at(hospital, command.bed_id, moment)
    starts_at = moment.at if command.admit else command.starts_at or moment.at
    booking = Booking(
        booking_id=f"B{moment.next_seq}",
        bed_id=bed.bed_id,
        patient_ref=command.patient_ref,
        state=BookingState.RESERVED,
        starts_at=starts_at,
        ends_at=command.ends_at,
        needs=command.needs,
        source=moment.source,
        bed_request_id=command.bed_request_id,
    )
    hard.not_empty(starts_at, command.ends_at)
    if command.admit:
        return _admitted(hospital, bed, booking, command, moment)
    hard.not_closed(bed, starts_at)
    granted = _grant(hospital, _wish(bed, booking, moment), command, moment, booking.booking_id)
    made = Change(EventType.BED_BOOKED, granted.on(bed), booking, granted.columns)
    return [*granted.first, made]


def _wish(bed: Bed, booking: Booking, moment: Moment, *, moves_in: bool = False) -> Wish:
    return Wish(
        bed=bed,
        patient_ref=booking.patient_ref,
        needs=booking.needs,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        now=moment.now,
        moves_in=moves_in,
        besides=frozenset({booking.booking_id}),
        not_before=moment.at - moment.past_grace,
    )


Overriding = c.BookBed | c.ChangeReservation | c.AdmitPatient | c.TransferPatient


def _grant(
    hospital: Hospital, wish: Wish, command: Overriding, moment: Moment, winner_id: str
) -> Grant:
    return grant(
        hospital,
        breaches(hospital, wish),
        command.override,
        moment,
        starts_at=wish.starts_at,
        winners={wish.bed.bed_id: winner_id},
    )


def admit(hospital: Hospital, command: c.AdmitPatient, moment: Moment) -> list[Change]:
    """From now on, whenever it was reserved for; to its own end, if that has not passed."""
    booking = hospital.booking(command.booking_id)
    hard.in_state(booking, BookingState.RESERVED, "admitted")
    bed = bed_at(hospital, booking.bed_id, moment)
    has_passed = booking.ends_at is not None and booking.ends_at <= moment.at
    booking = replace(
        booking,
        starts_at=moment.at,
        ends_at=None if has_passed else booking.ends_at,
        source=moment.source,
    )
    return _admitted(hospital, bed, booking, command, moment)


def _admitted(
    hospital: Hospital,
    bed: Bed,
    booking: Booking,
    command: c.BookBed | c.AdmitPatient,
    moment: Moment,
) -> list[Change]:
    hard.vacant(hospital, bed)
    hard.in_no_other_bed(hospital, booking.patient_ref, bed.bed_id, moment.at)
    wish = _wish(bed, booking, moment, moves_in=True)
    wish = replace(wish, is_its_own=isinstance(command, c.AdmitPatient))
    granted = _grant(hospital, wish, command, moment, booking.booking_id)
    stay = replace(
        booking,
        state=BookingState.ACTIVE,
        stay_id=f"S{moment.next_seq}",
        spell_id=booking.spell_id or f"P{moment.next_seq}",
    )
    taken = granted.on(_taken(bed, stay, moment))
    return [*granted.first, Change(EventType.PATIENT_ADMITTED, taken, stay, granted.columns)]


def _taken(bed: Bed, stay: Booking, moment: Moment) -> Bed:
    status = BedStatus.ISOLATED if stay.needs.isolation else BedStatus.OCCUPIED
    taken = bed.becomes(status, StatusChange.ADMITTED, moment.at)
    return replace(taken, last_booking_id=stay.booking_id)


def _vacated(bed: Bed, moment: Moment) -> Bed:
    isolated = bed.status is BedStatus.ISOLATED
    status = BedStatus.CONTAMINATED if isolated else BedStatus.DIRTY
    return bed.becomes(status, StatusChange.VACATED, moment.at)


def _ended(stay: Booking, moment: Moment) -> Booking:
    return replace(stay, state=BookingState.COMPLETED, source=moment.source)


def transfer(hospital: Hospital, command: c.TransferPatient, moment: Moment) -> list[Change]:
    """The bed that is left, then the bed that is taken."""
    stay = hospital.booking(command.booking_id)
    hard.in_state(stay, BookingState.ACTIVE, "transferred")
    left = bed_at(hospital, stay.bed_id, moment)
    taken = bed_at(hospital, command.to_bed_id, moment)
    hard.vacant(hospital, taken)
    arrived = _moved(hospital, stay, taken, command.needs, moment, moment.next_seq)
    wish = _wish(taken, arrived, moment, moves_in=True)
    wish = replace(wish, besides=frozenset({stay.booking_id}))
    granted = _grant(hospital, wish, command, moment, arrived.booking_id)
    bed = granted.on(_taken(taken, arrived, moment))
    return [
        *granted.first,
        Change(EventType.PATIENT_TRANSFERRED, _vacated(left, moment), _ended(stay, moment)),
        Change(EventType.PATIENT_TRANSFERRED, bed, arrived, granted.columns),
    ]


def _moved(
    hospital: Hospital, stay: Booking, to: Bed, needs: Needs | None, moment: Moment, seq: int
) -> Booking:
    """The stay in another bed: a new booking and stay of the same spell, isolated as before."""
    is_isolated = hospital.bed(stay.bed_id).status is BedStatus.ISOLATED
    return Booking(
        booking_id=f"B{seq}",
        bed_id=to.bed_id,
        patient_ref=stay.patient_ref,
        state=BookingState.ACTIVE,
        starts_at=moment.at,
        ends_at=None if stay.ends_at and stay.ends_at <= moment.at else stay.ends_at,
        stay_id=f"S{seq}",
        spell_id=stay.spell_id,
        needs=replace(stay.needs, isolation=is_isolated).with_given(needs or Needs()),
        source=moment.source,
        is_discharge_confirmed=stay.is_discharge_confirmed,
        bed_request_id=stay.bed_request_id,
    )


def swap(hospital: Hospital, command: c.SwapPatients, moment: Moment) -> list[Change]:
    """Both leave, both arrive; the caller's patient last."""
    stays = [hospital.booking(b) for b in (command.with_booking_id, command.booking_id)]
    for stay in stays:
        hard.in_state(stay, BookingState.ACTIVE, "swapped")
    if stays[0] == stays[1]:
        raise Refusal(Rule.ILLEGAL_BOOKING_CHANGE, "A patient swaps with another one.", stays[0])
    beds = [bed_at(hospital, stay.bed_id, moment) for stay in stays]
    arrivals = [
        _moved(hospital, stay, bed, None, moment, moment.next_seq + place)
        for place, (stay, bed) in enumerate(zip(stays, reversed(beds), strict=True))
    ]
    both = frozenset(stay.booking_id for stay in stays)
    broken = [
        breach
        for bed, arrival in zip(reversed(beds), arrivals, strict=True)
        for breach in breaches(
            hospital, replace(_wish(bed, arrival, moment, moves_in=True), besides=both)
        )
    ]
    winners = {arrival.bed_id: arrival.booking_id for arrival in arrivals}
    granted = grant(
        hospital, broken, command.override, moment, starts_at=moment.at, winners=winners
    )
    left = [
        Change(EventType.PATIENT_TRANSFERRED, bed, _ended(stay, moment))
        for bed, stay in zip(beds, stays, strict=True)
    ]
    other, own = (
        swapped_in(bed, arrival, moment)
        for bed, arrival in zip(reversed(beds), arrivals, strict=True)
    )
    return [
        *granted.first,
        *left,
        Change(EventType.PATIENT_TRANSFERRED, other, arrivals[0]),
        Change(EventType.PATIENT_TRANSFERRED, granted.on(own), arrivals[1], granted.columns),
    ]


def swapped_in(bed: Bed, stay: Booking, moment: Moment) -> Bed:
    """The bed never stands empty; its status changes only if one of the two is isolated."""
    status = BedStatus.ISOLATED if stay.needs.isolation else BedStatus.OCCUPIED
    bed = replace(bed, last_booking_id=stay.booking_id)
    return bed if bed.status is status else bed.becomes(status, StatusChange.SWAPPED, moment.at)


def change(hospital: Hospital, command: c.ChangeReservation, moment: Moment) -> list[Change]:
    """The bed that is left, if it is another one, then the booking's own row."""
    before = hospital.booking(command.booking_id)
    hard.in_state(before, BookingState.RESERVED, "changed in bed or start")
    hard.not_empty(command.starts_at, command.ends_at)
    bed = bed_at(hospital, command.bed_id, moment)
    hard.not_closed(bed, command.starts_at)
    after = replace(
        before,
        bed_id=bed.bed_id,
        starts_at=command.starts_at,
        ends_at=command.ends_at,
        source=moment.source,
    )
    wish = _wish(bed, after, moment)
    if before.starts_at == after.starts_at:
        wish = replace(wish, not_before=None)
    wish = replace(wish, is_its_own=before.bed_id == after.bed_id)
    granted = _grant(hospital, wish, command, moment, after.booking_id)
    left = []
    if before.bed_id != after.bed_id:
        left = [Change(EventType.BOOKING_CHANGED, bed_at(hospital, before.bed_id, moment))]
    changed = Change(EventType.BOOKING_CHANGED, granted.on(bed), after, granted.columns)
    return [*granted.first, *left, changed]


def expect_discharge(
    hospital: Hospital, command: c.ExpectDischarge, moment: Moment
) -> list[Change]:
    """What is expected anew is neither confirmed nor at risk."""
    stay = hospital.booking(command.booking_id)
    hard.in_state(stay, BookingState.ACTIVE, "given an expected discharge")
    hard.not_empty(stay.starts_at, command.expected_at)
    bed = bed_at(hospital, stay.bed_id, moment)
    expected = replace(
        stay,
        ends_at=command.expected_at,
        is_at_risk=False,
        is_discharge_confirmed=False,
        source=moment.source,
    )
    granted = grant(
        hospital,
        overlaps(hospital, _wish(bed, expected, moment)),
        command.override,
        moment,
        starts_at=stay.starts_at,
        winners={stay.bed_id: stay.booking_id},
    )
    row = Change(EventType.DISCHARGE_EXPECTED, granted.on(bed), expected, granted.columns)
    return [*granted.first, row]


def confirm_discharge(
    hospital: Hospital, command: c.ConfirmDischarge, moment: Moment
) -> list[Change]:
    """The patient may go. The bed is free only once the patient has left it."""
    stay = hospital.booking(command.booking_id)
    hard.in_state(stay, BookingState.ACTIVE, "confirmed for discharge")
    if stay.is_discharge_confirmed:
        raise Refusal(Rule.ILLEGAL_BOOKING_CHANGE, "Its discharge is confirmed already.", stay)
    bed = bed_at(hospital, stay.bed_id, moment)
    return [Change(EventType.DISCHARGE_CONFIRMED, bed, replace(stay, is_discharge_confirmed=True))]


def discharge(hospital: Hospital, command: c.DischargePatient, moment: Moment) -> list[Change]:
    stay = hospital.booking(command.booking_id)
    hard.in_state(stay, BookingState.ACTIVE, "discharged")
    bed = _vacated(bed_at(hospital, stay.bed_id, moment), moment)
    columns = {"disposition": command.disposition}
    return [Change(EventType.PATIENT_DISCHARGED, bed, _ended(stay, moment), columns)]


def cancel(hospital: Hospital, command: c.CancelBooking, moment: Moment) -> list[Change]:
    booking = _ended_reservation(hospital, command.booking_id, BookingState.CANCELLED, moment)
    bed = bed_at(hospital, booking.bed_id, moment)
    return [Change(EventType.BOOKING_CANCELLED, bed, booking)]


def expire(hospital: Hospital, command: c.ExpireBooking, moment: Moment) -> list[Change]:
    booking = _ended_reservation(hospital, command.booking_id, BookingState.EXPIRED, moment)
    bed = bed_at(hospital, booking.bed_id, moment)
    return [Change(EventType.BOOKING_EXPIRED, bed, booking)]


def _ended_reservation(
    hospital: Hospital, booking_id: str, state: BookingState, moment: Moment
) -> Booking:
    booking = hospital.booking(booking_id)
    hard.in_state(booking, BookingState.RESERVED, state.value)
    return replace(booking, state=state, source=moment.source)
