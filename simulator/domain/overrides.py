"""An override: somebody sets soft rules aside, says why, and answers for it until a review."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Override:
    """What a request says when it means to go against soft rules."""

    reason_code: str
    reason: str


@dataclass(frozen=True, slots=True)
class OpenOverride:
    """One that nobody else has reviewed yet. `event_id`: of the event that it made possible."""

    event_id: str
    bed_id: str
    actor: str
    occurred_at: datetime

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "OpenOverride":
        return cls(row["event_id"], row["bed_id"], row["actor"], row["occurred_at"])
