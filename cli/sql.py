"""`./snr sql`: one query, or a prompt with history and completion."""

import json
import re
import shutil
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from prompt_toolkit import PromptSession
from prompt_toolkit.completion import Completer, WordCompleter, merge_completers
from prompt_toolkit.history import FileHistory
from prompt_toolkit.lexers import PygmentsLexer
from pyarrow import csv, parquet
from pygments.lexers.sql import SqlLexer
from typer import BadParameter

from flows.stream.pace import ask
from lake.duck import TABLES_AND_VIEWS, LakeReader, init_script
from lake.errors import LakeError, QueryRefused
from lake.places import Places
from lake.tables import TABLE_RUNS_BATCH

KEYWORDS = "SELECT FROM WHERE GROUP BY ORDER LIMIT JOIN USING AS COUNT DESCRIBE SUMMARIZE SHOW"
FORMATS = ("table", "csv", "json", "parquet")

MOST_ROWS = 200
"""Of an answer that is shown as a table; the other formats have every row."""

ANY_BUILD = f"SELECT 1 FROM {TABLE_RUNS_BATCH.name} LIMIT 1"  # noqa: S608 - our own name
NOTHING_BUILT = (
    "No build has ended yet, so the batch tables are empty: wait for it, or ./snr build."
)

INIT_SCRIPT = "init.sql"
HOW_TO_USE = """\
Written. To ask the lake in a DuckDB of your own (1.5 or newer), start it in the lake's folder:
  cd {folder}
  duckdb -init {name}
It has every table and view of `./snr sql`. The first time DuckDB fetches its extension `delta` from
the network. A table that comes into being later is empty there until
this is run again."""


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


def write_init_script() -> None:
    """Raises LakeError where there is no folder to start a DuckDB in."""
    places = Places.from_settings()
    folder = Path(places.lake_url)
    if not places.is_local or not folder.is_dir():
        raise LakeError(
            f"There is no folder {places.lake_url} to start a DuckDB in.",
            "Name the SNR_HOME of a lake on this machine, or make one: ./snr up",
        )
    path = folder / INIT_SCRIPT
    path.write_text(init_script(places), encoding="utf-8")
    print(HOW_TO_USE.format(folder=folder, name=INIT_SCRIPT), file=sys.stderr)
    print(path)


def _answer(reader: LakeReader, query: str, output: str) -> None:
    result = reader.run(query)
    if result is None:
        return
    try:
        table = result.to_arrow_table()
    except duckdb.Error as error:
        raise QueryRefused(str(error), "Correct the query and run it again.") from None
    _write(table, output)
    if not table.num_rows and not reader.ask(ANY_BUILD).num_rows:
        print(NOTHING_BUILT, file=sys.stderr)


def _write(table: pa.Table, output: str) -> None:
    if output == "table":
        _show(table)
    elif output == "csv":
        # Null is empty; an empty text is quoted.
        csv.write_csv(_flat(table), sys.stdout.buffer)
    elif output == "parquet":
        parquet.write_table(table, sys.stdout.buffer)
    else:
        print(_as_json(table))


def _flat(table: pa.Table) -> pa.Table:
    """Lists and the like as JSON: a CSV file knows only values."""
    for nth, field in enumerate(table.schema):
        if pa.types.is_nested(field.type):
            values = table.column(nth).to_pylist()
            texts = [None if v is None else json.dumps(v, default=str) for v in values]
            table = table.set_column(nth, field.name, pa.array(texts, pa.string()))
    return table


def _show(table: pa.Table) -> None:
    """On a terminal as wide as that, elsewhere with all columns."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 100_000
    if table.num_columns:
        duckdb.from_arrow(table).show(max_width=width, max_rows=MOST_ROWS)


def _as_json(table: pa.Table) -> str:
    import orjson

    def plain(value: Any) -> Any:
        if isinstance(value, Decimal):
            return int(value) if value == value.to_integral_value() else float(value)
        return str(value)

    options = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC
    return orjson.dumps(table.to_pylist(), default=plain, option=options).decode()


def completer(reader: LakeReader) -> Completer:
    """Tables and views by their whole name, columns and keywords by the word."""
    names = _texts(reader, TABLES_AND_VIEWS)
    columns = _texts(
        reader,
        "SELECT DISTINCT column_name FROM duckdb_columns() "
        "WHERE database_name = 'memory' AND NOT internal ORDER BY ALL",
    )
    return merge_completers(
        [
            WordCompleter(names, ignore_case=True, pattern=re.compile(r"[\w.]+")),
            WordCompleter([*KEYWORDS.split(), *columns], ignore_case=True),
        ]
    )


def _texts(reader: LakeReader, query: str) -> list[str]:
    return [str(text) for text in reader.ask(query).column(0).to_pylist()]


def _prompt(reader: LakeReader, places: Places, output: str) -> None:
    places.home.mkdir(parents=True, exist_ok=True)
    session: PromptSession[str] = PromptSession(
        "snr> ",
        completer=completer(reader),
        history=FileHistory(str(places.home / "sql_history")),
        lexer=PygmentsLexer(SqlLexer),
    )
    print(
        "Ask the lake in SQL; Ctrl-D ends. Try: FROM live_board SELECT bed_id, bed_status",
        file=sys.stderr,
    )
    while True:
        ask(places)
        try:
            query = session.prompt()
        except (EOFError, KeyboardInterrupt):
            return
        reader.refresh()
        try:
            _answer(reader, query, output)
        except QueryRefused as error:
            print(error, file=sys.stderr)
