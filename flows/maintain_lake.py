"""Few files and no old ones in the batch tables; how many files every table has."""

from dataclasses import asdict
from datetime import UTC, datetime

from prefect import flow
from pyspark.sql import SparkSession

from flows.artifacts import show_table
from flows.batch_lock import batch_session
from flows.upkeep import FileCount, clear, compact, count_files
from lake.paths import Places
from lake.tables import TABLES, Owner


def run(places: Places) -> list[FileCount]:
    with batch_session(places, "maintain_lake", soon=True) as spark:
        return maintain(spark, places)


def maintain(spark: SparkSession, places: Places) -> list[FileCount]:
    """Maintains what the batch flows own; of the tables of others it only reports."""
    there = [table for table in TABLES if places.exists(table)]
    mine = [table for table in there if table.owner is Owner.BATCH]
    compact(spark, places, mine)
    clear(spark, places, mine)
    return [count_files(spark, places, table) for table in there]


@flow(
    name="maintain_lake",
    flow_run_name=lambda: f"maintain_lake {datetime.now(UTC):%Y-%m-%d %H:%M}",
    description="Compacts and vacuums the batch tables; reports the live files of all tables.",
)
def maintain_lake() -> None:
    show_table("live-files", [asdict(count) for count in run(Places.from_settings())])
