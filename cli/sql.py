"""`./snr sql`: one query, or a prompt with history and completion."""

import sys
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from prompt_toolkit import PromptSession
from prompt_toolkit.completion import WordCompleter
from prompt_toolkit.history import FileHistory
from prompt_toolkit.lexers import PygmentsLexer
from pygments.lexers.sql import SqlLexer
from typer import BadParameter

from lake.duck import LakeReader
from lake.errors import QueryRefused
from lake.paths import Places
from lake.tables import TABLES

KEYWORDS = "SELECT FROM WHERE GROUP BY ORDER LIMIT JOIN USING AS COUNT DESCRIBE SUMMARIZE SHOW"
FORMATS = ("table", "csv", "json", "parquet")


def run(query: str | None, output: str) -> None:
    if output not in FORMATS:
        raise BadParameter(f"--format {output} is not known; use one of {', '.join(FORMATS)}.")
    places = Places.from_settings()
    reader = LakeReader(places)
    reader.lock()
    if query is not None:
        _answer(reader, query, output)
    elif sys.stdin.isatty():
        _prompt(reader, places, output)
    else:
        _answer(reader, sys.stdin.read(), output)


def _answer(reader: LakeReader, query: str, output: str) -> None:
    result = reader.run(query)
    if result is None:
        return
    try:
        _write(result, output)
    except duckdb.Error as error:
        raise QueryRefused(str(error), "Correct the query and run it again.") from None


def _write(result: duckdb.DuckDBPyConnection, output: str) -> None:
    if output == "table":
        print(_as_text(result.to_arrow_table()))
        return
    table = result.to_arrow_table()
    if output == "csv":
        # Null is empty; an empty text is quoted.
        pa.csv.write_csv(table, sys.stdout.buffer)
    elif output == "parquet":
        pa.parquet.write_table(table, sys.stdout.buffer)
    else:
        print(_as_json(table))


def _as_text(table: pa.Table) -> str:
    if not table.num_columns:
        return ""
    return str(duckdb.from_arrow(table)).rstrip()


def _as_json(table: pa.Table) -> str:
    import orjson

    def plain(value: Any) -> Any:
        if isinstance(value, Decimal):
            return int(value) if value == value.to_integral_value() else float(value)
        return str(value)

    options = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC
    return orjson.dumps(table.to_pylist(), default=plain, option=options).decode()


def _prompt(reader: LakeReader, places: Places, output: str) -> None:
    words = [*KEYWORDS.split(), "live_board", *(table.name for table in TABLES)]
    words += sorted({column for table in TABLES for column in table.column_names})
    places.home.mkdir(parents=True, exist_ok=True)
    session: PromptSession[str] = PromptSession(
        "snr> ",
        completer=WordCompleter(words, ignore_case=True),
        history=FileHistory(str(places.home / "sql_history")),
        lexer=PygmentsLexer(SqlLexer),
    )
    print(
        "Ask the lake in SQL; Ctrl-D ends. Try: SELECT * FROM live_board LIMIT 5", file=sys.stderr
    )
    while True:
        try:
            query = session.prompt()
        except (EOFError, KeyboardInterrupt):
            return
        try:
            _answer(reader, query, output)
        except QueryRefused as error:
            print(error, file=sys.stderr)
