from datetime import UTC, datetime, timedelta

from lake.arrow import append, live_files
from lake.places import Places
from lake.tables import BED_EVENTS

DAY = datetime(2026, 3, 2, tzinfo=UTC)


def test_the_rows_of_a_day_are_known_without_reading_them(places: Places) -> None:
    """Of two commits on the first day, one on the next."""
    for days, count in ((0, 3), (0, 2), (1, 1)):
        at = DAY + timedelta(days=days)
        append(places, BED_EVENTS, [{"seq": 1, "event_date": at.date()}] * count)
    files = live_files(places, BED_EVENTS)
    assert {day: (found.count, found.row_count) for day, found in files.items()} == {
        "2026-03-02": (2, 5),
        "2026-03-03": (1, 1),
    }
