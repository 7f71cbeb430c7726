"""DuckDB: read-only views of every table, `live_board`, and those of lake/views.

The views are stable: one over a table that does not exist yet is an empty SELECT of the same
columns, and turns into the table at the next `refresh()`.
"""

import re
import threading
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import duckdb_extension_delta
import pyarrow as pa

from lake.errors import QueryRefused
from lake.live import BOARD_AT_MACRO, DISPLAY_STATUS_MACRO, LIVE_BOOKINGS_VIEW
from lake.places import Places
from lake.tables import BED_BOARD, BED_EVENTS, TABLES, Column, Table

READING = frozenset(
    {
        duckdb.StatementType.SELECT,
        duckdb.StatementType.RELATION,
    }
)

EXPLAIN = re.compile(r"^\s*EXPLAIN\s*(ANALYZE\b)?\s*(\([^)]*\))?", re.IGNORECASE)
"""What stands before the statement that is explained, and with ANALYZE run."""

SHOW_TABLES = re.compile(r"^\s*SHOW\s+(ALL\s+)?TABLES\s*;?\s*$", re.IGNORECASE)
TABLES_AND_VIEWS = """
    SELECT if(schema_name = 'main', '', schema_name || '.') || view_name AS name, column_count
    FROM duckdb_views()
    WHERE database_name = 'memory' AND NOT internal
    ORDER BY name
"""
"""The answer to SHOW TABLES: DuckDB's own has one schema only, or what is attached below too."""

SQL_TYPES = {
    pa.string(): "VARCHAR",
    pa.bool_(): "BOOLEAN",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.date32(): "DATE",
    pa.list_(pa.string()): "VARCHAR[]",
    pa.timestamp("us", tz="UTC"): "TIMESTAMP WITH TIME ZONE",
}

BOARD_FROM_EVENTS = {"last_event_type": "event_type"}
"""Columns of the board that an event has under another name."""


VIEWS = ("table_runs", "wards", "room_census", "unit_census", "unit_kpis", "ward_kpis", "overrides",
         "update_origins", "rising_terms")  # fmt: skip
"""Files of lake/views, in the order in which they build on each other."""


def view(name: str) -> str:
    """The statement that makes a view; its first lines say what it is."""
    return files("lake").joinpath("views", f"{name}.sql").read_text(encoding="utf-8")


class LakeReader:
    """Reads one lake, or some of its `tables`, from any thread: each question has its own cursor.

    A curated table that cannot be read stays an empty view until it can (`broken` says why): it can
    be made again, and neither booking nor the live board waits for it. `columns`: what each table
    that can be read has.
    """

    def __init__(self, places: Places, tables: Sequence[Table] = TABLES) -> None:
        self._places = places
        self._tables = tables
        self.broken: dict[str, str] = {}
        self.columns: dict[str, set[str]] = {}
        self._attached: set[str] = set()
        self._attaching = threading.Lock()
        self._connection = duckdb.connect()
        self._connection.execute(f"LOAD {_text(str(delta_extension()))}")
        self._connection.execute("SET TimeZone = 'UTC'")
        for statement in (*SCHEMAS, *map(_empty_view, TABLES), *_own_views()):
            self._connection.execute(statement)
        self.refresh()

    def refresh(self) -> None:
        """Attach the tables that have come into being since the last look."""
        with self._attaching:
            for table in self._tables:
                if table.name not in self._attached and self._places.exists(table):
                    self._attach(table)

    def _attach(self, table: Table) -> None:
        """A table of an earlier version lacks columns; it is looked at again until it has them."""
        try:
            self._connection.execute(f"DETACH DATABASE IF EXISTS {_catalog(table)}")
            self._connection.execute(_attach(self._places.table(table), table))
            described = self._connection.execute(f"DESCRIBE {_catalog(table)}").fetchall()
            there = self.columns[table.name] = {name for name, *_ in described}
            self._connection.execute(_view(table, there))
        except duckdb.Error as error:
            if table == BED_EVENTS:
                raise
            self._connection.execute(f"DETACH DATABASE IF EXISTS {_catalog(table)}")
            self.broken[table.name] = str(error).splitlines()[0]
        else:
            if there.issuperset(table.column_names):
                self._attached.add(table.name)
            self.broken.pop(table.name, None)

    def ask(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """The answer to one of our own questions."""
        self.refresh()
        with self._connection.cursor() as cursor:
            return cursor.execute(sql, dict(parameters or {})).to_arrow_table()

    @contextmanager
    def workspace(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The same views, with room for temporary tables of one's own."""
        self.refresh()
        with self._connection.cursor() as cursor:
            yield cursor

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
        sql = TABLES_AND_VIEWS if SHOW_TABLES.match(sql) else sql
        try:
            statements = self._connection.extract_statements(sql)
            _refuse_writing(statements)
            return self._connection.execute(sql) if statements else None
        except duckdb.Error as error:
            raise QueryRefused(str(error), "Correct the query and run it again.") from None


def delta_extension() -> Path:
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


def _attach(url: str, table: Table) -> str:
    return f"ATTACH {_text(url)} AS {_catalog(table)} (TYPE delta)"


def _text(value: str) -> str:
    """A text of SQL, for statements that take no parameters."""
    return "'" + value.replace("'", "''") + "'"


def _view(table: Table, there: Container[str]) -> str:
    """Null for columns that came since the table was written; its owner adds them at its next
    start."""
    columns = ", ".join(c.name if c.name in there else _null(c) for c in table.columns)
    view = f"CREATE OR REPLACE VIEW {table.name} AS "
    return view + f"SELECT {columns} FROM {_catalog(table)}"  # noqa: S608 - our own names


def _null(column: Column) -> str:
    return f"NULL::{SQL_TYPES[column.type]} AS {column.name}"


def _empty_view(table: Table) -> str:
    columns = ", ".join(map(_null, table.columns))
    return f"CREATE OR REPLACE VIEW {table.name} AS SELECT {columns} WHERE false"


def _live_board() -> str:
    board = ", ".join(BED_BOARD.column_names)
    fresh = ", ".join(
        f"{BOARD_FROM_EVENTS[name]} AS {name}" if name in BOARD_FROM_EVENTS else name
        for name in BED_BOARD.column_names
    )
    return f"""
        -- Every registered bed as it is now: gold.bed_board, and what the log has since.
        -- It does not wait for the stream.
        CREATE OR REPLACE VIEW live_board AS
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

LAYERS = ("bronze", "silver", "gold")
SCHEMAS = tuple(f"CREATE SCHEMA IF NOT EXISTS {layer}" for layer in LAYERS)


def _own_views() -> Iterator[str]:
    yield DISPLAY_STATUS_MACRO
    yield LIVE_BOARD_VIEW
    yield LIVE_BOOKINGS_VIEW
    yield BOARD_AT_MACRO
    yield from map(view, VIEWS)


def init_script(places: Places) -> str:
    """What makes the same views in any DuckDB that is started in the lake's folder."""
    columns = LakeReader(places).columns
    there = [table for table in TABLES if table.name in columns]
    where = "" if places.is_local else f"{places.lake_url}/"
    statements = (
        "INSTALL delta",
        "LOAD delta",
        "SET TimeZone = 'UTC'",
        *SCHEMAS,
        *(_attach(f"{where}{table.layer}/{table.stem}", table) for table in there),
        *(
            _view(table, columns[table.name]) if table in there else _empty_view(table)
            for table in TABLES
        ),
        *_own_views(),
    )
    return ";\n".join(statement.strip() for statement in statements) + ";\n"
