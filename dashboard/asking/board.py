"""The board's numbers, all from the same rows, so that they add up."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from lake.vocabulary import BedStatus, DisplayStatus

Bed = dict[str, Any]
"""A row of the question `beds`."""


@dataclass(frozen=True)
class Counts:
    """`by_status` adds up to `registered`; `staffed` are those that are staffed and not closed;
    `in_use` besides those that have a patient all the same."""

    by_status: dict[DisplayStatus, int]
    registered: int
    staffed: int
    in_use: int

    @property
    def occupancy(self) -> float | None:
        """Occupied over available beds; a bed with a patient is one, staffed or not (KH03)."""
        return self.by_status[DisplayStatus.OCCUPIED] / self.in_use if self.in_use else None


@dataclass(frozen=True)
class Ward:
    ward_id: str
    ward_name: str
    specialty: str
    counts: Counts
    beds: Sequence[Bed]


@dataclass(frozen=True)
class Filter:
    """What to show; empty: everything. `is_outlier`: outliers only."""

    ward_id: str | None = None
    status: str | None = None
    specialty: str | None = None
    room_class: str | None = None
    text: str = ""
    is_outlier: bool = False

    def lets_through(self, bed: Bed) -> bool:
        return (
            self.ward_id in (None, bed["ward_id"])
            and self.status in (None, bed["display_status"])
            and self.specialty in (None, bed["specialty"])
            and self.room_class in (None, bed["room_class"])
            and self.text.strip().lower() in _searched(bed)
            and (bed["is_outlier"] or not self.is_outlier)
        )


def _searched(bed: Bed) -> str:
    names = (bed["bed_id"], bed["current_patient_ref"], bed["next_patient_ref"])
    return " ".join(name for name in names if name).lower()


def counts(beds: Iterable[Bed]) -> Counts:
    beds = [bed for bed in beds if not bed["is_off_census"]]
    seen = Counter(bed["display_status"] for bed in beds)
    return Counts(
        by_status={status: seen[status] for status in DisplayStatus},
        registered=len(beds),
        staffed=sum(_is_staffed(bed) for bed in beds),
        in_use=sum(_is_staffed(bed) or _is_taken(bed) for bed in beds),
    )


def _is_staffed(bed: Bed) -> bool:
    return bool(bed["is_staffed"]) and bed["display_status"] != DisplayStatus.CLOSED


def _is_taken(bed: Bed) -> bool:
    return bool(bed["display_status"] == DisplayStatus.OCCUPIED)


def is_shut(bed: Bed) -> bool:
    """Whether its room or ward is closed to admissions."""
    return bool(bed["room_closed_reason_code"] or bed["ward_closed_reason_code"])


def wards(beds: Iterable[Bed], shown: Filter) -> list[Ward]:
    """The wards with the beds to show, in the beds' order; counts are of the whole ward."""
    grouped = [list(group) for _, group in groupby(beds, key=itemgetter("ward_id"))]
    every = (_ward(group, [bed for bed in group if shown.lets_through(bed)]) for group in grouped)
    return [ward for ward in every if ward.beds]


def _ward(beds: Sequence[Bed], shown: Sequence[Bed]) -> Ward:
    first = beds[0]
    return Ward(
        ward_id=first["ward_id"],
        ward_name=first["ward_name"] or first["ward_id"],
        specialty=first["specialty"] or "",
        counts=counts(beds),
        beds=shown,
    )


def free_beds(beds: Iterable[Bed], shown: Filter) -> list[Bed]:
    """Free, clean and staffed."""
    return [
        bed
        for bed in beds
        if bed["display_status"] == DisplayStatus.AVAILABLE
        and bed["is_staffed"]
        and not bed["is_cot"]
        and not bed["is_beside_a_source"]
        and shown.lets_through(bed)
    ]


def choices(beds: Iterable[Bed], column: str) -> list[str]:
    """What the beds have in that column, in the beds' order."""
    return list(dict.fromkeys(bed[column] for bed in beds if bed[column]))


def is_taken(bed: Bed) -> bool:
    """Whether somebody lies there; who it is may be for other eyes."""
    return bed["bed_status"] in (BedStatus.OCCUPIED, BedStatus.ISOLATED)


def is_overdue(bed: Bed, now: datetime) -> bool:
    """Whether the stay runs over its expected discharge; one that nobody has said is no such."""
    expected = None if bed["current_is_end_assumed"] else bed["expected_discharge_at"]
    return is_taken(bed) and (expected is not None and expected < now)
