"""Quarantined events once more through the checks: after a fix, what passes now is taken in.

Exactly once: an event is taken in only if silver has neither its `seq` nor its `event_id`, and
leaves the quarantine only once silver has it. A requeue that died half-way is simply run again.
"""

import json
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from flows.runs.table_runs import TableRun, record
from flows.stream.intake import FEW, IS_VALID, not_among
from flows.transforms.bed_board import bed_board, bed_rows
from flows.transforms.silver_bed_events import (
    DUPLICATES,
    checked,
    quarantine,
    silver_bed_events,
    without_duplicates,
)
from lake import spark as lake
from lake.arrow import version
from lake.places import Places
from lake.tables import (
    BED_BOARD,
    FOLLOWED_COLUMNS,
    QUARANTINE,
    SILVER_BED_EVENTS,
    TABLE_RUNS_STREAM,
)

COLUMNS = [column.name for column in FOLLOWED_COLUMNS]
KEYS = ("seq", "event_id")


@dataclass(frozen=True)
class Requeued:
    """How many events passed this time, and how many are still set aside, by rule."""

    taken_in_count: int = 0
    left: dict[str, int] = field(default_factory=dict)


def requeue(spark: SparkSession, places: Places) -> Requeued:
    """For the owner of the stream's tables, between two batches."""
    started = time.monotonic()
    held = lake.read(spark, places, QUARANTINE).localCheckpoint()
    again = held.where(~F.col("rule").isin(*DUPLICATES)).select(*COLUMNS)
    silver = lake.read(spark, places, SILVER_BED_EVENTS)
    looked_at = without_duplicates(checked(again), silver.select(*KEYS)).localCheckpoint()
    passed = looked_at.where(IS_VALID)
    taken_in_count = passed.count()
    if taken_in_count:
        # Once silver has them they are new to nobody: the board comes first.
        _show(spark, places, passed)
        taken_in = silver_bed_events(looked_at)
        is_few = taken_in_count <= FEW
        rows = lake.to_arrow(taken_in, SILVER_BED_EVENTS) if is_few else taken_in
        lake.append(rows, places, SILVER_BED_EVENTS)
    left = _left(held, looked_at, lake.read(spark, places, SILVER_BED_EVENTS)).localCheckpoint()
    reasons = (*KEYS, "rule")
    if not held.select(*reasons).exceptAll(left.select(*reasons)).isEmpty():
        lake.replace(left.coalesce(1), places, QUARANTINE)
    if taken_in_count:
        _record(spark, places, taken_in_count, time.monotonic() - started)
    rules = Counter(row["rule"] for row in left.select("rule").collect())
    return Requeued(taken_in_count, dict(rules))  # a Counter would not survive `asdict`


def _show(spark: SparkSession, places: Places, passed: DataFrame) -> None:
    newest = passed.where("bed_id IS NOT NULL").groupBy("bed_id").agg(F.max("seq"))
    seqs = [row[1] for row in newest.collect()]
    if seqs:
        board = bed_board(lake.read(spark, places, BED_BOARD), bed_rows(passed, seqs))
        lake.replace(lake.to_arrow(board, BED_BOARD), places, BED_BOARD)


def _left(held: DataFrame, looked_at: DataFrame, silver: DataFrame) -> DataFrame:
    """What came twice stays; of the rest what silver does not have, with today's reason. Of copies
    that were set aside together one is what silver has, the others came twice."""
    same = Window.partitionBy(*KEYS).orderBy(F.col("rule").asc_nulls_first())
    numbered = looked_at.withColumn("nth", F.row_number().over(same))
    first = not_among(numbered.where("nth = 1"), silver.select(*KEYS))
    left = first.unionByName(numbered.where("nth > 1")).drop("nth")
    return held.where(F.col("rule").isin(*DUPLICATES)).unionByName(quarantine(left))


def _record(spark: SparkSession, places: Places, count: int, seconds: float) -> None:
    [(hospital_id,)] = lake.read(spark, places, SILVER_BED_EVENTS).select("hospital_id").head(1)
    run = TableRun(
        hospital_id=hospital_id,
        table_name=SILVER_BED_EVENTS.name,
        run_name="requeue",
        sources=[f"{QUARANTINE.name}@{version(places, QUARANTINE)}"],
        version_written=version(places, SILVER_BED_EVENTS),
        in_count=count,
        out_count=count,
        seconds=seconds,
    )
    record(places, TABLE_RUNS_STREAM, [run])


class Wish:
    """How a command asks the running stream, which alone may write, for a requeue."""

    def __init__(self, places: Places) -> None:
        self._asked = places.home / "requests" / "requeue"
        self._answer = places.home / "requests" / "requeue.json"

    def make(self) -> None:
        self._asked.parent.mkdir(parents=True, exist_ok=True)
        self._answer.unlink(missing_ok=True)
        self._asked.write_text(datetime.now(UTC).isoformat())

    def take(self) -> bool:
        """Whether somebody has asked; they are answered next."""
        if not self._asked.exists():
            return False
        self._asked.unlink(missing_ok=True)
        return True

    def fulfil(self, done: Requeued) -> None:
        self._answer.with_suffix(".new").write_text(json.dumps(asdict(done)))
        Path(self._answer.with_suffix(".new")).replace(self._answer)

    def answer(self) -> Requeued | None:
        try:
            return Requeued(**json.loads(self._answer.read_text()))
        except FileNotFoundError:
            return None

    def withdraw(self) -> None:
        self._asked.unlink(missing_ok=True)
