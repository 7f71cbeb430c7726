"""delta-rs: creates tables, appends Arrow data, reads, compacts."""

from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

from lake.paths import Places
from lake.tables import Table


def open_or_create(places: Places, table: Table) -> DeltaTable:
    try:
        return DeltaTable(places.table(table))
    except TableNotFoundError:
        return DeltaTable.create(
            places.table(table),
            schema=table.schema,
            mode="ignore",
            partition_by=list(table.partition_by) or None,
            description=table.meaning,
            configuration=table.properties,
        )


def ensure(places: Places, *tables: Table) -> None:
    """Create those of the tables that do not exist, for an owner that is about to write them.

    Spark takes a second or two for each, this one some milliseconds.
    """
    for table in tables:
        open_or_create(places, table)
