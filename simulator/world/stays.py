"""Stays in the simulated hospital: reviewed, noted on, moved, confirmed, ended, some corrected."""

from datetime import datetime
from functools import partial

from lake.vocabulary import BedStatus, Disposition, EventType, Source
from simulator.domain import commands as c
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking, as_reserved, is_ended
from simulator.domain.decisions.isolation import contacts_in
from simulator.domain.hospital import Hospital
from simulator.domain.requests import BedRequest, has_left_the_list
from simulator.domain.rules.soft import Wish, breaches
from simulator.world import texts
from simulator.world.births import Births
from simulator.world.housekeeping import Housekeeping
from simulator.world.scene import Scene
from simulator.writer.engine import Row


class Stays:
    """Looks after a patient from the admission on, and never after a person's."""

    def __init__(self, scene: Scene, housekeeping: Housekeeping) -> None:
        self._scene = scene
        self._housekeeping = housekeeping
        self._births = Births(scene)

    def begin(self, booking_id: str, at: datetime, leaves_at: datetime) -> None:
        a = self._scene.assumptions
        self._plan_leave(booking_id, at, leaves_at)
        self._births.expect(booking_id, at, leaves_at)
        if self._scene.chance.happens(a.transfer_share):
            when = self._scene.chance.within(at, leaves_at)
            self._scene.agenda.plan(when, partial(self._move, booking_id, leaves_at))

    def _plan_leave(self, booking_id: str, at: datetime, leaves_at: datetime) -> None:
        self._scene.agenda.plan(leaves_at, partial(self._leave, booking_id))
        confirmed_at = leaves_at - self._scene.chance.hours(1, 5)
        if confirmed_at > at and self._scene.chance.happens(
            self._scene.assumptions.discharge_confirmed_share
        ):
            self._scene.agenda.plan(confirmed_at, partial(self._confirm, booking_id))
        self._plan_review(booking_id, at, leaves_at)
        self._plan_note(booking_id, at, leaves_at)

    def _confirm(self, booking_id: str, at: datetime) -> None:
        if self._own_stay(booking_id):
            text = self._scene.chance.text(texts.DISCHARGE_CONFIRMED)
            self._scene.agenda.do(c.ConfirmDischarge(booking_id=booking_id), at, text)

    def _plan_review(self, booking_id: str, at: datetime, leaves_at: datetime) -> None:
        """When the expected discharge has passed and the patient is still there, expect anew."""
        stay = self._own_stay(booking_id)
        if stay and stay.ends_at and stay.ends_at < leaves_at:
            when = max(stay.ends_at, at) + self._scene.chance.hours(1, 8)
            self._scene.agenda.plan(when, partial(self._review, booking_id, leaves_at))

    def _review(self, booking_id: str, leaves_at: datetime, at: datetime) -> None:
        if self._own_stay(booking_id) and at < leaves_at:
            command = c.ExpectDischarge(
                booking_id=booking_id, expected_at=self._scene.chance.expected_at(at, leaves_at)
            )
            self._scene.agenda.do(command, at, self._scene.chance.text(texts.REVIEW))
            self._plan_review(booking_id, at, leaves_at)

    def _plan_note(self, booking_id: str, at: datetime, leaves_at: datetime) -> None:
        when = self._scene.chance.after_hours(at, 24 / self._scene.assumptions.note_per_stay_day)
        if when < leaves_at:
            self._scene.agenda.plan(when, partial(self._write_note, booking_id, leaves_at))

    def _write_note(self, booking_id: str, leaves_at: datetime, at: datetime) -> None:
        stay = self._own_stay(booking_id)
        if stay:
            self._scene.agenda.do(
                c.AddNote(bed_id=stay.bed_id), at, self._scene.chance.text(texts.CARE)
            )
            self._plan_note(booking_id, at, leaves_at)

    def _move(self, booking_id: str, leaves_at: datetime, at: datetime) -> None:
        """To another bed of the same ward."""
        stay = self._own_stay(booking_id)
        if stay is None:
            return
        until = stay.ends_at or leaves_at
        beds = self._scene.hospital().beds_of_ward(self._scene.hospital().bed(stay.bed_id).ward_id)
        free = [bed for bed in beds if self._would_do(bed, stay, at, until)]
        if free:
            command = c.TransferPatient(
                booking_id=booking_id, to_bed_id=self._scene.chance.one_of(free).bed_id
            )
            rows = self._scene.agenda.do(command, at, self._scene.chance.text(texts.TRANSFER))
            for row in rows[-1:]:
                self._housekeeping.call_for(stay.bed_id, at)
                self._plan_leave(row["booking_id"], at, leaves_at)

    def _would_do(self, bed: Bed, stay: Booking, at: datetime, until: datetime) -> bool:
        besides = frozenset({stay.booking_id})
        wish = Wish(bed, stay.patient_ref, stay.needs, at, until, at, besides=besides)
        return bed.status is BedStatus.AVAILABLE and not breaches(self._scene.hospital(), wish)

    def _leave(self, booking_id: str, at: datetime) -> None:
        stay = self._own_stay(booking_id)
        if stay is None:
            return
        before = self._scene.hospital().bed(stay.bed_id)
        disposition, words = self._disposition()
        command = c.DischargePatient(
            booking_id=booking_id,
            disposition=disposition.value,
            newborns=self._births.go_along(stay),
        )
        rows = self._scene.agenda.do(command, at, self._scene.chance.text(words))
        for row in rows:
            if row["event_type"] == EventType.PATIENT_DISCHARGED:
                self._housekeeping.call_for(row["bed_id"], at)
        if rows and self._scene.chance.happens(self._scene.assumptions.correction_share):
            undo = undoing(rows, before, stay)
            self._scene.agenda.plan(
                at + self._scene.chance.hours(0.1, 0.5), partial(self._undo_discharge, undo)
            )

    def _disposition(self) -> tuple[Disposition, tuple[str, ...]]:
        a, chance = self._scene.assumptions, self._scene.chance.share()
        if chance < a.death_share:
            return Disposition.DIED, texts.DEATH
        if chance < a.death_share + a.other_hospital_share:
            return Disposition.OTHER_HOSPITAL, texts.OTHER_HOSPITAL
        return Disposition.HOME, texts.DISCHARGE

    def _own_stay(self, booking_id: str) -> Booking | None:
        booking = own_booking(self._scene.hospital(), booking_id)
        return booking if booking and booking.is_stay else None

    def _undo_discharge(self, undo: c.CancelEvent, at: datetime) -> None:
        """The patient has not left yet, and does later."""
        [event] = undo.request
        if self._scene.hospital().beds[event.bed_before.bed_id].last_source != Source.SIMULATOR:
            return
        text = self._scene.chance.text(texts.CORRECTION)
        if self._scene.agenda.do(undo, at, text, "entered_in_error"):
            leaves_at = at + self._scene.chance.hours(1, 6)
            self._scene.agenda.plan(leaves_at, partial(self._leave, event.booking.booking_id))


def own_booking(hospital: Hospital, booking_id: str) -> Booking | None:
    """An open booking that the simulated hospital made and nobody has taken over."""
    booking = hospital.bookings.get(booking_id)
    return booking if booking and booking.source == Source.SIMULATOR else None


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
