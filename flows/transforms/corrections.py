"""What was said later of an event: that it never was, or was otherwise."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lake.vocabulary import EventType

KEY = ["hospital_id", "event_id"]


def corrections(events: DataFrame) -> DataFrame:
    """`event_id` of what was undone, and of the event that says so: `undone_bed_id` (the bed of
    both), `undone_seq`, `undone_on`."""
    is_otherwise = F.col("event_type") == EventType.DISCHARGE_CORRECTED
    return events.where(F.col("corrects_event_id").isNotNull() & ~is_otherwise).select(
        "hospital_id",
        F.col("corrects_event_id").alias("event_id"),
        F.col("bed_id").alias("undone_bed_id"),
        F.col("seq").alias("undone_seq"),
        F.col("occurred_on").alias("undone_on"),
    )


def as_now_known(events: DataFrame) -> DataFrame:
    """The events, discharges with what the newest correction says of them."""
    corrected = events.where(F.col("event_type") == EventType.DISCHARGE_CORRECTED)
    said = corrected.groupBy("hospital_id", F.col("corrects_event_id").alias("event_id")).agg(
        F.max_by(F.struct("disposition", "died_at"), "seq").alias("said")
    )
    rows = events.join(F.broadcast(said), KEY, "left")
    of_it = {
        name: F.when(F.col("said").isNotNull(), F.col(f"said.{name}")).otherwise(F.col(name))
        for name in ("disposition", "died_at")
    }
    return rows.withColumns(of_it).drop("said")


def standing(events: DataFrame) -> DataFrame:
    """The events without those that were undone later."""
    return events.join(F.broadcast(corrections(events)), KEY, "left_anti")


def with_what_never_was(events: DataFrame) -> DataFrame:
    """Events with `never_was`: whether they lie between an undone event of their bed and its
    correction. Who was in the bed then is who was there before that event. A carried row is how
    its bed is known to have been."""
    undone = events.select(*KEY, F.col("seq").alias("from_seq")).join(
        F.broadcast(corrections(events).where("undone_bed_id IS NOT NULL")), KEY
    )
    undone = undone.withColumnRenamed("undone_bed_id", "bed_id")
    between = (F.col("seq") >= F.col("from_seq")) & (F.col("seq") < F.col("undone_seq"))
    rows = events.where("status_from_at IS NULL").select("hospital_id", "bed_id", "seq")
    within = rows.join(F.broadcast(undone.drop("event_id")), ["hospital_id", "bed_id"])
    marks = within.where(between).select("hospital_id", "seq", F.lit(True).alias("is_within"))
    marked = events.join(F.broadcast(marks.distinct()), ["hospital_id", "seq"], "left")
    never_was = F.col("is_within").isNotNull() & F.col("status_from_at").isNull()
    return marked.withColumn("never_was", never_was).drop("is_within")
