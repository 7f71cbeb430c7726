"""A booking: who is promised a bed, over a half-open interval of hospital time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lake.vocabulary import OPEN_BOOKING_STATES, BookingState, Source

END_OF_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Needs:
    """What a patient needs of a bed; None: no matter."""

    specialty: str | None = None
    room_class: str | None = None
    isolation: bool | None = None
    sex: str | None = None
    priority: int | None = None


@dataclass(frozen=True, slots=True)
class Booking:
    """`[starts_at, ends_at)`; `ends_at` None: open. Of a stay: its expected discharge."""

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

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_BOOKING_STATES

    def overlaps(self, starts_at: datetime, ends_at: datetime | None) -> bool:
        """Intervals that only touch do not overlap."""
        return self.starts_at < (ends_at or END_OF_TIME) and starts_at < (
            self.ends_at or END_OF_TIME
        )

    def as_columns(self) -> dict[str, Any]:
        """The booking's columns of an event row; `source` is the event's own."""
        return {
            "booking_id": self.booking_id,
            "booking_state": self.state.value,
            "stay_id": self.stay_id,
            "spell_id": self.spell_id,
            "patient_ref": self.patient_ref,
            "patient_sex": self.needs.sex,
            "starts_at": self.starts_at,
            "ends_at": self.ends_at,
            "need_specialty": self.needs.specialty,
            "need_room_class": self.needs.room_class,
            "need_isolation": self.needs.isolation,
            "priority": self.needs.priority,
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
            needs=Needs(
                specialty=row.get("need_specialty"),
                room_class=row.get("need_room_class"),
                isolation=row.get("need_isolation"),
                sex=row.get("patient_sex"),
                priority=row.get("priority"),
            ),
            source=row["source"],
        )
