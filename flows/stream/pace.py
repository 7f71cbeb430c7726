"""How soon after a batch the next one begins.

A batch of one event costs most of what one of many does, so the stream rests between them. It
does not where the log is far ahead, or somebody has said that they wait for a table.
"""

import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from lake.places import Places

FAST = "fast"
FILES_PER_BATCH = 500
"""A batch that has so many files could not take all that there was."""
MOST_SECONDS = 30
"""The check `board_is_fresh` promises what happened to a bed within a minute."""
LOOK_EVERY_SECONDS = 0.25
ASKED_FOR = timedelta(seconds=30)
"""How long the stream hurries for somebody who waits and does not ask again."""

TERMS_PACES, LEAST_TERMS_SECONDS = 7.5, 20.0
"""The string analysis counts whole days anew: once in so many batches of the board is enough."""

LOOKS_IN_A_PACE = 4
LEAST_LOOK_SECONDS, MOST_LOOK_SECONDS = 0.2, 2.0


def _seconds(told: object) -> object:
    return 0.0 if told == FAST else told


class PaceSettings(BaseSettings):
    """`SNR_STREAM_PACE`: seconds from one batch of the stream to the next, or `fast`: none.

    Asked for where the stream, or the stack with it, is started: wrong ones are refused there.
    """

    model_config = SettingsConfigDict(env_prefix="SNR_")

    stream_pace: Annotated[float, BeforeValidator(_seconds)] = Field(8.0, ge=0, le=MOST_SECONDS)

    @property
    def terms_seconds(self) -> float:
        return max(TERMS_PACES * self.stream_pace, LEAST_TERMS_SECONDS)


def _asked(places: Places) -> Path:
    return places.home / "requests" / "soon"


def ask(places: Places) -> None:
    """Tell the stream that somebody waits for its tables; who may not write there, waits longer."""
    path = _asked(places)
    with suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        path.touch()


class Pace:
    """Of one query; from any thread."""

    def __init__(self, places: Places, seconds: float) -> None:
        self._asked = _asked(places)
        self._seconds = seconds
        self._ended = Event()

    @property
    def look_seconds(self) -> float:
        """How often to look for events while none come."""
        wanted = self._seconds / LOOKS_IN_A_PACE
        return min(max(wanted, LEAST_LOOK_SECONDS), MOST_LOOK_SECONDS)

    def rest(self, begun: float, *, is_full: bool) -> None:
        """After a batch that began at this time of the monotonic clock; `is_full`: it could not
        take all that there was."""
        while not (is_full or self.is_asked):
            left = begun + self._seconds - time.monotonic()
            if left <= 0 or self._ended.wait(min(left, LOOK_EVERY_SECONDS)):
                return

    def end(self) -> None:
        """Rest no more: the stream is to end."""
        self._ended.set()

    @property
    def is_asked(self) -> bool:
        try:
            return time.time() - self._asked.stat().st_mtime < ASKED_FOR.total_seconds()
        except OSError:
            return False
