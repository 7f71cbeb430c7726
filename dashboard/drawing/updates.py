"""The updates in HTML, newest first."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from dashboard import theme, times
from dashboard.drawing import html
from lake.vocabulary import BookingState

Update = dict[str, Any]
"""A row of the question `updates`."""


def table(updates: Iterable[Update], zone: ZoneInfo) -> str:
    return html.filled(
        "updates",
        updates=updates,
        details=lambda update: details(update, zone),
        stamp=lambda at, clock: _stamp(at, zone, clock),
    )


def details(update: Update, zone: ZoneInfo) -> str:
    """Patient, booked time, bed status and reason, as far as the update has them."""
    starts_at, ends_at = update["starts_at"], update["ends_at"]
    has_ended = update["booking_state"] == BookingState.COMPLETED
    until = update["occurred_at"] if has_ended else ends_at
    span = f"{_short(starts_at, zone)} to {_short(until, zone)}" if starts_at else ""
    bed = f"bed {update['bed_status']}" if update["bed_status"] else ""
    parts = (update["patient_ref"], span, bed, theme.words(update["reason_code"]))
    return ", ".join(part for part in parts if part)


def _short(at: datetime | None, zone: ZoneInfo) -> str:
    if at is None:
        return "open"
    there = times.local(at, zone)
    return f"{there.day} {there:%b %H:%M}"


def _stamp(at: datetime, zone: ZoneInfo, clock: str) -> str:
    there = times.local(at, zone)
    return f"{there.day} {there:%b} {there.strftime(clock)}"
