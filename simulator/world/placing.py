"""Which bed a patient of the simulated hospital gets, and what an override leaves to do."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from lake.vocabulary import BedStatus, EventType, OverrideReason, Source
from simulator.domain import commands as c
from simulator.domain.beds import Bed
from simulator.domain.needs import Needs
from simulator.domain.overrides import Override
from simulator.domain.requests import BedRequest
from simulator.domain.rules.soft import Wish, breaches
from simulator.plan import Ward
from simulator.world import texts
from simulator.world.agenda import BED_MANAGER, MATRON
from simulator.world.chance import DAY
from simulator.world.scene import Scene
from simulator.world.stays import Stays, own_booking, undoing
from simulator.writer.engine import Row

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


class Placing:
    """`seek` looks for a bed again; `wait_on` takes up a request that an override has left."""

    def __init__(
        self,
        scene: Scene,
        stays: Stays,
        seek: Callable[[Patient, datetime], None],
        wait_on: Callable[[BedRequest, datetime], None],
    ) -> None:
        self._scene = scene
        self._stays = stays
        self._seek = seek
        self._wait_on = wait_on

    def settle(
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
        bed = self.best(wishes)
        if bed is None:
            return False
        text = self._scene.chance.text(texts.ADMISSION, specialty=patient.ward.name.lower())
        return self.admit_now(patient, bed, at, leaves_at, expected_at, text)

    def _free_until(self, bed: Bed, expected_at: datetime) -> datetime:
        following = self._scene.hospital().next_booking(bed.bed_id)
        return min(expected_at, following.starts_at) if following else expected_at

    def best(self, wishes: list[Wish]) -> Bed | None:
        """A bed that breaks no rule, free longest, in the room with most company: an empty room
        takes a patient of either sex, or one who needs isolation."""
        hospital = self._scene.hospital()
        fit = [wish for wish in self._scene.chance.shuffled(wishes) if not breaches(hospital, wish)]
        best = max(fit, key=lambda w: (w.ends_at, self._company(w)), default=None)
        return best.bed if best else None

    def _company(self, wish: Wish) -> float:
        """The share of the room's other beds that somebody has at that time."""
        hospital = self._scene.hospital()
        mates = [hospital.of_bed.get(bed.bed_id, ()) for bed in hospital.room_mates(wish.bed)]
        if not mates:
            return ALONE
        taken = sum(any(b.overlaps(wish.starts_at, wish.ends_at) for b in of) for of in mates)
        return taken / len(mates)

    def settle_against_rules(
        self, patient: Patient, at: datetime, leaves_at: datetime, expected_at: datetime
    ) -> bool:
        """The bed manager gives a clean bed of the ward although a rule is against it."""
        beds = [
            bed
            for bed in self._scene.beds_of(patient.ward)
            if bed.status is BedStatus.AVAILABLE
            and not bed.closings
            and self._only_own_bookings(bed)
        ]
        if not beds:
            return False
        reason = self._scene.chance.one_of(list(texts.OVERRIDE))
        override = Override(OverrideReason(reason).value, texts.OVERRIDE[reason])
        text = self._scene.chance.text(texts.ADMISSION, specialty=patient.ward.name.lower())
        bed = max(
            self._scene.chance.shuffled(beds), key=lambda bed: self._free_until(bed, expected_at)
        )
        command = self._admission(patient, bed, expected_at, override)
        rows = self._scene.agenda.do(command, at, text, actor=BED_MANAGER)
        self._look_after_displaced(rows, at)
        return self._admitted(rows, at, leaves_at)

    def _only_own_bookings(self, bed: Bed) -> bool:
        booked = self._scene.hospital().of_bed.get(bed.bed_id, ())
        return all(booking.source == Source.SIMULATOR for booking in booked)

    def _look_after_displaced(self, rows: list[Row], at: datetime) -> None:
        for row in rows:
            if row["event_type"] == EventType.BED_REQUESTED:
                self._wait_on(BedRequest.from_row(row), at)
            if row.get("override_rules") and self._scene.chance.happens(
                self._scene.assumptions.override_reviewed_share
            ):
                when = at + self._scene.chance.hours(2, 20)
                self._scene.agenda.plan(when, partial(self._review_override, row["event_id"]))

    def _review_override(self, event_id: str, at: datetime) -> None:
        text = self._scene.chance.text(texts.OVERRIDE_REVIEW)
        self._scene.agenda.do(c.ReviewOverride(event_id=event_id), at, text, actor=MATRON)

    def beds_for_outliers(self) -> list[Bed]:
        return [
            bed
            for ward in self._scene.plan.wards
            if ward.takes_outliers
            for bed in self._scene.beds_of(ward)
        ]

    def admit_now(
        self,
        patient: Patient,
        bed: Bed,
        at: datetime,
        leaves_at: datetime,
        expected_at: datetime,
        note: str,
    ) -> bool:
        until = self._free_until(bed, expected_at)
        before = self._scene.hospital().bed(bed.bed_id)
        rows = self._scene.agenda.do(self._admission(patient, bed, until), at, note)
        if rows and self._scene.chance.happens(self._scene.assumptions.correction_share):
            when = at + self._scene.chance.hours(0.2, 1)
            undo = undoing(rows, before, None)
            self._scene.agenda.plan(when, partial(self._undo_admission, undo, patient))
        return self._admitted(rows, at, leaves_at)

    def _admission(
        self, patient: Patient, bed: Bed, until: datetime, override: Override | None = None
    ) -> c.PlaceRequest | c.BookBed:
        if patient.bed_request_id:
            return c.PlaceRequest(
                bed_request_id=patient.bed_request_id,
                bed_id=bed.bed_id,
                starts_at=None,
                ends_at=until,
                admit=True,
                override=override,
            )
        return c.BookBed(
            bed_id=bed.bed_id,
            patient_ref=patient.patient_ref,
            starts_at=None,
            ends_at=until,
            admit=True,
            needs=patient.needs,
            override=override,
        )

    def _admitted(self, rows: list[Row], at: datetime, leaves_at: datetime) -> bool:
        for row in rows:
            if row["event_type"] == EventType.PATIENT_ADMITTED:
                self._stays.begin(row["booking_id"], at, leaves_at)
        return bool(rows)

    def _undo_admission(self, undo: c.CancelEvent, patient: Patient, at: datetime) -> None:
        """It was the wrong bed in the system: the patient is entered anew."""
        [event] = undo.request
        if own_booking(self._scene.hospital(), event.booking.booking_id) is None:
            return
        text = self._scene.chance.text(texts.CORRECTION)
        rows = self._scene.agenda.do(undo, at, text, "entered_in_error")
        if rows:
            requests = [r for r in rows if r["event_type"] == EventType.BED_REQUESTED]
            waiting = requests[0]["bed_request_id"] if requests else None
            self._seek(replace(patient, waiting_since=at, bed_request_id=waiting), at)
