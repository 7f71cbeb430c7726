"""The rules once more, as simply as they can be said: who may have which bed, and when.

Knows what has been promised (`promises`) and who may share a room (`room_oracle`); nothing of the
engine.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulator.domain import commands as c
from tests.simulator.domain import room_oracle as rooms
from tests.simulator.domain.promises import Book
from tests.simulator.domain.room_oracle import Who

FROM = {  # what a bed has to be for a command about it
    c.MarkBedDirty: ("available",),
    c.StartCleaning: ("dirty", "contaminated"),
    c.FinishCleaning: ("cleaning",),
    c.StopCleaning: ("cleaning",),
    c.CloseBeds: ("available", "dirty", "contaminated"),
    c.OpenBeds: ("closed",),
    c.StartIsolation: ("occupied",),
    c.EndIsolation: ("isolated",),
}


@dataclass
class Oracle(Book):
    """`levels`: of care, that a ward takes; others take any."""

    levels: dict[str, set[str]] = field(default_factory=dict)

    def is_ready(self, bed: str) -> bool:
        return self.status[bed] == "available" and self.staffed[bed]

    def is_open(self, bed: str, patient: str, start: datetime, now: datetime) -> bool:
        """Its room and ward take somebody new then; who is there already is not new."""
        here, there = self.places[bed], self.comes_from(patient)
        for (is_closed, until), place, before in zip(self.shut[bed], here, there, strict=True):
            is_new = place != before
            if is_closed and is_new and (until is None or start <= now or start < until):
                return False
        return True

    def fits(self, bed: str, patient: str, who: Who, *, is_its_own: bool = False) -> bool:
        """What the ward gives, and the class of the room; weighed once if it was reserved."""
        ward, stay = self.places[bed][1], self.stay(patient)
        is_of_the_ward = stay is not None and self.places[stay.bed][1] == ward
        is_known = stay is not None and is_of_the_ward and who.is_as(stay.who)
        levels = self.levels.get(ward, {who.level})
        is_taken = who.level is None or who.level in levels or is_known
        return is_its_own or (is_taken and who.room_class in (None, "general"))

    def may_share(self, bed: str, patient: str, who: Who, times: Any, *but: str) -> bool:
        """With all who are in the room then. `times`: start, end, now."""
        stay, refs, room = self.stay(patient), self.refs(patient), self.places[bed][0]
        exposed_to = stay.exposed_to if stay else frozenset()
        own = rooms.carrier(who, stay.spell if stay else "not here yet", exposed_to)
        for booking, p in self.promises.items():
            is_mate = self.places[p.bed][0] == room and p.bed != bed and p.is_there(*times)
            if not is_mate or booking in but or p.patient in refs:
                continue
            of_mate = self.stay(p.patient)
            exposed_to = of_mate.exposed_to if of_mate else frozenset()
            mate = rooms.carrier(p.who, p.spell, exposed_to)
            is_named = who.names in self.refs(p.patient) or p.who.names in refs
            is_new = p.in_bed and mate.kind == "source" and self.comes_from(patient)[0] != room
            if not is_named and (who.room is None or who.room != p.who.room):
                return False
            if not rooms.may_be_beside(own, mate) or (is_new and not rooms.are_alike(own, mate)):
                return False
        return True

    def may_come(self, bed: str, patient: str, who: Who, end: Any, now: Any, *but: str) -> bool:
        """Now, into a bed that is ready."""
        is_let_in = self.is_ready(bed) and self.is_open(bed, patient, now, now)
        times = (now, end, now)
        is_alone = is_let_in and self.is_free(bed, *times, *but)
        return is_alone and self.may_share(bed, patient, who, times, *but)

    def may_move(self, booking: str, bed: str, now: datetime, kept: str | None) -> bool:
        """From one bed to another, into what is reserved there for the patient."""
        stay = self.promises[booking]
        end, who = stay.end_from(now), stay.who
        kept = kept or self.own(bed, stay.patient, now, end)
        if kept:
            planned = self.promises[kept].end
            end = planned if planned and planned > now else end
            who = who.then(self.promises[kept].who)
        fits = self.fits(bed, stay.patient, who, is_its_own=kept is not None)
        return fits and self.may_come(bed, stay.patient, who, end, now, booking, kept or "")

    def verdict(  # noqa: C901, PLR0911, PLR0912
        self, command: Any, now: datetime
    ) -> bool | None:
        """True: must be accepted, False: must be refused, without an override. None: not known."""
        known = self.promises.get(getattr(command, "booking_id", ""))
        match command:
            case c.BookBed():
                return self._may_book(command, now)
            case c.AdmitPatient(booking_id=booking) if known and not known.in_bed:
                if self.refs(known.patient) & self.dead:
                    return False
                for stay, there in self.of(known.patient, in_bed=True):
                    if there.bed != known.bed:
                        return self.may_move(stay, known.bed, now, booking)
                end = known.end_from(now)
                return self.may_come(known.bed, known.patient, known.who, end, now, booking)
            case c.TransferPatient(booking_id=booking, to_bed_id=bed) if known and known.in_bed:
                return self.may_move(booking, bed, now, None)
            case c.AdmitPatient() | c.TransferPatient():
                return False
            case c.RequestBed(patient_ref=patient):
                refs = self.refs(patient)
                return not refs & self.dead and not refs & {*self.waiting.values()}
            case c.DischargePatient():
                return known is not None and known.in_bed
            case c.EndContact():
                return known is not None and known.in_bed and bool(known.exposed_to)
            case c.CancelBooking() | c.ExpireBooking():
                return known is not None and not known.in_bed
            case c.CloseBeds(bed_ids=(bed,), reason_code=_, until_at=until):
                return self.status[bed] in FROM[c.CloseBeds] and self.is_free(bed, now, until, now)
        if type(command) not in FROM:
            return None
        beds = getattr(command, "bed_ids", None) or [command.bed_id]
        fit = all(self.status[bed] in FROM[type(command)] for bed in beds)
        return fit if len(beds) == 1 or not fit else None

    def _may_book(self, command: c.BookBed, now: datetime) -> bool:
        bed, patient, end = command.bed_id, command.patient_ref, command.ends_at
        start, who = (
            now if command.admit else command.starts_at or now,
            rooms.of_needs(command.needs),
        )
        if self.refs(patient) & self.dead or (end is not None and end <= start):
            return False
        if command.admit:
            kept = self.own(bed, patient, now, end)
            if kept:
                end, who = end or self.promises[kept].end, self.promises[kept].who.then(who)
            fits = not self.stay(patient) and self.fits(bed, patient, who, is_its_own=bool(kept))
            return fits and self.may_come(bed, patient, who, end, now, kept or "")
        opens, times = self.opens.get(bed), (start, end, now)
        is_open = self.status[bed] != "closed" or (opens is not None and opens <= start)
        is_double = self.is_kept_elsewhere(patient, bed, start, end)
        is_let_in = is_open and not is_double and self.is_open(bed, patient, start, now)
        fits = is_let_in and self.fits(bed, patient, who) and self.is_free(bed, *times)
        return fits and self.may_share(bed, patient, who, times)
