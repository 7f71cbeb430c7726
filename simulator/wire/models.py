"""What the API takes and gives, as pydantic models; OpenAPI is generated from here."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    WithJsonSchema,
)

from lake.vocabulary import (
    BookingState,
    DisplayStatus,
    Disposition,
    OverrideReason,
    RequestState,
    RoomClass,
    Sex,
)
from simulator.domain.bookings import Needs
from simulator.domain.overrides import Override

EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _instant(value: Any) -> datetime:
    """An ISO 8601 text with an offset, as a UTC instant between 1900 and 2200."""
    if not isinstance(value, str):
        raise ValueError("must be an ISO 8601 text such as 2026-11-24T03:00:00Z")
    try:
        parsed = datetime.fromisoformat(value)
        if parsed.tzinfo is None:
            raise ValueError("has no offset; write Z for UTC, or +05:30")
        instant = parsed.astimezone(UTC)
    except OverflowError:
        raise ValueError("lies outside the calendar") from None
    if not EARLIEST <= instant <= LATEST:
        raise ValueError("must lie between 1900 and 2200")
    return instant


def _patient_ref(value: str) -> str:
    if not re.fullmatch(PATIENT_REF, value, re.ASCII):
        raise ValueError(
            "must be 3 to 64 letters, digits, dots, dashes or underscores, with at least one digit"
        )
    return value


PATIENT_REF = r"(?=.{3,64}$)[A-Za-z0-9._-]*[0-9][A-Za-z0-9._-]*"

Instant = Annotated[datetime, BeforeValidator(_instant), Field(examples=["2026-11-24T03:00:00Z"])]
Note = Annotated[str, Field(max_length=2000, examples=["relatives informed"])]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$", examples=["maintenance"])]
PatientRef = Annotated[
    str,
    AfterValidator(_patient_ref),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^[A-Za-z0-9._-]*[0-9][A-Za-z0-9._-]*$",
            "minLength": 3,
            "maxLength": 64,
            "description": "Opaque reference with at least one digit; never a name",
            "examples": ["MRN-1042"],
        }
    ),
]
PlaceId = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,32}$")]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Write(Body):
    """What every write takes. `occurred_at` may lie in the past, never after the hospital's now."""

    occurred_at: Instant | None = None
    note: Note | None = None


class NeedsBody(Body):
    specialty: Annotated[str, Field(max_length=64)] | None = None
    room_class: RoomClass | None = None
    isolation: StrictBool | None = None
    sex: Sex | None = None
    priority: Annotated[int, Field(ge=1, le=5, strict=True)] | None = None

    def as_needs(self) -> Needs:
        return Needs(
            self.specialty,
            self.room_class and self.room_class.value,
            self.isolation,
            self.sex and self.sex.value,
            self.priority,
        )


class OverrideBody(Body):
    """Sets soft rules aside. The actor answers for it, until somebody else has reviewed it."""

    reason_code: OverrideReason = Field(examples=["clinical_need"])
    reason: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=10, max_length=2000),
        Field(examples=["Stroke patient, the only monitored bed tonight"]),
    ]

    def as_override(self) -> Override:
        return Override(self.reason_code.value, self.reason)


class Overriding(Write):
    override: OverrideBody | None = None

    @property
    def as_override(self) -> Override | None:
        return self.override.as_override() if self.override else None


class BookingRequest(Overriding):
    bed_id: str = Field(max_length=64, examples=["W3-204-A"])
    patient_ref: PatientRef
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    admit: StrictBool = False
    needs: NeedsBody = NeedsBody()


class CancelRequest(Write):
    reason_code: Code | None = None


class ChangeRequest(Overriding):
    """What is left out stays as it is; `ends_at: null` takes the end away. Of a stay only `ends_at`
    can change: it is its expected discharge."""

    bed_id: str | None = Field(None, max_length=64)
    starts_at: Instant | None = None
    ends_at: Instant | None = None


class SwapRequest(Overriding):
    with_booking_id: str = Field(max_length=64, examples=["B48211"])


class TransferRequest(Overriding):
    to_bed_id: str = Field(max_length=64, examples=["W3-205-B"])
    needs: NeedsBody | None = None


class DischargeRequest(Write):
    disposition: Disposition = Disposition.OTHER


class CloseRequest(Overriding):
    """`until_at` is planned only: nothing opens by itself. With an override, what is booked in the
    meantime is displaced."""

    reason_code: Code = Field(examples=["maintenance"])
    reason: Note
    until_at: Instant | None = None


class OpenRequest(Write):
    reason_code: Code = Field(examples=["ready"])
    reason: Note


class CorrectionRequest(Body):
    """A correction is dated now."""

    note: Note | None = None


class WaitRequest(Write):
    """A need without a bed. `ward_id` null: any ward. `wanted_from` null: now."""

    patient_ref: PatientRef
    ward_id: str | None = Field(None, max_length=64, examples=["W3"])
    needs: NeedsBody = NeedsBody()
    wanted_from: Instant | None = None


class PlaceRequest(Overriding):
    """As a booking; the patient and the needs are those of the request."""

    bed_id: str = Field(max_length=64, examples=["W3-204-A"])
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    admit: StrictBool = False


class WithdrawRequest(Write):
    reason_code: Code | None = None


class BedUpdate(Write):
    is_staffed: StrictBool


class NoteRequest(Body):
    occurred_at: Instant | None = None
    note: Annotated[str, Field(min_length=1, max_length=2000)]


class BedRequest(Write):
    bed_id: PlaceId
    room_id: PlaceId
    ward_id: PlaceId
    ward_name: Annotated[str, Field(max_length=100)]
    specialty: Annotated[str, Field(max_length=64)]
    room_class: RoomClass
    is_staffed: StrictBool = True
    is_temporary: StrictBool = Field(default=False, description="A surge bed")


class SimulatorBody(Body):
    running: StrictBool
    speed: Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False, strict=True)]
    seed: Annotated[int, Field(ge=0, le=2**53, strict=True)]


class BookingAnswer(BaseModel):
    booking_id: str
    bed_id: str
    state: BookingState
    starts_at: datetime
    ends_at: datetime | None
    stay_id: str | None
    spell_id: str | None
    seq: int


class BookingItem(BookingAnswer):
    """`is_at_risk`: of a reservation, the stay before it runs over; of a stay, what comes after it
    has set its end."""

    ward_id: str | None
    patient_ref: str
    source: str
    is_discharge_confirmed: bool
    is_at_risk: bool
    displaced_by_booking_id: str | None
    bed_request_id: str | None
    needs: dict[str, Any]


class BedAnswer(BaseModel):
    bed_id: str
    bed_status: str
    seq: int


class PlaceAnswer(BaseModel):
    """Of a change of several beds: how many, and the newest of their events."""

    bed_count: int
    seq: int


class RequestAnswer(BaseModel):
    bed_request_id: str
    seq: int


class RequestItem(BaseModel):
    """`boarding_minutes`: from the time a bed was wanted for to the bed, or until now."""

    bed_request_id: str
    state: RequestState
    patient_ref: str
    ward_id: str | None
    needs: dict[str, Any]
    wanted_from: datetime
    requested_at: datetime
    requested_by: str
    displaced_booking_id: str | None
    booking_id: str | None
    bed_id: str | None
    in_bed_at: datetime | None
    boarding_minutes: float | None
    seq: int


class RequestPage(BaseModel):
    items: list[RequestItem]
    next: str | None


class RequestWithBeds(RequestItem):
    suggestions: list["Alternative"]


class OverrideItem(BaseModel):
    """`replace_by`: who has to find another bed for what was displaced."""

    event_id: str
    event_type: str
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


class OverridePage(BaseModel):
    items: list[OverrideItem]
    next: str | None


class ReviewAnswer(BaseModel):
    event_id: str
    seq: int


class BedItem(BaseModel):
    """The columns of gold.bed_board, what the board shows, whether the next booking is at risk."""

    model_config = ConfigDict(extra="allow")

    bed_id: str
    display_status: DisplayStatus
    next_is_at_risk: bool
    seq: int


class Page(BaseModel):
    items: list[dict[str, Any]]
    next: str | None


class BedPage(BaseModel):
    items: list[BedItem]
    next: str | None


class BookingPage(BaseModel):
    items: list[BookingItem]
    next: str | None


class WardItem(BaseModel):
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


class WardPage(BaseModel):
    items: list[WardItem]
    next: str | None


class ClockAnswer(BaseModel):
    hospital_at: datetime
    wall_at: datetime
    speed: float
    running: bool
    time_zone: str


class SimulatorAnswer(BaseModel):
    running: bool
    speed: float
    seed: int


class LiveAnswer(BaseModel):
    status: Literal["ok"]


class ReadyAnswer(BaseModel):
    status: Literal["ok", "degraded"]
    head_seq: int
    mode: str


class Conflict(BaseModel):
    booking_id: str
    bed_id: str
    starts_at: datetime
    ends_at: datetime | None


class Alternative(BaseModel):
    bed_id: str
    reason: str


class Problem(BaseModel):
    """RFC 9457. `code` is for programs, `detail` for people. Of a rule that says no: `rules` are
    all that the request breaks, and an override may go against them if `can_be_overridden`."""

    model_config = ConfigDict(
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
        }
    )

    type: str
    title: str
    status: int
    code: str
    detail: str
    conflicts_with: Conflict | None = None
    alternatives: list[Alternative] = []
    rules: list[str] = []
    can_be_overridden: bool = False
    in_the_way: list[Conflict] = []
