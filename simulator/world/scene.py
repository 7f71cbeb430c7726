"""What every part of the simulated hospital works with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from lake.vocabulary import NEEDS_CLEANING, BedStatus, Source
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking
from simulator.domain.hospital import Hospital
from simulator.domain.needs import Isolation
from simulator.plan import Assumptions, HospitalPlan, Ward
from simulator.world.agenda import Agenda
from simulator.world.chance import Chance
from simulator.world.organisms import drawn

IS_CLEAN = frozenset({BedStatus.AVAILABLE})
IS_EMPTY = IS_CLEAN | NEEDS_CLEANING


class Bell:
    """Rung with the ward of a bed that somebody may have; answered once what rang it is done."""

    def __init__(self, agenda: Agenda) -> None:
        self._agenda = agenda
        self._rung: set[str] = set()
        self.answer: Callable[[str, datetime], None] | None = None

    def ring(self, ward_id: str, at: datetime) -> None:
        if self.answer and ward_id not in self._rung:
            self._rung.add(ward_id)
            self._agenda.plan(at, partial(self._be_heard, self.answer, ward_id))

    def _be_heard(
        self, answer: Callable[[str, datetime], None], ward_id: str, at: datetime
    ) -> None:
        self._rung.discard(ward_id)
        answer(ward_id, at)


LEAST_MORE, MOST_MORE = -0.6, 0.8


@dataclass(frozen=True)
class Scene:
    """`hospital` gives the present state; the agenda carries out commands. `dead`: who has died
    while that is not entered yet."""

    plan: HospitalPlan
    hospital: Callable[[], Hospital]
    agenda: Agenda
    chance: Chance
    bell: Bell
    dead: set[str] = field(default_factory=set)

    @property
    def assumptions(self) -> Assumptions:
        return self.plan.assumptions

    def room_for_more(self, ward: Ward, gain: float) -> float:
        """How many more patients come than usually, if the ward is emptier than it usually is."""
        beds = self.beds_of(ward)
        in_use = sum(bed.holds_a_patient for bed in beds) / max(len(beds), 1)
        more = gain * (ward.occupancy_percent / 100 - in_use)
        return 1 + min(max(more, LEAST_MORE), MOST_MORE)

    def ward(self, ward_id: str | None) -> Ward:
        """The first ward for one that the plan does not know."""
        known = (ward for ward in self.plan.wards if ward.ward_id == ward_id)
        return next(known, self.plan.wards[0])

    def ward_of(self, bed_id: str) -> Ward:
        return self.ward(self.hospital().beds[bed_id].ward_id)

    def beds_of(self, ward: Ward) -> list[Bed]:
        """Without cots: whom they are for is born here."""
        return [bed for bed in self.hospital().beds_in_ward(ward.ward_id) if not bed.is_cot]

    def clean_beds(self) -> list[Bed]:
        """Those that somebody could lie down in, without cots."""
        return self._empty(IS_CLEAN)

    def empty_beds(self, ward_id: str | None = None) -> list[Bed]:
        """Of the ward or of all, with those that wait for a clean."""
        return self._empty(IS_EMPTY, ward_id)

    def _empty(self, status: frozenset[BedStatus], ward_id: str | None = None) -> list[Bed]:
        hospital = self.hospital()
        beds = hospital.beds.values() if ward_id is None else hospital.beds_in_ward(ward_id)
        return [
            bed
            for bed in beds
            if bed.status in status and bed.is_staffed and not bed.is_cot and not bed.is_retired
        ]

    def is_alone(self, bed: Bed) -> bool:
        """Whether it is the only bed of its room."""
        return all(other.is_cot for other in self.hospital().room_mates(bed))

    def infection(self, ward: Ward) -> Isolation:
        return drawn(ward, self.chance)

    def own_stay(self, patient_ref: str) -> Booking | None:
        """Of a living patient of the simulated hospital, whom nobody has taken over."""
        if patient_ref in self.dead:
            return None
        stay = self.hospital().stay_of(patient_ref)
        return stay if stay and stay.source == Source.SIMULATOR else None


def own_booking(hospital: Hospital, booking_id: str) -> Booking | None:
    """An open booking that the simulated hospital made and nobody has taken over."""
    booking = hospital.bookings.get(booking_id)
    return booking if booking and booking.source == Source.SIMULATOR else None
