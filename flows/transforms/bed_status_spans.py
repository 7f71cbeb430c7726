"""silver.bed_status_spans: each bed's statuses, one span after the other."""

from pyspark.sql import DataFrame

from flows.transforms.bed_states import merged


def bed_status_spans(states: DataFrame) -> DataFrame:
    return merged(states, "status")
