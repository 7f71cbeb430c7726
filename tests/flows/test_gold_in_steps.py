"""A build reads what its dates hold and what is carried to them; the whole log gives the same."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from flows.batch.gold_tables import TABLES
from flows.batch.plan import Run, in_parts
from flows.build_gold import build
from flows.transforms.silver_bed_events import checked, silver_bed_events
from flows.transforms.turnaround import turnaround
from flows.verify_lake import OF_THE_BATCH, Recount, _given
from lake import spark as lake
from lake.arrow import ensure, open_or_create
from lake.duck import LakeReader
from lake.places import Places
from lake.tables import (
    BED_EVENTS,
    CARRIED_EVENTS,
    CENSUS_HOURLY,
    SILVER_BED_EVENTS,
    TABLE_RUNS_BATCH,
    TURNAROUND,
)
from simulator.serve import desk_of
from simulator.settings import ApiSettings
from tests.flows.bed_log import bronze, copy_of, rows_of
from tests.simulator.api_client import small_plan

pytestmark = pytest.mark.takes_long

Contents = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def log(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataFrame]:
    """Five weeks of a small simulated hospital that often corrects and overrides itself."""
    home = tmp_path_factory.mktemp("simulated")
    places = Places(home, str(home / "lake"))

    async def live() -> None:
        plan = small_plan(correction_share=0.3, override_share=0.8, wait_hours_before_override=0.5)
        desk = desk_of(places, ApiSettings(simulator=True, history_days=24), plan)
        await desk.open()
        await desk.close()

    asyncio.run(live())
    events = silver_bed_events(checked(lake.read(spark, places, BED_EVENTS))).persist()
    assert events.where("corrects_event_id IS NOT NULL").count() >= 2
    assert events.where("override_rule IS NOT NULL").count() >= 1
    yield events
    events.unpersist()


@pytest.fixture(scope="module")
def whole(spark: SparkSession, log: DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Places:
    """All of the log, built at once; only to be read."""
    home = tmp_path_factory.mktemp("whole")
    places = Places(home, str(home / "lake"))
    take_in(log, places)
    build(spark, places)
    return places


@pytest.fixture(scope="module")
def at_once(spark: SparkSession, whole: Places) -> Contents:
    return contents(spark, whole)


@pytest.fixture
def copied(whole: Places, places: Places) -> Places:
    """The same, to be written to."""
    return copy_of(whole.home, places)


@pytest.fixture(scope="module")
def begun(spark: SparkSession, log: DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Places:
    """Built when four fifths of the log had come; the rest has come since."""
    home = tmp_path_factory.mktemp("begun")
    places = Places(home, str(home / "lake"))
    [(head,)] = log.agg(F.max("seq")).collect()
    first = F.col("seq") <= head * 4 // 5
    take_in(log.where(first), places)
    build(spark, places)
    take_in(log.where(~first), places)
    return places


@pytest.fixture
def behind(begun: Places, places: Places) -> Places:
    """The same, to be written to."""
    return copy_of(begun.home, places)


def take_in(events: DataFrame, places: Places) -> None:
    ensure(places, SILVER_BED_EVENTS)
    lake.append(events.coalesce(1), places, SILVER_BED_EVENTS)


def contents(spark: SparkSession, places: Places) -> Contents:
    kept = (table for table in TABLES if table != CARRIED_EVENTS)
    return {t.name: rows_of(lake.read(spark, places, t), *t.column_names) for t in kept}


def differing(one: Contents, other: Contents) -> Contents:
    """Some rows of each table that are only in one of them."""
    names = (name for name in one if one[name] != other[name])
    return {name: sorted(set(one[name]) ^ set(other[name]), key=str)[:4] for name in names}


def test_builds_of_single_days_are_those_of_the_whole_log(
    spark: SparkSession, at_once: Contents, log: DataFrame, copied: Places
) -> None:
    [(last_on,)] = log.agg(F.max("occurred_on")).collect()
    day = last_on - timedelta(days=6)
    [read] = {run.in_count for run in build(spark, copied, day, day).runs}
    assert read < log.count() * 2 / 3  # not the whole log
    assert differing(contents(spark, copied), at_once) == {}


@pytest.mark.long
def test_builds_in_many_steps_are_those_of_the_whole_log(
    spark: SparkSession, at_once: Contents, log: DataFrame, places: Places
) -> None:
    [(head,)] = log.agg(F.max("seq")).collect()
    cuts = [0, head // 3, head // 2, head * 4 // 5, head]
    for after, until in pairwise(cuts):
        take_in(log.where((F.col("seq") > after) & (F.col("seq") <= until)), places)
        build(spark, places)
    assert differing(contents(spark, places), at_once) == {}


def test_a_recount_in_another_way_finds_the_same(whole: Places) -> None:
    with LakeReader(whole).workspace() as sql:
        sql.execute("CREATE OR REPLACE VIEW bronze.bed_events AS FROM silver.bed_events")
        sql.execute("CREATE TEMP TABLE unsettled AS SELECT NULL::DATE AS on_day WHERE false")
        recount = Recount(sql)
        recount.read_log(recount.stands_at(OF_THE_BATCH) or 0)
        found = [recount.compared(table) for table in OF_THE_BATCH.tables]

    assert [f for f in found if not f.is_equal] == []
    assert [f.table_name for f in found if not f.row_count] == []


def test_the_recount_names_what_differs(spark: SparkSession, copied: Places) -> None:
    census = lake.read(spark, copied, CENSUS_HOURLY)
    first = F.col("census_at") == F.lit(census.agg(F.min("census_at")).first()[0])
    wrong = census.withColumn("occupied_count", F.col("occupied_count") + first.cast("long") * 7)
    lake.replace(wrong.localCheckpoint(), copied, CENSUS_HOURLY)

    with LakeReader(copied).workspace() as sql:
        sql.execute("CREATE OR REPLACE VIEW bronze.bed_events AS FROM silver.bed_events")
        recount = Recount(sql)
        recount.read_log(recount.stands_at(OF_THE_BATCH) or 0)
        compared = recount.compared(CENSUS_HOURLY)

    assert compared.missing_count == compared.extra_count == 2  # one hour of two wards
    assert all("occupied_count is" in line for line in compared.first)
    assert len(compared.first) == 2


def test_late_events_rebuild_their_dates_and_nothing_before(
    spark: SparkSession, places: Places, log: DataFrame, at_once: Contents
) -> None:
    """The last event of a bed, five days late."""
    [(last_on,)] = log.agg(F.max("occurred_on")).collect()
    day = last_on - timedelta(days=5)
    of_day = log.where((F.col("occurred_on") == F.lit(day)) & F.col("corrects_event_id").isNull())
    [(late,)] = of_day.agg(F.max("seq")).collect()
    take_in(log.where(F.col("seq") != late), places)
    build(spark, places)
    untouched = files(places, lambda on: on < day - timedelta(days=1))
    take_in(log.where(F.col("seq") == late), places)

    runs = build(spark, places).runs

    assert {(run.from_on, run.to_on) for run in runs} == {(day - timedelta(days=1), last_on)}
    assert files(places, lambda on: on < day - timedelta(days=1)) == untouched
    assert untouched
    assert differing(contents(spark, places), at_once) == {}


def files(places: Places, which: Any) -> set[str]:
    found = open_or_create(places, CENSUS_HOURLY).file_uris()
    return {uri for uri in found if which(date.fromisoformat(uri.split("census_on=")[1][:10]))}


@pytest.mark.long
def test_a_run_that_is_tried_again_goes_on_where_it_stopped(
    spark: SparkSession, places: Places, log: DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after its first part: that is not built again, though the stream has gone on, and no
    row is there twice."""
    monkeypatch.setattr("flows.batch.plan.DAYS_AT_ONCE", 14)
    [(head,)] = log.agg(F.max("seq")).collect()
    take_in(log.where(F.col("seq") <= head - 5), places)

    def killed(_: float) -> None:
        raise KeyboardInterrupt

    by = Run("build_gold", "a-flow-run")
    with pytest.raises(KeyboardInterrupt):
        build(spark, places, by=replace(by, progress=killed))
    take_in(log.where(F.col("seq") > head - 5), places)
    [first_on] = {run.from_on for run in build(spark, places, by=by).runs}

    recorded = lake.read(spark, places, TABLE_RUNS_BATCH).where("table_name = 'gold.ward_daily'")
    assert recorded.count() == 2
    assert recorded.agg(F.max("from_on")).collect() == [(first_on,)]
    for table in TABLES:
        rows = lake.read(spark, places, table)
        assert rows.count() == rows.select(*table.key).distinct().count()


def test_a_build_that_fails_leaves_the_old_rows_and_the_next_one_makes_up_for_it(
    spark: SparkSession, behind: Places, at_once: Contents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It breaks while a table's rows are being written, and others have the new ones already.
    The builds in two steps then give what one of the whole log gives."""
    before = contents(spark, behind)[TURNAROUND.name]

    def breaks(spans: DataFrame) -> DataFrame:
        late = F.col("dirty_at") > F.lit(datetime(2000, 1, 1, tzinfo=UTC))
        at = F.when(late, F.raise_error(F.lit("half-way"))).cast("timestamp")
        return turnaround(spans).withColumn("cleaning_finished_at", at)

    with monkeypatch.context() as patch:
        patch.setattr("flows.batch.gold_tables.turnaround", breaks)
        with pytest.raises(Exception, match="half-way"):
            build(spark, behind)
    assert contents(spark, behind)[TURNAROUND.name] == before
    build(spark, behind)
    assert differing(contents(spark, behind), at_once) == {}


def test_ranges_that_meet_are_one_and_long_ones_are_built_in_parts() -> None:
    jan = [date(2026, 1, day) for day in range(1, 20)]
    assert in_parts([(jan[4], jan[6]), (jan[0], jan[3])]) == [(jan[0], jan[6])]
    assert in_parts([(jan[0], jan[1]), (jan[5], jan[6])]) == [(jan[0], jan[1]), (jan[5], jan[6])]
    long = in_parts([(date(2025, 1, 1), date(2025, 12, 31))])
    assert len(long) == 2
    assert long[0][1] + timedelta(days=1) == long[1][0]


def test_a_log_of_one_event_is_built(spark: SparkSession, places: Places) -> None:
    from tests.flows.bed_log import event

    take_in(silver_bed_events(checked(bronze(spark, [event(1)]))), places)
    assert build(spark, places).notes == []
    assert _given()["event_types"]
