"""One micro-batch of the log: into silver.bed_events or quarantine, and onto the board.

A batch may come twice: a stream that died between two writes gets it again. The appends carry the
checkpoint and the batch, so that a table that has the batch is not given it again; the board takes
the newest `seq`, which is the same however often it is done.
"""

from dataclasses import dataclass, replace
from functools import reduce
from operator import xor

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from flows.transforms.bed_board import bed_board, bed_rows
from flows.transforms.silver_bed_events import (
    checked,
    quarantine,
    silver_bed_events,
    without_duplicates,
)
from lake import arrow
from lake import spark as lake
from lake.places import Places
from lake.tables import BED_BOARD, BED_EVENTS, QUARANTINE, SILVER_BED_EVENTS, Table

IS_VALID = "rule IS NULL"
LITTLE = 10_000
"""Rows that are read here, often of as many files: Spark takes some 10 ms for each file."""
FEW = 60_000
"""Rows that are fetched once, and then counted, written and shown from here: a job of Spark costs
most of what it does whatever it reads (docs/adr/0015)."""


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


@dataclass(frozen=True)
class Fetched:
    """A batch of few events, as the tables have them; the valid ones with `id_key` besides."""

    valid: pa.Table
    broken: pa.Table

    @property
    def silver(self) -> pa.Table:
        return self.valid.select(SILVER_BED_EVENTS.column_names).cast(SILVER_BED_EVENTS.schema)

    @property
    def hospital_id(self) -> str | None:
        pieces = self.valid["hospital_id"].chunks + self.broken["hospital_id"].chunks
        found: str | None = pc.max(pa.chunked_array(pieces, pa.string())).as_py()
        return found


ID_KEY = "coalesce(cast(conv(replace(substr(event_id, 1, 13), '-', ''), 16, 10) AS bigint), 0)"
"""The time in a UUIDv7 as a number, which aggregates in a third of the time that a text takes."""


def fetched(events: DataFrame, count: int) -> Fetched:
    """Checked events, `count` together: one job, and another only where some are broken."""
    valid = silver_bed_events(events).withColumn("id_key", F.expr(ID_KEY)).toArrow()
    is_whole = valid.num_rows == count
    return Fetched(
        valid,
        QUARANTINE.schema.empty_table()
        if is_whole
        else lake.to_arrow(quarantine(events), QUARANTINE),
    )


def keys(events: DataFrame) -> DataFrame:
    """Checked events without their width."""
    return events.select(
        "hospital_id",
        "bed_id",
        F.coalesce("seq", F.lit(0)).alias("seq"),
        F.expr(IS_VALID).alias("is_valid"),
        F.expr(ID_KEY).alias("id_key"),
        "event_id",
    )


def extent() -> tuple[Column, ...]:
    """The fields of an Extent of the valid rows among these keys."""
    valid = (F.when(F.col("is_valid"), F.col(column)) for column in ("seq", "id_key"))
    return (
        F.count_if("is_valid"),
        *(end(column) for column in valid for end in (F.min, F.max)),
    )


def summary_of_few(batch: Fetched) -> Summary:
    valid = batch.valid
    seq = pc.coalesce(valid["seq"], 0)
    of_beds = pa.table({"bed_id": valid["bed_id"], "seq": seq}).filter(pc.field("bed_id") != "")
    newest = of_beds.group_by("bed_id").aggregate([("seq", "max")])
    different = min(pc.count_distinct(seq).as_py(), pc.count_distinct(valid["event_id"]).as_py())
    ends = [pc.min_max(column).as_py() for column in (seq, valid["id_key"])] if len(valid) else []
    return Summary(
        Extent(len(valid), *(of[end] for of in ends for end in ("min", "max"))),
        len(batch.broken),
        batch.hospital_id,
        newest["seq_max"].to_pylist(),
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
            table.name: arrow.written_until(places, table, application)
            for table in (SILVER_BED_EVENTS, QUARANTINE)
        }
        seen = keys(self._silver().withColumn("rule", F.lit(None)))
        [row] = seen.agg(*extent()).collect()
        self._seen = Extent(*row) if row[0] else Extent()
        self._board = lake.to_arrow(lake.read(spark, places, BED_BOARD), BED_BOARD)

    def take(self, batch: DataFrame, batch_id: int) -> Summary:
        """`batch` says in which files the rows are."""
        files = lake.files_of(batch)
        rows = arrow.files(self._places, BED_EVENTS, files)
        count = rows.count_rows()
        if count <= LITTLE:
            events = lake.from_arrow(self._spark, rows.to_table())
        else:
            events = lake.read_files(self._spark, self._places, BED_EVENTS, files)
        take = self._take_missing if self._again else self._take_new
        return replace(take(checked(events), count, batch_id), file_count=len(files))

    def _take_new(self, events: DataFrame, count: int, batch_id: int) -> Summary:
        found, few = self._looked_at(events, count)
        if batch_id <= self._written[SILVER_BED_EVENTS.name]:
            self._show(self._silver(), found)
            return replace(found, is_repeated=True)
        return self._put(events, found, few, batch_id)

    def _take_missing(self, events: DataFrame, _: int, batch_id: int) -> Summary:
        """The board is made whole from silver: the last batch may not have come that far."""
        taken = [
            lake.read(self._spark, self._places, table).select("seq", "event_id")
            for table in (SILVER_BED_EVENTS, QUARANTINE)
        ]
        missing = not_among(events, reduce(DataFrame.unionByName, taken)).localCheckpoint()
        found = self._put(missing, *self._looked_at(missing, missing.count()), batch_id)
        silver = self._silver()
        self._show(silver, summary_of_many(keys(silver.withColumn("rule", F.lit(None)))))
        return found

    def _looked_at(self, events: DataFrame, count: int) -> tuple[Summary, Fetched | None]:
        """With the events themselves, where they are few."""
        if count > FEW:
            return summary_of_many(keys(events)), None
        few = fetched(events, count)
        return summary_of_few(few), few

    def _put(
        self, events: DataFrame, found: Summary, few: Fetched | None, batch_id: int
    ) -> Summary:
        """Into the tables, what came before set aside."""
        meets = self._seen.may_meet(found.valid)
        if meets or found.repeats_itself:
            events = self._with_copies_marked(events, found, meets=meets)
            found, few = self._looked_at(events, found.count)
        if few:  # the board first: somebody waits for it
            silver = few.silver
            newest = silver.filter(pc.field("seq").isin(found.newest))
            self._show(lake.from_arrow(self._spark, newest), found)
            self._write(few.broken, silver, found, batch_id)
        else:  # not read a second time: of silver only the files with these rows are
            self._write(quarantine(events), silver_bed_events(events), found, batch_id)
            self._show(self._silver(), found)
        self._seen = self._seen.with_(found.valid)
        return found

    def _with_copies_marked(self, events: DataFrame, found: Summary, *, meets: bool) -> DataFrame:
        seen = self._silver().where(found.valid.within()).select("seq", "event_id")
        return without_duplicates(events, seen if meets else seen.limit(0)).localCheckpoint()

    def _write(self, broken: lake.Rows, valid: lake.Rows, found: Summary, batch_id: int) -> None:
        if found.broken_count:
            self._append(broken, QUARANTINE, batch_id)
        # Even without a row: the commit says that this batch is done.
        self._append(valid, SILVER_BED_EVENTS, batch_id)

    def _append(self, rows: lake.Rows, table: Table, batch_id: int) -> None:
        if batch_id > self._written[table.name]:
            lake.append(rows, self._places, table, batch=(self._application, batch_id))
            self._written[table.name] = batch_id

    def _show(self, events: DataFrame, found: Summary) -> None:
        """What the board was is kept here: nobody else writes it, and reading it takes as long as
        writing it."""
        if found.newest:
            board = lake.from_arrow(self._spark, self._board)
            self._board = lake.to_arrow(bed_board(board, bed_rows(events, found.newest)), BED_BOARD)
            lake.replace(self._board, self._places, BED_BOARD)

    def _silver(self) -> DataFrame:
        return lake.read(self._spark, self._places, SILVER_BED_EVENTS)
