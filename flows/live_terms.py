"""The second query of the stream: the string analysis, slower: it never delays the board."""

from datetime import date

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from flows.phrases import Phrases
from flows.transforms.update_phrases import update_phrases
from flows.transforms.update_terms import update_terms
from flows.transforms.update_volume import update_volume
from flows.upkeep import clear
from lake import spark as lake
from lake.paths import Places
from lake.tables import SILVER_BED_EVENTS, UPDATE_PHRASES, UPDATE_TERMS, UPDATE_VOLUME

QUERY = "update_terms"
TABLES = (UPDATE_TERMS, UPDATE_PHRASES, UPDATE_VOLUME)
BATCHES_BETWEEN_CLEARING = 500
READS = ("hospital_id", "occurred_at", "occurred_on", "ward_id", "source", "event_type", "note",
         "time_zone")  # fmt: skip


class LiveTerms:
    """Counts again, from silver, each hospital day that a batch touches: the same however often."""

    def __init__(self, spark: SparkSession, places: Places, phrases: Phrases) -> None:
        self._spark = spark
        self._places = places
        self._phrases = phrases

    def take(self, batch: DataFrame, batch_id: int) -> None:
        touched = [row[0] for row in batch.select("occurred_on").distinct().collect()]
        if touched:
            self._count(touched)
        if batch_id % BATCHES_BETWEEN_CLEARING == BATCHES_BETWEEN_CLEARING - 1:
            clear(self._spark, self._places, TABLES)

    def _count(self, days: list[date]) -> None:
        events = lake.read(self._spark, self._places, SILVER_BED_EVENTS).select(*READS)
        events = events.where(F.col("occurred_on").isin(days)).persist()
        counted = (
            update_terms(events),
            update_phrases(events, self._phrases),
            update_volume(events),
        )
        for table, rows in zip(TABLES, counted, strict=True):
            lake.replace_days(rows, self._places, table, days)
        events.unpersist()
