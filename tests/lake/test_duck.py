import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from deltalake import write_deltalake

from lake.arrow import open_or_create
from lake.duck import SQL_TYPES, LakeReader, init_script, within
from lake.errors import QueryRefused, QueryTooLong
from lake.places import Places
from lake.tables import BED_BOARD, BED_EVENTS, CHECK_RESULTS, TABLES, Table
from simulator.writer.event_log import to_arrow

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def put(places: Places, table: Table, *rows: dict) -> None:
    import pyarrow as pa

    columns = [pa.array([row.get(f.name) for row in rows], f.type) for f in table.schema]
    write_deltalake(
        open_or_create(places, table), pa.record_batch(columns, schema=table.schema), mode="append"
    )


def event(seq: int, bed_id: str | None, status: str, event_type: str = "note_added") -> dict:
    return {
        "seq": seq,
        "bed_id": bed_id,
        "bed_status": status,
        "event_type": event_type,
        "event_date": NOW.date(),
        "occurred_at": NOW,
    }


def board(seq: int, bed_id: str, status: str) -> dict:
    return {"seq": seq, "bed_id": bed_id, "bed_status": status, "last_event_type": "note_added"}


def live(reader: LakeReader) -> dict[str, str]:
    rows = reader.ask("SELECT bed_id, bed_status FROM live_board").to_pylist()
    return {row["bed_id"]: row["bed_status"] for row in rows}


def test_a_table_that_does_not_exist_is_an_empty_select_of_its_columns(places) -> None:
    reader = LakeReader(places)
    for table in TABLES:
        answer = reader.ask(f"SELECT * FROM {table.name}")
        assert answer.column_names == table.column_names
        assert answer.num_rows == 0


def test_a_view_turns_into_its_table_once_that_exists(places) -> None:
    reader = LakeReader(places)
    put(places, BED_EVENTS, event(1, "A", "available"))
    assert reader.ask("SELECT seq FROM bronze.bed_events").to_pylist() == [{"seq": 1}]


def test_the_live_board_takes_the_newest_of_board_and_log(places) -> None:
    put(places, BED_BOARD, board(3, "A", "dirty"), board(2, "B", "occupied"))
    put(
        places,
        BED_EVENTS,
        event(1, "A", "available"),
        event(2, "B", "occupied"),
        event(3, "A", "dirty"),
        event(4, None, "", "clock_set"),
        event(5, "A", "cleaning"),
        event(6, "C", "available"),
    )
    assert live(LakeReader(places)) == {"A": "cleaning", "B": "occupied", "C": "available"}


def test_the_live_board_works_before_the_stream_has_written_anything(places) -> None:
    put(places, BED_EVENTS, event(1, "A", "available"), event(2, "A", "occupied"))
    assert live(LakeReader(places)) == {"A": "occupied"}


def test_a_retired_bed_is_not_on_the_live_board(places) -> None:
    put(places, BED_BOARD, board(1, "A", "available"))
    put(places, BED_EVENTS, event(2, "A", "available", "bed_retired"))
    assert live(LakeReader(places)) == {}


def test_types_in_duckdb_are_those_of_the_schema(places) -> None:
    open_or_create(places, BED_EVENTS)
    described = LakeReader(places).ask("DESCRIBE bronze.bed_events").to_pylist()
    found = {row["column_name"]: row["column_type"] for row in described}
    assert found == {column.name: SQL_TYPES[column.type] for column in BED_EVENTS.columns}


@pytest.fixture
def locked(places) -> LakeReader:
    put(places, BED_EVENTS, event(1, "A", "available"))
    reader = LakeReader(places)
    reader.lock()
    return reader


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) FROM bronze.bed_events",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "DESCRIBE gold.bed_board",
        "SHOW TABLES",
        "SUMMARIZE bronze.bed_events",
        "EXPLAIN SELECT 1",
        "EXPLAIN ANALYZE SELECT 1",
    ],
)
def test_what_reads_may_run(locked, query) -> None:
    assert locked.run(query).fetchall()


@pytest.mark.parametrize(
    "query",
    [
        "COPY (SELECT 1) TO '{lake}/x.csv'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "DROP VIEW live_board",
        "CREATE TABLE x AS SELECT 1",
        "ATTACH '{lake}/x.db'",
        "SET threads = 1",
        "INSTALL httpfs",
        "SELECT 1; DROP VIEW live_board",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{lake}/x.csv'",
        "EXPLAIN (ANALYZE) COPY (SELECT 1) TO '{lake}/x.csv'",
        "/* */ EXPLAIN ANALYZE COPY (SELECT 1) TO '{lake}/x.csv'",
        "PRAGMA enable_profiling",
        "SELEC 1",
        "SELECT * FROM no_such_table",
    ],
)
def test_what_writes_leaves_the_lake_or_cannot_be_parsed_is_refused(locked, places, query) -> None:
    with pytest.raises(QueryRefused):
        locked.run(query.format(lake=places.lake_url))
    assert locked.run("SELECT count(*) FROM live_board").fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("breaches", "Did you mean gold.breaches?"),
        ("BED_STAYS", "Did you mean silver.bed_stays?"),
        ("bed_events", "Did you mean bronze.bed_events or silver.bed_events?"),
        ("no_such_thing", "Correct the query and run it again."),
    ],
)
def test_a_table_without_its_schema_is_named_with_it(tmp_path, name, told) -> None:
    reader = LakeReader(Places(tmp_path, str(tmp_path / "lake")))
    with pytest.raises(QueryRefused) as caught:
        reader.run(f"SELECT * FROM {name}")
    assert caught.value.fix == told


def test_a_slow_question_prints_no_progress_into_its_answer(places) -> None:
    """DuckDB has it on wherever Python has no script of its own, as with `-c`."""
    asked = (
        "import sys; from pathlib import Path;"
        "from lake.duck import LakeReader; from lake.places import Places;"
        "reader = LakeReader(Places(Path(sys.argv[1]), sys.argv[2]));"
        """print(reader.run("SELECT current_setting('enable_progress_bar')").fetchall())"""
    )
    command = [sys.executable, "-c", asked, str(places.home), places.lake_url]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "[(False,)]\n"


def test_the_log_writes_what_the_schema_says() -> None:
    assert to_arrow([event(1, "A", "available")]).schema == BED_EVENTS.schema


def test_a_damaged_curated_table_is_named_and_takes_nothing_else_with_it(places: Places) -> None:
    """The board comes from the log alone until its own table can be read again."""
    put(places, BED_EVENTS, event(1, "A", "available"), event(2, "B", "occupied"))
    log = Path(places.table(BED_BOARD), "_delta_log")
    log.mkdir(parents=True)
    (log / f"{0:020d}.json").write_text("")
    reader = LakeReader(places)
    assert set(live(reader)) == {"A", "B"}
    assert set(reader.broken) == {"gold.bed_board"}
    assert LakeReader(places, [BED_EVENTS]).broken == {}


def test_a_reader_of_some_tables_knows_these_alone(places: Places) -> None:
    """Another one would look empty to it, which it need not be."""
    put(places, BED_EVENTS, event(1, "A", "available"))
    put(places, BED_BOARD, board(1, "A", "available"))
    for tables in ([BED_EVENTS], [BED_BOARD], [BED_BOARD, BED_EVENTS]):
        reader = LakeReader(places, tables)
        assert [reader.ask(f"FROM {table.name}").num_rows for table in tables] == [1] * len(tables)
        assert set(reader.columns) == {table.name for table in tables}
        for unknown in ("gold.check_results", "gold.wards", "live_board"):
            with pytest.raises(duckdb.Error):
                reader.ask(f"FROM {unknown}")


def test_a_lake_of_an_earlier_version_gets_the_columns_that_came_since(places: Places) -> None:
    newest = BED_EVENTS.columns[-1]
    earlier = replace(BED_EVENTS, columns=BED_EVENTS.columns[:-1])
    put(places, earlier, event(1, "A", "available"))
    open_or_create(places, BED_EVENTS)
    put(places, BED_EVENTS, event(2, "A", "occupied") | {newest.name: "Ward"})
    answer = LakeReader(places).ask(f"SELECT {newest.name} FROM {BED_EVENTS.name} ORDER BY seq")
    assert answer.column(0).to_pylist() == [None, "Ward"]


def test_columns_that_came_since_are_null_until_the_owner_has_added_them(places: Places) -> None:
    put(places, replace(CHECK_RESULTS, columns=CHECK_RESULTS.columns[:4]), {"check_name": "fresh"})
    reader = LakeReader(places)
    question = "SELECT check_name, promise, examples FROM gold.check_results"
    assert reader.ask(question).to_pylist() == [
        {"check_name": "fresh", "promise": None, "examples": None}
    ]
    assert reader.broken == {}
    assert "NULL::VARCHAR AS promise" in init_script(places)

    put(places, CHECK_RESULTS, {"promise": "It holds."})
    assert {row["promise"] for row in reader.ask(question).to_pylist()} == {None, "It holds."}


def test_a_question_ends_in_time_where_somebody_says_how_much(places: Places) -> None:
    reader = LakeReader(places)
    with within(0.2), pytest.raises(QueryTooLong, match=r"longer than 0\.2 s"):
        reader.ask("SELECT count(*) FROM range(100000000000) WHERE range % 7 = 3")
    assert reader.ask("SELECT 1 AS one").to_pylist() == [{"one": 1}]
