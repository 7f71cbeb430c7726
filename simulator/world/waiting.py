"""The waiting list of the simulated hospital, walked by rank whenever a bed can be had."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from lake.vocabulary import (
    AdmissionType,
    BedStatus,
    EventType,
    LevelOfCare,
    OverrideReason,
    RoomClass,
    Source,
    WaitsIn,
)
from simulator.domain import commands as c
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking
from simulator.domain.needs import Needs
from simulator.domain.overrides import Override
from simulator.domain.requests import BedRequest
from simulator.plan import Ward
from simulator.world import texts
from simulator.world.admissions import LATE, LOOK_AGAIN, Admissions
from simulator.world.agenda import BED_MANAGER, MATRON, SIMULATED_STAFF
from simulator.world.chance import DAY, HOUR, MINUTE
from simulator.world.moves import LET_LIE, Moves
from simulator.world.patients import Patient, Patients
from simulator.world.placing import Place, Placing, Search
from simulator.world.scene import Scene, own_booking
from simulator.world.stays import Stays
from simulator.world.words import is_intensive, is_planned, words_of_request
from simulator.writer.engine import Row

ROUND_MINUTES = 120
NO_TIME = timedelta(0)
WORTH_A_MOVE = 24 * HOUR
"""Who leaves sooner stays where a bed was found."""
UNTIL_CLEAN = {
    BedStatus.DIRTY: 65 * MINUTE,
    BedStatus.CONTAMINATED: 85 * MINUTE,
    BedStatus.CLEANING: 35 * MINUTE,
}
"""What the bed manager reckons with."""
PRESSING_AFTER = 5 * HOUR
"""From then on a room for isolation will do for who needs none."""
SHORTEST_STAY = 5 * HOUR
KEPT_FOR_PLANNED, KEPT_AGAINST = 30 * HOUR, 3 * HOUR
"""A bed that is somebody else's so soon is given only to an emergency that has waited so long."""
ROOM_IS_MADE_WITHIN, NO_ROOM_FOR = 3 * HOUR, 20 * MINUTE
INTENSIVE_ROOM_WITHIN = HOUR
"""When to ask again for a room for one, after somebody has moved out of one and if nobody could."""


def where(needs: Needs) -> str | None:
    """Somebody who comes waits; None: of who lies here it is known."""
    if needs.admission_type is None:
        return None
    if needs.admission_type == AdmissionType.EMERGENCY:
        return WaitsIn.EMERGENCY_DEPARTMENT.value
    return (WaitsIn.THEATRE if is_intensive(needs) else WaitsIn.CLINIC).value


class Waiting:
    def __init__(
        self,
        scene: Scene,
        people: Patients,
        placing: Placing,
        moves: Moves,
        stays: Stays,
        admissions: Admissions,
    ) -> None:
        self._scene = scene
        self._people = people
        self._placing = placing
        self._moves = moves
        self._stays = stays
        self._admissions = admissions
        self._patients: dict[str, Patient] = {}
        self._make_room_from: dict[str, datetime] = {}
        self._outliers: dict[str, Ward] = {}

    def start(self, at: datetime) -> None:
        self._scene.bell.answer = self._bed_is_free
        self._scene.agenda.plan(at + ROUND_MINUTES * MINUTE, self._round)

    def join(self, patient: Patient, at: datetime) -> None:
        words = words_of_request(patient.needs, patient.ward, self._scene.chance.hour(at))
        self._ask(patient, patient.ward, patient.needs, words, at)

    def join_from_bed(
        self, patient: Patient, ward: Ward, needs: Needs, words: tuple[str, ...], at: datetime
    ) -> None:
        """One who lies here waits for another bed."""
        patient = replace(
            patient,
            ward=ward,
            waiting_since=at,
            arrived_at=None,
            outlies_from=self._people.outlies_from(ward, at, can_wait=True),
        )
        waiting = self._scene.hospital().requests_of(patient.patient_ref)
        if waiting:
            self._change(waiting[0], patient, needs, words, at)
        else:
            self._ask(patient, ward, needs, words, at)

    def _change(
        self,
        request: BedRequest,
        patient: Patient,
        needs: Needs,
        words: tuple[str, ...],
        at: datetime,
    ) -> None:
        """What is asked for already; who is isolated waits for the same ward as before."""
        if request.requested_by not in SIMULATED_STAFF:
            return
        ward_id = None if needs.isolation else patient.ward.ward_id
        request_id = request.bed_request_id
        command = c.ChangeRequest(bed_request_id=request_id, ward_id=ward_id, needs=needs)
        if self._scene.agenda.do(command, at, self._scene.chance.text(words)):
            if ward_id or request_id not in self._patients:
                self._patients[request_id] = patient
            self._make_room_from.pop(request_id, None)
            self._serve(self._scene.hospital().requests[request_id], at)
            self._look_again(request_id, patient, at)

    def _ask(
        self, patient: Patient, ward: Ward, needs: Needs, words: tuple[str, ...], at: datetime
    ) -> None:
        command = c.RequestBed(
            patient_ref=patient.patient_ref,
            ward_id=ward.ward_id,
            needs=needs,
            waits_in=where(needs),
            arrived_at=patient.arrived_at,
            expected_stay_hours=round(patient.stay / HOUR, 1),
        )
        for row in self._scene.agenda.do(command, at, self._scene.chance.text(words)):
            request_id = row["bed_request_id"]
            self._patients[request_id] = patient
            self._serve(self._scene.hospital().requests[request_id], at)
            self._look_again(request_id, patient, at)

    def _look_again(self, request_id: str, patient: Patient, at: datetime) -> None:
        """Once beds of other wards will do, and once any room will."""
        waits = (KEPT_AGAINST, PRESSING_AFTER)
        for when in (patient.outlies_from, *(patient.waiting_since + wait for wait in waits)):
            if request_id in self._patients and at < when < at + DAY:
                self._scene.agenda.plan(when, partial(self._serve_again, request_id))

    def _serve_again(self, request_id: str, at: datetime) -> None:
        """After those of the ward who are before it on the list: a bed may have been left just
        now."""
        request = self._scene.hospital().requests.get(request_id)
        if request and request_id in self._patients:
            for other in self.own:
                if other.ward_id == request.ward_id:
                    self._serve(other, at)
                if other == request:
                    return

    def take_up(self, request: BedRequest, patient: Patient) -> None:
        """Of an earlier run, or that an override has left."""
        self._patients[request.bed_request_id] = patient

    @property
    def own(self) -> list[BedRequest]:
        """By rank, those first who need isolation: few beds will do for them."""
        own = [
            request
            for request in self._scene.hospital().waiting_list
            if request.requested_by in SIMULATED_STAFF and request.bed_request_id in self._patients
        ]
        return sorted(own, key=lambda request: not request.needs.isolation)

    def planned_in_lounge(self) -> list[tuple[BedRequest, Patient]]:
        """Who came as planned, is in no bed, and could come another day."""
        return [
            (request, self._patients[request.bed_request_id])
            for request in self.own
            if is_planned(request.needs) and not is_intensive(request.needs)
            if self._scene.hospital().stay_of(request.patient_ref) is None
        ]

    def _bed_is_free(self, ward_id: str, at: datetime) -> None:
        is_at_work = self._scene.chance.is_at_work(at)
        if is_at_work:
            self._end_mixing(self._scene.ward(ward_id), at)
            self._clear_side_rooms(ward_id, at)
        self._walk(at, ward_id)
        if is_at_work:
            self._bring_back(ward_id, at)

    def _walk(self, at: datetime, ward_id: str | None = None) -> None:
        for request in self.own:
            self._serve(request, at, ward_id)

    def _serve(self, request: BedRequest, at: datetime, ward_id: str | None = None) -> bool:
        """From the beds of that ward, or from all; who was served meanwhile, no more."""
        patient = self._patients.get(request.bed_request_id)
        if patient is None or request.wanted_from > at:
            return False
        stay = self._scene.hospital().stay_of(request.patient_ref)
        if stay and not self._may_move(stay, request, at):
            return False
        search = self._search(request, patient, stay, at)
        beds = self._scene.empty_beds(ward_id)
        place = self._placing.best(search, beds, at)
        if place is None:
            self._make_room(request, patient, at)
            return False
        if stay and not place.bed.needs_cleaning:
            return self._move(request, patient, stay, place, at)
        return self._allocate(request, patient, place, at)

    def _may_move(self, stay: Booking, request: BedRequest, at: datetime) -> bool:
        """At night nobody is moved but for isolation, and for who needs intensive care."""
        is_due = bool(request.needs.isolation) or self._scene.chance.is_at_work(at)
        is_due = is_due or any(is_intensive(other.needs) for other in self.own)
        return is_due and self._scene.own_stay(stay.patient_ref) is not None

    def _search(
        self, request: BedRequest, patient: Patient, stay: Booking | None, at: datetime
    ) -> Search:
        hospital = self._scene.hospital()
        needs = hospital.needs_with(stay, request.needs) if stay else request.needs
        may_outlie = self._people.may_outlie(patient.ward)
        is_stepping_down = stay is not None and self._is_needed_by_others(stay)
        cannot_wait = is_stepping_down or bool(needs.isolation)
        return Search(
            patient_ref=request.patient_ref,
            needs=needs,
            ward_id=request.ward_id or patient.ward.ward_id,
            starts_at=at,
            ends_at=max(patient.expected_at, at + SHORTEST_STAY),
            anywhere=at >= patient.outlies_from or (may_outlie and cannot_wait),
            is_pressing=at >= patient.waiting_since + PRESSING_AFTER or is_stepping_down,
            besides=frozenset({stay.booking_id}) if stay else frozenset(),
            least=KEPT_FOR_PLANNED if self._leaves_planned_beds(request, patient, at) else NO_TIME,
        )

    def _is_needed_by_others(self, stay: Booking) -> bool:
        """The bed of somebody who no longer needs intensive care, by somebody who does."""
        ward_id = self._scene.ward_of(stay.bed_id).ward_id
        is_over = stay.progress.care_not_needed_since is not None
        return is_over and any(
            is_intensive(other.needs) and other.ward_id == ward_id for other in self.own
        )

    def _leaves_planned_beds(self, request: BedRequest, patient: Patient, at: datetime) -> bool:
        """Those of the next day, but for who is moved, needs intensive care or a room for one; and
        once somebody of the ward has waited for long, the most urgent first."""
        if request.spell_id or is_intensive(request.needs) or request.needs.isolation:
            return False
        since = [
            self._patients[other.bed_request_id].waiting_since
            for other in self.own
            if other.ward_id == request.ward_id and not other.spell_id
        ]
        return at < min([patient.waiting_since, *since]) + KEPT_AGAINST

    def _allocate(self, request: BedRequest, patient: Patient, place: Place, at: datetime) -> bool:
        """The bed is the patient's, who is on the way to it."""
        handover = self._scene.chance.handover(request.needs.priority or 3)
        comes_at = at + max(handover, UNTIL_CLEAN.get(place.bed.status, handover))
        is_own = place.bed.ward_id == patient.ward.ward_id
        words = texts.ALLOCATED if is_own else texts.ALLOCATED_ELSEWHERE
        if request.spell_id:
            words = texts.ALLOCATED_TO_MOVE
        command = c.PlaceRequest(
            bed_request_id=request.bed_request_id,
            bed_id=place.bed.bed_id,
            starts_at=comes_at,
            ends_at=max(place.until, comes_at + HOUR),
        )
        note = self._scene.chance.text(words, ward=patient.ward.name)
        rows = self._scene.agenda.do(command, at, note)
        for row in rows:
            if row["event_type"] == EventType.BED_BOOKED:
                self._patients.pop(request.bed_request_id, None)
                if request.spell_id:
                    come = partial(self._come_from_bed, row["booking_id"], request, patient)
                    self._scene.agenda.plan(comes_at, come)
                else:
                    self._admissions.expect(row["booking_id"], patient, comes_at)
        return bool(rows)

    def _come_from_bed(
        self, booking_id: str, request: BedRequest, patient: Patient, at: datetime
    ) -> None:
        """Into the bed that was being cleaned; if that takes too long, another one is asked for."""
        booking = own_booking(self._scene.hospital(), booking_id)
        stay = self._scene.own_stay(patient.patient_ref)
        if booking is None or stay is None or stay.booking_id == booking_id:
            return
        words = self._words_of_move(request)
        command = c.AdmitPatient(booking_id=booking_id)
        if self._scene.agenda.do(command, at, self._scene.chance.text(words)):
            self._have_moved(request, patient, stay, at)
        elif at < booking.starts_at + LATE:
            again = partial(self._come_from_bed, booking_id, request, patient)
            self._scene.agenda.plan(at + LOOK_AGAIN, again)
        elif self._scene.agenda.do(
            c.CancelBooking(booking_id=booking_id), at, None, "planned_change"
        ):
            ward = self._scene.ward(request.ward_id)
            self.join_from_bed(patient, ward, request.needs, texts.REQUESTED_AGAIN, at)

    def _words_of_move(self, request: BedRequest) -> tuple[str, ...]:
        """Who goes to a ward, isolated or not, has stepped down."""
        is_for_isolation = request.needs.isolation and not request.needs.level_of_care
        return texts.TO_SIDE_ROOM if is_for_isolation else texts.STEP_DOWN

    def _have_moved(
        self, request: BedRequest, patient: Patient, left: Booking, at: datetime
    ) -> None:
        self._moves.leave_bed(left.bed_id, at)
        if request.needs.isolation and not request.needs.level_of_care:
            self._stays.plan_review(patient.patient_ref, at)
        else:
            self._stays.step_down(patient.patient_ref, at)
            self.note_ward(replace(patient, intensive=None), at)

    def _move(
        self, request: BedRequest, patient: Patient, stay: Booking, place: Place, at: datetime
    ) -> bool:
        command = c.PlaceRequest(
            bed_request_id=request.bed_request_id,
            bed_id=place.bed.bed_id,
            ends_at=place.until,
            admit=True,
        )
        words = self._words_of_move(request)
        rows = self._scene.agenda.do(command, at, self._scene.chance.text(words))
        if rows:
            self._patients.pop(request.bed_request_id, None)
            self._have_moved(request, patient, stay, at)
        return bool(rows)

    def _make_room(self, request: BedRequest, patient: Patient, at: datetime) -> None:
        """Somebody moves out of a room for one: it suits either sex, and who needs isolation."""
        if at < self._make_room_from.get(request.bed_request_id, at):
            return
        wards, words = [request.ward_id or patient.ward.ward_id], texts.FOR_ANOTHER
        if request.needs.isolation:
            words = texts.FOR_ISOLATION
            wards += self._other_wards(patient, wards)
        elif not (self._scene.chance.is_at_work(at) or is_intensive(request.needs)):
            return
        if is_intensive(request.needs):
            self._free_intensive_care(wards[0], at)
            self._make_room_from[request.bed_request_id] = at + INTENSIVE_ROOM_WITHIN
            return
        for_isolation = bool(request.needs.isolation)
        is_made = self._moves.make_room(wards, at, words, for_isolation=for_isolation)
        again = ROOM_IS_MADE_WITHIN if is_made or not for_isolation else NO_ROOM_FOR
        self._make_room_from[request.bed_request_id] = at + again

    def _free_intensive_care(self, ward_id: str, at: datetime) -> None:
        """Who needs it no longer goes to any ward that will do; else one more is looked at."""
        leaving = [
            request
            for request in self.own
            if request.spell_id and request.needs.level_of_care == LevelOfCare.WARD
        ]
        if not any(self._serve(request, at) for request in leaving):
            self._stays.hasten(ward_id, at)

    def _other_wards(self, patient: Patient, besides: list[str]) -> list[str]:
        if not self._people.may_outlie(patient.ward):
            return []
        wards = (ward for ward in self._scene.plan.wards if self._people.may_outlie(ward))
        return [ward.ward_id for ward in wards if ward.ward_id not in besides]

    def _bring_back(self, ward_id: str, at: datetime) -> None:
        """Patients of the ward who lie on another one."""
        away = [ref for ref, home in self._outliers.items() if home.ward_id == ward_id]
        beds = self._of(ward_id) if away else []
        for ref in away if beds else ():
            stay = self._scene.own_stay(ref)
            if stay is None or self._scene.ward_of(stay.bed_id).ward_id == ward_id:
                del self._outliers[ref]
            elif self._is_worth_a_move(stay, at) and self._moves.move(
                stay, beds, at, texts.REPATRIATION, ward_id
            ):
                beds = self._of(ward_id)

    def _is_worth_a_move(self, stay: Booking, at: datetime) -> bool:
        if self._stays.is_dying(stay.patient_ref) or at < stay.starts_at + LET_LIE:
            return False
        return self._stays.remaining(stay, at) > WORTH_A_MOVE

    def note_ward(self, patient: Patient, at: datetime) -> None:
        """Who lies on another ward than the own one is to come back to it, and meanwhile the stay
        names whose patient it is."""
        stay = self._scene.own_stay(patient.patient_ref)
        if stay is None or patient.intensive is not None:
            return
        if self._scene.ward_of(stay.bed_id) != patient.home:
            self._outliers[patient.patient_ref] = patient.home
            self._name_specialty(stay, patient.home, at)

    def _name_specialty(self, stay: Booking, home: Ward, at: datetime) -> None:
        if stay.needs.specialty != home.specialty:
            needs = Needs(specialty=home.specialty)
            command = c.ChangeNeeds(booking_id=stay.booking_id, needs=needs)
            text = self._scene.chance.text(texts.OUTLIER, ward=home.name)
            self._scene.agenda.do(command, at, text)

    def _end_mixing(self, ward: Ward, at: datetime) -> None:
        for ref in self._moves.end_mixing(ward.ward_id, at, texts.TO_ONE_SEX):
            stay = self._scene.own_stay(ref)
            if stay and self._scene.ward_of(stay.bed_id) != ward:
                self._outliers.setdefault(ref, ward)
                self._name_specialty(stay, self._outliers[ref], at)

    def _clear_side_rooms(self, ward_id: str, at: datetime) -> None:
        """Of patients who need no isolation (any more)."""
        for bed in self._scene.beds_of(self._scene.ward(ward_id)):
            stay = self._moves.own_in(bed) if bed.room_class == RoomClass.ISOLATION else None
            if stay and not self._scene.hospital().isolation_of(stay):
                beds = [other for other in self._of(ward_id) if other.room_class != bed.room_class]
                if not beds:
                    return
                self._moves.move(stay, beds, at, texts.FROM_SIDE_ROOM, ward_id)

    def _of(self, ward_id: str) -> list[Bed]:
        """Clean, and there to stay."""
        beds = self._scene.clean_beds()
        return [bed for bed in beds if bed.ward_id == ward_id and not bed.is_temporary]

    def _round(self, at: datetime) -> None:
        """Time alone changes whom a bed suits; and some cannot wait any longer."""
        self._scene.agenda.plan(at + ROUND_MINUTES * MINUTE, self._round)
        self._forget_who_has_left_the_list()
        for stay in self._stays.done_with_intensive_care():
            if not self._is_seen_to(stay):
                self._stays.ask_for_ward(stay.patient_ref, at)
        if self._scene.chance.is_at_work(at):
            for ward in self._scene.plan.wards:
                self._end_mixing(ward, at)
        self._walk(at)
        for request in self.own:
            self._press(request, at)

    def _forget_who_has_left_the_list(self) -> None:
        """A person may have given the bed, or withdrawn the request."""
        requests = self._scene.hospital().requests
        self._patients = {key: it for key, it in self._patients.items() if key in requests}
        self._make_room_from = {
            key: it for key, it in self._make_room_from.items() if key in requests
        }

    def _is_seen_to(self, stay: Booking) -> bool:
        """Whether a bed is reserved, or one asked for that would take the patient as now."""
        hospital = self._scene.hospital()
        if len(hospital.bookings_of(stay.patient_ref)) > 1:
            return True
        return any(
            request.ward_id is None
            or not hospital.house.ward(request.ward_id).does_not_take(
                hospital.needs_with(stay, request.needs)
            )
            for request in hospital.requests_of(stay.patient_ref)
        )

    def _press(self, request: BedRequest, at: datetime) -> None:
        a, patient = self._scene.assumptions, self._patients[request.bed_request_id]
        if self._scene.hospital().stay_of(request.patient_ref):
            return
        waited = at - patient.waiting_since
        is_emergency = request.needs.admission_type == AdmissionType.EMERGENCY
        is_for_intensive = is_intensive(request.needs)
        longest = a.wait_hours_before_diversion
        if is_for_intensive:
            longest = a.wait_hours_before_retrieval
        if is_emergency and waited > longest * HOUR:
            words = texts.TO_OTHER_INTENSIVE if is_for_intensive else texts.DIVERSION
            text = self._scene.chance.text(words)
            command = c.WithdrawRequest(bed_request_id=request.bed_request_id)
            self._scene.agenda.do(command, at, text, "diverted")
        elif waited > a.wait_hours_before_override * HOUR and self._scene.chance.happens(
            a.override_share
        ):
            self._override(request, patient, at)

    def _override(self, request: BedRequest, patient: Patient, at: datetime) -> None:
        """The bed manager gives a clean bed of the ward although a rule is against it."""
        beds = [bed for bed in self._of(patient.ward.ward_id) if self._may_override(bed)]
        if not beds:
            return
        reason = self._scene.chance.one_of(list(texts.OVERRIDE))
        command = c.PlaceRequest(
            bed_request_id=request.bed_request_id,
            bed_id=self._scene.chance.one_of(beds).bed_id,
            ends_at=max(patient.expected_at, at + HOUR),
            admit=True,
            override=Override(OverrideReason(reason).value, texts.OVERRIDE[reason]),
        )
        text = self._scene.chance.text(texts.ADMISSION, specialty=patient.ward.name.lower())
        rows = self._scene.agenda.do(command, at, text, actor=BED_MANAGER)
        self.look_after_displaced(rows, at)
        if rows:
            self._patients.pop(request.bed_request_id, None)
            self._admissions.begin(patient, at)

    def _may_override(self, bed: Bed) -> bool:
        booked = self._scene.hospital().of_bed.get(bed.bed_id, ())
        return not bed.closings and all(booking.source == Source.SIMULATOR for booking in booked)

    def look_after_displaced(self, rows: Iterable[Row], at: datetime) -> None:
        for row in rows:
            if row["event_type"] == EventType.BED_REQUESTED:
                request = BedRequest.from_row(row)
                self.take_up(request, self._people.known(request, at))
            if row.get("override_rules") and self._scene.chance.happens(
                self._scene.assumptions.override_reviewed_share
            ):
                when = self._scene.chance.by_work(at + self._scene.chance.hours(2, 20))
                self._scene.agenda.plan(when, partial(self._review_override, row["event_id"]))

    def _review_override(self, event_id: str, at: datetime) -> None:
        text = self._scene.chance.text(texts.OVERRIDE_REVIEW)
        self._scene.agenda.do(c.ReviewOverride(event_id=event_id), at, text, actor=MATRON)
