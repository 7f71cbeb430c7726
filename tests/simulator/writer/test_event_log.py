"""The promise of the log: what append returned for is on disk, whole, and once."""

import os
import shutil
import time
from pathlib import Path

import pytest
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

from lake.duck import LakeReader
from lake.errors import StaleWriter, TableNotReadable
from lake.places import Places
from lake.tables import BED_EVENTS
from simulator.writer.disk import commit_file
from simulator.writer.event_log import WRITER, EventLog, to_arrow
from simulator.writer.torn_files import set_aside_torn_commit
from tests.simulator.ward import SmallWard


@pytest.fixture
def rows() -> list[dict]:
    return SmallWard().rows


@pytest.fixture
def event_log(places: Places) -> EventLog:
    event_log = EventLog(places)
    event_log.open()
    return event_log


def root(places: Places) -> Path:
    return Path(places.table(BED_EVENTS))


def newest_commit(places: Places) -> Path:
    return max((root(places) / "_delta_log").glob("*.json"))


def seqs(places: Places) -> list[int]:
    answer = LakeReader(places).ask("SELECT seq FROM bronze.bed_events ORDER BY seq")
    return [row["seq"] for row in answer.to_pylist()]


def test_rows_are_read_back_as_they_were_appended(event_log, places, rows) -> None:
    event_log.append(rows)
    [first, *_] = LakeReader(places).ask("SELECT * FROM bronze.bed_events ORDER BY seq").to_pylist()
    assert {name: value for name, value in first.items() if value is not None} == {
        name: value for name, value in rows[0].items() if value is not None
    }


def test_every_file_of_a_commit_is_synced_before_append_returns(
    event_log, places, rows, monkeypatch
) -> None:
    synced: set[str] = set()
    real = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda fd: (synced.add(str(Path(f"/proc/self/fd/{fd}").readlink())), real(fd))
    )
    event_log.append(rows)
    table = DeltaTable(places.table(BED_EVENTS))
    version = table.version()
    files = {str(root(places) / path) for path in table.file_uris()}
    expected = {
        *files,
        *(str(Path(path).parent) for path in files),
        str(commit_file(root(places), version)),
        str(root(places) / "_delta_log"),
        str(root(places)),
        str(root(places).parent),
        str(places.home),
    }
    assert expected <= synced


@pytest.mark.parametrize("damage", ["", '{"commitInfo": {"timest'])
def test_a_torn_newest_commit_is_set_aside_and_nothing_else(
    event_log, places, rows, damage
) -> None:
    event_log.append(rows[:2])
    event_log.append(rows[2:])
    newest_commit(places).write_text(damage)
    again = EventLog(places)
    again.open()
    assert again.head_seq == 2
    assert seqs(places) == [1, 2]
    again.append(rows[2:])
    assert seqs(places) == [1, 2, 3, 4]


def test_a_commit_whose_data_is_torn_is_set_aside(event_log, places, rows) -> None:
    event_log.append(rows[:2])
    before = set(DeltaTable(places.table(BED_EVENTS)).file_uris())
    event_log.append(rows[2:])
    [added] = set(DeltaTable(places.table(BED_EVENTS)).file_uris()) - before
    Path(added).write_bytes(b"")
    assert set_aside_torn_commit(places)
    assert seqs(places) == [1, 2]


def test_a_whole_commit_is_left_where_it_is(event_log, places, rows) -> None:
    event_log.append(rows)
    assert set_aside_torn_commit(places) is None


def test_a_table_without_a_first_commit_says_what_to_do(event_log, places) -> None:
    newest_commit(places).write_text("")
    with pytest.raises(TableNotReadable) as caught:
        EventLog(places).open()
    assert "remove" in caught.value.fix


def intrude(places: Places, rows: list[dict], seq: int) -> None:
    write_deltalake(
        places.table(BED_EVENTS),
        to_arrow(rows),
        mode="append",
        commit_properties=CommitProperties(app_transactions=[Transaction(WRITER, seq)]),
    )


def test_a_second_writers_commit_stops_the_first_one(event_log, places, rows) -> None:
    event_log.append(rows[:1])
    intrude(places, rows[1:2], 2)
    with pytest.raises(StaleWriter, match="concurrent"):
        event_log.append(rows[1:2])
    with pytest.raises(StaleWriter, match="stale_writer"):
        event_log.landed(99)
    assert seqs(places) == [1, 2]


def test_a_second_writer_is_seen_when_the_table_is_opened_again(event_log, places, rows) -> None:
    event_log.append(rows[:1])
    intrude(places, rows[1:3], 3)
    with pytest.raises(StaleWriter):
        event_log.compact(rows[0]["event_date"])


def test_a_commit_of_unknown_outcome_is_looked_up(event_log, places, rows) -> None:
    event_log.append(rows[:1])
    assert not event_log.landed(2)
    intrude(places, rows[1:2], 2)
    assert event_log.landed(2)
    assert event_log.head_seq == 2


def test_compaction_keeps_every_row_and_leaves_one_file(event_log, places, rows) -> None:
    for row in rows:
        event_log.append([row])
    event_log.compact(rows[0]["event_date"])
    assert len(DeltaTable(places.table(BED_EVENTS)).file_uris()) == 1
    assert seqs(places) == [1, 2, 3, 4]
    assert event_log.head_seq == 4
    event_log.tidy()
    assert seqs(places) == [1, 2, 3, 4]


def test_files_that_a_checkpoint_has_forgotten_go_once_they_are_past_their_retention(
    event_log, places, rows
) -> None:
    """A checkpoint does not carry which files were replaced long ago."""
    event_log.append(rows)
    [live] = (Path(uri) for uri in DeltaTable(places.table(BED_EVENTS)).file_uris())
    old, young = live.with_name("part-old.parquet"), live.with_name("part-young.parquet")
    for forgotten in (old, young):
        shutil.copy(live, forgotten)
    three_days_ago = time.time() - 3 * 24 * 3600
    os.utime(old, (three_days_ago, three_days_ago))
    event_log.tidy()
    assert (old.exists(), young.exists()) == (False, True)
    assert seqs(places) == [1, 2, 3, 4]


@pytest.mark.parametrize("damage", [b"", b"PAR1 and then the power went"])
def test_a_torn_checkpoint_is_set_aside_and_every_commit_is_there(
    event_log, places, rows, damage
) -> None:
    event_log.append(rows[:3])
    event_log._checkpoint()
    [checkpoint] = (root(places) / "_delta_log").glob("*.checkpoint.parquet")
    checkpoint.write_bytes(damage)
    again = EventLog(places)
    again.open()
    assert again.head_seq == 3
    assert seqs(places) == [1, 2, 3]
    assert (places.home / "set_aside" / f"bed_events-{checkpoint.name}").exists()


def test_a_lake_elsewhere_on_the_disk_is_synced_up_to_where_it_lies(
    tmp_path, rows, monkeypatch
) -> None:
    places = Places(tmp_path / "home", str(tmp_path / "elsewhere" / "lake"))
    synced: set[str] = set()
    monkeypatch.setattr(
        os, "fsync", lambda fd: synced.add(str(Path(f"/proc/self/fd/{fd}").readlink()))
    )
    log = EventLog(places)
    log.open()
    log.append(rows)
    lake = tmp_path / "elsewhere" / "lake"
    assert {str(folder) for folder in (lake.parent, lake, lake / "bronze")} <= synced


def test_the_log_cannot_be_deleted_from(event_log, places, rows) -> None:
    event_log.append(rows)
    with pytest.raises(Exception, match=r"(?i)append"):
        DeltaTable(places.table(BED_EVENTS)).delete("seq = 1")
