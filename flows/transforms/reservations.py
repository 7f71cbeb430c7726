"""Reservations on the line of time: when each showed its bed as reserved."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from flows.transforms.corrections import KEY, corrections, standing
from lake.vocabulary import RESERVED_AHEAD_MINUTES, BookingState


def reservations(events: DataFrame) -> DataFrame:
    """`bed_id` with `[due_at, over_at)`, an interval in which a reservation of it runs or starts
    within two hours, as the booking stood then. `over_at` null: for ever. They may overlap.

    What was undone later never was: its correction counts from that event's time on.
    """
    undone = events.join(F.broadcast(corrections(events).select(*KEY)), KEY)
    undone_at = undone.select(
        "hospital_id",
        F.col("event_id").alias("corrects_event_id"),
        F.col("occurred_at").alias("undone_at"),
    ).distinct()
    rows = standing(events).where("booking_id IS NOT NULL AND booking_state IS NOT NULL")
    rows = rows.join(F.broadcast(undone_at), ["hospital_id", "corrects_event_id"], "left")
    of_booking = Window.partitionBy("hospital_id", "booking_id").orderBy("seq")
    held = rows.withColumn("from_at", F.coalesce("undone_at", "occurred_at"))
    later = of_booking.rowsBetween(1, Window.unboundedFollowing)
    held = held.withColumn("until_at", F.min("from_at").over(later))
    ahead = F.expr(f"INTERVAL {RESERVED_AHEAD_MINUTES} MINUTES")
    due = held.where(F.col("booking_state") == BookingState.RESERVED).select(
        "hospital_id",
        "bed_id",
        F.greatest("from_at", F.col("starts_at") - ahead).alias("due_at"),
        F.least("until_at", "ends_at").alias("over_at"),
    )
    return due.where("over_at IS NULL OR over_at > due_at")
