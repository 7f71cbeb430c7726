"""What the stream throws away of silver.bed_events waits for the query that follows it."""

import json
import os
import time
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from flows.runs.upkeep import clear
from flows.stream.following import catch_up
from lake.arrow import compact, live_files, open_or_create, table_id
from lake.places import Places
from lake.tables import SILVER_BED_EVENTS
from lake.upkeep.retention import unreadable_followers
from tests.flows.bed_log import copy_of, event, write_bronze

LONG_AGO = time.time() - 5 * 24 * 3600


@pytest.fixture(scope="module")
def compacted(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compaction replaced files of silver five days ago, and wrote a checkpoint too."""
    home = tmp_path_factory.mktemp("compacted")
    places = Places(home, str(home / "lake"))
    for seq in (1, 2):
        write_bronze(places, [event(seq)])
        catch_up(spark, places)
    folder = Path(places.table(SILVER_BED_EVENTS))
    files = sorted(folder.rglob("part-*.parquet"))
    compact(places, SILVER_BED_EVENTS, live_files(places, SILVER_BED_EVENTS))
    date_removals(folder / "_delta_log")
    open_or_create(places, SILVER_BED_EVENTS).create_checkpoint()
    for path in (*files, *(folder / "_delta_log").iterdir()):
        os.utime(path, (LONG_AGO, LONG_AGO))
    return home


@pytest.fixture
def replaced(compacted: Path, places: Places) -> list[Path]:
    """The files that were replaced; the lake is at `places`."""
    copy_of(compacted, places)
    files = Path(places.table(SILVER_BED_EVENTS)).rglob("part-*.parquet")
    return [path for path in files if path.stat().st_mtime < LONG_AGO + 1]


def date_removals(log: Path) -> None:
    """Delta goes by what the log says, not by the files."""
    for commit in log.glob("*.json"):
        actions = [json.loads(line) for line in commit.read_text().splitlines()]
        for action in actions:
            if "remove" in action:
                action["remove"]["deletionTimestamp"] = int(LONG_AGO * 1000)
        commit.write_text("\n".join(map(json.dumps, actions)))


def commits(places: Places) -> list[int]:
    log = Path(places.table(SILVER_BED_EVENTS), "_delta_log")
    return sorted(int(file.stem) for file in log.glob("0*.json"))


@pytest.mark.long
def test_a_follower_that_stood_still_for_days_still_finds_everything(
    spark: SparkSession, places: Places, replaced: list[Path]
) -> None:
    before = commits(places)

    clear(places, [SILVER_BED_EVENTS])

    assert len(replaced) == 2
    assert all(file.exists() for file in replaced)
    assert set(before) <= set(commits(places))
    silver = table_id(places, SILVER_BED_EVENTS)
    assert unreadable_followers(places, SILVER_BED_EVENTS, silver) == []


@pytest.mark.long
def test_what_the_follower_has_passed_goes(
    spark: SparkSession, places: Places, replaced: list[Path]
) -> None:
    for seq in (3, 4):
        write_bronze(places, [event(seq)])
        catch_up(spark, places)

    clear(places, [SILVER_BED_EVENTS])

    assert len(replaced) == 2
    assert not any(file.exists() for file in replaced)
    assert min(commits(places)) > 1
    write_bronze(places, [event(5)])
    catch_up(spark, places)
    silver = table_id(places, SILVER_BED_EVENTS)
    assert unreadable_followers(places, SILVER_BED_EVENTS, silver) == []
