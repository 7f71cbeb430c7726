"""What every part of the simulated hospital works with."""

from collections.abc import Callable
from dataclasses import dataclass

from simulator.domain.beds import Bed
from simulator.domain.hospital import Hospital
from simulator.plan import Assumptions, HospitalPlan, Ward
from simulator.world.agenda import Agenda
from simulator.world.chance import Chance


@dataclass(frozen=True)
class Scene:
    """`hospital` gives the present state; the agenda carries out commands."""

    plan: HospitalPlan
    hospital: Callable[[], Hospital]
    agenda: Agenda
    chance: Chance

    @property
    def assumptions(self) -> Assumptions:
        return self.plan.assumptions

    def ward(self, ward_id: str | None) -> Ward:
        """The first ward for one that the plan does not know."""
        known = (ward for ward in self.plan.wards if ward.ward_id == ward_id)
        return next(known, self.plan.wards[0])

    def beds_of(self, ward: Ward) -> list[Bed]:
        """Without cots: whom they are for is born here."""
        registered = self.hospital().registered_beds
        return [bed for bed in registered if bed.ward_id == ward.ward_id and not bed.is_cot]
