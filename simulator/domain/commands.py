"""What people, feeds and the simulated hospital may ask for; imperative, one dataclass each."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lake.vocabulary import Away
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking
from simulator.domain.needs import SOURCE, Isolation, Needs
from simulator.domain.overrides import Override
from simulator.domain.requests import BedRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterBed:
    """`is_temporary`: a surge bed, to be retired when the surge is over. `is_off_census`: it counts
    as no bed, as most cots do."""

    bed_id: str
    room_id: str
    ward_id: str
    ward_name: str
    specialty: str
    room_class: str
    is_staffed: bool = True
    is_temporary: bool = False
    features: tuple[str, ...] = ()
    is_cot: bool = False
    is_off_census: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateBed:
    bed_id: str
    is_staffed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RetireBed:
    bed_id: str
    override: Override | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookBed:
    """`starts_at` None: now. `ends_at` None: open, or if `assumes_end` after the `expected_stay`,
    else what is usual on the ward. `admit`: the patient takes the bed at once. `mother_ref`: of a
    newborn for a cot."""

    bed_id: str
    patient_ref: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    admit: bool = False
    needs: Needs = Needs()
    override: Override | None = None
    bed_request_id: str | None = None
    assumes_end: bool = False
    expected_stay: timedelta | None = None
    mother_ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeReservation:
    """The whole reservation as it shall be; of the needs, what they say. `says_end`: whether its
    end is what somebody has said."""

    booking_id: str
    bed_id: str
    starts_at: datetime
    ends_at: datetime | None
    says_end: bool = True
    needs: Needs = Needs()
    override: Override | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeNeeds:
    """Of a patient in bed, more is known."""

    booking_id: str
    needs: Needs


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelBooking:
    booking_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireBooking:
    """The patient did not come."""

    booking_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Newborn:
    """Where a newborn goes whose mother leaves the room: to a bed (its cot: it stays), or out of
    the hospital."""

    patient_ref: str
    to_bed_id: str | None = None
    disposition: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmitPatient:
    booking_id: str
    newborns: tuple[Newborn, ...] = ()
    override: Override | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferPatient:
    booking_id: str
    to_bed_id: str
    needs: Needs | None = None
    newborns: tuple[Newborn, ...] = ()
    override: Override | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapPatients:
    booking_id: str
    with_booking_id: str
    override: Override | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectDischarge:
    """`expected_at` None: no end of the stay is known."""

    booking_id: str
    expected_at: datetime | None
    override: Override | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressStay:
    """None: as it was. `expected_at` is what the expected discharge shall be (None: not known), and
    if it `says_end` what somebody has said."""

    booking_id: str
    expected_at: datetime | None
    says_end: bool = True
    needs_bed: bool | None = None
    needs_level_of_care: bool | None = None
    waits_for: str | None = None
    override: Override | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoAway:
    """The bed stays the patient's."""

    booking_id: str
    away_as: Away


@dataclass(frozen=True, slots=True, kw_only=True)
class ComeBack:
    booking_id: str
    away_as: Away


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmDischarge:
    booking_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DischargePatient:
    """`died_at` None, of who died: as the bed is vacated. `to_lounge`: the patient waits in the
    discharge lounge for what is still to come."""

    booking_id: str
    disposition: str
    died_at: datetime | None = None
    to_lounge: bool = False
    newborns: tuple[Newborn, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveLounge:
    """Of the patient whose stay that booking was."""

    booking_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PastEvent:
    """An event of the log as a correction needs it: the booking after it and before it, and the
    bed before it."""

    event_id: str
    event_type: str
    occurred_at: datetime
    booking: Booking
    booking_before: Booking | None
    bed_before: Bed


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelEvent:
    """`request`: the events of the same kind that came with it, itself among them. `reservations`:
    that ended with it, as they were; `requests`: that it placed or withdrew; `contacts`: references
    of patients who became contacts with it."""

    event_id: str
    request: tuple[PastEvent, ...]
    reservations: tuple[Booking, ...] = ()
    requests: tuple[BedRequest, ...] = ()
    contacts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectDischarge:
    """Where the patient went was otherwise; the bed is not touched. `disposition_before` and
    `died_at_before` are what is known so far, `has_come_again` whether the patient has had a bed
    since, `reservations` and `requests` what ended with it."""

    booking_id: str
    disposition: str
    died_at: datetime | None
    discharge: PastEvent
    disposition_before: str
    died_at_before: datetime | None = None
    has_come_again: bool = False
    reservations: tuple[Booking, ...] = ()
    requests: tuple[BedRequest, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StartIsolation:
    """In all of these beds, or in none."""

    bed_ids: tuple[str, ...]
    isolation: Isolation = SOURCE


@dataclass(frozen=True, slots=True, kw_only=True)
class EndIsolation:
    bed_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndContact:
    """The patient has not caught what the others had."""

    booking_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkBedDirty:
    bed_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartCleaning:
    bed_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishCleaning:
    bed_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopCleaning:
    bed_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseBeds:
    """All of these beds, or none: a bed, a room or a ward. `until_at` is planned only."""

    bed_ids: tuple[str, ...]
    reason_code: str
    until_at: datetime | None = None
    override: Override | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseAdmissions:
    """A room or a ward, named with its beds, takes nobody new. `until_at` is planned only."""

    bed_ids: tuple[str, ...]
    reason_code: str
    is_ward: bool = False
    until_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAdmissions:
    bed_ids: tuple[str, ...]
    is_ward: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBeds:
    bed_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddNote:
    bed_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestBed:
    """`ward_id` None: any. `wanted_from` None: now. Of the others None: not said."""

    patient_ref: str
    ward_id: str | None = None
    needs: Needs = Needs()
    wanted_from: datetime | None = None
    waits_in: str | None = None
    arrived_at: datetime | None = None
    decided_at: datetime | None = None
    expected_stay_hours: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRequest:
    """What it shall be; None: as it was. Of the needs, what they say."""

    bed_request_id: str
    ward_id: str | None = None
    needs: Needs = Needs()
    wanted_from: datetime | None = None
    waits_in: str | None = None
    arrived_at: datetime | None = None
    decided_at: datetime | None = None
    expected_stay_hours: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceRequest:
    """Gives the request a bed, as a booking for its patient and needs."""

    bed_request_id: str
    bed_id: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    admit: bool = False
    newborns: tuple[Newborn, ...] = ()
    override: Override | None = None
    assumes_end: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawRequest:
    bed_request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """`seq`: of the request as it was seen. To override is for one placement alone."""

    place: PlaceRequest
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceAll:
    """All of them, or none; each sees those before it."""

    pairs: tuple[Pair, ...]

    @property
    def bed_ids(self) -> tuple[str, ...]:
        return tuple(pair.place.bed_id for pair in self.pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class MergePatients:
    """Two references are of one person: `patient_ref` becomes `into`. `can_wait`: until a stay of
    the two ends, instead of being refused."""

    patient_ref: str
    into: str
    can_wait: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelMerge:
    patient_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleMerges:
    """Those that waited take effect, as nothing stands in their way any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewOverride:
    event_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetClock:
    """The hospital's clock runs at `speed` hospital seconds per wall second from here on."""

    speed: float
    time_zone: str
    mode: str


Command = (
    RegisterBed
    | UpdateBed
    | RetireBed
    | BookBed
    | ChangeReservation
    | CancelBooking
    | ExpireBooking
    | AdmitPatient
    | TransferPatient
    | SwapPatients
    | ChangeNeeds
    | ExpectDischarge
    | ProgressStay
    | GoAway
    | ComeBack
    | ConfirmDischarge
    | DischargePatient
    | LeaveLounge
    | CancelEvent
    | CorrectDischarge
    | StartIsolation
    | EndIsolation
    | EndContact
    | MarkBedDirty
    | StartCleaning
    | FinishCleaning
    | StopCleaning
    | CloseBeds
    | OpenBeds
    | CloseAdmissions
    | OpenAdmissions
    | AddNote
    | RequestBed
    | ChangeRequest
    | PlaceRequest
    | PlaceAll
    | WithdrawRequest
    | MergePatients
    | CancelMerge
    | SettleMerges
    | ReviewOverride
    | SetClock
)
