"""Hospital time: `anchor + (wall - anchor wall) x speed`. It never goes back."""

from dataclasses import dataclass, field
from datetime import UTC, datetime


def wall_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class HospitalClock:
    """`speed` in hospital seconds per wall second: 1 live, 60 demo, 0 standing."""

    anchor_at: datetime
    anchor_wall: datetime
    speed: float
    time_zone: str
    not_before: datetime | None = None
    _latest: datetime = field(init=False)

    def __post_init__(self) -> None:
        self._latest = max(self.anchor_at, self.not_before or self.anchor_at)

    def now(self, wall: datetime | None = None) -> datetime:
        """The hospital's now; stands while the wall clock is behind what it has shown."""
        elapsed = (wall or wall_now()) - self.anchor_wall
        self._latest = max(self._latest, self.anchor_at + elapsed * self.speed)
        return self._latest

    def wall_at(self, hospital_at: datetime) -> datetime:
        """When the wall clock will show this hospital instant. Needs speed > 0."""
        return self.anchor_wall + (hospital_at - self.anchor_at) / self.speed

    def set(self, speed: float, at: datetime | None = None) -> None:
        """Run at another speed from here on, or stand at `at` (never before what was shown)."""
        wall = wall_now()
        self.anchor_at = max(self.now(wall), at or self.anchor_at)
        self._latest = self.anchor_at
        self.anchor_wall = wall
        self.speed = speed
