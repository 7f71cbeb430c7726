"""The stream rests between two batches, unless somebody waits or the log is far ahead."""

import time
from pathlib import Path
from threading import Timer

import pytest
from pydantic import ValidationError

from flows.stream import pace
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
    assert PaceSettings().seconds == seconds


@pytest.mark.parametrize("told", ["slow", "-1", "31"])
def test_another_pace_is_refused(told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNR_STREAM_PACE", told)
    with pytest.raises(ValidationError):
        PaceSettings()


def test_it_looks_for_events_more_often_than_it_takes_them(tmp_path: Path) -> None:
    places = Places(tmp_path, str(tmp_path / "lake"))
    looks = {seconds: Pace(places, seconds).look_seconds for seconds in (0.0, 2.0, 8.0, 60.0)}
    assert looks == {0.0: 0.2, 2.0: 0.5, 8.0: 2.0, 60.0: 2.0}
