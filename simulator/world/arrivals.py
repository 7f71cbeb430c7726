"""Emergencies of the simulated hospital: decided, and on the waiting list until there is a bed."""

from datetime import datetime
from functools import partial

from lake.vocabulary import AdmissionType, RoomClass
from simulator.domain import commands as c
from simulator.domain.beds import Bed
from simulator.domain.needs import Isolation
from simulator.plan import Ward
from simulator.world import texts
from simulator.world.admissions import Admissions
from simulator.world.patients import Patients
from simulator.world.scene import Scene
from simulator.world.surge import Surge
from simulator.world.waiting import Waiting

ISOLATED_AT_START = 0.7
"""Of the rooms for isolation."""


class Arrivals:
    def __init__(
        self, scene: Scene, people: Patients, waiting: Waiting, admissions: Admissions
    ) -> None:
        self._scene = scene
        self._people = people
        self._waiting = waiting
        self._admissions = admissions
        self._surge = Surge(scene, people.homes_of_intensive, self.emergency)

    def start(self, at: datetime) -> None:
        for ward in self._scene.plan.wards:
            self._plan_emergency(ward, at)
        self._surge.start(at)

    def _plan_emergency(self, ward: Ward, at: datetime) -> None:
        per_day = self.cases_per_day(ward) * ward.emergency_share - self._in_rushes(ward)
        per_day *= self._scene.room_for_more(ward, self._scene.assumptions.ambulances_sent_by)
        if per_day > 0:
            when = self._scene.chance.next_emergency(per_day, at)
            self._scene.agenda.plan(when, partial(self._next, ward))

    def _in_rushes(self, ward: Ward) -> float:
        wards = self._people.homes_of_intensive
        beds = sum(one.bed_count for one in wards)
        return self._surge.extra_per_day * ward.bed_count / beds if ward in wards else 0.0

    def _next(self, ward: Ward, at: datetime) -> None:
        self._plan_emergency(ward, at)
        self.emergency(ward, at)

    def emergency(self, ward: Ward, at: datetime) -> None:
        is_infected = self._scene.chance.happens(self._scene.assumptions.isolation_share)
        isolation = self._scene.infection(ward) if is_infected else None
        kind = AdmissionType.EMERGENCY
        self._waiting.join(self._people.arrive(ward, at, kind, isolation=isolation), at)

    def fill(self, ward: Ward, bed: Bed, at: datetime) -> None:
        """With somebody who has been there for a while, as often as it is in use."""
        is_for_isolation = bed.room_class == RoomClass.ISOLATION
        in_use = ISOLATED_AT_START if is_for_isolation else ward.occupancy_percent / 100
        if self._scene.chance.happens(in_use):
            isolation = self._scene.infection(ward) if is_for_isolation else None
            self._place_at_start(ward, bed, isolation, at)

    def _place_at_start(
        self, ward: Ward, bed: Bed, isolation: Isolation | None, at: datetime
    ) -> None:
        kind = AdmissionType.EMERGENCY
        patient = self._people.met(ward, at, kind, self._sex_in_room(bed), isolation)
        command = c.BookBed(
            bed_id=bed.bed_id,
            patient_ref=patient.patient_ref,
            ends_at=patient.expected_at,
            admit=True,
            needs=patient.needs,
        )
        if self._scene.agenda.do(command, at, texts.IN_BED_AT_START):
            self._admissions.begin(patient, at)

    def _sex_in_room(self, bed: Bed) -> str | None:
        hospital = self._scene.hospital()
        mates = (other for other in hospital.room_mates(bed) if not other.is_cot)
        stays = (hospital.current_booking(other.bed_id) for other in mates)
        return next((stay.needs.sex for stay in stays if stay), None)

    def cases_per_day(self, ward: Ward) -> float:
        """Who comes from outside, by Little's law: arrivals x length of stay = beds in use; a clean
        takes a bit of a bed. The others step down from intensive care."""
        a = self._scene.assumptions
        turnover_days = (a.response_minutes[0] + a.clean_minutes[0]) / 1440
        in_use = ward.bed_count * ward.occupancy_percent / 100
        per_day = a.demand_factor * in_use / (ward.stay_days[0] + turnover_days)
        return per_day - self._stepping_down(ward)

    def _stepping_down(self, ward: Ward) -> float:
        """A day, from intensive care to this ward."""
        wards = self._people.homes_of_intensive
        if ward not in wards:
            return 0.0
        intensive = filter(self._people.is_intensive, self._scene.plan.wards)
        a = self._scene.assumptions
        return sum(
            self.cases_per_day(one) * (1 - (one.death_share or 0)) * a.step_down_share / len(wards)
            for one in intensive
        )
