from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from deltalake import write_deltalake
from pyspark.sql import SparkSession

from flows import check_lake
from flows.batch.gold_tables import TABLES
from flows.batch.plan import BY_HAND, ImpossibleDates, Log, asked_dates, plan
from flows.build_gold import Built, build, build_gold, run, run_title
from flows.maintain_lake import maintain
from flows.runs.table_runs import TableRun
from lake.arrow import open_or_create, version
from lake.errors import LakeError
from lake.places import Places
from lake.spark import read
from lake.tables import CENSUS_HOURLY, SILVER_BED_EVENTS, TABLE_RUNS_BATCH, WARD_DAILY
from tests.flows.bed_log import Row, board_catches_up, copy_of, event, rows_of, write_bronze
from tests.lake.lake_rows import write

FIRST = datetime(2026, 1, 5, 6, tzinfo=UTC)


def three_days(first_seq: int = 1, patients: int = 6) -> list[Row]:
    """A patient every 12 hours, six hours in the bed, half an hour of cleaning."""
    rows: list[Row] = []
    for nth in range(patients):
        steps = (
            (0.0, "patient_admitted", "occupied", "active"),
            (6.0, "patient_discharged", "dirty", "completed"),
            (6.5, "cleaning_finished", "available", None),
        )
        for hours, kind, status, state in steps:
            at = FIRST + timedelta(hours=12 * (nth + (first_seq - 1) // 3) + hours)
            seq = first_seq + len(rows)
            whose = f"{first_seq}-{nth}" if state else None
            rows.append(
                event(seq, occurred_at=at, event_type=kind, bed_status=status, booking_state=state,
                      booking_id=whose, stay_id=whose, spell_id=whose, starts_at=at)
            )  # fmt: skip
    return rows


@pytest.fixture(scope="module")
def built_once(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Places:
    """Three days, built as they came; only to be read."""
    home = tmp_path_factory.mktemp("three_days")
    places = Places(home, str(home / "lake"))
    write_bronze(places, three_days())
    board_catches_up(spark, places)
    assert build(spark, places).notes == []
    return places


@pytest.fixture
def built(built_once: Places, places: Places) -> Places:
    return copy_of(built_once.home, places)


def test_a_build_has_the_numbers_that_were_worked_out_by_hand(
    spark: SparkSession, built_once: Places
) -> None:
    daily = read(spark, built_once, WARD_DAILY)
    assert rows_of(daily, "census_on", "occupied_bed_days", "admission_count", "case_count") == [
        ("01-05", 0, 2, 1),  # in at 6 and 18, out at 12 and, the next day, at midnight
        ("01-06", 0, 2, 2),
        ("01-07", 0, 2, 2),
    ]
    assert build(spark, built_once).notes == ["No events since the last build."]


def test_a_lake_that_was_built_holds_its_checks(built: Places) -> None:
    results = check_lake.run(built)
    questions = {check.name for check in check_lake.checks() if ":" not in check.name}
    assert questions <= {result.check_name for result in results}
    assert [result for result in results if not result.is_ok] == []


@pytest.mark.long
def test_every_table_of_the_builds_is_maintained(built: Places) -> None:
    assert {count.table_name for count in maintain(built)} >= {t.name for t in TABLES}


def test_dates_outside_the_log_are_left_out_with_a_note() -> None:
    first, last = date(2026, 1, 5), date(2026, 1, 8)
    log = Log(1, "snr", first, last, FIRST + timedelta(days=3), 18)
    early, late = date(2025, 1, 1), date(2027, 1, 1)
    assert asked_dates(log, early, late) == (
        (first, last),
        [
            "Left out: dates before the log's first, 2026-01-05.",
            "Left out: dates after the hospital's now, 2026-01-08.",
        ],
    )
    assert asked_dates(log, first, last) == ((first, last), [])
    assert asked_dates(log, None, early)[0] is None
    assert asked_dates(log, None, None) == (None, [])


def test_what_was_built_is_told_with_its_dates_tables_and_rows() -> None:
    day = date(2026, 1, 5)
    runs = [TableRun(hospital_id="snr", table_name=name, from_on=day, to_on=day, version_read=1,
                     sources=[], in_count=9, out_count=count)
            for name, count in (("gold.ward_daily", 1000), ("gold.census_hourly", 67))]  # fmt: skip
    built = Built(notes=["Left out: some."], runs=runs)
    assert built.told == [
        "Left out: some.", "Built 2026-01-05 to 2026-01-05: 2 tables, 1,067 rows."
    ]  # fmt: skip


def test_a_build_of_dates_that_the_log_has_not_writes_nothing(
    spark: SparkSession, built: Places
) -> None:
    # From 6:00 on the 5th to 0:30 on the 8th there are 67 full hours.
    assert read(spark, built, CENSUS_HOURLY).count() == 67
    before = version(built, CENSUS_HOURLY)
    write_bronze(built, three_days(first_seq=19, patients=1))
    board_catches_up(spark, built)
    assert build(spark, built, date(2024, 1, 1), date(2024, 1, 2)).runs == []
    assert version(built, CENSUS_HOURLY) == before


def test_where_there_is_nothing_to_build_no_jvm_is_started(
    built_once: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    def started(*_: object, **__: object) -> None:
        raise AssertionError("a session was asked for")

    monkeypatch.setattr("lake.spark.session", started)
    assert run(built_once).notes == ["No events since the last build."]
    assert run(built_once, date(2024, 1, 1), date(2024, 1, 2)).runs == []
    with pytest.raises(AssertionError, match="a session"):
        run(built_once, date(2026, 1, 6), date(2026, 1, 6))


@pytest.mark.parametrize("forgotten", [slice(None, -1), slice(1, None)], ids=["old", "new"])
def test_of_a_log_that_knows_no_longer_what_is_new_every_date_is_built(
    built: Places, forgotten: slice
) -> None:
    silver = open_or_create(built, SILVER_BED_EVENTS)
    newest = silver.to_pyarrow_table(filters=[("seq", "=", 18)])
    write_deltalake(silver, newest, mode="append")
    write_deltalake(silver, newest, mode="append")
    assert plan(built, None, None, BY_HAND).parts == [(date(2026, 1, 7), date(2026, 1, 8))]

    open_or_create(built, SILVER_BED_EVENTS).create_checkpoint()
    commits = sorted(Path(built.table(SILVER_BED_EVENTS), "_delta_log").glob("*.json"))
    for commit in commits[forgotten]:
        commit.unlink()

    assert plan(built, None, None, BY_HAND).parts == [(date(2026, 1, 5), date(2026, 1, 8))]


def test_a_table_of_runs_that_cannot_be_read_is_not_taken_for_an_empty_one(places: Places) -> None:
    """Every date would be built anew."""
    write(places, SILVER_BED_EVENTS, [event(1) | {"occurred_on": date(2026, 1, 5)}])
    write(places, TABLE_RUNS_BATCH, [{"table_name": "gold.ward_daily", "sources": []}])
    assert plan(places, None, None, BY_HAND).parts == [(date(2026, 1, 5), date(2026, 1, 5))]
    newest = max(Path(places.table(TABLE_RUNS_BATCH), "_delta_log").glob("*.json"))
    newest.write_text("{torn")

    with pytest.raises(LakeError, match=r"gold\.table_runs_batch cannot be read"):
        plan(places, None, None, BY_HAND)


def test_a_run_is_named_for_its_dates_or_for_when_it_was_asked_for() -> None:
    day = date(2026, 11, 23)
    assert run_title({"from_on": day, "to_on": day}) == "build_gold 2026-11-23"
    assert run_title({"from_on": day, "to_on": None}) == "build_gold from 2026-11-23"
    assert run_title({"from_on": None, "to_on": day}) == "build_gold until 2026-11-23"
    assert run_title({"from_on": day, "to_on": date(2026, 11, 24)}).endswith("23 to 2026-11-24")
    assert run_title({}).startswith(f"build_gold {datetime.now(UTC).year}-")


def test_dates_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ImpossibleDates, match="to_on 2026-11-22 lies before from_on 2026-11-23"):
        build_gold.fn(date(2026, 11, 23), date(2026, 11, 22))
