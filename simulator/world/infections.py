"""Infections in the simulated hospital: found, isolated, over; and now and then a bay closed."""

from datetime import datetime
from functools import partial

from lake.vocabulary import AgeGroup, BedStatus, EventType, Source
from simulator.domain import commands as c
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking
from simulator.domain.needs import Isolation, Needs
from simulator.world import texts
from simulator.world.agenda import SIMULATED_STAFF
from simulator.world.chance import DAY, HOUR
from simulator.world.organisms import INFECTIOUS_DAYS
from simulator.world.patients import Patient
from simulator.world.scene import Scene, own_booking
from simulator.world.stays import Stays, WantsBed
from simulator.writer.engine import Row

NOROVIRUS = Isolation(organism="norovirus")
OUTBREAK_REASON = "norovirus"
FREE_OF_SYMPTOMS = 72 * HOUR
"""How long nobody in the bay may have symptoms before it opens."""
CAUGHT_BY = 0.35
"""Share of the contacts in the bay; an assumption."""
FEWEST_IN_BAY = 3
RESULTS_HOUR = 8
"""When the laboratory reports what it was sent at night."""
CONTACTS_CLEARED_AFTER = (40.0, 56.0)


class Infections:
    def __init__(self, scene: Scene, stays: Stays, wants_bed: WantsBed) -> None:
        self._scene = scene
        self._stays = stays
        self._wants_bed = wants_bed

    def start(self, at: datetime) -> None:
        days = self._scene.assumptions.days_between_outbreaks
        when = self._scene.chance.by_work(
            at + self._scene.chance.regularly(24 * days), RESULTS_HOUR
        )
        self._scene.agenda.plan(when, self._break_out)

    def resume(self, at: datetime) -> None:
        """Contacts, and bays that an earlier run has closed and nobody has touched since."""
        for booking_id in sorted(self._scene.hospital().exposed):
            stay = own_booking(self._scene.hospital(), booking_id)
            if stay and stay.is_stay:
                self._plan_clearing(stay.patient_ref, at)
        rooms = {
            bed.room_id
            for bed in self._scene.hospital().registered_beds
            if bed.room_closing
            and bed.room_closing.reason_code == OUTBREAK_REASON
            and bed.last_source == Source.SIMULATOR
        }
        for room_id in sorted(rooms):
            opens_at = self._scene.chance.next_at(10, max(self._free_from(room_id), at))
            self._scene.agenda.plan(opens_at, partial(self.open_bay, room_id))

    def _free_from(self, room_id: str) -> datetime:
        """As planned, and no sooner than who is ill there has had no symptoms for long enough."""
        beds = self._beds_of(room_id)
        closings = [bed.room_closing for bed in beds if bed.room_closing]
        planned = [it.until_at or it.since_at + FREE_OF_SYMPTOMS for it in closings]
        ill = [bed.status_since_at for bed in beds if bed.status is BedStatus.ISOLATED]
        return max([*planned, *(since + FREE_OF_SYMPTOMS for since in ill)])

    def _beds_of(self, room_id: str) -> list[Bed]:
        """None, once the room is there no more."""
        return [bed for bed in self._scene.hospital().registered_beds if bed.room_id == room_id]

    def expect(self, patient: Patient, at: datetime) -> None:
        """Of a patient who is in bed now: the end of what is known, or something found later."""
        isolation = patient.needs.isolation
        if isolation:
            self._plan_end(patient.patient_ref, isolation, at)
        elif not patient.ward.takes_cots and self._scene.chance.happens(
            self._scene.assumptions.infection_found_share
        ):
            when = self._scene.chance.within(at, patient.leaves_at)
            when = self._scene.chance.by_work(when, RESULTS_HOUR)
            self._scene.agenda.plan(when, partial(self._find, patient))

    def _plan_end(self, ref: str, isolation: Isolation, at: datetime) -> None:
        days = INFECTIOUS_DAYS.get(isolation.organism or "")
        if days:
            over_at = self._scene.chance.next_at(10, at + (days - 0.5) * DAY)
            self._scene.agenda.plan(over_at, partial(self._be_over, ref))

    def _find(self, patient: Patient, at: datetime) -> None:
        stay = self._scene.own_stay(patient.patient_ref)
        if stay is None or self._scene.hospital().isolation_of(stay):
            return
        isolation = self._scene.infection(self._scene.ward_of(stay.bed_id))
        if self._isolate(stay, isolation, texts.INFECTION[isolation.organism or ""], at):
            self._plan_end(patient.patient_ref, isolation, at)
            self._ask_for_side_room(patient, stay, isolation, at)

    def _isolate(self, stay: Booking, isolation: Isolation, note: str, at: datetime) -> bool:
        command = c.StartIsolation(bed_ids=(stay.bed_id,), isolation=isolation)
        rows = self._scene.agenda.do(command, at, note)
        self._watch_contacts(rows, at)
        return bool(rows)

    def _watch_contacts(self, rows: list[Row], at: datetime) -> None:
        for row in rows:
            if row["event_type"] == EventType.CONTACT_STARTED:
                self._plan_clearing(row["patient_ref"], at)

    def _plan_clearing(self, ref: str, at: datetime) -> None:
        when = self._scene.chance.by_work(at + self._scene.chance.hours(*CONTACTS_CLEARED_AFTER))
        self._scene.agenda.plan(when, partial(self._clear, ref))

    def _ask_for_side_room(
        self, patient: Patient, stay: Booking, isolation: Isolation, at: datetime
    ) -> None:
        bed = self._scene.hospital().beds[stay.bed_id]
        if not self._scene.is_alone(bed):
            needs = Needs(isolation=isolation, priority=1)
            ward = self._scene.ward(bed.ward_id)
            self._wants_bed(patient, ward, needs, texts.SIDE_ROOM_WANTED, at)

    def _be_over(self, ref: str, at: datetime) -> None:
        stay = self._scene.own_stay(ref)
        if stay and self._scene.hospital().isolation_of(stay):
            command = c.EndIsolation(bed_ids=(stay.bed_id,))
            self._scene.agenda.do(command, at, self._scene.chance.text(texts.ISOLATION_OVER))
            self._needs_no_side_room(ref, at)
            self._scene.bell.ring(self._scene.ward_of(stay.bed_id).ward_id, at)

    def _needs_no_side_room(self, ref: str, at: datetime) -> None:
        """Any more: what was asked for of a patient in bed is withdrawn."""
        for request in self._scene.hospital().requests_of(ref):
            if request.needs.isolation and request.requested_by in SIMULATED_STAFF:
                command = c.WithdrawRequest(bed_request_id=request.bed_request_id)
                self._scene.agenda.do(command, at, None, "not_needed")

    def _clear(self, ref: str, at: datetime) -> None:
        """But for who has caught it, or lies in a bay that is still closed."""
        stay = self._scene.own_stay(ref)
        if stay is None or not stay.contact_of or self._scene.hospital().isolation_of(stay):
            return
        if self._scene.hospital().beds[stay.bed_id].room_closing:
            return
        command = c.EndContact(booking_id=stay.booking_id)
        self._scene.agenda.do(command, at, self._scene.chance.text(texts.CONTACT_CLEARED))
        self._scene.bell.ring(self._scene.ward_of(stay.bed_id).ward_id, at)

    def _break_out(self, at: datetime) -> None:
        """In a bay of grown-ups that nobody has closed, among patients of the simulated hospital
        alone."""
        self.start(at)
        bays = [bay for bay in self._bays() if len(bay) >= FEWEST_IN_BAY]
        if not bays:
            return
        bay = self._scene.chance.one_of(bays)
        room_id = self._scene.hospital().beds[bay[0].bed_id].room_id
        first, *others = bay
        self._isolate(first, NOROVIRUS, texts.INFECTION["norovirus"], at)
        beds = tuple(bed.bed_id for bed in self._scene.hospital().beds_of_room(room_id))
        until = at + FREE_OF_SYMPTOMS
        command = c.CloseAdmissions(bed_ids=beds, reason_code=OUTBREAK_REASON, until_at=until)
        if not self._scene.agenda.do(command, at, texts.OUTBREAK, OUTBREAK_REASON):
            return
        self._plan_end(first.patient_ref, NOROVIRUS, at)
        if course := self._stays.courses.get(first.patient_ref):
            self._ask_for_side_room(course.patient, first, NOROVIRUS, at)
        last_at = at
        for other in others:
            if self._scene.chance.happens(CAUGHT_BY):
                when = self._scene.chance.by_work(
                    at + self._scene.chance.hours(10, 44), RESULTS_HOUR
                )
                last_at = max(last_at, when)
                self._scene.agenda.plan(when, partial(self._fall_ill, other.patient_ref, room_id))
        opens_at = self._scene.chance.next_at(10, last_at + FREE_OF_SYMPTOMS)
        self._scene.agenda.plan(opens_at, partial(self.open_bay, room_id))

    def _bays(self) -> list[list[Booking]]:
        hospital = self._scene.hospital()
        rooms: dict[str, list[Bed]] = {}
        for bed in hospital.registered_beds:
            rooms.setdefault(bed.room_id, []).append(bed)
        wards = {
            ward.ward_id
            for ward in self._scene.plan.wards
            if AgeGroup.ADULT in ward.takes.age_groups and not ward.takes_cots
        }
        return [
            stays
            for beds in rooms.values()
            if len(beds) > FEWEST_IN_BAY and beds[0].ward_id in wards
            if not beds[0].is_temporary
            if all(bed.last_source == Source.SIMULATOR and not bed.closings for bed in beds)
            if not any(bed.status is BedStatus.ISOLATED for bed in beds)
            if (stays := [stay for bed in beds if (stay := self._own_in(bed))])
        ]

    def _own_in(self, bed: Bed) -> Booking | None:
        stay = self._scene.hospital().current_booking(bed.bed_id)
        return stay and self._scene.own_stay(stay.patient_ref)

    def _fall_ill(self, ref: str, room_id: str, at: datetime) -> None:
        stay = self._scene.own_stay(ref)
        if stay is None or self._scene.hospital().isolation_of(stay):
            return
        if self._scene.hospital().beds[stay.bed_id].room_id == room_id and self._isolate(
            stay, NOROVIRUS, texts.OUTBREAK_CASE, at
        ):
            self._plan_end(ref, NOROVIRUS, at)

    def open_bay(self, room_id: str, at: datetime) -> None:
        """Who is over it is isolated no more, and nobody a contact; then the bay takes patients."""
        beds = self._beds_of(room_id)
        if not beds:
            return
        stays = [stay for bed in beds if (stay := self._own_in(bed))]
        ill = tuple(s.bed_id for s in stays if self._scene.hospital().isolation_of(s))
        if ill:
            text = self._scene.chance.text(texts.ISOLATION_OVER)
            self._scene.agenda.do(c.EndIsolation(bed_ids=ill), at, text)
        is_closed = [bed for bed in beds if bed.room_closing]
        if is_closed and all(b.room_closing.reason_code == OUTBREAK_REASON for b in is_closed):  # type: ignore[union-attr]
            command = c.OpenAdmissions(bed_ids=tuple(bed.bed_id for bed in is_closed))
            self._scene.agenda.do(command, at, texts.OUTBREAK_OVER)
        for stay in stays:
            self._clear(stay.patient_ref, at)
        self._scene.bell.ring(beds[0].ward_id, at)
