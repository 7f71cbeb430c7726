"""A lane for each caller, so that one's flood slows nobody else: how much at once, and a minute.

What is more at once waits in its own lane; what is more in a minute, or waits too long, is refused.
"""

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum, auto

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter

from simulator.access.errors import TooManyRequests

OF_A_PERSON = parse("900 per minute")
PATIENCE_SECONDS = 15.0
"""How long a request waits in its lane."""


class Kind(StrEnum):
    READ = auto()
    WRITE = auto()
    STREAM = auto()


@dataclass(frozen=True)
class Asker:
    """A person by name, on whichever device, or a token."""

    name: str
    is_person: bool


@dataclass(frozen=True)
class Width:
    """Requests that are worked on, of them reads, those that wait besides, and open streams."""

    at_once: int
    reads: int
    waiting: int
    streams: int


PERSON = Width(at_once=4, reads=3, waiting=60, streams=8)
SERVICE = Width(at_once=256, reads=8, waiting=2_000, streams=16)
THREADS = 64
"""Of the process, for what waits for the lake or a file: reads of some callers leave most of them
to the others."""


@dataclass
class _Lane:
    width: Width
    free: asyncio.Semaphore = field(init=False)
    reading: asyncio.Semaphore = field(init=False)
    there: int = 0
    streams: int = 0

    def __post_init__(self) -> None:
        self.free = asyncio.Semaphore(self.width.at_once)
        self.reading = asyncio.Semaphore(self.width.reads)

    async def enter(self, kind: Kind) -> Callable[[], None]:
        """Raises TooManyRequests."""
        if kind is Kind.STREAM:
            return self._follow()
        if self.there >= self.width.at_once + self.width.waiting:
            raise TooManyRequests(1)
        places = [self.reading, self.free] if kind is Kind.READ else [self.free]
        self.there += 1
        taken: list[asyncio.Semaphore] = []
        try:
            for place in places:
                await _take(place)
                taken.append(place)
        except BaseException:
            self._leave(taken)
            raise
        return lambda: self._leave(taken)

    def _follow(self) -> Callable[[], None]:
        if self.streams >= self.width.streams:
            raise TooManyRequests(1, f"{self.width.streams} streams are open: close one of them.")
        self.streams += 1
        return self._follow_no_more

    def _follow_no_more(self) -> None:
        self.streams -= 1

    def _leave(self, taken: list[asyncio.Semaphore]) -> None:
        self.there -= 1
        for place in taken:
            place.release()


async def _take(place: asyncio.Semaphore) -> None:
    """Raises TooManyRequests for what waits too long; a timer costs more than a place that is
    free."""
    if not place.locked():
        await place.acquire()
        return
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await place.acquire()
    except TimeoutError:
        raise TooManyRequests(1) from None


class Lanes:
    def __init__(self, of_a_service: int) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._of_a_service = parse(f"{of_a_service} per minute")
        self._lanes: dict[str, _Lane] = {}

    async def enter(self, asker: Asker, kind: Kind) -> Callable[[], None]:
        """Gives what is to be called at the end. Raises TooManyRequests, before anything of the
        request is looked at."""
        await self._count(OF_A_PERSON if asker.is_person else self._of_a_service, asker.name)
        lane = self._lanes.setdefault(asker.name, _Lane(PERSON if asker.is_person else SERVICE))
        try:
            leave = await lane.enter(kind)
        except BaseException:
            self._tidy(asker.name, lane)
            raise

        def end() -> None:
            leave()
            self._tidy(asker.name, lane)

        return end

    def _tidy(self, name: str, lane: _Lane) -> None:
        if not lane.there and not lane.streams:
            self._lanes.pop(name, None)

    async def _count(self, limit: RateLimitItem, name: str) -> None:
        if not await self._limiter.hit(limit, name):
            window = await self._limiter.get_window_stats(limit, name)
            raise TooManyRequests(max(1, math.ceil(window.reset_time - time.time())))
