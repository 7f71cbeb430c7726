"""The stream on small logs, written with delta-rs as the engine does."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from flows.stream import intake
from flows.stream.following import catch_up, follow
from flows.stream.supervision import Ending
from lake.arrow import open_or_create, version
from lake.places import Places
from lake.spark import read
from lake.tables import (
    BED_BOARD,
    BED_EVENTS,
    QUARANTINE,
    SILVER_BED_EVENTS,
    TABLE_RUNS_STREAM,
    UPDATE_TERMS,
    Table,
)
from lake.upkeep import retention
from tests.flows.bed_log import board_catches_up, event, rows_of, write_bronze


def rows(
    spark: SparkSession, places: Places, table: Table, *columns: str
) -> list[tuple[object, ...]]:
    return rows_of(read(spark, places, table), *columns)


def test_a_stream_that_rests_ends_when_it_is_told_to(
    spark: SparkSession, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNR_STREAM_PACE", "30")
    write_bronze(places, [event(1)])

    def has_taken_in() -> Ending | None:
        return Ending.CANCELLED if version(places, SILVER_BED_EVENTS) > 0 else None

    assert follow(spark, places, should_end=has_taken_in) is Ending.CANCELLED
    assert list(spark.streams.active) == []


def test_without_a_log_there_is_nothing_to_do(spark: SparkSession, places: Places) -> None:
    catch_up(spark, places)

    assert not places.exists(SILVER_BED_EVENTS)


@pytest.mark.parametrize(
    ("little", "few"),
    [
        pytest.param(intake.LITTLE, intake.FEW, id="read and fetched here"),
        pytest.param(0, intake.FEW, id="read by Spark", marks=pytest.mark.long),
        pytest.param(0, 0, id="written by Spark"),
    ],
)
def test_what_breaks_a_check_is_set_aside_and_disturbs_nothing_else(
    spark: SparkSession, places: Places, monkeypatch: pytest.MonkeyPatch, little: int, few: int
) -> None:
    monkeypatch.setattr(intake, "LITTLE", little)
    monkeypatch.setattr(intake, "FEW", few)
    write_bronze(
        places,
        [
            event(1, event_type="bed_registered"),
            event(2, event_type="patient_admitted", bed_status="occupied"),
            event(2, event_type="patient_admitted", bed_status="occupied"),
            event(3, event_type="bed_teleported"),
            event(4, bed_id="A-1-B", event_type="bed_registered"),
            event(5, event_type="clock_set", bed_id=None),
        ],
    )

    catch_up(spark, places)

    assert rows(spark, places, SILVER_BED_EVENTS, "seq") == [(1,), (2,), (4,), (5,)]
    assert rows(spark, places, QUARANTINE, "seq", "rule") == [
        (2, "duplicate_event_id"),
        (3, "unknown_event_type"),
    ]
    assert rows(spark, places, BED_BOARD, "bed_id", "seq", "bed_status", "last_event_type") == [
        ("A-1-A", 2, "occupied", "patient_admitted"),
        ("A-1-B", 4, "available", "bed_registered"),
    ]
    counted = rows(
        spark, places, TABLE_RUNS_STREAM,
        "table_name", "in_count", "out_count", "quarantined_count", "seq_until",
    )  # fmt: skip
    assert (SILVER_BED_EVENTS.name, 6, 4, 2, 5) in counted


@pytest.mark.long
def test_a_compacted_log_brings_nothing_new_and_stops_nothing(
    spark: SparkSession, places: Places
) -> None:
    write_bronze(places, [event(1)])
    write_bronze(places, [event(2)])
    board_catches_up(spark, places)
    open_or_create(places, BED_EVENTS).optimize.compact()
    board_catches_up(spark, places)
    write_bronze(places, [event(3)])
    board_catches_up(spark, places)

    assert rows(spark, places, SILVER_BED_EVENTS, "seq") == [(1,), (2,), (3,)]
    assert rows(spark, places, QUARANTINE, "seq") == []


def test_a_log_that_forgets_what_its_follower_has_read_loses_nothing(
    spark: SparkSession, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "READERS_GRACE", timedelta(0))
    write_bronze(places, [event(1)])
    board_catches_up(spark, places)
    handle = open_or_create(places, BED_EVENTS)
    table_id = str(handle.metadata().id)

    for seq in (2, 3):
        write_bronze(places, [event(seq)])
        handle.update_incremental()
        handle.create_checkpoint()
        retention.forget_passed_commits(places, BED_EVENTS, table_id)
        board_catches_up(spark, places)

    kept = [int(f.stem) for f in Path(places.table(BED_EVENTS), "_delta_log").glob("0*.json")]
    assert min(kept) == 2
    assert rows(spark, places, SILVER_BED_EVENTS, "seq") == [(1,), (2,), (3,)]


def test_a_lake_in_a_folder_with_an_unusual_name_is_followed(
    spark: SparkSession, tmp_path: Path
) -> None:
    home = tmp_path / "St. Mary's 50 % ward"
    places = Places(home, str(home / "lake"))
    write_bronze(places, [event(1), event(2)])

    board_catches_up(spark, places)

    assert rows(spark, places, BED_BOARD, "seq") == [(2,)]


def test_events_that_come_late_or_twice_change_neither_board_nor_silver(
    spark: SparkSession, places: Places
) -> None:
    newest = event(9, event_type="patient_admitted", bed_status="occupied")
    write_bronze(places, [event(1), newest])
    board_catches_up(spark, places)

    write_bronze(places, [event(5, bed_status="dirty"), newest])
    board_catches_up(spark, places)

    assert rows(spark, places, BED_BOARD, "seq", "bed_status") == [(9, "occupied")]
    assert rows(spark, places, SILVER_BED_EVENTS, "seq") == [(1,), (5,), (9,)]
    assert rows(spark, places, QUARANTINE, "seq", "rule") == [(9, "duplicate_event_id")]


def test_a_stream_that_died_before_the_board_finishes_its_batch_once(
    spark: SparkSession, places: Places
) -> None:
    """The commit of the checkpoint is taken back, as if the stream had died before it."""
    write_bronze(places, [event(1), event(2, bed_id=None)])
    board_catches_up(spark, places)
    write_bronze(places, [event(3, bed_status="dirty")])
    board_catches_up(spark, places)
    board_before = rows(spark, places, BED_BOARD, *BED_BOARD.column_names)

    commits = Path(places.checkpoint("bed_board"), "commits")
    newest = max(int(file.name) for file in commits.iterdir() if file.name.isdigit())
    for file in (commits / str(newest), commits / f".{newest}.crc"):
        file.unlink(missing_ok=True)
    write_bronze(places, [event(4, bed_id="A-1-B")])
    board_catches_up(spark, places)

    assert rows(spark, places, SILVER_BED_EVENTS, "seq") == [(1,), (3,), (4,)]
    assert rows(spark, places, QUARANTINE, "seq") == [(2,)]
    assert rows(spark, places, BED_BOARD, *BED_BOARD.column_names)[:1] == board_before
    assert rows(spark, places, BED_BOARD, "bed_id", "seq") == [("A-1-A", 3), ("A-1-B", 4)]


@pytest.mark.long
def test_terms_are_counted_once_per_update_however_often_the_stream_comes_by(
    spark: SparkSession, places: Places
) -> None:
    """Two updates hold "oxygen", 14 and 18 characters long; one says it twice."""
    at = datetime(2026, 1, 5, 10, 20, tzinfo=UTC)
    write_bronze(places, [event(1, note="Oxygen, oxygen", occurred_at=at)])
    catch_up(spark, places)
    write_bronze(places, [event(2, note="The oxygen is here", occurred_at=at)])
    catch_up(spark, places)

    counted = rows(
        spark, places, UPDATE_TERMS, "term", "gram_size",
        "window_at", "window_on", "is_manual", "update_count", "character_count",
    )  # fmt: skip

    assert counted == [
        ("oxygen oxygen", 2, "01-05T10:00", "01-05", False, 1, 14),
        ("oxygen", 1, "01-05T10:00", "01-05", False, 2, 32),
    ]
    written = rows(spark, places, TABLE_RUNS_STREAM, "table_name", "in_count", "out_count")
    assert (UPDATE_TERMS.name, 2, 2) in written
