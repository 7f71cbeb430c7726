"""Hospital days and hours out of UTC instants; each row carries its `time_zone`."""

from datetime import datetime

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

QUARTER_SECONDS = 900
QUARTER_MICROS = QUARTER_SECONDS * 1_000_000

IS_TIME_ZONE = (
    "(time_zone RLIKE r'^\\S+$'"
    " AND try_cast(concat('2026-01-05 12:00:00 ', time_zone) AS timestamp) IS NOT NULL)"
)
"""Whether Spark knows the zone: the functions here fail on one that it does not."""


def wall_time(instant: Column) -> Column:
    """What a clock on the hospital's wall shows."""
    return F.from_utc_timestamp(instant, F.coalesce(F.col("time_zone"), F.lit("UTC")))


def hospital_date(instant: Column) -> Column:
    return F.to_date(wall_time(instant))


def day_begins(day: Column) -> Column:
    """When a hospital date begins; where its midnight is skipped, an hour later."""
    return F.to_utc_timestamp(day.cast("timestamp"), F.coalesce(F.col("time_zone"), F.lit("UTC")))


def hospital_hour(instant: Column) -> Column:
    """The instant at which the running hospital hour began."""
    past_the_hour = F.minute(wall_time(instant)) * 60
    return F.timestamp_seconds(F.unix_timestamp(F.date_trunc("minute", instant)) - past_the_hour)


def newest_zones(rows: DataFrame) -> DataFrame:
    """Per hospital the time zone of its newest row; `time_zone` and `seq` are all that it reads."""
    # In two steps: the first one needs no sorting of all rows.
    of_zones = rows.groupBy("hospital_id", "time_zone").agg(F.max("seq").alias("seq"))
    return of_zones.groupBy("hospital_id").agg(F.max_by("time_zone", "seq").alias("time_zone"))


def next_quarter(instant: Column) -> Column:
    """The quarter of a UTC hour at or after the instant: in every zone full hours lie on some."""
    return F.timestamp_seconds(F.ceil(F.unix_micros(instant) / QUARTER_MICROS) * QUARTER_SECONDS)


def full_hours(hospitals: DataFrame, until: datetime) -> DataFrame:
    """Every quarter of an hour with `census_at`, the first full hospital hour not before it.

    `hospitals` has `hospital_id`, `since_at` and `time_zone`; hours after `until` are left out.
    """
    quarters = F.sequence(
        next_quarter(F.col("since_at")), F.lit(until), F.expr(f"INTERVAL {QUARTER_SECONDS} SECONDS")
    )
    rows = hospitals.where(next_quarter(F.col("since_at")) <= F.lit(until)).select(
        "hospital_id", "time_zone", F.explode(quarters).alias("quarter_at")
    )
    is_full = F.minute(wall_time(F.col("quarter_at"))) == 0
    from_here = Window.partitionBy("hospital_id").orderBy("quarter_at").rowsBetween(0, 8)
    full = F.min(F.when(is_full, F.col("quarter_at"))).over(from_here)
    return rows.withColumn("census_at", full).where("census_at IS NOT NULL")
