"""Breaking the glass: a clerk sees one patient of another ward, for an hour, and answers for it.

Read only. Each is shown to every manager until another person has looked at it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from simulator.access.store import AccessStore, Row, instant, text_of
from simulator.domain.errors import Forbidden, NotThere

HOLDS = timedelta(minutes=60)
SHIFT = timedelta(hours=12)
MOST_IN_A_SHIFT = 3

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Broken:
    """By whom, of which patient, why, until when."""

    glass_id: str
    name: str
    patient_ref: str
    reason_code: str
    reason: str
    broken_at: datetime
    until_at: datetime
    reviewed_by: str | None
    reviewed_at: datetime | None


class Glass:
    def __init__(self, store: AccessStore, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def must_be_left(self, name: str) -> None:
        """Raises Forbidden where the person has broken it as often as a shift allows."""
        since = text_of(self._clock() - SHIFT)
        row = self._store.row(
            "SELECT count(*) AS n FROM glass WHERE name = ? AND broken_at > ?", name, since
        )
        if row is not None and row["n"] >= MOST_IN_A_SHIFT:
            hours = SHIFT // timedelta(hours=1)
            raise Forbidden(
                "not_permitted", f"{MOST_IN_A_SHIFT} times in {hours} h is the most: ask a manager."
            )

    def break_it(self, name: str, patient_ref: str, reason_code: str, reason: str) -> Broken:
        """Raises Forbidden."""
        now = self._clock()
        glass_id = uuid4().hex
        with self._store.writing() as db:
            self.must_be_left(name)
            db.execute(
                "INSERT INTO glass VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
                (
                    glass_id, name, patient_ref, reason_code, reason, text_of(now),
                    text_of(now + HOLDS),
                ),
            )  # fmt: skip
        return self.find(glass_id)

    def find(self, glass_id: str) -> Broken:
        """Raises NotThere."""
        row = self._store.row("SELECT * FROM glass WHERE glass_id = ?", glass_id)
        if row is None:
            raise NotThere(f"There is no broken glass {glass_id}.")
        return _broken(row)

    def seen_by(self, name: str) -> list[Broken]:
        """What is open now for this person, the newest first."""
        rows = self._store.rows(
            "SELECT * FROM glass WHERE name = ? AND until_at > ? ORDER BY broken_at DESC",
            name,
            text_of(self._clock()),
        )
        return [_broken(row) for row in rows]

    def to_review(self) -> list[Broken]:
        """All that nobody else has looked at yet, the oldest first."""
        rows = self._store.rows(
            "SELECT * FROM glass WHERE reviewed_at IS NULL ORDER BY broken_at, glass_id"
        )
        return [_broken(row) for row in rows]

    def must_be_anothers(self, glass_id: str, reviewer: str) -> Broken:
        """What is to be reviewed. Raises NotThere, and Forbidden for one's own."""
        known = self.find(glass_id)
        if known.reviewed_at is not None:
            raise NotThere(f"The broken glass {glass_id} was reviewed by {known.reviewed_by}.")
        if known.name == reviewer:
            raise Forbidden("same_actor", "Another person reviews it than who broke it.")
        return known

    def review(self, glass_id: str, reviewer: str) -> Broken:
        """Raises NotThere and Forbidden."""
        with self._store.writing() as db:
            self.must_be_anothers(glass_id, reviewer)
            db.execute(
                "UPDATE glass SET reviewed_by = ?, reviewed_at = ? WHERE glass_id = ?",
                (reviewer, text_of(self._clock()), glass_id),
            )
        return self.find(glass_id)


def _broken(row: Row) -> Broken:
    return Broken(
        glass_id=row["glass_id"],
        name=row["name"],
        patient_ref=row["patient_ref"],
        reason_code=row["reason_code"],
        reason=row["reason"],
        broken_at=instant(row["broken_at"]),
        until_at=instant(row["until_at"]),
        reviewed_by=row["reviewed_by"],
        reviewed_at=instant(row["reviewed_at"]) if row["reviewed_at"] else None,
    )
