"""A lane for each caller, so that one's flood slows nobody else: how much at once, and a minute.

What is more at once waits in its own lane; what is more in a minute, or waits too long, is refused.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from simulator.access.errors import TooManyRequests
from simulator.access.gate import Caller

OF_A_PERSON = parse("900 per minute")


@dataclass(frozen=True)
class Width:
    """Requests that are worked on, those that wait besides, and streams that are open."""

    at_once: int
    waiting: int
    streams: int


PERSON = Width(at_once=4, waiting=60, streams=8)
SERVICE = Width(at_once=256, waiting=2_000, streams=64)


@dataclass
class _Lane:
    width: Width
    free: asyncio.Semaphore = field(init=False)
    there: int = 0
    streams: int = 0

    def __post_init__(self) -> None:
        self.free = asyncio.Semaphore(self.width.at_once)


class Lanes:
    def __init__(self, of_a_service: int) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._of_a_service = parse(f"{of_a_service} per minute")
        self._lanes: dict[str, _Lane] = {}

    @asynccontextmanager
    async def of(self, caller: Caller, *, is_stream: bool) -> AsyncIterator[None]:
        """Raises TooManyRequests, before anything of the request is looked at."""
        name, is_person = caller.who.actor, caller.session is not None
        self._count(OF_A_PERSON if is_person else self._of_a_service, name)
        lane = self._lanes.setdefault(name, _Lane(PERSON if is_person else SERVICE))
        try:
            if is_stream:
                async with _streaming(lane):
                    yield
            else:
                async with _asking(lane):
                    yield
        finally:
            if not lane.there and not lane.streams:
                self._lanes.pop(name, None)

    def _count(self, limit: RateLimitItem, name: str) -> None:
        if not self._limiter.hit(limit, name):
            reset_at = self._limiter.get_window_stats(limit, name).reset_time
            raise TooManyRequests(max(1, math.ceil(reset_at - time.time())))


@asynccontextmanager
async def _streaming(lane: _Lane) -> AsyncIterator[None]:
    if lane.streams >= lane.width.streams:
        raise TooManyRequests(1, f"{lane.width.streams} streams are open: close one of them.")
    lane.streams += 1
    try:
        yield
    finally:
        lane.streams -= 1


@asynccontextmanager
async def _asking(lane: _Lane) -> AsyncIterator[None]:
    if lane.there >= lane.width.at_once + lane.width.waiting:
        raise TooManyRequests(1)
    lane.there += 1
    try:
        async with lane.free:
            yield
    finally:
        lane.there -= 1
