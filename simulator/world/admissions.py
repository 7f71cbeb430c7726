"""Patients of the simulated hospital on their way to a bed that is reserved for them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

from lake.vocabulary import BookingState
from simulator.domain import commands as c
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking
from simulator.world import texts
from simulator.world.chance import DAY, HOUR, MINUTE
from simulator.world.patients import Patient
from simulator.world.placing import Placing, Search
from simulator.world.scene import Scene, own_booking
from simulator.world.stays import Stays, undoing
from simulator.world.words import words_of_arrival, words_of_no_bed
from simulator.writer.engine import Row

SHORT_OF_BEDS = 5 * HOUR
SAME_DAY = 10 * HOUR
MORNING, NOON = 6, 12
LOOK_AGAIN, LATE = 10 * MINUTE, 2 * HOUR
"""While the bed is being cleaned."""

Wait = Callable[[Patient, datetime], None]
"""Puts a patient who is here on the waiting list."""
Begun = Callable[[Patient, datetime], None]
"""Told when a patient is in bed."""


class Admissions:
    def __init__(
        self, scene: Scene, placing: Placing, stays: Stays, wait: Wait, begun: Begun
    ) -> None:
        self._scene = scene
        self._placing = placing
        self._stays = stays
        self._wait = wait
        self._begun = begun

    def expect(self, booking_id: str, patient: Patient, comes_at: datetime) -> None:
        self._scene.agenda.plan(comes_at, partial(self._come_in, booking_id, patient))

    def _come_in(self, booking_id: str, patient: Patient, at: datetime) -> None:
        """Into the reserved bed, or another one that is free; else onto the waiting list."""
        if booking_id not in self._scene.hospital().bookings:
            # Expired, cancelled or displaced: the patient comes all the same, if nobody else cares.
            if not self._is_looked_after(patient):
                self._wait(replace(patient, waiting_since=at), at)
            return
        booking = own_booking(self._scene.hospital(), booking_id)
        if booking is None or booking.state is not BookingState.RESERVED:
            return
        if booking.starts_at > at + HOUR:
            if booking.starts_at < at + SAME_DAY:
                self.expect(booking_id, patient, booking.starts_at)
            return
        if self._admit(booking, patient, at):
            return
        if self._will_be_clean(booking, at):
            again = partial(self._come_in, booking_id, patient)
            self._scene.agenda.plan(at + LOOK_AGAIN, again)
            return
        starts_at = max(booking.starts_at, at)
        moved = self.rebed(booking, at, self._scene.clean_beds(), starts_at)
        if moved is None or not self._admit(moved, patient, at):
            self._turn_away(booking_id, patient, at)

    def _will_be_clean(self, booking: Booking, at: datetime) -> bool:
        is_late = at >= booking.starts_at + LATE
        return self._scene.hospital().beds[booking.bed_id].needs_cleaning and not is_late

    def _admit(self, booking: Booking, patient: Patient, at: datetime) -> bool:
        before = self._scene.hospital().beds[booking.bed_id]
        note = self._words(booking, patient, at)
        rows = self._scene.agenda.do(c.AdmitPatient(booking_id=booking.booking_id), at, note)
        if not rows:
            return False
        self.begin(patient, at)
        if self._scene.chance.happens(self._scene.assumptions.correction_share):
            when = at + self._scene.chance.hours(0.2, 1)
            undo = undoing(rows, before, booking)
            self._scene.agenda.plan(when, partial(self._undo, undo, patient))
        return True

    def begin(self, patient: Patient, at: datetime) -> None:
        self._stays.begin(patient, at)
        self._begun(patient, at)

    def _words(self, booking: Booking, patient: Patient, at: datetime) -> str:
        is_morning = MORNING <= self._scene.chance.hour(at) < NOON
        words = words_of_arrival(booking.needs, patient.ward, is_morning=is_morning)
        return self._scene.chance.text(words, specialty=patient.ward.name.lower())

    def rebed(
        self, booking: Booking, at: datetime, beds: list[Bed], starts_at: datetime
    ) -> Booking | None:
        """Another one of these beds of the ward; gives the reservation as it is then."""
        ward = self._scene.ward_of(booking.bed_id)
        search = Search(
            patient_ref=booking.patient_ref,
            needs=booking.needs,
            ward_id=ward.ward_id,
            starts_at=starts_at,
            ends_at=max(booking.ends_at or at, starts_at + SHORT_OF_BEDS),
            besides=frozenset({booking.booking_id}),
        )
        others = [bed for bed in beds if bed.bed_id != booking.bed_id]
        place = self._placing.best(search, others, at)
        if place is None:
            return None
        command = c.ChangeReservation(
            booking_id=booking.booking_id,
            bed_id=place.bed.bed_id,
            starts_at=starts_at,
            ends_at=place.until,
        )
        self._scene.agenda.do(command, at, self._scene.chance.text(texts.REBEDDED))
        return own_booking(self._scene.hospital(), booking.booking_id)

    def _turn_away(self, booking_id: str, patient: Patient, at: datetime) -> None:
        text = self._scene.chance.text(words_of_no_bed(patient.needs, self._scene.chance.hour(at)))
        rows = self._scene.agenda.do(
            c.CancelBooking(booking_id=booking_id), at, text, "planned_change"
        )
        if rows:
            usual = self._scene.assumptions.hours_before_outlying
            outlies_from = at + self._scene.chance.hours(*usual)
            if outlies_from < patient.outlies_from < at + DAY:
                patient = replace(patient, outlies_from=outlies_from)
            self._wait(replace(patient, waiting_since=at), at)

    def _is_looked_after(self, patient: Patient) -> bool:
        """In bed, or on the waiting list since an override displaced the booking."""
        hospital = self._scene.hospital()
        waiting = (request.patient_ref for request in hospital.requests.values())
        return hospital.stay_of(patient.patient_ref) is not None or patient.patient_ref in waiting

    def _undo(self, undo: c.CancelEvent, patient: Patient, at: datetime) -> None:
        """It was the wrong bed in the system: the patient is entered anew."""
        [event] = undo.request
        if own_booking(self._scene.hospital(), event.booking.booking_id) is None:
            return
        text = self._scene.chance.text(texts.CORRECTION)
        rows: list[Row] = self._scene.agenda.do(undo, at, text, "entered_in_error")
        if rows:
            self._stays.courses.pop(patient.patient_ref, None)
            booking = own_booking(self._scene.hospital(), event.booking.booking_id)
            when = at + self._scene.chance.hours(0.02, 0.1)
            if booking:
                self.expect(booking.booking_id, patient, when)
            else:
                self._wait(patient, at)
