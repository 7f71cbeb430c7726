"""Logs that are out of order or say things twice, worked out by hand."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulator.feeds.adt_csv import read_log
from simulator.feeds.closed_log import Settled, settle
from simulator.feeds.log_rows import Duplicate, LogRow
from simulator.feeds.replay_file import Pool, Summary, check_file, plan_beds

HEADER = "case_id,event,unit,detail,occurred_at"


@pytest.fixture
def log(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "adt.csv"
        path.write_text("\n".join((HEADER, *(line.strip() for line in text.strip().splitlines()))))
        return path

    return write


@pytest.fixture
def settled(log):
    def read(text: str) -> Settled:
        return settle(read_log(log(text)).rows)

    return read


@pytest.fixture
def summary(log):
    def check(text: str) -> Summary:
        found = check_file(log(text), "snr")
        assert found.adds_up
        return found

    return check


def lines(rows: list[LogRow]) -> list[int]:
    return [row.line for row in rows]


SAID_TWICE = """
    K1,admission,A,NC,2026-03-01 10:00:00
    K1,admission,A,NC,2026-03-01 10:00:00
    K1,release,,home,2026-03-02 09:00:00
    K1,release,,home,2026-03-02 09:00:00
    K2,admission,A,NC,2026-03-02 10:30:00
    K2,release,,home,2026-03-03 09:00:00
"""


def test_a_row_that_is_said_twice_is_one_event_and_needs_one_bed(summary, settled) -> None:
    found = summary(SAID_TWICE)
    assert found.applied == {"admission": 2, "release": 2}
    assert found.duplicates == [Duplicate(3, 2), Duplicate(5, 4)]
    [(pool, beds)] = plan_beds(settled(SAID_TWICE).rows).items()
    assert (pool.unit, beds) == ("A", 1)


def test_rows_said_three_times_all_name_the_first_wherever_they_stand(settled) -> None:
    found = settled(
        """
        K1,admission,A,NC,2026-03-01 10:00:00
        K2,admission,A,NC,2026-03-01 10:00:00
        K1,admission,A,NC,2026-03-01 10:00:00
        K2,release,,home,2026-03-01 11:00:00
        K1,admission,A,NC,2026-03-01 10:00:00
        """
    )
    assert found.duplicates == [Duplicate(4, 2), Duplicate(6, 2)]


def test_rows_whose_times_are_written_otherwise_are_the_same_event(settled) -> None:
    found = settled(
        """
        K1,admission,A,NC,2026-03-01 10:00:00
        K1,admission,A,NC,2026-03-01T15:30:00+05:30
        K1,Admission, A ,NC,2026-03-01T10:00:00Z
        """
    )
    assert found.duplicates == [Duplicate(3, 2), Duplicate(4, 2)]


def test_rows_that_touch_no_bed_and_releases_of_nobody_are_told_once_too(summary) -> None:
    found = summary(
        """
        K1,register,A,,2026-03-01 09:00:00
        K1,register,A,,2026-03-01 09:00:00
        K1,return,?,,2026-03-09 09:00:00
        K1,return,?,,2026-03-09 09:00:00
        K2,release,,home,2026-03-01 09:00:00
        K2,release,,home,2026-03-01 09:00:00
        """
    )
    assert found.without_bed == {"register": 1, "return": 1}
    assert found.duplicates == [Duplicate(3, 2), Duplicate(5, 4), Duplicate(7, 6)]
    assert [fault.line for fault in found.faults] == [6]


@pytest.mark.parametrize(
    "other",
    ["K2,admission,A,NC,2026-03-01 10:00:00", "K1,admission,B,NC,2026-03-01 10:00:00",
     "K1,admission,A,IC,2026-03-01 10:00:00", "K1,admission,A,NC,2026-03-01 10:00:01",
     "K1,register,A,NC,2026-03-01 10:00:00"],
)  # fmt: skip
def test_rows_that_differ_in_one_value_are_two_events(settled, other) -> None:
    assert settled(f"K1,admission,A,NC,2026-03-01 10:00:00\n{other}").duplicates == []


def test_a_release_before_the_only_admission_is_one_fault_of_two_rows_and_holds_no_bed(
    summary, settled
) -> None:
    text = """
        K1,admission,A,NC,2026-03-01 23:10:00
        K1,release,,died,2026-03-01 12:00:00
        K2,admission,B,NC,2026-03-02 08:00:00
        """
    found = summary(text)
    [fault] = found.faults
    assert fault.lines == (2, 3)
    assert fault.reason == (
        "K1 is released (line 3) before the only admission (line 2); neither is applied"
    )
    assert found.applied == {"admission": 1}
    assert [pool.unit for pool in plan_beds(settled(text).rows)] == ["B"]


@pytest.mark.parametrize(
    ("release", "admission", "is_dropped"),
    [
        ("2026-03-01 10:00:00", "2026-03-02 10:00:00", True),
        ("2026-03-01 10:00:00", "2026-03-02 10:00:01", False),
        ("2026-03-01 10:00:00", "2026-03-01 10:00:01", True),
    ],
)
def test_an_admission_is_dropped_only_within_a_day_of_its_release(
    settled, release, admission, is_dropped
) -> None:
    found = settled(f"K1,release,,home,{release}\nK1,admission,A,NC,{admission}")
    assert bool(found.faults) is is_dropped
    assert lines(found.rows) == ([] if is_dropped else [2, 3])


@pytest.mark.parametrize(
    "besides",
    ["K1,release,,home,2026-03-01 14:00:00", "K1,admission,A,NC,2026-03-01 09:00:00",
     "K1,admission,B,NC,2026-03-01 14:00:00"],
)  # fmt: skip
def test_an_admission_with_anything_after_it_or_before_it_is_kept(settled, besides) -> None:
    found = settled(
        f"""
        K1,release,,home,2026-03-01 12:00:00
        K1,admission,A,NC,2026-03-01 13:00:00
        {besides}
        """
    )
    assert found.faults == []
    assert len(found.rows) == 3


def test_rows_said_twice_do_not_hide_a_release_before_the_admission(summary) -> None:
    found = summary(
        """
        K1,register,A,,2026-03-01 09:00:00
        K1,admission,A,NC,2026-03-01 23:10:00
        K1,release,,died,2026-03-01 12:00:00
        K1,admission,A,NC,2026-03-01 23:10:00
        K1,return,?,,2026-03-08 12:00:00
        """
    )
    assert [fault.lines for fault in found.faults] == [(3, 4)]
    assert found.duplicates == [Duplicate(5, 3)]
    assert found.applied == {}


@pytest.mark.parametrize("is_first", [True, False])
def test_released_in_the_second_of_the_admission_is_one_stay_of_no_length(
    summary, settled, is_first
) -> None:
    rows = ["K3,release,,home,2026-03-04 10:00:00", "K3,admission,A,NC,2026-03-04 10:00:00"]
    text = "\n".join(rows if is_first else rows[::-1])
    assert summary(text).applied == {"admission": 1, "release": 1}
    assert [row.event for row in settled(text).rows] == ["admission", "release"]


def test_moved_and_released_in_one_second_nobody_is_left_in_bed(summary) -> None:
    found = summary(
        """
        K1,admission,A,NC,2026-03-01 10:00:00
        K1,release,,home,2026-03-02 10:00:00
        K1,admission,B,NC,2026-03-02 10:00:00
        """
    )
    assert found.applied == {"admission": 1, "transfer": 1, "release": 1}


def test_two_admissions_and_a_release_in_one_second_end_with_the_release(summary) -> None:
    found = summary(
        """
        K1,release,,home,2026-03-02 10:00:00
        K1,admission,A,NC,2026-03-02 10:00:00
        K1,admission,B,NC,2026-03-02 10:00:00
        """
    )
    assert found.applied == {"admission": 1, "transfer": 1, "release": 1}
    assert found.faults == []


def test_released_and_admitted_anew_in_one_second_is_two_admissions(summary) -> None:
    """Who is in bed and is released once more afterwards has come back."""
    found = summary(
        """
        K1,admission,A,NC,2026-03-01 10:00:00
        K1,admission,B,NC,2026-03-02 10:00:00
        K1,release,,home,2026-03-02 10:00:00
        K1,release,,home,2026-03-03 10:00:00
        """
    )
    assert found.applied == {"admission": 2, "release": 2}
    assert found.faults == []


def test_released_once_more_after_a_stay_of_no_length_is_a_release_of_nobody(summary) -> None:
    found = summary(
        """
        K1,release,,home,2026-03-02 10:00:00
        K1,admission,A,NC,2026-03-02 10:00:00
        K1,release,,home,2026-03-02 12:00:00
        """
    )
    assert found.applied == {"admission": 1, "release": 1}
    assert [fault.line for fault in found.faults] == [4]


def test_one_cases_order_in_a_second_leaves_the_others_where_they_are(settled) -> None:
    found = settled(
        """
        K1,release,,home,2026-03-02 10:00:00
        K2,admission,A,NC,2026-03-02 10:00:00
        K1,admission,A,NC,2026-03-02 10:00:00
        K3,register,A,,2026-03-02 10:00:00
        """
    )
    assert lines(found.rows) == [4, 3, 2, 5]


def test_midnight_written_as_24_00_is_00_00_of_the_next_day(settled) -> None:
    found = settled(
        """
        K4,admission,A,NC,2026-03-05 24:00:00
        K5,admission,A,NC,2026-12-31T24:00+01:00
        K6,admission,A,NC,2026-02-28 24:00
        """
    )
    assert {row.case_id: row.occurred_at for row in found.rows} == {
        "K4": datetime(2026, 3, 6, tzinfo=UTC),
        "K5": datetime(2026, 12, 31, 23, tzinfo=UTC),
        "K6": datetime(2026, 3, 1, tzinfo=UTC),
    }


def test_a_time_after_24_00_is_no_time(summary) -> None:
    found = summary(
        """
        K4,admission,A,NC,2026-03-05 24:00:01
        K4,admission,A,NC,2026-03-05 24:10:00
        K4,admission,A,NC,9999-12-31 24:00:00
        """
    )
    assert [fault.line for fault in found.faults] == [2, 3, 4]


def test_beds_of_a_unit_and_its_intensive_care_are_planned_apart(settled) -> None:
    found = settled(
        """
        K1,admission,A,NC,2026-03-01 10:00:00
        K2,admission,A,IC,2026-03-01 10:00:00
        """
    )
    assert [(pool.unit, pool.room_class, beds) for pool, beds in plan_beds(found.rows).items()] == [
        (*Pool("A", "general"), 1),
        (*Pool("A", "icu"), 1),
    ]
