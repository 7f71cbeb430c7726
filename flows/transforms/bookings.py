"""silver.bookings: each booking as it stands or ended."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from flows.transforms.hospital_time import hospital_date
from lake.vocabulary import OPEN_BOOKING_STATES

FIRST = ("occurred_at", "source", "actor", "override_rule")
LAST = ("bed_id", "ward_id", "patient_ref", "booking_state", "starts_at", "ends_at",
        "displaced_by_booking_id", "occurred_at", "time_zone", "seq")  # fmt: skip


def bookings(events: DataFrame) -> DataFrame:
    """Who made a booking is in its first event, how it stands in its newest."""
    rows = events.where("booking_id IS NOT NULL AND booking_state IS NOT NULL")
    made = rows.groupBy("hospital_id", "booking_id").agg(
        F.min_by(F.struct(*FIRST), "seq").alias("first"),
        F.max_by(F.struct(*LAST), "seq").alias("last"),
    )
    has_ended = ~F.col("last.booking_state").isin(*OPEN_BOOKING_STATES)
    booked = made.select(
        "hospital_id",
        "booking_id",
        *(f"last.{column}" for column in ("bed_id", "ward_id", "patient_ref", "time_zone")),
        F.col("last.booking_state").alias("state"),
        "last.starts_at",
        "last.ends_at",
        F.col("first.occurred_at").alias("booked_at"),
        F.when(has_ended, F.col("last.occurred_at")).alias("ended_at"),
        *(f"first.{column}" for column in ("source", "actor", "override_rule")),
        "last.displaced_by_booking_id",
        "last.seq",
    )
    return booked.withColumn("ended_on", hospital_date(F.col("ended_at"))).drop("time_zone")
