"""Keeping the files of tables few and the folders free of old ones; for the tables' owner only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from lake import arrow as lake
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


def count_files(places: Places, table: Table) -> FileCount:
    version, found = lake.version(places, table), lake.live_files(places, table).values()
    counts = [files.count for files in found]
    size = sum(files.size for files in found)
    return FileCount(table.name, version, len(counts), sum(counts), max(counts, default=0), size)


def compact(places: Places, tables: Iterable[Table]) -> None:
    """Make one file of many, only where a partition holds many."""
    for table in tables:
        found = lake.live_files(places, table).items()
        full = [partition for partition, files in found if files.count > MANY_FILES]
        if full:
            lake.compact(places, table, full)


def clear(places: Places, tables: Iterable[Table]) -> None:
    """Remove what has left the tables; of one that is followed, what its followers have passed."""
    for table in tables:
        if table.name in FOLLOWED:
            _clear_followed(places, table)
        else:
            lake.vacuum(places, table)


def _clear_followed(places: Places, table: Table) -> None:
    its_id = lake.table_id(places, table)
    if all_follow_within(places, table, its_id, KEEP_REPLACED_FILES):
        lake.vacuum(places, table)
    forget_passed_commits(places, table, its_id, kept_for=KEEP_LOG)
