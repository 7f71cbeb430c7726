"""Who comes into the simulated hospital: age, sex, urgency, infection, ward and length of stay."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lake.vocabulary import AdmissionType, AgeGroup, LevelOfCare, Sex
from simulator.domain.bookings import Booking
from simulator.domain.needs import Isolation, Needs
from simulator.domain.requests import BedRequest
from simulator.plan import Ward
from simulator.world.chance import DAY, HOUR
from simulator.world.scene import Scene

UNTIL_DECIDED = (0.7, 3.5)
"""Hours in the emergency department before it is decided to admit; an assumption."""
UNTIL_EVENING = (7.0, 9.0)
"""Hours for which a bed of the own ward is waited for."""
USUAL_WAIT = 1.5 * HOUR
URGENCIES = (1, 2, 2, 3, 3)


@dataclass(frozen=True)
class Patient:
    """`ward`: where the patient is to lie, `home`: whose patient it is once intensive care, which
    takes `intensive`, is over. `waiting_since`: when the need of a bed arose; from `outlies_from`
    a bed of another ward will do. `leaves_at`: the ward, or who needs it intensive care;
    `expected_at`: what the ward expects of that. `arrived_at`: in the emergency department."""

    patient_ref: str
    ward: Ward
    home: Ward
    stay: timedelta
    needs: Needs
    waiting_since: datetime
    outlies_from: datetime
    leaves_at: datetime
    expected_at: datetime
    intensive: timedelta | None = None
    arrived_at: datetime | None = None


class Patients:
    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def arrive(
        self,
        ward: Ward,
        at: datetime,
        admission_type: AdmissionType,
        sex: str | None = None,
        isolation: Isolation | None = None,
    ) -> Patient:
        home = self.home(ward)
        is_emergency = admission_type is AdmissionType.EMERGENCY
        age_group = self._age_group(home)
        stay = self.stay(home, age_group)
        intensive = self._scene.chance.stay(ward) if self.is_intensive(ward) else None
        in_bed_at = at + USUAL_WAIT if is_emergency else at
        leaves_at = self._scene.chance.leaves_at(in_bed_at, intensive or stay)
        needs = Needs(
            specialty=None if ward.takes_outliers else ward.specialty,
            sex=sex or self._scene.chance.one_of(self._sexes(home)),
            isolation=isolation,
            priority=self._priority(ward, admission_type),
            age_group=age_group,
            level_of_care=ward.takes.levels_of_care[0].value,
            admission_type=admission_type.value,
        )
        return Patient(
            patient_ref=self._scene.chance.patient_ref(),
            ward=ward,
            home=home,
            stay=stay,
            needs=needs,
            waiting_since=at,
            outlies_from=self.outlies_from(home, at, can_wait=not is_emergency),
            leaves_at=leaves_at,
            expected_at=self._scene.chance.expected_at(at, leaves_at),
            intensive=intensive,
            arrived_at=self._arrived_at(at) if is_emergency else None,
        )

    def _arrived_at(self, decided_at: datetime) -> datetime:
        return decided_at - self._scene.chance.hours(*UNTIL_DECIDED)

    def _priority(self, ward: Ward, admission_type: AdmissionType) -> int:
        if self.is_intensive(ward):
            return 1
        is_planned = admission_type is AdmissionType.ELECTIVE
        return 3 if is_planned else self._scene.chance.one_of(URGENCIES)

    def is_intensive(self, ward: Ward) -> bool:
        return ward.takes.levels_of_care[0] is LevelOfCare.INTENSIVE

    def home(self, ward: Ward) -> Ward:
        """Of a patient of intensive care any ward of grown-ups for emergencies."""
        if not self.is_intensive(ward):
            return ward
        return self._scene.chance.one_of(self.homes_of_intensive or [ward])

    @property
    def homes_of_intensive(self) -> list[Ward]:
        return [ward for ward in self._scene.plan.wards if self.may_outlie(ward)]

    def may_outlie(self, ward: Ward) -> bool:
        """Whether its patients may lie on another ward for a time."""
        is_general = AgeGroup.ADULT in ward.takes.age_groups and not ward.takes_cots
        return ward.takes_outliers and is_general and not self.is_intensive(ward)

    def outlies_from(self, ward: Ward, at: datetime, *, can_wait: bool) -> datetime:
        """Who comes planned, or has a bed already, can wait for the discharges of the afternoon."""
        if not self.may_outlie(ward):
            return at + 365 * DAY
        usual = self._scene.assumptions.hours_before_outlying
        return at + self._scene.chance.hours(*(UNTIL_EVENING if can_wait else usual))

    def stay(self, ward: Ward, age_group: str | None) -> timedelta:
        a = self._scene.assumptions
        is_mixed = {AgeGroup.ADULT, AgeGroup.OLDER} <= {*ward.takes.age_groups}
        factor = a.of_age(a.older_stay_factor, age_group) if is_mixed else 1.0
        return self._scene.chance.stay(ward) * factor

    def _sexes(self, ward: Ward) -> tuple[str, ...]:
        taken = ward.takes.sexes or (Sex.FEMALE, Sex.MALE)
        return tuple(sex.value for sex in taken)

    def _age_group(self, ward: Ward) -> str:
        """Of those that the ward takes: most are of the group that it names first."""
        first, *others = ward.takes.age_groups
        other = self._scene.chance.one_of(others) if others else first
        a = self._scene.assumptions
        share = a.neonate_share if other is AgeGroup.NEONATE else a.other_age_share
        share = a.young_mother_share if ward.takes_cots else share
        return (other if self._scene.chance.happens(share) else first).value

    def met(
        self,
        ward: Ward,
        at: datetime,
        admission_type: AdmissionType,
        sex: str | None = None,
        isolation: Isolation | None = None,
    ) -> Patient:
        """Somebody met in bed, with the rest of a stay."""
        patient = self.arrive(ward, at, admission_type, sex, isolation)
        leaves_at = self._scene.chance.leaves_at(at, self._scene.chance.rest_of_stay(ward))
        return self._until(patient, at, leaves_at)

    def put_off(self, patient: Patient, at: datetime) -> Patient:
        """Who comes at another time."""
        stay = patient.intensive or patient.stay
        leaves_at = self._scene.chance.leaves_at(at, stay)
        outlies_from = self.outlies_from(patient.home, at, can_wait=True)
        patient = replace(patient, waiting_since=at, outlies_from=outlies_from)
        return self._until(patient, at, leaves_at)

    def _until(self, patient: Patient, at: datetime, leaves_at: datetime) -> Patient:
        expected_at = self._scene.chance.expected_at(at, leaves_at)
        return replace(patient, leaves_at=leaves_at, expected_at=expected_at)

    def known(self, request: BedRequest, at: datetime) -> Patient:
        """Of whom only what is on the waiting list is known."""
        ward = self._scene.ward(request.ward_id)
        since = max(request.wanted_from, at)
        drawn = self.arrive(ward, since, AdmissionType.EMERGENCY)
        return replace(drawn, patient_ref=request.patient_ref, needs=request.needs)

    def known_from(self, booking: Booking, at: datetime) -> Patient:
        """Of whom only the booking is known."""
        ward = self._scene.ward_of(booking.bed_id)
        since = max(booking.starts_at, at)
        drawn = self.arrive(ward, since, AdmissionType.EMERGENCY)
        known = replace(drawn, patient_ref=booking.patient_ref, needs=booking.needs)
        under = (one for one in self._scene.plan.wards if one.specialty == booking.needs.specialty)
        known = replace(known, home=next(under, known.home))
        ends_at = booking.ends_at
        if ends_at is None or ends_at < since:
            return known
        return replace(known, leaves_at=self._scene.chance.by_day(ends_at), expected_at=ends_at)
