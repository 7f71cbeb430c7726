"""Events for tests: rows with defaults, read from text tables, written as a bronze table."""

import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from deltalake import write_deltalake
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from flows.stream.following import queries_of
from flows.transforms.carried_events import of_the_log
from flows.transforms.silver_bed_events import checked, silver_bed_events
from flows.verify_lake import Compared, Recount
from lake.arrow import open_or_create
from lake.live import UPDATE_TEXT_MACRO
from lake.places import Places
from lake.spark import spark_type
from lake.tables import BED_EVENTS, INSTANT, INT, SILVER_BED_EVENTS, STRINGS, Table
from lake.vocabulary import OF_A_BOOKING

Row = dict[str, Any]


def event(seq: int, **columns: Any) -> Row:
    """A valid event of bed A-1-A (a note), one minute after the event before it."""
    at = datetime(2026, 1, 5, tzinfo=UTC).replace(minute=seq % 60, hour=seq // 60 % 24)
    row: Row = dict.fromkeys(BED_EVENTS.column_names)
    row |= {
        "hospital_id": "snr", "seq": seq, "event_id": f"00000000-{seq:04}",
        "event_type": "note_added",
        "occurred_at": at, "recorded_at": at, "ward_id": "A", "room_id": "A-1", "bed_id": "A-1-A",
        "source": "simulator", "actor": "sim", "request_id": f"r-{seq}", "time_zone": "UTC",
        "schema_version": 1, "bed_status": "available", "is_staffed": True,
    }  # fmt: skip
    if columns.get("event_type") in OF_A_BOOKING:
        row |= {"booking_id": f"b{seq}", "booking_state": "active", "starts_at": at}
        row |= {"stay_id": f"s{seq}", "spell_id": f"p{seq}", "patient_ref": f"MRN-{seq}"}
    row |= columns
    row["event_date"] = (row["recorded_at"] or at).date()
    return row


def text_table(text: str) -> list[Row]:
    """Rows of a table drawn with bars. `-` is null; cells are read by the column's type."""
    lines = [line.strip().strip("|") for line in text.strip().splitlines()]
    header, *body = [[cell.strip() for cell in line.split("|")] for line in lines if line]
    return [
        {name: _value(name, cell) for name, cell in zip(header, row, strict=True)} for row in body
    ]


def events_of(text: str) -> list[Row]:
    """Events of a text table, numbered from 1 where it has no `seq`."""
    rows = text_table(text)
    return [event(row.pop("seq", nth), **row) for nth, row in enumerate(rows, 1)]


def bronze(spark: SparkSession, rows: Iterable[Row]) -> DataFrame:
    return _frame(spark, BED_EVENTS, rows)


def silver(spark: SparkSession, text: str) -> DataFrame:
    """The events of a text table as rows of silver.bed_events: known by value, as a table's rows
    are, so that what is made of them is all that Spark has to plan."""
    return silver_of(spark, events_of(text))


def silver_of(spark: SparkSession, rows: Iterable[Row]) -> DataFrame:
    events = of_the_log(silver_bed_events(checked(bronze(spark, rows))))
    return spark.createDataFrame(events.toArrow(), events.schema)


def compared_again(events: DataFrame, *found: tuple[Table, DataFrame]) -> list[Compared]:
    """What was made of the events beside what a recount makes of them, in the order given."""
    log = events.select(*SILVER_BED_EVENTS.column_names).toArrow()
    with duckdb.connect() as sql:
        sql.execute("SET TimeZone = 'UTC'")
        sql.execute(UPDATE_TEXT_MACRO)
        for table, rows in ((BED_EVENTS, log), *((t, f.toArrow()) for t, f in found)):
            sql.execute(f"CREATE SCHEMA IF NOT EXISTS {table.layer}")
            sql.register("rows", rows)
            sql.execute(f"CREATE TABLE {table.name} AS FROM rows")
        recount = Recount(sql)
        recount.read_log(max(log["seq"].to_pylist()))
        return [recount.compared(table) for table, _ in found]


def write_bronze(places: Places, rows: Iterable[Row]) -> None:
    """Append to bronze.bed_events as the engine does: with delta-rs."""
    data = pa.Table.from_pylist(list(rows), schema=BED_EVENTS.schema)
    write_deltalake(open_or_create(places, BED_EVENTS), data, mode="append")


def board_catches_up(spark: SparkSession, places: Places, *, again: bool = False) -> None:
    """As `catch_up`, without the string analysis, which takes longer than the rest."""
    _, [of_board, _] = queries_of(spark, places, "by hand", again=again)
    of_board.start(spark, places).awaitTermination()


def copy_of(home: Path, places: Places) -> Places:
    """A lake once made, for a test of its own: neither tables nor checkpoints know where they lie."""
    shutil.copytree(home, places.home, dirs_exist_ok=True)
    return places


def rows_of(frame: DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    """The frame's rows, sorted; instants as `01-05T10:00`, dates as `01-05`."""
    found = frame.select(*(_readable(frame, column) for column in columns)).collect()
    return sorted((tuple(row) for row in found), key=str)


def _frame(spark: SparkSession, table: Table, rows: Iterable[Row]) -> DataFrame:
    """By way of Arrow: of Python's own rows Spark makes values in processes that it starts."""
    return spark.createDataFrame(pa.Table.from_pylist(list(rows), table.schema), spark_type(table))


def _value(name: str, cell: str) -> Any:
    types = {column.name: column.type for column in SILVER_BED_EVENTS.columns}
    if cell == "-":
        return None
    if types.get(name) == INSTANT:
        return datetime.fromisoformat(f"2026-{cell}").replace(tzinfo=UTC)
    if types.get(name) == STRINGS:
        return cell.split(",")
    if types.get(name) == INT:
        return int(cell)
    return {"yes": True, "no": False}.get(cell, cell)


def _readable(frame: DataFrame, column: str) -> Column:
    formats = {"timestamp": "MM-dd'T'HH:mm", "date": "MM-dd"}
    form = formats.get(dict(frame.dtypes)[column])
    return F.date_format(column, form) if form else F.col(column)
