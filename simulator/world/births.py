"""Births in the simulated hospital: a newborn in a cot beside its mother, until she goes home."""

from datetime import datetime
from functools import partial

from lake.vocabulary import AgeGroup, BedStatus, LevelOfCare, Sex
from simulator.domain import commands as c
from simulator.domain.bookings import Booking
from simulator.domain.decisions.newborns import beside
from simulator.domain.needs import Needs
from simulator.world import texts
from simulator.world.scene import Scene

SEXES = (Sex.FEMALE.value, Sex.MALE.value)


class Births:
    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def expect(self, patient_ref: str, at: datetime, leaves_at: datetime) -> None:
        """Of a patient who was admitted to a ward with cots, perhaps."""
        stay = self._scene.own_stay(patient_ref)
        has_cots = stay and self._scene.ward_of(stay.bed_id).takes_cots
        if has_cots and self._scene.chance.happens(self._scene.assumptions.birth_share):
            born_at = self._scene.chance.within(at, at + (leaves_at - at) / 2)
            self._scene.agenda.plan(born_at, partial(self._be_born, patient_ref))

    def _be_born(self, patient_ref: str, at: datetime) -> None:
        mother = self._scene.own_stay(patient_ref)
        if mother is None:
            return
        hospital = self._scene.hospital()
        mates = hospital.room_mates(hospital.beds[mother.bed_id])
        cots = (bed for bed in mates if bed.is_cot and bed.status is BedStatus.AVAILABLE)
        for cot in list(cots)[:1]:
            needs = Needs(
                sex=self._scene.chance.one_of(SEXES),
                age_group=AgeGroup.NEONATE.value,
                level_of_care=LevelOfCare.WARD.value,
            )
            command = c.BookBed(
                bed_id=cot.bed_id,
                patient_ref=self._scene.chance.patient_ref(),
                ends_at=mother.ends_at if mother.ends_at and mother.ends_at > at else None,
                admit=True,
                needs=needs,
                mother_ref=mother.patient_ref,
            )
            self._scene.agenda.do(command, at, self._scene.chance.text(texts.BIRTH))

    def expect_along(self, mother: Booking, expected_at: datetime, at: datetime) -> None:
        for stay in beside(self._scene.hospital(), mother):
            command = c.ExpectDischarge(booking_id=stay.booking_id, expected_at=expected_at)
            self._scene.agenda.do(command, at)

    def go_along(self, mother: Booking, disposition: str) -> tuple[c.Newborn, ...]:
        """Where she goes, when she leaves the hospital."""
        return tuple(
            c.Newborn(patient_ref=stay.patient_ref, disposition=disposition)
            for stay in beside(self._scene.hospital(), mother)
        )
