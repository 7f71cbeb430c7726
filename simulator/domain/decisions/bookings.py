"""What happens to bookings: made, changed, ended; the patient comes, moves, swaps, leaves."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from lake.vocabulary import (
    Away,
    BedStatus,
    BookingState,
    Disposition,
    EndedWith,
    EventType,
    Rule,
    StatusChange,
    canonical_ref,
)
from simulator.domain import commands as c
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking, Progress
from simulator.domain.changes import Change, Moment
from simulator.domain.decisions import lounge, patients
from simulator.domain.errors import InvalidRequest, Refusal
from simulator.domain.hospital import Hospital
from simulator.domain.needs import NO_ISOLATION, Isolation, Needs
from simulator.domain.requests import BedRequest
from simulator.domain.rules import hard
from simulator.domain.rules.ends import with_assumed_end
from simulator.domain.rules.grants import Grant, grant
from simulator.domain.rules.hard import bed_at
from simulator.domain.rules.soft import Wish, breaches, overlaps

BODY_IN_BED = timedelta(hours=48)
"""How long before the bed is vacated a death may lie."""


def book(hospital: Hospital, command: c.BookBed, moment: Moment) -> list[Change]:
    bed = bed_at(hospital, command.bed_id, moment)
    hard.alive(hospital, canonical_ref(command.patient_ref))
    hard.known_features(hospital, command.needs)
    hard.another_mother(hospital, canonical_ref(command.patient_ref), command.mother_ref)
    starts_at = moment.at if command.admit else command.starts_at or moment.at
    booking = Booking(
        booking_id=f"B{moment.next_seq}",
        bed_id=bed.bed_id,
        patient_ref=canonical_ref(command.patient_ref),
        state=BookingState.RESERVED,
        starts_at=starts_at,
        ends_at=command.ends_at,
        needs=command.needs,
        source=moment.source,
        bed_request_id=command.bed_request_id,
        mother_ref=canonical_ref(command.mother_ref) if command.mother_ref else None,
    )
    if command.assumes_end and booking.ends_at is None:
        booking = with_assumed_end(hospital, booking, moment.now, command.expected_stay)
    hard.not_empty(starts_at, booking.ends_at)
    if command.admit:
        booking = _taken_up(patients.own_reservation(hospital, booking), booking)
        return _admitted(hospital, bed, booking, command, moment)
    booking = patients.with_its_spell(hospital, booking, moment)
    hard.not_closed(hospital, bed, starts_at)
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
        mother_ref=booking.mother_ref,
    )


def _taken_up(reserved: Booking | None, booking: Booking) -> Booking:
    """Who comes to the bed that is reserved for the same patient takes that booking up."""
    if reserved is None:
        return booking
    said = booking if booking.ends_at and not booking.is_end_assumed else reserved
    return replace(
        booking,
        booking_id=reserved.booking_id,
        ends_at=said.ends_at,
        is_end_assumed=said.is_end_assumed,
        is_at_risk=said.is_at_risk,
        mother_ref=booking.mother_ref or reserved.mother_ref,
        spell_id=booking.spell_id or reserved.spell_id,
        needs=reserved.needs.with_given(booking.needs),
        bed_request_id=booking.bed_request_id or reserved.bed_request_id,
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
        patient_refs=(wish.patient_ref,),
    )


def admit(hospital: Hospital, command: c.AdmitPatient, moment: Moment) -> list[Change]:
    """From now on, whenever it was reserved for; to its own end, if that has not passed. Who lies
    in another bed is moved."""
    booking = hospital.booking(command.booking_id)
    hard.in_state(booking, BookingState.RESERVED, "admitted")
    hard.alive(hospital, booking.patient_ref)
    stay = hospital.stay_of(booking.patient_ref)
    if stay is not None and stay.bed_id != booking.bed_id:
        return move(hospital, stay, booking.bed_id, command, moment, reserved=booking)
    bed = bed_at(hospital, booking.bed_id, moment)
    booking = _with_end_that_lasts(hospital, replace(booking, starts_at=moment.at), moment)
    return _admitted(hospital, bed, replace(booking, source=moment.source), command, moment)


def _with_end_that_lasts(hospital: Hospital, booking: Booking, moment: Moment) -> Booking:
    """The booking's end, if it has not passed as it begins; else none is known. One that was set
    by what followed in another bed is none."""
    lasts = booking.ends_at is None or booking.ends_at > booking.starts_at
    if not booking.is_end_assumed:
        return booking if lasts else booking.ends_by(None)
    return with_assumed_end(hospital, booking, moment.now, booking.length if lasts else None)


def _admitted(
    hospital: Hospital,
    bed: Bed,
    booking: Booking,
    command: c.BookBed | c.AdmitPatient,
    moment: Moment,
) -> list[Change]:
    lent = hard.vacant_or_kept(hospital, bed, booking.patient_ref, moment)
    hard.in_no_other_bed(hospital, booking.patient_ref, bed.bed_id, moment.at)
    wish = _wish(bed, booking, moment, moves_in=True)
    wish = wish._replace(
        is_its_own=booking.booking_id in hospital.bookings,
        besides=wish.besides | ({lent.booking_id} if lent else set()),
        lends=lent,
    )
    before = hospital.spell_without_bed(booking.patient_ref)
    goes_on = before and before.spell_id
    granted = _grant(hospital, wish, command, moment, booking.booking_id)
    met, unmet = patients.requests_met(hospital, wish, _placed_id(command))
    stay = replace(
        booking,
        state=BookingState.ACTIVE,
        stay_id=f"S{moment.next_seq}",
        spell_id=goes_on or booking.spell_id or f"P{moment.next_seq}",
        bed_request_id=booking.bed_request_id or _id_of(met),
    )
    if before:
        stay = replace(stay, contact_of=before.contact_of, progress=before.progress)
    taken = swapped_in(bed, stay, moment) if lent else _taken(bed, stay, moment)
    columns = granted.columns | _unmet(unmet)
    came = EventType.PATIENT_TRANSFERRED if goes_on else EventType.PATIENT_ADMITTED
    return [
        *granted.first,
        *patients.placed(met),
        Change(came, granted.on(taken), stay, columns),
    ]


def _placed_id(command: Overriding) -> str | None:
    """The request that the command places."""
    return command.bed_request_id if isinstance(command, c.BookBed) else None


def _id_of(requests: Sequence[BedRequest]) -> str | None:
    return requests[0].bed_request_id if requests else None


def _unmet(requests: Sequence[BedRequest]) -> dict[str, list[str]]:
    ids = [request.bed_request_id for request in requests]
    return {"unmet_request_ids": ids} if ids else {}


def _taken(bed: Bed, stay: Booking, moment: Moment) -> Bed:
    status = BedStatus.ISOLATED if stay.needs.isolation else BedStatus.OCCUPIED
    taken = bed.becomes(status, StatusChange.ADMITTED, moment.at)
    return replace(taken, last_booking_id=stay.booking_id)


def _vacated(bed: Bed, isolated: Isolation | None, moment: Moment) -> Bed:
    """After a source of infection it is cleaned otherwise."""
    is_contaminated = isolated is not None and isolated.is_source
    status = BedStatus.CONTAMINATED if is_contaminated else BedStatus.DIRTY
    return bed.becomes(status, StatusChange.VACATED, moment.at)


def _ended(stay: Booking, moment: Moment) -> Booking:
    return replace(stay.completed(), source=moment.source)


def transfer(hospital: Hospital, command: c.TransferPatient, moment: Moment) -> list[Change]:
    stay = hospital.booking(command.booking_id)
    hard.in_state(stay, BookingState.ACTIVE, "transferred")
    return move(hospital, stay, command.to_bed_id, command, moment, needs=command.needs)


def move(
    hospital: Hospital,
    stay: Booking,
    to_bed_id: str,
    command: Overriding,
    moment: Moment,
    *,
    needs: Needs | None = None,
    reserved: Booking | None = None,
) -> list[Change]:
    """The bed that is left, then the bed that is taken. What the patient has `reserved` there
    becomes the booking of the stay; the spell is the same."""
    hard.known_features(hospital, needs or Needs())
    left = bed_at(hospital, stay.bed_id, moment)
    taken = bed_at(hospital, to_bed_id, moment)
    lent = hard.vacant_or_kept(hospital, taken, stay.patient_ref, moment)
    arrived = _moved(hospital, stay, taken, needs, moment, moment.next_seq)
    if isinstance(command, c.BookBed) and command.ends_at:
        arrived = arrived.ends_by(command.ends_at)
    elif isinstance(command, c.BookBed):
        arrived = _as_long_as_expected(hospital, arrived, command, moment)
    reserved = reserved or patients.own_reservation(hospital, arrived)
    arrived = _moved_as_planned(reserved, arrived, needs) if reserved else arrived
    besides = frozenset({stay.booking_id, arrived.booking_id})
    besides |= {lent.booking_id} if lent else set()
    wish = _wish(taken, arrived, moment, moves_in=True)
    wish = wish._replace(besides=besides, is_its_own=reserved is not None, lends=lent)
    granted = _grant(hospital, wish, command, moment, arrived.booking_id)
    met, unmet = patients.requests_met(hospital, wish, _placed_id(command))
    kept = reserved.bed_request_id if reserved else None
    request_id = _placed_id(command) or kept or _id_of(met) or stay.bed_request_id
    arrived = replace(arrived, bed_request_id=request_id)
    left = _vacated(left, hospital.isolation_of(stay), moment)
    bed = swapped_in(taken, arrived, moment) if lent else _taken(taken, arrived, moment)
    bed = granted.on(bed)
    columns = granted.columns | _unmet(unmet)
    return [
        *granted.first,
        *patients.placed(met),
        Change(EventType.PATIENT_TRANSFERRED, left, _ended(stay, moment)),
        Change(EventType.PATIENT_TRANSFERRED, bed, arrived, columns),
    ]


def _as_long_as_expected(
    hospital: Hospital, arrived: Booking, command: c.BookBed, moment: Moment
) -> Booking:
    """Where nobody has said an end of the stay."""
    is_said = arrived.ends_at is not None and not arrived.is_end_assumed
    if is_said or not command.assumes_end or command.expected_stay is None:
        return arrived
    return with_assumed_end(hospital, arrived, moment.now, command.expected_stay)


def _moved_as_planned(reserved: Booking, arrived: Booking, needs: Needs | None) -> Booking:
    """To the end of the reservation, if one is known that has not passed; else to the stay's. An
    end that is only assumed is none where somebody has said the stay's. Isolated as now."""
    ends_at, asked = reserved.ends_at, replace(reserved.needs, isolation=None)
    is_said = arrived.ends_at is not None and not arrived.is_end_assumed
    lasts = ends_at is not None and ends_at > arrived.starts_at
    lasts = lasts and not (reserved.is_end_assumed and is_said)
    return replace(
        arrived,
        booking_id=reserved.booking_id,
        ends_at=ends_at if lasts else arrived.ends_at,
        is_end_assumed=(reserved if lasts else arrived).is_end_assumed,
        needs=arrived.needs.with_given(asked).with_given(needs or Needs()),
        mother_ref=arrived.mother_ref or reserved.mother_ref,
    )


def _moved(
    hospital: Hospital, stay: Booking, to: Bed, needs: Needs | None, moment: Moment, seq: int
) -> Booking:
    """The stay in another bed: a new booking and stay of the same spell, isolated as before."""
    isolated = hospital.isolation_of(stay) or NO_ISOLATION
    stays_on_ward = hospital.beds[stay.bed_id].ward_id == to.ward_id
    known = replace(stay.needs if stays_on_ward else stay.needs_now, isolation=isolated)
    arrived = Booking(
        booking_id=f"B{seq}",
        bed_id=to.bed_id,
        patient_ref=stay.patient_ref,
        state=BookingState.ACTIVE,
        starts_at=moment.at,
        ends_at=stay.ends_at,
        is_end_assumed=stay.is_end_assumed,
        is_at_risk=stay.is_end_assumed and stay.is_at_risk,
        stay_id=f"S{seq}",
        spell_id=stay.spell_id,
        needs=known.with_given(needs or Needs()),
        contact_of=stay.contact_of,
        mother_ref=stay.mother_ref,
        source=moment.source,
        is_discharge_confirmed=stay.is_discharge_confirmed,
        bed_request_id=stay.bed_request_id,
        progress=stay.progress if stays_on_ward else _progress_after(stay),
        away_as=stay.away_as,
        away_since=stay.away_since,
        back_since=stay.back_since,
    )
    return _with_end_that_lasts(hospital, arrived, moment)


def _progress_after(stay: Booking) -> Progress:
    """A level of care that was no longer needed is not asked for any more."""
    if stay.needs_now == stay.needs:
        return stay.progress
    return replace(stay.progress, care_not_needed_since=None)


def swap(hospital: Hospital, command: c.SwapPatients, moment: Moment) -> list[Change]:
    """Both leave, both arrive; the caller's patient last, with what is told of both."""
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
    wishes = [
        _wish(bed, arrival, moment, moves_in=True)._replace(besides=both)
        for bed, arrival in zip(reversed(beds), arrivals, strict=True)
    ]
    broken = [breach for wish in wishes for breach in breaches(hospital, wish)]
    asked = [patients.requests_met(hospital, wish, None) for wish in wishes]
    arrivals = [
        replace(arrival, bed_request_id=_id_of(met) or arrival.bed_request_id)
        for arrival, (met, _) in zip(arrivals, asked, strict=True)
    ]
    winners = {arrival.bed_id: arrival.booking_id for arrival in arrivals}
    granted = grant(
        hospital,
        broken,
        command.override,
        moment,
        starts_at=moment.at,
        winners=winners,
        patient_refs={arrival.patient_ref for arrival in arrivals},
    )
    left = [
        Change(EventType.PATIENT_TRANSFERRED, bed, _ended(stay, moment))
        for bed, stay in zip(beds, stays, strict=True)
    ]
    other, own = (
        swapped_in(bed, arrival, moment)
        for bed, arrival in zip(reversed(beds), arrivals, strict=True)
    )
    columns = granted.columns | _unmet([one for _, unmet in asked for one in unmet])
    return [
        *granted.first,
        *patients.placed(one for met, _ in asked for one in met),
        *left,
        Change(EventType.PATIENT_TRANSFERRED, other, arrivals[0]),
        Change(EventType.PATIENT_TRANSFERRED, granted.on(own), arrivals[1], columns),
    ]


def swapped_in(bed: Bed, stay: Booking, moment: Moment) -> Bed:
    """The bed never stands empty; its status changes only if one of the two is isolated."""
    status = BedStatus.ISOLATED if stay.needs.isolation else BedStatus.OCCUPIED
    bed = replace(bed, last_booking_id=stay.booking_id)
    return bed if bed.status is status else bed.becomes(status, StatusChange.SWAPPED, moment.at)


def _is_of_same_time(one: Booking, other: Booking) -> bool:
    return (one.bed_id, one.starts_at) == (other.bed_id, other.starts_at)


def change(hospital: Hospital, command: c.ChangeReservation, moment: Moment) -> list[Change]:
    """The bed that is left, if it is another one, then the booking's own row."""
    before = hospital.booking(command.booking_id)
    hard.in_state(before, BookingState.RESERVED, "changed in bed or start")
    hard.alive(hospital, before.patient_ref)
    hard.known_features(hospital, command.needs)
    bed = bed_at(hospital, command.bed_id, moment)
    after = replace(
        before,
        bed_id=bed.bed_id,
        starts_at=command.starts_at,
        ends_at=command.ends_at,
        is_end_assumed=before.is_end_assumed and not command.says_end,
        needs=before.needs.with_given(command.needs),
        source=moment.source,
    )
    if after.is_end_assumed and not _is_of_same_time(before, after):
        is_of_ward = hospital.bed(before.bed_id).ward_id == bed.ward_id
        after = with_assumed_end(hospital, after, moment.now, before.length if is_of_ward else None)
    hard.not_empty(after.starts_at, after.ends_at)
    hard.not_closed(hospital, bed, after.starts_at)
    after = patients.with_its_spell(hospital, after, moment)
    wish = _wish(bed, after, moment)
    if before.starts_at == after.starts_at:
        wish = wish._replace(not_before=None)
    is_its_own = before.bed_id == after.bed_id and before.needs == after.needs
    wish = wish._replace(is_its_own=is_its_own)
    granted = _grant(hospital, wish, command, moment, after.booking_id)
    left = []
    if before.bed_id != after.bed_id:
        left = [Change(EventType.BOOKING_CHANGED, bed_at(hospital, before.bed_id, moment))]
    changed = Change(EventType.BOOKING_CHANGED, granted.on(bed), after, granted.columns)
    return [*granted.first, *left, changed]


def change_needs(hospital: Hospital, command: c.ChangeNeeds, moment: Moment) -> list[Change]:
    """What is now known of a patient is so, whatever rule it shows to be broken."""
    stay = hospital.booking(command.booking_id)
    hard.in_state(stay, BookingState.ACTIVE, "given other needs")
    hard.known_features(hospital, command.needs)
    given, known = command.needs.isolation, hospital.isolation_of(stay)
    if given is not None and (given.kind if given else None) != (known and known.kind):
        detail = f"Isolation of {stay.bed_id} is started and ended by commands of their own."
        raise Refusal(Rule.ILLEGAL_STATUS_CHANGE, detail, stay)
    bed = bed_at(hospital, stay.bed_id, moment)
    needs = stay.needs.with_given(command.needs)
    return [Change(EventType.BOOKING_CHANGED, bed, replace(stay, needs=needs))]


def expect_discharge(
    hospital: Hospital, command: c.ExpectDischarge, moment: Moment
) -> list[Change]:
    """What is expected anew is neither confirmed nor at risk."""
    stay = hospital.booking(command.booking_id)
    hard.in_state(stay, BookingState.ACTIVE, "given an expected discharge")
    return _expected(hospital, stay, command, moment, EventType.DISCHARGE_EXPECTED)


def progress(hospital: Hospital, command: c.ProgressStay, moment: Moment) -> list[Change]:
    """What the board round asks: when the patient leaves, and what it waits for."""
    stay = hospital.booking(command.booking_id)
    hard.in_state(stay, BookingState.ACTIVE, "progressed")
    known = stay.progress
    not_needed = _since(known.bed_not_needed_since, command.needs_bed, moment)
    if not_needed is None and command.waits_for is not None:
        raise InvalidRequest("waits_for: goes with needs_bed false only.")
    told = replace(
        known,
        bed_not_needed_since=not_needed,
        care_not_needed_since=_since(
            known.care_not_needed_since, command.needs_level_of_care, moment
        ),
        waits_for=(command.waits_for or known.waits_for) if not_needed else None,
    )
    stay = replace(stay, progress=told)
    if command.expected_at != stay.ends_at:
        return _expected(hospital, stay, command, moment, EventType.STAY_PROGRESSED)
    bed = bed_at(hospital, stay.bed_id, moment)
    is_end_assumed = stay.is_end_assumed and not command.says_end
    told_of = replace(stay, source=moment.source, is_end_assumed=is_end_assumed)
    return [Change(EventType.STAY_PROGRESSED, bed, told_of)]


STARTED = {Away.LEAVE: EventType.LEAVE_STARTED, Away.ABSENCE: EventType.ABSENCE_STARTED}
ENDED = {Away.LEAVE: EventType.LEAVE_ENDED, Away.ABSENCE: EventType.ABSENCE_ENDED}


def go_away(hospital: Hospital, command: c.GoAway, moment: Moment) -> list[Change]:
    stay = hospital.booking(command.booking_id)
    hard.in_state(stay, BookingState.ACTIVE, "away")
    if stay.away_as:
        since = hospital.said(stay.away_since or moment.at)
        detail = f"The patient is away already ({stay.away_as} since {since})."
        raise Refusal(Rule.ILLEGAL_BOOKING_CHANGE, detail, stay)
    bed = bed_at(hospital, stay.bed_id, moment)
    away = replace(stay, away_as=command.away_as.value, away_since=moment.at)
    return [Change(STARTED[command.away_as], bed, away)]


def come_back(hospital: Hospital, command: c.ComeBack, moment: Moment) -> list[Change]:
    stay = hospital.booking(command.booking_id)
    hard.in_state(stay, BookingState.ACTIVE, "back")
    if stay.away_as != command.away_as:
        detail = f"The patient is not away ({command.away_as})."
        raise Refusal(Rule.ILLEGAL_BOOKING_CHANGE, detail, stay)
    bed = bed_at(hospital, stay.bed_id, moment)
    back = replace(stay, away_as=None, away_since=None, back_since=moment.at)
    return [Change(ENDED[command.away_as], bed, back)]


def _since(known: datetime | None, is_needed: bool | None, moment: Moment) -> datetime | None:
    """Since when something is not needed: the first time that this was said."""
    if is_needed is None:
        return known
    return None if is_needed else known or moment.at


def _expected(
    hospital: Hospital,
    stay: Booking,
    command: c.ExpectDischarge | c.ProgressStay,
    moment: Moment,
    event_type: EventType,
) -> list[Change]:
    hard.not_empty(stay.starts_at, command.expected_at)
    bed = bed_at(hospital, stay.bed_id, moment)
    is_as_assumed = isinstance(command, c.ProgressStay) and not command.says_end
    known_before = None if stay.is_end_assumed else stay.ends_at
    expected = replace(
        stay,
        ends_at=command.expected_at,
        is_end_assumed=stay.is_end_assumed and is_as_assumed,
        is_at_risk=False,
        is_discharge_confirmed=False,
        source=moment.source,
        progress=stay.progress.expected(known_before, command.expected_at),
    )
    granted = grant(
        hospital,
        overlaps(hospital, _wish(bed, expected, moment)),
        command.override,
        moment,
        starts_at=stay.starts_at,
        winners={stay.bed_id: stay.booking_id},
        patient_refs=(stay.patient_ref,),
    )
    row = Change(event_type, granted.on(bed), expected, granted.columns)
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
    """What was planned for the spell ends with it; who has died needs nothing any more."""
    stay = hospital.booking(command.booking_id)
    hard.in_state(stay, BookingState.ACTIVE, "discharged")
    bed = bed_at(hospital, stay.bed_id, moment)
    bed = _vacated(bed, hospital.isolation_of(stay), moment)
    if command.to_lounge:
        lounge.has_a_place(hospital, stay, command, moment)
    columns = {
        "disposition": command.disposition,
        "to_lounge": command.to_lounge or None,
        "died_at": died_at(stay, command.disposition, command.died_at, moment.at),
    }
    why = ended_with(command.disposition)
    ended = patients.end_with(hospital, stay.patient_ref, stay.spell_id, why, moment)
    left = Change(EventType.PATIENT_DISCHARGED, bed, _ended(stay, moment), columns)
    return [*ended, left]


def ended_with(disposition: str) -> EndedWith:
    has_died = disposition == Disposition.DIED
    return EndedWith.PATIENT_DIED if has_died else EndedWith.PATIENT_DISCHARGED


def died_at(
    stay: Booking, disposition: str, at: datetime | None, vacated_at: datetime
) -> datetime | None:
    """When the patient died, null of others. Raises InvalidRequest for a time out of the stay."""
    if disposition != Disposition.DIED:
        if at is not None:
            raise InvalidRequest("died_at: goes with the disposition died only.")
        return None
    at = at or vacated_at
    if not max(stay.starts_at, vacated_at - BODY_IN_BED) <= at <= vacated_at:
        raise InvalidRequest(
            "died_at: must lie within the stay, at most 48 hours before the bed is vacated."
        )
    return at


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
