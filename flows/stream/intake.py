"""One micro-batch of the log: into silver.bed_events or quarantine, and onto the board.

A batch may come twice: a stream that died between two writes gets it again. The appends carry the
checkpoint and the batch, so that a table that has the batch is not given it again; the board takes
the newest `seq`, which is the same however often it is done.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import xor

from pyspark.sql import Column, DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from flows.transforms.bed_board import bed_board, bed_rows
from flows.transforms.silver_bed_events import (
    checked,
    quarantine,
    silver_bed_events,
    without_duplicates,
)
from lake import spark as lake
from lake.arrow import written_until
from lake.places import Places
from lake.tables import BED_BOARD, BED_EVENTS, QUARANTINE, SILVER_BED_EVENTS, Table

IS_VALID = "rule IS NULL"
FEW = 10_000
"""Rows that are quicker looked at here than in a job with a shuffle."""
FEW_WRITTEN = 60_000
"""Rows that are quicker fetched and written here: a first start's 90 days in 14 s instead of 26."""


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

    def within(self) -> Column:
        """Rows that may be in here, in terms by which files can be skipped."""
        if not self.low_id:  # ids that are no UUIDv7 say nothing
            return F.lit(True)
        low_id, high_id = (f"{key:012x}" for key in (self.low_id, self.high_id))
        from_id, to_id = (f"{key[:8]}-{key[8:]}" for key in (low_id, high_id))
        by_id = (F.col("event_id") >= from_id) & (F.col("event_id") < f"{to_id}~")
        return F.col("seq").between(self.low_seq, self.high_seq) | by_id


@dataclass(frozen=True)
class Summary:
    """A checked batch; `newest` is the highest valid `seq` of each bed."""

    valid: Extent
    broken_count: int
    hospital_id: str | None
    newest: list[int]
    repeats_itself: bool
    """Whether two valid rows may share a `seq` or an `event_id`."""
    file_count: int = 0
    is_repeated: bool = False
    """Whether the tables had the batch already: a stream that died had taken it in."""

    @property
    def count(self) -> int:
        return self.valid.count + self.broken_count


def keys(events: DataFrame) -> DataFrame:
    """Checked events without their width. `id_key`, the time in a UUIDv7, is a number, which
    aggregates in a third of the time that a text takes."""
    instant = F.replace(F.substring("event_id", 1, 13), F.lit("-"), F.lit(""))
    return events.select(
        "hospital_id",
        "bed_id",
        F.coalesce("seq", F.lit(0)).alias("seq"),
        F.expr(IS_VALID).alias("is_valid"),
        F.coalesce(F.conv(instant, 16, 10).cast("bigint"), F.lit(0)).alias("id_key"),
        "event_id",
    )


def extent() -> tuple[Column, ...]:
    """The fields of an Extent of the valid rows among these keys."""
    valid = (F.when(F.col("is_valid"), F.col(column)) for column in ("seq", "id_key"))
    return (
        F.count_if("is_valid"),
        *(end(column) for column in valid for end in (F.min, F.max)),
    )


def summary(batch: DataFrame) -> Summary:
    """The summary of the keys of a batch; few are fetched, many are aggregated where they lie."""
    few = batch.limit(FEW + 1).collect()
    return summary_of_few(few) if len(few) <= FEW else summary_of_many(batch)


def summary_of_few(rows: Sequence[Row]) -> Summary:
    valid = [row for row in rows if row["is_valid"]]
    newest: dict[str, int] = {}
    for row in valid:
        if row["bed_id"]:
            newest[row["bed_id"]] = max(row["seq"], newest.get(row["bed_id"], 0))
    extents = (Extent(1, row["seq"], row["seq"], row["id_key"], row["id_key"]) for row in valid)
    different = min(len({row["seq"] for row in valid}), len({row["event_id"] for row in valid}))
    return Summary(
        reduce(Extent.with_, extents, Extent()),
        len(rows) - len(valid),
        max((row["hospital_id"] for row in rows if row["hospital_id"]), default=None),
        list(newest.values()),
        repeats_itself=different < len(valid),
    )


def summary_of_many(batch: DataFrame) -> Summary:
    """One pass over the keys, one row per bed, and one over the ids.

    Numbers that are as many as the range from the lowest to the highest, and whose hashes add up
    like those of that range, are each there once (but for one chance in 2^64).
    """
    hashed = F.bit_xor(F.when(F.col("is_valid"), F.xxhash64("seq")))
    per_bed = batch.groupBy("hospital_id", "bed_id").agg(F.count("*"), hashed, *extent())
    beds = [(*row[:4], Extent(*row[4:])) for row in per_bed.collect()]
    valid = reduce(Extent.with_, (of_bed for *_, of_bed in beds), Extent())
    broken_count = sum(count for _, _, count, *_ in beds) - valid.count
    hashes = reduce(xor, (of_bed[3] or 0 for of_bed in beds), 0)
    return Summary(
        valid,
        broken_count,
        max((hospital for hospital, *_ in beds if hospital), default=None),
        [of_bed.high_seq for _, bed, _, _, of_bed in beds if bed and of_bed.count],
        repeats_itself=_has_gaps(batch.sparkSession, valid, hashes)
        or _repeats_an_id(batch.where("is_valid") if broken_count else batch, valid.count),
    )


def _repeats_an_id(batch: DataFrame, count: int) -> bool:
    return bool(batch.select("event_id").distinct().count() < count)


def _has_gaps(spark: SparkSession, valid: Extent, hashes: int) -> bool:
    """Whether some `seq` between the lowest and the highest is not there just once."""
    if not valid.count:
        return False
    if valid.high_seq - valid.low_seq + 1 != valid.count:
        return True
    whole = spark.range(valid.low_seq, valid.high_seq + 1).agg(F.bit_xor(F.xxhash64("id")))
    return bool(whole.collect()[0][0] != hashes)


def not_among(events: DataFrame, taken: DataFrame) -> DataFrame:
    """The events of which `taken` has no row with the same `seq` and `event_id`, null or not."""
    same = [events[key].eqNullSafe(taken[key]) for key in ("seq", "event_id")]
    return events.join(taken, same, "left_anti")


class Intake:
    """Takes micro-batches in, one after the other; alone in writing its tables.

    `again`: the log is read once more from its start, so what the tables have is passed over.
    """

    def __init__(
        self, spark: SparkSession, places: Places, application: str, *, again: bool = False
    ) -> None:
        self._spark = spark
        self._places = places
        self._application = application
        self._again = again
        self._written = {
            table.name: written_until(places, table, application)
            for table in (SILVER_BED_EVENTS, QUARANTINE)
        }
        seen = keys(self._silver().withColumn("rule", F.lit(None)))
        [row] = seen.agg(*extent()).collect()
        self._seen = Extent(*row) if row[0] else Extent()
        self._board = lake.read(spark, places, BED_BOARD)

    def take(self, batch: DataFrame, batch_id: int) -> Summary:
        """`batch` says in which files the rows are."""
        files = lake.files_of(batch)
        events = checked(lake.read_files(self._spark, self._places, BED_EVENTS, files))
        take = self._take_missing if self._again else self._take_new
        return replace(take(events, batch_id), file_count=len(files))

    def _take_new(self, events: DataFrame, batch_id: int) -> Summary:
        found = summary(keys(events))
        if batch_id <= self._written[SILVER_BED_EVENTS.name]:
            self._show(self._silver(), found)
            return replace(found, is_repeated=True)
        events, found = self._deduplicated(events, found)
        if found.count <= FEW_WRITTEN:  # the board first: somebody waits for it
            self._show(events.where(IS_VALID), found)
            self._write(events, found, batch_id)
        else:  # not read a second time: of silver only the files with these rows are
            self._write(events, found, batch_id)
            self._show(self._silver(), found)
        return found

    def _take_missing(self, events: DataFrame, batch_id: int) -> Summary:
        """The board is made whole from silver: the last batch may not have come that far."""
        taken = [
            lake.read(self._spark, self._places, table).select("seq", "event_id")
            for table in (SILVER_BED_EVENTS, QUARANTINE)
        ]
        missing = not_among(events, reduce(DataFrame.unionByName, taken)).localCheckpoint()
        missing, found = self._deduplicated(missing, summary(keys(missing)))
        self._write(missing, found, batch_id)
        silver = self._silver()
        self._show(silver, summary(keys(silver.withColumn("rule", F.lit(None)))))
        return found

    def _deduplicated(self, events: DataFrame, found: Summary) -> tuple[DataFrame, Summary]:
        meets = self._seen.may_meet(found.valid)
        if not (meets or found.repeats_itself):
            return events, found
        seen = self._silver().where(found.valid.within()).select("seq", "event_id")
        events = without_duplicates(events, seen if meets else seen.limit(0)).localCheckpoint()
        return events, summary(keys(events))

    def _write(self, events: DataFrame, found: Summary, batch_id: int) -> None:
        is_few = found.count <= FEW_WRITTEN
        if found.broken_count:
            self._append(quarantine(events), QUARANTINE, batch_id, is_few=is_few)
        # Even without a row: the commit says that this batch is done.
        self._append(silver_bed_events(events), SILVER_BED_EVENTS, batch_id, is_few=is_few)
        self._seen = self._seen.with_(found.valid)

    def _append(self, rows: DataFrame, table: Table, batch_id: int, *, is_few: bool) -> None:
        if batch_id > self._written[table.name]:
            batch = (self._application, batch_id)
            lake.append(rows, self._places, table, batch=batch, is_few=is_few)
            self._written[table.name] = batch_id

    def _show(self, events: DataFrame, found: Summary) -> None:
        if found.newest:
            board = bed_board(self._board, bed_rows(events, found.newest))
            # Kept here: nobody else writes it, and reading Delta takes as long as writing it.
            self._board = board.coalesce(1).localCheckpoint()
            lake.replace(self._board, self._places, BED_BOARD, is_few=True)

    def _silver(self) -> DataFrame:
        return lake.read(self._spark, self._places, SILVER_BED_EVENTS)
