"""delta-rs: creates tables, appends Arrow data, reads, compacts."""

from collections import Counter

import pyarrow as pa
from deltalake import DeltaTable, Schema
from deltalake.exceptions import TableNotFoundError

from lake.paths import Places
from lake.tables import Table


def open_or_create(places: Places, table: Table) -> DeltaTable:
    """For the table's owner. A lake of an earlier version gets the columns and
    properties that came since."""
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
    changed = {
        key: value
        for key, value in table.properties.items()
        if handle.metadata().configuration.get(key) != value
    }
    if changed:
        handle.alter.set_table_properties(changed)
    known = {field.name for field in handle.schema().fields}
    wanted = Schema.from_arrow(table.schema).fields
    if missing := [field for field in wanted if field.name not in known]:
        handle.alter.add_columns(missing)
    return handle


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
