"""What people, feeds and the simulated hospital may ask for; imperative, one dataclass each."""

from dataclasses import dataclass
from datetime import datetime

from simulator.domain.bookings import Needs


@dataclass(frozen=True, slots=True)
class RegisterBed:
    bed_id: str
    room_id: str
    ward_id: str
    ward_name: str
    specialty: str
    room_class: str
    is_staffed: bool = True


@dataclass(frozen=True, slots=True)
class RetireBed:
    bed_id: str


@dataclass(frozen=True, slots=True)
class BookBed:
    """`starts_at` None: now. `ends_at` None: open. `admit`: the patient takes the bed at once."""

    bed_id: str
    patient_ref: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    admit: bool = False
    needs: Needs = Needs()


@dataclass(frozen=True, slots=True)
class CancelBooking:
    booking_id: str


@dataclass(frozen=True, slots=True)
class ExpireBooking:
    """The patient did not come."""

    booking_id: str


@dataclass(frozen=True, slots=True)
class AdmitPatient:
    booking_id: str


@dataclass(frozen=True, slots=True)
class TransferPatient:
    booking_id: str
    to_bed_id: str
    needs: Needs | None = None


@dataclass(frozen=True, slots=True)
class ExpectDischarge:
    booking_id: str
    expected_at: datetime


@dataclass(frozen=True, slots=True)
class DischargePatient:
    booking_id: str
    disposition: str


@dataclass(frozen=True, slots=True)
class StartIsolation:
    bed_id: str


@dataclass(frozen=True, slots=True)
class EndIsolation:
    bed_id: str


@dataclass(frozen=True, slots=True)
class MarkBedDirty:
    bed_id: str


@dataclass(frozen=True, slots=True)
class StartCleaning:
    bed_id: str


@dataclass(frozen=True, slots=True)
class FinishCleaning:
    bed_id: str


@dataclass(frozen=True, slots=True)
class StopCleaning:
    bed_id: str


@dataclass(frozen=True, slots=True)
class CloseBed:
    bed_id: str
    reason_code: str


@dataclass(frozen=True, slots=True)
class OpenBed:
    bed_id: str


@dataclass(frozen=True, slots=True)
class AddNote:
    bed_id: str


@dataclass(frozen=True, slots=True)
class SetClock:
    """The hospital's clock runs at `speed` hospital seconds per wall second from here on."""

    speed: float
    time_zone: str
    mode: str


Command = (
    RegisterBed
    | RetireBed
    | BookBed
    | CancelBooking
    | ExpireBooking
    | AdmitPatient
    | TransferPatient
    | ExpectDischarge
    | DischargePatient
    | StartIsolation
    | EndIsolation
    | MarkBedDirty
    | StartCleaning
    | FinishCleaning
    | StopCleaning
    | CloseBed
    | OpenBed
    | AddNote
    | SetClock
)
