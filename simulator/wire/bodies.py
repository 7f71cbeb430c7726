"""What a request carries. What a body leaves out is what its default says."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from lake.vocabulary import (
    AdmissionType,
    AgeGroup,
    Disposition,
    IsolationKind,
    LevelOfCare,
    OverrideReason,
    RoomClass,
    Sex,
    WaitsFor,
    WaitsIn,
)
from simulator.wire.scalars import Code, Instant, KnownId, Note, PatientRef, RegisterId


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Write(Body):
    """What every write takes. `occurred_at` may lie in the past, never after the hospital's now."""

    occurred_at: Instant | None = None
    note: Note | None = None


class Isolation(Body):
    """`kind`: of a source of infection, or of a patient who could catch one. `organism`: what the
    source has, if that is known; two that are not named are not the same."""

    kind: IsolationKind = IsolationKind.SOURCE
    organism: Code | None = Field(None, examples=["norovirus"])


class Needs(Body):
    """What a patient needs of a bed; what is left out does not matter, or was not said: of a new
    patient an adult who needs the care of a ward is assumed. `isolation` true: of a source.
    `placed_with`: whose room the patient may share: women's, men's, or one patient's."""

    specialty: Annotated[str, Field(max_length=64)] | None = None
    room_class: RoomClass | None = None
    isolation: StrictBool | Isolation | None = None
    sex: Sex | None = None
    priority: Annotated[int, Field(ge=1, le=5, strict=True)] | None = None
    age_group: AgeGroup | None = None
    level_of_care: LevelOfCare | None = None
    admission_type: AdmissionType | None = None
    features: Annotated[list[Code], Field(max_length=10, examples=[["monitored"]])] = []
    placed_with: Literal["female", "male"] | PatientRef | None = None


class Override(Body):
    """Sets soft rules aside. The actor answers for it, until somebody else has reviewed it."""

    reason_code: OverrideReason = Field(examples=["clinical_need"])
    reason: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=10, max_length=2000),
        Field(examples=["Stroke patient, the only monitored bed tonight"]),
    ]


class Overriding(Write):
    override: Override | None = None


class Newborn(Body):
    """Where a newborn in a cot beside its mother goes: `to_bed_id` (its own cot: it stays), or out
    of the hospital."""

    patient_ref: PatientRef
    to_bed_id: KnownId | None = Field(None, examples=["W11-802-C"])
    disposition: Disposition | None = None


class WithNewborns(Body):
    newborns: Annotated[list[Newborn], Field(max_length=8)] = []


class Admission(Overriding, WithNewborns):
    """Of a patient who lies in another bed it is a move, and newborns beside go along."""


class NewBooking(Overriding):
    """`starts_at` null: now. `ends_at` null: open; left out: as long as is usual on the ward.
    `admit`: the patient takes the bed at once. `mother_ref`: of a newborn for a cot (PID-21)."""

    bed_id: KnownId = Field(examples=["W3-204-A"])
    patient_ref: PatientRef
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    admit: StrictBool = False
    needs: Needs = Needs()
    mother_ref: PatientRef | None = None


class BedSearch(Body):
    """`starts_at` left out: the patient moves in now. `ends_at` null: open; left out: as long as is
    usual on each ward. `ward_id`: the wanted one. `patient_ref`: whose own bookings are not in the
    way; of a patient in bed what is known is needed too."""

    needs: Needs = Needs()
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    limit: Annotated[int, Field(ge=1, le=1000, strict=True)] = 20
    ward_id: KnownId | None = None
    patient_ref: PatientRef | None = None
    mother_ref: PatientRef | None = None


class Matching(Body):
    """Nothing yet: all who wait are matched."""


class BookingChange(Overriding):
    """What is left out stays as it is, of the needs too; `ends_at: null` takes the end away. Of a
    stay either `ends_at` can change, which is its expected discharge, or what is known of the
    needs."""

    bed_id: KnownId | None = None
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    needs: Needs = Needs()


class Progress(Overriding):
    """What is left out stays as it is. `needs_bed` false: the patient could leave, and perhaps
    `waits_for` something; `needs_level_of_care` false: a lower one would do."""

    expected_at: Instant | None = None
    needs_bed: StrictBool | None = None
    needs_level_of_care: StrictBool | None = None
    waits_for: WaitsFor | None = None


class Cancellation(Write):
    reason_code: Code | None = None


class Swap(Overriding):
    with_booking_id: KnownId = Field(examples=["B48211"])


class Transfer(Overriding, WithNewborns):
    """A newborn beside the patient goes along into a free cot; else it is to be said where."""

    to_bed_id: KnownId = Field(examples=["W3-205-B"])
    needs: Needs | None = None


class Discharge(Write, WithNewborns):
    """`died_at`, of who died: when; null: as the patient left the bed, which is `occurred_at`.
    `newborns`: where those beside the patient go. `to_lounge`: the patient waits in the discharge
    lounge for what is still to come; the bed is free to be cleaned."""

    disposition: Disposition = Disposition.OTHER
    died_at: Instant | None = None
    to_lounge: StrictBool = False


class DischargeCorrection(Body):
    """Where the patient went, and when who died had died. A correction is dated now."""

    disposition: Disposition
    died_at: Instant | None = None
    note: Note | None = None


class Correction(Body):
    """A correction is dated now."""

    note: Note | None = None


class Closing(Overriding):
    """`until_at` is planned only: nothing opens by itself. With an override, what is booked in the
    meantime is displaced."""

    reason_code: Code = Field(examples=["maintenance"])
    reason: Note
    until_at: Instant | None = None


class Opening(Write):
    reason_code: Code = Field(examples=["ready"])
    reason: Note


class IsolationStart(Write, Isolation):
    """As `needs.isolation`."""


class Merge(Write):
    """`into`: the reference that goes on."""

    into: PatientRef


StayHours = Annotated[float, Field(gt=0, le=24 * 366, allow_inf_nan=False, strict=True)]


class OfWaiting(Write):
    """Null: not said. `arrived_at`: when the patient came to the hospital. `decided_at`: when it
    was decided to admit; not said: as the request was made. `expected_stay_hours` not said: as long
    as is usual on the ward."""

    waits_in: WaitsIn | None = None
    arrived_at: Instant | None = None
    decided_at: Instant | None = None
    expected_stay_hours: StayHours | None = None


class NewBedRequest(OfWaiting):
    """A need without a bed. `ward_id` null: any ward. `wanted_from` null: now. A priority that is
    not said is 3."""

    patient_ref: PatientRef
    ward_id: KnownId | None = Field(None, examples=["W3"])
    needs: Needs = Needs()
    wanted_from: Instant | None = None


class RequestChange(OfWaiting):
    """What is left out, or null, stays as it is; of the needs too."""

    ward_id: KnownId | None = Field(None, examples=["W3"])
    needs: Needs = Needs()
    wanted_from: Instant | None = None


class Placement(Overriding, WithNewborns):
    """As a booking; the patient and the needs are those of the request."""

    bed_id: KnownId = Field(examples=["W3-204-A"])
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    admit: StrictBool = False


class Pair(Body):
    """A request and the bed that it is given; `seq` as it was seen."""

    bed_request_id: KnownId = Field(examples=["R48190"])
    bed_id: KnownId = Field(examples=["W3-204-A"])
    seq: Annotated[int, Field(ge=1, le=2**62, strict=True)]
    starts_at: Instant | None = None
    admit: StrictBool = False


class Placements(Write):
    """All of them, or none; each sees those before it."""

    pairs: Annotated[list[Pair], Field(min_length=1, max_length=200)]


class Withdrawal(Write):
    reason_code: Code | None = None


class Staffing(Write):
    is_staffed: StrictBool


class NewNote(Body):
    occurred_at: Instant | None = None
    note: Annotated[str, Field(min_length=1, max_length=2000)]


class NewBed(Write):
    bed_id: RegisterId
    room_id: RegisterId
    ward_id: RegisterId
    ward_name: Annotated[str, Field(max_length=100)]
    specialty: Annotated[str, Field(max_length=64)]
    room_class: RoomClass
    is_staffed: StrictBool = True
    is_temporary: StrictBool = Field(default=False, description="A surge bed")
    features: Annotated[list[Code], Field(max_length=10, examples=[["monitored"]])] = []


class Simulation(Body):
    """Whether the simulated hospital acts; `speed` in hospital seconds per wall second."""

    running: StrictBool
    speed: Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False, strict=True)]
    seed: Annotated[int, Field(ge=0, le=2**53, strict=True)]
