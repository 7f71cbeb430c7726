"""gold.update_volume: how many updates, and how long their texts, per hour and ward."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from flows.transforms.update_terms import WINDOW


def update_volume(texts: DataFrame) -> DataFrame:
    return texts.groupBy(*WINDOW).agg(
        F.sum("text_count").alias("update_count"),
        F.sum(F.col("text_count") * F.length("text")).alias("character_count"),
    )
