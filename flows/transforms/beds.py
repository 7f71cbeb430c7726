"""silver.beds: each bed with its place, and from when to when that held."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from flows.transforms.bed_states import merged
from flows.transforms.hospital_time import hospital_date

PLACE = ("room_id", "ward_id", "ward_name", "specialty", "room_class", "is_staffed")


def beds(states: DataFrame) -> DataFrame:
    places = merged(states, PLACE, "place_from_at")
    return places.withColumn("ended_on", hospital_date(F.col("until_at")))
