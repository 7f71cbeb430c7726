"""gold.bed_board: every registered bed as its newest event left it."""

from collections.abc import Iterable

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lake.tables import BED_BOARD


def bed_rows(events: DataFrame, newest: Iterable[int]) -> DataFrame:
    """The events with these `seq` as rows of the board."""
    rows = events.where(F.col("seq").isin(*newest))
    return rows.withColumn("last_event_type", F.col("event_type")).select(*BED_BOARD.column_names)


def bed_board(board: DataFrame, newer: DataFrame) -> DataFrame:
    """The board with other rows of its beds taken in: per bed the highest `seq` wins.

    A retired bed keeps its row, so that an older event that comes late does not bring it back.
    """
    of_bed = Window.partitionBy("hospital_id", "bed_id").orderBy(F.desc("seq"))
    rows = board.unionByName(newer).withColumn("place", F.row_number().over(of_bed))
    return rows.where("place = 1").drop("place")
