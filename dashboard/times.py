"""Instants in words, in the hospital's zone."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

A_WEEK = timedelta(days=7)


def local(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone)


def moment(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """`14:05` today, `Thu 14:05` within a week, else `27 Nov`."""
    there, here = local(at, zone), local(now, zone)
    if there.date() == here.date():
        return f"{there:%H:%M}"
    if abs(there.date() - here.date()) < A_WEEK:
        return f"{there:%a %H:%M}"
    return f"{there.day} {there:%b}"


def full(at: datetime, zone: ZoneInfo) -> str:
    there = local(at, zone)
    return f"{there:%a} {there.day} {there:%b %Y, %H:%M}"


def duration(length: timedelta) -> str:
    """`45 s`, `12 min`, `3 h 20`, `4 d 3 h`."""
    seconds = max(int(length.total_seconds()), 0)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 60:
        return f"{seconds} s"
    if minutes < 60:
        return f"{minutes} min"
    if hours < 24:
        return f"{hours} h {minutes % 60:02d}"
    return f"{days} d {hours % 24} h"


def instant(on: date, at: time, zone: ZoneInfo) -> datetime:
    """The UTC instant of a wall clock reading in the hospital."""
    return datetime.combine(on, at, tzinfo=zone).astimezone(UTC)


def newest(at: time, now: datetime, zone: ZoneInfo) -> datetime:
    """The last time the hospital's clock read this: today, or else yesterday."""
    today = local(now, zone).date()
    read_today = instant(today, at, zone)
    return read_today if read_today <= now else instant(today - timedelta(days=1), at, zone)


@dataclass(frozen=True)
class Here:
    """The hospital's now and zone, for telling times."""

    now: datetime
    zone: ZoneInfo

    def moment(self, at: datetime | None) -> str:
        return moment(at, self.now, self.zone) if at else ""

    def since(self, at: datetime | None) -> str:
        return duration(self.now - at) if at else ""
