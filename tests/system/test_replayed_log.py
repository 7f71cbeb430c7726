"""A recorded log through engine, stream and batch, against a recount of the file in plain Python.

`SNR_REAL_LOG` names the real log; without it a small made-up one with the same defects is used.
"""

import csv
import os
import warnings
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows import build_gold, check_lake, stream_bookings, verify_lake
from lake.duck import LakeReader
from lake.places import Places
from simulator.feeds.replay_file import Summary, replay_file
from tests.simulator.feeds.test_replay import LOG

Stay = tuple[str, datetime, datetime | None, str]


@pytest.fixture(scope="module")
def log_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    real = os.environ.get("SNR_REAL_LOG")
    if real:
        return Path(real)
    path = tmp_path_factory.mktemp("log") / "adt.csv"
    path.write_text(LOG)
    print("SNR_REAL_LOG is not set: the real log was not given, a made-up one stands in")  # noqa: T201
    return path


@pytest.fixture(scope="module")
def replayed(log_file: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Places, Summary]:
    home = tmp_path_factory.mktemp("replay") / "home"
    places = Places(home, str(home / "lake"))
    summary = replay_file(places, log_file, "snr")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stream_bookings.run(places, once=True)
        build_gold.run(places)
    return places, summary


def recount(log_file: Path) -> tuple[list[Stay], int, int]:
    """Stays (unit, start, end, case), rows of the file, rows that touch no bed or cannot apply."""
    stays: list[Stay] = []
    in_bed: dict[str, int] = {}
    good, others, total = [], 0, 0
    with log_file.open(newline="") as file:
        reader = csv.reader(file)
        next(reader)
        for line, values in enumerate(reader, start=2):
            total += 1
            try:
                case, event, unit, _, at = values
                assert event in ("register", "admission", "release", "return")
                good.append(
                    (datetime.fromisoformat(at).replace(tzinfo=UTC), line, case, event, unit)
                )
            except (ValueError, AssertionError):
                others += 1
    for at, _, case, event, unit in sorted(good):
        if event in ("register", "return") or (event == "release" and case not in in_bed):
            others += 1
            continue
        if case in in_bed:
            left = in_bed.pop(case)
            stays[left] = (stays[left][0], stays[left][1], at, case)
        if event == "admission":
            in_bed[case] = len(stays)
            stays.append((unit, at, None, case))
    return stays, total, others


def ask(places: Places, sql: str) -> list[dict]:
    return LakeReader(places).ask(sql).to_pylist()


def test_the_summary_adds_up_to_the_rows_of_the_file(replayed, log_file) -> None:
    _, summary = replayed
    stays, total, others = recount(log_file)
    assert summary.adds_up
    assert summary.rows == total
    assert summary.applied["admission"] + summary.applied["transfer"] == len(stays)
    assert summary.without_bed.total() + len(summary.faults) == others


def test_every_stay_of_the_file_is_in_bed_stays_and_none_besides(replayed, log_file) -> None:
    places, _ = replayed
    rows = ask(places, "SELECT ward_id, admitted_at, ended_at, patient_ref FROM silver.bed_stays")
    found = [
        (r["ward_id"], r["admitted_at"], r["ended_at"], r["patient_ref"].removeprefix("replay1-"))
        for r in rows
    ]
    assert Counter(found) == Counter(recount(log_file)[0])


def test_occupied_bed_days_are_those_of_the_file(replayed, log_file) -> None:
    places, _ = replayed
    rows = ask(
        places,
        """SELECT ward_id, census_on, occupied_bed_days AS n FROM gold.ward_daily
           WHERE occupied_bed_days > 0""",
    )
    found = {(r["ward_id"], r["census_on"]): r["n"] for r in rows}
    assert found == dict(bed_days(recount(log_file)[0]))


def bed_days(stays: list[Stay]) -> Counter[tuple[str, object]]:
    """Stays over the midnight that ends a day; only days that have ended by the log's last row."""
    last = max(moment for _, start, end, _ in stays for moment in (start, end) if moment)
    counted: Counter[tuple[str, object]] = Counter()
    for unit, start, end, _ in stays:
        midnight = datetime(start.year, start.month, start.day, tzinfo=UTC) + timedelta(days=1)
        while midnight < (end or last + timedelta(microseconds=1)) and midnight <= last:
            counted[unit, (midnight - timedelta(days=1)).date()] += 1
            midnight += timedelta(days=1)
    return counted


def test_the_census_of_every_hour_is_that_of_the_file(replayed, log_file) -> None:
    """A patient is counted at each full hour from the stay's start on, and no more at its end."""
    places, _ = replayed
    stays = recount(log_file)[0]
    last = max(moment for _, start, end, _ in stays for moment in (start, end) if moment)
    counted: Counter[tuple[str, datetime]] = Counter()
    for unit, start, end, _ in stays:
        hour = start.replace(minute=0, second=0, microsecond=0)
        hour += timedelta(hours=1) if hour < start else timedelta(0)
        while hour < (end or last + timedelta(microseconds=1)) and hour <= last:
            counted[unit, hour] += 1
            hour += timedelta(hours=1)
    rows = ask(
        places,
        """SELECT ward_id, census_at, occupied_count AS n FROM gold.census_hourly
           WHERE occupied_count > 0""",
    )
    assert {(r["ward_id"], r["census_at"]): r["n"] for r in rows} == dict(counted)


def test_lengths_of_stay_per_unit_and_month_are_those_of_the_file(replayed, log_file) -> None:
    """Bed-days at midnight over cases; a case belongs to the unit that a release ends a stay in."""
    places, _ = replayed
    days = bed_days(recount(log_file)[0])
    cases = Counter((unit, at.date()) for unit, at in releases(log_file))
    last_on = ask(places, "SELECT max(occurred_on) AS d FROM silver.bed_events")[0]["d"]
    by_month: dict[tuple[str, object], list[int]] = {}
    for nth, counted in enumerate((days, cases)):
        for (unit, on), number in counted.items():
            if on < last_on:
                by_month.setdefault((unit, on.replace(day=1)), [0, 0])[nth] += number
    rows = ask(
        places,
        """SELECT ward_id, period_on, alos_days FROM gold.ward_kpis
           WHERE period = 'month' AND (occupied_bed_days > 0 OR case_count > 0)""",
    )
    found = {(r["ward_id"], r["period_on"]): r["alos_days"] for r in rows}
    assert found == {key: beds / ends if ends else None for key, (beds, ends) in by_month.items()}
    assert any(found.values())


def releases(log_file: Path) -> list[tuple[str, datetime]]:
    """Unit and instant of each release of a patient who is in a bed."""
    with log_file.open(newline="") as file:
        rows = [row for row in list(csv.reader(file))[1:] if len(row) == 5]
    ended = {(case, end): unit for unit, _, end, case in recount(log_file)[0] if end is not None}
    found = []
    for case, event, _, _, at in rows:
        if event == "release":
            moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
            if (case, moment) in ended:
                found.append((ended[case, moment], moment))
    return found


def test_the_hours_of_the_rooms_add_up_to_those_of_their_wards(replayed) -> None:
    shared = "bed_count, staffed_count, occupied_count, dirty_count, closed_count"
    wards = f"""SELECT ward_id, census_at, {shared}, available_count + reserved_count AS free_count
                FROM gold.census_hourly"""
    sums = ", ".join(f"sum({name})::BIGINT" for name in (*shared.split(", "), "free_count"))
    rooms = f"SELECT ward_id, census_at, {sums} FROM gold.room_census GROUP BY ALL"
    assert ask(replayed[0], f"{wards} EXCEPT ALL {rooms}") == []
    assert ask(replayed[0], f"{rooms} EXCEPT ALL {wards}") == []
    assert ask(replayed[0], "SELECT count(DISTINCT room_id) > 1 AS n FROM gold.room_census") == [
        {"n": True}
    ]


def test_a_recount_by_sql_finds_every_table_equal(replayed, monkeypatch) -> None:
    monkeypatch.setattr(verify_lake, "SETTLES_IN", timedelta(0))  # nothing is streamed any more
    found = list(verify_lake.verify(replayed[0]))
    assert [compared for compared in found if not compared.is_equal] == []
    rows = {compared.table_name: compared.row_count for compared in found}
    assert len(rows) >= 13
    empty = {name for name, count in rows.items() if not count}
    assert empty == {"silver.quarantine", "gold.update_phrases", "gold.turnaround"}


def test_all_checks_of_the_lake_hold(replayed) -> None:
    assert [result for result in check_lake.run(replayed[0]) if not result.is_ok] == []


def test_cases_are_the_releases_of_the_file(replayed) -> None:
    places, summary = replayed
    [row] = ask(
        places,
        """SELECT sum(case_count) AS cases, sum(admission_count) AS admissions,
                  sum(transfer_in_count) AS moves FROM gold.ward_daily""",
    )
    on_last_day = ask(
        places,
        """SELECT count(*) FILTER (event_type = 'patient_discharged') AS cases
           FROM silver.bed_events
           WHERE occurred_on >= (SELECT max(occurred_on) FROM silver.bed_events)""",
    )[0]
    assert row["cases"] + on_last_day["cases"] == summary.applied["release"]


def test_the_board_shows_who_is_still_in_bed(replayed, log_file) -> None:
    places, _ = replayed
    open_stays = {case for _, _, end, case in recount(log_file)[0] if end is None}
    rows = ask(
        places, "SELECT current_patient_ref AS ref FROM gold.bed_board WHERE ref IS NOT NULL"
    )
    assert {row["ref"].removeprefix("replay1-") for row in rows} == open_stays


def test_nothing_was_quarantined(replayed) -> None:
    assert ask(replayed[0], "SELECT count(*) AS n FROM silver.quarantine") == [{"n": 0}]
