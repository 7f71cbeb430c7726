"""Data age: wall time since the board was last known to be complete."""

from dataclasses import dataclass
from datetime import datetime, timedelta

STALE_AFTER = timedelta(seconds=60)
"""From here on the page warns that statuses may be out of date."""

NOTHING = timedelta(0)


@dataclass(frozen=True)
class DataAge:
    """`age` null: it has never been confirmed that the board is complete."""

    age: timedelta | None
    is_api_silent: bool

    @property
    def is_stale(self) -> bool:
        return self.age is None or self.age > STALE_AFTER


def data_age(
    now: datetime,
    *,
    shown_seq: int,
    head_seq: int | None,
    first_missing_at: datetime | None,
    confirmed_at: datetime | None,
) -> DataAge:
    """`head_seq` null: the API is silent. `first_missing_at`: when the first row that is not yet
    shown was recorded. `confirmed_at`: when the board was last known to be complete."""
    if head_seq is None:
        return DataAge(_since(confirmed_at, now), is_api_silent=True)
    if shown_seq >= head_seq:
        return DataAge(NOTHING, is_api_silent=False)
    return DataAge(_since(first_missing_at or confirmed_at, now), is_api_silent=False)


def _since(then: datetime | None, now: datetime) -> timedelta | None:
    return max(now - then, NOTHING) if then else None
