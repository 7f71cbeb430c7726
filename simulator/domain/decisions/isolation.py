"""Isolation begun and ended, and its contacts: who has shared a room with a source of infection.

A contact stays one, from bed to bed, until a person says otherwise.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from lake.vocabulary import BedStatus, BookingState, EventType, Rule, StatusChange
from simulator.domain import commands as c
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking
from simulator.domain.changes import Change, Moment
from simulator.domain.errors import Refusal
from simulator.domain.hospital import Hospital, Stayed, infection_of
from simulator.domain.needs import NO_ISOLATION, Isolation
from simulator.domain.rules import hard
from simulator.domain.rules.hard import bed_at
from simulator.domain.rules.sharing import are_alike


def start(hospital: Hospital, command: c.StartIsolation, moment: Moment) -> list[Change]:
    """Of a source the contacts are named, wherever they lie now."""
    started: list[Change] = []
    exposed: dict[str, set[str]] = {}
    for bed_id in command.bed_ids:
        bed = bed_at(hospital, bed_id, moment)
        bed = bed.becomes(BedStatus.ISOLATED, StatusChange.ISOLATION_STARTED, moment.at)
        stay = _isolated(hospital.current_booking(bed_id), command.isolation)
        met = _met(hospital, stay, moment.at) if stay else set()
        infection = infection_of(command.isolation, stay) if stay else None
        for ref in met if infection else ():
            exposed.setdefault(ref, set()).add(infection or "")
        columns = {"contact_patient_refs": sorted(met)} if infection and met else {}
        started.append(Change(EventType.ISOLATION_STARTED, bed, stay, columns))
    isolated = {change.booking.booking_id for change in started if change.booking}
    return [*_marked(hospital, exposed, command.isolation, moment, isolated), *started]


def _isolated(stay: Booking | None, isolation: Isolation) -> Booking | None:
    return stay and replace(stay, needs=replace(stay.needs, isolation=isolation))


def end(hospital: Hospital, command: c.EndIsolation, moment: Moment) -> list[Change]:
    """The patient's contacts stay what they are."""
    changes = []
    for bed_id in command.bed_ids:
        bed = bed_at(hospital, bed_id, moment)
        bed = bed.becomes(BedStatus.OCCUPIED, StatusChange.ISOLATION_ENDED, moment.at)
        stay = _isolated(hospital.current_booking(bed_id), NO_ISOLATION)
        changes.append(Change(EventType.ISOLATION_ENDED, bed, stay))
    return changes


def end_contact(hospital: Hospital, command: c.EndContact, moment: Moment) -> list[Change]:
    stay = hospital.booking(command.booking_id)
    hard.in_state(stay, BookingState.ACTIVE, "cleared as a contact")
    if not stay.contact_of:
        raise Refusal(Rule.ILLEGAL_BOOKING_CHANGE, "The patient is no contact.", stay)
    bed = bed_at(hospital, stay.bed_id, moment)
    return [Change(EventType.CONTACT_ENDED, bed, replace(stay, contact_of=()))]


def arrives(
    hospital: Hospital, arrived: Booking, bed: Bed, moment: Moment, *, besides: Iterable[str] = ()
) -> tuple[Booking, list[Change]]:
    """Whoever comes into a room with a source of infection was exposed to it, and so is who is in
    the room that a source comes into; of an isolation that begins with the move, also who was in
    the room before. `besides`: stays that end with the command."""
    own = arrived.needs.isolation or None
    there = [stay for stay in _in_room(hospital, bed.room_id) if stay.booking_id not in besides]
    refs = hospital.refs_of(arrived.patient_ref)
    others = [stay for stay in there if stay.patient_ref not in refs]
    caught = {
        infection
        for stay in others
        if not are_alike(own, hospital.isolation_of(stay))
        and (infection := infection_of(hospital.isolation_of(stay), stay))
    }
    if caught:
        arrived = replace(arrived, contact_of=tuple(sorted({*arrived.contact_of, *caught})))
    infection = infection_of(own, arrived)
    if own is None or infection is None:
        return arrived, []
    met = {stay.patient_ref for stay in others}
    before = hospital.stay_of(arrived.patient_ref)
    if before is None or not hospital.isolation_of(before):
        met |= _met(hospital, arrived, moment.at)
    exposed = {ref: {infection} for ref in met}
    return arrived, _marked(hospital, exposed, own, moment, set())


def _marked(
    hospital: Hospital,
    exposed: dict[str, set[str]],
    isolation: Isolation,
    moment: Moment,
    besides: set[str],
) -> list[Change]:
    """Those of them who lie here, but for who has the same. It is written down now."""
    now = replace(moment, at=moment.now)
    changes = []
    for ref in sorted(exposed):
        stay = hospital.stay_of(ref)
        if stay is None or stay.booking_id in besides:
            continue
        contact_of = tuple(sorted({*stay.contact_of, *exposed[ref]}))
        if contact_of != stay.contact_of and not are_alike(isolation, hospital.isolation_of(stay)):
            bed = bed_at(hospital, stay.bed_id, now)
            marked = replace(stay, contact_of=contact_of)
            changes.append(Change(EventType.CONTACT_STARTED, bed, marked, at=now.at))
    return changes


def _met(hospital: Hospital, source: Booking, at: datetime) -> set[str]:
    """References of all who have shared a room with the patient, within the time that counts."""
    isolation = source.needs.isolation
    since = at - hospital.house.window(isolation.organism if isolation else None)
    refs = hospital.refs_of(source.patient_ref)
    of_patient = [stayed for stayed in hospital.lately.values() if stayed.patient_ref in refs]
    met: set[str] = set()
    if stay := hospital.stay_of(source.patient_ref):
        room_id = hospital.beds[stay.bed_id].room_id
        of_patient.append(Stayed(stay.patient_ref, room_id, stay.starts_at, at))
        met |= {other.patient_ref for other in _in_room(hospital, room_id) if other.starts_at <= at}
    for stayed in of_patient:
        begin, until = max(stayed.since, since), min(stayed.until, at)
        still_there = _in_room(hospital, stayed.room_id) if begin < until else ()
        met |= {other.patient_ref for other in still_there if other.starts_at < until}
        met |= {
            other.patient_ref
            for other in hospital.lately.values()
            if other.room_id == stayed.room_id and other.since < until and begin < other.until
        }
    return met - refs


def _in_room(hospital: Hospital, room_id: str) -> list[Booking]:
    stays = (hospital.current_booking(bed_id) for bed_id in hospital.in_room.get(room_id, ()))
    return [stay for stay in stays if stay]
