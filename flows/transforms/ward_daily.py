"""gold.ward_daily: what adds up, per ward and ended hospital day."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from flows.transforms.room_daily import BED_DAYS, MOVES


def ward_daily(rooms: DataFrame) -> DataFrame:
    """The sums of gold.room_daily."""
    sums = (F.sum(count).alias(count) for count in (*BED_DAYS, *MOVES))
    return rooms.groupBy("hospital_id", "ward_id", "census_on").agg(*sums)
