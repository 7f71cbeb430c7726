"""Isolation begun and ended, and its contacts: who has shared a room with a source of infection.

A contact stays one, from bed to bed, until a person says otherwise. Whatever a command does,
`traced` adds who was exposed by it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lake.vocabulary import BedStatus, BookingState, EventType, Rule, StatusChange
from simulator.domain import commands as c
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking
from simulator.domain.changes import Change, Moment
from simulator.domain.errors import Refusal
from simulator.domain.hospital import Hospital, Stayed, infection_of, isolation_in, touched
from simulator.domain.needs import NO_ISOLATION, Isolation
from simulator.domain.rules import hard
from simulator.domain.rules.hard import bed_at
from simulator.domain.rules.sharing import are_alike


def start(hospital: Hospital, command: c.StartIsolation, moment: Moment) -> list[Change]:
    change = (BedStatus.ISOLATED, StatusChange.ISOLATION_STARTED, EventType.ISOLATION_STARTED)
    return [
        _changed(hospital, bed_id, command.isolation, moment, *change) for bed_id in command.bed_ids
    ]


def end(hospital: Hospital, command: c.EndIsolation, moment: Moment) -> list[Change]:
    """The patient's contacts stay what they are."""
    change = (BedStatus.OCCUPIED, StatusChange.ISOLATION_ENDED, EventType.ISOLATION_ENDED)
    return [_changed(hospital, bed_id, NO_ISOLATION, moment, *change) for bed_id in command.bed_ids]


def _changed(
    hospital: Hospital,
    bed_id: str,
    isolation: Isolation,
    moment: Moment,
    status: BedStatus,
    cause: StatusChange,
    event_type: EventType,
) -> Change:
    """Of the bed and of its patient at once."""
    bed = bed_at(hospital, bed_id, moment).becomes(status, cause, moment.at)
    stay = hospital.current_booking(bed_id)
    if stay:
        stay = replace(stay, needs=replace(stay.needs, isolation=isolation))
    return Change(event_type, bed, stay)


def end_contact(hospital: Hospital, command: c.EndContact, moment: Moment) -> list[Change]:
    stay = hospital.booking(command.booking_id)
    hard.in_state(stay, BookingState.ACTIVE, "cleared as a contact")
    if not stay.contact_of:
        raise Refusal(Rule.ILLEGAL_BOOKING_CHANGE, "The patient is no contact.", stay)
    bed = bed_at(hospital, stay.bed_id, moment)
    return [Change(EventType.CONTACT_ENDED, bed, replace(stay, contact_of=()))]


def never_exposed(
    hospital: Hospital, source: Booking, patient_refs: Sequence[str], moment: Moment
) -> list[Change]:
    """Those whom an arrival made contacts that never was, wherever they lie by now. `source`: as
    the arrival left it."""
    infection = infection_of(source.needs.isolation or None, source)
    changes = []
    for ref in patient_refs:
        stay = hospital.stay_of(ref)
        if stay and infection in stay.contact_of:
            now = replace(moment, at=moment.now)
            left = tuple(one for one in stay.contact_of if one != infection)
            bed = bed_at(hospital, stay.bed_id, now)
            cleared = replace(stay, contact_of=left)
            changes.append(Change(EventType.CONTACT_ENDED, bed, cleared, at=now.at))
    return changes


def contacts_in(rows: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """References of patients who became contacts with a command of these rows."""
    started = EventType.CONTACT_STARTED
    return tuple(row["patient_ref"] for row in rows if row["event_type"] == started)


def traced(hospital: Hospital, changes: Sequence[Change], moment: Moment) -> list[Change]:
    """The changes, with all who are exposed by them: whoever comes into a room with a source of
    infection, or is in one that a source comes into, or has shared a room lately with a patient of
    whom it becomes known. The row of that patient names them, also those who lie here no more."""
    after = _After(hospital, changes)
    for stay in after.here:
        after.expose(stay, moment)
    return after.marked(changes, moment)


@dataclass
class _After:
    """Who lies where once the changes are made."""

    hospital: Hospital
    changes: Sequence[Change]
    contact_of: dict[str, set[str]] = field(default_factory=dict)
    named: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bookings = {ch.booking.booking_id: ch.booking for ch in self.changes if ch.booking}
        self.beds = {change.bed.bed_id: change.bed for change in self.changes if change.bed}
        self.here = [booking for booking in self.bookings.values() if booking.is_stay]

    def bed(self, bed_id: str) -> Bed:
        return self.beds.get(bed_id) or self.hospital.beds[bed_id]

    def stay_in(self, bed_id: str) -> Booking | None:
        for stay in self.here:
            if stay.bed_id == bed_id:
                return stay
        known = self.hospital.current_booking(bed_id)
        return known if known and known.booking_id not in self.bookings else None

    def stay_of(self, patient_ref: str) -> Booking | None:
        refs = self.hospital.refs_of(patient_ref)
        for stay in self.here:
            if stay.patient_ref in refs:
                return stay
        known = self.hospital.stay_of(patient_ref)
        return known if known and known.booking_id not in self.bookings else None

    def isolation_of(self, stay: Booking) -> Isolation | None:
        return isolation_in(self.bed(stay.bed_id), stay)

    def infection_of(self, stay: Booking) -> str | None:
        return infection_of(self.isolation_of(stay), stay)

    def mates(self, stay: Booking) -> list[Booking]:
        room_mates = self.hospital.room_mates(self.bed(stay.bed_id))
        mates = (self.stay_in(other.bed_id) for other in room_mates)
        return [mate for mate in mates if mate]

    def expose(self, stay: Booking, moment: Moment) -> None:
        was = self.hospital.stay_of(stay.patient_ref)
        room_id = self.bed(stay.bed_id).room_id
        arrives = was is None or self.hospital.beds[was.bed_id].room_id != room_id
        infection, own = self.infection_of(stay), self.isolation_of(stay)
        if arrives:
            for mate in self.mates(stay):
                self._meets(stay, self.infection_of(mate), self.isolation_of(mate))
                self._meets(mate, infection, own)
        if infection is None:
            return
        known = infection_of(self.hospital.isolation_of(was), was) if was else None
        if infection != known:
            if was and known in (was.spell_id, was.booking_id):
                self._rename(str(known), infection)
            met = _met(self.hospital, stay, moment) | {m.patient_ref for m in self.mates(stay)}
            self.named[stay.booking_id] = met - self.hospital.refs_of(stay.patient_ref)
            for ref in self.named[stay.booking_id]:
                if other := self.stay_of(ref):
                    self._meets(other, infection, own)

    def _meets(self, stay: Booking, infection: str | None, source: Isolation | None) -> None:
        """But for who has the same."""
        if infection is not None and not are_alike(self.isolation_of(stay), source):
            self._of(stay).add(infection)

    def _rename(self, known: str, infection: str) -> None:
        """What had no name has one now."""
        for stay in self.hospital.bookings.values():
            current = self.stay_of(stay.patient_ref) if known in stay.contact_of else None
            if stay.is_stay and current:
                self._of(current).discard(known)
                self._of(current).add(infection)

    def _of(self, stay: Booking) -> set[str]:
        return self.contact_of.setdefault(stay.booking_id, set(stay.contact_of))

    def marked(self, changes: Sequence[Change], moment: Moment) -> list[Change]:
        """Those whose stay the changes touch on the last row of it, others on rows of their own
        before the command's last one; these are written down now."""
        rows, others = [*changes], []
        for booking_id in sorted(self.contact_of):
            exposed_to = tuple(sorted(self.contact_of[booking_id]))
            if booking_id in self.bookings:
                self._replace(rows, booking_id, exposed_to)
                continue
            stay = self.hospital.bookings[booking_id]
            if exposed_to != stay.contact_of:
                now = replace(moment, at=moment.now)
                bed = touched(self.bed(stay.bed_id), now.at, now.source)
                marked = replace(stay, contact_of=exposed_to)
                others.append(Change(EventType.CONTACT_STARTED, bed, marked, at=now.at))
        for booking_id, refs in self.named.items():
            if refs:
                nth = _last(rows, booking_id)
                columns = rows[nth].columns | {"contact_patient_refs": sorted(refs)}
                rows[nth] = replace(rows[nth], columns=columns)
        return [*rows[:-1], *others, *rows[-1:]]

    @staticmethod
    def _replace(rows: list[Change], booking_id: str, contact_of: tuple[str, ...]) -> None:
        nth = _last(rows, booking_id)
        booking = rows[nth].booking
        if booking and booking.is_stay:
            rows[nth] = replace(rows[nth], booking=replace(booking, contact_of=contact_of))


def _last(rows: Sequence[Change], booking_id: str) -> int:
    """The place of the last row of the booking."""
    of_booking = (
        n for n, row in enumerate(rows) if row.booking and row.booking.booking_id == booking_id
    )
    return max(of_booking)


def _met(hospital: Hospital, source: Booking, moment: Moment) -> set[str]:
    """References of all who have shared a room with the patient, within the time that counts. What
    is written down late was so until now."""
    isolation = source.needs.isolation
    since = moment.at - hospital.house.window(isolation.organism if isolation else None)
    refs = hospital.refs_of(source.patient_ref)
    of_patient = [stayed for stayed in hospital.lately.values() if stayed.patient_ref in refs]
    met: set[str] = set()
    if stay := hospital.stay_of(source.patient_ref):
        room_id = hospital.beds[stay.bed_id].room_id
        of_patient.append(Stayed(stay.patient_ref, room_id, stay.starts_at, moment.now))
        met |= {other.patient_ref for other in _in_room(hospital, room_id)}
    for stayed in of_patient:
        begin, until = max(stayed.since, since), stayed.until
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
