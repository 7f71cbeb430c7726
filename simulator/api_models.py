"""What the API takes and gives, as pydantic models; OpenAPI is generated from here."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool

from lake.vocabulary import (
    BookingState,
    DisplayStatus,
    Disposition,
    RoomClass,
    Sex,
)
from simulator.domain.bookings import Needs

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


Instant = Annotated[datetime, BeforeValidator(_instant)]
Note = Annotated[str, Field(max_length=2000)]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
PatientRef = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9._-]*[0-9][A-Za-z0-9._-]*$",
        min_length=3,
        max_length=64,
        description="Opaque reference with at least one digit; never a name",
        examples=["MRN-1042"],
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


class BookingRequest(Write):
    bed_id: str = Field(max_length=64, examples=["W3-204-A"])
    patient_ref: PatientRef
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    admit: StrictBool = False
    needs: NeedsBody = NeedsBody()


class CancelRequest(Write):
    reason_code: Code | None = None


class TransferRequest(Write):
    to_bed_id: str = Field(max_length=64)
    needs: NeedsBody | None = None


class DischargeRequest(Write):
    disposition: Disposition = Disposition.OTHER


class CloseRequest(Write):
    """`until_at` is planned only: nothing opens by itself."""

    reason_code: Code = Field(examples=["maintenance"])
    reason: Note
    until_at: Instant | None = None


class OpenRequest(Write):
    reason_code: Code = Field(examples=["ready"])
    reason: Note


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
    ward_id: str | None
    patient_ref: str
    source: str


class BedAnswer(BaseModel):
    bed_id: str
    bed_status: str
    seq: int


class BedItem(BaseModel):
    """The columns of gold.bed_board and the display status."""

    model_config = ConfigDict(extra="allow")

    bed_id: str
    display_status: DisplayStatus
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
    """RFC 9457. `code` is for programs, `detail` for people."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    conflicts_with: Conflict | None = None
    alternatives: list[Alternative] = []
