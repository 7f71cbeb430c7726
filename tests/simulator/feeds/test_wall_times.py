"""Times with and without offsets, where clocks are set forward and back.

Berlin sets its clocks forward at 02:00 of 2026-03-29, which becomes 03:00, and back at 03:00 of
2026-10-25, which becomes 02:00 again: 02:30 is 00:30 and 01:30 UTC.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from simulator.feeds.adt_csv import read_log
from simulator.feeds.log_rows import Log, Remark
from simulator.feeds.wall_times import readings_of

BERLIN = "Europe/Berlin"


@pytest.fixture
def log(tmp_path: Path):
    def read(zone: str, *times: str) -> Log:
        path = tmp_path / "adt.csv"
        rows = (
            f"{case},register,A,,{time}"
            for case, time in (one.split("@") if "@" in one else ("K1", one) for one in times)
        )
        path.write_text("\n".join(("case_id,event,unit,detail,occurred_at", *rows)))
        return read_log(path, zone)

    return read


def hours(log: Log) -> list[str]:
    return [f"{row.occurred_at:%H:%M}" for row in log.rows]


@pytest.mark.parametrize(
    ("zone", "utc"),
    [("UTC", "10:00"), ("Asia/Kolkata", "04:30"), ("America/New_York", "15:00"),
     ("Asia/Kathmandu", "04:15")],
)  # fmt: skip
def test_a_time_without_an_offset_is_the_wall_time_of_the_hospital(log, zone, utc) -> None:
    assert hours(log(zone, "2026-03-01 10:00:00")) == [utc]


def test_a_time_with_an_offset_is_that_instant_in_whatever_zone_the_hospital_is(log) -> None:
    times = ("2026-03-01T22:00:00+05:30", "2026-03-01T16:30:00Z", "2026-03-01T11:30-05:00")
    read = log(BERLIN, *times)
    assert hours(read) == ["16:30"] * 3
    assert read.remarks == []


def test_patients_are_counted_at_the_midnights_of_the_hospital(tmp_path) -> None:
    path = tmp_path / "adt.csv"
    path.write_text(
        """case_id,event,unit,detail,occurred_at
K1,admission,A,NC,2026-03-01T22:00:00+05:30
K1,release,,home,2026-03-02T03:00:00+05:30
K2,admission,A,NC,2026-03-03T01:00:00+05:30
K2,release,,home,2026-03-03T06:30:00+05:30
"""
    )
    assert midnights(path, "Asia/Kolkata") == {"2026-03-01": 1}
    assert midnights(path, "UTC") == {"2026-03-02": 1}


def midnights(path: Path, zone: str) -> Counter[str]:
    counted: Counter[str] = Counter()
    rows = read_log(path, zone).rows
    for admission, release in zip(rows[::2], rows[1::2], strict=True):
        start, end = (row.occurred_at.astimezone(ZoneInfo(zone)) for row in (admission, release))
        for day in range((end.date() - start.date()).days):
            counted[f"{start.date() + timedelta(days=day)}"] += 1
    return counted


def test_a_time_that_comes_twice_keeps_the_order_of_the_file(log) -> None:
    day = "2026-10-25"
    read = log(BERLIN, f"{day} 01:59", f"{day} 02:50", f"{day} 02:10", f"{day} 03:00")
    assert hours(read) == ["23:59", "00:50", "01:10", "02:00"]
    twice = f"comes twice in {BERLIN}; the"
    assert read.remarks == [
        Remark(3, f"{day} 02:50:00 {twice} first was taken ({day} 00:50:00 UTC)"),
        Remark(4, f"{day} 02:10:00 {twice} second was taken ({day} 01:10:00 UTC)"),
    ]
    assert read.faults == []


def test_a_time_that_comes_twice_keeps_the_order_of_the_file_over_its_cases(log) -> None:
    read = log(BERLIN, "K1@2026-10-25 02:50", "K2@2026-10-25 02:10", "K3@2026-10-25 02:10")
    assert hours(read) == ["00:50", "01:10", "01:10"]


def test_a_time_that_comes_twice_keeps_the_order_of_its_case_where_the_file_has_none(log) -> None:
    read = log(BERLIN, "K1@2026-10-25 02:50", "K2@2026-12-01 10:00", "K1@2026-10-25 02:10")
    assert hours(read) == ["00:50", "09:00", "01:10"]


def test_a_time_that_comes_twice_is_the_first_where_no_order_says_more(log) -> None:
    assert hours(log(BERLIN, "2026-10-25 02:30")) == ["00:30"]
    assert hours(log(BERLIN, "K2@2026-12-01 10:00", "K1@2026-10-25 02:30")) == ["09:00", "00:30"]


def test_rows_said_twice_in_the_hour_that_comes_twice_stay_the_same_instant(log) -> None:
    assert hours(log(BERLIN, "2026-10-25 02:30", "2026-10-25 02:30")) == ["00:30", "00:30"]


def test_a_time_that_does_not_exist_moves_forward_and_is_named(log) -> None:
    read = log(BERLIN, "2026-03-29 02:30:00")
    assert hours(read) == ["01:30"]
    assert read.faults == []
    assert read.remarks == [
        Remark(
            2,
            f"2026-03-29 02:30:00 does not exist in {BERLIN}; 2026-03-29 03:30:00 was taken "
            "(2026-03-29 01:30:00 UTC)",
        )
    ]


def test_clocks_that_change_by_half_an_hour_or_skip_a_day_are_read_too() -> None:
    at = datetime(2026, 4, 5, 1, 45)  # noqa: DTZ001 - Lord Howe: 02:00 becomes 01:30
    assert readings_of(at, ZoneInfo("Australia/Lord_Howe")) == [
        datetime(2026, 4, 4, 14, 45, tzinfo=UTC),
        datetime(2026, 4, 4, 15, 15, tzinfo=UTC),
    ]
    skipped = datetime(2011, 12, 30, 12, 0)  # noqa: DTZ001 - Samoa had no such day
    assert readings_of(skipped, ZoneInfo("Pacific/Apia")) == [
        datetime(2011, 12, 30, 22, 0, tzinfo=UTC)
    ]


def test_a_file_that_mixes_times_with_and_without_offsets_is_told_so(log) -> None:
    read = log("Asia/Kolkata", "2026-03-01 10:00", "2026-03-01T11:00Z", "2026-03-02T11:00")
    assert read.remarks == [
        Remark(
            None,
            "1 times have an offset and 2 have none; those are the wall time of Asia/Kolkata",
        )
    ]
