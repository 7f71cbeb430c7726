"""One micro-batch of the log: into silver.bed_events or quarantine, and onto the board.

A batch may come twice: a stream that died between two writes gets it again. The appends carry
(checkpoint, batch) and are not repeated; the board takes the newest `seq`, which is the same
however often it is done.
"""

from dataclasses import dataclass, field
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from flows.transforms.bed_board import bed_board, bed_rows
from flows.transforms.silver_bed_events import (
    checked,
    quarantine,
    silver_bed_events,
    without_duplicates,
)
from lake import spark as lake
from lake.paths import Places
from lake.tables import BED_BOARD, BED_EVENTS, QUARANTINE, SILVER_BED_EVENTS

IS_VALID = "rule IS NULL"
FEW = 10_000
"""Rows that are quicker looked at here than in a job with a shuffle."""
NARROW = ("hospital_id", "seq", "event_id", "bed_id", "rule")


@dataclass(frozen=True)
class Extent:
    """What rows hold: how many, and from which `seq` and `event_id` to which."""

    count: int = 0
    low_seq: int = 0
    high_seq: int = 0
    low_id: str = ""
    high_id: str = ""

    def with_(self, other: "Extent") -> "Extent":
        if not (self.count and other.count):
            return self if self.count else other
        return Extent(
            self.count + other.count,
            min(self.low_seq, other.low_seq),
            max(self.high_seq, other.high_seq),
            min(self.low_id, other.low_id),
            max(self.high_id, other.high_id),
        )

    def may_meet(self, other: "Extent") -> bool:
        """Whether a `seq` or an `event_id` of one could be one of the other's."""
        by_seq = self.low_seq <= other.high_seq and other.low_seq <= self.high_seq
        by_id = self.low_id <= other.high_id and other.low_id <= self.high_id
        return bool(self.count and other.count) and (by_seq or by_id)


@dataclass(frozen=True)
class Summary:
    """A checked batch; `newest` is the highest valid `seq` of each bed."""

    valid: Extent
    broken_count: int
    hospital_id: str | None
    newest: list[int] = field(default_factory=list)

    @property
    def count(self) -> int:
        return self.valid.count + self.broken_count


def _extent() -> tuple[Column, ...]:
    of_valid = [F.when(F.expr(IS_VALID), F.col(c)) for c in ("seq", "event_id")]
    return (
        F.count_if(F.expr(IS_VALID)),
        *(of(column) for column in of_valid for of in (F.min, F.max)),
    )


def summary(events: DataFrame) -> Summary:
    """One pass over narrow columns, one row per bed."""
    per_bed = events.groupBy("bed_id").agg(F.max("hospital_id"), F.count("*"), *_extent())
    beds = [(row[0], row[1], row[2], Extent(*row[3:])) for row in per_bed.collect()]
    valid = reduce(Extent.with_, (extent for *_, extent in beds), Extent())
    return Summary(
        valid,
        sum(count for _, _, count, _ in beds) - valid.count,
        max((hospital for _, hospital, *_ in beds if hospital), default=None),
        [extent.high_seq for bed, *_, extent in beds if bed and extent.count],
    )


def repeats_itself(events: DataFrame, count: int) -> bool:
    """Whether two valid rows may share a `seq` or an `event_id`.

    Many ids are compared by a 64-bit digest: two that share one cause a needless closer look,
    never an oversight.
    """
    valid = events.where(IS_VALID)
    if count <= FEW:
        seqs, ids = zip(*valid.select("seq", "event_id").collect(), strict=True)
        return min(len(set(seqs)), len(set(ids))) < count
    keys = (F.col("seq"), F.xxhash64("event_id"))
    return any(valid.select(key.alias("key")).distinct().count() < count for key in keys)


class Intake:
    """Takes micro-batches in, one after the other; alone in writing its tables."""

    def __init__(self, spark: SparkSession, places: Places, application: str) -> None:
        self._spark = spark
        self._places = places
        self._application = application
        self._done_until = lake.written_until(spark, places, SILVER_BED_EVENTS, application)
        [row] = self._silver().withColumn("rule", F.lit(None)).agg(*_extent()).collect()
        self._seen = Extent(*row) if row[0] else Extent()

    def take(self, batch: DataFrame, batch_id: int) -> Summary:
        events = checked(batch.select(*BED_EVENTS.column_names))
        once = (self._application, batch_id)
        narrow = events.select(*NARROW).persist()
        try:
            found = summary(narrow)
            if batch_id > self._done_until:
                events, found = self._deduplicated(events, narrow, found)
                self._write(events, found, once)
        finally:
            narrow.unpersist()
        # A wide batch is not read a second time: of silver only the files with these rows are.
        is_in_silver = batch_id <= self._done_until or found.count > FEW
        self._show(self._silver() if is_in_silver else events.where(IS_VALID), found, once)
        return found

    def _deduplicated(
        self, events: DataFrame, narrow: DataFrame, found: Summary
    ) -> tuple[DataFrame, Summary]:
        meets = self._seen.may_meet(found.valid)
        if not found.valid.count or not (meets or repeats_itself(narrow, found.valid.count)):
            return events, found
        seen = self._silver().select("seq", "event_id")
        events = without_duplicates(events, seen if meets else seen.limit(0))
        return events, summary(events)

    def _write(self, events: DataFrame, found: Summary, once: tuple[str, int]) -> None:
        if found.broken_count:
            lake.append(quarantine(events), self._places, QUARANTINE, once=once)
        # Even without a row: the commit says that this batch is done.
        lake.append(silver_bed_events(events), self._places, SILVER_BED_EVENTS, once=once)
        self._seen = self._seen.with_(found.valid)

    def _show(self, events: DataFrame, found: Summary, once: tuple[str, int]) -> None:
        if found.newest:
            newer = bed_rows(events, found.newest)
            board = bed_board(lake.read(self._spark, self._places, BED_BOARD), newer)
            lake.replace(board.coalesce(1), self._places, BED_BOARD, once=once)

    def _silver(self) -> DataFrame:
        return lake.read(self._spark, self._places, SILVER_BED_EVENTS)
