"""How fast the stream takes in a backlog, how soon an event is on the board, and what is left of
it all when the stream is killed again and again (`--long`: 20 times)."""

import logging
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

from deltalake import DeltaTable, write_deltalake
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from bench.bronze import log, write_log
from bench.killed_stream import kill_at_random
from flows.stream.following import follow, queries_of
from flows.stream.pace import FAST
from flows.stream.supervision import Ending
from lake import spark as lake
from lake.arrow import open_or_create
from lake.duck import LakeReader
from lake.places import Places
from lake.tables import BED_EVENTS
from simulator.writer.event_log import EventLog

BACKLOG = 1_000_000
FILES = 100
COMMITS, EVENTS_OF_A_COMMIT = 20_000, 5
EVENTS_ONE_BY_ONE = 40
KILLS, KILLS_OF_LONG = 3, 20


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def timed(step: Callable[[], object]) -> float:
    started = time.perf_counter()
    step()
    return time.perf_counter() - started


def backlog(spark: SparkSession, folder: Path) -> Places:
    """The first, small log warms the JVM up, as in a stream that has been running."""
    _take_in(spark, _written(folder / "warm", BACKLOG // 10, 10))
    places = _written(folder / "lake", BACKLOG, FILES)
    bronze = lake.read(spark, places, BED_EVENTS)
    copy = timed(lambda: bronze.write.parquet(str(folder / "copy")))
    say(f"reference, bronze copied to plain Parquet   {BACKLOG / copy:>9,.0f} events/s")
    board, terms = _take_in(spark, places)
    say(f"silver and board                            {BACKLOG / board:>9,.0f} events/s  (60,000)")
    both = board + terms
    say(f"silver, board and terms                     {BACKLOG / both:>9,.0f} events/s  (30,000)")
    return places


def many_commits(spark: SparkSession, folder: Path) -> None:
    """A log as people write it, of which the stream has read the first commit and then stood still:
    it has to go through all the others, compacted or not."""
    places = Places(folder, str(folder / "lake"))
    event_log, now = EventLog(places), datetime.now(UTC)
    event_log.open()
    for nth in range(COMMITS + 1):
        first = nth * EVENTS_OF_A_COMMIT + 1
        event_log.append(log(first, EVENTS_OF_A_COMMIT, recorded_at=now, days=30).to_pylist())
        event_log.maintain()
        if nth == 0:
            _take_in(spark, places)
    seconds, _ = _take_in(spark, places)
    say(f"silver and board, {COMMITS:,} commits of {EVENTS_OF_A_COMMIT}    "
        f"{COMMITS / seconds:>9,.0f} commits/s  (500)")  # fmt: skip


def _written(folder: Path, count: int, files: int) -> Places:
    places = Places(folder, str(folder / "lake"))
    write_log(places, count, files=files)
    return places


def _take_in(spark: SparkSession, places: Places) -> tuple[float, float]:
    _, queries = queries_of(spark, places, "bench")
    board, terms = (timed(lambda q=q: q.start(spark, places).awaitTermination()) for q in queries)
    return board, terms


def latency(spark: SparkSession, places: Places, folder: Path) -> None:
    """Appends one event at a time, as the engine does, and waits until each is seen; beside a
    micro-batch that does nothing but append its rows to one table and overwrite another."""
    os.environ["SNR_STREAM_PACE"] = FAST
    bare = [_bare_after(places, folder, query) for query in _bare(spark, places, folder)]
    ended = threading.Event()
    stream = threading.Thread(
        target=follow,
        args=(spark, places),
        kwargs={"should_end": lambda: Ending.CANCELLED if ended.is_set() else None},
    )
    stream.start()
    try:
        seen = [_seen_after(places, LakeReader(places)) for _ in range(EVENTS_ONE_BY_ONE + 5)][5:]
    finally:
        ended.set()
        stream.join()
    for name, of in {"median": median, "95 %": lambda times: quantiles(times, n=20)[-1]}.items():
        board, live = (of(times) for times in zip(*seen, strict=True))
        say(f"a bare micro-batch, {name:6}                   {of(bare[5:]):>9.2f} s")
        say(f"answer to gold.bed_board, {name:6}             {board:>9.2f} s, "
            f"{board / of(bare[5:]):.2f} of it  (1.50 at 95 %)")  # fmt: skip
        say(f"answer to live_board, {name:6}                 {live * 1000:>9.0f} ms  (150)")


def _bare(spark: SparkSession, places: Places, folder: Path) -> Iterator[StreamingQuery]:
    """The query, as often as it is to be measured, once it has read what there is."""

    def take(batch: DataFrame, _: int) -> None:
        batch.write.format("delta").mode("append").save(str(folder / "appended"))
        newest = batch.select("bed_id", "seq").coalesce(1)
        newest.write.format("delta").mode("overwrite").save(str(folder / "replaced"))

    spark.conf.set("spark.sql.streaming.pollingDelay", "200ms")
    rows = spark.readStream.format("delta").option("startingVersion", "latest")
    rows = rows.load(places.table(BED_EVENTS)).writeStream.foreachBatch(take)
    query = rows.option("checkpointLocation", str(folder / "bare")).start()
    try:
        _append_one(places)
        while not (folder / "replaced" / "_delta_log").exists():
            time.sleep(0.1)
        query.processAllAvailable()
        for _ in range(EVENTS_ONE_BY_ONE + 5):
            yield query
    finally:
        query.stop()


def _bare_after(places: Places, folder: Path, query: StreamingQuery) -> float:
    """Seconds from an append until the table that is overwritten has another version."""
    replaced = DeltaTable(str(folder / "replaced"))
    before = replaced.version()
    _append_one(places)
    started = time.perf_counter()
    while replaced.version() == before:
        time.sleep(0.01)
        replaced.update_incremental()
    seconds = time.perf_counter() - started
    query.processAllAvailable()
    time.sleep(0.5)
    return seconds


def _append_one(places: Places) -> int:
    """Gives its `seq`."""
    [last] = LakeReader(places).ask("SELECT max(seq) AS seq FROM bronze.bed_events").to_pylist()
    row = log(last["seq"] + 1, 1, recorded_at=datetime.now(UTC), days=30)
    write_deltalake(open_or_create(places, BED_EVENTS), row, mode="append")
    return int(last["seq"]) + 1


def _seen_after(places: Places, reader: LakeReader) -> tuple[float, float]:
    seq = _append_one(places)
    answered = time.perf_counter()
    live = _wait_for(reader, "live_board", seq) - answered
    board = _wait_for(reader, "gold.bed_board", seq) - answered
    time.sleep(0.5)
    return board, live


def _wait_for(reader: LakeReader, view: str, seq: int) -> float:
    question = f"SELECT max(seq) AS seq FROM {view}"
    while reader.ask(question).to_pylist()[0]["seq"] < seq:
        time.sleep(0.01)
    return time.perf_counter()


def kills(spark: SparkSession, folder: Path, count: int) -> None:
    found = kill_at_random(spark, folder / "killed", kills=count, seed=count)
    say(f"after {count} kills at random moments: {found}")
    if not found.is_right:
        sys.exit("The stream lost or doubled something.")


def main() -> None:
    logging.getLogger("py4j").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        spark = lake.session("bench stream", soon=True)
        try:
            places = backlog(spark, Path(folder))
            many_commits(spark, Path(folder) / "commits")
            latency(spark, places, Path(folder))
            kills(spark, Path(folder), KILLS_OF_LONG if "--long" in sys.argv else KILLS)
        finally:
            lake.stop(spark)


if __name__ == "__main__":
    main()
