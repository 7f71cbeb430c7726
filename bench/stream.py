"""How fast the stream takes in a backlog, how soon an event is on the board, and what is left of
it all when the stream is killed again and again (`--long`: 20 times)."""

import logging
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

from deltalake import write_deltalake
from pyspark.sql import SparkSession

from bench.bronze import log, write_log
from bench.killed_stream import kill_at_random
from flows.stream.supervision import Ending
from flows.stream_bookings import follow, queries_of
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


def latency(spark: SparkSession, places: Places) -> None:
    """Appends one event at a time, as the engine does, and waits until each is seen."""
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
    for name, (board, live) in {"median": _middle(seen), "95 %": _slow(seen)}.items():
        say(f"answer to gold.bed_board, {name:6}             {board:>9.2f} s  (3 at 95 %)")
        say(f"answer to live_board, {name:6}                 {live * 1000:>9.0f} ms  (150)")


def _seen_after(places: Places, reader: LakeReader) -> tuple[float, float]:
    table = open_or_create(places, BED_EVENTS)
    [last] = reader.ask("SELECT max(seq) AS seq FROM bronze.bed_events").to_pylist()
    seq = last["seq"] + 1
    write_deltalake(table, log(seq, 1, recorded_at=datetime.now(UTC), days=30), mode="append")
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


def _middle(seen: list[tuple[float, float]]) -> tuple[float, float]:
    return median(board for board, _ in seen), median(live for _, live in seen)


def _slow(seen: list[tuple[float, float]]) -> tuple[float, float]:
    boards, lives = zip(*seen, strict=True)
    return quantiles(boards, n=20)[-1], quantiles(lives, n=20)[-1]


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
            latency(spark, places)
            kills(spark, Path(folder), KILLS_OF_LONG if "--long" in sys.argv else KILLS)
        finally:
            lake.stop(spark)


if __name__ == "__main__":
    main()
