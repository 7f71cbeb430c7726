"""Emergencies of the simulated hospital: decided, on the waiting list, in bed or elsewhere."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from lake.vocabulary import AdmissionType, Sex, WaitsIn
from simulator.domain import commands as c
from simulator.domain.beds import Bed
from simulator.domain.needs import SOURCE, Needs
from simulator.domain.requests import BedRequest
from simulator.plan import Ward
from simulator.world import texts
from simulator.world.chance import HOUR, MINUTE
from simulator.world.placing import Patient, Placing
from simulator.world.scene import Scene
from simulator.world.stays import Stays

SEEK_EVERY = 25 * MINUTE


class Arrivals:
    def __init__(self, scene: Scene, stays: Stays) -> None:
        self._scene = scene
        self._placing = Placing(scene, stays, self.seek_bed, self.take_up_request)

    @property
    def placing(self) -> Placing:
        return self._placing

    def plan_emergency(self, ward: Ward, at: datetime) -> None:
        per_day = self.cases_per_day(ward) * ward.emergency_share
        self._scene.agenda.plan(
            self._scene.chance.next_emergency(per_day, at), partial(self._emergency, ward)
        )

    def _emergency(self, ward: Ward, at: datetime) -> None:
        self.plan_emergency(ward, at)
        stay = self._scene.chance.stay(ward)
        patient = self.patient(ward, at, stay, admission_type=AdmissionType.EMERGENCY)
        if self._scene.chance.happens(self._scene.assumptions.request_share):
            patient = self._on_the_list(patient, at)
        self._scene.agenda.plan(at + self._scene.chance.boarding(), partial(self.seek_bed, patient))

    def patient(
        self,
        ward: Ward,
        at: datetime,
        stay: timedelta,
        sex: str | None = None,
        admission_type: AdmissionType | None = None,
    ) -> Patient:
        return Patient(
            patient_ref=self._scene.chance.patient_ref(),
            ward=ward,
            stay=stay,
            needs=Needs(
                specialty=None if ward.takes_outliers else ward.specialty,
                sex=sex or self._scene.chance.one_of(self._sexes(ward)),
                isolation=SOURCE
                if self._scene.chance.happens(self._scene.assumptions.isolation_share)
                else None,
                priority=self._scene.chance.one_of((1, 2, 2, 3, 3)),
                age_group=self._age_group(ward),
                level_of_care=ward.takes.levels_of_care[0].value,
                admission_type=admission_type and admission_type.value,
            ),
            waiting_since=at,
        )

    def _sexes(self, ward: Ward) -> tuple[str, ...]:
        taken = ward.takes.sexes or (Sex.FEMALE, Sex.MALE)
        return tuple(sex.value for sex in taken)

    def _age_group(self, ward: Ward) -> str:
        """Of those that the ward takes: most are of the group that it names first."""
        first, *others = ward.takes.age_groups
        is_other = others and self._scene.chance.happens(self._scene.assumptions.other_age_share)
        return self._scene.chance.one_of(others).value if is_other else first.value

    def _on_the_list(self, patient: Patient, at: datetime) -> Patient:
        is_emergency = patient.needs.admission_type == AdmissionType.EMERGENCY
        command = c.RequestBed(
            patient_ref=patient.patient_ref,
            ward_id=patient.ward.ward_id,
            needs=patient.needs,
            waits_in=WaitsIn.EMERGENCY_DEPARTMENT.value if is_emergency else None,
            arrived_at=patient.waiting_since if is_emergency else None,
        )
        for row in self._scene.agenda.do(command, at, self._scene.chance.text(texts.REQUEST)):
            return replace(patient, bed_request_id=row["bed_request_id"])
        return patient

    def seek_bed(self, patient: Patient, at: datetime) -> None:
        """A bed of the ward, or after a long wait one elsewhere, or against a rule, or none."""
        a, waited = self._scene.assumptions, at - patient.waiting_since
        may_override = waited >= HOUR * a.wait_hours_before_override
        leaves_at = self._scene.chance.leaves_at(at, patient.stay)
        expected_at = self._scene.chance.expected_at(at, leaves_at)
        if self._placing.settle(
            patient, self._scene.beds_of(patient.ward), at, leaves_at, expected_at
        ):
            return
        if (
            may_override
            and self._scene.chance.happens(a.override_share)
            and self._placing.settle_against_rules(patient, at, leaves_at, expected_at)
        ):
            return
        if waited < HOUR * a.wait_hours_before_diversion:
            if patient.bed_request_id is None:
                patient = self._on_the_list(patient, at)
            self._scene.agenda.plan(at + SEEK_EVERY, partial(self.seek_bed, patient))
        elif not self._placing.settle(
            patient, self._placing.beds_for_outliers(), at, leaves_at, expected_at
        ):
            self._divert(patient, at)

    def _divert(self, patient: Patient, at: datetime) -> None:
        if patient.bed_request_id:
            text = self._scene.chance.text(texts.DIVERSION)
            self._scene.agenda.do(
                c.WithdrawRequest(bed_request_id=patient.bed_request_id), at, text, "diverted"
            )

    def place_at_start(self, ward: Ward, bed: Bed, at: datetime) -> None:
        rest = self._scene.chance.rest_of_stay(ward)
        patient = self.patient(ward, at, rest, self._sex_in_room(bed))
        leaves_at = self._scene.chance.leaves_at(at, rest)
        expected_at = self._scene.chance.expected_at(at, leaves_at)
        self._placing.admit_now(patient, bed, at, leaves_at, expected_at, texts.IN_BED_AT_START)

    def _sex_in_room(self, bed: Bed) -> str | None:
        hospital = self._scene.hospital()
        mates = (other for other in hospital.room_mates(bed) if not other.is_cot)
        stays = (hospital.current_booking(other.bed_id) for other in mates)
        return next((stay.needs.sex for stay in stays if stay), None)

    def take_up_request(self, request: BedRequest, at: datetime) -> None:
        ward = self._scene.ward(request.ward_id)
        seek_at = max(request.wanted_from, at) + MINUTE
        patient = Patient(
            request.patient_ref,
            ward,
            self._scene.chance.stay(ward),
            request.needs,
            seek_at,
            request.bed_request_id,
        )
        self._scene.agenda.plan(seek_at, partial(self.seek_bed, patient))

    def cases_per_day(self, ward: Ward) -> float:
        """Little's law: arrivals x length of stay = beds in use; a clean takes a bit of a bed."""
        a = self._scene.assumptions
        turnover_days = (a.response_minutes[0] + a.clean_minutes[0]) / 1440
        in_use = ward.bed_count * ward.occupancy_percent / 100
        return a.demand_factor * in_use / (ward.stay_days[0] + turnover_days)
