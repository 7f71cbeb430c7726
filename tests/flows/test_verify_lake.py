"""The recount by SQL: equal where it should be, and named where it is not."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from cli import verify as command
from flows import verify_lake
from flows.build_gold import build
from flows.stream.following import catch_up
from flows.stream.requeue import requeue
from flows.transforms import silver_bed_events
from flows.verify_lake import NotBuiltYet, WithoutRecount, verify
from lake import spark as lake
from lake.errors import LakeError
from lake.places import Places
from lake.tables import SCHEMA_VERSION, TABLES, UPDATE_VOLUME, WARD_DAILY
from tests.flows.bed_log import Row, copy_of, event, write_bronze


def in_the_night_that_has_an_hour_twice() -> list[Row]:
    """Two notes at 02:30 on Berlin's walls, an hour apart; an hour later some events that are
    broken, one of them twice; then a dirty bed is retired and registered again."""
    berlin = {"time_zone": "Europe/Berlin", "source": "manual"}

    def at(hour: int, seq: int, **columns: object) -> Row:
        when = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
        return event(seq, occurred_at=when, recorded_at=when, **berlin, **columns)

    newer = {"schema_version": SCHEMA_VERSION + 1, "bed_id": "A-1-B"}
    dirty = {"bed_id": "A-1-C", "bed_status": "dirty"}
    again = dirty | {"bed_status": "available"}
    return [
        at(0, 1, note="Oxygen at the bedside"),
        at(1, 2, note="Fell, isolation ended"),
        at(2, 3, event_type="never_heard_of"),
        at(2, 4, **newer),
        at(2, 4, **newer),
        at(2, 5, event_id="00000000-0001"),
        at(3, 6, event_type="bed_marked_dirty", **dirty),
        at(4, 7, event_type="bed_retired", **dirty),
        at(5, 8, event_type="bed_registered", **again),
    ]


@pytest.fixture(scope="module")
def once(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("streamed")
    places = Places(home, str(home / "lake"))
    write_bronze(places, in_the_night_that_has_an_hour_twice())
    catch_up(spark, places)
    return home


@pytest.fixture
def streamed(once: Path, places: Places) -> Places:
    return copy_of(once, places)


@pytest.fixture(scope="module")
def built_once(spark: SparkSession, once: Path, tmp_path_factory: pytest.TempPathFactory) -> Places:
    """Only to be read."""
    home = tmp_path_factory.mktemp("built")
    built = copy_of(once, Places(home, str(home / "lake")))
    build(spark, built)
    return built


@pytest.fixture
def built(built_once: Places, places: Places) -> Places:
    return copy_of(built_once.home, places)


def test_texts_of_an_hour_that_comes_twice_and_what_was_set_aside_are_equal(
    built_once: Places,
) -> None:
    found = {compared.table_name: compared for compared in verify(built_once)}
    assert [compared for compared in found.values() if not compared.is_equal] == []
    counts = {name: found[name].row_count for name in ("silver.quarantine", "gold.update_volume")}
    assert counts == {"silver.quarantine": 4, "gold.update_volume": 5}
    assert found["gold.update_terms"].row_count > 0
    assert found["gold.update_phrases"].row_count > 0


@pytest.mark.long
def test_after_a_requeue_each_row_of_the_log_is_still_in_one_of_both_tables(
    spark: SparkSession, built: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (silver_bed_events, verify_lake):
        monkeypatch.setattr(module, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
    requeue(spark, built)
    with pytest.raises(NotBuiltYet, match="put through again"):
        list(verify(built))
    build(spark, built)
    found = {compared.table_name: compared for compared in verify(built)}
    for name, row_count in {"silver.bed_events": 6, "silver.quarantine": 3}.items():
        assert found[name].is_equal, found[name].first
        assert found[name].row_count == row_count


def test_the_command_names_what_differs_and_fails(
    spark: SparkSession,
    streamed: Places,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SNR_HOME", str(streamed.home))
    monkeypatch.setattr(command, "check_chain", lambda _: None)  # these rows were made by hand
    command.run()
    volume = lake.read(spark, streamed, UPDATE_VOLUME)
    wrong = volume.withColumn("update_count", F.col("update_count") + 1).localCheckpoint()
    lake.replace(wrong, streamed, UPDATE_VOLUME)

    with pytest.raises(LakeError, match=r"gold\.update_volume"):
        command.run()
    assert "update_count is 2, recounted 1" in capsys.readouterr().out


def test_a_table_that_nothing_counts_again_is_refused(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgotten = replace(WARD_DAILY, name="gold.forgotten")
    monkeypatch.setattr(verify_lake, "TABLES", (*TABLES, forgotten))
    with pytest.raises(WithoutRecount, match=r"No recount of gold\.forgotten\."):
        next(verify(places))


def test_every_table_is_counted_again_or_says_why_not() -> None:
    counted = [table.name for table in verify_lake.RECOUNTED]
    assert sorted([*counted, *verify_lake.WITHOUT_RECOUNT]) == sorted(t.name for t in TABLES)
    assert all(verify_lake.WITHOUT_RECOUNT.values())
