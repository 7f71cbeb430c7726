"""What was undone later: an event that never was, and the time until somebody said so."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

KEY = ["hospital_id", "event_id"]


def corrections(events: DataFrame) -> DataFrame:
    """`event_id` of what was undone, and of the event that says so: `undone_bed_id` (the bed of
    both), `undone_seq`, `undone_on`."""
    return events.where("corrects_event_id IS NOT NULL").select(
        "hospital_id",
        F.col("corrects_event_id").alias("event_id"),
        F.col("bed_id").alias("undone_bed_id"),
        F.col("seq").alias("undone_seq"),
        F.col("occurred_on").alias("undone_on"),
    )


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
