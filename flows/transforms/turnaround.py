"""gold.turnaround: from a dirty bed to a clean one."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from flows.transforms.hospital_time import hospital_date
from lake.vocabulary import NEEDS_CLEANING, BedStatus


def turnaround(spans: DataFrame) -> DataFrame:
    """Cycles that ended with a clean bed, or are under way.

    A cleaning that was stopped goes on with the next one: its time counts. A bed that was closed,
    retired or taken by a patient before it was clean has no cycle; a new one begins once it is
    unclean again.
    """
    of_bed = Window.partitionBy("hospital_id", "bed_id").orderBy("from_at")
    is_unclean = F.col("bed_status").isin(*NEEDS_CLEANING)
    touches = F.lag("until_at").over(of_bed) == F.col("from_at")
    goes_on = F.coalesce(F.lag(is_unclean).over(of_bed) & touches, F.lit(False))
    is_followed = F.lead("from_at").over(of_bed) == F.col("until_at")
    numbered = spans.withColumns(
        {
            "nth": F.sum(F.when(is_unclean & ~goes_on, 1).otherwise(0)).over(of_bed),
            "next_status": F.when(is_followed, F.lead("bed_status").over(of_bed)),
        }
    )
    is_cleaning = F.col("bed_status") == BedStatus.CLEANING
    cycles = (
        numbered.where(is_unclean)
        .groupBy("hospital_id", "bed_id", "nth")
        .agg(
            F.max_by("ward_id", "from_at").alias("ward_id"),
            F.min("from_at").alias("dirty_at"),
            F.min(F.when(is_cleaning, F.col("from_at"))).alias("cleaning_started_at"),
            F.max_by("until_at", "from_at").alias("cleaning_finished_at"),
            F.max_by("next_status", "from_at").alias("next_status"),
            F.bool_or(F.col("bed_status") == BedStatus.CONTAMINATED).alias("is_isolation"),
            F.max_by("time_zone", "from_at").alias("time_zone"),
        )
    )
    is_under_way = F.expr("cleaning_finished_at IS NULL")
    is_clean = F.coalesce(F.col("next_status") == BedStatus.AVAILABLE, F.lit(False))
    return _measured(cycles.where(is_under_way | is_clean))


def _measured(cycles: DataFrame) -> DataFrame:
    dirty, started, finished = map(
        F.col, ("dirty_at", "cleaning_started_at", "cleaning_finished_at")
    )
    return cycles.withColumns(
        {
            "response_minutes": _minutes(dirty, started),
            "clean_minutes": _minutes(started, finished),
            "turn_minutes": _minutes(dirty, finished),
            "census_on": hospital_date(dirty),
            "ended_on": hospital_date(finished),
        }
    )


def _minutes(from_at: Column, until_at: Column) -> Column:
    return (F.unix_micros(until_at) - F.unix_micros(from_at)) / 60_000_000
