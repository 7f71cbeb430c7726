"""The batch tables out of silver.bed_events: per date range, the same however often."""

import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from prefect import flow
from prefect.runtime import flow_run
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from flows.artifacts import show_table
from flows.batch_lock import batch_session
from flows.table_runs import TableRun, record
from flows.transforms.bed_status_spans import bed_status_spans
from flows.transforms.bed_stays import bed_stays
from flows.transforms.beds import beds
from flows.transforms.bookings import bookings
from flows.transforms.census_hourly import census_hourly
from flows.transforms.ward_daily import ward_daily
from lake import spark as lake
from lake.arrow import ensure
from lake.duck import LakeReader
from lake.paths import Places
from lake.tables import (
    BED_EVENTS,
    BED_STATUS_SPANS,
    BED_STAYS,
    BEDS,
    BOOKINGS,
    CENSUS_HOURLY,
    SILVER_BED_EVENTS,
    TABLE_RUNS_BATCH,
    WARD_DAILY,
    Table,
)

DAY = timedelta(days=1)
FIRST_BATCH_SECONDS = 120.0
TABLES = (BEDS, BED_STATUS_SPANS, BED_STAYS, BOOKINGS, CENSUS_HOURLY, WARD_DAILY)


@dataclass(frozen=True)
class Log:
    """What silver.bed_events holds; `until` is the hospital's now: the log's last `occurred_at`."""

    hospital_id: str
    first_on: date
    last_on: date
    until: datetime
    high_seq: int


@dataclass
class Built:
    """What a build did; `notes` say what was left out, and why."""

    runs: list[TableRun] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def run(places: Places, from_on: date | None = None, to_on: date | None = None) -> Built:
    """Build the hospital dates from `from_on` to `to_on`, both included.

    Without dates: those that events since the last build touch.
    """
    with batch_session(places, "build_gold") as spark:
        return build(spark, places, from_on, to_on)


def build(
    spark: SparkSession,
    places: Places,
    from_on: date | None = None,
    to_on: date | None = None,
    *,
    run_name: str = "by hand",
) -> Built:
    log = read_log(spark, places)
    if log is None:
        return Built(notes=["The log has no events yet: nothing to build."])
    ensure(places, *TABLES, TABLE_RUNS_BATCH)
    by_date = from_on is not None or to_on is not None
    asked = (
        (from_on or log.first_on, to_on or log.last_on) if by_date else touched(spark, places, log)
    )
    if asked is None:
        return Built(notes=["No events since the last build."])
    built = Built(notes=_left_out(log, *asked))
    since, until = max(asked[0], log.first_on), min(asked[1], log.last_on)
    if since <= until:
        built.runs = _build_tables(spark, places, log, (since, until), run_name, by_date)
        record(spark, places, TABLE_RUNS_BATCH, built.runs)
    return built


def await_first_batch(places: Places) -> None:
    """The very first build waits a while for the stream; its JVM has started by then."""
    deadline = time.monotonic() + FIRST_BATCH_SECONDS
    reader = LakeReader(places)
    while places.exists(BED_EVENTS) and time.monotonic() < deadline:
        if reader.ask(f"SELECT 1 FROM {SILVER_BED_EVENTS.name} LIMIT 1").num_rows:  # noqa: S608
            return
        time.sleep(1)


def read_log(spark: SparkSession, places: Places) -> Log | None:
    if not places.exists(SILVER_BED_EVENTS):
        return None
    [row] = (
        lake.read(spark, places, SILVER_BED_EVENTS)
        .agg(
            F.max("hospital_id"),
            F.min("occurred_on"),
            F.max("occurred_on"),
            F.unix_micros(F.max("occurred_at")),
            F.max("seq"),
        )
        .collect()
    )
    if row[4] is None:
        return None
    return Log(row[0], row[1], row[2], _instant(row[3]), row[4])


def _instant(micros: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)


def touched(spark: SparkSession, places: Places, log: Log) -> tuple[date, date] | None:
    """The dates that may differ since the last build, with the day before them.

    That is the day of the last build's now; those of newer events; and those of events that newer
    ones undo. An event at midnight belongs to the bed-days of the day before.
    """
    seen = _built_until(spark, places)
    if seen >= log.high_seq:
        return None
    events = lake.read(spark, places, SILVER_BED_EVENTS)
    is_new = F.col("seq") > seen
    undone = events.where(is_new).select(F.col("corrects_event_id").alias("event_id"))
    days = (
        events.where(is_new).select(F.min("occurred_on").alias("on")),
        events.where(~is_new).select(F.max("occurred_on").alias("on")),
        events.join(F.broadcast(undone), "event_id", "left_semi").select(
            F.min("occurred_on").alias("on")
        ),
    )
    first = min(day for frame in days for (day,) in frame.collect() if day)
    return max(first - DAY, log.first_on), log.last_on


def _built_until(spark: SparkSession, places: Places) -> int:
    """Up to which `seq` all dates are built; a build of chosen dates does not count."""
    runs = lake.read(spark, places, TABLE_RUNS_BATCH)
    [row] = runs.where(F.col("table_name") == WARD_DAILY.name).agg(F.max("seq_until")).collect()
    return row[0] or 0


def _left_out(log: Log, from_on: date, to_on: date) -> list[str]:
    notes = []
    if from_on < log.first_on:
        notes.append(f"Left out: dates before the log's first, {log.first_on}.")
    if to_on > log.last_on:
        notes.append(f"Left out: dates after the hospital's now, {log.last_on}.")
    return notes


def _build_tables(
    spark: SparkSession,
    places: Places,
    log: Log,
    dates: tuple[date, date],
    run_name: str,
    by_date: bool,
) -> list[TableRun]:
    version_read = lake.version(spark, places, SILVER_BED_EVENTS)
    # One log for all tables, though the stream goes on.
    events = lake.read(spark, places, SILVER_BED_EVENTS, version_read)
    events = events.where(F.col("seq") <= log.high_seq)
    census = census_hourly(events, until=log.until, since=_day_starts(dates[0])).persist()
    steps: list[tuple[Table, DataFrame]] = [  # what the charts wait for comes first
        (CENSUS_HOURLY, census),
        (WARD_DAILY, ward_daily(events, census)),
        (BEDS, beds(events)),
        (BED_STATUS_SPANS, bed_status_spans(events)),
        (BED_STAYS, bed_stays(events)),
        (BOOKINGS, bookings(events)),
    ]
    try:
        return [
            _step(spark, places, table, rows, dates, log.last_on, TableRun(
                log.hospital_id, run_name, table.name, version_read=version_read,
                seq_until=None if by_date else log.high_seq,
            ))
            for table, rows in steps
        ]  # fmt: skip
    finally:
        census.unpersist()


def _day_starts(day: date) -> datetime:
    """Early enough for the day's first hour in any time zone."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - DAY


def _step(
    spark: SparkSession,
    places: Places,
    table: Table,
    rows: DataFrame,
    dates: tuple[date, date],
    last_on: date,
    run: TableRun,
) -> TableRun:
    started = time.monotonic()
    if table.partition_by:
        # What was open may have ended on any date since: those partitions go with the open one.
        last = last_on if table.partition_by == ("ended_on",) else dates[1]
        lake.replace_dates(rows, places, table, dates[0], last)
    else:
        lake.replace(rows.coalesce(1), places, table)
    run.version_written = lake.version(spark, places, table)
    run.out_count = lake.rows_written(spark, places, table)
    run.seconds = time.monotonic() - started
    run.finished_at = datetime.now(UTC)
    return run


def run_title(parameters: dict[str, Any]) -> str:
    """`build_gold` and the dates that it was asked for, if any."""
    dates = (parameters.get("from_on"), parameters.get("to_on"))
    return " ".join(["build_gold", *(str(day) for day in dates if day)])


@flow(
    name="build_gold",
    flow_run_name=lambda: run_title(flow_run.parameters),
    description="Builds beds, spans, stays, bookings, the census and the ward days from silver.",
)
def build_gold(from_on: date | None = None, to_on: date | None = None) -> list[str]:
    """Hospital dates, both included; without them the dates that new events touch."""
    places = Places.from_settings()
    with batch_session(places, "build_gold") as spark:
        await_first_batch(places)
        built = build(spark, places, from_on, to_on, run_name=flow_run.name)
    show_table(
        "built-tables",
        [
            {"table": r.table_name, "rows": r.out_count, "seconds": round(r.seconds, 2)}
            for r in built.runs
        ],
        " ".join(built.notes),
    )
    return built.notes
