"""Keeping the files of tables few and the folders free of old ones; for the tables' owner only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lake import spark as lake
from lake.arrow import table_id
from lake.places import Places
from lake.tables import SILVER_BED_EVENTS, Table
from lake.upkeep.retention import all_follow_within, forget_passed_commits

MANY_FILES = 20
FOLLOWED = {SILVER_BED_EVENTS.name}
"""Tables of Spark's that a stream follows. Delta's own clean-up goes by age and knows nobody."""
KEEP_REPLACED_FILES = timedelta(days=2)
KEEP_LOG = timedelta(days=1)
"""For batch flows that read the version with which they began; followers hold on by themselves."""


@dataclass(frozen=True)
class FileCount:
    """The live files of a table's version: how many, how many in its fullest partition, how many
    bytes."""

    table_name: str
    version: int
    partition_count: int
    file_count: int
    most_in_a_partition: int
    bytes: int


def count_files(spark: SparkSession, places: Places, table: Table) -> FileCount:
    version = lake.version(spark, places, table)
    counted = lake.live_files(spark, places, table).agg(
        F.count("*"),
        *(
            F.coalesce(of, F.lit(0))
            for of in (F.sum("file_count"), F.max("file_count"), F.sum("bytes"))
        ),
    )
    [row] = counted.collect()
    return FileCount(table.name, version, *row)


def compact(spark: SparkSession, places: Places, tables: Iterable[Table]) -> None:
    """Make one file of many, only where a partition holds many."""
    for table in tables:
        full = lake.live_files(spark, places, table).where(F.col("file_count") > MANY_FILES)
        partitions = [row["partition"] for row in full.collect()]
        if partitions:
            dated = [day for day in partitions if day is not None]
            lake.optimize(spark, places, table, dated if table.partition_by else None)


def clear(spark: SparkSession, places: Places, tables: Iterable[Table]) -> None:
    """Remove what has left the tables; of one that is followed, what its followers have passed."""
    for table in tables:
        if table.name in FOLLOWED:
            _clear_followed(spark, places, table)
        else:
            lake.vacuum(spark, places, table)


def _clear_followed(spark: SparkSession, places: Places, table: Table) -> None:
    its_id = table_id(places, table)
    if all_follow_within(places, table, its_id, KEEP_REPLACED_FILES):
        lake.vacuum(spark, places, table)
    forget_passed_commits(places, table, its_id, kept_for=KEEP_LOG)
