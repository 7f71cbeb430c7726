"""The first query of the stream: takes the log in, keeps its tables tidy, reports each minute."""

import time
from threading import Lock

from pyspark.sql import DataFrame, SparkSession

from flows.runs.table_runs import TableRun, record
from flows.runs.upkeep import clear, compact
from flows.stream.intake import Intake, Summary
from flows.stream.pace import FILES_PER_BATCH, Pace
from flows.stream.requeue import Wish, requeue
from lake.arrow import version
from lake.places import Places
from lake.tables import (
    BED_BOARD,
    BED_EVENTS,
    QUARANTINE,
    SILVER_BED_EVENTS,
    TABLE_RUNS_STREAM,
)

QUERY = "bed_board"
TABLES = (SILVER_BED_EVENTS, QUARANTINE, BED_BOARD, TABLE_RUNS_STREAM)
BATCHES_BETWEEN_COMPACTING = 25
BATCHES_BETWEEN_CLEARING = 2_000
REPORT_EVERY_SECONDS = 60.0


class LiveBoard:
    def __init__(
        self,
        spark: SparkSession,
        places: Places,
        run_name: str,
        *,
        again: bool = False,
        pace: Pace | None = None,
    ) -> None:
        self._spark = spark
        self._pace = pace
        self._places = places
        self._again = again
        self._report = Report(run_name)
        self._intake: Intake | None = None
        self._wish = Wish(places)
        self._writing = Lock()
        self.has_taken_in = False

    def take(self, batch: DataFrame, batch_id: int) -> None:
        begun = time.monotonic()
        with self._writing:
            found = self._take(batch, batch_id)
        if self._pace:
            self._pace.rest(begun, is_full=found.file_count >= FILES_PER_BATCH)

    def tend(self) -> None:
        """Between two batches: a report that is due though nothing comes, and a requeue."""
        if self._report.is_due and self._writing.acquire(blocking=False):
            try:
                self.report()
            finally:
                self._writing.release()
        self._requeue_if_asked()

    def _requeue_if_asked(self) -> None:
        """The next batch looks at the tables anew."""
        if self._wish.take():
            with self._writing:
                self._wish.fulfil(requeue(self._spark, self._places))
                self._intake = None

    def _take(self, batch: DataFrame, batch_id: int) -> Summary:
        started = time.monotonic()
        found = self._take_in().take(batch, batch_id)
        if not found.is_repeated:
            self._report.add(found, time.monotonic() - started)
        self.has_taken_in = True
        if self._report.is_due:
            self.report()
        if batch_id % BATCHES_BETWEEN_COMPACTING == BATCHES_BETWEEN_COMPACTING - 1:
            compact(self._places, TABLES)
        if batch_id % BATCHES_BETWEEN_CLEARING == BATCHES_BETWEEN_CLEARING - 1:
            clear(self._places, TABLES)
        return found

    def report(self) -> None:
        """Write down what was done since the last report, if anything was."""
        record(self._places, TABLE_RUNS_STREAM, self._report.rows(self._places))
        self._report = Report(self._report.run_name)

    def _take_in(self) -> Intake:
        """Made at the first batch: only then has the checkpoint its id."""
        if self._intake is None:
            [checkpoint] = [q.id for q in self._spark.streams.active if q.name == QUERY]
            application = f"{QUERY}:{checkpoint}"
            self._intake = Intake(self._spark, self._places, application, again=self._again)
        return self._intake


class Report:
    """Adds up batches until they are worth a row."""

    def __init__(self, run_name: str) -> None:
        self.run_name = run_name
        self._since = time.monotonic()
        self._hospital_id: str | None = None
        self._in_count = self._out_count = self._seq_until = 0
        self._seconds = 0.0

    @property
    def is_due(self) -> bool:
        return time.monotonic() - self._since >= REPORT_EVERY_SECONDS

    def add(self, found: Summary, seconds: float) -> None:
        self._hospital_id = self._hospital_id or found.hospital_id
        self._in_count += found.count
        self._out_count += found.valid.count
        self._seq_until = max(self._seq_until, found.valid.high_seq)
        self._seconds += seconds

    def rows(self, places: Places) -> list[TableRun]:
        if not self._in_count:
            return []
        read = version(places, BED_EVENTS)
        return [
            TableRun(
                hospital_id=self._hospital_id or "",
                run_name=self.run_name,
                table_name=table.name,
                version_read=read,
                sources=[f"{BED_EVENTS.name}@{read}"],
                version_written=version(places, table),
                seq_until=self._seq_until or None,
                in_count=self._in_count,
                out_count=self._out_count,
                quarantined_count=self._in_count - self._out_count,
                seconds=self._seconds,
            )
            for table in (SILVER_BED_EVENTS, BED_BOARD)
        ]
