"""The discharge lounge: who has left the bed for good waits there for what is still to come.

The bed is vacated and the discharge counted as the patient goes there; nobody stays the night.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

LONGEST = timedelta(hours=12)
"""After that the place counts as free, although nobody has said that the patient left."""


@dataclass(frozen=True, slots=True)
class InLounge:
    """`booking_id`, `ward_id`: of the stay that ended as the patient went there; `source`: who
    ended it."""

    spell_id: str
    booking_id: str
    patient_ref: str
    ward_id: str
    since_at: datetime
    disposition: str
    source: str

    def is_there(self, at: datetime) -> bool:
        return self.since_at <= at < self.since_at + LONGEST

    def as_columns(self) -> dict[str, Any]:
        """Of the event that the patient leaves; it is of no bed and of no stay."""
        return {
            "spell_id": self.spell_id,
            "patient_ref": self.patient_ref,
            "ward_id": self.ward_id,
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "InLounge":
        """Of the discharge."""
        return cls(
            spell_id=row["spell_id"],
            booking_id=row["booking_id"],
            patient_ref=row["patient_ref"],
            ward_id=row["ward_id"],
            since_at=row["occurred_at"],
            disposition=row["disposition"],
            source=row["source"],
        )
