"""DuckDB: read-only views of every table, and `live_board`.

The views are stable: one over a table that does not exist yet is an empty SELECT of the same
columns, and turns into the table at the next `refresh()`.
"""

import re
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import duckdb_extension_delta
import pyarrow as pa

from lake.errors import QueryRefused
from lake.paths import Places
from lake.tables import (
    BED_BOARD,
    BED_EVENTS,
    TABLE_RUNS_BATCH,
    TABLE_RUNS_STREAM,
    TABLES,
    Table,
)

READING = frozenset(
    {
        duckdb.StatementType.SELECT,
        duckdb.StatementType.RELATION,
    }
)

EXPLAIN = re.compile(r"^\s*EXPLAIN\s*(ANALYZE\b)?\s*(\([^)]*\))?", re.IGNORECASE)
"""What stands before the statement that is explained, and with ANALYZE run."""

SQL_TYPES = {
    pa.string(): "VARCHAR",
    pa.bool_(): "BOOLEAN",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.date32(): "DATE",
    pa.timestamp("us", tz="UTC"): "TIMESTAMP WITH TIME ZONE",
}

BOARD_FROM_EVENTS = {"last_event_type": "event_type"}
"""Columns of the board that an event has under another name."""


class LakeReader:
    """Reads one lake, or some of its `tables`, from any thread: each question has its own cursor.

    A curated table that cannot be read stays an empty view until it can (`broken` says why): it can
    be made again, and neither booking nor the live board waits for it.
    """

    def __init__(self, places: Places, tables: Sequence[Table] = TABLES) -> None:
        self._places = places
        self._tables = tables
        self.broken: dict[str, str] = {}
        self._attached: set[str] = set()
        self._attaching = threading.Lock()
        self._connection = duckdb.connect()
        self._connection.execute(f"LOAD {_text(str(_delta_extension()))}")
        self._connection.execute("SET TimeZone = 'UTC'")
        for layer in ("bronze", "silver", "gold"):
            self._connection.execute(f"CREATE SCHEMA {layer}")
        for table in TABLES:
            self._connection.execute(_empty_view(table))
        self._connection.execute(TABLE_RUNS_VIEW)
        self._connection.execute(LIVE_BOARD_VIEW)
        self.refresh()

    def refresh(self) -> None:
        """Attach the tables that have come into being since the last look."""
        with self._attaching:
            for table in self._tables:
                if table.name not in self._attached and self._places.exists(table):
                    self._attach(table)

    def _attach(self, table: Table) -> None:
        try:
            self._connection.execute(_attach(self._places, table))
            self._connection.execute(_view(table))
        except duckdb.Error as error:
            if table == BED_EVENTS:
                raise
            self._connection.execute(f"DETACH DATABASE IF EXISTS {_catalog(table)}")
            self.broken[table.name] = str(error).splitlines()[0]
        else:
            self._attached.add(table.name)
            self.broken.pop(table.name, None)

    def ask(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """The answer to one of our own questions."""
        self.refresh()
        with self._connection.cursor() as cursor:
            return cursor.execute(sql, dict(parameters or {})).to_arrow_table()

    def lock(self) -> None:
        """Shut everything but the lake's files, for queries that users write. Cannot be undone."""
        folder = _text(self._places.lake_url)
        self._connection.execute(f"SET allowed_directories=[{folder}]")
        self._connection.execute("SET enable_external_access=false")
        self._connection.execute("SET lock_configuration=true")

    def run(self, sql: str) -> duckdb.DuckDBPyConnection | None:
        """Run a user's statement, only if it reads. None where the statement is empty.

        Raises QueryRefused for what would write, and for what DuckDB cannot parse or run.
        """
        try:
            statements = self._connection.extract_statements(sql)
            _refuse_writing(statements)
            return self._connection.execute(sql) if statements else None
        except duckdb.Error as error:
            raise QueryRefused(str(error), "Correct the query and run it again.") from None


def _delta_extension() -> Path:
    """DuckDB's own signed Delta reader, as it comes in its wheel."""
    [path] = Path(duckdb_extension_delta.__path__[0]).rglob("delta.duckdb_extension")
    return path


def _refuse_writing(statements: list[duckdb.Statement]) -> None:
    for statement in statements:
        explained = EXPLAIN.sub("", statement.query)
        if statement.type == duckdb.StatementType.EXPLAIN and explained != statement.query:
            _refuse_writing(duckdb.extract_statements(explained))
        elif statement.type not in READING:
            raise QueryRefused(
                f"{statement.type.name} is not allowed: the lake is read-only here.",
                "Use SELECT, EXPLAIN, DESCRIBE, SHOW or SUMMARIZE.",
            )


def _catalog(table: Table) -> str:
    return f"_{table.layer}_{table.stem}"


def _attach(places: Places, table: Table) -> str:
    return f"ATTACH {_text(places.table(table))} AS {_catalog(table)} (TYPE delta)"


def _text(value: str) -> str:
    """A text of SQL, for statements that take no parameters."""
    return "'" + value.replace("'", "''") + "'"


def _view(table: Table) -> str:
    columns = ", ".join(table.column_names)
    view = f"CREATE OR REPLACE VIEW {table.name} AS "
    return view + f"SELECT {columns} FROM {_catalog(table)}"  # noqa: S608 - our own names


def _empty_view(table: Table) -> str:
    columns = ", ".join(f"NULL::{SQL_TYPES[c.type]} AS {c.name}" for c in table.columns)
    return f"CREATE VIEW {table.name} AS SELECT {columns} WHERE false"


def _live_board() -> str:
    board = ", ".join(BED_BOARD.column_names)
    fresh = ", ".join(
        f"{BOARD_FROM_EVENTS[name]} AS {name}" if name in BOARD_FROM_EVENTS else name
        for name in BED_BOARD.column_names
    )
    return f"""
        CREATE VIEW live_board AS
        WITH rows AS (
            SELECT {board} FROM {BED_BOARD.name}
            UNION ALL
            SELECT {fresh} FROM {BED_EVENTS.name}
            WHERE bed_id IS NOT NULL
              AND seq > (SELECT coalesce(max(seq), 0) FROM {BED_BOARD.name})
        )
        SELECT {board} FROM rows
        QUALIFY row_number() OVER (PARTITION BY bed_id ORDER BY seq DESC) = 1
            AND last_event_type <> 'bed_retired'
    """  # noqa: S608 - names of our own columns, no input


LIVE_BOARD_VIEW = _live_board()

TABLE_RUNS_VIEW = f"""
    CREATE VIEW gold.table_runs AS
    SELECT * FROM {TABLE_RUNS_BATCH.name} UNION ALL SELECT * FROM {TABLE_RUNS_STREAM.name}
"""  # noqa: S608
