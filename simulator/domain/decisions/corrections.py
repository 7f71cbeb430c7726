"""Corrections: an admission, a transfer or a discharge that never was; a discharge that was other.

A correction is dated now and undoes the event from that event's time on. It is refused once
somebody else has had the bed. What had ended or was placed with the event is restored.
"""

from collections.abc import Sequence
from dataclasses import replace

from lake.vocabulary import (
    BedStatus,
    BookingState,
    Disposition,
    EndedWith,
    EventType,
    Rule,
    StatusChange,
)
from simulator.domain import commands as c
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking
from simulator.domain.changes import Change, Moment
from simulator.domain.decisions import bookings, isolation, patients
from simulator.domain.decisions.bookings import swapped_in
from simulator.domain.errors import Refusal
from simulator.domain.hospital import Hospital
from simulator.domain.needs import NO_ISOLATION
from simulator.domain.rules import hard
from simulator.domain.rules.grants import back_to_the_waiting_list
from simulator.domain.rules.hard import bed_at

CAN_BE_CANCELLED = frozenset(
    {EventType.PATIENT_ADMITTED, EventType.PATIENT_TRANSFERRED, EventType.PATIENT_DISCHARGED}
)


def can_be_cancelled(event_type: str) -> None:
    """Raises Refusal for what is undone in another way, or not at all."""
    if event_type not in CAN_BE_CANCELLED:
        raise Refusal(
            Rule.ILLEGAL_BOOKING_CHANGE,
            f"A {event_type} cannot be cancelled; admissions, transfers and discharges can.",
        )


def cancel_event(hospital: Hospital, command: c.CancelEvent, moment: Moment) -> list[Change]:
    [event] = [past for past in command.request if past.event_id == command.event_id]
    can_be_cancelled(event.event_type)
    is_of_one = event.event_type != EventType.PATIENT_TRANSFERRED
    for past in [event] if is_of_one else command.request:
        if past.event_id in hospital.corrected:
            raise Refusal(Rule.ALREADY_CANCELLED, past.event_id)
    match event.event_type:
        case EventType.PATIENT_ADMITTED:
            return _admission_cancelled(hospital, event, command, moment)
        case EventType.PATIENT_DISCHARGED:
            return _discharge_cancelled(hospital, event, command, moment)
        case _ if _is_swap(command.request):
            return _swap_cancelled(hospital, command, moment)
        case _:
            return _transfers_cancelled(hospital, event, command, moment)


def _is_swap(request: Sequence[c.PastEvent]) -> bool:
    """Of two patients, who left and took the same beds."""
    left, taken = (
        {past.bed_before.bed_id for past in request if past.booking.is_stay is is_taken}
        for is_taken in (False, True)
    )
    return len(request) == 4 and left == taken


def _transfers_cancelled(
    hospital: Hospital, event: c.PastEvent, command: c.CancelEvent, moment: Moment
) -> list[Change]:
    """Of the patient, and of the newborns who went along; each was in two beds."""
    of_patients: dict[str, list[c.PastEvent]] = {}
    for past in command.request:
        of_patients.setdefault(past.booking.patient_ref, []).append(past)
    if any(len(moved) != 2 for moved in of_patients.values()):
        detail = "A bed was lent with it: transfer or discharge the patient instead."
        raise Refusal(Rule.ILLEGAL_BOOKING_CHANGE, detail, event.booking)
    return [
        change
        for moved in of_patients.values()
        for change in _transfer_cancelled(hospital, command, moved, moment)
    ]


def _admission_cancelled(
    hospital: Hospital, event: c.PastEvent, command: c.CancelEvent, moment: Moment
) -> list[Change]:
    """Who came from the waiting list and has no reservation now, waits again."""
    stay = _stay_that_began(hospital, event)
    bed = _given_back(hospital, event, moment)
    booking = _reserved_again(hospital, event.booking_before, stay, moment)
    undone = Change(EventType.ADMISSION_CANCELLED, bed, booking, _corrects(event))
    cleared = isolation.never_exposed(hospital, event.booking, command.contacts, moment)
    return [*_waits_again(hospital, command, booking, moment), *cleared, undone]


def _waits_again(
    hospital: Hospital, command: c.CancelEvent, booking: Booking, moment: Moment
) -> list[Change]:
    """The requests that the bed had met, but for that of a booking which is reserved again."""
    kept = booking.bed_request_id if booking.is_open else None
    known = {request.bed_request_id for request in command.requests}
    others = (r for r in command.requests if r.bed_request_id != kept)
    again = patients.wait_again(hospital, others)
    if booking.is_open or booking.bed_request_id is None or booking.bed_request_id in known:
        return again
    return [*again, back_to_the_waiting_list(hospital, booking, moment, len(again), {})]


def _stay_that_began(hospital: Hospital, event: c.PastEvent) -> Booking:
    """The stay, if it is still as the event left it. Raises Refusal."""
    stay = hospital.bookings.get(event.booking.booking_id)
    if stay is None or stay.stay_id != event.booking.stay_id or not stay.is_stay:
        raise Refusal(
            Rule.ILLEGAL_BOOKING_CHANGE,
            f"The stay {event.booking.stay_id} has ended or moved on since; cancel that first.",
            stay,
        )
    return stay


def _given_back(hospital: Hospital, event: c.PastEvent, moment: Moment) -> Bed:
    """The bed as it was before somebody came, by mistake."""
    bed = bed_at(hospital, event.bed_before.bed_id, moment)
    before = bed.becomes(event.bed_before.status, StatusChange.ADMISSION_UNDONE, moment.at)
    return replace(
        before,
        previous_status=event.bed_before.previous_status,
        last_booking_id=event.bed_before.last_booking_id,
    )


def _reserved_again(
    hospital: Hospital, before: Booking | None, stay: Booking, moment: Moment
) -> Booking:
    """Reserved as before, if that time has not passed and is still free; else cancelled."""
    if before is not None and patients.is_still_free(hospital, before, moment):
        return replace(before, stay_id=stay.stay_id, spell_id=stay.spell_id, source=moment.source)
    return replace(stay, state=BookingState.CANCELLED, source=moment.source)


def _discharge_cancelled(
    hospital: Hospital, event: c.PastEvent, command: c.CancelEvent, moment: Moment
) -> list[Change]:
    """The patient is in the bed again, and what had ended with the discharge is as it was."""
    bed, stay = _taken_back(hospital, event, event.bed_before.status, moment)
    hard.alive(hospital, stay.patient_ref, besides=stay.stay_id)
    hard.in_no_other_bed(hospital, stay.patient_ref, bed.bed_id, event.occurred_at)
    refs = hospital.refs_of(stay.patient_ref)
    own = [b for b in _beside(stay, command.reservations) if b.patient_ref in refs]
    waited = [request for request in command.requests if request.patient_ref in refs]
    restored, lost = patients.restored(hospital, own, moment)
    columns = _corrects(event) | _lost(lost)
    undone = Change(EventType.DISCHARGE_CANCELLED, bed, stay, columns)
    return [*restored, *patients.wait_again(hospital, waited), undone]


def _beside(stay: Booking, reservations: Sequence[Booking]) -> list[Booking]:
    """Those that leave the stay its time."""
    return [
        booking
        for booking in reservations
        if booking.bed_id != stay.bed_id or not booking.overlaps(stay.starts_at, stay.ends_at)
    ]


def _lost(reservations: Sequence[Booking]) -> dict[str, list[str]]:
    ids = [booking.booking_id for booking in reservations]
    return {"lost_booking_ids": ids} if ids else {}


def correct_discharge(
    hospital: Hospital, command: c.CorrectDischarge, moment: Moment
) -> list[Change]:
    """Where the patient went, or when the patient died. Whoever has the bed by now keeps it."""
    discharge, stay = command.discharge, command.discharge.booking
    if discharge.event_id in hospital.corrected:
        raise Refusal(Rule.ALREADY_CANCELLED, discharge.event_id)
    died_at = bookings.died_at(stay, command.disposition, command.died_at, discharge.occurred_at)
    if (command.disposition, died_at) == (command.disposition_before, command.died_at_before):
        raise Refusal(Rule.ILLEGAL_BOOKING_CHANGE, "That is what the discharge says.", stay)
    why = bookings.ended_with(command.disposition)
    has_come_again = command.has_come_again or hospital.stay_of(stay.patient_ref) is not None
    if why is EndedWith.PATIENT_DIED and has_come_again:
        detail = "The patient has had a bed since; cancel that admission first."
        raise Refusal(Rule.PATIENT_IN_OTHER_BED, detail, hospital.stay_of(stay.patient_ref))
    record = {
        **_corrects(discharge),
        "booking_id": stay.booking_id,
        "stay_id": stay.stay_id,
        "spell_id": stay.spell_id,
        "patient_ref": stay.patient_ref,
        "ward_id": discharge.bed_before.ward_id,
        "disposition": command.disposition,
        "died_at": died_at,
    }
    ended = patients.end_with(hospital, stay.patient_ref, stay.spell_id, why, moment)
    again, lost = _not_of_the_dead(hospital, command, why, moment)
    corrected = Change(EventType.DISCHARGE_CORRECTED, columns=record | _lost(lost))
    return [*ended, *again, corrected]


def _not_of_the_dead(
    hospital: Hospital, command: c.CorrectDischarge, why: EndedWith, moment: Moment
) -> tuple[list[Change], list[Booking]]:
    """What had ended with a death that was none, but for what ends with any discharge."""
    if why is EndedWith.PATIENT_DIED or command.disposition_before != Disposition.DIED:
        return [], []
    stay = command.discharge.booking
    refs = hospital.refs_of(stay.patient_ref)
    own = [b for b in command.reservations if b.patient_ref in refs]
    reservations = [b for b in own if b.spell_id != stay.spell_id]
    planned = [b for b in own if b.spell_id == stay.spell_id]
    waited = [r for r in command.requests if r.patient_ref in refs]
    requests = [r for r in waited if r.spell_id != stay.spell_id]
    restored, lost = patients.restored(hospital, reservations, moment)
    return [*restored, *patients.wait_again(hospital, requests)], [*lost, *planned]


def _taken_back(
    hospital: Hospital, event: c.PastEvent, status: BedStatus, moment: Moment
) -> tuple[Bed, Booking]:
    """The bed with its patient again, if nobody has had it since. Raises Refusal."""
    bed = bed_at(hospital, event.bed_before.bed_id, moment)
    hard.vacant(hospital, bed, moment.now)
    if bed.last_booking_id != event.booking.booking_id:
        raise Refusal(Rule.BED_OCCUPIED, f"{bed.last_booking_id} has had {bed.bed_id} since.")
    taken = bed.becomes(status, StatusChange.VACATING_UNDONE, moment.at)
    assert event.booking_before is not None  # noqa: S101 - a stay that ended had begun
    return taken, _resumed(hospital, event.booking_before, moment)


def _resumed(hospital: Hospital, stay: Booking, moment: Moment) -> Booking:
    """The stay again; what has been booked since stands, and the stay is to end before it."""
    later = [
        booking
        for booking in hospital.reservations(stay.bed_id)
        if booking.overlaps(stay.starts_at, stay.ends_at)
    ]
    if not later:
        return replace(stay, source=moment.source)
    if later[0].starts_at <= stay.starts_at:
        raise Refusal(Rule.OVERLAPS_BOOKING, f"Move {later[0].booking_id} first.", later[0])
    cut = stay.ends_by(later[0].starts_at)
    return replace(cut, is_at_risk=True, source=moment.source)


def _as_now(hospital: Hospital, resumed: Booking, now: Booking) -> Booking:
    """With what is of the spell, whatever the bed: as it has become since."""
    return replace(
        resumed,
        away_as=now.away_as,
        away_since=now.away_since,
        back_since=now.back_since,
        progress=replace(
            now.progress,
            care_not_needed_since=now.progress.care_not_needed_since
            or resumed.progress.care_not_needed_since,
        ),
        contact_of=now.contact_of,
        needs=replace(resumed.needs, isolation=hospital.isolation_of(now) or NO_ISOLATION),
    )


def _transfer_cancelled(
    hospital: Hospital, command: c.CancelEvent, moved: Sequence[c.PastEvent], moment: Moment
) -> list[Change]:
    """The new bed is given back, reserved as before; then the patient is in the old one, isolated
    or not as now. Requests are those of whoever moved last: a newborn has none."""
    [left] = [past for past in moved if not past.booking.is_stay]
    [arrived] = [past for past in moved if past.booking.is_stay]
    refs = hospital.refs_of(arrived.booking.patient_ref)
    of_patient = tuple(r for r in command.requests if r.patient_ref in refs)
    command = replace(command, requests=of_patient)
    stay = _stay_that_began(hospital, arrived)
    status = hospital.bed(stay.bed_id).status
    bed, resumed = _taken_back(hospital, left, status, moment)
    resumed = _as_now(hospital, resumed, stay)
    exposed = {*arrived.booking.contact_of} - {*left.booking.contact_of}
    known = tuple(one for one in resumed.contact_of if one not in exposed)
    resumed = replace(resumed, contact_of=known)
    cleared = isolation.never_exposed(hospital, arrived.booking, command.contacts, moment)
    never = _reserved_again(hospital, arrived.booking_before, stay, moment)
    given_back = _given_back(hospital, arrived, moment)
    if arrived.booking_before is None:
        again = patients.wait_again(hospital, command.requests)
    else:
        again = _waits_again(hospital, command, never, moment)
    return [
        *again,
        *cleared,
        Change(EventType.TRANSFER_CANCELLED, given_back, never, _corrects(arrived)),
        Change(EventType.TRANSFER_CANCELLED, bed, resumed, _corrects(left)),
    ]


def _swap_cancelled(hospital: Hospital, command: c.CancelEvent, moment: Moment) -> list[Change]:
    """Both patients leave the beds that they swapped into, and are back in their own; what those
    beds had met waits again."""
    left = [past for past in command.request if not past.booking.is_stay]
    arrived = [past for past in command.request if past.booking.is_stay]
    stays = [_stay_that_began(hospital, past) for past in arrived]
    changes = patients.wait_again(hospital, command.requests)
    changes += [
        Change(
            EventType.TRANSFER_CANCELLED,
            bed_at(hospital, stay.bed_id, moment),
            replace(stay, state=BookingState.CANCELLED, source=moment.source),
            _corrects(past),
        )
        for past, stay in zip(arrived, stays, strict=True)
    ]
    for past in left:
        assert past.booking_before is not None  # noqa: S101 - a stay that ended had begun
        [now] = [one for one in stays if one.patient_ref == past.booking.patient_ref]
        stay = _as_now(hospital, _resumed(hospital, past.booking_before, moment), now)
        bed = swapped_in(bed_at(hospital, stay.bed_id, moment), stay, moment)
        changes.append(Change(EventType.TRANSFER_CANCELLED, bed, stay, _corrects(past)))
    return changes


def _corrects(event: c.PastEvent) -> dict[str, str]:
    return {"corrects_event_id": event.event_id}
