"""A recorded log through engine, stream and batch, against a recount of the file in plain Python.

`SNR_REAL_LOG` names a real one, of which the first days are taken, and all with `--long`; without
it a small made-up log with the same defects is used.
"""

import csv
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from flows import check_lake, verify_lake
from flows.build_gold import build
from flows.stream.following import catch_up
from lake.duck import LakeReader
from lake.places import Places
from simulator.feeds.replay_file import Summary, replay_file
from tests.simulator.feeds.test_replay import LOG

DAY = timedelta(hours=24)
FIRST_DAYS = timedelta(days=90)
Stay = tuple[str, datetime, datetime | None, str]

MADE_UP = f"""{LOG}H,admission,G,NC,2014-01-01 22:00:00
H,admission,M,NC,2014-01-02 00:00:00
B,release,E,Release B,2014-01-03 08:00:00
H,release,E,Release A,2014-01-04 00:00:00
H,release,E,Release A,2014-01-04 06:00:00
A,admission,G,IC,2014-01-30 09:30:00
A,release,E,Release C,2014-02-01 10:00:00
A,return,?,,2014-02-01 12:00:00
I,register,L,,2014-02-01 11:00:00
I,admission,M,NC,2014-02-01 23:59:59
I,admission,M,NC,2014-02-02 06:00:00
J,release,E,Release A,2014-01-10 12:00:00
J,admission,G,NC,2014-01-10 23:10:00
K,release,E,Release A,2014-01-11 10:00:00
K,admission,M,NC,2014-01-11 10:00:00
L,admission,M,NC,2014-01-12 24:00:00
L,admission,M,NC,2014-01-13T05:30:00+05:30
L,admission,ICU-2,IC,2014-01-13 10:15:30
L,release,E,Release A,2014-01-13 10:15:30
G,release,E,Release A,2014-02-02 07:00:00
"""
"""A few weeks: stays over midnights and a month's end, moves and releases at a midnight, a second
release of a patient who has left, a patient who comes again, and a last day that has not ended;
a release before the only admission, releases in the second of an admission, a row said twice."""


@pytest.fixture(
    scope="module",
    params=["first days", pytest.param("all days", marks=pytest.mark.long)],
)
def log_file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    real = os.environ.get("SNR_REAL_LOG")
    if real and request.param == "all days":
        return Path(real)
    if request.param == "all days":
        pytest.skip("SNR_REAL_LOG names no real log; the made-up one is short")
    path = tmp_path_factory.mktemp("log") / "adt.csv"
    path.write_text(first_days(Path(real)) if real else MADE_UP)
    return path


def first_days(log: Path) -> str:
    """Rows of its first days, and all whose time cannot be read."""
    header, *lines = log.read_text().splitlines(keepends=True)
    until = min(filter(None, map(moment_of, lines))) + FIRST_DAYS
    kept = (line for line in lines if (moment_of(line) or until) <= until)
    return "".join((header, *kept))


def moment_of(line: str) -> datetime | None:
    with suppress(ValueError):
        return instant_of(line.strip().rpartition(",")[2])
    return None


@pytest.fixture(scope="module")
def replayed(
    log_file: Path, spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Places, Summary]:
    home = tmp_path_factory.mktemp("replay") / "home"
    places = Places(home, str(home / "lake"))
    summary = replay_file(places, log_file, "snr", "UTC")
    catch_up(spark, places)
    build(spark, places)
    return places, summary


def recount(log_file: Path) -> tuple[list[Stay], int, int]:
    """Stays (unit, start, end, case), rows of the file, rows that make and end no stay.

    Those touch no bed, are said twice, cannot be applied, or are a release within a day before its
    case's only admission, and that admission: in the real log case BM, who is in no bed.
    """
    stays: list[Stay] = []
    in_bed: dict[str, int] = {}
    good, others, total = [], 0, 0
    with log_file.open(newline="") as file:
        reader = csv.reader(file)
        next(reader)
        for line, values in enumerate(reader, start=2):
            total += 1
            try:
                case, event, unit, detail, at = values
                assert event in ("register", "admission", "release", "return")
                good.append((instant_of(at), event, line, case, unit, detail))
            except (ValueError, AssertionError):
                others += 1
    seen, backwards = set(), set(released_before_the_only_admission(good))
    for at, event, _, case, unit, detail in sorted(good):
        if (said := (at, event, case, unit, detail)) in seen or case in backwards:
            others += 1
            continue
        seen.add(said)
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


def instant_of(text: str) -> datetime:
    """Of a time, in UTC where it says nothing else; 24:00 ends its day."""
    midnight = text.replace(" 24:00", " 00:00")
    moment = datetime.fromisoformat(midnight) + (DAY if midnight != text else timedelta(0))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def released_before_the_only_admission(good: list[tuple]) -> Iterator[str]:
    admissions, releases = defaultdict(set), defaultdict(set)
    for at, event, _, case, unit, detail in good:
        if event == "admission":
            admissions[case].add((at, unit, detail))
        elif event == "release":
            releases[case].add(at)
    for case in releases:
        if len(admissions[case]) == 1:
            [(admitted_at, *_)] = admissions[case]
            if timedelta(0) < admitted_at - max(releases[case]) <= DAY:
                yield case


def ask(places: Places, sql: str) -> list[dict]:
    return LakeReader(places).ask(sql).to_pylist()


def test_the_summary_adds_up_to_the_rows_of_the_file(replayed, log_file) -> None:
    _, summary = replayed
    stays, total, others = recount(log_file)
    assert summary.adds_up
    assert summary.rows == total
    assert summary.applied["admission"] + summary.applied["transfer"] == len(stays)
    assert summary.rows - summary.applied.total() == others


def test_every_stay_of_the_file_is_in_bed_stays_and_none_besides(replayed, log_file) -> None:
    places, _ = replayed
    rows = ask(places, "SELECT ward_id, admitted_at, ended_at, patient_ref FROM silver.bed_stays")
    found = [
        (r["ward_id"], r["admitted_at"], r["ended_at"], r["patient_ref"].removeprefix("REPLAY1-"))
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
    assert found
    assert found == dict(bed_days(recount(log_file)[0]))


def bed_days(stays: list[Stay]) -> Counter[tuple[str, object]]:
    """Stays at the midnight that ends a day; only days that have ended by the log's last row.

    One that begins at that very instant is counted, one that ends then is not.
    """
    last = max(moment for _, start, end, _ in stays for moment in (start, end) if moment)
    counted: Counter[tuple[str, object]] = Counter()
    for unit, start, end, _ in stays:
        midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
        midnight += timedelta(days=1) if midnight < start else timedelta(0)
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
            moment = instant_of(at)
            if (case, moment) in ended:
                found.append((ended.pop((case, moment)), moment))
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
    assert [*rows] == [table.name for table in verify_lake.RECOUNTED]
    empty = {name for name, count in rows.items() if not count}
    # Nobody is said to be a woman or a man, and each bed is in a room of its own.
    not_told = {"gold.update_phrases", "gold.turnaround", "gold.breaches"}
    assert empty == {"silver.quarantine", *not_told}


def test_all_checks_of_the_lake_hold(replayed) -> None:
    results = check_lake.run(replayed[0])
    questions = {check.name for check in check_lake.checks() if ":" not in check.name}
    assert questions <= {result.check_name for result in results}
    assert [result for result in results if not result.is_ok] == []


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
    """Of the real log 28: of case BM, released 13 minutes before it is admitted, nobody knows."""
    places, _ = replayed
    open_stays = {case for _, _, end, case in recount(log_file)[0] if end is None}
    rows = ask(
        places, "SELECT current_patient_ref AS ref FROM gold.bed_board WHERE ref IS NOT NULL"
    )
    assert {row["ref"].removeprefix("REPLAY1-") for row in rows} == open_stays


def test_nothing_was_quarantined_and_every_event_is_in_silver(replayed) -> None:
    counted = [
        ask(replayed[0], f"SELECT count(*) AS n FROM {table}")[0]["n"]
        for table in ("silver.quarantine", "silver.bed_events", "bronze.bed_events")
    ]
    assert counted[0] == 0
    assert counted[1] == counted[2] > 0
