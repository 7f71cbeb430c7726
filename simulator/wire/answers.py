"""What the API answers; what it adds later is passed over by an older client."""

from datetime import datetime
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from lake.vocabulary import (
    BedStatus,
    BookingState,
    DisplayStatus,
    EventType,
    RequestState,
    Rule,
)


class Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


Item = TypeVar("Item")


class Page(Answer, Generic[Item]):
    """`next`: the cursor of the page after this one; null: there is none."""

    items: list[Item]
    next: str | None


class Isolation(Answer):
    kind: str
    organism: str | None = None


class Needs(Answer):
    """What a patient needs of a bed; null: no matter, or not said. `isolation` false: none is
    needed, said so. `assumed`: names of those that nobody said."""

    specialty: str | None = None
    room_class: str | None = None
    isolation: Isolation | bool | None = None
    sex: str | None = None
    priority: int | None = None
    age_group: str | None = None
    level_of_care: str | None = None
    admission_type: str | None = None
    features: tuple[str, ...] = ()
    placed_with: str | None = None
    assumed: tuple[str, ...] = ()


class Change(Answer):
    """An accepted change; `seq` is that of the newest of its events."""

    seq: int


class WithPatient(Change):
    """What else became of the patient's reservations and requests with the change; lists that are
    empty are left out. `lost`: what a correction could not restore. `unmet`: requests that still
    stand, as the bed is none that they ask for."""

    ended_booking_ids: tuple[str, ...] = ()
    ended_request_ids: tuple[str, ...] = ()
    placed_request_ids: tuple[str, ...] = ()
    unmet_request_ids: tuple[str, ...] = ()
    restored_booking_ids: tuple[str, ...] = ()
    restored_request_ids: tuple[str, ...] = ()
    lost_booking_ids: tuple[str, ...] = ()


class DischargeAnswer(WithPatient):
    booking_id: str
    disposition: str
    died_at: datetime | None


class BookingAnswer(WithPatient):
    booking_id: str
    bed_id: str
    state: BookingState
    starts_at: datetime
    ends_at: datetime | None
    is_end_assumed: bool = False
    stay_id: str | None
    spell_id: str | None


class Booking(Change):
    """`is_at_risk`: of a reservation, the stay before it runs over; of a stay, what comes after it
    has set its end."""

    booking_id: str
    bed_id: str
    state: BookingState
    starts_at: datetime
    ends_at: datetime | None
    is_end_assumed: bool = False
    stay_id: str | None
    spell_id: str | None
    ward_id: str | None
    patient_ref: str
    source: str
    is_discharge_confirmed: bool
    is_at_risk: bool
    displaced_by_booking_id: str | None
    bed_request_id: str | None
    needs: Needs
    away_as: str | None = None
    away_since_at: datetime | None = None
    expected_move_count: int = 0
    bed_not_needed_since_at: datetime | None = None
    care_not_needed_since_at: datetime | None = None
    waits_for: str | None = None
    contact_of: tuple[str, ...] = ()
    mother_ref: str | None = None


class BedAnswer(Change):
    bed_id: str
    bed_status: BedStatus


class Contact(Answer):
    """Who has shared a room with a source of infection; null: who lies in no bed now."""

    patient_ref: str
    booking_id: str | None
    bed_id: str | None


class IsolationAnswer(BedAnswer):
    """`contacts_elsewhere`: how many more there are, that only a bed manager is told of."""

    contacts: tuple[Contact, ...] = ()
    contacts_elsewhere: int = 0


class PlacementsAnswer(Change):
    """In the order of the pairs."""

    bookings: tuple[BookingAnswer, ...]


class BedsAnswer(Change):
    """Of a change of several beds: how many. `at_risk_booking_ids`: what is reserved in them while
    they take nobody new."""

    bed_count: int
    at_risk_booking_ids: tuple[str, ...] = ()


class RequestAnswer(Change):
    bed_request_id: str


class Merge(Answer):
    """Two references of one person. `is_pending`: it waits for a stay of the two to end."""

    patient_ref: str
    into: str
    merged_at: datetime
    is_pending: bool


class MergeAnswer(Change):
    patient_ref: str
    into: str
    is_pending: bool


class Stay(Answer):
    """One patient in one bed; `ended_at` null: still there."""

    stay_id: str
    spell_id: str
    booking_id: str
    bed_id: str
    ward_id: str | None
    patient_ref: str
    admitted_at: datetime
    ended_at: datetime | None
    expected_at: datetime | None


class ReviewAnswer(Change):
    event_id: str


class Bed(Answer):
    """The columns of gold.bed_board, what the board shows, whether the next booking is at risk.
    `is_outlier`: the patient's specialty is another one than the ward's."""

    hospital_id: str
    bed_id: str
    room_id: str
    ward_id: str
    ward_name: str | None
    specialty: str | None
    room_class: str | None
    bed_status: BedStatus
    display_status: DisplayStatus
    status_since_at: datetime | None
    previous_bed_status: BedStatus | None
    is_staffed: bool
    is_temporary: bool | None
    current_booking_id: str | None
    current_stay_id: str | None
    current_patient_ref: str | None
    current_patient_sex: str | None
    admitted_at: datetime | None
    expected_discharge_at: datetime | None
    current_is_discharge_confirmed: bool | None
    current_is_at_risk: bool | None
    next_booking_id: str | None
    next_patient_ref: str | None
    next_starts_at: datetime | None
    next_ends_at: datetime | None
    next_is_at_risk: bool
    closed_reason_code: str | None
    closed_until_at: datetime | None
    last_booking_id: str | None
    unreviewed_override_count: int
    last_event_type: EventType
    seq: int
    occurred_at: datetime
    recorded_at: datetime
    leave_since_at: datetime | None = None
    absence_since_at: datetime | None = None
    current_expected_move_count: int | None = None
    current_bed_not_needed_since_at: datetime | None = None
    current_care_not_needed_since_at: datetime | None = None
    current_waits_for: str | None = None
    room_closed_reason_code: str | None = None
    room_closed_since_at: datetime | None = None
    room_closed_until_at: datetime | None = None
    ward_closed_reason_code: str | None = None
    ward_closed_since_at: datetime | None = None
    ward_closed_until_at: datetime | None = None
    current_age_group: str | None = None
    current_need_specialty: str | None = None
    is_outlier: bool = False
    current_level_of_care: str | None = None
    current_rooms_with: str | None = None
    current_placed_with_patient_ref: str | None = None
    current_single_sex_from_at: datetime | None = None
    current_isolation_kind: str | None = None
    current_infection: str | None = None
    current_contact_of: tuple[str, ...] | None = None
    current_not_taken_as: tuple[str, ...] | None = None
    current_is_end_assumed: bool | None = None
    is_cot: bool | None = None
    is_off_census: bool | None = None
    features: tuple[str, ...] | None = None


class Ward(Answer):
    ward_id: str
    ward_name: str
    specialty: str
    bed_count: int
    staffed_count: int
    occupied_count: int
    available_count: int
    reserved_count: int
    dirty_count: int
    closed_count: int


class Alternative(Answer):
    bed_id: str
    reason: str


class FitBed(Answer):
    """`free_hours`: until the bed's next booking; null: none. `ends_at`: until when it would be
    booked, if nobody says an end; null: open."""

    bed_id: str
    reasons: list[str]
    free_hours: float | None
    ends_at: datetime | None


class UnfitBed(Answer):
    """`rules`: what a booking of the bed is refused with; `detail`: why, in few words."""

    bed_id: str
    rules: list[Rule]
    detail: str


class UnsureBed(Answer):
    bed_id: str
    detail: str


class FoundBeds(Answer):
    """`items`: the beds that would do, the best first. `unsure`: beds that can be booked, but
    nobody has said that they will be free by then."""

    items: list[FitBed]
    unfit: list[UnfitBed]
    unsure: list[UnsureBed]


class InLounge(Answer):
    """`booking_id`, `ward_id`: of the stay that ended as the patient went there."""

    booking_id: str
    patient_ref: str
    ward_id: str
    since_at: datetime
    disposition: str


class LoungeAnswer(Change):
    booking_id: str


class Lounge(Answer):
    places: int
    items: list[InLounge]


class ProposedBed(Answer):
    """`seq`: of the request as it was looked at, for place-all."""

    bed_request_id: str
    bed_id: str
    starts_at: datetime
    reasons: list[str]
    seq: int


class LeftRequest(Answer):
    bed_request_id: str
    in_the_way: str


class PendingBed(Answer):
    """A bed that is not free yet; the one that would help the most urgent is first. `is_for`: the
    requests without a bed now that it would do for. `free_at` null: nobody has said when."""

    bed_id: str
    why: str
    free_at: datetime | None
    is_for: list[str]


class Proposal(Answer):
    items: list[ProposedBed]
    left: list[LeftRequest]
    pending: list[PendingBed]


class BedRequest(Answer):
    """A need without a bed. `boarding_minutes`: from the time a bed was wanted for to the bed, or
    until now. `arrival_breach_at`, `decision_breach_at`: by when the patient is to be in bed; null:
    no such clock runs. `is_breached`: it was later than that, of who waits no more when that ended.
    `seq`: for placing it as it was seen."""

    bed_request_id: str
    state: RequestState
    patient_ref: str
    ward_id: str | None
    needs: Needs
    wanted_from: datetime
    waits_in: str | None = None
    arrived_at: datetime | None = None
    decided_at: datetime | None = None
    expected_stay_hours: float | None = None
    arrival_breach_at: datetime | None = None
    decision_breach_at: datetime | None = None
    is_breached: bool = False
    requested_at: datetime
    requested_by: str
    displaced_booking_id: str | None
    booking_id: str | None
    bed_id: str | None
    in_bed_at: datetime | None
    boarding_minutes: float | None
    seq: int


class Patient(Answer):
    """All that is known of a person, under each of the `patient_refs`. Names are not stored."""

    patient_refs: list[str]
    died_at: datetime | None
    stays: list[Stay]
    bookings: list[Booking]
    requests: list[BedRequest]
    merges: list[Merge]


class BedRequestWithBeds(BedRequest):
    suggestions: list[Alternative]


class Override(Answer):
    """`replace_by`: who has to find another bed for what was displaced."""

    event_id: str
    event_type: EventType
    rules: list[str]
    bed_id: str
    booking_id: str | None
    actor: str
    reason_code: str
    reason: str
    occurred_at: datetime
    displaced_booking_ids: list[str]
    replace_by: str | None
    reviewed_by: str | None
    reviewed_at: datetime | None
    seq: int


class Event(Answer):
    """A row of bronze.bed_events: all its columns travel, these are named here."""

    model_config = ConfigDict(extra="allow", frozen=True)

    seq: int
    event_id: str
    event_type: EventType
    occurred_at: datetime
    recorded_at: datetime
    ward_id: str | None
    bed_id: str | None
    booking_id: str | None
    source: str
    actor: str | None
    reason_code: str | None
    reason: str | None
    override_reason: str | None
    note: str | None


class AgeGroups(Answer):
    """The age in years at which each group begins; a neonate is younger than a child."""

    child: float
    adult: float
    older: float


class WardTakes(Answer):
    """Whom a ward takes; an empty list: anybody. `usual_stay_days`: the end that is assumed."""

    ward_id: str
    age_groups: tuple[str, ...]
    sexes: tuple[str, ...]
    admission_types: tuple[str, ...]
    specialties: tuple[str, ...]
    levels_of_care: tuple[str, ...]
    usual_stay_days: float


class Hospital(Answer):
    hospital_id: str
    name: str
    time_zone: str
    age_groups: AgeGroups
    features: tuple[str, ...]
    lounge_places: int = 0
    wards: list[WardTakes]


class Clock(Answer):
    hospital_at: datetime
    wall_at: datetime
    speed: float
    running: bool
    time_zone: str


class Simulator(Answer):
    """In a replay the clock stands: `speed` is 0."""

    running: bool
    speed: float
    seed: int


class Live(Answer):
    status: Literal["ok"]


class Ready(Answer):
    status: Literal["ok", "degraded"]
    head_seq: int
    mode: str


class Conflict(Answer):
    """A booking in the way, and whose it is."""

    booking_id: str
    patient_ref: str | None = None
    bed_id: str
    starts_at: datetime
    ends_at: datetime | None


class PairNotPlaced(Answer):
    """`index`: its place among the pairs, from 0."""

    index: int
    bed_request_id: str


class Problem(Answer):
    """RFC 9457. `code` is for programs, `detail` for people. Of a rule that says no: `rules` are
    all that the request breaks, and an override may go against them if `can_be_overridden`.
    `earliest_at`: the first time that would do, of what lies too early. `pair`: of several
    requests that were to be placed, the one for which none was."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Overlaps booking",
                    "status": 409,
                    "code": "overlaps_booking",
                    "detail": "The bed is booked for a part of this time. B7 holds W3-204-A.",
                    "conflicts_with": {
                        "booking_id": "B7",
                        "bed_id": "W3-204-A",
                        "starts_at": "2026-11-24T03:00:00Z",
                        "ends_at": None,
                    },
                    "alternatives": [
                        {
                            "bed_id": "W3-204-B",
                            "reason": "same ward, same class, clean now, free for the whole time",
                        }
                    ],
                    "rules": ["overlaps_booking"],
                    "can_be_overridden": True,
                    "in_the_way": [],
                }
            ]
        },
    )

    type: str = "about:blank"
    title: str = ""
    status: int
    code: str
    detail: str
    conflicts_with: Conflict | None = None
    alternatives: list[Alternative] = []
    rules: list[str] = []
    can_be_overridden: bool = False
    in_the_way: list[Conflict] = []
    earliest_at: datetime | None = None
    pair: PairNotPlaced | None = None
