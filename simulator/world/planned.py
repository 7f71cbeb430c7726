"""Planned admissions of the simulated hospital: reserved ahead, cancelled, kept or not."""

from dataclasses import replace
from datetime import datetime
from functools import partial

from lake.vocabulary import AdmissionType, BedStatus, BookingState, Source
from simulator.domain import commands as c
from simulator.domain.bookings import Booking
from simulator.plan import Ward
from simulator.world import texts
from simulator.world.admissions import Admissions
from simulator.world.arrivals import Arrivals
from simulator.world.chance import DAY, HOUR
from simulator.world.patients import Patient, Patients
from simulator.world.placing import Placing, Search
from simulator.world.scene import Scene, own_booking
from simulator.world.waiting import Waiting
from simulator.world.words import words_of_reservation

BOOKED_AHEAD_DAYS = tuple(range(1, 11))
NO_SHOW_AFTER = 2 * HOUR
IN_THEATRE = 5 * HOUR
MEETING_HOUR, MEETING_LOOKS_AHEAD = 6.5, 8 * HOUR
"""The bed meeting, at which the beds of the day's planned admissions are looked at."""


class Planned:
    def __init__(
        self,
        scene: Scene,
        people: Patients,
        placing: Placing,
        arrivals: Arrivals,
        admissions: Admissions,
        waiting: Waiting,
    ) -> None:
        self._scene = scene
        self._people = people
        self._placing = placing
        self._arrivals = arrivals
        self._admissions = admissions
        self._waiting = waiting

    def start(self, at: datetime) -> None:
        for ward in self._scene.plan.wards:
            self._plan_elective(ward, at)
        self._scene.agenda.plan(self._scene.chance.next_at(MEETING_HOUR, at), self._meet)

    def fill(self, at: datetime) -> None:
        """With what was booked in the days before, and lies ahead."""
        last = BOOKED_AHEAD_DAYS[-1]
        for ward in self._scene.plan.wards:
            booked_at = at - last * DAY
            while (booked_at := self._next_booking(ward, booked_at)) < at:
                ahead = self._scene.chance.one_of(BOOKED_AHEAD_DAYS)
                if booked_at + ahead * DAY > at + DAY:
                    left = ahead - (at - booked_at) // DAY
                    self._book(ward, at, left, texts.RESERVED_AT_START)

    def _plan_elective(self, ward: Ward, at: datetime) -> None:
        when = self._next_booking(ward, at)
        self._scene.agenda.plan(when, partial(self._elective, ward))

    def _next_booking(self, ward: Ward, at: datetime) -> datetime:
        a = self._scene.assumptions
        come_share = 1 - a.reservation_cancelled_share - a.reservation_no_show_share
        per_day = self._arrivals.cases_per_day(ward) * (1 - ward.emergency_share) / come_share
        per_day *= self._scene.room_for_more(ward, self._scene.assumptions.lists_filled_by)
        return self._scene.chance.next_elective(per_day, at)

    def _elective(self, ward: Ward, at: datetime) -> None:
        self._plan_elective(ward, at)
        self._book(ward, at, self._scene.chance.one_of(BOOKED_AHEAD_DAYS))

    def _book(self, ward: Ward, at: datetime, ahead: int, words: tuple[str, ...] = ()) -> None:
        is_infected = self._scene.chance.happens(self._scene.assumptions.isolation_share / 2)
        isolation = self._scene.infection(ward) if is_infected else None
        last = BOOKED_AHEAD_DAYS[-1]
        starts_at = self._comes_at(ward, at, ahead)
        kind = AdmissionType.ELECTIVE
        patient = self._people.arrive(ward, starts_at, kind, isolation=isolation)
        for later in range(last + 7 - ahead):
            if later:
                starts_at = self._comes_at(ward, at, ahead + later)
                patient = self._people.put_off(patient, starts_at)
            if self._reserve(patient, at, starts_at, words):
                return
        comes_at = self._comes_at(ward, at, last)
        patient = self._people.put_off(patient, comes_at)
        self._scene.agenda.plan(comes_at, partial(self._waiting.join, patient))

    def _comes_at(self, ward: Ward, at: datetime, days_ahead: int) -> datetime:
        """In the morning, to intensive care from theatre."""
        morning = self._scene.chance.admission_morning(at, days_ahead)
        return morning + IN_THEATRE if self._people.is_intensive(ward) else morning

    def _reserve(
        self, patient: Patient, at: datetime, starts_at: datetime, words: tuple[str, ...]
    ) -> bool:
        search = Search(
            patient_ref=patient.patient_ref,
            needs=patient.needs,
            ward_id=patient.ward.ward_id,
            starts_at=starts_at,
            ends_at=patient.expected_at,
        )
        beds = self._scene.beds_of(patient.ward)
        open_beds = [bed for bed in beds if bed.status is not BedStatus.CLOSED]
        place = self._placing.best(search, open_beds, at)
        if place is None or place.until < patient.expected_at:
            return False
        words = words or words_of_reservation(patient.needs, patient.ward)
        note = self._scene.chance.text(words)
        command = c.BookBed(
            bed_id=place.bed.bed_id,
            patient_ref=patient.patient_ref,
            starts_at=starts_at,
            ends_at=patient.expected_at,
            needs=patient.needs,
        )
        for row in self._scene.agenda.do(command, at, note):
            self._plan_reservation(row["booking_id"], patient, at, starts_at)
        return True

    def _plan_reservation(
        self, booking_id: str, patient: Patient, at: datetime, starts_at: datetime
    ) -> None:
        a, chance = self._scene.assumptions, self._scene.chance.share()
        if chance < a.reservation_cancelled_share:
            when = self._scene.chance.by_work(self._scene.chance.within(at, starts_at), 7)
            self._scene.agenda.plan(when, partial(self._cancel, booking_id))
        elif chance < a.reservation_cancelled_share + a.reservation_no_show_share:
            self._scene.agenda.plan(starts_at + NO_SHOW_AFTER, partial(self._expire, booking_id))
        else:
            comes_at = starts_at + self._scene.chance.hours(-0.25, 1)
            patient = replace(patient, waiting_since=comes_at)
            self._admissions.expect(booking_id, patient, comes_at)

    def _cancel(self, booking_id: str, at: datetime) -> None:
        if booking := own_booking(self._scene.hospital(), booking_id):
            text = self._scene.chance.text(texts.CANCELLATION)
            command = c.CancelBooking(booking_id=booking_id)
            self._scene.agenda.do(command, at, text, "planned_change")
            self._scene.bell.ring(self._scene.ward_of(booking.bed_id).ward_id, at)

    def _expire(self, booking_id: str, at: datetime) -> None:
        if booking := own_booking(self._scene.hospital(), booking_id):
            text = self._scene.chance.text(texts.NO_SHOW)
            self._scene.agenda.do(c.ExpireBooking(booking_id=booking_id), at, text, "no_show")
            self._scene.bell.ring(self._scene.ward_of(booking.bed_id).ward_id, at)

    def _meet(self, at: datetime) -> None:
        """Who was given a bed for the night that is booked for this morning keeps it; the planned
        admission gets another one, if there is one."""
        self._scene.agenda.plan(self._scene.chance.next_at(MEETING_HOUR, at), self._meet)
        for booking in [*self._scene.hospital().bookings.values()]:
            if self._is_planned_today(booking, at) and self._is_taken(booking):
                self._admissions.rebed(booking, at)

    def _is_planned_today(self, booking: Booking, at: datetime) -> bool:
        is_own = booking.source == Source.SIMULATOR
        is_soon = at <= booking.starts_at <= at + MEETING_LOOKS_AHEAD
        return is_own and booking.state is BookingState.RESERVED and is_soon

    def _is_taken(self, booking: Booking) -> bool:
        """By somebody who is not known to leave before."""
        stay = self._scene.hospital().current_booking(booking.bed_id)
        return stay is not None and (stay.ends_at is None or stay.ends_at >= booking.starts_at)
