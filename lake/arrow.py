"""delta-rs: creates tables, opens them, reads their history."""

from collections import Counter

import pyarrow as pa
from deltalake import DeltaTable, Schema
from deltalake.exceptions import TableNotFoundError

from lake.places import Places
from lake.tables import Table


def open_or_create(places: Places, table: Table) -> DeltaTable:
    """For the table's owner. A lake of an earlier version gets the columns and the properties that
    came since."""
    try:
        handle = DeltaTable(places.table(table))
    except TableNotFoundError:
        return DeltaTable.create(
            places.table(table),
            schema=table.schema,
            mode="ignore",
            partition_by=list(table.partition_by) or None,
            description=table.meaning,
            configuration=table.properties,
        )
    known = {field.name for field in handle.schema().fields}
    wanted = Schema.from_arrow(table.schema).fields
    if missing := [field for field in wanted if field.name not in known]:
        handle.alter.add_columns(missing)
    set_already = handle.metadata().configuration
    if changed := {k: v for k, v in table.properties.items() if set_already.get(k) != v}:
        handle.alter.set_table_properties(changed)
    return handle


def table_id(places: Places, table: Table) -> str:
    """By which the checkpoints of its followers name it."""
    return str(DeltaTable(places.table(table)).metadata().id)


def version(places: Places, table: Table) -> int:
    return int(DeltaTable(places.table(table)).version())


def row_count(places: Places, table: Table, version: int | None = None) -> int:
    """Of a version (None: the newest), by the statistics of its files; 0 where there is no table.

    Raises DeltaError where the log no longer knows the version.
    """
    if not places.exists(table):
        return 0
    adds = pa.table(DeltaTable(places.table(table), version).get_add_actions(flatten=True))
    return sum(count or 0 for count in adds["num_records"].to_pylist())


def has_rows(places: Places, table: Table) -> bool:
    return places.exists(table) and bool(DeltaTable(places.table(table)).file_uris())


def ensure(places: Places, *tables: Table) -> None:
    """Create those of the tables that do not exist, for an owner that is about to write them.

    Spark takes a second or two for each, this one some milliseconds.
    """
    for table in tables:
        open_or_create(places, table)


def files_per_partition(places: Places, table: Table) -> dict[str, int]:
    """How many live files each partition has; one of no name where the table has none."""
    adds = DeltaTable(places.table(table)).get_add_actions(flatten=True)
    names = [f"partition.{column}" for column in table.partition_by]
    found = Counter(
        ", ".join(str(row[name]) for name in names) for row in pa.table(adds).to_pylist()
    )
    return dict(found)


COMMITS_OF_UPKEEP = 100
"""More than upkeep ever makes between two batches."""


def mark(application: str, number: int | str) -> str:
    """What a commit says of the batch that it holds."""
    return f"{application} {number}"


def written_until(places: Places, table: Table, application: str) -> int:
    """The last batch that this application appended; -1 if none.

    Spark takes seconds to look through the commits when it has just started.
    """
    marked = mark(application, "")
    commits = DeltaTable(places.table(table)).history(COMMITS_OF_UPKEEP)
    marks = (commit.get("userMetadata") or "" for commit in commits)
    return max((int(m.removeprefix(marked)) for m in marks if m.startswith(marked)), default=-1)
