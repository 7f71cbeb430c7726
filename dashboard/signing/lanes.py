"""Threads in which the API is asked: for who has signed in, for who is not known yet, and for who
is signing in, each their own. Strangers wait with few others, or are told to come again."""

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from dashboard.whose import Sessions, Whose

Answer = TypeVar("Answer")

CROWDED = "Too many people are signing in at this moment. Wait some seconds, then try again."
RETRY_SECONDS = 3
RETRY = {"Retry-After": str(RETRY_SECONDS)}


class Crowded(Exception):
    """Too many wait already."""


class Lane:
    """`most` wait or are under way, `most_of_one` of them from one address."""

    def __init__(self, name: str, threads: int, most: int, most_of_one: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._most, self._most_of_one = most, most_of_one
        self._asking: Counter[str] = Counter()

    async def ask(self, address: str, do: Callable[[], Answer]) -> Answer:
        """Raises Crowded."""
        if self._asking.total() >= self._most or self._asking[address] >= self._most_of_one:
            raise Crowded
        self._asking[address] += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, do)
        finally:
            self._asking[address] -= 1
            if not self._asking[address]:
                del self._asking[address]


SIGNING_IN = Lane("signing-in", 8, most=40, most_of_one=4)
SIGNING_IN_AGAIN = Lane("signing-in-again", 4, most=40, most_of_one=4)
"""On a device where somebody has signed in, which counts instead of its address."""
STRANGERS = Lane("strangers", 4, most=200, most_of_one=50)
"""Quick questions: whose a secret is that the dashboard has not seen, who has a PIN on a device."""
_SIGNED_IN = ThreadPoolExecutor(6, thread_name_prefix="signed-in")


async def for_who_signed_in(do: Callable[[], Answer]) -> Answer:
    return await asyncio.get_running_loop().run_in_executor(_SIGNED_IN, do)


async def for_secret(
    sessions: Sessions, secret: str | None, address: str, do: Callable[[], Answer]
) -> Answer:
    """With the others who have signed in, if the secret is one of theirs. Raises Crowded."""
    if sessions.has_seen(secret):
        return await for_who_signed_in(do)
    return await STRANGERS.ask(address, do)


async def find(sessions: Sessions, secret: str | None, address: str) -> Whose | None:
    """Raises Crowded."""
    if not secret:
        return None
    return await for_secret(sessions, secret, address, lambda: sessions.find(secret))


def address_of(client: tuple[str, int] | None) -> str:
    return client[0] if client else ""
