"""Which texts of the simulated staff fit a patient who asks, is booked or arrives."""

from lake.vocabulary import AdmissionType, AgeGroup, LevelOfCare
from simulator.domain.needs import Needs
from simulator.plan import Ward
from simulator.world import texts

Texts = tuple[str, ...]
CHILDREN = frozenset({AgeGroup.CHILD.value, AgeGroup.NEONATE.value})
REHABILITATION = "rehabilitation"


def is_intensive(needs: Needs) -> bool:
    return needs.level_of_care == LevelOfCare.INTENSIVE


def is_planned(needs: Needs) -> bool:
    return needs.admission_type == AdmissionType.ELECTIVE


def words_of_request(needs: Needs, ward: Ward) -> Texts:
    if is_planned(needs):
        return texts.REQUEST_OF_PLANNED
    if is_intensive(needs):
        return texts.REQUEST_OF_INTENSIVE
    return texts.REQUEST_OF_MATERNITY if ward.takes_cots else texts.REQUEST


def words_of_reservation(needs: Needs, ward: Ward) -> Texts:
    if is_intensive(needs):
        return texts.RESERVATION_OF_INTENSIVE
    is_slow = ward.specialty == REHABILITATION
    return texts.RESERVATION_OF_REHABILITATION if is_slow else texts.RESERVATION


def words_of_arrival(needs: Needs, ward: Ward) -> Texts:
    if is_intensive(needs):
        return texts.PLANNED_INTENSIVE_ADMISSION if is_planned(needs) else texts.INTENSIVE_ADMISSION
    if ward.takes_cots:
        return texts.MATERNITY_ADMISSION
    if needs.isolation:
        return texts.ISOLATED_ADMISSION
    if needs.age_group in CHILDREN:
        return texts.CHILD_ADMISSION
    if not is_planned(needs):
        return texts.ADMISSION
    is_slow = ward.specialty == REHABILITATION
    return texts.REHABILITATION_ADMISSION if is_slow else texts.ELECTIVE_ADMISSION
