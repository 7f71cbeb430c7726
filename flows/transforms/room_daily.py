"""gold.room_daily: what adds up, per room and ended hospital day; gold.ward_daily is its sum."""

from datetime import datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from flows.transforms.corrections import as_now_known, standing
from flows.transforms.hospital_time import day_begins, hospital_date, newest_zones
from lake.vocabulary import HOLDS_A_PATIENT, SHOWN_AS, BookingState, DisplayStatus, Disposition
from lake.vocabulary import EventType as E

ROOM = ["hospital_id", "ward_id", "room_id", "census_on"]
BED_DAYS = ("available_bed_days", "occupied_bed_days", "leave_bed_days")
IN_USE = [status for status, shown in SHOWN_AS.items() if shown is not DisplayStatus.CLOSED]
ON_CENSUS = "NOT coalesce(is_off_census, false)"
MOVES = ("admission_count", "transfer_in_count", "transfer_out_count", "discharge_count",
         "death_count", "case_count", "override_count", "no_show_count")  # fmt: skip


def room_daily(
    events: DataFrame, spans: DataFrame, *, until: datetime, since: datetime | None = None
) -> DataFrame:
    """Days that have ended by `until`, the hospital's now; of bed-days those from `since` on. What
    counts as no bed, and who is in it, is in none of them."""
    counts = _bed_days(spans.where("NOT is_off_census"), until, since)
    moves = standing(as_now_known(events)).where(ON_CENSUS)
    for more in (_moved(moves), _overrides(events.where(ON_CENSUS))):
        counts = counts.unionByName(more, allowMissingColumns=True)
    sums = (F.sum(F.coalesce(count, F.lit(0))).alias(count) for count in (*BED_DAYS, *MOVES))
    today = newest_zones(events).withColumn("today", hospital_date(F.lit(until)))
    ended = counts.join(F.broadcast(today.drop("time_zone")), "hospital_id")
    return ended.where("census_on < today").groupBy(*ROOM).agg(*sums)


def _bed_days(spans: DataFrame, until: datetime, since: datetime | None) -> DataFrame:
    """Counted at the midnight that ends the day. A bed with a patient is in use, and so available,
    whether or not it is staffed (KH03)."""
    from_at = F.greatest("from_at", F.lit(since)) if since else F.col("from_at")
    end_at = F.coalesce("until_at", F.lit(until) + F.expr("INTERVAL 1 MICROSECOND"))
    spans = spans.withColumns({"from_at": from_at, "end_at": end_at}).where("end_at > from_at")
    days = F.sequence(hospital_date(F.col("from_at")), hospital_date(F.col("end_at")))
    midnights = spans.withColumn("next_on", F.explode(days))
    midnight = day_begins(F.col("next_on"))
    held = midnights.where((midnight >= F.col("from_at")) & (midnight < F.col("end_at")))
    status = F.col("bed_status")
    is_taken = status.isin(*HOLDS_A_PATIENT)
    is_away = is_taken & F.col("is_on_leave")
    is_shut = F.col("is_closed_to_admissions")
    is_open = F.col("is_staffed") & status.isin(*IN_USE) & ~is_shut
    return (
        held.withColumn("census_on", F.date_sub("next_on", 1))
        .groupBy(*ROOM)
        .agg(
            F.count_if((is_open | is_taken) & ~is_away).alias(BED_DAYS[0]),
            F.count_if(is_taken & ~is_away).alias(BED_DAYS[1]),
            F.count_if(is_away).alias(BED_DAYS[2]),
        )
    )


def _per_room(events: DataFrame) -> DataFrame:
    return events.where("room_id IS NOT NULL").withColumnRenamed("occurred_on", "census_on")


def _moved(events: DataFrame) -> DataFrame:
    """Of events that stand: what was undone later never was. A death counts when it was, not when
    the bed was vacated."""
    is_a = F.col("event_type").__eq__
    transferred = is_a(E.PATIENT_TRANSFERRED)
    discharged = is_a(E.PATIENT_DISCHARGED)
    died = F.coalesce(F.col("disposition") == Disposition.DIED, F.lit(False))
    died_on = F.when(discharged & died, hospital_date(F.col("died_at")))
    events = events.withColumn("occurred_on", F.coalesce(died_on, "occurred_on"))
    rooms = _per_room(events).groupBy(*ROOM)
    return rooms.agg(
        F.count_if(is_a(E.PATIENT_ADMITTED)).alias("admission_count"),
        F.count_if(transferred & _booking_is(BookingState.ACTIVE)).alias("transfer_in_count"),
        F.count_if(transferred & _booking_is(BookingState.COMPLETED)).alias("transfer_out_count"),
        F.count_if(discharged & ~died).alias("discharge_count"),
        F.count_if(discharged & died).alias("death_count"),
        F.count_if(discharged).alias("case_count"),
        F.count_if(is_a(E.BOOKING_EXPIRED)).alias("no_show_count"),
    )


def _overrides(events: DataFrame) -> DataFrame:
    """An override is one record, however many rows its command wrote: it counts where the first
    of them is, and was one even if undone later."""
    rows = _per_room(events).where("override_rule IS NOT NULL")
    first = rows.groupBy(F.coalesce("request_id", "event_id")).agg(
        F.min_by(F.struct(*ROOM), "seq").alias("first")
    )
    return first.groupBy(*(F.col(f"first.{c}").alias(c) for c in ROOM)).agg(
        F.count("*").alias("override_count")
    )


def _booking_is(state: BookingState) -> Column:
    return F.col("booking_state") == state
