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


@dataclass(frozen=True)
class Extent:
    """What rows hold: how many, and from which `seq` and `id_key` to which."""

    count: int = 0
    low_seq: int = 0
    high_seq: int = 0
    low_id: int = 0
    high_id: int = 0

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


def keys(events: DataFrame) -> DataFrame:
    """Checked events without their width: numbers stand for the `event_id`.

    Equal ids have equal numbers, and those of UUIDv7 rise with their time. Aggregating numbers
    takes a third of the time that strings take.
    """
    instant = F.replace(F.substring("event_id", 1, 13), F.lit("-"), F.lit(""))
    return events.select(
        "hospital_id",
        "bed_id",
        "seq",
        F.expr(IS_VALID).alias("is_valid"),
        F.conv(instant, 16, 10).cast("bigint").alias("id_key"),
        F.xxhash64("event_id").alias("id_digest"),
    )


def extent(of: DataFrame) -> tuple[Column, ...]:
    """The fields of an Extent of the valid rows among these keys."""
    valid = [F.when(F.col("is_valid"), F.coalesce(of[c], F.lit(0))) for c in ("seq", "id_key")]
    return (
        F.count_if("is_valid"),
        *(end(column) for column in valid for end in (F.min, F.max)),
    )


def summary(batch: DataFrame) -> Summary:
    """One pass over the keys of a batch, one row per bed."""
    per_bed = batch.groupBy("hospital_id", "bed_id").agg(F.count("*"), *extent(batch))
    beds = [(row[0], row[1], row[2], Extent(*row[3:])) for row in per_bed.collect()]
    valid = reduce(Extent.with_, (of_bed for *_, of_bed in beds), Extent())
    return Summary(
        valid,
        sum(count for _, _, count, _ in beds) - valid.count,
        max((hospital for hospital, *_ in beds if hospital), default=None),
        [of_bed.high_seq for _, bed, _, of_bed in beds if bed and of_bed.count],
    )


def repeats_itself(batch: DataFrame, count: int) -> bool:
    """Whether two valid rows may share a `seq` or an `event_id`.

    Ids are compared by a 64-bit digest: two that share one cause a needless closer look, never
    an oversight.
    """
    valid = batch.where("is_valid").select("seq", "id_digest")
    if count <= FEW:
        seqs, ids = zip(*valid.collect(), strict=True)
        return min(len(set(seqs)), len(set(ids))) < count
    bits = valid.groupBy(F.bitmap_bucket_number("seq").alias("bucket")).agg(
        F.bitmap_count(F.bitmap_construct_agg(F.bitmap_bit_position("seq"))).alias("bits")
    )
    [(seq_count,)] = bits.agg(F.sum("bits")).collect()
    return min(seq_count, valid.select("id_digest").distinct().count()) < count


class Intake:
    """Takes micro-batches in, one after the other; alone in writing its tables."""

    def __init__(self, spark: SparkSession, places: Places, application: str) -> None:
        self._spark = spark
        self._places = places
        self._application = application
        self._done_until = lake.written_until(spark, places, SILVER_BED_EVENTS, application)
        seen = keys(self._silver().withColumn("rule", F.lit(None)))
        [row] = seen.agg(*extent(seen)).collect()
        self._seen = Extent(*row) if row[0] else Extent()
        self._board = lake.read(spark, places, BED_BOARD)

    def take(self, batch: DataFrame, batch_id: int) -> Summary:
        events = checked(batch.select(*BED_EVENTS.column_names))
        batch_keys = keys(events).persist()
        try:
            found = summary(batch_keys)
            if batch_id <= self._done_until:
                self._show(self._silver(), found)
                return found
            events, found = self._deduplicated(events, batch_keys, found)
        finally:
            batch_keys.unpersist()
        if found.count <= FEW:  # the board first: somebody waits for it
            self._show(events.where(IS_VALID), found)
            self._write(events, found, batch_id)
        else:  # not read a second time: of silver only the files with these rows are
            self._write(events, found, batch_id)
            self._show(self._silver(), found)
        return found

    def _deduplicated(
        self, events: DataFrame, batch_keys: DataFrame, found: Summary
    ) -> tuple[DataFrame, Summary]:
        meets = self._seen.may_meet(found.valid)
        if not found.valid.count or not (meets or repeats_itself(batch_keys, found.valid.count)):
            return events, found
        seen = self._silver().select("seq", "event_id")
        events = without_duplicates(events, seen if meets else seen.limit(0))
        return events, summary(keys(events))

    def _write(self, events: DataFrame, found: Summary, batch_id: int) -> None:
        once = (self._application, batch_id)
        if found.broken_count:
            lake.append(quarantine(events), self._places, QUARANTINE, once=once)
        # Even without a row: the commit says that this batch is done.
        lake.append(silver_bed_events(events), self._places, SILVER_BED_EVENTS, once=once)
        self._seen = self._seen.with_(found.valid)

    def _show(self, events: DataFrame, found: Summary) -> None:
        if found.newest:
            board = bed_board(self._board, bed_rows(events, found.newest))
            # Kept here: nobody else writes it, and reading Delta takes as long as writing it.
            self._board = board.coalesce(1).localCheckpoint()
            lake.replace(self._board, self._places, BED_BOARD)

    def _silver(self) -> DataFrame:
        return lake.read(self._spark, self._places, SILVER_BED_EVENTS)
