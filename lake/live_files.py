"""Which files a table consists of now: told by delta-rs, read by DuckDB.

A version of a table is a list of Parquet files that nobody ever changes, so a reader needs no more
than the newest list, and to know when there is another.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

from lake.errors import TableNotReadable
from lake.places import LogStamp, Places
from lake.tables import Table

ORDER = "seq"
"""The column in whose order the large tables are written."""

NEWEST_FILES = 32
"""Most questions are for the newest events: the stretch that holds them is short."""

TIMES_AS_LONG = 4
"""Each stretch before it: every one costs a question some milliseconds, opened or not."""


@dataclass(frozen=True)
class Stretch:
    """Files that are read together; `lowest` and `highest`: of the `seq` of every row in them, None
    where that is not known."""

    files: tuple[str, ...]
    lowest: int | None = None
    highest: int | None = None


class Forgotten(Enum):
    """Another version than any, also than that of a table that is not there."""

    FORGOTTEN = "forgotten"


class FollowedTable:
    """One table, as it was at the last `look`. For one thread at a time."""

    def __init__(self, places: Places, table: Table) -> None:
        self.table = table
        self._places = places
        self._stamp: LogStamp | None = None
        self._version: tuple[str, int] | Forgotten | None = None
        self._handle: DeltaTable | None = None

    def look(self) -> bool:
        """Whether the table is another than at the last look.

        Raises DeltaError, OSError or TableNotReadable where that cannot be told.
        """
        stamp = self._places.log_stamp(self.table)
        if stamp is not None and stamp == self._stamp:
            return False
        before, self._version = self._version, self._newest(stamp)
        return self._version != before

    def forget(self) -> None:
        """The next look finds another table than this."""
        self._stamp, self._version, self._handle = None, Forgotten.FORGOTTEN, None

    @property
    def columns(self) -> set[str]:
        """Those that the table has; none while it is not there."""
        return {field.name for field in self._handle.schema().fields} if self._handle else set()

    def stretches(self) -> list[Stretch]:
        """The live files. Many are put together by their `seq`, so that a question for some of it
        need not open them all."""
        if self._handle is None:
            return []
        adds = pa.table(self._handle.get_add_actions(flatten=True))
        if self.table.key[-1] != ORDER or adds.num_rows <= NEWEST_FILES:
            return [Stretch(self._uris(adds))] if adds.num_rows else []
        return self._in_order(adds)

    def _newest(self, stamp: LogStamp | None) -> tuple[str, int] | None:
        """The table's id and version; None where it is not there."""
        try:
            self._handle = self._brought_up_to_date(stamp)
        except TableNotFoundError:
            self._handle = None
            return None
        self._stamp = stamp or self._stamp
        _refuse_other_formats(self._handle, self.table)
        return str(self._handle.metadata().id), self._handle.version()

    def _brought_up_to_date(self, stamp: LogStamp | None) -> DeltaTable:
        """Read on from the last look, but not in the log of a table that was made anew."""
        if not self._places.exists(self.table):
            raise TableNotFoundError
        is_same_log = stamp is None or self._stamp is None or stamp.folder == self._stamp.folder
        if self._handle is None or not is_same_log:
            return DeltaTable(self._places.table(self.table))
        self._handle.update_incremental()
        return self._handle

    def _uris(self, adds: pa.Table) -> tuple[str, ...]:
        folder = self._places.table(self.table)
        return tuple(f"{folder}/{path}" for path in adds["path"].to_pylist())

    def _in_order(self, adds: pa.Table) -> list[Stretch]:
        """Newest first."""
        adds, length = adds.sort_by([(f"max.{ORDER}", "descending")]), NEWEST_FILES
        stretches = []
        while adds.num_rows:
            stretches.append(self._stretch(adds.slice(0, length)))
            adds, length = adds.slice(length), length * TIMES_AS_LONG
        return stretches

    def _stretch(self, adds: pa.Table) -> Stretch:
        known: dict[str, list[Any]] = adds.select(
            [f"{of}.{ORDER}" for of in ("null_count", "min", "max")]
        ).to_pydict()
        nulls, lowest, highest = known.values()
        if any(n != 0 for n in nulls) or None in (*lowest, *highest):
            return Stretch(self._uris(adds))
        return Stretch(self._uris(adds), min(lowest), max(highest))


def _refuse_other_formats(handle: DeltaTable, table: Table) -> None:
    needed = handle.protocol().min_reader_version
    if needed > 1:
        raise TableNotReadable(
            f"{table.name} needs a reader of version {needed}: its files alone do not say which "
            "rows are live and what its columns are called.",
            "Write it anew without deletion vectors and column mapping.",
        )
