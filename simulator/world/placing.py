"""Which bed a patient of the simulated hospital gets: the best that breaks no rule."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from lake.vocabulary import RoomClass
from simulator.domain.beds import Bed
from simulator.domain.needs import Needs
from simulator.domain.rules import matching
from simulator.world.scene import Scene

KEPT_ROOMS = 5
"""So many free rooms for isolation of the hospital are not given to who needs none."""


class Place(NamedTuple):
    bed: Bed
    until: datetime


@dataclass(frozen=True)
class Search:
    """For whom a bed is looked for, from `starts_at` until `ends_at` at the latest. `anywhere`:
    also on wards that are not `ward_id`. `is_pressing`: a room for isolation will do if need be.
    `besides`: bookings that end as the patient moves. `least`: for how long at least, if not for
    the whole stay."""

    patient_ref: str
    needs: Needs
    ward_id: str
    starts_at: datetime
    ends_at: datetime
    anywhere: bool = False
    is_pressing: bool = False
    besides: frozenset[str] = field(default_factory=frozenset)
    least: timedelta = timedelta(0)


class Placing:
    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def best(self, search: Search, beds: Iterable[Bed], now: datetime) -> Place | None:
        """What the matcher ranks first of the beds that the hospital would give: for the whole
        stay, or until somebody else is to have the bed or the room. All choice of beds is here."""
        wards = self._wards_for(search)
        given = [
            bed
            for bed in beds
            if bed.ward_id in wards
            and bed.is_staffed
            and self._is_asked_for(bed, search)
            and not self._is_with_others(bed, search)
        ]
        asked = matching.Search(
            needs=search.needs,
            starts_at=search.starts_at,
            now=now,
            expected_stay=search.ends_at - search.starts_at,
            patient_ref=search.patient_ref,
            ward_id=search.ward_id,
            besides=search.besides,
        )
        hospital = self._scene.hospital()
        least = min(search.ends_at, search.starts_at + search.least)
        for fit in matching.Matcher(hospital, asked).ranked(given):
            until = fit.ends_at or search.ends_at
            if until >= least:
                return Place(hospital.beds[fit.bed_id], until)
        return None

    def _wards_for(self, search: Search) -> set[str]:
        """No ward with cots lends a bed."""
        if not search.anywhere:
            return {search.ward_id}
        house = self._scene.hospital().house
        return {
            ward.ward_id
            for ward in self._scene.plan.wards
            if not (ward.takes_cots or house.ward(ward.ward_id).does_not_take(search.needs))
        } | {search.ward_id}

    def _is_with_others(self, bed: Bed, search: Search) -> bool:
        """Whether patients of another sex lie in the room: most beds are ruled out by that."""
        hospital = self._scene.hospital()
        if hospital.house.mixes_sexes(bed.ward_id, bed.room_class):
            return False
        for mate in hospital.room_mates(bed):
            stay = None if mate.is_cot else hospital.current_booking(mate.bed_id)
            if stay and stay.needs.sex != search.needs.sex:
                return stay.booking_id not in search.besides
        return False

    def _is_asked_for(self, bed: Bed, search: Search) -> bool:
        if search.needs.isolation:
            return self._scene.is_alone(bed)
        return bed.room_class != RoomClass.ISOLATION or (
            search.is_pressing and self._rooms_for_isolation() > KEPT_ROOMS
        )

    def _rooms_for_isolation(self) -> int:
        beds = self._scene.clean_beds()
        return sum(bed.room_class == RoomClass.ISOLATION for bed in beds)
