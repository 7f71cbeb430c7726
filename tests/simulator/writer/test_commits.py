"""An append of ours is what delta-rs' own would have been, and is seen by every engine."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from lake.arrow import open_or_create
from lake.errors import LakeError
from lake.places import Places
from lake.tables import BED_EVENTS
from simulator.writer.commits import Commits, about
from simulator.writer.event_log import EventLog, to_arrow
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


def test_a_table_with_features_that_are_not_ours_is_not_written(places, rows) -> None:
    table = open_or_create(places, BED_EVENTS)
    table.alter.set_table_properties({"delta.minWriterVersion": "7"}, raise_if_not_exists=False)
    with pytest.raises(LakeError, match="needs a writer of version 7"):
        EventLog(places).open()
