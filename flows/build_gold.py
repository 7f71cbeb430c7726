"""The batch tables out of silver.bed_events: per date range, the same however often."""

import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from prefect import flow, task
from prefect.runtime import flow_run
from prefect.tasks import exponential_backoff
from pydantic import TypeAdapter
from pyspark.sql import SparkSession

from flows.batch.gold_tables import TABLES, build_dates
from flows.batch.lock import batch_session, own_batch_tables
from flows.batch.plan import BY_HAND, Dates, Log, Plan, Run, plan, refuse_wrong_order
from flows.runs.artifacts import Progress, show_lineage, show_table
from flows.runs.table_runs import TableRun, record
from flows.session import borrow
from lake.arrow import ensure
from lake.duck import LakeReader
from lake.places import Places
from lake.tables import BED_EVENTS, SILVER_BED_EVENTS, TABLE_RUNS_BATCH

FIRST_BATCH_SECONDS = 120.0


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


def run(
    places: Places,
    from_on: date | None = None,
    to_on: date | None = None,
    by: Run = BY_HAND,
) -> Built:
    """Build the hospital dates from `from_on` to `to_on`, both included.

    Without dates: those that events since the last build touch. Where there is nothing to do no
    JVM is started.
    """
    refuse_wrong_order(from_on, to_on)
    with own_batch_tables(places, "build_gold") as lock:
        todo = plan(places, from_on, to_on, by)
        if not todo.left:
            return Built(notes=todo.notes)
        if todo.is_little and borrow.is_lent():
            return _by_the_lent_session(todo, by)
        with batch_session(lock, "build_gold", soon=todo.is_little) as spark:
            return carry_out(spark, places, todo, by)


def _by_the_lent_session(todo: Plan, by: Run) -> Built:
    """Warm, but small, as that of the stream has to be: much work gets a session of its own."""
    arguments = {
        "plan": TypeAdapter(Plan).dump_python(todo, mode="json"),
        "run_name": by.name,
        "run_id": by.flow_run_id,
    }
    given = borrow.ask("build_gold", arguments, should_end=by.is_given_up, progress=by.progress)
    return TypeAdapter(Built).validate_python(given)


def build(
    spark: SparkSession,
    places: Places,
    from_on: date | None = None,
    to_on: date | None = None,
    by: Run = BY_HAND,
) -> Built:
    """The same, by the session of who owns the tables already."""
    return carry_out(spark, places, plan(places, from_on, to_on, by), by)


def carry_out(spark: SparkSession, places: Places, todo: Plan, by: Run) -> Built:
    built = Built(notes=todo.notes)
    if todo.log is None:
        return built
    ensure(places, *TABLES, TABLE_RUNS_BATCH)
    for nth, part in enumerate(todo.parts):
        if part not in todo.finished:
            is_last = todo.is_all and part == todo.parts[-1]
            built.runs += _build_part(spark, places, todo.log, part, by, is_last=is_last)
        by.progress(100 * (nth + 1) / len(todo.parts))
    return built


def await_first_batch(places: Places) -> None:
    """The very first build waits a while for the stream, which has the machine for itself."""
    deadline = time.monotonic() + FIRST_BATCH_SECONDS
    reader = LakeReader(places)
    while places.exists(BED_EVENTS) and time.monotonic() < deadline:
        if reader.ask(f"SELECT 1 FROM {SILVER_BED_EVENTS.name} LIMIT 1").num_rows:  # noqa: S608 - our name
            return
        time.sleep(1)


def _build_part(
    spark: SparkSession, places: Places, log: Log, part: Dates, by: Run, *, is_last: bool
) -> list[TableRun]:
    """`is_last`: with it all is built that this version of the log touches."""
    runs = build_dates(spark, places, log, part, by.is_given_up)
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
    places = Places.from_settings()
    await_first_batch(places)
    return run(places, from_on, to_on, Run(flow_run.name or "", str(flow_run.id), progress))


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
