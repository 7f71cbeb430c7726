"""A bed: its place, its status, and why a status may change."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from lake.vocabulary import (
    HOLDS_A_PATIENT,
    NEEDS_CLEANING,
    BedStatus,
    Rule,
    StatusChange,
    is_legal_change,
)
from simulator.domain.errors import Refusal


@dataclass(frozen=True, slots=True)
class Closing:
    """Of a room or ward to admissions; `until_at` is planned only: nothing opens by itself."""

    reason_code: str
    since_at: datetime
    until_at: datetime | None

    def covers(self, at: datetime, now: datetime) -> bool:
        """Whether nobody new may come then, as far as is known now."""
        is_still_closed = at <= now or self.until_at is None or at < self.until_at
        return self.since_at <= at and is_still_closed


@dataclass(frozen=True, slots=True)
class Bed:
    """`last_event_at`, `last_source`: when the bed's newest event occurred, and who caused it.
    `last_booking_id`: of the newest stay in this bed, whether or not it has ended. `is_cot`: of a
    newborn, beside the mother's bed; `is_off_census`: it counts as no bed."""

    bed_id: str
    room_id: str
    ward_id: str
    ward_name: str
    specialty: str
    room_class: str
    status: BedStatus
    status_since_at: datetime
    last_event_at: datetime
    last_source: str
    previous_status: BedStatus | None = None
    closed_reason_code: str | None = None
    closed_until_at: datetime | None = None
    is_staffed: bool = True
    is_temporary: bool = False
    is_retired: bool = False
    last_booking_id: str | None = None
    unreviewed_override_count: int = 0
    room_closing: Closing | None = None
    ward_closing: Closing | None = None
    features: tuple[str, ...] = ()
    is_cot: bool = False
    is_off_census: bool = False

    @property
    def closings(self) -> list[Closing]:
        """To admissions: of its room and of its ward."""
        return [closing for closing in (self.room_closing, self.ward_closing) if closing]

    @property
    def holds_a_patient(self) -> bool:
        return self.status in HOLDS_A_PATIENT

    @property
    def needs_cleaning(self) -> bool:
        return self.status in NEEDS_CLEANING

    def becomes(self, status: BedStatus, cause: StatusChange, at: datetime) -> "Bed":
        """The bed after a legal change of status. Raises Refusal for any other."""
        if not is_legal_change(self.status, status, cause):
            raise Refusal(
                Rule.ILLEGAL_STATUS_CHANGE,
                f"{self.bed_id} is {self.status}, which does not turn into {status} this way.",
            )
        return replace(
            self,
            status=status,
            previous_status=self.status,
            status_since_at=at,
            closed_reason_code=None,
            closed_until_at=None,
        )

    def occupied_as(self, other: "Bed") -> "Bed":
        """The bed with what another state of it says of its occupation."""
        return replace(
            self,
            status=other.status,
            status_since_at=other.status_since_at,
            previous_status=other.previous_status,
            last_booking_id=other.last_booking_id,
        )

    def as_columns(self) -> dict[str, Any]:
        columns: dict[str, Any] = {
            "ward_id": self.ward_id,
            "room_id": self.room_id,
            "bed_id": self.bed_id,
            "bed_status": self.status.value,
            "status_since_at": self.status_since_at,
            "previous_bed_status": self.previous_status and self.previous_status.value,
            "closed_reason_code": self.closed_reason_code,
            "closed_until_at": self.closed_until_at,
            "is_staffed": self.is_staffed,
            "is_temporary": self.is_temporary,
            "last_booking_id": self.last_booking_id,
            "unreviewed_override_count": self.unreviewed_override_count,
            "room_class": self.room_class,
            "specialty": self.specialty,
            "ward_name": self.ward_name,
        }
        if self.room_closing or self.ward_closing:
            columns |= _columns_of("room", self.room_closing)
            columns |= _columns_of("ward", self.ward_closing)
        if self.features:
            columns["features"] = [*self.features]
        if self.is_cot:
            columns |= {"is_cot": True, "is_off_census": self.is_off_census or None}
        return columns

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Bed":
        previous = row.get("previous_bed_status")
        return cls(
            bed_id=row["bed_id"],
            room_id=row["room_id"],
            ward_id=row["ward_id"],
            ward_name=row["ward_name"],
            specialty=row["specialty"],
            room_class=row["room_class"],
            status=BedStatus(row["bed_status"]),
            status_since_at=row["status_since_at"],
            last_event_at=row["occurred_at"],
            last_source=row["source"],
            previous_status=BedStatus(previous) if previous else None,
            closed_reason_code=row.get("closed_reason_code"),
            closed_until_at=row.get("closed_until_at"),
            room_closing=_closing_in(row, "room"),
            ward_closing=_closing_in(row, "ward"),
            is_staffed=row["is_staffed"],
            is_temporary=bool(row.get("is_temporary")),
            last_booking_id=row.get("last_booking_id"),
            unreviewed_override_count=row.get("unreviewed_override_count") or 0,
            is_retired=row["event_type"] == "bed_retired",
            features=tuple(row.get("features") or ()),
            is_cot=bool(row.get("is_cot")),
            is_off_census=bool(row.get("is_off_census")),
        )


def _columns_of(what: str, closing: Closing | None) -> dict[str, Any]:
    return {
        f"{what}_closed_reason_code": closing and closing.reason_code,
        f"{what}_closed_since_at": closing and closing.since_at,
        f"{what}_closed_until_at": closing and closing.until_at,
    }


def _closing_in(row: Mapping[str, Any], what: str) -> Closing | None:
    reason_code = row.get(f"{what}_closed_reason_code")
    if not reason_code:
        return None
    since_at, until_at = (row.get(f"{what}_closed_{which}_at") for which in ("since", "until"))
    return Closing(reason_code, since_at or row["occurred_at"], until_at)
