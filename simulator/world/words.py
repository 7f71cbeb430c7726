"""Which texts of the simulated staff fit a patient who asks, is booked or arrives."""

from lake.vocabulary import AdmissionType, AgeGroup, Disposition, LevelOfCare
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


LOUNGE_CLOSES = 20
"""Hour of the day: who is still without a bed then waits elsewhere."""


def words_of_request(needs: Needs, ward: Ward, hour: int) -> Texts:
    if is_planned(needs):
        if is_intensive(needs):
            return texts.REQUEST_AFTER_THEATRE
        is_late = hour >= LOUNGE_CLOSES
        return texts.REQUEST_OF_PLANNED_LATE if is_late else texts.REQUEST_OF_PLANNED
    if is_intensive(needs):
        return texts.REQUEST_OF_INTENSIVE
    return texts.REQUEST_OF_MATERNITY if ward.takes_cots else texts.REQUEST


def words_of_discharge(disposition: Disposition, waits_for: str | None) -> Texts:
    """Of somebody who lives; `waits_for`: what was waited for until now."""
    if disposition is Disposition.HOME:
        return texts.DISCHARGE_AFTER.get(waits_for or "", texts.DISCHARGE)
    return texts.OTHER_HOSPITAL if disposition is Disposition.OTHER_HOSPITAL else texts.CARE_HOME


def words_of_reservation(needs: Needs, ward: Ward) -> Texts:
    if is_intensive(needs):
        return texts.RESERVATION_OF_INTENSIVE
    is_slow = ward.specialty == REHABILITATION
    return texts.RESERVATION_OF_REHABILITATION if is_slow else texts.RESERVATION


def words_of_no_bed(needs: Needs, hour: int) -> Texts:
    """Of a planned admission whose bed is not free."""
    if is_intensive(needs):
        return texts.NO_BED_AFTER_THEATRE
    return texts.NO_BED_YET_LATE if hour >= LOUNGE_CLOSES else texts.NO_BED_YET


def words_of_arrival(needs: Needs, ward: Ward, *, is_morning: bool) -> Texts:
    if is_intensive(needs):
        return texts.PLANNED_INTENSIVE_ADMISSION if is_planned(needs) else texts.INTENSIVE_ADMISSION
    if ward.takes_cots:
        return texts.MATERNITY_ADMISSION
    if needs.isolation:
        return texts.ISOLATED_ADMISSION
    if needs.age_group in CHILDREN:
        return texts.CHILD_ADMISSION
    return _words_of_planned(ward, is_morning) if is_planned(needs) else texts.ADMISSION


def _words_of_planned(ward: Ward, is_morning: bool) -> Texts:
    if ward.specialty == REHABILITATION:
        return texts.REHABILITATION_ADMISSION
    return texts.ELECTIVE_ADMISSION_IN_THE_MORNING if is_morning else texts.ELECTIVE_ADMISSION
