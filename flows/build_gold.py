"""The batch tables out of silver.bed_events: per date range, the same however often."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from prefect import flow, task
from prefect.runtime import flow_run
from prefect.tasks import exponential_backoff
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from flows.batch.gold_tables import DAY, TABLES, Dates, Log, build_dates, read_log
from flows.batch.lock import batch_session
from flows.runs.artifacts import Progress, show_lineage, show_table
from flows.runs.table_runs import TableRun, record
from lake import spark as lake
from lake.arrow import ensure, row_count
from lake.duck import LakeReader
from lake.errors import LakeError
from lake.places import Places
from lake.tables import BED_EVENTS, SILVER_BED_EVENTS, TABLE_RUNS_BATCH

FIRST_BATCH_SECONDS = 120.0
DAYS_AT_ONCE = 184
"""A longer range is built in parts of this length: each is whole before the next begins."""


MANY_EVENTS = 300_000


class ImpossibleDates(LakeError):
    pass


@dataclass(frozen=True)
class Run:
    """Who builds. A run that is tried again goes on after the parts that it has finished."""

    name: str = "by hand"
    flow_run_id: str | None = None


@dataclass
class Built:
    """What a build did; `notes` say what was left out, and why."""

    runs: list[TableRun] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def told(self) -> list[str]:
        """The notes, and what was built of which dates."""
        parts: dict[Dates, list[TableRun]] = {}
        for run in self.runs:
            parts.setdefault((run.from_on or date.min, run.to_on or date.min), []).append(run)
        return [
            *self.notes,
            *(
                f"Built {first} to {last}: {len(runs)} tables, "
                f"{sum(run.out_count for run in runs):,} rows."
                for (first, last), runs in parts.items()
            ),
        ]


def run(places: Places, from_on: date | None = None, to_on: date | None = None) -> Built:
    """Build the hospital dates from `from_on` to `to_on`, both included.

    Without dates: those that events since the last build touch.
    """
    refuse_wrong_order(from_on, to_on)
    with batch_session(places, "build_gold", soon=_is_little(places, from_on, to_on)) as spark:
        return build(spark, places, from_on, to_on)


def build(
    spark: SparkSession,
    places: Places,
    from_on: date | None = None,
    to_on: date | None = None,
    *,
    by: Run = Run(),
    progress: Callable[[float], None] = lambda _: None,
) -> Built:
    """The dates that were asked for, and those that are new: what was open may have ended since."""
    log = read_log(spark, places)
    if log is None:
        return Built(notes=["The log has no events yet: nothing to build."])
    ensure(places, *TABLES, TABLE_RUNS_BATCH)
    asked, notes = asked_dates(log, from_on, to_on)
    built = Built(notes=notes)
    if asked is None and (from_on or to_on):
        return built
    new = touched(spark, places, log)
    if asked is None and new is None:
        built.notes = built.notes or ["No events since the last build."]
        return built
    parts = in_parts(range_ for range_ in (asked, new) if range_)
    finished = _finished(spark, places, by)
    for nth, part in enumerate(parts):
        if part not in finished:
            is_last = new is not None and part == parts[-1]
            built.runs += _build_part(spark, places, log, part, by, is_last=is_last)
        progress(100 * (nth + 1) / len(parts))
    return built


def refuse_wrong_order(from_on: date | None, to_on: date | None) -> None:
    if from_on and to_on and to_on < from_on:
        raise ImpossibleDates(f"to_on {to_on} lies before from_on {from_on}.", "Swap them.")


def _is_little(places: Places, from_on: date | None, to_on: date | None) -> bool:
    """Whether it is about few events: what came since the last build, or a young log's first."""
    if from_on or to_on:
        return False
    built = LakeReader(places, tables=(TABLE_RUNS_BATCH,)).ask(ANY_WHOLE_BUILD).num_rows
    return bool(built) or row_count(places, BED_EVENTS) < MANY_EVENTS


ANY_WHOLE_BUILD = f"SELECT 1 FROM {TABLE_RUNS_BATCH.name} WHERE seq_until IS NOT NULL LIMIT 1"  # noqa: S608


def await_first_batch(places: Places) -> None:
    """The very first build waits a while for the stream; its JVM has started by then."""
    deadline = time.monotonic() + FIRST_BATCH_SECONDS
    reader = LakeReader(places)
    while places.exists(BED_EVENTS) and time.monotonic() < deadline:
        if reader.ask(f"SELECT 1 FROM {SILVER_BED_EVENTS.name} LIMIT 1").num_rows:  # noqa: S608
            return
        time.sleep(1)


def asked_dates(
    log: Log, from_on: date | None, to_on: date | None
) -> tuple[Dates | None, list[str]]:
    """The dates that were asked for and that the log has, None without any; which were left out."""
    notes = []
    if from_on and from_on < log.first_on:
        notes.append(f"Left out: dates before the log's first, {log.first_on}.")
    if to_on and to_on > log.last_on:
        notes.append(f"Left out: dates after the hospital's now, {log.last_on}.")
    if from_on is None and to_on is None:
        return None, notes
    first, last = max(from_on or log.first_on, log.first_on), min(to_on or log.last_on, log.last_on)
    return (first, last) if first <= last else None, notes


def in_parts(ranges: Iterable[Dates]) -> list[Dates]:
    """The ranges, joined where they meet, in parts that are built one after the other."""
    joined: list[Dates] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + DAY:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return [part for whole in joined for part in _parts(*whole)]


def _parts(first: date, last: date) -> Iterable[Dates]:
    while first <= last:
        part = min(first + timedelta(days=DAYS_AT_ONCE - 1), last)
        yield first, part
        first = part + DAY


def touched(spark: SparkSession, places: Places, log: Log) -> Dates | None:
    """The dates that may differ since the last build: from the earliest day of what came since,
    or was undone by it, or was not over then; what changes a day changes those after it.

    With the day before: an event at midnight belongs to its bed-days.
    """
    last = _last_build(spark, places)
    if last is None:
        return log.first_on, log.last_on
    version, built_until = last
    first = _changed_from(spark, places, version)
    if first == date.max:
        return None
    return max(min(first, built_until), log.first_on + DAY) - DAY, log.last_on


def _last_build(spark: SparkSession, places: Places) -> tuple[int, date] | None:
    """The version of the log up to which all dates were built, and the hospital's date then."""
    runs = lake.read(spark, places, TABLE_RUNS_BATCH)
    runs = runs.where("seq_until IS NOT NULL AND to_on IS NOT NULL")
    [row] = runs.agg(F.max_by(F.struct("version_read", "to_on"), "finished_at")).collect()
    return (row[0][0], row[0][1]) if row[0] else None


def _changed_from(spark: SparkSession, places: Places, version: int) -> date:
    """The earliest date that what came since this version of the log touches; the last of all dates
    where nothing came, the first where that is not known any more."""
    columns = ("occurred_on", "corrects_event_id")
    new = lake.added_since(spark, places, SILVER_BED_EVENTS, version, columns)
    if new is None:
        return date.min
    [row] = new.agg(F.min("occurred_on"), F.collect_set("corrects_event_id")).collect()
    days = [row[0]] if row[0] else []
    if row[1]:
        events = lake.read(spark, places, SILVER_BED_EVENTS)
        undone = events.where(F.col("event_id").isin(*row[1])).agg(F.min("occurred_on"))
        days += [day for (day,) in undone.collect() if day]
    return min(days, default=date.max)


def _finished(spark: SparkSession, places: Places, by: Run) -> set[Dates]:
    """The parts that this run has built before it was tried again, and that nothing that came
    since touches; the stream goes on meanwhile."""
    if by.flow_run_id is None:
        return set()
    runs = lake.read(spark, places, TABLE_RUNS_BATCH)
    mine = runs.where((F.col("run_id") == by.flow_run_id) & (F.col("table_name") == TABLES[0].name))
    built = mine.select("from_on", "to_on", "version_read").collect()
    changed_from = {row[2]: _changed_from(spark, places, row[2]) for row in built}
    # Of a day after the part only its midnight belongs to it.
    return {(row[0], row[1]) for row in built if row[1] + DAY < changed_from[row[2]]}


def _build_part(
    spark: SparkSession, places: Places, log: Log, part: Dates, by: Run, *, is_last: bool
) -> list[TableRun]:
    """`is_last`: with it all is built that this version of the log touches."""
    runs = build_dates(spark, places, log, part)
    for table_run in runs:
        table_run.run_name, table_run.run_id = by.name, by.flow_run_id
        table_run.seq_until = log.high_seq if is_last else None
    record(places, TABLE_RUNS_BATCH, runs)
    return runs


def run_title(parameters: dict[str, Any]) -> str:
    """`build_gold` and the dates that it was asked for; without any, when it was."""
    from_on, to_on = parameters.get("from_on"), parameters.get("to_on")
    if from_on and to_on:
        return f"build_gold {from_on}" if from_on == to_on else f"build_gold {from_on} to {to_on}"
    if from_on or to_on:
        return f"build_gold from {from_on}" if from_on else f"build_gold until {to_on}"
    return f"build_gold {datetime.now(UTC):%Y-%m-%d %H:%M}"


@flow(
    name="build_gold",
    flow_run_name=lambda: run_title(flow_run.parameters),
    description=__doc__,
)
def build_gold(from_on: date | None = None, to_on: date | None = None) -> list[str]:
    """Builds the batch tables of hospital dates, both included.

    Args:
        from_on: The first date; without it, and with `to_on`, the log's first.
        to_on: The last date; without it, and with `from_on`, today. Without both: the dates that
            new events touch.
    """
    refuse_wrong_order(from_on, to_on)
    built = build_tables(from_on, to_on)
    show_table("built-tables", [shown(run) for run in built.runs], " ".join(built.told))
    if built.runs:
        show_lineage(
            "lineage", {f"{r.table_name}@{r.version_written}": r.sources for r in built.runs}
        )
    return built.told


@task(
    retries=3,
    retry_delay_seconds=exponential_backoff(backoff_factor=10),
    retry_jitter_factor=0.5,
    persist_result=False,
)
def build_tables(from_on: date | None, to_on: date | None) -> Built:
    """Tried again after a failure, it goes on where it stopped."""
    progress = Progress("build-gold", "How much of the range is built")
    places, by = Places.from_settings(), Run(flow_run.name or "", str(flow_run.id))
    with batch_session(places, "build_gold", soon=_is_little(places, from_on, to_on)) as spark:
        await_first_batch(places)
        return build(spark, places, from_on, to_on, by=by, progress=progress)


def shown(run: TableRun) -> dict[str, Any]:
    """A row of the artifact."""
    return {
        "table": run.table_name,
        "from": str(run.from_on),
        "to": str(run.to_on),
        "rows": run.out_count,
        "version": run.version_written,
        "read": ", ".join(run.sources),
        "seconds": round(run.seconds, 2),
    }
