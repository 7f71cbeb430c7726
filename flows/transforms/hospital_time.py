"""Hospital days and hours out of UTC instants; each row carries its `time_zone`."""

from zoneinfo import available_timezones

from pyspark.sql import Column
from pyspark.sql import functions as F

TOO_NEW_FOR_JAVA_17 = frozenset({"America/Coyhaique"})
TIME_ZONES = frozenset(zone for zone in available_timezones() if "/" in zone or zone == "UTC")
TIME_ZONES -= TOO_NEW_FOR_JAVA_17
"""IANA names of regions; Spark would fail on others."""


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
