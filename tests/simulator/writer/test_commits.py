"""An append of ours is what delta-rs' own would have been, and is seen by every engine."""

import os
import shutil
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from lake.arrow import open_or_create
from lake.errors import LakeError, StaleWriter
from lake.places import Places
from lake.tables import BED_EVENTS
from lake.upkeep import retention
from simulator.writer.commits import Commits, about
from simulator.writer.event_log import COMPACT_EVERY, EventLog, to_arrow
from tests.simulator.ward import SmallWard

NOT_THE_SAME = ("path", "size_bytes", "modification_time")


@pytest.fixture
def rows() -> list[dict]:
    """Of two days. delta-rs tells of times in whole milliseconds."""
    whole = [r | {"recorded_at": r["recorded_at"].replace(microsecond=0)} for r in SmallWard().rows]
    return [whole[0] | {"event_date": date(2026, 3, 1)}, *whole[1:]]


def live_files(table: DeltaTable) -> list[dict]:
    """What the table says of each of its files, apart from how they are called and packed."""
    adds = pa.table(table.get_add_actions(flatten=True)).sort_by("partition.event_date")
    names = sorted(set(adds.column_names) - set(NOT_THE_SAME))
    return adds.select(names).to_pylist()


def test_a_commit_says_of_its_files_what_delta_rs_says(tmp_path, rows) -> None:
    ours, theirs = (Places(tmp_path / who, str(tmp_path / who)) for who in ("ours", "theirs"))
    event_log = EventLog(ours)
    event_log.open()
    event_log.append(rows)
    write_deltalake(open_or_create(theirs, BED_EVENTS), to_arrow(rows), mode="append")
    written, expected = (DeltaTable(places.table(BED_EVENTS)) for places in (ours, theirs))
    assert len(live_files(written)) == 2
    assert live_files(written) == live_files(expected)
    contents = (t.to_pyarrow_table().sort_by("seq") for t in (written, expected))
    assert next(contents) == next(contents)


def test_no_commit_takes_the_place_of_another(places, rows) -> None:
    open_or_create(places, BED_EVENTS)
    commits = Commits(places, BED_EVENTS)
    mine, other = (
        about("a", 1, "event_date", 2) + commits.files_of(to_arrow(rows)) for _ in range(2)
    )
    assert commits.put(1, mine)
    assert commits.put(1, mine)  # asked again after an answer that was lost
    assert not commits.put(1, other)
    assert DeltaTable(places.table(BED_EVENTS)).to_pyarrow_table().num_rows == len(rows)


def test_files_that_no_commit_names_are_not_in_the_table(places, rows) -> None:
    open_or_create(places, BED_EVENTS)
    [*files] = Commits(places, BED_EVENTS).files_of(to_arrow(rows))
    assert all((Path(places.table(BED_EVENTS)) / f["add"]["path"]).exists() for f in files)
    assert DeltaTable(places.table(BED_EVENTS)).to_pyarrow_table().num_rows == 0


def test_upkeep_by_somebody_else_is_no_second_writer(places, rows) -> None:
    event_log = EventLog(places)
    event_log.open()
    for row in rows[:2]:
        event_log.append([row])
    DeltaTable(places.table(BED_EVENTS)).alter.set_table_description("looked after")
    event_log.append(rows[2:])
    table = DeltaTable(places.table(BED_EVENTS))
    assert table.to_pyarrow_table()["seq"].sort().to_pylist() == [1, 2, 3, 4]
    assert table.metadata().description == "looked after"


def test_a_writer_that_others_have_left_far_behind_is_refused(places, rows, monkeypatch) -> None:
    """Also where the log has forgotten the commit whose place its own would take."""
    monkeypatch.setattr(retention, "READERS_GRACE", timedelta(0))
    behind, ahead = EventLog(places), EventLog(places)
    for event_log in (behind, ahead):
        event_log.open()
    for seq in range(1, COMPACT_EVERY + 1):
        ahead.append([rows[0] | {"seq": seq}])
        ahead.maintain()
    with pytest.raises(StaleWriter, match="stale_writer"):
        behind.append(rows[:1])
    table = DeltaTable(places.table(BED_EVENTS))
    assert sorted(table.to_pyarrow_table()["seq"].to_pylist()) == [*range(1, COMPACT_EVERY + 1)]
    log = Path(places.table(BED_EVENTS)) / "_delta_log"
    assert min(int(file.stem) for file in log.glob("0*.json")) > 1


@pytest.mark.parametrize("what", ["removed", "of yesterday"])
def test_a_log_that_is_no_longer_there_is_not_written_on(places, rows, what) -> None:
    event_log = EventLog(places)
    event_log.open()
    event_log.append(rows[:1])
    lake, yesterday = Path(places.lake_url), places.home / "yesterday"
    shutil.copytree(lake, yesterday)
    event_log.append(rows[1:2])
    shutil.rmtree(lake)
    if what == "of yesterday":
        yesterday.rename(lake)
    with pytest.raises(StaleWriter, match="is gone"):
        event_log.append(rows[2:3])
    commits = [*(Path(places.table(BED_EVENTS)) / "_delta_log").glob("0*.json")]
    assert len(commits) == (2 if what == "of yesterday" else 0)


def test_rows_are_on_disk_before_their_commit_is_there(places, rows, monkeypatch) -> None:
    event_log = EventLog(places)
    event_log.open()
    log = Path(places.table(BED_EVENTS)) / "_delta_log"
    seen: list[tuple[str, int]] = []
    real = os.fsync
    monkeypatch.setattr(
        os,
        "fsync",
        lambda fd: (
            seen.append((Path(f"/proc/self/fd/{fd}").readlink().suffix, len([*log.glob("0*")]))),
            real(fd),
        ),
    )
    event_log.append(rows)
    assert [count for suffix, count in seen if suffix == ".parquet"][:2] == [1, 1]
    assert (".json", 2) in seen


def test_a_row_without_its_day_is_not_written(places, rows) -> None:
    event_log = EventLog(places)
    event_log.open()
    with pytest.raises(ValueError, match="event_date"):
        event_log.append([rows[0] | {"event_date": None}])
    event_log.append(rows)
    assert DeltaTable(places.table(BED_EVENTS)).to_pyarrow_table().num_rows == len(rows)


def test_a_table_with_features_that_are_not_ours_is_not_written(places, rows) -> None:
    table = open_or_create(places, BED_EVENTS)
    table.alter.set_table_properties({"delta.minWriterVersion": "7"}, raise_if_not_exists=False)
    with pytest.raises(LakeError, match="needs a writer of version 7"):
        EventLog(places).open()
