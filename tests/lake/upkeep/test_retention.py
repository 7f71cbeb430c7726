"""What a table throws away waits for those who follow it."""

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest

from lake.arrow import open_or_create
from lake.places import Places
from lake.tables import BED_EVENTS
from lake.upkeep import retention
from lake.upkeep.retention import (
    all_follow_within,
    forget_passed_commits,
    slowest_position,
    unreadable_followers,
)

CHECKPOINTS, COMMITS = (10, 20), range(25)


@pytest.fixture
def table_id(places: Places, monkeypatch: pytest.MonkeyPatch) -> str:
    """Of a log with made-up entries: 25 commits, with a checkpoint at 10 and at 20."""
    monkeypatch.setattr(retention, "READERS_GRACE", timedelta(0))
    handle = open_or_create(places, BED_EVENTS)
    for version in COMMITS[1:]:
        log_of(places).joinpath(f"{version:020d}.json").write_text("{}")
    for version in CHECKPOINTS:
        log_of(places).joinpath(f"{version:020d}.checkpoint.parquet").write_text("")
    return str(handle.metadata().id)


def log_of(places: Places) -> Path:
    return Path(places.table(BED_EVENTS), "_delta_log")


def kept(places: Places) -> list[int]:
    return sorted(int(file.stem) for file in log_of(places).glob("*.json") if file.stem.isdigit())


def follow(places: Places, query: str, table_id: str, *positions: int) -> None:
    """A checkpoint as Spark writes it: where each batch ended."""
    offsets = Path(places.checkpoint(query), "offsets")
    offsets.mkdir(parents=True)
    for batch, position in enumerate(positions):
        source = {"sourceVersion": 1, "reservoirId": table_id, "reservoirVersion": position}
        (offsets / str(batch)).write_text(f"v1\n{{}}\n{json.dumps(source)}")
        (offsets / f".{batch}.crc").write_text("")


def test_without_followers_only_the_newest_checkpoint_and_what_follows_stay(
    places: Places, table_id: str
) -> None:
    forget_passed_commits(places, BED_EVENTS, table_id)
    assert kept(places) == [20, 21, 22, 23, 24]
    assert not log_of(places).joinpath(f"{10:020d}.checkpoint.parquet").exists()


def test_a_follower_that_stands_still_keeps_all_that_it_has_not_read(
    places: Places, table_id: str
) -> None:
    follow(places, "fast", table_id, 25, 25)
    follow(places, "slow", table_id, 3, 14, 25)
    forget_passed_commits(places, BED_EVENTS, table_id)
    assert kept(places) == list(range(10, 25))


def test_the_newest_batch_is_not_passed_whether_or_not_it_is_done(
    places: Places, table_id: str
) -> None:
    """A query that starts again plans it once more, even a done one."""
    follow(places, "stream", table_id, 14, 25)
    assert slowest_position(places, table_id) == 14


def test_a_follower_in_its_first_batch_needs_everything(places: Places, table_id: str) -> None:
    follow(places, "stream", table_id, 25)
    forget_passed_commits(places, BED_EVENTS, table_id)
    assert kept(places) == list(COMMITS)


def test_a_source_without_a_position_holds_nothing_back(places: Places, table_id: str) -> None:
    follow(places, "stream", table_id, 14)
    Path(places.checkpoint("stream"), "offsets", "0").write_text("v1\n{}\n-")
    assert slowest_position(places, table_id) is None


def test_followers_of_other_tables_keep_nothing(places: Places, table_id: str) -> None:
    follow(places, "stream", "another-table", 3, 4)
    assert slowest_position(places, table_id) is None


def test_a_reader_that_has_just_listed_the_log_still_finds_its_files(
    places: Places, table_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "READERS_GRACE", timedelta(seconds=10))
    forget_passed_commits(places, BED_EVENTS, table_id)
    assert kept(places) == list(COMMITS)


@pytest.mark.parametrize(("hours_ago", "is_within"), [(1, True), (49, False)])
def test_a_follower_that_waits_too_long_is_noticed(
    places: Places, table_id: str, hours_ago: int, is_within: bool
) -> None:
    follow(places, "stream", table_id, 7, 8)
    entry = log_of(places) / f"{7:020d}.json"
    then = entry.stat().st_mtime - hours_ago * 3600
    os.utime(entry, (then, then))
    assert all_follow_within(places, BED_EVENTS, table_id, timedelta(days=2)) is is_within


def test_a_follower_whose_first_commits_are_gone_is_never_within(
    places: Places, table_id: str
) -> None:
    forget_passed_commits(places, BED_EVENTS, table_id)
    follow(places, "stream", table_id, 25)
    assert not all_follow_within(places, BED_EVENTS, table_id, timedelta(days=2))


def test_a_half_written_checkpoint_is_not_one(places: Places, table_id: str) -> None:
    log_of(places).joinpath(f"{24:020d}.checkpoint.parquet#1").write_text("")
    forget_passed_commits(places, BED_EVENTS, table_id)
    assert kept(places) == [20, 21, 22, 23, 24]


def test_followers_that_have_read_all_are_never_behind(places: Places, table_id: str) -> None:
    follow(places, "stream", table_id, 25, 25)
    assert all_follow_within(places, BED_EVENTS, table_id, timedelta(0))


def test_what_batch_readers_may_still_ask_for_is_kept_for_a_while(
    places: Places, table_id: str
) -> None:
    forget_passed_commits(places, BED_EVENTS, table_id, kept_for=timedelta(days=1))
    assert kept(places) == list(COMMITS)


def test_a_follower_with_a_torn_checkpoint_holds_everything_back(
    places: Places, table_id: str
) -> None:
    follow(places, "torn", table_id, 14, 25)
    Path(places.checkpoint("torn"), "offsets", "0").write_text("")
    forget_passed_commits(places, BED_EVENTS, table_id)
    assert kept(places) == list(COMMITS)
    assert unreadable_followers(places, BED_EVENTS, table_id) == ["torn"]


@pytest.mark.parametrize(
    ("positions", "gone", "is_readable"),
    [
        pytest.param((14, 25), [], True, id="nothing is gone"),
        pytest.param((14, 25), [13], True, id="what it has read is gone"),
        pytest.param((14, 25), [14], False, id="what comes next is gone"),
        pytest.param((14, 25), [20], False, id="what comes later is gone"),
        pytest.param((25, 25), [], True, id="it waits for a commit to come"),
        pytest.param((25,), [0, 5, 20], True, id="its first batch, from a checkpoint on"),
        pytest.param((25,), [22], False, id="its first batch, with a gap after the checkpoint"),
    ],
)
def test_a_follower_whose_next_commits_are_gone_is_named(
    places: Places, table_id: str, positions: tuple[int, ...], gone: list[int], is_readable: bool
) -> None:
    follow(places, "stream", table_id, *positions)
    follow(places, "of_another_table", "another-table", 0)
    for version in gone:
        (log_of(places) / f"{version:020d}.json").unlink()
    named = unreadable_followers(places, BED_EVENTS, table_id)
    assert named == ([] if is_readable else ["stream"])


def test_a_follower_in_the_middle_of_its_first_look_needs_the_table_as_it_was(
    places: Places, table_id: str
) -> None:
    follow(places, "stream", table_id, 12, 12)
    offset = Path(places.checkpoint("stream"), "offsets", "0")
    source = {"reservoirId": table_id, "reservoirVersion": 12, "isStartingVersion": True}
    offset.write_text(f"v1\n{{}}\n{json.dumps(source)}")
    assert unreadable_followers(places, BED_EVENTS, table_id) == []
    (log_of(places) / f"{11:020d}.json").unlink()
    assert unreadable_followers(places, BED_EVENTS, table_id) == ["stream"]
