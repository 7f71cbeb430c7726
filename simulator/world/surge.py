"""Bad days of the simulated hospital: a rush of emergencies, and surge beds while it lasts."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from string import ascii_uppercase

from lake.vocabulary import AdmissionType, BedStatus, RoomClass
from simulator.domain import commands as c
from simulator.plan import Ward
from simulator.world import texts
from simulator.world.agenda import BED_MANAGER
from simulator.world.chance import HOUR
from simulator.world.scene import Scene

LONG_WAIT = 2 * HOUR
RUSH_LASTS = (2.0, 15.0)
"""Hours after it begins in the morning."""


class Surge:
    """`arrive`: an emergency for a ward comes."""

    def __init__(
        self, scene: Scene, wards: list[Ward], arrive: Callable[[Ward, datetime], None]
    ) -> None:
        self._scene = scene
        self._wards = wards
        self._arrive = arrive

    def start(self, at: datetime) -> None:
        if self._wards:
            self._plan_rush(at, share=self._scene.chance.share())
            self._scene.agenda.plan(at + HOUR, self._look)

    @property
    def extra_per_day(self) -> float:
        """Emergencies of the usual days that the rushes bring instead."""
        a = self._scene.assumptions
        return a.rush_emergencies / a.days_between_rushes

    def _plan_rush(self, at: datetime, share: float = 1.0) -> None:
        """After that share of the time between two."""
        days = self._scene.assumptions.days_between_rushes
        after = self._scene.chance.regularly(24 * days - 12) * share
        when = self._scene.chance.next_at(7, at + after)
        self._scene.agenda.plan(when, self._begin_rush)

    def _begin_rush(self, at: datetime) -> None:
        """Of emergencies that come on this day besides."""
        self._plan_rush(at)
        weights = {ward.ward_id: float(ward.bed_count) for ward in self._wards}
        for _ in range(self._scene.assumptions.rush_emergencies):
            ward = self._scene.ward(self._scene.chance.weighted(weights))
            when = at + self._scene.chance.hours(*RUSH_LASTS)
            self._scene.agenda.plan(when, partial(self._arrive, ward))

    @property
    def _room_prefix(self) -> str:
        return f"{self._wards[0].ward_id}-S"

    def _look(self, at: datetime) -> None:
        self._scene.agenda.plan(at + HOUR, self._look)
        wards = {ward.ward_id for ward in self._wards}
        own = [
            bed
            for bed in self._scene.hospital().registered_beds
            if bed.is_temporary and bed.room_id.startswith(self._room_prefix)
        ]
        waiting = [
            request
            for request in self._scene.hospital().requests.values()
            if request.requested_at <= at - LONG_WAIT and request.ward_id in wards
            if request.needs.admission_type == AdmissionType.EMERGENCY
        ]
        if not own and len(waiting) >= self._scene.assumptions.waiting_before_surge:
            self._open(at)
        elif not waiting and own and self._scene.chance.is_at_work(at):
            self._close([bed.bed_id for bed in own if bed.status is BedStatus.AVAILABLE], at)

    def _open(self, at: datetime) -> None:
        ward, (rooms, beds) = self._wards[0], self._scene.assumptions.surge_rooms
        for room in range(1, rooms + 1):
            for letter in ascii_uppercase[:beds]:
                room_id = f"{self._room_prefix}{room}"
                command = c.RegisterBed(
                    bed_id=f"{room_id}-{letter}",
                    room_id=room_id,
                    ward_id=ward.ward_id,
                    ward_name=ward.name,
                    specialty=ward.specialty,
                    room_class=RoomClass.GENERAL.value,
                    is_temporary=True,
                )
                self._scene.agenda.do(command, at, texts.SURGE, actor=BED_MANAGER)
        self._scene.bell.ring(ward.ward_id, at)

    def _close(self, bed_ids: list[str], at: datetime) -> None:
        """Those that have been empty since they were last cleaned, and that nobody has booked."""
        hospital = self._scene.hospital()
        for bed_id in bed_ids:
            is_new = hospital.beds[bed_id].status_since_at > at - HOUR
            if not is_new and not hospital.of_bed.get(bed_id):
                command = c.RetireBed(bed_id=bed_id)
                self._scene.agenda.do(command, at, texts.SURGE_OVER, actor=BED_MANAGER)
