"""An append as the Delta protocol has it: files of rows, and a commit that names them.

delta-rs reads the table's state before and after every append, which takes it 20 ms of a core; one
that only adds rows to what its one writer knows needs none of it (docs/adr/0018). All else with the
log is delta-rs' (`event_log`). https://github.com/delta-io/delta/blob/master/PROTOCOL.md
"""

import time
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import uuid4

import obstore
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable
from obstore.exceptions import AlreadyExistsError, NotFoundError
from obstore.store import LocalStore, from_url

from lake.errors import LakeError, StaleWriter
from lake.places import Places
from lake.tables import Table

WRITER_VERSION = 2
"""Of the protocol: a table of a later one wants something of its writers that is not done here."""

Action = dict[str, Any]


class Commits:
    """Of a table that is partitioned by one date, for the process that owns it."""

    def __init__(self, places: Places, table: Table) -> None:
        folder = places.table(table)
        self._store = LocalStore(folder) if places.is_local else from_url(folder)
        self._day = table.partition_by[0]
        self._measured = table.properties["delta.dataSkippingStatsColumns"].split(",")

    def files_of(self, rows: pa.RecordBatch) -> list[Action]:
        """Write the rows, one file for each day; they are in the table once a commit names them."""
        data = pa.Table.from_batches([rows])
        days = data[self._day].unique().to_pylist()
        if None in days:
            raise ValueError(f"A row has no {self._day}.")
        if len(days) == 1:
            return [self._file(data, days[0])]
        return [self._file(data.filter(pc.field(self._day) == day), day) for day in days]

    def put(self, version: int, actions: Sequence[Action]) -> bool:
        """Whether these are the table's commit of that version now; not where there is another.

        Raises StaleWriter where the commit before is gone, and puts none there: it is kept as long
        as it is the newest, so others have come after it, or the log is not the one that it was.
        """
        name, before = (f"_delta_log/{each:020d}.json" for each in (version, version - 1))
        commit = b"\n".join(map(orjson.dumps, actions))
        try:
            obstore.put(self._store, name, commit, mode="create")
        except AlreadyExistsError:
            return bytes(obstore.get(self._store, name).bytes()) == commit
        try:  # afterwards: nobody can come between
            obstore.head(self._store, before)
        except (FileNotFoundError, NotFoundError):
            obstore.delete(self._store, name)
            raise StaleWriter(
                f"stale_writer: the log's commit {version - 1} is gone.",
                "Another process has written to the lake, or its folder was replaced. Stop that "
                "process, see to the folder, then start again.",
            ) from None
        return True

    def _file(self, rows: pa.Table, day: date) -> Action:
        path = f"{self._day}={day}/part-{uuid4()}.snappy.parquet"
        content = _parquet(rows.drop_columns([self._day]), self._measured)
        obstore.put(self._store, path, content, mode="create")
        return {
            "add": {
                "path": path,
                "partitionValues": {self._day: str(day)},
                "size": len(content),
                "modificationTime": _milliseconds(),
                "dataChange": True,
                "stats": _statistics(rows, self._measured),
            }
        }


def about(application: str, number: int, day: str, row_count: int) -> list[Action]:
    """What a commit says of itself: `number` is its application's own, which rises."""
    return [
        {
            "commitInfo": {
                "timestamp": _milliseconds(),
                "operation": "WRITE",
                "operationParameters": {"mode": "Append", "partitionBy": f'["{day}"]'},
                "isBlindAppend": True,
                "engineInfo": "snr",
                "operationMetrics": {"num_added_rows": row_count},
            }
        },
        {"txn": {"appId": application, "version": number, "lastUpdated": _milliseconds()}},
    ]


def refuse_other_formats(handle: DeltaTable, table: Table) -> None:
    needed = handle.protocol().min_writer_version
    if needed > WRITER_VERSION:
        raise LakeError(
            f"{table.name} needs a writer of version {needed} of Delta's protocol, "
            f"this one is of version {WRITER_VERSION}.",
            "Somebody has set a feature of the table: restore it from before (docs/runbook.md).",
        )


def _parquet(rows: pa.Table, measured: Sequence[str]) -> bytes:
    """Columns without a value are left out: two thirds of a booking's, and of what a reader of
    many small files spends on them. Every reader of Delta takes what is not there for null."""
    given = [name for name in rows.column_names if rows[name].null_count < rows.num_rows]
    buffer = pa.BufferOutputStream()
    pq.write_table(
        rows.select(given),
        buffer,
        compression="snappy",
        write_statistics=[name for name in measured if name in given],
        store_schema=False,
    )
    content: bytes = buffer.getvalue().to_pybytes()
    return content


def _statistics(rows: pa.Table, names: Sequence[str]) -> str:
    """By which readers leave files out. Columns without a value have no least and no greatest."""
    ends = {name: pc.min_max(rows[name]).as_py() for name in names}
    told = {
        "numRecords": rows.num_rows,
        "minValues": {name: of["min"] for name, of in ends.items() if of["min"] is not None},
        "maxValues": {name: of["max"] for name, of in ends.items() if of["max"] is not None},
        "nullCount": {name: rows[name].null_count for name in names},
    }
    return orjson.dumps(told, option=orjson.OPT_UTC_Z).decode()


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000
