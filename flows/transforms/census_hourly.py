"""gold.census_hourly: beds per display status at each full hour of the hospital."""

from datetime import datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from flows.transforms.bed_states import bed_states
from flows.transforms.hospital_time import full_hours, hospital_date
from lake.vocabulary import HOLDS_A_PATIENT, NEEDS_CLEANING, RESERVED_AHEAD_MINUTES, BedStatus
from lake.vocabulary import DisplayStatus as D

AT = "census_at"


def census_hourly(
    events: DataFrame, *, until: datetime, since: datetime | None = None
) -> DataFrame:
    """The hours from `since` (None: the first event) to `until`, the log's own now, included."""
    states = bed_states(events)
    end = F.coalesce("until_at", F.lit(until) + F.expr("INTERVAL 1 MICROSECOND"))
    start = F.greatest(F.col("from_at"), F.lit(since)) if since else F.col("from_at")
    hours = states.withColumn(AT, full_hours(start, end))
    hours = hours.withColumns(
        {"display_status": display_status(F.col(AT)), "census_on": hospital_date(F.col(AT))}
    )
    is_staffed = F.col("is_staffed") & (F.col("bed_status") != BedStatus.CLOSED)
    return hours.groupBy("hospital_id", "ward_id", AT, "census_on").agg(
        F.count("*").alias("bed_count"),
        F.count_if(is_staffed).alias("staffed_count"),
        *(_shown(status) for status in D),
    )


def display_status(at: Column) -> Column:
    """What the board shows of a bed at an instant; the first that fits."""
    status = F.col("bed_status")
    soon = at + F.expr(f"INTERVAL {RESERVED_AHEAD_MINUTES} MINUTES")
    runs_still = F.expr("next_ends_at IS NULL") | (F.col("next_ends_at") > at)
    return (
        F.when(status == BedStatus.CLOSED, D.CLOSED)
        .when(status.isin(*HOLDS_A_PATIENT), D.OCCUPIED)
        .when(status.isin(*NEEDS_CLEANING), D.DIRTY)
        .when((F.col("next_starts_at") <= soon) & runs_still, D.RESERVED)
        .otherwise(D.AVAILABLE)
    )


def _shown(status: D) -> Column:
    return F.count_if(F.col("display_status") == status).alias(f"{status}_count")
