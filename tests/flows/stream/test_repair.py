"""A stream that has lost its checkpoint says so, and is made good again without a double."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from flows.stream import following, repair
from flows.stream.following import catch_up
from flows.stream.repair import CheckpointLost, refuse_if_lost
from lake.places import Places
from lake.spark import read, replace
from lake.tables import BED_BOARD, QUARANTINE, SILVER_BED_EVENTS, UPDATE_TERMS, Table
from tests.flows.bed_log import Row, board_catches_up, copy_of, event, rows_of, write_bronze


def rows(spark: SparkSession, places: Places, table: Table) -> list[tuple[object, ...]]:
    return rows_of(read(spark, places, table), *table.column_names)


CatchUp = Callable[..., None]


def mend(spark: SparkSession, places: Places, catch_up: CatchUp = board_catches_up) -> None:
    """As `following.mend` does, in the session of the tests; without the terms."""
    repair.begin(places)
    catch_up(spark, places, again=True)
    repair.end(places)


EVENTS: list[Row] = [
    event(1, event_type="bed_registered", note="Oxygen at the bed"),
    event(2, bed_status="occupied", event_type="patient_admitted"),
    event(2, bed_status="occupied", event_type="patient_admitted"),
    event(3, event_type="bed_teleported"),
    event(4, event_id=None),
    event(5, bed_id="A-1-B", event_type="bed_registered"),
]


@pytest.fixture(scope="module")
def caught_up(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three rows valid, one a duplicate, two broken, one of these without an id."""
    home = tmp_path_factory.mktemp("caught_up")
    places = Places(home, str(home / "lake"))
    write_bronze(places, EVENTS)
    catch_up(spark, places)
    return home


@pytest.fixture
def taken_in(caught_up: Path, places: Places) -> Places:
    return copy_of(caught_up, places)


def test_a_first_start_and_a_checkpoint_that_is_whole_are_not_refused(taken_in: Places) -> None:
    refuse_if_lost(Places(taken_in.home / "new", str(taken_in.home / "new" / "lake")))
    refuse_if_lost(taken_in)


def lose(places: Places) -> None:
    shutil.rmtree(places.checkpoint("bed_board"))


def lose_all(places: Places) -> None:
    shutil.rmtree(places.checkpoints)


def tear_offset(places: Places) -> None:
    Path(places.checkpoint("bed_board"), "offsets", "0").write_text("")


def tear_commit(places: Places) -> None:
    Path(places.checkpoint("update_terms"), "commits", "0").write_text("v1\n{")


def tear_metadata(places: Places) -> None:
    Path(places.checkpoint("bed_board"), "metadata").write_text("")


def die_while_repairing(places: Places) -> None:
    repair.begin(places)


@pytest.mark.parametrize(
    ("damage", "cause"),
    [
        (lose, "is gone"),
        (lose_all, "is gone"),
        (tear_offset, "is torn"),
        (tear_commit, "is torn"),
        (tear_metadata, "is torn"),
        (die_while_repairing, "has not ended"),
    ],
)
def test_what_is_lost_is_noticed_before_spark_starts_and_the_remedy_is_named(
    taken_in: Places, damage, cause: str
) -> None:
    damage(taken_in)
    with pytest.raises(CheckpointLost, match=cause) as refused:
        following.run(taken_in, once=True)
    assert "./snr stream --repair" in refused.value.fix


def test_a_lost_checkpoint_of_the_terms_alone_needs_no_repair(
    spark: SparkSession, taken_in: Places
) -> None:
    before = rows(spark, taken_in, UPDATE_TERMS)
    shutil.rmtree(taken_in.checkpoint("update_terms"))
    refuse_if_lost(taken_in)
    catch_up(spark, taken_in)
    assert before != []
    assert rows(spark, taken_in, UPDATE_TERMS) == before


def test_a_repair_doubles_nothing_loses_nothing_and_the_stream_goes_on(
    spark: SparkSession, taken_in: Places
) -> None:
    places = taken_in
    tables = (SILVER_BED_EVENTS, QUARANTINE, BED_BOARD, UPDATE_TERMS)
    before = [rows(spark, places, table) for table in tables]
    lose_all(places)
    mend(spark, places, catch_up)
    assert [rows(spark, places, table) for table in tables] == before

    refuse_if_lost(places)
    write_bronze(places, [event(6, bed_status="dirty"), event(6, bed_status="dirty")])
    board_catches_up(spark, places)
    seqs = rows_of(read(spark, places, SILVER_BED_EVENTS), "seq")
    assert seqs == [(1,), (2,), (5,), (6,)]
    assert rows_of(read(spark, places, BED_BOARD), "bed_id", "seq") == [("A-1-A", 6), ("A-1-B", 5)]
    assert rows_of(read(spark, places, QUARANTINE), "seq", "rule")[-1] == (6, "duplicate_event_id")


@pytest.mark.long
def test_a_repair_takes_in_what_came_while_the_checkpoint_was_lost(
    spark: SparkSession, taken_in: Places
) -> None:
    lose(taken_in)
    write_bronze(taken_in, [event(6, bed_status="dirty"), event(7, event_type="bed_teleported")])
    mend(spark, taken_in)
    assert rows_of(read(spark, taken_in, SILVER_BED_EVENTS), "seq") == [(1,), (2,), (5,), (6,)]
    assert rows_of(read(spark, taken_in, QUARANTINE), "seq") == [(2,), (3,), (4,), (7,)]
    assert rows_of(read(spark, taken_in, BED_BOARD), "seq", "bed_status")[-1] == (6, "dirty")


def test_a_repair_makes_a_board_whole_that_its_last_batch_did_not_reach(
    spark: SparkSession, taken_in: Places
) -> None:
    whole = rows(spark, taken_in, BED_BOARD)
    replace(read(spark, taken_in, BED_BOARD).limit(0), taken_in, BED_BOARD)
    lose(taken_in)
    mend(spark, taken_in)
    assert rows(spark, taken_in, BED_BOARD) == whole


def test_a_repair_that_died_is_begun_again(spark: SparkSession, taken_in: Places) -> None:
    before = rows(spark, taken_in, SILVER_BED_EVENTS), rows(spark, taken_in, QUARANTINE)
    repair.begin(taken_in)
    board_catches_up(spark, taken_in, again=True)
    with pytest.raises(CheckpointLost):
        refuse_if_lost(taken_in)
    mend(spark, taken_in)
    after = rows(spark, taken_in, SILVER_BED_EVENTS), rows(spark, taken_in, QUARANTINE)
    assert after == before
