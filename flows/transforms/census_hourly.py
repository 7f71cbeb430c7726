"""gold.census_hourly: beds per display status at each full hour of the hospital."""

from datetime import UTC, datetime
from itertools import chain

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from flows.transforms.hospital_time import full_hours, hospital_date, newest_zones, next_quarter
from lake.vocabulary import SHOWN_AS
from lake.vocabulary import DisplayStatus as D

AT = "census_at"
WARD = ("hospital_id", "ward_id")
BED = (*WARD, "bed_id")
END = datetime(9999, 1, 1, tzinfo=UTC)
COUNTS = ("staffed_count", "unstaffed_occupied_count", "leave_count", "closed_to_admissions_count",
          "closed_to_admissions_empty_count", *(f"{status}_count" for status in D))  # fmt: skip


def census_hourly(
    states: DataFrame,
    reservations: DataFrame,
    *,
    until: datetime,
    since: datetime | None = None,
) -> DataFrame:
    """The hours from `since` (None: the first state) to `until`, the log's own now, included.

    A bed that begins to count does so from the next full hour on, and one that ends no more from
    the next: the census is the sum of these changes. A bed that could be taken counts as reserved
    instead of available while a reservation of it is due. What counts as no bed is in none of it.
    """
    hours = full_hours(_time_of(states, since), until)
    shown = _shown(states, since)
    changes = _of_beds(shown).unionByName(_of_reserved(_reserved(shown, reservations)))
    changes = changes.join(F.broadcast(hours), ["hospital_id", "quarter_at"])
    summed = changes.groupBy(*WARD, AT).agg(*(F.sum(count).alias(count) for count in COUNTS))
    every_hour = (
        summed.select(*WARD)
        .distinct()
        .join(F.broadcast(hours.where("quarter_at = census_at").drop("quarter_at")), "hospital_id")
    )
    so_far = Window.partitionBy(*WARD).orderBy(AT)
    census = every_hour.join(summed, [*WARD, AT], "left").select(
        *WARD,
        AT,
        hospital_date(F.col(AT)).alias("census_on"),
        *(F.coalesce(F.sum(c).over(so_far), F.lit(0)).alias(c) for c in COUNTS),
    )
    beds = sum((F.col(f"{status}_count") for status in D), F.lit(0))
    return census.withColumn("bed_count", beds.cast("long")).where("bed_count > 0")


def _time_of(states: DataFrame, since: datetime | None) -> DataFrame:
    """Per hospital its first instant and its time zone."""
    first = states.groupBy("hospital_id").agg(F.min("from_at").alias("first_at"))
    first = first.select("hospital_id", F.coalesce(F.lit(since), "first_at").alias("since_at"))
    return first.join(F.broadcast(newest_zones(states)), "hospital_id")


def _shown(states: DataFrame, since: datetime | None) -> DataFrame:
    """States with what the board showed of them, if nobody had reserved the bed."""
    from_at = F.greatest("from_at", F.lit(since)) if since else F.col("from_at")
    words = F.create_map(*(F.lit(str(word)) for word in chain.from_iterable(SHOWN_AS.items())))
    shown = F.coalesce(words[F.col("bed_status")], F.lit(D.CLOSED.value))
    is_shut = F.col("is_closed_to_admissions") & (shown != D.OCCUPIED)
    shown = F.when(is_shut, D.CLOSED.value).otherwise(shown)
    counted = states.where("NOT is_off_census")
    rows = counted.withColumns({"from_at": from_at, "shown": shown})
    rows = rows.select(
        *BED,
        *("is_staffed", "is_closed_to_admissions", "is_on_leave"),
        *("shown", "from_at", "until_at"),
    )
    return rows.where("until_at IS NULL OR until_at > from_at")


def _reserved(shown: DataFrame, reservations: DataFrame) -> DataFrame:
    """Intervals in which a bed that could be taken was reserved; those that overlap are one."""
    free = shown.where(F.col("shown") == D.AVAILABLE).join(reservations, ["hospital_id", "bed_id"])
    held = free.select(
        *BED,
        F.greatest("from_at", "due_at").alias("from_at"),
        F.least("until_at", "over_at").alias("until_at"),
    ).where("until_at IS NULL OR until_at > from_at")
    of_bed = Window.partitionBy(*BED).orderBy("from_at")
    end = F.coalesce("until_at", F.lit(END))
    reached = F.max(end).over(of_bed.rowsBetween(Window.unboundedPreceding, -1))
    begins = F.when(F.col("from_at") <= reached, 0).otherwise(1)
    parts = held.withColumns({"end": end, "begins": begins})
    parts = parts.withColumn("nth", F.sum("begins").over(of_bed))
    return parts.groupBy(*BED, "nth").agg(
        F.min("from_at").alias("from_at"),
        F.nullif(F.max("end"), F.lit(END)).alias("until_at"),
    )


def _of_beds(shown: DataFrame) -> DataFrame:
    is_open = F.col("is_staffed") & (F.col("shown") != D.CLOSED)
    is_taken, is_shut = F.col("shown") == D.OCCUPIED, F.col("is_closed_to_admissions")
    counts = {
        "staffed_count": is_open,
        "unstaffed_occupied_count": ~F.col("is_staffed") & is_taken,
        "leave_count": is_taken & F.col("is_on_leave"),
        "closed_to_admissions_count": is_shut,
        "closed_to_admissions_empty_count": is_shut & ~is_taken,
        **{f"{status}_count": F.col("shown") == status for status in D},
    }
    return _changes(shown, counts)


def _of_reserved(reserved: DataFrame) -> DataFrame:
    """One more reserved, one less available."""
    changes = _changes(reserved, {"reserved_count": F.lit(True)})
    less = {name: F.lit(0) for name in COUNTS if name != "reserved_count"}
    return changes.withColumns(less | {"available_count": -F.col("reserved_count")})


def _changes(pieces: DataFrame, counted: dict[str, Column]) -> DataFrame:
    """One more of what counts where a piece begins, one less where it ends."""
    ends = F.array(
        F.struct(F.col("from_at").alias("at"), F.lit(1).alias("sign")),
        F.struct(F.col("until_at").alias("at"), F.lit(-1).alias("sign")),
    )
    changes = pieces.withColumn("end", F.explode(ends)).where("end.at IS NOT NULL")
    return changes.select(
        *WARD,
        next_quarter(F.col("end.at")).alias("quarter_at"),
        *(F.when(is_so, F.col("end.sign")).otherwise(0).alias(n) for n, is_so in counted.items()),
    )
