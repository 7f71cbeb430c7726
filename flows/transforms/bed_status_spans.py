"""silver.bed_status_spans: each bed's statuses, one span after the other."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from flows.transforms.bed_states import merged
from flows.transforms.hospital_time import hospital_date

STATUS = ("ward_id", "room_id", "bed_status", "is_staffed")


def bed_status_spans(states: DataFrame) -> DataFrame:
    spans = merged(states, STATUS, "status_from_at")
    return spans.withColumn("ended_on", hospital_date(F.col("until_at")))
