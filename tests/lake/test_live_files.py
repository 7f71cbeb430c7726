"""A reader follows its tables: what others commit, other schemas, other dates, upkeep."""

import os
import re
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from lake import live_files
from lake.arrow import open_or_create
from lake.duck import LakeReader
from lake.errors import QueryRefused, TableNotReadable
from lake.live_files import FollowedTable
from lake.places import LogStamp, Places
from lake.tables import (
    BED_BOARD,
    BED_EVENTS,
    BEDS,
    CHECK_RESULTS,
    SILVER_BED_EVENTS,
    WARD_DAILY,
    Table,
)
from tests.lake.lake_rows import write

MONDAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _few_questions_of_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lake.duck.QUESTIONS_OF_A_CONNECTION", 3)


def event(seq: int, **columns: Any) -> dict[str, Any]:
    return {
        "seq": seq,
        "event_date": MONDAY,
        "bed_id": f"bed-{seq}",
        "event_type": "note_added",
    } | (columns)


def seqs(reader: LakeReader, table: Table = BED_EVENTS) -> list[int]:
    answer = reader.ask(f"SELECT seq FROM {table.name} ORDER BY seq")
    return list(answer.column(0).to_pylist())


def append(places: Places) -> None:
    write(places, SILVER_BED_EVENTS, [{"seq": 3, "occurred_on": MONDAY}])


def overwrite(places: Places) -> None:
    rows = pa.Table.from_pylist([{"seq": 3}], schema=SILVER_BED_EVENTS.schema)
    write_deltalake(places.table(SILVER_BED_EVENTS), rows, mode="overwrite")


def merge(places: Places) -> None:
    rows = pa.table({"seq": pa.array([2], pa.int64())})
    merging = DeltaTable(places.table(SILVER_BED_EVENTS)).merge(
        rows, "old.seq = new.seq", source_alias="new", target_alias="old"
    )
    merging.when_matched_update({"seq": "new.seq + 5"}).execute()


def compact_and_vacuum(places: Places) -> None:
    table = DeltaTable(places.table(SILVER_BED_EVENTS))
    table.optimize.compact()
    table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)


@pytest.mark.parametrize(
    ("commit", "found"),
    [
        (append, [1, 2, 3]),
        (overwrite, [3]),
        (merge, [1, 7]),
        (compact_and_vacuum, [1, 2]),
    ],
)
def test_the_next_question_sees_what_another_handle_committed(
    places: Places, commit: Callable[[Places], None], found: list[int]
) -> None:
    for seq in (1, 2):
        write(places, SILVER_BED_EVENTS, [{"seq": seq, "occurred_on": MONDAY}])
    reader = LakeReader(places)
    assert seqs(reader, SILVER_BED_EVENTS) == [1, 2]
    commit(places)
    assert seqs(reader, SILVER_BED_EVENTS) == found


def test_commits_that_bear_the_same_time_are_all_seen(places: Places, monkeypatch) -> None:
    """As two within one step of the file system's clock do."""
    monkeypatch.setattr("lake.places.TICK_NS", 10**12)
    log = Path(places.table(BED_EVENTS), "_delta_log")
    reader, now = LakeReader(places, [BED_EVENTS]), time.time_ns()
    for seq in (1, 2, 3):
        write(places, BED_EVENTS, [event(seq)])
        os.utime(log, ns=(now, now))
        assert seqs(reader) == [*range(1, seq + 1)]


def test_a_log_is_read_again_only_after_a_commit(places: Places, monkeypatch) -> None:
    write(places, BED_EVENTS, [event(1)])
    monkeypatch.setattr("lake.places.TICK_NS", -1)
    followed = FollowedTable(places, BED_EVENTS)
    assert followed.look()
    monkeypatch.setattr(FollowedTable, "_newest", None)
    assert not followed.look()


def test_a_reader_goes_on_where_the_log_was_cleaned_up_behind_it(places: Places) -> None:
    write(places, BED_EVENTS, [event(1)])
    reader = LakeReader(places, [BED_EVENTS])
    for seq in (2, 3):
        write(places, BED_EVENTS, [event(seq)])
    DeltaTable(places.table(BED_EVENTS)).create_checkpoint()
    *before, _ = sorted(Path(places.table(BED_EVENTS), "_delta_log").glob("*.json"))
    for commit in before:
        commit.unlink()
    assert seqs(reader) == [1, 2, 3]


def test_a_table_that_was_made_anew_is_read_anew_and_one_that_is_gone_is_empty(
    places: Places, monkeypatch
) -> None:
    monkeypatch.setattr("lake.places.TICK_NS", -1)
    for seq in (1, 2, 3):
        write(places, BED_EVENTS, [event(seq)])
    reader = LakeReader(places)
    folder = Path(places.table(BED_EVENTS))
    folder.rename(folder.with_name("aside"))
    assert seqs(reader) == []
    write(places, BED_EVENTS, [event(9)])
    assert seqs(reader) == [9]
    shutil.rmtree(folder)
    folder.with_name("aside").rename(folder)
    assert seqs(reader) == [1, 2, 3]


def test_files_of_an_earlier_schema_have_null_where_others_have_values(places: Places) -> None:
    newest = WARD_DAILY.columns[-2]
    earlier = replace(
        WARD_DAILY, columns=tuple(c for c in WARD_DAILY.columns if c.name != newest.name)
    )
    write(places, earlier, [{"ward_id": "W1", "census_on": MONDAY}])
    write(places, WARD_DAILY, [{"ward_id": "W2", "census_on": MONDAY, newest.name: 7}])
    question = f"SELECT {newest.name} FROM gold.ward_daily ORDER BY ward_id"
    assert LakeReader(places).ask(question).column(0).to_pylist() == [None, 7]


def test_partitions_and_their_null_come_back_as_they_were_written(places: Places) -> None:
    write(places, BEDS, [{"bed_id": "A", "ended_on": MONDAY}, {"bed_id": "B"}])
    reader = LakeReader(places)
    answer = reader.ask("SELECT bed_id, ended_on FROM silver.beds ORDER BY bed_id")
    assert answer.to_pylist() == [
        {"bed_id": "A", "ended_on": MONDAY},
        {"bed_id": "B", "ended_on": None},
    ]
    for condition, bed_id in (("IS NULL", "B"), (f"= DATE '{MONDAY}'", "A"), ("IS NOT NULL", "A")):
        found = reader.ask(f"SELECT bed_id FROM silver.beds WHERE ended_on {condition}")
        assert found.column(0).to_pylist() == [bed_id]


def test_every_value_comes_back_as_it_was_written(places: Places) -> None:
    values = {
        "checked_at": NOON, "is_ok": True, "failed_count": 3, "seconds": 0.5,
        "examples": ["one", None], "check_name": "it's",
    }  # fmt: skip
    write(places, CHECK_RESULTS, [values])
    answer = LakeReader(places).ask(f"SELECT {', '.join(values)} FROM gold.check_results")
    assert answer.to_pylist() == [values]
    assert answer.schema.field("checked_at").type == pa.timestamp("us", "UTC")


def files_read(reader: LakeReader, question: str) -> int:
    [[_, plan]] = reader.run(f"EXPLAIN ANALYZE {question}").fetchall()
    return sum(map(int, re.findall(r"Files Read: *(\d+)", plan)))


def test_a_question_for_one_date_opens_the_files_of_that_date(places: Places) -> None:
    for nth in range(20):
        write(places, BED_EVENTS, [event(nth, event_date=MONDAY + timedelta(days=nth))])
    question = "SELECT max(bed_id) FROM bronze.bed_events WHERE event_date = DATE '2026-03-04'"
    assert files_read(LakeReader(places), question) == 1


def test_a_question_for_some_seqs_of_a_long_log_opens_few_files(
    places: Places, monkeypatch
) -> None:
    monkeypatch.setattr(live_files, "NEWEST_FILES", 2)
    for seq in range(1, 25):
        write(places, BED_EVENTS, [event(seq)])
    write(places, BED_BOARD, [{"bed_id": "bed-22", "seq": 22}])
    reader = LakeReader(places)
    assert seqs(reader) == [*range(1, 25)]
    assert files_read(reader, "SELECT max(bed_id) FROM bronze.bed_events WHERE seq > 22") == 2
    assert files_read(reader, "SELECT count(bed_id) FROM live_board") == 3  # with the board's


def test_rows_without_a_seq_are_not_lost_in_a_long_log(places: Places, monkeypatch) -> None:
    monkeypatch.setattr(live_files, "NEWEST_FILES", 1)
    write(places, BED_EVENTS, [event(1), event(0) | {"seq": None}])
    write(places, BED_EVENTS, [event(3)])
    assert set(seqs(LakeReader(places))) == {1, None, 3}


def test_a_locked_reader_follows_and_still_reads_nothing_else(places: Places, tmp_path) -> None:
    write(places, BED_EVENTS, [event(1)])
    elsewhere = tmp_path / "elsewhere.csv"
    elsewhere.write_text("a\n1\n")
    reader = LakeReader(places)
    reader.lock()
    write(places, BED_EVENTS, [event(2)])
    write(places, BED_BOARD, [{"bed_id": "bed-1", "seq": 1, "last_event_type": "note_added"}])
    for _ in range(4):  # another DuckDB than the one that was locked
        reader.refresh()
    assert reader.run("SELECT count(*) FROM bronze.bed_events").fetchall() == [(2,)]
    assert reader.run("SELECT count(*) FROM live_board").fetchall() == [(2,)]
    for question in (f"FROM '{elsewhere}'", f"FROM read_csv('{elsewhere}')"):
        with pytest.raises(QueryRefused):
            reader.run(question)


def test_questions_during_compaction_and_vacuum_lose_no_row(places: Places) -> None:
    """Vacuum keeps the files that a question may have begun with, as the tables' owners do."""
    write(places, BED_EVENTS, [event(1)])
    reader = LakeReader(places, [BED_EVENTS])
    failures: list[object] = []
    ended = threading.Event()

    def ask_on() -> None:
        known = 1
        while not ended.is_set():
            found = seqs(reader)
            if found != [*range(1, len(found) + 1)] or len(found) < known:
                failures.append(found)
            known = len(found)

    askers = [threading.Thread(target=ask_on) for _ in range(3)]
    for asker in askers:
        asker.start()
    for seq in range(2, 22):
        write(places, BED_EVENTS, [event(seq)])
        if seq % 5 == 0:
            table = DeltaTable(places.table(BED_EVENTS))
            table.optimize.compact()
            table.vacuum(dry_run=False, full=True)
    ended.set()
    for asker in askers:
        asker.join()
    assert not failures
    assert seqs(reader) == [*range(1, 22)]


def test_a_table_whose_files_alone_do_not_tell_its_rows_is_refused(places: Places) -> None:
    table = open_or_create(places, CHECK_RESULTS)
    table.alter.set_table_properties({"delta.enableDeletionVectors": "true"})
    reader = LakeReader(places)
    assert "reader of version" in reader.broken["gold.check_results"]
    assert reader.ask("FROM gold.check_results").num_rows == 0

    open_or_create(places, BED_EVENTS).alter.set_table_properties(
        {"delta.enableDeletionVectors": "true"}
    )
    with pytest.raises(TableNotReadable):
        reader.refresh()


def test_a_table_that_was_damaged_is_read_again_once_it_is_whole(places: Places) -> None:
    write(places, BED_BOARD, [{"bed_id": "A", "seq": 1}])
    commit = Path(places.table(BED_BOARD), "_delta_log", f"{1:020d}.json")
    text = commit.read_text()
    commit.write_text("{")
    reader = LakeReader(places)
    assert set(reader.broken) == {"gold.bed_board"}
    commit.write_text(text)
    assert reader.ask("SELECT bed_id FROM gold.bed_board").num_rows == 1
    assert reader.broken == {}


def test_after_some_questions_another_duckdb_answers_alike(places: Places) -> None:
    write(places, BED_EVENTS, [event(1)])
    write(places, BED_BOARD, [{"bed_id": "A", "seq": 1}])
    reader = LakeReader(places)
    board = Path(places.table(BED_BOARD), "_delta_log", f"{2:020d}.json")
    board.write_text("{")  # it stays as it was last read
    with reader.workspace() as sql:
        sql.execute("CREATE TABLE memory.main.kept AS SELECT 7 AS x")
        for _ in range(7):
            assert seqs(reader) == [1]
            assert reader.ask("SELECT bed_id FROM gold.bed_board").num_rows == 1
        assert sql.execute("SELECT x, seq FROM kept, bronze.bed_events").fetchall() == [(7, 1)]
    assert set(reader.broken) == {"gold.bed_board"}
    with pytest.raises(duckdb.CatalogException):
        reader.ask("FROM kept")


def lose_files_of(places: Places, table: Table) -> None:
    for file in Path(places.table(table)).rglob("*.parquet"):
        file.unlink()


def test_a_log_whose_files_are_lost_is_never_just_empty(places: Places) -> None:
    write(places, BED_EVENTS, [event(1)])
    reader = LakeReader(places)
    lose_files_of(places, BED_EVENTS)
    for seq in range(2, 7):
        with pytest.raises(duckdb.Error):
            reader.ask("SELECT count(*) FROM bronze.bed_events")
        write(places, BED_EVENTS, [event(seq)])


@pytest.mark.parametrize("table", [BED_BOARD, CHECK_RESULTS])
def test_a_curated_table_whose_files_are_lost_is_named_and_takes_nothing_else_with_it(
    places: Places, table: Table
) -> None:
    write(places, BED_EVENTS, [event(1)])
    write(places, table, [{"hospital_id": "snr"}])
    lose_files_of(places, table)
    reader = LakeReader(places)
    for _ in range(4):
        assert seqs(reader) == [1]
        assert reader.ask("SELECT bed_id FROM live_board").num_rows == 1
    assert set(reader.broken) == {table.name}


@pytest.mark.parametrize("table", [BED_BOARD, CHECK_RESULTS])
def test_files_that_are_lost_while_a_reader_lives_are_named_at_once(
    places: Places, table: Table
) -> None:
    write(places, BED_EVENTS, [event(1)])
    write(places, table, [{"hospital_id": "snr"}])
    reader = LakeReader(places)
    lose_files_of(places, table)

    assert reader.ask(f"SELECT * FROM {table.name}").num_rows == 0

    assert set(reader.broken) == {table.name}
    assert reader.ask("SELECT bed_id FROM live_board").num_rows == 1


def test_a_damaged_table_that_is_removed_is_empty_and_broken_no_more(places: Places) -> None:
    write(places, BED_EVENTS, [event(1)])
    write(places, BED_BOARD, [{"bed_id": "A", "seq": 0}])
    reader = LakeReader(places)
    Path(places.table(BED_BOARD), "_delta_log", f"{2:020d}.json").write_text("{")
    reader.refresh()
    assert set(reader.broken) == {BED_BOARD.name}
    shutil.rmtree(places.table(BED_BOARD))

    assert reader.ask("SELECT * FROM gold.bed_board").num_rows == 0
    assert reader.broken == {}
    assert reader.columns.keys() == {BED_EVENTS.name}


def test_a_table_that_was_made_anew_in_the_same_place_on_the_disk_is_read_anew(
    places: Places, monkeypatch
) -> None:
    """A file system may give a new folder the number of the one that was removed."""
    monkeypatch.setattr("lake.places.LogStamp", lambda _, at: LogStamp(7, at))
    write(places, BED_EVENTS, [event(1)])
    for seq in (1, 2, 3):
        write(places, CHECK_RESULTS, [{"hospital_id": f"old-{seq}"}])
    reader = LakeReader(places)
    assert reader.ask("SELECT * FROM gold.check_results").num_rows == 3
    shutil.rmtree(places.table(CHECK_RESULTS))
    for seq in range(7):
        write(places, CHECK_RESULTS, [{"hospital_id": f"new-{seq}"}])

    found = reader.ask("SELECT hospital_id FROM gold.check_results").column(0).to_pylist()

    assert sorted(found) == [f"new-{seq}" for seq in range(7)]
