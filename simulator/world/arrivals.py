"""The simulated hospital: patients come, wait, stay, move and leave.

It acts through the same commands and rules as people do, and touches only what it made itself.
Seeded: the same seed, hospital and period give the same events. Rates come from published figures
(docs/simulated_hospital.md); what has none stands in hospital.toml under [assumptions].
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from lake.vocabulary import (
    BedStatus,
    BookingState,
    EventType,
    OverrideReason,
    Sex,
    Source,
)
from simulator.domain import commands as c
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking, Needs
from simulator.domain.hospital import Hospital
from simulator.domain.overrides import Override
from simulator.domain.requests import BedRequest
from simulator.domain.rules.soft import Wish, breaches
from simulator.plan import HospitalPlan, Ward
from simulator.world import texts
from simulator.world.agenda import STAFF, Agenda, Execute
from simulator.world.chance import DAY, HOUR, MINUTE, Chance
from simulator.world.housekeeping import Housekeeping
from simulator.world.stays import Stays, own_booking, past_events
from simulator.writer.engine import Row

BED_MANAGER, MATRON = "bed_manager_sim", "matron_sim"
SIMULATED_STAFF = frozenset({STAFF, BED_MANAGER, MATRON})
SEEK_EVERY = 25 * MINUTE
LATE_ADMISSION = 1.5 * HOUR
BOOKED_AHEAD_DAYS = tuple(range(1, 11))
NO_SHOW_AFTER = 2 * HOUR
SHORTEST_GAP = DAY
ALONE = 0.5
"""How a room for one ranks between empty rooms and those with company."""


@dataclass(frozen=True)
class Patient:
    """`bed_request_id`: of the request on the waiting list, if there is one."""

    patient_ref: str
    ward: Ward
    stay: timedelta
    needs: Needs
    waiting_since: datetime
    bed_request_id: str | None = None


class World:
    """`hospital` gives the present state; `execute` carries out a command or raises."""

    def __init__(
        self,
        plan: HospitalPlan,
        seed: int | str,
        hospital: Callable[[], Hospital],
        execute: Execute,
    ) -> None:
        self._plan = plan
        self._assumptions = plan.assumptions
        self._wards = {ward.ward_id: ward for ward in plan.wards}
        self._sizes = {ward.ward_id: sum(1 for _ in ward.beds()) for ward in plan.wards}
        self._hospital = hospital
        self._agenda = Agenda(execute)
        self._chance = Chance(plan, seed)
        self._housekeeping = Housekeeping(self._agenda, self._chance, plan.assumptions, hospital)
        self._stays = Stays(
            self._agenda, self._chance, plan.assumptions, hospital, self._housekeeping
        )

    def open_doors(self, at: datetime) -> None:
        """Fill an empty hospital to its usual occupancy, then let time run."""
        for ward in self._plan.wards:
            for bed in self._beds_of(ward):
                if self._chance.share() * 100 < ward.occupancy_percent:
                    self._place_at_start(ward, bed, at)
        self._start(at)

    def resume(self, at: datetime) -> None:
        """Take up what an earlier run of the simulated hospital left behind."""
        for booking in list(self._hospital().bookings.values()):
            if booking.source == Source.SIMULATOR:
                self._take_up(booking, at)
        for request in self._hospital().waiting_list:
            if request.requested_by in SIMULATED_STAFF:
                self._take_up_request(request, at)
        self._housekeeping.resume(at)
        self._start(at)

    @property
    def next_at(self) -> datetime:
        """When the next thing happens, hospital time."""
        return self._agenda.next_at

    def advance(self, until: datetime) -> None:
        """Let everything happen that is due by then."""
        self._agenda.advance(until)

    def _start(self, at: datetime) -> None:
        for ward in self._plan.wards:
            self._plan_emergency(ward, at)
            self._plan_elective(ward, at)
        self._housekeeping.start(at)

    def _take_up(self, booking: Booking, at: datetime) -> None:
        bed = self._hospital().beds[booking.bed_id]
        ward = self._wards.get(bed.ward_id, self._plan.wards[0])
        if booking.is_stay:
            leaves_at = max(booking.ends_at or at, at) + self._chance.hours(0.1, 2)
            self._stays.begin(booking.booking_id, at, leaves_at)
        else:
            stay = (booking.ends_at or at + self._chance.stay(ward)) - booking.starts_at
            patient = Patient(booking.patient_ref, ward, stay, booking.needs, at)
            comes_at = max(booking.starts_at, at + MINUTE)
            leaves_at = self._chance.leaves_at(comes_at, stay)
            action = partial(self._come_in, booking.booking_id, patient, leaves_at)
            self._agenda.plan(comes_at, action)

    def _take_up_request(self, request: BedRequest, at: datetime) -> None:
        ward = self._wards.get(request.ward_id or "", self._plan.wards[0])
        seek_at = max(request.wanted_from, at) + MINUTE
        patient = Patient(
            request.patient_ref,
            ward,
            self._chance.stay(ward),
            request.needs,
            seek_at,
            request.bed_request_id,
        )
        self._agenda.plan(seek_at, partial(self._seek_bed, patient))

    # Emergencies: decided, on the waiting list, in bed

    def _cases_per_day(self, ward: Ward) -> float:
        """Little's law: arrivals x length of stay = beds in use; a clean takes a bit of a bed."""
        a = self._assumptions
        turnover_days = (a.response_minutes[0] + a.clean_minutes[0]) / 1440
        in_use = self._sizes[ward.ward_id] * ward.occupancy_percent / 100
        return a.demand_factor * in_use / (ward.stay_days[0] + turnover_days)

    def _plan_emergency(self, ward: Ward, at: datetime) -> None:
        per_day = self._cases_per_day(ward) * ward.emergency_share
        self._agenda.plan(self._chance.next_emergency(per_day, at), partial(self._emergency, ward))

    def _emergency(self, ward: Ward, at: datetime) -> None:
        self._plan_emergency(ward, at)
        patient = self._patient(ward, at, self._chance.stay(ward))
        if self._chance.happens(self._assumptions.request_share):
            patient = self._on_the_list(patient, at)
        self._agenda.plan(at + self._chance.boarding(), partial(self._seek_bed, patient))

    def _patient(
        self, ward: Ward, at: datetime, stay: timedelta, sex: str | None = None
    ) -> Patient:
        return Patient(
            patient_ref=self._chance.patient_ref(),
            ward=ward,
            stay=stay,
            needs=Needs(
                sex=sex or self._chance.one_of((Sex.FEMALE.value, Sex.MALE.value)),
                isolation=self._chance.happens(self._assumptions.isolation_share) or None,
                priority=self._chance.one_of((1, 2, 2, 3, 3)),
            ),
            waiting_since=at,
        )

    def _on_the_list(self, patient: Patient, at: datetime) -> Patient:
        command = c.RequestBed(patient.patient_ref, patient.ward.ward_id, patient.needs)
        for row in self._agenda.do(command, at, self._chance.text(texts.REQUEST)):
            return replace(patient, bed_request_id=row["bed_request_id"])
        return patient

    def _seek_bed(self, patient: Patient, at: datetime) -> None:
        """A bed of the ward, or after a long wait one elsewhere, or against a rule, or none."""
        a, waited = self._assumptions, at - patient.waiting_since
        may_override = waited >= HOUR * a.wait_hours_before_override
        leaves_at = self._chance.leaves_at(at, patient.stay)
        expected_at = self._chance.expected_at(at, leaves_at)
        if self._settle(patient, self._beds_of(patient.ward), at, leaves_at, expected_at):
            return
        if (
            may_override
            and self._chance.happens(a.override_share)
            and self._settle_against_rules(patient, at, leaves_at, expected_at)
        ):
            return
        if waited < HOUR * a.wait_hours_before_diversion:
            if patient.bed_request_id is None:
                patient = self._on_the_list(patient, at)
            self._agenda.plan(at + SEEK_EVERY, partial(self._seek_bed, patient))
        elif not self._settle(patient, self._beds_for_outliers(), at, leaves_at, expected_at):
            self._divert(patient, at)

    def _divert(self, patient: Patient, at: datetime) -> None:
        if patient.bed_request_id:
            text = self._chance.text(texts.DIVERSION)
            self._agenda.do(c.WithdrawRequest(patient.bed_request_id), at, text, "diverted")

    def _settle(
        self,
        patient: Patient,
        beds: list[Bed],
        at: datetime,
        leaves_at: datetime,
        expected_at: datetime,
    ) -> bool:
        """Free for the whole stay, else with the first reservation far enough away."""
        least = min(expected_at, at + SHORTEST_GAP)
        wishes = [
            Wish(bed, patient.patient_ref, patient.needs, at, until, at)
            for bed in beds
            if bed.status is BedStatus.AVAILABLE
            and (until := self._free_until(bed, expected_at)) >= least
        ]
        bed = self._best(wishes)
        if bed is None:
            return False
        text = self._chance.text(texts.ADMISSION, specialty=patient.ward.name.lower())
        return self._admit_now(patient, bed, at, leaves_at, expected_at, text)

    def _free_until(self, bed: Bed, expected_at: datetime) -> datetime:
        following = self._hospital().next_booking(bed.bed_id)
        return min(expected_at, following.starts_at) if following else expected_at

    def _best(self, wishes: list[Wish]) -> Bed | None:
        """A bed that breaks no rule, free longest, in the room with most company: an empty room
        takes a patient of either sex, or one who needs isolation."""
        hospital = self._hospital()
        fit = [wish for wish in self._chance.shuffled(wishes) if not breaches(hospital, wish)]
        best = max(fit, key=lambda w: (w.ends_at, self._company(w)), default=None)
        return best.bed if best else None

    def _company(self, wish: Wish) -> float:
        """The share of the room's other beds that somebody has at that time."""
        hospital = self._hospital()
        mates = [hospital.of_bed.get(bed.bed_id, ()) for bed in hospital.room_mates(wish.bed)]
        if not mates:
            return ALONE
        taken = sum(any(b.overlaps(wish.starts_at, wish.ends_at) for b in of) for of in mates)
        return taken / len(mates)

    def _settle_against_rules(
        self, patient: Patient, at: datetime, leaves_at: datetime, expected_at: datetime
    ) -> bool:
        """The bed manager gives a clean bed of the ward although a rule is against it."""
        beds = [
            bed
            for bed in self._beds_of(patient.ward)
            if bed.status is BedStatus.AVAILABLE and self._only_own_bookings(bed)
        ]
        if not beds:
            return False
        reason = self._chance.one_of(list(texts.OVERRIDE))
        override = Override(OverrideReason(reason).value, texts.OVERRIDE[reason])
        text = self._chance.text(texts.ADMISSION, specialty=patient.ward.name.lower())
        bed = max(self._chance.shuffled(beds), key=lambda bed: self._free_until(bed, expected_at))
        command = self._admission(patient, bed, expected_at, override)
        rows = self._agenda.do(command, at, text, actor=BED_MANAGER)
        self._look_after_displaced(rows, at)
        return self._admitted(rows, at, leaves_at)

    def _only_own_bookings(self, bed: Bed) -> bool:
        booked = self._hospital().of_bed.get(bed.bed_id, ())
        return all(booking.source == Source.SIMULATOR for booking in booked)

    def _look_after_displaced(self, rows: list[Row], at: datetime) -> None:
        for row in rows:
            if row["event_type"] == EventType.BED_REQUESTED:
                self._take_up_request(BedRequest.from_row(row), at)
            if row.get("override_rule") and self._chance.happens(
                self._assumptions.override_reviewed_share
            ):
                when = at + self._chance.hours(2, 20)
                self._agenda.plan(when, partial(self._review_override, row["event_id"]))

    def _review_override(self, event_id: str, at: datetime) -> None:
        text = self._chance.text(texts.OVERRIDE_REVIEW)
        self._agenda.do(c.ReviewOverride(event_id), at, text, actor=MATRON)

    def _beds_of(self, ward: Ward) -> list[Bed]:
        return [b for b in self._hospital().registered_beds if b.ward_id == ward.ward_id]

    def _beds_for_outliers(self) -> list[Bed]:
        return [
            bed for ward in self._plan.wards if ward.takes_outliers for bed in self._beds_of(ward)
        ]

    def _admit_now(
        self,
        patient: Patient,
        bed: Bed,
        at: datetime,
        leaves_at: datetime,
        expected_at: datetime,
        note: str,
    ) -> bool:
        until = self._free_until(bed, expected_at)
        before = self._hospital().bed(bed.bed_id)
        rows = self._agenda.do(self._admission(patient, bed, until), at, note)
        if rows and self._chance.happens(self._assumptions.correction_share):
            past = past_events(rows[-1:], [before], [None])
            when = at + self._chance.hours(0.2, 1)
            self._agenda.plan(when, partial(self._undo_admission, past, patient))
        return self._admitted(rows, at, leaves_at)

    def _admission(
        self, patient: Patient, bed: Bed, until: datetime, override: Override | None = None
    ) -> c.PlaceRequest | c.BookBed:
        if patient.bed_request_id:
            return c.PlaceRequest(
                patient.bed_request_id, bed.bed_id, None, until, admit=True, override=override
            )
        return c.BookBed(
            bed.bed_id, patient.patient_ref, None, until, True, patient.needs, override
        )

    def _admitted(self, rows: list[Row], at: datetime, leaves_at: datetime) -> bool:
        for row in rows:
            if row["event_type"] == EventType.PATIENT_ADMITTED:
                self._stays.begin(row["booking_id"], at, leaves_at)
        return bool(rows)

    def _place_at_start(self, ward: Ward, bed: Bed, at: datetime) -> None:
        rest = self._chance.rest_of_stay(ward)
        patient = self._patient(ward, at, rest, self._sex_in_room(bed))
        leaves_at = self._chance.leaves_at(at, rest)
        expected_at = self._chance.expected_at(at, leaves_at)
        self._admit_now(patient, bed, at, leaves_at, expected_at, texts.IN_BED_AT_START)

    def _sex_in_room(self, bed: Bed) -> str | None:
        hospital = self._hospital()
        stays = (hospital.current_booking(other.bed_id) for other in hospital.room_mates(bed))
        return next((stay.needs.sex for stay in stays if stay), None)

    # Planned admissions

    def _plan_elective(self, ward: Ward, at: datetime) -> None:
        a = self._assumptions
        come_share = 1 - a.reservation_cancelled_share - a.reservation_no_show_share
        per_day = self._cases_per_day(ward) * (1 - ward.emergency_share) / come_share
        self._agenda.plan(self._chance.next_elective(per_day, at), partial(self._elective, ward))

    def _elective(self, ward: Ward, at: datetime) -> None:
        self._plan_elective(ward, at)
        patient = self._patient(ward, at, self._chance.stay(ward))
        last = BOOKED_AHEAD_DAYS[-1]
        for ahead in range(self._chance.one_of(BOOKED_AHEAD_DAYS), last + 7):
            if self._reserve(patient, at, self._chance.admission_morning(at, ahead)):
                return
        comes_at = self._chance.admission_morning(at, last)
        self._agenda.plan(
            comes_at, partial(self._seek_bed, replace(patient, waiting_since=comes_at))
        )

    def _reserve(self, patient: Patient, at: datetime, starts_at: datetime) -> bool:
        leaves_at = self._chance.leaves_at(starts_at, patient.stay)
        ends_at = self._chance.expected_at(starts_at, leaves_at)
        bed = self._best(
            [
                Wish(bed, patient.patient_ref, patient.needs, starts_at, ends_at, at)
                for bed in self._beds_of(patient.ward)
                if bed.status is not BedStatus.CLOSED
            ]
        )
        if bed is None:
            return False
        command = c.BookBed(
            bed.bed_id,
            patient.patient_ref,
            starts_at,
            ends_at,
            needs=patient.needs,
        )
        for row in self._agenda.do(command, at, self._chance.text(texts.RESERVATION)):
            self._plan_reservation(row["booking_id"], patient, at, starts_at, leaves_at)
        return True

    def _plan_reservation(
        self, booking_id: str, patient: Patient, at: datetime, starts_at: datetime, leaves: datetime
    ) -> None:
        a, chance = self._assumptions, self._chance.share()
        if chance < a.reservation_cancelled_share:
            self._agenda.plan(self._chance.within(at, starts_at), partial(self._cancel, booking_id))
        elif chance < a.reservation_cancelled_share + a.reservation_no_show_share:
            self._agenda.plan(starts_at + NO_SHOW_AFTER, partial(self._expire, booking_id))
        else:
            comes_at = starts_at + self._chance.hours(-0.25, 1)
            self._agenda.plan(comes_at, partial(self._come_in, booking_id, patient, leaves))

    def _cancel(self, booking_id: str, at: datetime) -> None:
        if own_booking(self._hospital(), booking_id):
            text = self._chance.text(texts.CANCELLATION)
            self._agenda.do(c.CancelBooking(booking_id), at, text, "planned_change")

    def _expire(self, booking_id: str, at: datetime) -> None:
        if own_booking(self._hospital(), booking_id):
            text = self._chance.text(texts.NO_SHOW)
            self._agenda.do(c.ExpireBooking(booking_id), at, text, "no_show")

    def _come_in(
        self, booking_id: str, patient: Patient, leaves_at: datetime, at: datetime
    ) -> None:
        """Into the reserved bed; while it is not free, wait; in the end any bed of the ward."""
        if booking_id not in self._hospital().bookings:
            # Expired, cancelled or displaced: the patient comes all the same, if nobody else cares.
            if not self._is_looked_after(patient):
                self._seek_bed(replace(patient, waiting_since=at), at)
            return
        booking = own_booking(self._hospital(), booking_id)
        if booking is None or booking.state is not BookingState.RESERVED:
            return
        note = self._chance.text(texts.ELECTIVE_ADMISSION)
        if self._agenda.do(c.AdmitPatient(booking_id), at, note):
            self._stays.begin(booking_id, at, leaves_at)
        elif at < booking.starts_at + LATE_ADMISSION:
            again = partial(self._come_in, booking_id, patient, leaves_at)
            self._agenda.plan(at + SEEK_EVERY, again)
        else:
            self._cancel(booking_id, at)
            self._seek_bed(patient, at)

    def _is_looked_after(self, patient: Patient) -> bool:
        """In bed, or on the waiting list since an override displaced the booking."""
        hospital = self._hospital()
        waiting = (request.patient_ref for request in hospital.requests.values())
        return patient.patient_ref in hospital.in_bed or patient.patient_ref in waiting

    def _undo_admission(
        self, past: tuple[c.PastEvent, ...], patient: Patient, at: datetime
    ) -> None:
        """It was the wrong bed in the system: the patient is entered anew."""
        [event] = past
        if own_booking(self._hospital(), event.booking.booking_id) is None:
            return
        text = self._chance.text(texts.CORRECTION)
        rows = self._agenda.do(c.CancelEvent(event.event_id, past), at, text, "entered_in_error")
        if rows:
            requests = [r for r in rows if r["event_type"] == EventType.BED_REQUESTED]
            waiting = requests[0]["bed_request_id"] if requests else None
            self._seek_bed(replace(patient, waiting_since=at, bed_request_id=waiting), at)
