"""gold.census_hourly: beds per display status at each full hour of the hospital."""

from datetime import datetime

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from flows.transforms.hospital_time import full_hours, hospital_date, newest_zones, next_quarter
from lake.vocabulary import HOLDS_A_PATIENT, NEEDS_CLEANING, RESERVED_AHEAD_MINUTES, BedStatus
from lake.vocabulary import DisplayStatus as D

AT = "census_at"
WARD = ("hospital_id", "ward_id")
COUNTS = ("staffed_count", *(f"{status}_count" for status in D))


def census_hourly(
    states: DataFrame, *, until: datetime, since: datetime | None = None
) -> DataFrame:
    """The hours from `since` (None: the first state) to `until`, the log's own now, included.

    A bed that begins to count does so from the next full hour on, and one that ends no more from
    the next: the census is the sum of these changes.
    """
    hours = full_hours(_time_of(states, since), until)
    changes = _changes(_pieces(states, since)).join(
        F.broadcast(hours), ["hospital_id", "quarter_at"]
    )
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


def _pieces(states: DataFrame, since: datetime | None) -> DataFrame:
    """States cut where a reservation begins to show, or is over, without anything happening."""
    from_at = F.greatest("from_at", F.lit(since)) if since else F.col("from_at")
    cut = states.withColumns({"from_at": from_at, "piece": F.explode(_cut(from_at))})
    pieces = cut.select(*WARD, "is_staffed", "bed_status", "piece.*")
    return pieces.where("until_at IS NULL OR until_at > from_at")


def _cut(from_at: Column) -> Column:
    status, until_at = F.col("bed_status"), F.col("until_at")
    ahead = F.expr(f"INTERVAL {RESERVED_AHEAD_MINUTES} MINUTES")
    begins = F.greatest(from_at, F.col("next_starts_at") - ahead)
    over = F.greatest(from_at, F.col("next_ends_at"))
    is_free = F.expr("next_starts_at IS NULL")
    reserved = F.array(
        _piece(D.AVAILABLE, from_at, F.least(until_at, begins)),
        _piece(D.RESERVED, begins, F.least(until_at, F.col("next_ends_at"))),
        _piece(D.AVAILABLE, F.when(F.expr("next_ends_at IS NOT NULL"), over), until_at),
    )
    reserved = F.filter(reserved, lambda piece: piece["from_at"].isNotNull())
    return (
        F.when(status == BedStatus.CLOSED, F.array(_piece(D.CLOSED, from_at, until_at)))
        .when(status.isin(*HOLDS_A_PATIENT), F.array(_piece(D.OCCUPIED, from_at, until_at)))
        .when(status.isin(*NEEDS_CLEANING), F.array(_piece(D.DIRTY, from_at, until_at)))
        .when(is_free, F.array(_piece(D.AVAILABLE, from_at, until_at)))
        .otherwise(reserved)
    )


def _piece(shown: D, from_at: Column, until_at: Column) -> Column:
    return F.struct(
        F.lit(shown.value).alias("display_status"),
        from_at.alias("from_at"),
        until_at.alias("until_at"),
    )


def _changes(pieces: DataFrame) -> DataFrame:
    """One more of its kind where a piece begins, one less where it ends."""
    ends = F.array(
        F.struct(F.col("from_at").alias("at"), F.lit(1).alias("sign")),
        F.struct(F.col("until_at").alias("at"), F.lit(-1).alias("sign")),
    )
    changes = pieces.withColumn("end", F.explode(ends)).where("end.at IS NOT NULL")
    sign = F.col("end.sign")
    is_staffed = F.col("is_staffed") & (F.col("bed_status") != BedStatus.CLOSED)
    shown = {f"{s}_count": F.when(F.col("display_status") == s, sign).otherwise(0) for s in D}
    return changes.select(
        *WARD,
        next_quarter(F.col("end.at")).alias("quarter_at"),
        F.when(is_staffed, sign).otherwise(0).alias("staffed_count"),
        *(change.alias(name) for name, change in shown.items()),
    )
