"""Keeping the files of tables few and the folders free of old ones; for the tables' owner only."""

from collections.abc import Iterable
from dataclasses import dataclass

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lake import spark as lake
from lake.paths import Places
from lake.tables import Table

MANY_FILES = 40


@dataclass(frozen=True)
class FileCount:
    """The live files of a table: how many, how many in its fullest partition, how many bytes."""

    table_name: str
    partition_count: int
    file_count: int
    most_in_a_partition: int
    bytes: int


def count_files(spark: SparkSession, places: Places, table: Table) -> FileCount:
    counted = lake.live_files(spark, places, table).agg(
        F.count("*"),
        *(
            F.coalesce(of, F.lit(0))
            for of in (F.sum("file_count"), F.max("file_count"), F.sum("bytes"))
        ),
    )
    [row] = counted.collect()
    return FileCount(table.name, *row)


def compact(spark: SparkSession, places: Places, tables: Iterable[Table]) -> None:
    """Make one file of many, only where a partition holds many."""
    for table in tables:
        full = lake.live_files(spark, places, table).where(F.col("file_count") > MANY_FILES)
        partitions = [row["partition"] for row in full.collect()]
        if partitions:
            dated = [day for day in partitions if day is not None]
            lake.optimize(spark, places, table, dated if table.partition_by else None)


def clear(spark: SparkSession, places: Places, tables: Iterable[Table]) -> None:
    for table in tables:
        lake.vacuum(spark, places, table)
