from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from dashboard import times

KOLKATA = ZoneInfo("Asia/Kolkata")
NOON = datetime(2024, 3, 4, 12, tzinfo=UTC)  # Monday 17:30 in Kolkata


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (NOON, "17:30"),
        (NOON + timedelta(hours=7), "Tue 00:30"),
        (NOON - timedelta(days=3), "Fri 17:30"),
        (NOON + timedelta(days=7), "11 Mar"),
    ],
)
def test_a_moment_is_told_as_shortly_as_its_distance_allows(at: datetime, told: str) -> None:
    assert times.moment(at, NOON, KOLKATA) == told


@pytest.mark.parametrize(
    ("length", "told"),
    [
        (timedelta(seconds=-5), "0 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(hours=3, minutes=5), "3 h 05"),
        (timedelta(days=4, hours=3), "4 d 3 h"),
    ],
)
def test_a_duration_is_told_in_its_two_largest_units(length: timedelta, told: str) -> None:
    assert times.duration(length) == told


def test_a_reading_that_is_still_to_come_today_was_yesterdays() -> None:
    """At three in the morning 23:40 was last night."""
    three = datetime(2024, 3, 4, 21, 30, tzinfo=UTC)  # Tuesday 03:00 in Kolkata
    last_night = datetime(2024, 3, 4, 18, 10, tzinfo=UTC)
    assert times.newest(time(23, 40), three, KOLKATA) == last_night
    assert times.newest(time(2, 40), three, KOLKATA) == three - timedelta(minutes=20)
    assert times.newest(time(3, 0), three, KOLKATA) == three


def test_a_wall_clock_reading_becomes_an_instant() -> None:
    assert times.instant(date(2024, 3, 4), time(17, 30), KOLKATA) == NOON
