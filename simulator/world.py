"""The simulated hospital: patients come, stay, move and leave; beds are cleaned, closed, opened.

It acts through the same commands and rules as people do, and touches only what it made itself;
but it cleans any bed that no person is cleaning. Seeded: the same seed, hospital and period give
the same events. Rates come from published figures (docs/simulated_hospital.md); what has none
stands in hospital.toml under [assumptions].
"""

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import partial
from itertools import count
from random import Random
from typing import Protocol
from zoneinfo import ZoneInfo

from lake.vocabulary import BedStatus, BookingState, Disposition, Source
from simulator import messages
from simulator.domain import commands as c
from simulator.domain import rules
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking, Needs
from simulator.domain.errors import NotThere, Refusal
from simulator.domain.hospital import Hospital
from simulator.engine import Row
from simulator.layout import HospitalPlan, Ward

# Emergency admissions by hour of day, percent (UCLH-derived).
ARRIVALS_BY_HOUR = (
    *(1.7, 1.7, 1.6, 1.2, 1.8, 1.0, 1.5, 2.7, 3.5, 5.4, 6.3, 6.7),
    *(7.2, 7.5, 7.4, 6.4, 6.2, 6.0, 5.8, 5.6, 5.3, 3.2, 2.3, 2.0),
)
# A weekday's admissions against a weekend day's, 120 to 91 (Sun 2018), scaled to a mean of 1.
WEEKDAY_FACTOR, WEEKEND_FACTOR = 120 * 7 / 782, 91 * 7 / 782
# Emergency decision to bed: median 79 minutes, quartiles 36 and 145 (Pitts 2014).
BOARDING_MEDIAN_MINUTES, BOARDING_SIGMA = 79.0, 1.03
# Discharges: 13 % before noon, 42 % before 15:00 (202 hospitals); a normal curve through both.
DISCHARGE_HOUR_MEAN, DISCHARGE_HOUR_SD = 15.65, 3.23
LAST_DISCHARGE_HOUR = 21.5

SWEEP_MINUTES = 30
SEEK_MINUTES = 25
LATE_ADMISSION_HOURS = 1.5
BOOKED_AHEAD_DAYS = tuple(range(1, 11))
NO_SHOW_AFTER = timedelta(hours=2)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SHORTEST_GAP = timedelta(hours=24)


class Execute(Protocol):
    """Carries out a command of the simulated hospital at a hospital instant."""

    def __call__(
        self,
        command: c.Command,
        at: datetime,
        note: str | None = None,
        reason_code: str | None = None,
    ) -> list[Row]: ...


Action = Callable[[datetime], None]


@dataclass(frozen=True)
class Patient:
    patient_ref: str
    ward: Ward
    stay: timedelta
    needs: Needs
    waiting_since: datetime


class World:
    """`hospital` gives the present state; `execute` carries out a command or raises Refusal."""

    def __init__(
        self,
        plan: HospitalPlan,
        seed: int | str,
        hospital: Callable[[], Hospital],
        execute: Execute,
    ) -> None:
        self._plan = plan
        self._wards = {ward.ward_id: ward for ward in plan.wards}
        self._sizes = {ward.ward_id: sum(1 for _ in ward.beds()) for ward in plan.wards}
        self._zone = ZoneInfo(plan.time_zone)
        self._random = Random(seed)
        self._hospital = hospital
        self._execute = execute
        self._agenda: list[tuple[datetime, int, Action]] = []
        self._order = count()
        self._cleaning_planned: set[str] = set()
        self._cleaning: set[str] = set()
        self._closed: set[str] = set()

    # What the outside calls

    def open_doors(self, at: datetime) -> None:
        """Fill an empty hospital to its usual occupancy, then let time run."""
        for ward in self._plan.wards:
            for bed in self._beds_of(ward):
                if self._random.random() * 100 < ward.occupancy_percent:
                    self._place_at_start(ward, bed, at)
        self._start_processes(at)

    def resume(self, at: datetime) -> None:
        """Take up what an earlier run of the simulated hospital left behind."""
        for booking in list(self._hospital().bookings.values()):
            if booking.source == Source.SIMULATOR:
                self._take_up(booking, at)
        for bed in list(self._hospital().registered_beds):
            if bed.status is BedStatus.CLOSED and bed.last_source == Source.SIMULATOR:
                self._closed.add(bed.bed_id)
                self._plan_action(self._after_hours(at, 8), partial(self._open, bed.bed_id))
            if bed.status is BedStatus.CLEANING and bed.last_source == Source.SIMULATOR:
                self._plan_finish(bed.bed_id, at)
        self._start_processes(at)

    @property
    def next_at(self) -> datetime:
        """When the next thing happens, hospital time."""
        return self._agenda[0][0]

    def advance(self, until: datetime) -> None:
        """Let everything happen that is due by then."""
        while self.next_at <= until:
            at, _, action = heapq.heappop(self._agenda)
            action(at)

    # Agenda and chance

    def _plan_action(self, at: datetime, action: Action) -> None:
        heapq.heappush(self._agenda, (at, next(self._order), action))

    def _try(
        self, command: c.Command, at: datetime, note: str | None = None, reason: str | None = None
    ) -> list[Row]:
        """The rows, or none where a rule or a person has come in between."""
        try:
            return self._execute(command, at, note, reason)
        except (Refusal, NotThere):
            return []

    def _after_hours(self, at: datetime, mean: float) -> datetime:
        return at + HOUR * self._random.expovariate(1 / mean)

    def _normal_minutes(self, mean_sd: tuple[float, float], factor: float = 1.0) -> timedelta:
        return MINUTE * max(3.0, self._random.gauss(*mean_sd) * factor)

    def _happens(self, share: float) -> bool:
        return self._random.random() < share

    def _pick(self, texts: tuple[str, ...], **words: str) -> str:
        return self._random.choice(texts).format(**words)

    # Arrivals

    def _start_processes(self, at: datetime) -> None:
        for ward in self._plan.wards:
            self._plan_action(self._next_emergency(ward, at), partial(self._emergency, ward))
            self._plan_action(self._next_elective(ward, at), partial(self._elective, ward))
        self._plan_action(at + SWEEP_MINUTES * MINUTE, self._sweep)
        self._plan_action(self._next_closure(at), self._closure)

    def _cases_per_day(self, ward: Ward) -> float:
        """Little's law: arrivals x length of stay = beds in use; a clean takes a bit of a bed."""
        a = self._plan.assumptions
        turnover_days = (a.response_minutes[0] + a.clean_minutes[0]) / 1440
        in_use = self._sizes[ward.ward_id] * ward.occupancy_percent / 100
        return in_use / (ward.stay_days[0] + turnover_days)

    def _next_emergency(self, ward: Ward, at: datetime) -> datetime:
        """The next arrival of a Poisson process with the published profile, by thinning."""
        per_day = self._cases_per_day(ward) * ward.emergency_share
        peak = max(ARRIVALS_BY_HOUR) * WEEKDAY_FACTOR
        while True:
            at = self._after_hours(at, 100 / (per_day * peak))
            local = at.astimezone(self._zone)
            factor = WEEKEND_FACTOR if local.weekday() >= 5 else WEEKDAY_FACTOR
            if self._happens(ARRIVALS_BY_HOUR[local.hour] * factor / peak):
                return at

    def _next_elective(self, ward: Ward, at: datetime) -> datetime:
        """Bookings of planned admissions are made on weekdays from 8 to 17."""
        per_day = self._cases_per_day(ward) * (1 - ward.emergency_share) * 7 / 5
        while True:
            at = self._after_hours(at, 9 / max(per_day, 1e-6))
            local = at.astimezone(self._zone)
            if local.weekday() < 5 and 8 <= local.hour < 17:
                return at
            at = self._next_office_hour(local).astimezone(at.tzinfo)

    def _next_office_hour(self, local: datetime) -> datetime:
        day = local.date() if local.hour < 8 else local.date() + DAY
        while day.weekday() >= 5:
            day += DAY
        return datetime.combine(day, time(8), self._zone)

    def _patient(self, ward: Ward, at: datetime, stay: timedelta) -> Patient:
        sex = self._random.choice(("female", "male"))
        isolation = self._happens(self._plan.assumptions.isolation_share) or None
        emergency = self._random.choice((1, 2, 2, 3, 3))
        return Patient(
            patient_ref=f"M{self._random.randrange(10**9):09d}",
            ward=ward,
            stay=stay,
            needs=Needs(sex=sex, isolation=isolation, priority=emergency),
            waiting_since=at,
        )

    def _stay(self, ward: Ward) -> timedelta:
        return DAY * max(0.1, self._lognormal(*ward.stay_days))

    def _lognormal(self, mean: float, sd: float) -> float:
        sigma2 = math.log(1 + (sd / mean) ** 2)
        return self._random.lognormvariate(math.log(mean) - sigma2 / 2, math.sqrt(sigma2))

    def _emergency(self, ward: Ward, at: datetime) -> None:
        self._plan_action(self._next_emergency(ward, at), partial(self._emergency, ward))
        minutes = self._random.lognormvariate(math.log(BOARDING_MEDIAN_MINUTES), BOARDING_SIGMA)
        decided = at + MINUTE * min(minutes, 600)
        patient = self._patient(ward, decided, self._stay(ward))
        self._plan_action(decided, partial(self._seek_bed, patient))

    def _seek_bed(self, patient: Patient, at: datetime) -> None:
        """A bed of the ward, or later, or after a long wait a bed elsewhere, or none."""
        waited = at - patient.waiting_since
        limit = HOUR * self._plan.assumptions.wait_hours_before_diversion
        leaves_at = self._discharge_at(at, patient.stay)
        expected_at = self._expected(at, leaves_at)
        bed = self._bed_before_reservations(self._beds_of(patient.ward), at, expected_at)
        if bed is None and waited >= limit:
            bed = self._bed_before_reservations(self._beds_for_outliers(), at, expected_at)
        if bed:
            note = self._pick(messages.ADMISSION, specialty=patient.ward.name.lower())
            self._admit_now(patient, bed, at, leaves_at, expected_at, note)
        elif waited < limit:
            self._plan_action(at + SEEK_MINUTES * MINUTE, partial(self._seek_bed, patient))

    def _beds_of(self, ward: Ward) -> list[Bed]:
        return [b for b in self._hospital().registered_beds if b.ward_id == ward.ward_id]

    def _beds_for_outliers(self) -> list[Bed]:
        return [
            bed for ward in self._plan.wards if ward.takes_outliers for bed in self._beds_of(ward)
        ]

    def _bed_before_reservations(
        self, beds: list[Bed], at: datetime, until: datetime
    ) -> Bed | None:
        """A bed free for the whole stay, else one whose first reservation is far enough away."""
        bed = self._free_bed(beds, at, until)
        return bed or self._free_bed(beds, at, min(until, at + SHORTEST_GAP))

    def _free_bed(self, beds: list[Bed], at: datetime, until: datetime) -> Bed | None:
        free = [
            bed
            for bed in beds
            if bed.status is BedStatus.AVAILABLE and self._is_free(bed, at, until)
        ]
        return self._random.choice(free) if free else None

    def _is_free(self, bed: Bed, starts_at: datetime, ends_at: datetime) -> bool:
        try:
            rules.free_for(self._hospital(), bed, starts_at, ends_at, starts_at)
        except Refusal:
            return False
        return True

    def _admit_now(
        self,
        patient: Patient,
        bed: Bed,
        at: datetime,
        leaves_at: datetime,
        expected_at: datetime,
        note: str,
    ) -> None:
        following = self._hospital().next_booking(bed.bed_id)
        command = c.BookBed(
            bed.bed_id,
            patient.patient_ref,
            ends_at=min(expected_at, following.starts_at) if following else expected_at,
            admit=True,
            needs=patient.needs,
        )
        for row in self._try(command, at, note):
            self._plan_stay(row["booking_id"], at, leaves_at)

    def _expected(self, at: datetime, leaves_at: datetime) -> datetime:
        """What the ward expects: the day of discharge known, the hour not quite."""
        guess = leaves_at + HOUR * self._random.gauss(1, 3)
        return max(guess, at + HOUR).replace(minute=0, second=0, microsecond=0) + HOUR

    def _place_at_start(self, ward: Ward, bed: Bed, at: datetime) -> None:
        """Somebody met in bed has a longer stay than one who comes: sampled by length."""
        mean, sd = ward.stay_days
        biased_mean = mean * (1 + (sd / mean) ** 2)
        rest = DAY * self._lognormal(biased_mean, sd * biased_mean / mean) * self._random.random()
        patient = self._patient(ward, at, rest)
        leaves_at = self._discharge_at(at, rest)
        expected_at = self._expected(at, leaves_at)
        self._admit_now(patient, bed, at, leaves_at, expected_at, messages.IN_BED_AT_START)

    # Planned admissions

    def _elective(self, ward: Ward, at: datetime) -> None:
        self._plan_action(self._next_elective(ward, at), partial(self._elective, ward))
        patient = self._patient(ward, at, self._stay(ward))
        for ahead in range(self._random.choice(BOOKED_AHEAD_DAYS), BOOKED_AHEAD_DAYS[-1] + 7):
            if self._reserve(patient, at, self._admission_morning(at, ahead)):
                return
        comes_at = self._admission_morning(at, BOOKED_AHEAD_DAYS[-1])
        unbooked = replace(patient, waiting_since=comes_at)
        self._plan_action(comes_at, partial(self._seek_bed, unbooked))

    def _reserve(self, patient: Patient, at: datetime, starts_at: datetime) -> bool:
        leaves_at = self._discharge_at(starts_at, patient.stay)
        ends_at = self._expected(starts_at, leaves_at)
        beds = self._beds_of(patient.ward)
        fit = [bed for bed in beds if self._can_reserve(bed, starts_at, ends_at)]
        if not fit:
            return False
        bed_id = self._random.choice(fit).bed_id
        command = c.BookBed(bed_id, patient.patient_ref, starts_at, ends_at, needs=patient.needs)
        for row in self._try(command, at, self._pick(messages.RESERVATION)):
            self._plan_reservation(row["booking_id"], patient, at, starts_at, leaves_at)
        return True

    def _can_reserve(self, bed: Bed, starts_at: datetime, ends_at: datetime) -> bool:
        return bed.status is not BedStatus.CLOSED and self._is_free(bed, starts_at, ends_at)

    def _admission_morning(self, at: datetime, days_ahead: int) -> datetime:
        local = at.astimezone(self._zone)
        day = local.date() + DAY * days_ahead
        while day.weekday() >= 5:
            day += DAY
        minutes = self._random.randrange(7 * 60 + 30, 11 * 60, 15)
        start = datetime.combine(day, time(minutes // 60, minutes % 60), self._zone)
        return start.astimezone(at.tzinfo)

    def _plan_reservation(
        self, booking_id: str, patient: Patient, at: datetime, starts_at: datetime, leaves: datetime
    ) -> None:
        a = self._plan.assumptions
        chance = self._random.random()
        if chance < a.reservation_cancelled_share:
            when = at + (starts_at - at) * self._random.random()
            self._plan_action(when, partial(self._cancel, booking_id))
        elif chance < a.reservation_cancelled_share + a.reservation_no_show_share:
            self._plan_action(starts_at + NO_SHOW_AFTER, partial(self._expire, booking_id))
        else:
            come = starts_at + MINUTE * self._random.uniform(-15, 60)
            self._plan_action(come, partial(self._come_in, booking_id, patient, leaves))

    def _cancel(self, booking_id: str, at: datetime) -> None:
        if self._is_own(booking_id):
            text = self._pick(messages.CANCELLATION)
            self._try(c.CancelBooking(booking_id), at, text, "planned_change")

    def _is_own(self, booking_id: str) -> bool:
        booking = self._hospital().bookings.get(booking_id)
        return booking is not None and booking.source == Source.SIMULATOR

    def _expire(self, booking_id: str, at: datetime) -> None:
        if self._is_own(booking_id):
            self._try(c.ExpireBooking(booking_id), at, self._pick(messages.NO_SHOW), "no_show")

    def _come_in(
        self, booking_id: str, patient: Patient, leaves_at: datetime, at: datetime
    ) -> None:
        """Into the reserved bed; while it is not free, wait; in the end any bed of the ward."""
        booking = self._hospital().bookings.get(booking_id)
        if booking is None:  # expired or cancelled: the patient comes all the same
            self._seek_bed(replace(patient, waiting_since=at), at)
            return
        if booking.state is not BookingState.RESERVED or booking.source != Source.SIMULATOR:
            return
        note = self._pick(messages.ELECTIVE_ADMISSION)
        if self._try(c.AdmitPatient(booking_id), at, note):
            self._plan_stay(booking_id, at, leaves_at)
        elif at < booking.starts_at + LATE_ADMISSION_HOURS * HOUR:
            again = partial(self._come_in, booking_id, patient, leaves_at)
            self._plan_action(at + SEEK_MINUTES * MINUTE, again)
        else:
            self._cancel(booking_id, at)
            self._seek_bed(patient, at)

    # Stays

    def _discharge_at(self, admitted_at: datetime, stay: timedelta) -> datetime:
        """The day follows the length of stay, the hour the published profile of discharges."""
        raw = admitted_at + stay
        local = raw.astimezone(self._zone)
        day = local.date()
        factor = self._plan.assumptions.weekend_discharge_factor
        while day.weekday() >= 5 and not self._happens(factor):
            day += DAY
        hour = min(
            max(self._random.gauss(DISCHARGE_HOUR_MEAN, DISCHARGE_HOUR_SD), 7), LAST_DISCHARGE_HOUR
        )
        at = datetime.combine(day, time(0), self._zone).astimezone(raw.tzinfo) + HOUR * hour
        return at if at > admitted_at + 2 * HOUR else raw

    def _plan_stay(self, booking_id: str, at: datetime, leaves_at: datetime) -> None:
        self._plan_action(leaves_at, partial(self._leave, booking_id))
        self._plan_review(booking_id, at, leaves_at)
        self._plan_note(booking_id, at, leaves_at)
        if self._happens(self._plan.assumptions.transfer_share):
            when = at + (leaves_at - at) * self._random.random()
            self._plan_action(when, partial(self._move, booking_id, leaves_at))

    def _plan_review(self, booking_id: str, at: datetime, leaves_at: datetime) -> None:
        """When the expected discharge has passed and the patient is still there, expect anew."""
        stay = self._own_stay(booking_id)
        if stay and stay.ends_at and stay.ends_at < leaves_at:
            when = max(stay.ends_at, at) + HOUR * self._random.uniform(1, 8)
            self._plan_action(when, partial(self._review, booking_id, leaves_at))

    def _review(self, booking_id: str, leaves_at: datetime, at: datetime) -> None:
        if self._own_stay(booking_id) and at < leaves_at:
            expected_at = self._expected(at, leaves_at)
            self._try(c.ExpectDischarge(booking_id, expected_at), at, self._pick(messages.REVIEW))
            self._plan_review(booking_id, at, leaves_at)

    def _plan_note(self, booking_id: str, at: datetime, leaves_at: datetime) -> None:
        when = self._after_hours(at, 24 / self._plan.assumptions.note_per_stay_day)
        if when < leaves_at:
            self._plan_action(when, partial(self._write_note, booking_id, leaves_at))

    def _write_note(self, booking_id: str, leaves_at: datetime, at: datetime) -> None:
        stay = self._own_stay(booking_id)
        if stay:
            self._try(c.AddNote(stay.bed_id), at, self._pick(messages.CARE))
            self._plan_note(booking_id, at, leaves_at)

    def _own_stay(self, booking_id: str) -> Booking | None:
        booking = self._hospital().bookings.get(booking_id)
        is_own = (
            booking and booking.state is BookingState.ACTIVE and booking.source == Source.SIMULATOR
        )
        return booking if is_own else None

    def _move(self, booking_id: str, leaves_at: datetime, at: datetime) -> None:
        stay = self._own_stay(booking_id)
        if stay is None:
            return
        ward = self._wards.get(self._hospital().bed(stay.bed_id).ward_id)
        bed = self._free_bed(self._beds_of(ward), at, stay.ends_at or leaves_at) if ward else None
        if bed:
            command = c.TransferPatient(booking_id, bed.bed_id)
            rows = self._try(command, at, self._pick(messages.TRANSFER))
            for row in rows[1:]:
                self._plan_clean(stay.bed_id, at)
                self._plan_action(leaves_at, partial(self._leave, row["booking_id"]))
                self._plan_review(row["booking_id"], at, leaves_at)
                self._plan_note(row["booking_id"], at, leaves_at)

    def _leave(self, booking_id: str, at: datetime) -> None:
        stay = self._own_stay(booking_id)
        if stay is None:
            return
        a = self._plan.assumptions
        chance = self._random.random()
        texts: tuple[str, ...]
        if chance < a.death_share:
            disposition, texts = Disposition.DIED, messages.DEATH
        elif chance < a.death_share + a.other_hospital_share:
            disposition, texts = Disposition.OTHER_HOSPITAL, messages.OTHER_HOSPITAL
        else:
            disposition, texts = Disposition.HOME, messages.DISCHARGE
        if self._try(c.DischargePatient(booking_id, disposition.value), at, self._pick(texts)):
            self._plan_clean(stay.bed_id, at)

    # Cleaning

    def _plan_clean(self, bed_id: str, at: datetime) -> None:
        self._cleaning_planned.add(bed_id)
        response = self._normal_minutes(self._plan.assumptions.response_minutes)
        self._plan_action(at + response, partial(self._start_cleaning, bed_id))

    def _start_cleaning(self, bed_id: str, at: datetime) -> None:
        self._cleaning_planned.discard(bed_id)
        isolation = self._hospital().bed(bed_id).status is BedStatus.CONTAMINATED
        note = self._pick(messages.CLEANING_STARTED)
        if self._try(c.StartCleaning(bed_id), at, note):
            self._plan_finish(bed_id, at, isolation)

    def _plan_finish(self, bed_id: str, at: datetime, isolation: bool = False) -> None:
        self._cleaning.add(bed_id)
        a = self._plan.assumptions
        factor = a.isolation_clean_factor if isolation else 1.0
        takes = self._normal_minutes(a.clean_minutes, factor)
        self._plan_action(at + takes, partial(self._finish_cleaning, bed_id, isolation))

    def _finish_cleaning(self, bed_id: str, isolation: bool, at: datetime) -> None:
        texts = messages.TERMINAL_CLEANING_FINISHED if isolation else messages.CLEANING_FINISHED
        if bed_id in self._cleaning:
            self._cleaning.discard(bed_id)
            self._try(c.FinishCleaning(bed_id), at, self._pick(texts))

    def _sweep(self, at: datetime) -> None:
        """Find the beds that somebody else left dirty."""
        self._plan_action(at + SWEEP_MINUTES * MINUTE, self._sweep)
        for bed in list(self._hospital().registered_beds):
            unclean = bed.status in (BedStatus.DIRTY, BedStatus.CONTAMINATED)
            if unclean and bed.bed_id not in self._cleaning_planned:
                self._plan_clean(bed.bed_id, at)

    # Closures

    def _next_closure(self, at: datetime) -> datetime:
        a = self._plan.assumptions
        closed = a.closed_bed_share * sum(self._sizes.values())
        return self._after_hours(at, a.closure_hours / max(closed, 1e-6))

    def _closure(self, at: datetime) -> None:
        self._plan_action(self._next_closure(at), self._closure)
        hours = self._random.expovariate(1 / self._plan.assumptions.closure_hours)
        bed = self._free_bed(list(self._hospital().registered_beds), at, at + 2 * HOUR * hours)
        if bed:
            reason = self._random.choice(list(messages.CLOSURE))
            command = c.CloseBed(bed.bed_id, reason)
            if self._try(command, at, messages.CLOSURE[reason], reason):
                self._closed.add(bed.bed_id)
                self._plan_action(at + HOUR * hours, partial(self._open, bed.bed_id))

    def _open(self, bed_id: str, at: datetime) -> None:
        if bed_id in self._closed:
            self._closed.discard(bed_id)
            self._try(c.OpenBed(bed_id), at, self._pick(messages.OPENING), "ready")

    # After a restart

    def _take_up(self, booking: Booking, at: datetime) -> None:
        ward = self._wards.get(self._hospital().bed(booking.bed_id).ward_id, self._plan.wards[0])
        if booking.state is BookingState.ACTIVE:
            leaves_at = max(booking.ends_at or at, at + MINUTE * self._random.uniform(5, 120))
            self._plan_stay(booking.booking_id, at, leaves_at)
        else:
            stay = (booking.ends_at or at + self._stay(ward)) - booking.starts_at
            patient = Patient(booking.patient_ref, ward, stay, booking.needs, at)
            come = max(booking.starts_at, at + MINUTE)
            leaves_at = self._discharge_at(come, stay)
            action = partial(self._come_in, booking.booking_id, patient, leaves_at)
            self._plan_action(come, action)
