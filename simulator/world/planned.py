"""Planned admissions of the simulated hospital: reserved ahead, cancelled, kept or not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from lake.vocabulary import AdmissionType, BedStatus, BookingState, RoomClass, Source
from simulator.domain import commands as c
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking
from simulator.plan import Ward
from simulator.world import texts
from simulator.world.admissions import Admissions
from simulator.world.arrivals import Arrivals
from simulator.world.chance import DAY, HOUR
from simulator.world.patients import Patient, Patients
from simulator.world.placing import Place, Placing, Search
from simulator.world.scene import Scene, own_booking
from simulator.world.stays import Stays
from simulator.world.waiting import Waiting
from simulator.world.words import REHABILITATION, is_planned, words_of_reservation

BOOKED_AHEAD_DAYS = tuple(range(1, 11))
NO_SHOW_AFTER = 2 * HOUR
NOON, AFTERNOON = (11.5, 15.0), (12.0, 17.0)
ON_THE_DAY_LOOKS_AHEAD = 11 * HOUR
DAY_BEFORE_LOOKS_AHEAD = 30 * HOUR
"""Of the bed meetings."""
LOUNGE_CLOSES = 20.75
"""Of admissions."""
LATER_BY = (0 * HOUR, 2 * HOUR, 4 * HOUR, 6 * HOUR)
LAST_ADMISSION = 18
"""The hour by which who is planned has a bed."""
POSTPONED_DAYS = 14
NO_BED = "no_bed"
NOBODY: frozenset[str] = frozenset()

Meeting = Callable[[datetime], None]


class Planned:
    def __init__(
        self,
        scene: Scene,
        people: Patients,
        placing: Placing,
        arrivals: Arrivals,
        admissions: Admissions,
        waiting: Waiting,
        stays: Stays,
    ) -> None:
        self._scene = scene
        self._people = people
        self._placing = placing
        self._arrivals = arrivals
        self._admissions = admissions
        self._waiting = waiting
        self._stays = stays

    def start(self, at: datetime) -> None:
        for ward in self._scene.plan.wards:
            self._plan_elective(ward, at)
        self._plan_meeting(6.5, self._meet_in_the_morning, at)
        self._plan_meeting(11.5, self._meet_at_noon, at)
        self._plan_meeting(15.5, self._meet_in_the_afternoon, at)
        self._plan_meeting(19.5, self._meet_in_the_evening, at)
        self._plan_meeting(LOUNGE_CLOSES, self._send_home, at)

    def _plan_meeting(self, hour: float, meeting: Meeting, at: datetime) -> None:
        def meet(now: datetime) -> None:
            self._plan_meeting(hour, meeting, now)
            meeting(now)

        self._scene.agenda.plan(self._scene.chance.next_at(hour, at), meet)

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
        """Once theatre or clinic are over, into a bed that is left on that day; to rehabilitation
        some hours sooner."""
        is_slow = ward.specialty == REHABILITATION
        return self._scene.chance.admission(at, days_ahead, NOON if is_slow else AFTERNOON)

    def _bed_for(
        self, patient: Patient, at: datetime, starts_at: datetime, besides: frozenset[str] = NOBODY
    ) -> Place | None:
        """Of the ward, for the whole stay."""
        search = Search(
            patient_ref=patient.patient_ref,
            needs=patient.needs,
            ward_id=patient.ward.ward_id,
            starts_at=starts_at,
            ends_at=patient.expected_at,
            besides=besides,
            least=patient.expected_at - starts_at,
        )
        beds = self._scene.beds_of(patient.ward)
        open_beds = [bed for bed in beds if bed.status is not BedStatus.CLOSED]
        return self._placing.best(search, open_beds, at)

    def _reserve(
        self, patient: Patient, at: datetime, starts_at: datetime, words: tuple[str, ...]
    ) -> bool:
        place = self._bed_for(patient, at, starts_at)
        if place is None:
            return False
        words = words or words_of_reservation(patient.needs, patient.ward)
        return self._keep(place, patient, at, starts_at, words)

    def _keep(
        self,
        place: Place,
        patient: Patient,
        at: datetime,
        starts_at: datetime,
        words: tuple[str, ...],
    ) -> bool:
        command = c.BookBed(
            bed_id=place.bed.bed_id,
            patient_ref=patient.patient_ref,
            starts_at=starts_at,
            ends_at=patient.expected_at,
            needs=patient.needs,
        )
        for row in self._scene.agenda.do(command, at, self._scene.chance.text(words)):
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
        booking = own_booking(self._scene.hospital(), booking_id)
        if booking and at < booking.starts_at + NO_SHOW_AFTER:
            again = partial(self._expire, booking_id)
            self._scene.agenda.plan(booking.starts_at + NO_SHOW_AFTER, again)
        elif booking:
            text = self._scene.chance.text(texts.NO_SHOW)
            self._scene.agenda.do(c.ExpireBooking(booking_id=booking_id), at, text, "no_show")
            self._scene.bell.ring(self._scene.ward_of(booking.bed_id).ward_id, at)

    def _meet_in_the_afternoon(self, at: datetime) -> None:
        """Who has a bed keeps it; the planned admission of the next day gets another one that will
        be free by then. If more are planned than beds will be, somebody is put off."""
        for booking in self._in_doubt(at, DAY_BEFORE_LOOKS_AHEAD):
            ward = self._scene.ward_of(booking.bed_id)
            if not self._rebed(booking, at) and self._beds_short(ward, booking.starts_at) > 0:
                self._postpone(booking, at)

    def _meet_in_the_evening(self, at: datetime) -> None:
        """Who has no bed to come to the next day is put off while still at home."""
        for booking in self._in_doubt(at, DAY_BEFORE_LOOKS_AHEAD):
            if not self._rebed(booking, at):
                self._postpone(booking, at)

    def _meet_in_the_morning(self, at: datetime) -> None:
        """What the night has left goes to the planned admissions."""
        for booking in self._in_doubt(at, ON_THE_DAY_LOOKS_AHEAD):
            self._rebed(booking, at)

    def _meet_at_noon(self, at: datetime) -> None:
        """Who has no bed to come to is put off before theatre."""
        for booking in self._in_doubt(at, ON_THE_DAY_LOOKS_AHEAD):
            if not self._rebed(booking, at):
                self._postpone(booking, at)

    def _rebed(self, booking: Booking, at: datetime) -> bool:
        """A bed that is left and clean by then, or later on the same day: the patient is told."""
        ward = self._scene.ward_of(booking.bed_id)
        last_at = self._scene.chance.next_at(LAST_ADMISSION, booking.starts_at)
        for later in LATER_BY:
            starts_at = booking.starts_at + later
            beds = self._left_by(ward, starts_at - HOUR) if starts_at <= last_at else []
            if beds and self._admissions.rebed(booking, at, beds, starts_at):
                return True
        return False

    def _left_by(self, ward: Ward, at: datetime) -> list[Bed]:
        return [
            bed
            for bed in self._scene.beds_of(ward)
            if bed.status is not BedStatus.CLOSED and self._is_left_by(bed, at)
        ]

    def _beds_short(self, ward: Ward, on: datetime) -> int:
        """How many more planned admissions the ward has on that day than beds are left on it."""
        closes = self._scene.chance.next_at(LAST_ADMISSION, on)
        left = [bed for bed in self._left_by(ward, closes) if bed.room_class != RoomClass.ISOLATION]
        planned = [
            booking
            for booking in self._scene.hospital().bookings.values()
            if booking.state is BookingState.RESERVED and closes - DAY < booking.starts_at <= closes
            if self._scene.ward_of(booking.bed_id) == ward
        ]
        return len(planned) - len(left)

    def _in_doubt(self, at: datetime, ahead: timedelta) -> list[Booking]:
        """Planned admissions whose bed somebody has who is not known to leave before."""
        bookings = self._scene.hospital().bookings.values()
        return [
            booking
            for booking in bookings
            if booking.source == Source.SIMULATOR and booking.state is BookingState.RESERVED
            if is_planned(booking.needs) and booking.bed_request_id is None
            if at <= booking.starts_at <= at + ahead
            if not self._is_left_by(self._scene.hospital().beds[booking.bed_id], booking.starts_at)
        ]

    def _is_left_by(self, bed: Bed, at: datetime) -> bool:
        stay = self._scene.hospital().current_booking(bed.bed_id)
        return stay is None or self._stays.leaves_by(stay, at)

    def _postpone(self, booking: Booking, at: datetime) -> None:
        """The patient is rung, or in the admission lounge is told."""
        besides = frozenset({booking.booking_id})
        found = self._another_day(self._people.known_from(booking, at), at, besides)
        if found is None:
            return
        patient, starts_at, place = found
        command = c.ChangeReservation(
            booking_id=booking.booking_id,
            bed_id=place.bed.bed_id,
            starts_at=starts_at,
            ends_at=patient.expected_at,
        )
        text = self._scene.chance.text(texts.POSTPONED)
        if self._scene.agenda.do(command, at, text, NO_BED):
            self._plan_reservation(booking.booking_id, patient, at, starts_at)
            self._scene.bell.ring(patient.ward.ward_id, at)

    def _send_home(self, at: datetime) -> None:
        """Who is still without a bed in the evening does not spend the night in the lounge."""
        for request, patient in self._waiting.planned_in_lounge():
            found = self._another_day(patient, at)
            if found is None:
                continue
            text = self._scene.chance.text(texts.SENT_HOME)
            command = c.WithdrawRequest(bed_request_id=request.bed_request_id)
            if self._scene.agenda.do(command, at, text, NO_BED):
                later, starts_at, place = found
                self._keep(place, later, at, starts_at, texts.RESERVED_ANEW)

    def _another_day(
        self, patient: Patient, at: datetime, besides: frozenset[str] = NOBODY
    ) -> tuple[Patient, datetime, Place] | None:
        """The first on which the ward has a bed for the whole stay."""
        for ahead in range(2, POSTPONED_DAYS):
            starts_at = self._comes_at(patient.ward, at, ahead)
            patient = self._people.put_off(patient, starts_at)
            if place := self._bed_for(patient, at, starts_at, besides):
                return patient, starts_at, place
        return None
