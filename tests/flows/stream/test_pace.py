"""The stream rests between two batches, unless somebody waits or the log is far ahead."""

import time
from pathlib import Path
from threading import Timer
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from flows.stream import pace
from flows.stream.intake import Extent, Summary
from flows.stream.live_board import LiveBoard
from flows.stream.pace import Pace, PaceSettings
from lake.places import Places

LONG = 600.0
"""Seconds that no test may take."""


def test_it_rests_until_its_pace_is_over_and_no_longer(places: Places) -> None:
    slow = Pace(places, 0.6)
    begun = time.monotonic()

    slow.rest(begun, is_full=False)

    assert time.monotonic() - begun >= 0.6
    begun -= LONG
    Pace(places, LONG - 1).rest(begun, is_full=False)  # the batch took longer than the pace


def test_the_next_batch_follows_at_once_where_the_log_is_ahead(places: Places) -> None:
    Pace(places, LONG).rest(time.monotonic(), is_full=True)


def test_it_hurries_for_who_waits_and_not_for_ever(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Timer(0.4, pace.ask, (places,))
    asked.start()
    Pace(places, LONG).rest(time.monotonic(), is_full=False)
    asked.join()

    later = time.time() + pace.ASKED_FOR.total_seconds() + 1
    monkeypatch.setattr(time, "time", lambda: later)
    begun = time.monotonic()
    Pace(places, 0.5).rest(begun, is_full=False)
    assert time.monotonic() - begun >= 0.5


def test_a_stream_that_is_to_end_rests_no_more(places: Places) -> None:
    slow = Pace(places, LONG)
    ending = Timer(0.2, slow.end)
    ending.start()
    slow.rest(time.monotonic(), is_full=False)
    ending.join()
    slow.rest(time.monotonic(), is_full=False)


@pytest.mark.parametrize(("told", "seconds"), [("fast", 0), ("0", 0), ("2.5", 2.5), (None, 8)])
def test_the_pace_is_seconds_or_fast(
    told: str | None, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SNR_STREAM_PACE", raising=False)
    if told is not None:
        monkeypatch.setenv("SNR_STREAM_PACE", told)
    assert PaceSettings().stream_pace == seconds


@pytest.mark.parametrize("told", ["slow", "-1", "31"])
def test_another_pace_is_refused(told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNR_STREAM_PACE", told)
    with pytest.raises(ValidationError):
        PaceSettings()


def test_it_looks_for_events_more_often_than_it_takes_them(tmp_path: Path) -> None:
    places = Places(tmp_path, str(tmp_path / "lake"))
    looks = {seconds: Pace(places, seconds).look_seconds for seconds in (0.0, 2.0, 8.0, 60.0)}
    assert looks == {0.0: 0.2, 2.0: 0.5, 8.0: 2.0, 60.0: 2.0}


class Watched(Pace):
    """Tells how it was asked to rest, and whether the tables were free meanwhile."""

    def __init__(self, places: Places) -> None:
        super().__init__(places, LONG)
        self.rests: list[tuple[bool, bool]] = []
        self.board: LiveBoard

    def rest(self, _begun: float, *, is_full: bool) -> None:
        is_free = self.board._writing.acquire(blocking=False)
        self.rests.append((is_full, is_free))


@pytest.mark.parametrize(("files", "is_full"), [(499, False), (500, True)])
def test_the_board_rests_after_a_batch_with_its_tables_free(
    places: Places, monkeypatch: pytest.MonkeyPatch, files: int, is_full: bool
) -> None:
    pace = Watched(places)
    pace.board = board = LiveBoard(None, places, "a run", pace=pace)
    taken = Summary(Extent(), 0, None, [], repeats_itself=False, file_count=files)
    monkeypatch.setattr(board, "_take", lambda *_: taken)

    board.take(None, 7)

    assert pace.rests == [(is_full, True)]


def test_what_a_died_stream_had_taken_in_is_not_reported_twice(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = LiveBoard(None, places, "a run")
    extent = Extent(5, 1, 5, 1, 5)
    for is_repeated in (True, False):
        taken = Summary(extent, 0, "snr", [5], repeats_itself=False, is_repeated=is_repeated)
        intake = SimpleNamespace(take=lambda *_, taken=taken: taken)
        monkeypatch.setattr(board, "_take_in", lambda intake=intake: intake)
        board.take(None, 7)
    assert board._report._in_count == 5
