"""Hospital days and hours out of UTC instants; each row carries its `time_zone`."""

from pyspark.sql import Column
from pyspark.sql import functions as F


def is_time_zone(name: Column) -> Column:
    """Whether Spark knows the zone: the other functions here fail on one that it does not."""
    at_noon = F.concat(F.lit("2026-01-05 12:00:00 "), name).try_cast("timestamp")
    return name.rlike(r"^\S+$") & at_noon.isNotNull()


def wall_time(instant: Column) -> Column:
    """What a clock on the hospital's wall shows."""
    return F.from_utc_timestamp(instant, F.coalesce(F.col("time_zone"), F.lit("UTC")))


def hospital_date(instant: Column) -> Column:
    return F.to_date(wall_time(instant))


def hospital_hour(instant: Column) -> Column:
    """The instant at which the running hospital hour began."""
    past_the_hour = F.minute(wall_time(instant)) * 60
    return F.timestamp_seconds(F.unix_timestamp(F.date_trunc("minute", instant)) - past_the_hour)


def full_hours(from_at: Column, until_at: Column) -> Column:
    """One row per full hospital hour in `[from_at, until_at)`; nothing where there is none.

    In every zone they lie on some quarter of a UTC hour.
    """
    quarter = F.timestamp_seconds(F.ceil(F.unix_micros(from_at) / 900_000_000) * 900)
    last = until_at - F.expr("INTERVAL 1 MICROSECOND")
    quarters = F.when(quarter <= last, F.sequence(quarter, last, F.expr("INTERVAL 15 MINUTES")))
    return F.explode(F.filter(quarters, lambda at: F.minute(wall_time(at)) == 0))
