"""How often somebody may try a password: a few times for a name from one address, and more seldom
from all of them together."""

import math
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from simulator.access.errors import NewPasswordNeeded, TooManyAttempts
from simulator.domain.errors import InvalidRequest

FROM_AN_ADDRESS = parse("5 per 15 minutes")
OF_A_NAME = parse("30 per 1 hour")
"""Slower: whoever tries one name from many addresses. It keeps out who signs in elsewhere too."""


class Attempts:
    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    @contextmanager
    def of(self, name: str, address: str, known: str = "") -> Iterator[None]:
        """Each counts as it begins, so that many at once are no way around; a right word counts no
        more. `known`: a device on which this person has signed in, or a session of theirs: those
        count by themselves, so that nobody is kept out by who tries a name elsewhere. Raises
        TooManyAttempts."""
        name = name.strip().lower()
        counted: tuple[tuple[RateLimitItem, tuple[str, ...]], ...] = (
            ((FROM_AN_ADDRESS, (name, known)),)
            if known
            else ((FROM_AN_ADDRESS, (name, address)), (OF_A_NAME, (name,)))
        )
        for limit, of_whom in counted:
            if not self._limiter.hit(limit, *of_whom):
                raise TooManyAttempts(self._seconds_left(limit, *of_whom))
        try:
            yield
        except (NewPasswordNeeded, InvalidRequest):
            self._forget(counted)
            raise
        self._forget(counted)

    def _forget(self, counted: Iterable[tuple[RateLimitItem, tuple[str, ...]]]) -> None:
        for limit, of_whom in counted:
            self._limiter.clear(limit, *of_whom)

    def _seconds_left(self, limit: RateLimitItem, *of_whom: str) -> int:
        reset_at = self._limiter.get_window_stats(limit, *of_whom).reset_time
        return max(1, math.ceil(reset_at - time.time()))
