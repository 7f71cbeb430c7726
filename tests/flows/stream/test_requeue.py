"""Quarantined events after a fix: exactly once, and the rest stays where it is."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from flows.stream import requeue as requeues
from flows.stream.following import follow
from flows.stream.requeue import Requeued, Wish, requeue
from flows.stream.supervision import Ending
from flows.transforms import silver_bed_events
from lake import spark as lake
from lake.places import Places
from lake.tables import BED_BOARD, QUARANTINE, SCHEMA_VERSION, SILVER_BED_EVENTS
from tests.flows.bed_log import Row, board_catches_up, copy_of, event, rows_of, write_bronze


def events() -> list[Row]:
    newer = {"schema_version": SCHEMA_VERSION + 1}
    return [
        event(1),
        event(2, **newer, bed_status="closed", bed_id="A-1-B"),
        event(2, **newer, bed_status="closed", bed_id="A-1-B"),  # doubled
        event(3, event_type="never_heard_of"),
        event(4),
        event(5, event_id="00000000-0004"),  # came before
        event(6, **newer, bed_status="dirty"),
    ]


@pytest.fixture(scope="module")
def set_aside(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four of the events were set aside for their schema version or type."""
    home = tmp_path_factory.mktemp("set_aside")
    places = Places(home, str(home / "lake"))
    write_bronze(places, events())
    board_catches_up(spark, places)
    assert lake.read(spark, places, QUARANTINE).count() == 5
    return home


@pytest.fixture(scope="module")
def _newer_program() -> Iterator[None]:
    """Then a program came that knows that version."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(silver_bed_events, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
        yield


@pytest.fixture
def fixed(set_aside: Path, places: Places, _newer_program: None) -> Places:
    return copy_of(set_aside, places)


@pytest.fixture(scope="module")
def passed(
    spark: SparkSession,
    set_aside: Path,
    _newer_program: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Places, Requeued]:
    """Put through again; only to be read."""
    home = tmp_path_factory.mktemp("passed")
    places = copy_of(set_aside, Places(home, str(home / "lake")))
    return places, requeue(spark, places)


def kept(spark: SparkSession, places: Places) -> tuple[list[int], list[tuple[object, ...]]]:
    silver = lake.read(spark, places, SILVER_BED_EVENTS)
    left = lake.read(spark, places, QUARANTINE)
    return [seq for (seq,) in rows_of(silver, "seq")], rows_of(left, "seq", "rule")


TAKEN_IN = [1, 2, 4, 6]
LEFT = [(2, "duplicate_event_id"), (3, "unknown_event_type"), (5, "duplicate_event_id")]


SHOWN = [("A-1-A", "dirty", 6), ("A-1-B", "closed", 2)]


def shown(spark: SparkSession, places: Places) -> list[tuple[object, ...]]:
    return rows_of(lake.read(spark, places, BED_BOARD), "bed_id", "bed_status", "seq")


def test_what_passes_now_is_taken_in_once_and_shown(
    spark: SparkSession, passed: tuple[Places, Requeued]
) -> None:
    places, done = passed

    assert done == Requeued(2, {"unknown_event_type": 1, "duplicate_event_id": 2})
    assert kept(spark, places) == (TAKEN_IN, LEFT)
    assert shown(spark, places) == SHOWN


def test_once_more_changes_nothing_and_the_stream_goes_on_after_it(
    spark: SparkSession, passed: tuple[Places, Requeued], places: Places
) -> None:
    copy_of(passed[0].home, places)
    assert requeue(spark, places).taken_in_count == 0
    assert kept(spark, places) == (TAKEN_IN, LEFT)

    write_bronze(places, [event(7), event(6, event_id="00000000-0006")])
    board_catches_up(spark, places)
    assert kept(spark, places) == ([*TAKEN_IN, 7], [*LEFT, (6, "duplicate_event_id")])


@pytest.mark.parametrize(("module", "step"), [(lake, "append"), (requeues, "_left")])
def test_one_that_died_before_or_after_taking_in_is_finished_by_the_next(
    spark: SparkSession, fixed: Places, monkeypatch: pytest.MonkeyPatch, module: object, step: str
) -> None:
    def dies(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, step, dies)
        with pytest.raises(KeyboardInterrupt):
            requeue(spark, fixed)
    requeue(spark, fixed)
    assert kept(spark, fixed) == (TAKEN_IN, LEFT)
    assert shown(spark, fixed) == SHOWN


@pytest.mark.long
def test_a_running_stream_takes_in_what_passes_when_it_is_asked_and_goes_on(
    spark: SparkSession, fixed: Places
) -> None:
    """After it an event comes that is new, and one that was put through again just now."""
    wish = Wish(fixed)
    wish.make()
    write_bronze(fixed, [event(7)])

    limit = time.monotonic() + 300

    def should_end() -> Ending | None:
        assert time.monotonic() < limit
        taken_in, _ = kept(spark, fixed)
        if wish.answer() and 8 not in taken_in and not later:
            later.extend([event(8), event(6, event_id="00000000-0006")])
            write_bronze(fixed, later)
        return Ending.CANCELLED if 8 in taken_in else None

    later: list[Row] = []
    follow(spark, fixed, should_end=should_end)

    answer = wish.answer()
    assert answer is not None
    assert answer.taken_in_count == 2
    assert kept(spark, fixed) == ([*TAKEN_IN, 7, 8], [*LEFT, (6, "duplicate_event_id")])


def test_a_running_stream_is_asked_and_answers(places: Places) -> None:
    wish = Wish(places)
    assert not wish.take()
    wish.make()
    assert wish.answer() is None
    assert wish.take()
    assert not wish.take()
    wish.fulfil(Requeued(3, {"duplicate_seq": 1}))
    assert wish.answer() == Requeued(3, {"duplicate_seq": 1})
