"""Moves of patients in bed: to a side room and out of it, back to their own ward, within it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from lake.vocabulary import BedStatus, RoomClass
from simulator.domain import commands as c
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking
from simulator.world.chance import DAY, HOUR
from simulator.world.housekeeping import Housekeeping
from simulator.world.placing import Placing, Search
from simulator.world.scene import Scene

LET_LIE = 6 * HOUR
"""Nobody is moved on sooner than that."""


class Moves:
    def __init__(self, scene: Scene, placing: Placing, housekeeping: Housekeeping) -> None:
        self._scene = scene
        self._placing = placing
        self._housekeeping = housekeeping

    def move(
        self,
        stay: Booking,
        beds: Iterable[Bed],
        at: datetime,
        words: tuple[str, ...],
        ward_id: str,
        *,
        anywhere: bool = False,
    ) -> bool:
        """To the best of these beds of that ward, or of any, if one will do."""
        search = replace(self.search(stay, at, ward_id), anywhere=anywhere)
        place = self._placing.best(search, beds, at)
        if place is None:
            return False
        command = c.TransferPatient(booking_id=stay.booking_id, to_bed_id=place.bed.bed_id)
        rows = self._scene.agenda.do(command, at, self._scene.chance.text(words))
        if rows:
            self._housekeeping.call_for(stay.bed_id, at)
        return bool(rows)

    def leave_bed(self, bed_id: str, at: datetime) -> None:
        self._housekeeping.call_for(bed_id, at)

    def search(self, stay: Booking, at: datetime, ward_id: str) -> Search:
        hospital = self._scene.hospital()
        isolation = hospital.isolation_of(stay)
        return Search(
            patient_ref=stay.patient_ref,
            needs=hospital.needs_with(stay, stay.needs_now),
            ward_id=ward_id,
            starts_at=at,
            ends_at=max(stay.ends_at or at + DAY, at + 5 * HOUR),
            is_pressing=bool(isolation),
            besides=frozenset({stay.booking_id}),
        )

    def end_mixing(self, ward_id: str, at: datetime, words: tuple[str, ...]) -> list[str]:
        """In rooms of one sex in which an override has left men and women, the fewer are moved, to
        another ward if need be; gives who has been."""
        moved = []
        for room in self._mixed_rooms(ward_id):
            counts = Counter(stay.needs.sex for stay in room)
            fewer = min(counts, key=lambda sex: counts[sex])
            own = (self._scene.own_stay(s.patient_ref) for s in room if s.needs.sex == fewer)
            room_id = self._scene.hospital().beds[room[0].bed_id].room_id
            beds = [bed for bed in self._scene.clean_beds() if bed.room_id != room_id]
            moved += [
                stay.patient_ref
                for stay in filter(None, own)
                if self.move(stay, beds, at, words, ward_id)
                or self.move(stay, beds, at, words, ward_id, anywhere=True)
            ]
        return moved

    def _mixed_rooms(self, ward_id: str) -> list[list[Booking]]:
        hospital = self._scene.hospital()
        rooms: dict[str, list[Booking]] = {}
        for bed in self._scene.beds_of(self._scene.ward(ward_id)):
            stay = hospital.current_booking(bed.bed_id)
            if stay and not hospital.house.mixes_sexes(ward_id, bed.room_class):
                rooms.setdefault(bed.room_id, []).append(stay)
        return [stays for stays in rooms.values() if len({stay.needs.sex for stay in stays}) > 1]

    def make_room(
        self, ward_ids: list[str], at: datetime, words: tuple[str, ...], *, for_isolation: bool
    ) -> bool:
        """Whether somebody who needs no room for one has moved out of it, into a bay."""
        clean = self._scene.clean_beds()
        for ward_id in ward_ids:
            bays = [b for b in clean if b.ward_id == ward_id and not self._scene.is_alone(b)]
            leaving = self._who_could_go(ward_id, at, for_isolation=for_isolation) if bays else ()
            if any(self.move(stay, bays, at, words, ward_id) for stay in leaving):
                return True
        return False

    def _who_could_go(self, ward_id: str, at: datetime, *, for_isolation: bool) -> list[Booking]:
        """From rooms for isolation first, if it is for that, then from other rooms for one."""
        beds = [
            bed
            for bed in self._scene.beds_of(self._scene.ward(ward_id))
            if bed.status is BedStatus.OCCUPIED and self._scene.is_alone(bed)
            if for_isolation or bed.room_class != RoomClass.ISOLATION
        ]
        beds.sort(key=lambda bed: bed.room_class != RoomClass.ISOLATION)
        stays = (self.own_in(bed) for bed in beds)
        return [stay for stay in stays if stay and stay.starts_at < at - LET_LIE]

    def own_in(self, bed: Bed) -> Booking | None:
        stay = self._scene.hospital().current_booking(bed.bed_id)
        return stay and self._scene.own_stay(stay.patient_ref)
