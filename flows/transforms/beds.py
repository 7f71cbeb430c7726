"""silver.beds: each bed with its place, and from when to when that held."""

from pyspark.sql import DataFrame

from flows.transforms.bed_states import merged


def beds(states: DataFrame) -> DataFrame:
    return merged(states, "place")
