"""gold.ward_daily: what adds up, per ward and ended hospital day."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lake.vocabulary import BookingState, Disposition
from lake.vocabulary import EventType as E

OF = ["hospital_id", "ward_id", "census_on"]
BED_DAYS = ("available_bed_days", "occupied_bed_days")
UNDONE_BY_CORRECTION = (E.PATIENT_ADMITTED, E.PATIENT_TRANSFERRED, E.PATIENT_DISCHARGED)


def ward_daily(events: DataFrame, census: DataFrame) -> DataFrame:
    """`events` is the whole log; a day has its bed-days if the census has the day after it."""
    days = events.agg(F.min("occurred_on").alias("first"), F.max("occurred_on").alias("today"))
    daily = _bed_days(census).join(_counts(_standing(events)), OF, "full")
    daily = daily.crossJoin(F.broadcast(days)).where("census_on >= first AND census_on < today")
    return daily.drop("first", "today").fillna(0)


def _bed_days(census: DataFrame) -> DataFrame:
    """Counted at the midnight that ends the day: the first census hour of the next."""
    of_day = Window.partitionBy("hospital_id", "census_on").orderBy("census_at")
    midnights = census.withColumn("place", F.rank().over(of_day)).where("place = 1")
    return midnights.select(
        "hospital_id",
        "ward_id",
        F.date_sub("census_on", 1).alias("census_on"),
        F.col("staffed_count").alias("available_bed_days"),
        F.col("occupied_count").alias("occupied_bed_days"),
    )


def _standing(events: DataFrame) -> DataFrame:
    """The events without the admissions, transfers and discharges that were undone later.

    Cancelling one row of a transfer undoes its request's other row too.
    """
    undone = events.where("corrects_event_id IS NOT NULL").select(
        F.col("corrects_event_id").alias("event_id")
    )
    request = F.coalesce("request_id", "event_id")
    requests = events.join(F.broadcast(undone), "event_id", "left_semi").select(
        request.alias("undone_request")
    )
    can_be_undone = F.col("event_type").isin(*UNDONE_BY_CORRECTION)
    return events.join(
        F.broadcast(requests.distinct()),
        can_be_undone & (request == F.col("undone_request")),
        "left_anti",
    )


def _counts(events: DataFrame) -> DataFrame:
    """An override is one record, however many rows its command wrote."""
    is_a = F.col("event_type").__eq__
    transferred = is_a(E.PATIENT_TRANSFERRED)
    discharged = is_a(E.PATIENT_DISCHARGED)
    died = F.coalesce(F.col("disposition") == Disposition.DIED, F.lit(False))
    override = F.when(F.expr("override_rule IS NOT NULL"), F.coalesce("request_id", "event_id"))
    per_ward = events.where("ward_id IS NOT NULL").withColumnRenamed("occurred_on", "census_on")
    return per_ward.groupBy(*OF).agg(
        F.count_if(is_a(E.PATIENT_ADMITTED)).alias("admission_count"),
        F.count_if(transferred & _booking_is(BookingState.ACTIVE)).alias("transfer_in_count"),
        F.count_if(transferred & _booking_is(BookingState.COMPLETED)).alias("transfer_out_count"),
        F.count_if(discharged & ~died).alias("discharge_count"),
        F.count_if(discharged & died).alias("death_count"),
        F.count_if(discharged).alias("case_count"),
        F.count_distinct(override).alias("override_count"),
        F.count_if(is_a(E.BOOKING_EXPIRED)).alias("no_show_count"),
    )


def _booking_is(state: BookingState) -> Column:
    return F.col("booking_state") == state
