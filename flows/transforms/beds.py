"""silver.beds: each bed with its place, and from when to when that held."""

from pyspark.sql import DataFrame

from flows.transforms.bed_states import bed_states, merged

PLACE = ("room_id", "ward_id", "ward_name", "specialty", "room_class", "is_staffed")


def beds(events: DataFrame) -> DataFrame:
    return merged(bed_states(events), PLACE).drop("time_zone")
