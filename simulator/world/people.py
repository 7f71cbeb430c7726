"""The people of the simulated hospital: who comes, who lies there, who cleans.

They act through the same commands and rules as everybody, and touch only what they made themselves.
Seeded: the same seed, hospital and period give the same events. Rates come from published figures
(docs/simulated_hospital.md); what has none stands in hospital.toml under [assumptions].
"""

from collections.abc import Callable
from datetime import datetime

from lake.vocabulary import Source
from simulator.domain.bookings import Booking
from simulator.domain.hospital import Hospital
from simulator.domain.needs import Needs
from simulator.plan import HospitalPlan, Ward
from simulator.world.admissions import Admissions
from simulator.world.agenda import SIMULATED_STAFF, Agenda, Execute
from simulator.world.arrivals import Arrivals
from simulator.world.chance import MINUTE, Chance
from simulator.world.housekeeping import Housekeeping
from simulator.world.infections import Infections
from simulator.world.moves import Moves
from simulator.world.patients import Patient, Patients
from simulator.world.placing import Placing
from simulator.world.planned import Planned
from simulator.world.scene import Bell, Scene
from simulator.world.stays import Stays
from simulator.world.waiting import Waiting


class People:
    """`hospital` gives the present state; `execute` carries out a command or raises."""

    def __init__(
        self,
        plan: HospitalPlan,
        seed: int | str,
        hospital: Callable[[], Hospital],
        execute: Execute,
    ) -> None:
        agenda = Agenda(execute)
        self._scene = scene = Scene(plan, hospital, agenda, Chance(plan, seed), Bell(agenda))
        self._people = Patients(scene)
        self._housekeeping = Housekeeping(scene)
        self._stays = Stays(scene, self._housekeeping, self._want_bed)
        self._infections = Infections(scene, self._stays, self._want_bed)
        placing = Placing(scene)
        moves = Moves(scene, placing, self._housekeeping)
        self._admissions = Admissions(scene, placing, self._stays, self._wait, self._begun)
        self._waiting = Waiting(scene, self._people, placing, moves, self._stays, self._admissions)
        self._arrivals = Arrivals(scene, self._people, self._waiting, self._admissions)
        self._planned = Planned(
            scene,
            self._people,
            placing,
            self._arrivals,
            self._admissions,
            self._waiting,
            self._stays,
        )

    def _wait(self, patient: Patient, at: datetime) -> None:
        self._waiting.join(patient, at)

    def _begun(self, patient: Patient, at: datetime) -> None:
        self._infections.expect(patient, at)
        self._waiting.note_ward(patient, at)

    def _want_bed(
        self, patient: Patient, ward: Ward, needs: Needs, words: tuple[str, ...], at: datetime
    ) -> None:
        self._waiting.join_from_bed(patient, ward, needs, words, at)

    def open_doors(self, at: datetime) -> None:
        """Fill an empty hospital to its usual occupancy, then let time run."""
        for ward in self._scene.plan.wards:
            for bed in self._scene.beds_of(ward):
                self._arrivals.fill(ward, bed, at)
        self._planned.fill(at)
        self._start(at)

    def resume(self, at: datetime) -> None:
        """Take up what an earlier run of the simulated hospital left behind."""
        hospital = self._scene.hospital()
        for booking in list(hospital.bookings.values()):
            if booking.source == Source.SIMULATOR and booking.mother_ref is None:
                self._take_up(booking, at)
        for request in hospital.waiting_list:
            if request.requested_by in SIMULATED_STAFF:
                self._waiting.take_up(request, self._people.known(request, at))
        self._housekeeping.resume(at)
        self._infections.resume(at)
        self._stays.resume_lounge(at)
        self._start(at)

    @property
    def next_at(self) -> datetime:
        """When the next thing happens, hospital time."""
        return self._scene.agenda.next_at

    def advance(self, until: datetime) -> None:
        """Let everything happen that is due by then."""
        self._scene.agenda.advance(until)

    def _start(self, at: datetime) -> None:
        for part in (
            self._arrivals,
            self._planned,
            self._waiting,
            self._infections,
            self._housekeeping,
        ):
            part.start(at)

    def _take_up(self, booking: Booking, at: datetime) -> None:
        patient = self._people.known_from(booking, at)
        if booking.is_stay:
            self._stays.resume(patient, booking, at)
            self._infections.expect(patient, at)
            self._waiting.note_ward(patient, at)
        else:
            comes_at = max(booking.starts_at, at + MINUTE)
            self._admissions.expect(booking.booking_id, patient, comes_at)
