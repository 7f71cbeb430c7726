"""What patients of the simulated hospital are isolated for, and for how long."""

from lake.vocabulary import AgeGroup, IsolationKind
from simulator.domain.needs import Isolation
from simulator.plan import Ward
from simulator.world.chance import Chance

PROTECTIVE = Isolation(IsolationKind.PROTECTIVE.value)
INFECTIONS: dict[str, float] = {
    "influenza": 22,
    "covid_19": 18,
    "mrsa": 16,
    "c_difficile": 12,
    "norovirus": 8,
    "cpe": 6,
    "tuberculosis": 4,
    "": 14,
}
"""Of a hundred who need isolation; without an organism: protective. An assumption."""
CHILDRENS_INFECTIONS: dict[str, float] = {"rsv": 50, "influenza": 25, "norovirus": 15, "": 10}
INFECTIOUS_DAYS = {
    "influenza": 5,
    "covid_19": 7,
    "norovirus": 3,
    "rsv": 5,
    "tuberculosis": 14,
    "": 7,
}
"""How long isolation lasts; of the others until the patient leaves."""


def drawn(ward: Ward, chance: Chance) -> Isolation:
    is_child = AgeGroup.CHILD in ward.takes.age_groups
    organism = chance.weighted(CHILDRENS_INFECTIONS if is_child else INFECTIONS)
    return Isolation(organism=organism) if organism else PROTECTIVE
