"""The people of the simulated hospital: who comes, who lies there, who cleans.

They act through the same commands and rules as everybody, and touch only what they made themselves.
Seeded: the same seed, hospital and period give the same events. Rates come from published figures
(docs/simulated_hospital.md); what has none stands in hospital.toml under [assumptions].
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from lake.vocabulary import Source
from simulator.domain.bookings import Booking
from simulator.domain.hospital import Hospital
from simulator.plan import HospitalPlan
from simulator.world.agenda import SIMULATED_STAFF, Agenda, Execute
from simulator.world.arrivals import Arrivals
from simulator.world.chance import MINUTE, Chance
from simulator.world.housekeeping import Housekeeping
from simulator.world.placing import Patient
from simulator.world.planned import Planned
from simulator.world.scene import Scene
from simulator.world.stays import Stays


class People:
    """`hospital` gives the present state; `execute` carries out a command or raises."""

    def __init__(
        self,
        plan: HospitalPlan,
        seed: int | str,
        hospital: Callable[[], Hospital],
        execute: Execute,
    ) -> None:
        self._scene = scene = Scene(plan, hospital, Agenda(execute), Chance(plan, seed))
        self._housekeeping = Housekeeping(scene)
        self._stays = Stays(scene, self._housekeeping)
        self._arrivals = Arrivals(scene, self._stays)
        self._planned = Planned(scene, self._stays, self._arrivals)

    def open_doors(self, at: datetime) -> None:
        """Fill an empty hospital to its usual occupancy, then let time run."""
        for ward in self._scene.plan.wards:
            for bed in self._scene.beds_of(ward):
                if self._scene.chance.share() * 100 < ward.occupancy_percent:
                    self._arrivals.place_at_start(ward, bed, at)
        self._start(at)

    def resume(self, at: datetime) -> None:
        """Take up what an earlier run of the simulated hospital left behind."""
        hospital = self._scene.hospital()
        for booking in list(hospital.bookings.values()):
            if booking.source == Source.SIMULATOR and booking.mother_ref is None:
                self._take_up(booking, at)
        for request in hospital.waiting_list:
            if request.requested_by in SIMULATED_STAFF:
                self._arrivals.take_up_request(request, at)
        self._housekeeping.resume(at)
        self._start(at)

    @property
    def next_at(self) -> datetime:
        """When the next thing happens, hospital time."""
        return self._scene.agenda.next_at

    def advance(self, until: datetime) -> None:
        """Let everything happen that is due by then."""
        self._scene.agenda.advance(until)

    def _start(self, at: datetime) -> None:
        for ward in self._scene.plan.wards:
            self._arrivals.plan_emergency(ward, at)
            self._planned.plan_elective(ward, at)
        self._housekeeping.start(at)

    def _take_up(self, booking: Booking, at: datetime) -> None:
        chance, agenda = self._scene.chance, self._scene.agenda
        ward = self._scene.ward(self._scene.hospital().beds[booking.bed_id].ward_id)
        if booking.is_stay:
            leaves_at = max(booking.ends_at or at, at) + chance.hours(0.1, 2)
            self._stays.begin(booking.booking_id, at, leaves_at)
        else:
            stay = (booking.ends_at or at + chance.stay(ward)) - booking.starts_at
            patient = Patient(booking.patient_ref, ward, stay, booking.needs, at)
            comes_at = max(booking.starts_at, at + MINUTE)
            leaves_at = chance.leaves_at(comes_at, stay)
            action = partial(self._planned.come_in, booking.booking_id, patient, leaves_at)
            agenda.plan(comes_at, action)
