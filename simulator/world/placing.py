"""Which bed a patient of the simulated hospital gets: the best that breaks no rule."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from lake.vocabulary import BedStatus, BookingState, RoomClass
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking
from simulator.domain.needs import Needs
from simulator.domain.rules.soft import Wish, breaches
from simulator.world.chance import HOUR
from simulator.world.scene import Scene

SHORTEST_GAP = 4 * HOUR
"""A bed that is booked may be used until then, if that is no sooner."""
KEPT_ROOMS = 5
"""So many free rooms for isolation of the hospital are not given to who needs none."""
ALONE = 0.5
"""How a room for one ranks between empty rooms and those with company."""


class Place(NamedTuple):
    bed: Bed
    until: datetime


@dataclass(frozen=True)
class Search:
    """For whom a bed is looked for, from `starts_at` until `ends_at` at the latest. `anywhere`:
    also on wards that are not `ward_id`. `is_pressing`: a room for isolation will do if need be.
    `besides`: bookings that end as the patient moves."""

    patient_ref: str
    needs: Needs
    ward_id: str
    starts_at: datetime
    ends_at: datetime
    anywhere: bool = False
    is_pressing: bool = False
    besides: frozenset[str] = field(default_factory=frozenset)


class Placing:
    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def best(self, search: Search, beds: Iterable[Bed], now: datetime) -> Place | None:
        """Of the ward first, for the whole stay, in the room with most company: an empty room
        takes a patient of either sex. All choice of beds is here."""
        wards = self._wards_for(search)
        places = [
            Place(bed, until)
            for bed in beds
            if bed.ward_id in wards
            and self._is_asked_for(bed, search)
            and not self._is_with_others(bed, search)
            and (until := self._free_until(bed, search)) >= search.starts_at + SHORTEST_GAP
        ]
        places.sort(key=lambda place: self._rank(place, search))
        return next((place for place in places if self._fits(place, search, now)), None)

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

    def _free_until(self, bed: Bed, search: Search) -> datetime:
        """Until the first reservation of the bed, or one of the room that would clash."""
        hospital = self._scene.hospital()
        until = search.ends_at
        for other in (bed, *hospital.room_mates(bed)):
            for booking in hospital.of_bed.get(other.bed_id, ()):
                is_later = booking.starts_at > search.starts_at and booking.starts_at < until
                is_own = other is bed
                if is_later and (is_own or self._clashes(booking, other, search)):
                    until = booking.starts_at
        return until

    def _clashes(self, booking: Booking, bed: Bed, search: Search) -> bool:
        if booking.state is not BookingState.RESERVED or bed.is_cot:
            return False
        return bool(booking.needs.isolation) or (
            booking.needs.sex != search.needs.sex
            and not self._scene.hospital().house.mixes_sexes(bed.ward_id, bed.room_class)
        )

    def _rank(
        self, place: Place, search: Search
    ) -> tuple[bool, bool, bool, bool, bool, float, str]:
        bed = place.bed
        is_side_room = bed.room_class == RoomClass.ISOLATION
        return (
            bed.ward_id != search.ward_id,
            bed.is_temporary,
            is_side_room != bool(search.needs.isolation),
            place.until < min(search.ends_at, search.starts_at + 24 * HOUR),
            bed.needs_cleaning,
            -self._company(bed),
            bed.bed_id,
        )

    def _company(self, bed: Bed) -> float:
        """The share of the room's other beds that somebody has."""
        mates = [other for other in self._scene.hospital().room_mates(bed) if not other.is_cot]
        if not mates:
            return ALONE
        return sum(other.holds_a_patient for other in mates) / len(mates)

    def _fits(self, place: Place, search: Search, now: datetime) -> bool:
        wish = Wish(
            place.bed,
            search.patient_ref,
            search.needs,
            search.starts_at,
            place.until,
            now,
            moves_in=place.bed.status is BedStatus.AVAILABLE and search.starts_at <= now,
            besides=search.besides,
        )
        return not breaches(self._scene.hospital(), wish)
