"""A bed request: a need without a bed, on the waiting list until it is placed or withdrawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lake.vocabulary import EventType
from simulator.domain.needs import Needs

LEAST_URGENT = 5
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class BedRequest:
    """`ward_id` None: any ward. `requested_by` answers for it, and for finding a bed if an
    override displaced the booking `displaced_booking_id`. `spell_id`: of a patient in bed who waits
    for another one."""

    bed_request_id: str
    patient_ref: str
    ward_id: str | None
    needs: Needs
    wanted_from: datetime
    requested_at: datetime
    requested_by: str
    displaced_booking_id: str | None = None
    spell_id: str | None = None
    bed_was_lent: bool = False

    @property
    def rank(self) -> tuple[int, datetime, datetime, str]:
        """The most urgent first; of equals, whose bed was lent, then who is to have one sooner,
        then who asked first."""
        priority = self.needs.priority or LEAST_URGENT
        wanted = EPOCH if self.bed_was_lent else self.wanted_from
        return priority, wanted, self.requested_at, self.bed_request_id

    def as_columns(self) -> dict[str, Any]:
        return {
            "bed_request_id": self.bed_request_id,
            "patient_ref": self.patient_ref,
            "ward_id": self.ward_id,
            "wanted_from_at": self.wanted_from,
            "requested_at": self.requested_at,
            "requested_by": self.requested_by,
            "spell_id": self.spell_id,
            "bed_was_lent": self.bed_was_lent or None,
            "displaced_booking_ids": self.displaced_booking_id and [self.displaced_booking_id],
            **self.needs.as_columns(),
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "BedRequest":
        return cls(
            bed_request_id=row["bed_request_id"],
            patient_ref=row["patient_ref"],
            ward_id=row.get("ward_id"),
            needs=Needs.from_row(row),
            wanted_from=row["wanted_from_at"],
            requested_at=row.get("requested_at") or row["occurred_at"],
            requested_by=row.get("requested_by") or row["actor"],
            spell_id=row.get("spell_id"),
            bed_was_lent=bool(row.get("bed_was_lent")),
            displaced_booking_id=next(iter(row.get("displaced_booking_ids") or ()), None),
        )


def has_left_the_list(row: Mapping[str, Any]) -> bool:
    """Whether the event placed or withdrew a request."""
    return row["event_type"] in (EventType.REQUEST_PLACED, EventType.REQUEST_WITHDRAWN)
