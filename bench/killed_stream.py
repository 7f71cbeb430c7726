"""A stream that is killed at random moments, with its JVM, while events keep coming."""

import itertools
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from deltalake import DeltaTable, write_deltalake
from pyspark.sql import SparkSession

from bench.bronze import log, write_log
from flows.phrases import read_phrases
from flows.stream.live_terms import counted
from flows.transforms.update_terms import update_texts
from lake import spark as lake
from lake.duck import LakeReader
from lake.places import CHECKOUT, Places
from lake.tables import BED_EVENTS, SILVER_BED_EVENTS

EVENTS_BEFORE = 5_000
MOST_AT_ONCE = 20
COMPACT_EVERY = 200
STREAMS_WITHIN_SECONDS = 180

COUNTED = """
    SELECT count(*) AS rows, count(DISTINCT seq) AS seqs,
           (SELECT max(seq) FROM bronze.bed_events) AS head
    FROM (SELECT seq FROM silver.bed_events UNION ALL SELECT seq FROM silver.quarantine)
"""
NEWEST = """
    SELECT bed_id, seq, bed_status, event_type AS last_event_type, occurred_at, recorded_at
    FROM bronze.bed_events WHERE bed_id IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY bed_id ORDER BY seq DESC) = 1
"""
SHOWN = """
    SELECT bed_id, seq, bed_status, last_event_type, occurred_at, recorded_at FROM gold.bed_board
"""
WRONG_BEDS = f"""
    SELECT count(*) AS n FROM (({SHOWN} EXCEPT {NEWEST}) UNION ALL ({NEWEST} EXCEPT {SHOWN}))
"""


@dataclass(frozen=True)
class Found:
    """`recovered_seconds`: from each kill until what came after it was in silver."""

    duplicate_count: int
    gap_count: int
    wrong_bed_count: int
    wrong_term_count: int
    recovered_seconds: list[float]

    @property
    def is_right(self) -> bool:
        wrong = self.duplicate_count + self.gap_count + self.wrong_bed_count
        return not (wrong + self.wrong_term_count)

    def __str__(self) -> str:
        seconds = self.recovered_seconds
        return (
            f"{self.duplicate_count} duplicates, {self.gap_count} gaps (0, 0), "
            f"{self.wrong_bed_count} beds and {self.wrong_term_count} terms wrong (0, 0); streams "
            f"again after {median(seconds):.0f} s, at most {max(seconds):.0f} s (60)"
        )


class Appending(threading.Thread):
    """Appends some events at a time, and compacts them now and then, as the engine does."""

    def __init__(self, places: Places, chance: random.Random) -> None:
        super().__init__()
        self.head = EVENTS_BEFORE
        self.has_ended = threading.Event()
        self._places, self._chance = places, chance

    def run(self) -> None:
        for nth in itertools.count(1):
            if self.has_ended.wait(self._chance.uniform(0.1, 0.8)):
                return
            count = self._chance.randint(1, MOST_AT_ONCE)
            rows = log(self.head + 1, count, recorded_at=datetime.now(UTC), days=30)
            table = DeltaTable(self._places.table(BED_EVENTS))
            write_deltalake(table, rows, mode="append")
            self.head += count
            if nth % COMPACT_EVERY == 0:
                DeltaTable(self._places.table(BED_EVENTS)).optimize.compact()


def kill_at_random(spark: SparkSession, folder: Path, *, kills: int, seed: int) -> Found:
    """Every third kill hits a stream that has not come up yet."""
    places = Places(folder, str(folder / "lake"))
    write_log(places, EVENTS_BEFORE, files=5)
    chance = random.Random(seed)
    reader = LakeReader(places)
    with _events_keep_coming(places, chance) as appending:
        with _streaming(places):
            _await(reader, appending.head)
            time.sleep(chance.uniform(0, 10))
        seconds = []
        for nth in range(1, kills):
            if nth % 3 == 2:
                with _streaming(places):
                    time.sleep(chance.uniform(0, 15))
                continue
            killed_at = time.monotonic()
            with _streaming(places):
                _await(reader, appending.head + 1)
                seconds.append(time.monotonic() - killed_at)
                time.sleep(chance.uniform(0, 10))
    with _streaming(places, "--once") as stream:
        stream.wait()
    return _found(spark, places, reader, seconds)


@contextmanager
def _events_keep_coming(places: Places, chance: random.Random) -> Iterator[Appending]:
    appending = Appending(places, random.Random(chance.random()))
    appending.start()
    try:
        yield appending
    finally:
        appending.has_ended.set()
        appending.join()


@contextmanager
def _streaming(places: Places, *options: str) -> Iterator["subprocess.Popen[bytes]"]:
    """As `./snr stream` does where no server runs; killed at the end, if it still lives."""
    stream = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "stream", *options],
        env=os.environ | {"SNR_HOME": str(places.home)},
        cwd=CHECKOUT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield stream
    finally:
        if stream.poll() is None:
            _kill(stream)


def _kill(stream: "subprocess.Popen[bytes]") -> None:
    process = psutil.Process(stream.pid)
    family = [process, *process.children(recursive=True)]
    for member in family:
        member.kill()
    stream.wait()
    psutil.wait_procs(family)


def _await(reader: LakeReader, seq: int) -> None:
    deadline = time.monotonic() + STREAMS_WITHIN_SECONDS
    while _asked(reader, "SELECT coalesce(max(seq), 0) AS n FROM silver.bed_events")["n"] < seq:
        if time.monotonic() > deadline:
            raise RuntimeError(f"seq {seq} was not streamed in {STREAMS_WITHIN_SECONDS} s")
        time.sleep(0.2)


def _found(spark: SparkSession, places: Places, reader: LakeReader, seconds: list[float]) -> Found:
    taken = _asked(reader, COUNTED)
    texts = update_texts(lake.read(spark, places, SILVER_BED_EVENTS))
    wrong_terms = 0
    for table, rows in counted(texts, read_phrases()):
        kept = lake.read(spark, places, table)
        recount = rows.select(*kept.columns)
        wrong_terms += kept.exceptAll(recount).count() + recount.exceptAll(kept).count()
    return Found(
        taken["rows"] - taken["seqs"],
        taken["head"] - taken["seqs"],
        _asked(reader, WRONG_BEDS)["n"],
        wrong_terms,
        seconds,
    )


def _asked(reader: LakeReader, question: str) -> dict[str, Any]:
    [row] = reader.ask(question).to_pylist()
    return dict(row)
