"""Planned admissions of the simulated hospital: reserved ahead, cancelled, kept or not."""

from dataclasses import replace
from datetime import datetime
from functools import partial

from lake.vocabulary import AdmissionType, BedStatus, BookingState
from simulator.domain import commands as c
from simulator.domain.rules.soft import Wish
from simulator.plan import Ward
from simulator.world import texts
from simulator.world.arrivals import SEEK_EVERY, Arrivals
from simulator.world.chance import HOUR
from simulator.world.placing import Patient
from simulator.world.scene import Scene
from simulator.world.stays import Stays, own_booking

LATE_ADMISSION = 1.5 * HOUR
BOOKED_AHEAD_DAYS = tuple(range(1, 11))
NO_SHOW_AFTER = 2 * HOUR


class Planned:
    def __init__(self, scene: Scene, stays: Stays, arrivals: Arrivals) -> None:
        self._scene = scene
        self._stays = stays
        self._arrivals = arrivals

    def plan_elective(self, ward: Ward, at: datetime) -> None:
        a = self._scene.assumptions
        come_share = 1 - a.reservation_cancelled_share - a.reservation_no_show_share
        per_day = self._arrivals.cases_per_day(ward) * (1 - ward.emergency_share) / come_share
        self._scene.agenda.plan(
            self._scene.chance.next_elective(per_day, at), partial(self._elective, ward)
        )

    def _elective(self, ward: Ward, at: datetime) -> None:
        self.plan_elective(ward, at)
        stay = self._scene.chance.stay(ward)
        patient = self._arrivals.patient(ward, at, stay, admission_type=AdmissionType.ELECTIVE)
        last = BOOKED_AHEAD_DAYS[-1]
        for ahead in range(self._scene.chance.one_of(BOOKED_AHEAD_DAYS), last + 7):
            if self._reserve(patient, at, self._scene.chance.admission_morning(at, ahead)):
                return
        comes_at = self._scene.chance.admission_morning(at, last)
        self._scene.agenda.plan(
            comes_at, partial(self._arrivals.seek_bed, replace(patient, waiting_since=comes_at))
        )

    def _reserve(self, patient: Patient, at: datetime, starts_at: datetime) -> bool:
        leaves_at = self._scene.chance.leaves_at(starts_at, patient.stay)
        ends_at = self._scene.chance.expected_at(starts_at, leaves_at)
        bed = self._arrivals.placing.best(
            [
                Wish(bed, patient.patient_ref, patient.needs, starts_at, ends_at, at)
                for bed in self._scene.beds_of(patient.ward)
                if bed.status is not BedStatus.CLOSED
            ]
        )
        if bed is None:
            return False
        command = c.BookBed(
            bed_id=bed.bed_id,
            patient_ref=patient.patient_ref,
            starts_at=starts_at,
            ends_at=ends_at,
            needs=patient.needs,
        )
        for row in self._scene.agenda.do(command, at, self._scene.chance.text(texts.RESERVATION)):
            self._plan_reservation(row["booking_id"], patient, at, starts_at, leaves_at)
        return True

    def _plan_reservation(
        self, booking_id: str, patient: Patient, at: datetime, starts_at: datetime, leaves: datetime
    ) -> None:
        a, chance = self._scene.assumptions, self._scene.chance.share()
        if chance < a.reservation_cancelled_share:
            self._scene.agenda.plan(
                self._scene.chance.within(at, starts_at), partial(self._cancel, booking_id)
            )
        elif chance < a.reservation_cancelled_share + a.reservation_no_show_share:
            self._scene.agenda.plan(starts_at + NO_SHOW_AFTER, partial(self._expire, booking_id))
        else:
            comes_at = starts_at + self._scene.chance.hours(-0.25, 1)
            self._scene.agenda.plan(comes_at, partial(self.come_in, booking_id, patient, leaves))

    def _cancel(self, booking_id: str, at: datetime) -> None:
        if own_booking(self._scene.hospital(), booking_id):
            text = self._scene.chance.text(texts.CANCELLATION)
            self._scene.agenda.do(
                c.CancelBooking(booking_id=booking_id), at, text, "planned_change"
            )

    def _expire(self, booking_id: str, at: datetime) -> None:
        if own_booking(self._scene.hospital(), booking_id):
            text = self._scene.chance.text(texts.NO_SHOW)
            self._scene.agenda.do(c.ExpireBooking(booking_id=booking_id), at, text, "no_show")

    def come_in(self, booking_id: str, patient: Patient, leaves_at: datetime, at: datetime) -> None:
        """Into the reserved bed; while it is not free, wait; in the end any bed of the ward."""
        if booking_id not in self._scene.hospital().bookings:
            # Expired, cancelled or displaced: the patient comes all the same, if nobody else cares.
            if not self._is_looked_after(patient):
                self._arrivals.seek_bed(replace(patient, waiting_since=at), at)
            return
        booking = own_booking(self._scene.hospital(), booking_id)
        if booking is None or booking.state is not BookingState.RESERVED:
            return
        note = self._scene.chance.text(texts.ELECTIVE_ADMISSION)
        if self._scene.agenda.do(c.AdmitPatient(booking_id=booking_id), at, note):
            self._stays.begin(booking_id, at, leaves_at)
        elif at < booking.starts_at + LATE_ADMISSION:
            again = partial(self.come_in, booking_id, patient, leaves_at)
            self._scene.agenda.plan(at + SEEK_EVERY, again)
        else:
            self._cancel(booking_id, at)
            self._arrivals.seek_bed(patient, at)

    def _is_looked_after(self, patient: Patient) -> bool:
        """In bed, or on the waiting list since an override displaced the booking."""
        hospital = self._scene.hospital()
        waiting = (request.patient_ref for request in hospital.requests.values())
        return hospital.stay_of(patient.patient_ref) is not None or patient.patient_ref in waiting
