"""The two streaming queries: the log into silver, quarantine and the board, and into the terms."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from flows.phrases import read_phrases
from flows.stream import live_board, live_terms, repair
from flows.stream.live_board import LiveBoard
from flows.stream.live_terms import LiveTerms
from flows.stream.pace import FILES_PER_BATCH, Pace, PaceSettings
from flows.stream.requeue import Requeued, requeue
from flows.stream.supervision import Ending, RunProcess, note
from lake import spark as lake
from lake.arrow import ensure
from lake.duck import LakeReader
from lake.places import Places
from lake.tables import BED_EVENTS, SILVER_BED_EVENTS, TABLE_RUNS_STREAM, Owner, Table
from lake.upkeep.ownership import own

LOOK_EVERY_SECONDS = 1.0
AT_ONCE = "0 seconds"
BOARD_ALONE_SECONDS = 30.0
"""A JVM that has just started is slow at one thing and slower at two: the board comes first."""

ShouldEnd = Callable[[], Ending | None]
TakeBatch = Callable[[DataFrame, int], None]


@dataclass(frozen=True)
class Query:
    """One streaming query; `every` is how often it looks for more, None: once, to catch up."""

    name: str
    source: Table
    take: TakeBatch
    every: str | None

    def start(self, spark: SparkSession, places: Places) -> StreamingQuery:
        # Each query gets its share of the cores, so that the terms do not hold up the board.
        spark.sparkContext.setLocalProperty("spark.scheduler.pool", self.name)
        options = {"maxFilesPerTrigger": FILES_PER_BATCH}
        rows = lake.follow(spark, places, self.source, options)
        trigger: dict[str, Any] = (
            {"processingTime": self.every} if self.every else {"availableNow": True}
        )
        writer = rows.writeStream.queryName(self.name).foreachBatch(self.take).trigger(**trigger)
        return writer.option("checkpointLocation", places.checkpoint(self.name)).start()


def run(
    places: Places,
    *,
    once: bool = False,
    run_name: str = "by hand",
    should_end: ShouldEnd = lambda: None,
    process: RunProcess | None = None,
    lent: SparkSession | None = None,
) -> Ending | None:
    """Follow the log until told to end; with `once` until all that is there is taken in.

    `lent`: a session that goes on afterwards; without it the work has one of its own.
    """
    with _writing(places, run_name, process, lent=lent) as spark:
        if once:
            return catch_up(spark, places, run_name=run_name, should_end=should_end)
        return follow(spark, places, run_name=run_name, should_end=should_end)


def mend(places: Places) -> None:
    """Make the checkpoints anew: read the whole log once, and take in what the tables lack."""
    with _writing(places, "repair", again=True) as spark:
        catch_up(spark, places, run_name="repair", again=True)
        repair.end(places)


def put_through_again(places: Places) -> Requeued:
    """What the checks set aside, where no stream runs."""
    with _writing(places, "requeue") as spark:
        ensure(places, *live_board.TABLES)
        done = requeue(spark, places)
        catch_up(spark, places, run_name="requeue")
        return done


@contextmanager
def _writing(
    places: Places,
    run_name: str,
    process: RunProcess | None = None,
    *,
    again: bool = False,
    lent: SparkSession | None = None,
) -> Iterator[SparkSession]:
    """A session that owns the stream's tables. Raises LakeError before it costs anything."""
    with own(places, Owner.STREAM, f"stream_bookings, run {run_name}") as lock:
        if again:
            repair.begin(places)
        else:
            repair.refuse_if_lost(places)
        if process:
            note(places, process)
        spark = lent or lake.session("stream_bookings", soon=True)
        try:
            with lake.hold_in_jvm(spark, lock):
                try:
                    yield spark
                finally:
                    _leave_nothing_running(spark)
        finally:
            if spark is not lent:
                lake.stop(spark)
            elif not lake.is_alive(spark):
                end_process()


def _leave_nothing_running(spark: SparkSession) -> None:
    """A query that could not be stopped, or not asked for, ends with its JVM: no other run may
    write beside it."""
    try:
        is_left = bool(spark.streams.active)
    except Exception:  # noqa: BLE001 - its JVM may be gone already
        is_left = True
    if is_left:
        lake.kill(spark)


def end_process() -> None:
    """Without a JVM a thread of the query may still be writing here: all threads end before the
    tables are free."""
    os._exit(1)


def catch_up(
    spark: SparkSession,
    places: Places,
    *,
    run_name: str = "by hand",
    again: bool = False,
    should_end: ShouldEnd = lambda: None,
) -> Ending | None:
    """Take in what the log holds now; nothing if there is no log yet. `again`: from its start."""
    if not places.exists(BED_EVENTS):
        return None
    board, queries = queries_of(spark, places, run_name, again=again)
    for query in queries:
        started = query.start(spark, places)
        while not started.awaitTermination(1):
            if ending := should_end():
                with suppress(Exception):  # as in `follow`
                    started.stop()
                return ending
    board.report()
    return None


def follow(
    spark: SparkSession,
    places: Places,
    *,
    run_name: str = "by hand",
    should_end: ShouldEnd = lambda: None,
) -> Ending | None:
    while not places.exists(BED_EVENTS):
        if ending := should_end():
            return ending
        time.sleep(LOOK_EVERY_SECONDS)
    settings = PaceSettings()
    paces = Pace(places, settings.stream_pace), Pace(places, settings.terms_seconds)
    # The queries look for more by themselves after each batch, and rest within it.
    spark.conf.set("spark.sql.streaming.pollingDelay", f"{paces[0].look_seconds * 1000:.0f}ms")
    board, [of_board, of_terms] = queries_of(spark, places, run_name, paces)
    running = [of_board.start(spark, places)]
    alone_until = time.monotonic() + BOARD_ALONE_SECONDS
    try:
        ending = _watch(
            running, should_end, lambda: board.has_taken_in or time.monotonic() > alone_until
        )
        if ending:
            return ending
        running.append(of_terms.start(spark, places))
        ending = _watch(running, should_end, tend=board.tend)
        _rest_no_more(paces)
        with suppress(Exception):  # as below
            running[0].stop()
            board.report()
        return ending
    finally:
        _rest_no_more(paces)
        for query in running:
            with suppress(Exception):  # its JVM may have been ended with it
                query.stop()


def queries_of(
    spark: SparkSession,
    places: Places,
    run_name: str,
    paces: tuple[Pace, Pace] | None = None,
    *,
    again: bool = False,
) -> tuple[LiveBoard, list[Query]]:
    """`paces`: of the two queries that go on; without them each catches up once."""
    ensure(places, *live_board.TABLES, *live_terms.TABLES)
    of_board, of_terms = paces or (None, None)
    every = AT_ONCE if paces else None
    board = LiveBoard(spark, places, run_name, again=again, pace=of_board)
    terms = LiveTerms(spark, places, read_phrases(), run_name, pace=of_terms)
    return board, [
        Query(live_board.QUERY, BED_EVENTS, board.take, every),
        Query(live_terms.QUERY, SILVER_BED_EVENTS, terms.take, every),
    ]


def _rest_no_more(paces: Iterable[Pace]) -> None:
    for pace in paces:
        pace.end()


def _watch(
    running: list[StreamingQuery],
    should_end: ShouldEnd,
    until: Callable[[], bool] = lambda: False,
    tend: Callable[[], None] = lambda: None,
) -> Ending | None:
    """Until told to end, or `until`. Raises what a query failed of: the run fails, and a new one
    starts."""
    while all(query.isActive for query in running):
        if ending := should_end():
            return ending
        if until():
            return None
        tend()
        time.sleep(LOOK_EVERY_SECONDS)
    [ended, *_] = [query for query in running if not query.isActive]
    raise ended.exception() or RuntimeError(f"The query {ended.name} has ended.")


STREAMED = """
    SELECT table_name AS "table", sum(in_count)::BIGINT AS events, sum(out_count)::BIGINT AS rows,
        sum(quarantined_count)::BIGINT AS quarantined, max(version_written) AS version,
        round(sum(seconds), 1) AS seconds
    FROM gold.table_runs_stream WHERE run_name = $run_name GROUP BY table_name ORDER BY table_name
"""


def streamed(places: Places, run_name: str) -> list[dict[str, Any]]:
    """What this run has taken in so far, a row per table."""
    reader = LakeReader(places, tables=(TABLE_RUNS_STREAM,))
    rows: list[dict[str, Any]] = reader.ask(STREAMED, {"run_name": run_name}).to_pylist()
    return rows
