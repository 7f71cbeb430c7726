"""silver.bed_status_spans: each bed's statuses, one span after the other."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from flows.transforms.bed_states import bed_states, merged
from flows.transforms.hospital_time import hospital_date


def bed_status_spans(events: DataFrame) -> DataFrame:
    spans = merged(bed_states(events), ("ward_id", "bed_status", "is_staffed"))
    return spans.withColumn("ended_on", hospital_date(F.col("until_at"))).drop("time_zone")
