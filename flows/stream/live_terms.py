"""The second query of the stream: the string analysis, slower: it never delays the board."""

import time
from collections.abc import Mapping
from datetime import date

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from flows.phrases import Phrases
from flows.runs.table_runs import TableRun, record
from flows.runs.upkeep import clear
from flows.stream.pace import FILES_PER_BATCH, Pace
from flows.transforms.update_phrases import update_phrases
from flows.transforms.update_terms import update_terms, update_texts
from flows.transforms.update_volume import update_volume
from lake import spark as lake
from lake.arrow import live_files, rows_written, version
from lake.places import Places
from lake.tables import (
    SILVER_BED_EVENTS,
    TABLE_RUNS_STREAM,
    UPDATE_PHRASES,
    UPDATE_TERMS,
    UPDATE_VOLUME,
    Table,
)

QUERY = "update_terms"
TABLES = (UPDATE_TERMS, UPDATE_PHRASES, UPDATE_VOLUME)
BATCHES_BETWEEN_CLEARING = 500
FEW_EVENTS = 100_000
"""What is counted of them is fetched and written here: of a first start in 13 s instead of 25."""
REPORT_EVERY_SECONDS = 60.0
READS = ("hospital_id", "occurred_at", "occurred_on", "ward_id", "source", "event_type", "note",
         "reason", "override_reason", "schema_version", "time_zone")  # fmt: skip


def counted(texts: DataFrame, phrases: Phrases) -> list[tuple[Table, DataFrame]]:
    """What the tables hold of these `update_texts`."""
    rows = (update_terms(texts), update_phrases(texts, phrases), update_volume(texts))
    return list(zip(TABLES, rows, strict=True))


class LiveTerms:
    """Counts again, from silver, each hospital day that a batch touches: the same however often."""

    def __init__(
        self,
        spark: SparkSession,
        places: Places,
        phrases: Phrases,
        run_name: str = "by hand",
        pace: Pace | None = None,
    ) -> None:
        self._spark = spark
        self._pace = pace
        self._places = places
        self._phrases = phrases
        self._run_name = run_name
        self._reported_at = 0.0

    def take(self, batch: DataFrame, batch_id: int) -> None:
        begun = time.monotonic()
        files = batch.distinct().collect()  # of each file its day
        touched = sorted({row["occurred_on"] for row in files})
        if touched:
            self._count(touched)
        if batch_id % BATCHES_BETWEEN_CLEARING == BATCHES_BETWEEN_CLEARING - 1:
            clear(self._places, TABLES)
        if self._pace:
            self._pace.rest(begun, is_full=len(files) >= FILES_PER_BATCH)

    def _count(self, days: list[date]) -> None:
        started = time.monotonic()
        events = lake.read(self._spark, self._places, SILVER_BED_EVENTS).select(*READS)
        texts = update_texts(events.where(F.col("occurred_on").isin(days))).persist()
        try:
            self._replace(texts, days, started)
        finally:  # a later count would be given these rows again
            texts.unpersist()

    def _replace(self, texts: DataFrame, days: list[date], started: float) -> None:
        is_due = time.monotonic() - self._reported_at >= REPORT_EVERY_SECONDS
        files = live_files(self._places, SILVER_BED_EVENTS)
        is_few = sum(files[str(day)].row_count for day in days if str(day) in files) <= FEW_EVENTS
        written: dict[str, int] = {}
        for table, rows in counted(texts, self._phrases):
            before = version(self._places, table) if is_due else 0
            lake.replace_days(rows, self._places, table, days, is_few=is_few)
            if is_due:
                written[table.name] = rows_written(self._places, table, before)
        if is_due:
            self._report(texts, written, time.monotonic() - started)

    def _report(self, texts: DataFrame, written: Mapping[str, int], seconds: float) -> None:
        """Of one batch a minute: from which events the tables were counted."""
        [(hospital_id, in_count)] = texts.agg(F.max("hospital_id"), F.sum("text_count")).collect()
        if not in_count:
            return
        read = version(self._places, SILVER_BED_EVENTS)
        runs = [
            TableRun(
                hospital_id=hospital_id,
                run_name=self._run_name,
                table_name=table.name,
                version_read=read,
                sources=[f"{SILVER_BED_EVENTS.name}@{read}"],
                version_written=version(self._places, table),
                in_count=in_count,
                out_count=written[table.name],
                seconds=seconds,
            )
            for table in TABLES
        ]
        record(self._places, TABLE_RUNS_STREAM, runs)
        self._reported_at = time.monotonic()
