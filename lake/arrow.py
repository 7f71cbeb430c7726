"""delta-rs: creates tables, opens them, reads their history, keeps their files few.

What is only looked up, or is a handful of rows, need not wait for Spark to plan a job.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import CommitProperties, DeltaTable, Schema, write_deltalake
from deltalake.exceptions import TableNotFoundError
from pyarrow import fs

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


def files(places: Places, table: Table, uris: Iterable[str]) -> ds.Dataset:
    """These of the table's files, whether or not they still belong to it; none: no rows.

    Of few rows in many files a reader here takes a quarter of what Spark takes for each.
    """
    storage, folder = fs.FileSystem.from_uri(places.table(table))
    depth = len(table.partition_by) + 1
    paths = [f"{folder}/{'/'.join(unquote(uri).split('/')[-depth:])}" for uri in uris]
    if not paths:
        return ds.dataset(table.schema.empty_table())
    by_folder = pa.schema([table.schema.field(name) for name in table.partition_by])
    return ds.dataset(
        paths,
        schema=table.schema,
        filesystem=storage,
        partitioning=ds.partitioning(by_folder, flavor="hive"),
        partition_base_dir=folder,
    )


def has_rows(places: Places, table: Table) -> bool:
    return places.exists(table) and bool(DeltaTable(places.table(table)).file_uris())


def ensure(places: Places, *tables: Table) -> None:
    """Create those of the tables that do not exist, for an owner that is about to write them.

    Spark takes a second or two for each, this one some milliseconds.
    """
    for table in tables:
        open_or_create(places, table)


@dataclass(frozen=True)
class Files:
    """How many files, of how many bytes and rows together."""

    count: int = 0
    size: int = 0
    row_count: int = 0


def live_files(places: Places, table: Table) -> dict[str | None, Files]:
    """Of each partition by its value as text (None: null, or a table without partitions)."""
    adds = pa.table(DeltaTable(places.table(table)).get_add_actions(flatten=True))
    values: list[str | None] = [None] * adds.num_rows
    if table.partition_by:
        [column] = table.partition_by
        of_files = adds[f"partition.{column}"].to_pylist()
        values = [None if value is None else str(value) for value in of_files]
    found: dict[str | None, Files] = {}
    told = (adds["size_bytes"].to_pylist(), adds["num_records"].to_pylist())
    for value, size, row_count in zip(values, *told, strict=True):
        so_far = found.get(value, Files())
        found[value] = Files(
            so_far.count + 1, so_far.size + size, so_far.row_count + (row_count or 0)
        )
    return found


def rows_written(places: Places, table: Table, since: int) -> int:
    """How many rows the newest commit wrote, if it came after the version `since`."""
    handle = DeltaTable(places.table(table))
    if handle.version() <= since:  # nothing to write and nothing to replace: no commit
        return 0
    [commit] = handle.history(1)
    told = commit.get("operationMetrics", {})
    return int(told.get("numOutputRows", told.get("num_added_rows", 0)))  # by Spark, by delta-rs


def append(places: Places, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """For the table's owner; each row has the table's columns."""
    data = pa.Table.from_pylist([dict(row) for row in rows], schema=table.schema)
    if data.num_rows:
        append_rows(places, table, data, {})


def append_rows(places: Places, table: Table, rows: pa.Table, told: Mapping[str, str]) -> None:
    """For the table's owner; `told` is written into the commit, which is made without a row too."""
    properties = CommitProperties(custom_metadata=dict(told))
    _write(places, table, rows, mode="append", commit_properties=properties)


def replace(places: Places, table: Table, rows: pa.Table, these: str | None = None) -> None:
    """The rows become the whole table, or replace `these`: a condition on its partitions that all
    of them meet."""
    _write(places, table, rows, mode="overwrite", predicate=these)


def _write(places: Places, table: Table, rows: pa.Table, **how: Any) -> None:
    """A column that only the table has, of an earlier version, is null in the new rows."""
    write_deltalake(open_or_create(places, table), rows, schema_mode="merge", **how)


def compact(places: Places, table: Table, partitions: Collection[str | None]) -> None:
    """Make few files of many in these partitions; a stream that reads the table does not notice.

    For the table's owner.
    """
    handle = DeltaTable(places.table(table))
    if not table.partition_by:
        handle.optimize.compact()
        return
    [column] = table.partition_by
    values = [value for value in partitions if value is not None]
    if values:  # one commit for all: see COMMITS_OF_UPKEEP
        handle.optimize.compact(partition_filters=[(column, "in", values)])
    if None in partitions:
        handle.optimize.compact(partition_filters=[(column, "=", "")])


def vacuum(places: Places, table: Table) -> None:
    """Delete the files that left the table, or never came into it, longer ago than its retention.

    For the table's owner.
    """
    DeltaTable(places.table(table)).vacuum(dry_run=False, full=True)


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
