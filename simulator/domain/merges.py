"""A merge: two references turn out to be of one person (HL7 A40). The log is not rewritten."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Merge:
    """`is_pending`: it takes effect once not both of them lie in a bed, or one has died."""

    patient_ref: str
    into: str
    merged_at: datetime
    is_pending: bool = False

    @property
    def refs(self) -> set[str]:
        return {self.patient_ref, self.into}

    def as_columns(self) -> dict[str, Any]:
        return {
            "patient_ref": self.patient_ref,
            "merged_into_patient_ref": self.into,
            "merge_is_pending": self.is_pending,
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Merge":
        return cls(
            row["patient_ref"],
            row["merged_into_patient_ref"],
            row["occurred_at"],
            bool(row.get("merge_is_pending")),
        )
