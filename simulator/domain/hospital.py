"""The hospital as it is: beds, open bookings, the waiting list, what overrides want a review.

All of it is folded from event rows; only what a decision may still ask for is kept.
"""

from bisect import insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import takewhile
from operator import attrgetter
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from lake.vocabulary import (
    RESERVED_AHEAD_MINUTES,
    Away,
    BedStatus,
    BookingState,
    DisplayStatus,
    Disposition,
    EventType,
    RoomClass,
    Rule,
    display_status,
)
from simulator.domain.beds import Bed
from simulator.domain.bookings import AT_FIRST, END_OF_TIME, Booking
from simulator.domain.errors import NotThere, Refusal, no_open_booking, none_waits
from simulator.domain.house import House
from simulator.domain.lounge import InLounge
from simulator.domain.merges import Merge
from simulator.domain.needs import NO_ISOLATION, SOURCE, Isolation, Needs
from simulator.domain.overrides import OpenOverride
from simulator.domain.requests import BedRequest, Rank

RESERVED_AHEAD = timedelta(minutes=RESERVED_AHEAD_MINUTES)
ONE_DAY = timedelta(days=1)
SIDE_ROOMS = frozenset(
    room_class.value for room_class in (RoomClass.ISOLATION, RoomClass.PRIVATE, RoomClass.DELUXE)
)


class Stayed(NamedTuple):
    """In which room a patient has lain, and when."""

    patient_ref: str
    room_id: str
    since: datetime
    until: datetime


@dataclass
class Hospital:
    """`bookings`: the open ones; `of_bed`: the same per bed, by start; `in_bed`: of each bed the
    stay; `of_patient`: their ids per patient; `exposed`: ids of those whose patients were exposed
    to an infection; `left_at`: when a patient's newest ended stay ended; `died_at`: when a patient
    died, by the stay; `requests`: the waiting list; `overrides`: those without a review;
    `corrected`: ids of the events that were undone; `merges`: by the reference that became another
    one; `lent`: spells that go on without a bed, with the stays that ended as theirs was lent;
    `lately`: ended stays in whose rooms contacts may still be traced; `lounge`: by the spell, who
    went to the discharge lounge; `house`: its rules."""

    beds: dict[str, Bed] = field(default_factory=dict)
    bookings: dict[str, Booking] = field(default_factory=dict)
    of_bed: dict[str, list[Booking]] = field(default_factory=dict)
    in_bed: dict[str, Booking] = field(default_factory=dict)
    in_room: dict[str, list[str]] = field(default_factory=dict)
    in_ward: dict[str, list[str]] = field(default_factory=dict)
    exposed: set[str] = field(default_factory=set)
    of_patient: dict[str, set[str]] = field(default_factory=dict)
    left_at: dict[str, datetime] = field(default_factory=dict)
    died_at: dict[str, dict[str, datetime]] = field(default_factory=dict)
    requests: dict[str, BedRequest] = field(default_factory=dict)
    overrides: dict[str, OpenOverride] = field(default_factory=dict)
    corrected: set[str] = field(default_factory=set)
    merges: dict[str, Merge] = field(default_factory=dict)
    lent: dict[str, Booking] = field(default_factory=dict)
    lately: dict[str, Stayed] = field(default_factory=dict, compare=False)
    time_zone: str = "UTC"
    lounge: dict[str, InLounge] = field(default_factory=dict, compare=False)
    house: House = field(default_factory=House, compare=False)

    def bed(self, bed_id: str) -> Bed:
        """Raises Refusal `unknown_bed`, for retired beds too."""
        bed = self.beds.get(bed_id)
        if bed is None or bed.is_retired:
            raise Refusal(Rule.UNKNOWN_BED, f"No bed is registered as {bed_id}.")
        return bed

    def booking(self, booking_id: str) -> Booking:
        """An open booking. Raises NotThere."""
        try:
            return self.bookings[booking_id]
        except KeyError:
            raise no_open_booking(booking_id) from None

    def request(self, bed_request_id: str) -> BedRequest:
        """One that waits. Raises NotThere."""
        try:
            return self.requests[bed_request_id]
        except KeyError:
            raise none_waits(bed_request_id) from None

    @property
    def registered_beds(self) -> Iterable[Bed]:
        return (bed for bed in self.beds.values() if not bed.is_retired)

    @property
    def waiting_list(self) -> list[BedRequest]:
        return sorted(self.requests.values(), key=self.rank)

    def rank(self, request: BedRequest) -> Rank:
        return request.rank(self.house.priority_step)

    def room_mates(self, bed: Bed) -> list[Bed]:
        """The other registered beds of its room."""
        return [other for other in self.beds_in(bed.room_id) if other.bed_id != bed.bed_id]

    def beds_of_room(self, room_id: str) -> list[Bed]:
        """Raises NotThere."""
        return _found(self.beds_in(room_id), f"There is no room {room_id}.")

    def beds_in(self, room_id: str) -> list[Bed]:
        """The registered beds of a room, of which there may be none."""
        beds = self.beds
        return [bed for one in self.in_room.get(room_id, ()) if not (bed := beds[one]).is_retired]

    def beds_of_ward(self, ward_id: str) -> list[Bed]:
        """Raises NotThere."""
        return _found(self.beds_in_ward(ward_id), f"There is no ward {ward_id}.")

    def beds_in_ward(self, ward_id: str) -> list[Bed]:
        """The registered beds of a ward, of which there may be none."""
        beds = self.beds
        return [bed for one in self.in_ward.get(ward_id, ()) if not (bed := beds[one]).is_retired]

    def is_single(self, bed: Bed) -> bool:
        """Whether the room has no other bed; cots are none."""
        if len(self.in_room[bed.room_id]) == 1:
            return True
        return all(other.is_cot for other in self.room_mates(bed))

    def side_rooms(self, ward_id: str) -> list[Bed]:
        return [bed for bed in self.beds_of_ward(ward_id) if self.is_side_room(bed)]

    def is_side_room(self, bed: Bed) -> bool:
        """The bed of a room for one, which could be used for isolation; not of intensive care."""
        is_of_class = bed.room_class in SIDE_ROOMS and not bed.is_cot
        return is_of_class and self.is_single(bed)

    def current_booking(self, bed_id: str) -> Booking | None:
        """The booking of the patient in the bed."""
        return self.in_bed.get(bed_id)

    def refs_of(self, patient_ref: str) -> set[str]:
        """All references of the person, this one among them."""
        if not self.merges:
            return {patient_ref}
        refs, found = set[str](), {patient_ref}
        while found != refs:
            refs = found
            joined = (m for m in self.merges.values() if not m.is_pending and refs & m.refs)
            found = refs.union(*(merge.refs for merge in joined))
        return refs

    def bookings_of(self, patient_ref: str) -> list[Booking]:
        """The patient's open bookings, by start."""
        if not self.merges and patient_ref not in self.of_patient:
            return []
        ids = [one for ref in self.refs_of(patient_ref) for one in self.of_patient.get(ref, ())]
        found = [self.bookings[booking_id] for booking_id in ids]
        return sorted(found, key=_start_and_id) if len(found) > 1 else found

    def left_bed_at(self, patient_ref: str) -> datetime | None:
        left = (self.left_at.get(ref) for ref in self.refs_of(patient_ref))
        return max(filter(None, left), default=None)

    def has_died_at(self, patient_ref: str, besides: str | None = None) -> datetime | None:
        """`besides`: a stay whose end says so is not counted."""
        if not self.died_at:
            return None
        deaths = (self.died_at.get(ref, {}) for ref in self.refs_of(patient_ref))
        known = (at for of_ref in deaths for stay, at in of_ref.items() if stay != besides)
        return min(known, default=None)

    def stay_of(self, patient_ref: str) -> Booking | None:
        """Where the patient is now; None: in no bed."""
        return next((b for b in self.bookings_of(patient_ref) if b.is_stay), None)

    def spell_without_bed(self, patient_ref: str) -> Booking | None:
        """The patient's stay that ended as the bed was lent, while the spell goes on."""
        if not self.lent:
            return None
        refs = self.refs_of(patient_ref)
        return next((stay for stay in self.lent.values() if stay.patient_ref in refs), None)

    def in_lounge(self, now: datetime) -> list[InLounge]:
        """Who is in the discharge lounge, the first to come first."""
        there = (one for one in self.lounge.values() if one.is_there(now))
        return sorted(there, key=lambda one: (one.since_at, one.spell_id))

    def isolation_of(self, booking: Booking) -> Isolation | None:
        """Of a patient in bed the bed's status tells whether, of others what was asked for."""
        if booking.is_stay:
            return isolation_in(self.beds[booking.bed_id], booking)
        return booking.needs.isolation or None

    def needs_with(self, stay: Booking, asked: Needs) -> Needs:
        """What is asked of another bed for a patient in bed, isolated as now."""
        isolated = self.isolation_of(stay) or NO_ISOLATION
        asked = asked if asked.isolation else replace(asked, isolation=None)
        return replace(stay.needs_now, isolation=isolated).with_given(asked)

    def contact_of(self, patient_ref: str) -> frozenset[str]:
        """Infections that the patient, who lies here, was exposed to."""
        stay = self.stay_of(patient_ref) if self.exposed else None
        return frozenset(stay.contact_of) if stay else frozenset()

    def single_sex_from(self, bed: Bed, stay: Booking) -> datetime | None:
        """From when on the patient has a right to a room of one sex; None: there is none."""
        if bed.is_cot:
            return None
        if not self.house.mixes_sexes(bed.ward_id, bed.room_class):
            return stay.starts_at
        not_needed = stay.progress.care_not_needed_since
        return max(stay.starts_at, not_needed + self.house.single_sex_after) if not_needed else None

    def does_not_take(self, bed: Bed, needs: Needs) -> tuple[str, ...]:
        """What of a patient the bed's ward does not take; a cot takes any newborn."""
        return () if bed.is_cot else self.house.ward(bed.ward_id).does_not_take(needs)

    def stay_on_leave(self, bed_id: str) -> Booking | None:
        """Of the patient whose bed could be lent."""
        stay = self.current_booking(bed_id)
        return stay if stay and stay.away_as == Away.LEAVE else None

    def requests_of(self, patient_ref: str) -> list[BedRequest]:
        """What the patient waits for, by rank."""
        refs = self.refs_of(patient_ref)
        found = (r for r in self.requests.values() if r.patient_ref in refs)
        return sorted(found, key=self.rank)

    def reservations(self, bed_id: str) -> list[Booking]:
        return [b for b in self.of_bed.get(bed_id, ()) if b.state is BookingState.RESERVED]

    def started(self, bed_id: str, now: datetime) -> Sequence[Booking]:
        """The bed's bookings whose start has passed; they are kept by start."""
        held = self.of_bed.get(bed_id, ())
        for place, booking in enumerate(held):
            if booking.starts_at > now:
                return held[:place]
        return held

    def booked_by(self, bed_id: str, at: datetime | None) -> Sequence[Booking]:
        """The bed's bookings that begin before that."""
        held = self.of_bed.get(bed_id, ())
        if at is not None:
            for place, booking in enumerate(held):
                if booking.starts_at >= at:
                    return held[:place]
        return held

    def booked_after(self, bed_id: str, at: datetime) -> Sequence[Booking]:
        """The bed's bookings that begin after that."""
        held = self.of_bed.get(bed_id, ())
        for place, booking in enumerate(held):
            if booking.starts_at > at:
                return held[place:]
        return ()

    def next_booking(self, bed_id: str, at: datetime | None = None) -> Booking | None:
        """The first reservation of the bed; with `at` the first that has not passed by then."""
        reserved = self.reservations(bed_id)
        return next((b for b in reserved if at is None or at < (b.ends_at or END_OF_TIME)), None)

    def unchanged_since(self, bed: Bed) -> datetime:
        """Since when the bed has its status, or its patient, there or away."""
        stay = self.current_booking(bed.bed_id)
        since = (stay.starts_at, stay.away_since, stay.back_since) if stay else ()
        return max([bed.status_since_at, *filter(None, since)])

    def free_isolation_rooms(self, ward_id: str, at: datetime, now: datetime) -> set[str]:
        """Rooms of the ward for isolation in which, as far as is known, somebody could be put."""
        beds = (self.beds[bed_id] for bed_id in self.in_ward.get(ward_id, ()))
        rooms = (bed for bed in beds if bed.room_class == RoomClass.ISOLATION)
        return {bed.room_id for bed in rooms if self._could_be_used(bed, at, now)}

    def _could_be_used(self, bed: Bed, at: datetime, now: datetime) -> bool:
        is_shut = bed.is_retired or bed.status is BedStatus.CLOSED or bed.closings
        if is_shut or not bed.is_staffed:
            return False
        held = (b for b in self.of_bed.get(bed.bed_id, ()) if b.starts_at <= at)
        return not any(b.runs_over(now) or b.overlaps(at, None) for b in held)

    def said_of_day(self, at: datetime, now: datetime) -> str:
        """The time alone, if that is within a day from now."""
        return _said(at, self.time_zone, "%H:%M" if timedelta() <= at - now < ONE_DAY else WITH_DAY)

    def said(self, at: datetime) -> str:
        """An instant as people of the hospital say it."""
        return _said(at, self.time_zone, WITH_YEAR)

    def in_words(self, stay: Booking, now: datetime) -> str:
        """Where and since when, and until when; who it is, is not said."""
        since = f"The patient in {stay.bed_id} is there since {self.said(stay.starts_at)}"
        if stay.ends_at is None or (stay.is_end_assumed and stay.runs_over(now)):
            return f"{since}; no end is known."
        if stay.is_end_assumed:
            return f"{since}, usually until {self.said(stay.ends_at)}; nobody has said an end."
        if not stay.runs_over(now):
            return f"{since}, expected to leave on {self.said(stay.ends_at)}."
        late = (now - stay.ends_at) // timedelta(hours=1)
        ago = f"{late} h ago" if late else "within the last hour"
        return (
            f"{since}, expected to leave {ago}. Discharge the patient (at what time?), "
            "or take another bed."
        )

    def is_at_risk(self, booking: Booking, now: datetime) -> bool:
        """Of a stay: its end was set by what comes after it. Of a reservation: its room or ward
        takes nobody new by then. Of a bed's first reservation: the stay before it runs over (over
        an end that is only assumed, once the reservation begins), or is at risk itself."""
        if booking.state is not BookingState.RESERVED:
            return booking.is_at_risk
        closings = self.beds[booking.bed_id].closings
        if any(closing.covers(booking.starts_at, now) for closing in closings):
            return True
        stay = self.current_booking(booking.bed_id)
        if stay is None or self.next_booking(booking.bed_id, now) != booking:
            return False
        is_late = not stay.is_end_assumed or booking.starts_at <= now
        return stay.is_at_risk or (stay.runs_over(now) and is_late)

    def display_status(self, bed: Bed, now: datetime) -> DisplayStatus:
        booked = self.of_bed.get(bed.bed_id, ())
        return display_status(
            bed.status,
            is_reserved=any(is_due(one, now) for one in booked),
            is_closed_to_admissions=bool(bed.closings),
        )

    def copy(self) -> "Hospital":
        """One that takes changes without this one."""
        return replace(
            self,
            beds=self.beds.copy(),
            bookings=self.bookings.copy(),
            of_bed={bed_id: [*of] for bed_id, of in self.of_bed.items()},
            in_bed=self.in_bed.copy(),
            in_room={room_id: [*beds] for room_id, beds in self.in_room.items()},
            in_ward={ward_id: [*beds] for ward_id, beds in self.in_ward.items()},
            exposed=self.exposed.copy(),
            lounge=self.lounge.copy(),
            of_patient={ref: {*ids} for ref, ids in self.of_patient.items()},
            requests=self.requests.copy(),
            left_at=self.left_at.copy(),
            died_at={ref: {**of_ref} for ref, of_ref in self.died_at.items()},
            lent=self.lent.copy(),
            lately=self.lately.copy(),
            overrides=self.overrides.copy(),
            corrected=self.corrected.copy(),
            merges=self.merges.copy(),
        )

    def apply(self, bed: Bed | None, booking: Booking | None) -> None:
        """Take in what a bed and a booking are after an event."""
        if bed:
            self._place(bed)
        if booking:
            self._forget(self.bookings.pop(booking.booking_id, None))
            if booking.is_open:
                self._remember(booking)

    def take_note(self, row: Mapping[str, Any]) -> None:
        """Take in what an event says besides: requests, overrides, corrections, of patients."""
        self._take_note_of_the_patient(row)
        self.take_note_of_the_lounge(row)
        match row["event_type"]:
            case EventType.BED_REQUESTED | EventType.REQUEST_CHANGED:
                self.requests[row["bed_request_id"]] = BedRequest.from_row(row)
            case EventType.REQUEST_PLACED | EventType.REQUEST_WITHDRAWN:
                self.requests.pop(row["bed_request_id"], None)
            case EventType.OVERRIDE_REVIEWED:
                self.overrides.pop(row["reviewed_event_id"], None)
        if row.get("time_zone"):
            self.time_zone = row["time_zone"]
        if row.get("override_rules"):
            self.overrides[row["event_id"]] = OpenOverride.from_row(row)
        if row.get("corrects_event_id") and row["event_type"] != EventType.DISCHARGE_CORRECTED:
            self.corrected.add(row["corrects_event_id"])

    def _take_note_of_the_patient(self, row: Mapping[str, Any]) -> None:
        """Who has left or died, and who is the same person."""
        match row["event_type"]:
            case EventType.PATIENT_DISCHARGED | EventType.DISCHARGE_CORRECTED:
                self._remember_death(row)
            case EventType.DISCHARGE_CANCELLED:
                self._forget_death(row)
            case EventType.REQUEST_WITHDRAWN if row.get("bed_was_lent"):
                self.lent.pop(row["spell_id"], None)
            case EventType.PATIENTS_MERGED:
                self.merges[row["patient_ref"]] = Merge.from_row(row)
            case EventType.MERGE_CANCELLED:
                self.merges.pop(row["patient_ref"], None)
        if row.get("booking_state") == BookingState.COMPLETED:
            self.left_at[row["patient_ref"]] = row["occurred_at"]
            self.remember_room(row)
            if row.get("displaced_by_booking_id"):
                self.lent[row["spell_id"]] = Booking.from_row(row)
        if row.get("booking_state") == BookingState.ACTIVE:
            self.lent.pop(row["spell_id"], None)
            self.lately.pop(row["stay_id"], None)

    def take_note_of_the_lounge(self, row: Mapping[str, Any]) -> None:
        if row.get("to_lounge") and row["event_type"] == EventType.PATIENT_DISCHARGED:
            self.lounge[row["spell_id"]] = InLounge.from_row(row)
        elif row["event_type"] in LEFT_THE_LOUNGE:
            self.lounge.pop(row["spell_id"], None)
        elif self.lounge and _may_end_a_wait(row):
            self.forget_who_left_the_lounge()

    def forget_who_left_the_lounge(self) -> None:
        """For a bed, or because it turned out that the patient has died."""
        for spell_id, one in [*self.lounge.items()]:
            if self.stay_of(one.patient_ref) or self.has_died_at(one.patient_ref):
                del self.lounge[spell_id]

    def remember_room(self, row: Mapping[str, Any]) -> None:
        """Of a stay that has ended: who has shared the room may yet turn out to be a contact."""
        at = row["occurred_at"]
        earliest = at - 2 * self.house.longest_window
        for stay_id in [*takewhile(lambda one: self.lately[one].until <= earliest, self.lately)]:
            del self.lately[stay_id]
        patient_ref, room_id, since = (
            row[name] for name in ("patient_ref", "room_id", "starts_at")
        )
        self.lately[row["stay_id"]] = Stayed(patient_ref, room_id, since, at)

    def _remember_death(self, row: Mapping[str, Any]) -> None:
        self._forget_death(row)
        if row["disposition"] == Disposition.DIED:
            of_patient = self.died_at.setdefault(row["patient_ref"], {})
            of_patient[row["stay_id"]] = row.get("died_at") or row["occurred_at"]

    def _forget_death(self, row: Mapping[str, Any]) -> None:
        of_patient = self.died_at.get(row["patient_ref"], {})
        of_patient.pop(row["stay_id"], None)
        if not of_patient:
            self.died_at.pop(row["patient_ref"], None)

    def _place(self, bed: Bed) -> None:
        known = self.beds.get(bed.bed_id)
        if known is None or known.room_id != bed.room_id:
            if known:
                self.in_room[known.room_id].remove(bed.bed_id)
            insort(self.in_room.setdefault(bed.room_id, []), bed.bed_id)
        if known is None or known.ward_id != bed.ward_id:
            if known:
                self.in_ward[known.ward_id].remove(bed.bed_id)
            insort(self.in_ward.setdefault(bed.ward_id, []), bed.bed_id)
        self.beds[bed.bed_id] = bed

    def _forget(self, booking: Booking | None) -> None:
        if booking:
            self.exposed.discard(booking.booking_id)
            held = self.of_bed[booking.bed_id]
            held.remove(booking)
            if booking.is_stay:
                self._note_who_is_in(booking.bed_id)
            if not held:
                del self.of_bed[booking.bed_id]
            of_patient = self.of_patient[booking.patient_ref]
            of_patient.remove(booking.booking_id)
            if not of_patient:
                del self.of_patient[booking.patient_ref]

    def _remember(self, booking: Booking) -> None:
        self.bookings[booking.booking_id] = booking
        if booking.contact_of:
            self.exposed.add(booking.booking_id)
        insort(self.of_bed.setdefault(booking.bed_id, []), booking, key=_start)
        if booking.is_stay:
            self._note_who_is_in(booking.bed_id)
        self.of_patient.setdefault(booking.patient_ref, set()).add(booking.booking_id)

    def _note_who_is_in(self, bed_id: str) -> None:
        stay = next((booking for booking in self.of_bed[bed_id] if booking.is_stay), None)
        if stay:
            self.in_bed[bed_id] = stay
        else:
            self.in_bed.pop(bed_id, None)

    def bed_columns(self, bed: Bed, at: datetime) -> dict[str, Any]:
        """The bed's whole state at an instant, as columns of an event row."""
        current = self.current_booking(bed.bed_id)
        following = self.next_booking(bed.bed_id, at)
        columns = bed.as_columns()
        if current:
            columns |= {
                "current_booking_id": current.booking_id,
                "current_stay_id": current.stay_id,
                "current_patient_ref": current.patient_ref,
                "current_patient_sex": current.needs.sex,
                "admitted_at": current.starts_at,
                "expected_discharge_at": current.ends_at,
                "current_is_discharge_confirmed": current.is_discharge_confirmed,
                "current_is_at_risk": current.is_at_risk,
                **self._rarer_columns(bed, current),
            }
            if current.away_as:
                columns["leave_since_at"] = current.away_since_as(Away.LEAVE)
                columns["absence_since_at"] = current.away_since_as(Away.ABSENCE)
            if current.progress is not AT_FIRST:
                columns |= _prefixed("current", current.progress.as_columns())
        if following:
            columns |= {
                "next_booking_id": following.booking_id,
                "next_patient_ref": following.patient_ref,
                "next_starts_at": following.starts_at,
                "next_ends_at": following.ends_at,
            }
        return columns

    def _rarer_columns(self, bed: Bed, stay: Booking) -> dict[str, Any]:
        """Of the patient in the bed: who may share the room, and whether the ward takes such."""
        needs, isolation = stay.needs, self.isolation_of(stay)
        columns = {
            "current_age_group": needs.age_group,
            "current_need_specialty": needs.specialty,
            "current_level_of_care": needs.level_of_care,
            "current_rooms_with": needs.rooms_with,
            "current_placed_with_patient_ref": needs.placed_with_ref,
            "current_single_sex_from_at": self.single_sex_from(bed, stay),
            "current_isolation_kind": isolation.kind if isolation else None,
            "current_infection": infection_of(isolation, stay),
            "current_contact_of": [*stay.contact_of],
            "current_not_taken_as": [*self.does_not_take(bed, needs)],
            "current_is_end_assumed": stay.is_end_assumed,
        }
        return {name: value for name, value in columns.items() if value}


LEFT_THE_LOUNGE = frozenset({EventType.LOUNGE_LEFT, EventType.DISCHARGE_CANCELLED})
WITH_DAY, WITH_YEAR = "%a %d %b %H:%M", "%a %d %b %Y %H:%M"


@lru_cache(4096)
def _said(at: datetime, time_zone: str, form: str) -> str:
    return at.astimezone(ZoneInfo(time_zone)).strftime(form)


def _may_end_a_wait(row: Mapping[str, Any]) -> bool:
    is_correction = row["event_type"] == EventType.DISCHARGE_CORRECTED
    return is_correction or row.get("booking_state") == BookingState.ACTIVE


def isolation_in(bed: Bed, stay: Booking) -> Isolation | None:
    """Of the patient in the bed; an older log does not say of what kind."""
    return (stay.needs.isolation or SOURCE) if bed.status is BedStatus.ISOLATED else None


def infection_of(isolation: Isolation | None, booking: Booking) -> str | None:
    """What others could catch: the organism, or where it is not named, what this patient has."""
    if isolation is None or not isolation.is_source:
        return None
    return isolation.organism or booking.spell_id or booking.booking_id


def is_due(booking: Booking, now: datetime) -> bool:
    """Whether a reservation is running or starts within two hospital hours."""
    return (
        booking.state is BookingState.RESERVED
        and booking.starts_at <= now + RESERVED_AHEAD
        and now < (booking.ends_at or END_OF_TIME)
    )


def fold(rows: Iterable[Mapping[str, Any]]) -> Hospital:
    """The hospital after these event rows, in the order of `seq`."""
    hospital = Hospital()
    for row in rows:
        take_in(hospital, row)
    return hospital


def take_in(hospital: Hospital, row: Mapping[str, Any]) -> None:
    bed = Bed.from_row(row) if row.get("bed_id") else None
    booking = Booking.from_row(row) if row.get("booking_state") else None
    hospital.apply(bed, booking)
    hospital.take_note(row)


def touched(bed: Bed, at: datetime, source: str) -> Bed:
    """The bed after any event at this instant."""
    return replace(bed, last_event_at=at, last_source=source)


def _prefixed(prefix: str, columns: dict[str, Any]) -> dict[str, Any]:
    return {f"{prefix}_{name}": value for name, value in columns.items()}


def _found(beds: list[Bed], otherwise: str) -> list[Bed]:
    if not beds:
        raise NotThere(otherwise)
    return beds


_start = attrgetter("starts_at")


def _start_and_id(booking: Booking) -> tuple[datetime, str]:
    return booking.starts_at, booking.booking_id
