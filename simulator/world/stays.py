"""Stays in the simulated hospital, from the bed that is taken to the one that is left for good."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from lake.vocabulary import AgeGroup, Disposition, EventType, LevelOfCare, Source, WaitsFor
from simulator.domain import commands as c
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking, as_reserved, is_ended
from simulator.domain.decisions.isolation import contacts_in
from simulator.domain.needs import Needs
from simulator.domain.requests import BedRequest, has_left_the_list
from simulator.plan import Ward
from simulator.world import texts
from simulator.world.births import Births
from simulator.world.chance import DAY, HOUR, Quota
from simulator.world.housekeeping import Housekeeping
from simulator.world.notes import Notes
from simulator.world.patients import Patient
from simulator.world.scene import Scene
from simulator.world.words import CHILDREN, words_of_discharge
from simulator.writer.engine import Row

DELAYS: dict[WaitsFor, tuple[float, float]] = {
    WaitsFor.TRANSPORT: (2, 6),
    WaitsFor.MEDICINES: (2, 6),
    WaitsFor.FAMILY: (4, 30),
    WaitsFor.CARE_PACKAGE: (36, 144),
    WaitsFor.PLACEMENT: (72, 240),
}
"""Hours; an assumption."""
DELAYED_BY = {
    AgeGroup.OLDER: {
        WaitsFor.CARE_PACKAGE: 35.0,
        WaitsFor.PLACEMENT: 15.0,
        WaitsFor.TRANSPORT: 20.0,
        WaitsFor.MEDICINES: 20.0,
        WaitsFor.FAMILY: 10.0,
    },
    AgeGroup.ADULT: {
        WaitsFor.CARE_PACKAGE: 8.0,
        WaitsFor.TRANSPORT: 27.0,
        WaitsFor.MEDICINES: 55.0,
        WaitsFor.FAMILY: 10.0,
    },
}
DISPOSITION_AFTER = {
    WaitsFor.PLACEMENT.value: Disposition.OTHER,
    WaitsFor.CARE_PACKAGE.value: Disposition.HOME,
    WaitsFor.MEDICINES.value: Disposition.HOME,
    WaitsFor.FAMILY.value: Disposition.HOME,
}
"""Where who has waited for it goes; a care home is `other`."""
OF_CHILDREN = {WaitsFor.MEDICINES: 70.0, WaitsFor.FAMILY: 30.0}
ASKED_FOR_EARLY = 0.5
"""How much of a stay may be a delay of its end."""

FIRST_ROUND, LAST_ROUND = 8, 17
LITTLE_SOONER, SHORTEST_INTENSIVE = 30 * HOUR, 6 * HOUR
LOUNGE_CLOSES, LONGEST_IN_LOUNGE = 21, 3
"""Hours; an assumption."""

WantsBed = Callable[[Patient, Ward, Needs, tuple[str, ...], datetime], None]
"""Puts a patient in bed on the waiting list."""


@dataclass(frozen=True)
class Course:
    """Where a stay leads; `waits_for`: what will keep the patient at its end."""

    patient: Patient
    leaves_at: datetime
    waits_for: WaitsFor | None = None
    is_dying: bool = False
    is_intensive: bool = False


class Stays:
    """Looks after a patient from the admission on, and never after a person's."""

    def __init__(self, scene: Scene, housekeeping: Housekeeping, wants_bed: WantsBed) -> None:
        self._scene = scene
        self._housekeeping = housekeeping
        self._wants_bed = wants_bed
        self._births = Births(scene)
        self._courses: dict[str, Course] = {}
        self._notes = Notes(scene, self.is_dying, self.is_weaning)
        self._deaths: defaultdict[str, Quota] = defaultdict(lambda: Quota(scene.chance))

    @property
    def courses(self) -> dict[str, Course]:
        """Of the patients in bed, by reference."""
        return self._courses

    def is_dying(self, patient_ref: str) -> bool:
        course = self._courses.get(patient_ref)
        return course is not None and course.is_dying

    def is_weaning(self, patient_ref: str, at: datetime) -> bool:
        """Whether intensive care may be over soon."""
        course = self._courses.get(patient_ref)
        return course is not None and course.leaves_at < at + LITTLE_SOONER + 12 * HOUR

    def begin(self, patient: Patient, at: datetime) -> None:
        ref, leaves_at = patient.patient_ref, max(patient.leaves_at, at + HOUR)
        self._courses[ref] = Course(patient, leaves_at, is_intensive=patient.intensive is not None)
        if patient.intensive is None:
            self._plan_end(ref, at)
        else:
            said_at = self._on_round(max(leaves_at - 4 * HOUR, at + SHORTEST_INTENSIVE))
            self._scene.agenda.plan(said_at, partial(self._end_care, ref))
        self.plan_review(ref, at)
        self._notes.begin(ref, at)
        self._births.expect(ref, at, leaves_at)

    def resume(self, patient: Patient, stay: Booking, at: datetime) -> None:
        """Of an earlier run; who no longer needs intensive care waits on the list already."""
        is_over = stay.needs_now != stay.needs
        leaves_at = max(stay.ends_at or at, at) + self._scene.chance.hours(0.1, 2)
        patient = replace(patient, leaves_at=self._scene.chance.by_day(leaves_at))
        if not is_over:
            self.begin(patient, at)
            return
        self._courses[patient.patient_ref] = Course(patient, patient.leaves_at, is_intensive=True)
        self._notes.begin(patient.patient_ref, at)

    def step_down(self, patient_ref: str, at: datetime) -> None:
        """On the ward now: what is left of the stay begins."""
        course = self._courses.get(patient_ref)
        if course is None:
            return
        leaves_at = self._scene.chance.leaves_at(at, course.patient.stay)
        self._courses[patient_ref] = replace(course, leaves_at=leaves_at, is_intensive=False)
        self._plan_end(patient_ref, at)
        self.plan_review(patient_ref, at)

    def _on_round(self, said_at: datetime) -> datetime:
        """At night nobody says who goes to a ward."""
        hour = self._scene.chance.hour(said_at)
        return (
            said_at if FIRST_ROUND <= hour < LAST_ROUND else self._scene.chance.next_at(9, said_at)
        )

    def hasten(self, ward_id: str, at: datetime) -> None:
        """Somebody leaves intensive care a little sooner, as another one needs the bed."""
        near = [
            course
            for ref, course in self._courses.items()
            if course.is_intensive and not course.is_dying and course.leaves_at < at + LITTLE_SOONER
            if (stay := self._scene.own_stay(ref)) and stay.progress.care_not_needed_since is None
            if stay.starts_at < at - SHORTEST_INTENSIVE
            if self._scene.ward_of(stay.bed_id).ward_id == ward_id
        ]
        for course in sorted(near, key=lambda course: course.leaves_at):
            ref = course.patient.patient_ref
            self._end_care(ref, at)
            stay = self._scene.own_stay(ref)
            if stay is None or stay.progress.care_not_needed_since:
                return

    def _end_care(self, ref: str, at: datetime) -> None:
        """Who survives intensive care goes on to a ward, or to another hospital."""
        stay = self._scene.own_stay(ref)
        course = self._courses.get(ref)
        if stay is None or course is None or not course.is_intensive or course.is_dying:
            return
        if stay.progress.care_not_needed_since:
            return
        if self._is_fatal(stay):
            self._begin_to_die(ref, at)
        elif not self._scene.chance.happens(self._scene.assumptions.step_down_share):
            when = self._scene.chance.by_work(max(course.leaves_at, at + HOUR))
            self._scene.agenda.plan(when, partial(self._leave, ref, Disposition.OTHER_HOSPITAL))
        else:
            command = c.ProgressStay(
                booking_id=stay.booking_id, expected_at=stay.ends_at, needs_level_of_care=False
            )
            is_round = self._scene.chance.is_round(at)
            words = texts.NO_LONGER_INTENSIVE_ON_ROUND if is_round else texts.NO_LONGER_INTENSIVE
            self._scene.agenda.do(command, at, self._scene.chance.text(words))
            self.ask_for_ward(ref, at)

    def ask_for_ward(self, ref: str, at: datetime) -> None:
        """Of a patient who no longer needs intensive care."""
        patient = self._courses[ref].patient
        needs = Needs(level_of_care=LevelOfCare.WARD.value, priority=2)
        self._wants_bed(patient, patient.home, needs, texts.STEP_DOWN_WANTED, at)

    def done_with_intensive_care(self) -> list[Booking]:
        """Who is still there."""
        refs = [ref for ref, it in self._courses.items() if it.is_intensive and not it.is_dying]
        stays = (self._scene.own_stay(ref) for ref in refs)
        return [stay for stay in stays if stay and stay.progress.care_not_needed_since]

    def _plan_end(self, ref: str, at: datetime) -> None:
        course = self._courses[ref]
        stay = self._scene.own_stay(ref)
        self._plan_delay(ref, stay.needs.age_group if stay else None, at)
        outlook_at = max(course.leaves_at - self._scene.chance.hours(8, 30), at)
        self._scene.agenda.plan(outlook_at, partial(self._look_ahead, ref))

    def _plan_delay(self, ref: str, age_group: str | None, at: datetime) -> None:
        a, course = self._scene.assumptions, self._courses[ref]
        if not self._scene.chance.happens(a.delay_share.of(age_group)):
            return
        group = AgeGroup.OLDER if age_group == AgeGroup.OLDER else AgeGroup.ADULT
        causes = OF_CHILDREN if age_group in CHILDREN else DELAYED_BY[group]
        waits_for = self._scene.chance.weighted(causes)
        longest = (course.leaves_at - at) * ASKED_FOR_EARLY
        delay = min(self._scene.chance.hours(*DELAYS[waits_for]), longest)
        self._courses[ref] = replace(course, waits_for=waits_for)
        ready_at = self._scene.chance.by_work(course.leaves_at - delay)
        if ready_at < course.leaves_at - HOUR:
            self._scene.agenda.plan(ready_at, partial(self._be_ready, ref))

    def _be_ready(self, ref: str, at: datetime) -> None:
        stay, course = self._scene.own_stay(ref), self._courses.get(ref)
        if stay and course and course.waits_for and not course.is_dying:
            command = c.ProgressStay(
                booking_id=stay.booking_id,
                expected_at=stay.ends_at,
                needs_bed=False,
                waits_for=course.waits_for.value,
            )
            words = texts.READY[course.waits_for.value]
            self._scene.agenda.do(command, at, self._scene.chance.text(words))

    def _look_ahead(self, ref: str, at: datetime) -> None:
        """About a day before the end it is clear which one it is."""
        stay, course = self._scene.own_stay(ref), self._courses.get(ref)
        if stay is None or course is None:
            return
        if self._is_fatal(stay):
            self._begin_to_die(ref, at)
            return
        goes_on = self._scene.chance.happens(self._scene.assumptions.other_hospital_share)
        disposition = Disposition.OTHER_HOSPITAL if goes_on else Disposition.HOME
        leaves_at = max(course.leaves_at, at)
        self._scene.agenda.plan(leaves_at, partial(self._leave, ref, disposition))
        confirmed_at = leaves_at - self._scene.chance.hours(1, 5)
        confirms = self._scene.chance.happens(self._scene.assumptions.discharge_confirmed_share)
        if confirms and confirmed_at > at and self._scene.chance.is_at_work(confirmed_at):
            self._scene.agenda.plan(confirmed_at, partial(self._confirm, ref))

    def _is_fatal(self, stay: Booking) -> bool:
        """Who is ready to leave does not die instead."""
        a, ward = self._scene.assumptions, self._looks_after(stay)
        share = a.death_share if ward.death_share is None else ward.death_share
        is_mixed = {AgeGroup.ADULT, AgeGroup.OLDER} <= {*ward.takes.age_groups}
        factor = a.of_age(a.older_death_factor, stay.needs.age_group) if is_mixed else 1.0
        is_possible = stay.progress.bed_not_needed_since is None
        return self._deaths[ward.ward_id].takes(share * factor, is_possible=is_possible)

    def _looks_after(self, stay: Booking) -> Ward:
        """The ward whose patient it is."""
        course, lies_on = self._courses.get(stay.patient_ref), self._scene.ward_of(stay.bed_id)
        return course.patient.home if course and not course.is_intensive else lies_on

    def _begin_to_die(self, ref: str, at: datetime) -> None:
        self._courses[ref] = replace(self._courses[ref], is_dying=True)
        entered_at = at + self._scene.chance.hours(4, 40)
        died_at = entered_at - self._scene.chance.hours(1, 3)
        self._scene.agenda.plan(died_at, partial(self._die, ref, entered_at))

    def _confirm(self, ref: str, at: datetime) -> None:
        if stay := self._scene.own_stay(ref):
            is_round = self._scene.chance.is_round(at)
            words = texts.DISCHARGE_CONFIRMED_ON_ROUND if is_round else texts.DISCHARGE_CONFIRMED
            text = self._scene.chance.text(words)
            self._scene.agenda.do(c.ConfirmDischarge(booking_id=stay.booking_id), at, text)

    def plan_review(self, ref: str, at: datetime) -> None:
        """When the expected discharge has passed and the patient is still there, expect anew."""
        stay, course = self._scene.own_stay(ref), self._courses.get(ref)
        if stay and course and stay.ends_at and stay.ends_at < course.leaves_at:
            when = max(stay.ends_at, at) + self._scene.chance.hours(0.5, 5)
            when = self._scene.chance.by_work(when, 8.5)
            self._scene.agenda.plan(when, partial(self._review, ref))

    def _review(self, ref: str, at: datetime) -> None:
        stay, course = self._scene.own_stay(ref), self._courses.get(ref)
        if stay is None or course is None or course.is_dying or at >= course.leaves_at:
            return
        is_leaving = stay.is_discharge_confirmed or course.leaves_at < at + 3 * HOUR
        if stay.runs_over(at) and not is_leaving:
            expected_at = self._until_booked(stay, at, course.leaves_at)
            command = c.ExpectDischarge(booking_id=stay.booking_id, expected_at=expected_at)
            words = texts.REVIEW_ON_ROUND if self._scene.chance.is_round(at) else texts.REVIEW
            words = texts.REVIEW_READY if stay.progress.waits_for else words
            if self._scene.agenda.do(command, at, self._scene.chance.text(words)):
                self._births.expect_along(stay, expected_at, at)
        if not is_leaving:
            self.plan_review(ref, at)

    def _until_booked(self, stay: Booking, at: datetime, leaves_at: datetime) -> datetime:
        """What is expected, but for what is booked before: that is looked at when it begins."""
        expected_at = self._scene.chance.expected_at(at, leaves_at)
        following = self._scene.hospital().next_booking(stay.bed_id, at)
        is_before = following is not None and at < following.starts_at < expected_at
        return following.starts_at if following and is_before else expected_at

    def _die(self, ref: str, entered_at: datetime, at: datetime) -> None:
        """From then on nobody does anything with the patient until it is entered."""
        if self._scene.own_stay(ref):
            self._scene.dead.add(ref)
            self._scene.agenda.plan(entered_at, partial(self._enter_death, ref, at))

    def _enter_death(self, ref: str, died_at: datetime, at: datetime) -> None:
        self._scene.dead.discard(ref)
        self._end(ref, Disposition.DIED, texts.DEATH, at, died_at)

    def _leave(self, ref: str, disposition: Disposition, at: datetime) -> None:
        course, stay = self._courses.get(ref), self._scene.own_stay(ref)
        if course is None or stay is None or at < course.leaves_at:
            return
        disposition = DISPOSITION_AFTER.get(stay.progress.waits_for or "", disposition)
        words = words_of_discharge(disposition, stay.progress.waits_for)
        if not self._goes_to_lounge(stay, disposition, at):
            self._end(ref, disposition, words, at)

    def _goes_to_lounge(self, stay: Booking, disposition: Disposition, at: datetime) -> bool:
        """By day, who goes home and can sit there; if it is full, straight home."""
        hospital, chance = self._scene.hospital(), self._scene.chance
        ward, share = self._scene.ward_of(stay.bed_id), self._scene.assumptions.lounge_share
        is_open = FIRST_ROUND <= chance.hour(at) < LOUNGE_CLOSES - LONGEST_IN_LOUNGE
        is_one = disposition is Disposition.HOME and not ward.takes_cots and is_open
        is_one = is_one and stay.needs.age_group != AgeGroup.NEONATE
        if not is_one or hospital.isolation_of(stay) or not chance.happens(share):
            return False
        if len(hospital.in_lounge(at)) >= hospital.house.lounge_places:
            return False
        words = texts.TO_LOUNGE.get(stay.progress.waits_for or "", texts.TO_LOUNGE_AT_LAST)
        self._end(stay.patient_ref, disposition, words, at, to_lounge=True)
        self._plan_leaving_lounge(stay.booking_id, at)
        return True

    def resume_lounge(self, at: datetime) -> None:
        """Whom an earlier run has sent there."""
        for one in self._scene.hospital().in_lounge(at):
            if one.source == Source.SIMULATOR:
                self._plan_leaving_lounge(one.booking_id, at)

    def _plan_leaving_lounge(self, booking_id: str, at: datetime) -> None:
        leaves_at = at + self._scene.chance.hours(0.3, LONGEST_IN_LOUNGE)
        self._scene.agenda.plan(leaves_at, partial(self._leave_lounge, booking_id))

    def _leave_lounge(self, booking_id: str, at: datetime) -> None:
        there = self._scene.hospital().in_lounge(at)
        if any(one.booking_id == booking_id for one in there):
            text = self._scene.chance.text(texts.LEFT_LOUNGE)
            self._scene.agenda.do(c.LeaveLounge(booking_id=booking_id), at, text)

    def _end(
        self,
        ref: str,
        disposition: Disposition,
        words: tuple[str, ...],
        at: datetime,
        died_at: datetime | None = None,
        *,
        to_lounge: bool = False,
    ) -> None:
        stay, course = self._scene.own_stay(ref), self._courses.pop(ref, None)
        if stay is None:
            return
        before = self._scene.hospital().bed(stay.bed_id)
        command = c.DischargePatient(
            booking_id=stay.booking_id,
            disposition=disposition.value,
            died_at=max(died_at, stay.starts_at) if died_at else None,
            to_lounge=to_lounge,
            newborns=self._births.go_along(stay, disposition.value),
        )
        rows = self._scene.agenda.do(command, at, self._scene.chance.text(words))
        for row in rows:
            if row["event_type"] == EventType.PATIENT_DISCHARGED:
                self._housekeeping.call_for(row["bed_id"], at)
        is_wrong = self._scene.chance.happens(self._scene.assumptions.correction_share)
        if rows and course and is_wrong and died_at is None:
            undo = partial(self._undo_discharge, undoing(rows, before, stay), course, disposition)
            self._scene.agenda.plan(at + self._scene.chance.hours(0.1, 0.5), undo)

    def _undo_discharge(
        self, undo: c.CancelEvent, course: Course, disposition: Disposition, at: datetime
    ) -> None:
        """The patient has not left yet, and does later, for the same place."""
        [event] = undo.request
        if self._scene.hospital().beds[event.bed_before.bed_id].last_source != Source.SIMULATOR:
            return
        text = self._scene.chance.text(texts.CORRECTION)
        if self._scene.agenda.do(undo, at, text, "entered_in_error"):
            ref, leaves_at = course.patient.patient_ref, at + self._scene.chance.hours(0.3, 1)
            self._courses[ref] = replace(course, leaves_at=leaves_at)
            self._scene.agenda.plan(leaves_at, partial(self._leave, ref, disposition))

    def leaves_by(self, stay: Booking, at: datetime) -> bool:
        """As the ward knows, whatever is booked for the bed; of the dying nobody knows."""
        course = self._courses.get(stay.patient_ref)
        if course is None:
            return stay.ends_at is not None and stay.ends_at <= at
        return not course.is_dying and course.leaves_at <= at

    def remaining(self, stay: Booking, at: datetime) -> timedelta:
        course = self._courses.get(stay.patient_ref)
        return course.leaves_at - at if course else DAY


def undoing(rows: list[Row], bed: Bed, booking: Booking | None) -> c.CancelEvent:
    """What will undo the last of these rows; the bed and the booking are as before it."""
    *others, row = rows
    past = c.PastEvent(
        event_id=row["event_id"],
        event_type=row["event_type"],
        occurred_at=row["occurred_at"],
        booking=Booking.from_row(row),
        booking_before=booking,
        bed_before=bed,
    )
    return c.CancelEvent(
        event_id=past.event_id,
        request=(past,),
        reservations=tuple(as_reserved(r) for r in others if is_ended(r)),
        requests=tuple(BedRequest.from_row(r) for r in others if has_left_the_list(r)),
        contacts=contacts_in(others),
    )
