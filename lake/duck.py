"""DuckDB: read-only views of every table, what is live, and those of lake/views.

The views are stable: one over a table that does not exist yet is an empty SELECT of the same
columns, and turns into the table at the next `refresh()`. Each is a list of files, which a refresh
replaces when the table has another version (docs/adr/0011).
"""

import os
import re
import tempfile
import threading
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import pyarrow as pa
from deltalake.exceptions import DeltaError
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from lake.errors import LakeError, QueryRefused, QueryTooLong
from lake.live import (
    ARRAY_JOIN_MACRO,
    BOARD_AT_MACRO,
    BREACHES_AT_MACRO,
    DISPLAY_STATUS_MACRO,
    LIVE_BOARD_VIEW,
    LIVE_BOOKINGS_VIEW,
    LIVE_BREACHES_VIEW,
    NATURAL_ORDER_MACRO,
    UPDATE_TEXT_MACRO,
    live_board,
    live_bookings,
)
from lake.live_files import FollowedTable, Stretch
from lake.places import Places
from lake.tables import (
    BED_BOARD,
    BED_EVENTS,
    BOOKINGS,
    QUARANTINE,
    SILVER_BED_EVENTS,
    TABLES,
    Column,
    Table,
)
from lake.versions import READ_AS

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

QUESTIONS_OF_A_CONNECTION = 300
"""DuckDB keeps notes on blocks that it has freed, some 10 MB in a thousand questions and 60 in all:
each DuckDB is left to them for so long only (docs/adr/0011)."""

VIEWS = ("table_runs", "wards", "room_census", "unit_census", "unit_kpis", "ward_kpis", "overrides",
         "update_origins", "rising_terms", "lost_bed_days", "long_stays",
         "breach_days")  # fmt: skip
"""Files of lake/views, in the order in which they build on each other."""


def view(name: str) -> str:
    """The statement that makes a view; its first lines say what it is."""
    return files("lake").joinpath("views", f"{name}.sql").read_text(encoding="utf-8")


class ReaderSettings(BaseSettings):
    """`SNR_DUCKDB_MEMORY`, `SNR_DUCKDB_THREADS`: what one reader may take."""

    model_config = SettingsConfigDict(env_prefix="SNR_")

    duckdb_memory: str = "2GB"
    duckdb_threads: int = Field(4, ge=1)


class LakeReader:
    """Reads one lake, from any thread: each question has its own cursor, and sees one version of
    each table. A reader of some `tables` knows these alone, and no views of lake/views: to make
    those takes longer than most questions.

    A curated table that cannot be read stays as it was last read, at first empty, until it can; one
    whose files are lost is empty (`broken` says why): it can be made again, and neither booking nor
    the live board waits for it.
    `columns`: what each table that can be read has.
    """

    def __init__(self, places: Places, tables: Sequence[Table] = TABLES) -> None:
        self._places = places
        self.broken: dict[str, str] = {}
        self.columns: dict[str, set[str]] = {}
        # With what makes their views. The log comes last: no table that is made from it is then
        # newer than it.
        self._followed: dict[FollowedTable, list[str]] = {
            FollowedTable(places, table): [] for table in reversed(tables)
        }
        self._is_whole = len(tables) == len(TABLES)
        self._is_locked = False
        self._refreshing = threading.Lock()
        self._connection, self._questions = self._connect(), 0
        self.refresh()

    def refresh(self) -> None:
        """Take in what was committed since the last look."""
        with self._refreshing:
            is_new = self._questions >= QUESTIONS_OF_A_CONNECTION
            connection = self._connect() if is_new else self._connection
            try:
                with connection.cursor() as cursor:
                    self._take_in(cursor)
            except Exception:
                for followed in self._followed:
                    followed.forget()
                raise
            # Who still reads from the one before keeps it until then.
            self._connection = connection
            self._questions = 1 if is_new else self._questions + 1

    def _connect(self) -> duckdb.DuckDBPyConnection:
        """A DuckDB with the views as they were last made."""
        connection = duckdb.connect(config=_limits(self._places, ReaderSettings()))
        tables = (followed.table for followed in self._followed)
        for statement in (*SETTINGS, *SCHEMAS, ARRAY_JOIN_MACRO, *map(_empty_view, tables)):
            connection.execute(statement)
        for statement in _own_views() if self._is_whole else ():
            connection.execute(statement)
        for followed, views in self._followed.items():
            try:
                for view in views:
                    connection.execute(view)
            except duckdb.Error:  # its files are gone: the next look says what is there instead
                followed.forget()
        if self._is_locked:
            _lock(connection, self._places)
        return connection

    def _take_in(self, sql: duckdb.DuckDBPyConnection) -> None:
        """In one transaction: a question sees all of it or nothing."""
        views = {followed: self._views(followed, sql) for followed in self._followed}
        changed = {followed: made for followed, made in views.items() if made}
        if not changed:
            return
        try:
            _run(sql, chain.from_iterable(changed.values()))
        except duckdb.Error:
            changed = {one: self._sound(one, made, sql) for one, made in changed.items()}
            _run(sql, chain.from_iterable(changed.values()))
        self._followed |= changed

    def _sound(
        self, followed: FollowedTable, views: list[str], sql: duckdb.DuckDBPyConnection
    ) -> list[str]:
        """The views, or what stands for them where the table's files are lost."""
        try:
            _run(sql, views, end="ROLLBACK")
        except duckdb.Error as error:
            return self._broken_views(followed, error)
        return views

    def _broken_views(self, followed: FollowedTable, error: Exception) -> list[str]:
        """None: those that are there go on. Raises the error where it is the log's: nothing can be
        said without it."""
        table = followed.table
        if table == BED_EVENTS:
            raise error
        followed.forget()
        self.broken[table.name] = str(error).splitlines()[0]
        if not isinstance(error, duckdb.IOException):
            return []
        return [_empty_view(table), *self._live(table, lambda: 0)]

    def _views(self, followed: FollowedTable, sql: duckdb.DuckDBPyConnection) -> list[str]:
        """What makes the views of the table anew; nothing where it is as it was."""
        table = followed.table
        try:
            if not followed.look():
                return []
            stretches = followed.stretches()
            newest = self._live(table, lambda: _newest_seq(sql, table, stretches))
            views = [_view(table, stretches), *newest]
        except (DeltaError, OSError, LakeError, duckdb.Error) as error:
            return self._broken_views(followed, error)
        self.columns.pop(table.name, None)
        if followed.columns:
            self.columns[table.name] = followed.columns
        self.broken.pop(table.name, None)
        return views

    def _live(self, table: Table, newest_seq: Callable[[], int]) -> list[str]:
        """What makes the live view of the table anew, if it has one here."""
        live = LIVE.get(table.name) if self._is_whole else None
        return [live(str(newest_seq()))] if live else []

    def ask(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """The answer to one of our own questions. Raises QueryTooLong."""
        try:
            return self._answer(sql, parameters or {})
        except duckdb.IOException:
            self._forget()
            return self._answer(sql, parameters or {})

    def _answer(self, sql: str, parameters: Mapping[str, Any]) -> pa.Table:
        self.refresh()
        with self._connection.cursor() as cursor, _in_time(cursor):
            return cursor.execute(sql, dict(parameters)).to_arrow_table()

    def _forget(self) -> None:
        """Files that were there at the last look are gone: a table was removed or made anew."""
        with self._refreshing:
            for followed in self._followed:
                followed.forget()

    @contextmanager
    def workspace(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The same views, with room for temporary tables of one's own."""
        self.refresh()
        with self._connection.cursor() as cursor:
            yield cursor

    def lock(self) -> None:
        """Shut everything but the lake's files, for queries that users write. Cannot be undone."""
        with self._refreshing:
            self._is_locked = True
            _lock(self._connection, self._places)

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
            if isinstance(error, duckdb.IOException):
                self._forget()
            raise QueryRefused(str(error), self._fix_for(error)) from None

    def _fix_for(self, error: duckdb.Error) -> str:
        """Names the tables of that name, where only the schema is left out."""
        missing = NO_SUCH_TABLE.search(str(error))
        names = self._connection.execute(WHOLE_NAMES, [missing[1]]).fetchall() if missing else []
        if not names:
            return "Correct the query and run it again."
        return f"Did you mean {' or '.join(name for (name,) in names)}?"


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Questions that are asked here, and in threads that are begun here, take so long at most."""
    before = _SECONDS.set(seconds)
    try:
        yield
    finally:
        _SECONDS.reset(before)


@contextmanager
def _in_time(cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
    seconds = _SECONDS.get()
    if seconds is None:
        yield
        return
    timer = threading.Timer(seconds, cursor.interrupt)
    timer.start()
    try:
        yield
    except duckdb.InterruptException:
        raise QueryTooLong(seconds) from None
    finally:
        timer.cancel()


_SECONDS: ContextVar[float | None] = ContextVar("seconds", default=None)
"""None: as long as it takes."""

NO_SUCH_TABLE = re.compile(r"Table with name (\w+) does not exist")
WHOLE_NAMES = """
    SELECT schema_name || '.' || name FROM (
        SELECT schema_name, table_name AS name FROM duckdb_tables()
        UNION ALL SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal
    )
    WHERE lower(name) = lower($1) AND schema_name IN ('bronze', 'silver', 'gold')
    ORDER BY ALL
"""


def _run(sql: duckdb.DuckDBPyConnection, statements: Iterable[str], end: str = "COMMIT") -> None:
    """Raises duckdb.Error, with nothing changed."""
    sql.execute("BEGIN")
    try:
        for statement in statements:
            sql.execute(statement)
    except duckdb.Error:
        sql.execute("ROLLBACK")
        raise
    sql.execute(end)


def _lock(connection: duckdb.DuckDBPyConnection, places: Places) -> None:
    connection.execute(f"SET allowed_directories=[{_text(places.lake_url)}]")
    connection.execute("SET enable_external_access=false")
    connection.execute("SET lock_configuration=true")


def _limits(places: Places, settings: ReaderSettings) -> dict[str, Any]:
    """A local disk's files are in the system's cache already."""
    return {
        "memory_limit": settings.duckdb_memory,
        "threads": min(settings.duckdb_threads, os.cpu_count() or 1),
        "temp_directory": str(Path(tempfile.gettempdir(), f"snr-duckdb-{uuid4()}")),
        "enable_external_file_cache": not places.is_local,
    }


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


def _view(table: Table, stretches: Sequence[Stretch]) -> str:
    if not stretches:
        return _empty_view(table)
    rows = " UNION ALL ".join(_read(table, stretch) for stretch in stretches)
    return f"CREATE OR REPLACE VIEW {table.name} AS {_of_all_versions(table, rows)}"


def _of_all_versions(table: Table, rows: str) -> str:
    """Of the log and what keeps its rows: the columns as they are read, whatever version wrote
    them."""
    if table not in (BED_EVENTS, SILVER_BED_EVENTS, QUARANTINE):
        return rows
    columns = ", ".join(
        f"{READ_AS[name]} AS {name}" if name in READ_AS else name for name in table.column_names
    )
    return f"SELECT {columns} FROM ({rows})"  # noqa: S608 - our own names


def _read(table: Table, stretch: Stretch) -> str:
    """Columns by their names: null for those that came since a file was written. The condition
    holds for all rows; by it DuckDB passes over stretches that a question is not about."""
    columns = ", ".join(
        _partition(column, stretch.files[0]) if column.name in table.partition_by else column.name
        for column in table.columns
    )
    files = ", ".join(map(_text, stretch.files))
    read = f"read_parquet([{files}], schema = {_schema(table)}, filename = true)"
    rows = f"SELECT {columns} FROM {read}"  # noqa: S608 - our own names
    if stretch.lowest is None:
        return rows
    return f"{rows} WHERE seq BETWEEN {stretch.lowest} AND {stretch.highest}"


def _partition(column: Column, file: str) -> str:
    """The date in the names of the table's files, null where that is no date. DuckDB passes over
    the files of other dates."""
    begin = file.index(f"/{column.name}=") + len(f"/{column.name}=") + 1
    return f"try_cast(filename[{begin}:{begin + 9}] AS DATE) AS {column.name}"


def _schema(table: Table) -> str:
    stored = (c for c in table.columns if c.name not in table.partition_by)
    return "MAP {" + ", ".join(f"'{c.name}': {_stored(c)}" for c in stored) + "}"


def _stored(column: Column) -> str:
    return f"{{name: '{column.name}', type: '{SQL_TYPES[column.type]}', default_value: NULL}}"


def _newest_seq(sql: duckdb.DuckDBPyConnection, table: Table, stretches: Sequence[Stretch]) -> int:
    """Of what is live in the table. Asked here, so that the live views name the number: by it files
    of the log are passed over."""
    if not stretches:
        return 0
    rows = " UNION ALL ".join(_read(table, stretch) for stretch in stretches)
    is_open = "WHERE ended_on IS NULL" if "ended_on" in table.partition_by else ""
    question = f"SELECT coalesce(max(seq), 0) FROM ({rows}) {is_open}"  # noqa: S608 - our own names
    [(seq,)] = sql.execute(question).fetchall()
    return int(seq)


LIVE = {BED_BOARD.name: live_board, BOOKINGS.name: live_bookings}
"""Tables with what the log has since: each view names the newest `seq` that its table has."""


def _attached_view(table: Table, there: Container[str]) -> str:
    columns = ", ".join(c.name if c.name in there else _null(c) for c in table.columns)
    view = f"CREATE OR REPLACE VIEW {table.name} AS "
    return view + _of_all_versions(table, f"SELECT {columns} FROM {_catalog(table)}")  # noqa: S608 - our own names


def _null(column: Column) -> str:
    return f"NULL::{SQL_TYPES[column.type]} AS {column.name}"


def _empty_view(table: Table) -> str:
    columns = ", ".join(map(_null, table.columns))
    return f"CREATE OR REPLACE VIEW {table.name} AS SELECT {columns} WHERE false"


LAYERS = ("bronze", "silver", "gold")
SETTINGS = (
    "SET GLOBAL TimeZone = 'UTC'",  # of the cursors too
    "SET enable_progress_bar = false",  # it would be printed into the answer of a slow question
)
SCHEMAS = tuple(f"CREATE SCHEMA IF NOT EXISTS {layer}" for layer in LAYERS)


def _own_views() -> Iterator[str]:
    yield NATURAL_ORDER_MACRO
    yield UPDATE_TEXT_MACRO
    yield DISPLAY_STATUS_MACRO
    yield LIVE_BOARD_VIEW
    yield LIVE_BOOKINGS_VIEW
    yield BOARD_AT_MACRO
    yield BREACHES_AT_MACRO
    yield LIVE_BREACHES_VIEW
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
        ARRAY_JOIN_MACRO,
        *(_attach(f"{where}{table.layer}/{table.stem}", table) for table in there),
        *(
            _attached_view(table, columns[table.name]) if table in there else _empty_view(table)
            for table in TABLES
        ),
        *_own_views(),
    )
    return ";\n".join(statement.strip() for statement in statements) + ";\n"
