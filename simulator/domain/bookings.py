"""A booking: who is promised a bed, over a half-open interval of hospital time."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from lake.vocabulary import (
    OPEN_BOOKING_STATES,
    Away,
    BookingState,
    EndedWith,
    EventType,
    LevelOfCare,
    Source,
)
from simulator.domain.needs import Needs

END_OF_TIME = datetime.max.replace(tzinfo=UTC)


PROGRESS = (
    "expected_move_count",
    "bed_not_needed_since_at",
    "care_not_needed_since_at",
    "waits_for",
)


@dataclass(frozen=True, slots=True)
class Progress:
    """How near its end a stay is; of a spell, so it goes along from bed to bed."""

    expected_move_count: int = 0
    bed_not_needed_since: datetime | None = None
    care_not_needed_since: datetime | None = None
    waits_for: str | None = None

    def expected(self, before: datetime | None, after: datetime | None) -> "Progress":
        """An end that was known, and is another one now, has moved."""
        has_moved = before is not None and after != before
        return replace(self, expected_move_count=self.expected_move_count + has_moved)

    def as_columns(self) -> dict[str, Any]:
        return {
            "expected_move_count": self.expected_move_count or None,
            "bed_not_needed_since_at": self.bed_not_needed_since,
            "care_not_needed_since_at": self.care_not_needed_since,
            "waits_for": self.waits_for,
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Progress":
        if not any(row.get(name) for name in PROGRESS):
            return AT_FIRST
        return cls(
            expected_move_count=row.get("expected_move_count") or 0,
            bed_not_needed_since=row.get("bed_not_needed_since_at"),
            care_not_needed_since=row.get("care_not_needed_since_at"),
            waits_for=row.get("waits_for"),
        )


AT_FIRST = Progress()


@dataclass(frozen=True, slots=True)
class Booking:
    """`[starts_at, ends_at)`; `ends_at` None: open. Of a stay: its expected discharge.

    `source`: who made it or took it over. `is_at_risk`: the end of the stay was set by what comes
    after it, not by the ward. `is_end_assumed`: nobody has said the end, it is the usual one.
    `contact_of`: infections that the patient was exposed to. `mother_ref`: of a newborn in a cot.
    """

    booking_id: str
    bed_id: str
    patient_ref: str
    state: BookingState
    starts_at: datetime
    ends_at: datetime | None
    stay_id: str | None = None
    spell_id: str | None = None
    needs: Needs = Needs()
    source: str = Source.MANUAL
    is_discharge_confirmed: bool = False
    is_at_risk: bool = False
    displaced_by_booking_id: str | None = None
    bed_request_id: str | None = None
    progress: Progress = AT_FIRST
    away_as: str | None = None
    away_since: datetime | None = None
    back_since: datetime | None = None
    is_end_assumed: bool = False
    contact_of: tuple[str, ...] = ()
    mother_ref: str | None = None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_BOOKING_STATES

    @property
    def is_stay(self) -> bool:
        return self.state is BookingState.ACTIVE

    @property
    def needs_now(self) -> Needs:
        """Who no longer needs a higher level of care needs that of a ward."""
        level = self.needs.level_of_care
        if self.progress.care_not_needed_since is None or level in (None, LevelOfCare.WARD):
            return self.needs
        return replace(self.needs, level_of_care=LevelOfCare.WARD.value)

    def ends_by(self, at: datetime | None) -> "Booking":
        """With an end that somebody has said."""
        return replace(self, ends_at=at, is_end_assumed=False)

    def away_since_as(self, away_as: Away) -> datetime | None:
        return self.away_since if self.away_as == away_as else None

    @property
    def length(self) -> timedelta | None:
        """None: it is open, or was cut short by what comes after it."""
        return self.ends_at - self.starts_at if self.ends_at and not self.is_at_risk else None

    def completed(self) -> "Booking":
        """The stay as it is once its patient has left the bed."""
        return replace(self, state=BookingState.COMPLETED, away_as=None, away_since=None)

    def overlaps(self, starts_at: datetime, ends_at: datetime | None) -> bool:
        """Intervals that only touch do not overlap."""
        return self.starts_at < (ends_at or END_OF_TIME) and starts_at < (
            self.ends_at or END_OF_TIME
        )

    def runs_over(self, now: datetime) -> bool:
        """A stay whose patient is there although the expected discharge has passed."""
        return self.is_stay and self.ends_at is not None and self.ends_at <= now

    def as_columns(self) -> dict[str, Any]:
        """The booking's columns of an event row."""
        return {
            "booking_id": self.booking_id,
            "booking_state": self.state.value,
            "booking_source": self.source,
            "stay_id": self.stay_id,
            "spell_id": self.spell_id,
            "patient_ref": self.patient_ref,
            "starts_at": self.starts_at,
            "ends_at": self.ends_at,
            "is_discharge_confirmed": self.is_discharge_confirmed,
            "is_at_risk": self.is_at_risk,
            "displaced_by_booking_id": self.displaced_by_booking_id,
            "bed_request_id": self.bed_request_id,
            **self.needs.as_columns(),
            **self._rare_columns(),
        }

    def _rare_columns(self) -> dict[str, Any]:
        """Those that few bookings have; what a row leaves out is null."""
        columns: dict[str, Any] = {}
        if self.is_end_assumed:
            columns["is_end_assumed"] = True
        if self.contact_of:
            columns["contact_of"] = [*self.contact_of]
        if self.mother_ref:
            columns["mother_patient_ref"] = self.mother_ref
        if self.progress is AT_FIRST and self.away_as is None and self.back_since is None:
            return columns
        return columns | {
            "away_as": self.away_as,
            "away_since_at": self.away_since,
            "back_since_at": self.back_since,
            **self.progress.as_columns(),
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Booking":
        return cls(
            booking_id=row["booking_id"],
            bed_id=row["bed_id"],
            patient_ref=row["patient_ref"],
            state=BookingState(row["booking_state"]),
            starts_at=row["starts_at"],
            ends_at=row.get("ends_at"),
            stay_id=row.get("stay_id"),
            spell_id=row.get("spell_id"),
            needs=Needs.from_row(row),
            source=row.get("booking_source") or row["source"],
            is_discharge_confirmed=bool(row.get("is_discharge_confirmed")),
            is_at_risk=bool(row.get("is_at_risk")),
            displaced_by_booking_id=row.get("displaced_by_booking_id"),
            bed_request_id=row.get("bed_request_id"),
            progress=Progress.from_row(row),
            away_as=row.get("away_as"),
            away_since=row.get("away_since_at"),
            back_since=row.get("back_since_at"),
            is_end_assumed=bool(row.get("is_end_assumed")),
            contact_of=tuple(row.get("contact_of") or ()),
            mother_ref=row.get("mother_patient_ref"),
        )


def is_ended(row: Mapping[str, Any]) -> bool:
    """Whether the event cancelled a reservation because its patient has left."""
    return row["event_type"] == EventType.BOOKING_CANCELLED and row["reason_code"] in {*EndedWith}


def as_reserved(row: Mapping[str, Any]) -> Booking:
    """A reservation as it was before it was cancelled."""
    return replace(Booking.from_row(row), state=BookingState.RESERVED)
