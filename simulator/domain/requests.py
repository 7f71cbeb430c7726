"""A bed request: a need without a bed, on the waiting list until it is placed or withdrawn."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from lake.vocabulary import USUAL_PRIORITY, AdmissionType, EventType, WaitsIn
from simulator.domain.house import House
from simulator.domain.needs import Needs

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Rank(NamedTuple):
    """The lowest comes first; none changes as time goes by."""

    is_not_urgent: bool
    due_at: datetime
    requested_at: datetime
    bed_request_id: str


class Clocks(NamedTuple):
    """By when the patient is to be in bed; None: no such clock runs."""

    arrival_breach_at: datetime | None
    decision_breach_at: datetime | None

    def are_breached(self, at: datetime) -> bool:
        return any(limit <= at for limit in self if limit)


@dataclass(frozen=True, slots=True)
class BedRequest:
    """`ward_id` None: any ward. `requested_by` answers for it, and for finding a bed if an
    override displaced the booking `displaced_booking_id`. `spell_id`: of a patient in bed who waits
    for another one. `waits_in`, `arrived_at`, `decided_at`, `expected_stay_hours` None: not said.
    `seq`: of the event that made it what it is."""

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
    waits_in: str | None = None
    arrived_at: datetime | None = None
    decided_at: datetime | None = None
    expected_stay_hours: float | None = None
    seq: int = field(default=0, compare=False)

    @property
    def priority(self) -> int:
        return self.needs.priority or USUAL_PRIORITY

    @property
    def decided(self) -> datetime:
        """When it was decided to admit: as it was asked for, if nobody says otherwise."""
        return self.decided_at or self.requested_at

    @property
    def expected_stay(self) -> timedelta | None:
        return timedelta(hours=self.expected_stay_hours) if self.expected_stay_hours else None

    def rank(self, step: timedelta) -> Rank:
        """Whoever is of priority 1 comes first, by who waits longest. Of all others each step of
        priority weighs as much as a wait of `step`, so nobody waits for ever. Whose bed was lent
        comes before the others of either."""
        since = EPOCH if self.bed_was_lent else max(self.wanted_from, self.decided)
        due_at = since + self.priority * step
        return Rank(self.priority != 1, due_at, self.requested_at, self.bed_request_id)

    def where(self, *, is_in_bed: bool) -> str | None:
        """Where the patient is; None: not said. Who has a bed is on the ward, or in theatre."""
        is_on_ward = is_in_bed and self.waits_in != WaitsIn.THEATRE
        return WaitsIn.WARD.value if is_on_ward else self.waits_in

    def clocks(self, house: House, *, is_in_bed: bool) -> Clocks:
        """From the arrival in the emergency department; from the decision to admit, of all who are
        in no bed of the hospital and not elective."""
        is_in_emergency = self.where(is_in_bed=is_in_bed) == WaitsIn.EMERGENCY_DEPARTMENT
        from_arrival = self.arrived_at if is_in_emergency else None
        is_elective = self.needs.admission_type == AdmissionType.ELECTIVE
        from_decision = None if is_in_bed or is_elective else self._here_from
        return Clocks(
            from_arrival and from_arrival + house.arrival_breach,
            from_decision and from_decision + house.decision_breach,
        )

    @property
    def _here_from(self) -> datetime:
        """The decision; but of who is asked for ahead, and not said to be anywhere, the time from
        which a bed is wanted."""
        is_ahead = self.waits_in is None and self.wanted_from > self.requested_at
        return self.wanted_from if is_ahead else self.decided

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
            **self._rarer_columns(),
        }

    def _rarer_columns(self) -> dict[str, Any]:
        """What a row leaves out is null."""
        columns = {
            "waits_in": self.waits_in,
            "arrived_at": self.arrived_at,
            "decided_at": self.decided_at,
            "expected_stay_hours": self.expected_stay_hours,
        }
        return {name: value for name, value in columns.items() if value is not None}

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
            waits_in=row.get("waits_in"),
            arrived_at=row.get("arrived_at"),
            decided_at=row.get("decided_at"),
            expected_stay_hours=row.get("expected_stay_hours"),
            seq=row.get("seq") or 0,
        )


def has_left_the_list(row: Mapping[str, Any]) -> bool:
    """Whether the event placed or withdrew a request."""
    return row["event_type"] in (EventType.REQUEST_PLACED, EventType.REQUEST_WITHDRAWN)
