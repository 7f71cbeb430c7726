"""The second query of the stream: gold.update_terms, slower, so that it never delays the board."""

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from flows.transforms.update_terms import update_terms
from flows.upkeep import clear
from lake import spark as lake
from lake.paths import Places
from lake.tables import SILVER_BED_EVENTS, UPDATE_TERMS

QUERY = "update_terms"
BATCHES_BETWEEN_CLEARING = 500


class LiveTerms:
    """Counts again, from silver, each hospital day that a batch touches: the same however often."""

    def __init__(self, spark: SparkSession, places: Places) -> None:
        self._spark = spark
        self._places = places

    def take(self, batch: DataFrame, batch_id: int) -> None:
        touched = [row[0] for row in batch.select("occurred_on").distinct().collect()]
        if touched:
            days = lake.read(self._spark, self._places, SILVER_BED_EVENTS)
            days = days.where(F.col("occurred_on").isin(touched))
            lake.replace_touched(update_terms(days), self._places, UPDATE_TERMS)
        if batch_id % BATCHES_BETWEEN_CLEARING == BATCHES_BETWEEN_CLEARING - 1:
            clear(self._spark, self._places, [UPDATE_TERMS])
