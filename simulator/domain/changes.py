"""A change: one event row in the making, and the moment at which a command takes effect."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from lake.vocabulary import EventType
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking
from simulator.domain.principals import Principal


@dataclass(frozen=True, slots=True)
class Moment:
    """When a command takes effect, the hospital's now, the log's next seq, and who asks.

    `past_grace`: how far before `at` a booking may start.
    """

    at: datetime
    now: datetime
    next_seq: int
    source: str
    who: Principal
    past_grace: timedelta = timedelta(hours=1)

    @property
    def actor(self) -> str:
        return self.who.actor


@dataclass(frozen=True, slots=True)
class Change:
    """What the bed and the booking are after it; `columns` are those that neither carries. `at`:
    when it happens, if not with its command."""

    event_type: EventType
    bed: Bed | None = None
    booking: Booking | None = None
    columns: dict[str, Any] = field(default_factory=dict)
    at: datetime | None = None
