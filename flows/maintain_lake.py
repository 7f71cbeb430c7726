"""Few files and no old ones in the batch tables; how many files every table has."""

import time
from dataclasses import asdict
from datetime import UTC, datetime

from prefect import flow, task
from prefect.tasks import exponential_backoff

from flows.batch.lock import own_batch_tables
from flows.runs.artifacts import show_table
from flows.runs.upkeep import FileCount, clear, compact, count_files
from lake.places import Places
from lake.tables import TABLES, Owner


def run(places: Places) -> list[FileCount]:
    with own_batch_tables(places, "maintain_lake"):
        return maintain(places)


def maintain(places: Places) -> list[FileCount]:
    """Maintains what the batch flows own; of the tables of others it only reports."""
    there = [table for table in TABLES if places.exists(table)]
    mine = [table for table in there if table.owner is Owner.BATCH]
    compact(places, mine)
    clear(places, mine)
    return [count_files(places, table) for table in there]


@flow(
    name="maintain_lake",
    flow_run_name=lambda: f"maintain_lake {datetime.now(UTC):%Y-%m-%d %H:%M}",
    description=__doc__,
)
def maintain_lake() -> None:
    started = time.monotonic()
    counts = maintain_tables()
    note = f"{len(counts)} tables in {time.monotonic() - started:.1f} s."
    show_table("live-files", [asdict(count) for count in counts], note)


@task(
    retries=2,
    retry_delay_seconds=exponential_backoff(backoff_factor=20),
    retry_jitter_factor=0.5,
    persist_result=False,
)
def maintain_tables() -> list[FileCount]:
    """Safe to try again: what is compacted already has few files."""
    return run(Places.from_settings())
