"""Places to wait for what is slow on purpose: who gets one, and who is told to come again."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from simulator.domain.errors import Overloaded

MOST_HASHING = 40
"""Some four seconds' work, waiting or under way."""
KEPT = 10
MOST_OF_ONE = 4


@dataclass(frozen=True)
class Claimant:
    """By name, who has an open session or a device on which they have signed in; else a stranger,
    by address."""

    whom: str
    is_known: bool


class HashingPlaces:
    """Promises that no more than MOST_HASHING are taken; that of these KEPT are left to who is
    known, however many strangers come; and that one claimant has no more than MOST_OF_ONE, so that
    who floods from one address keeps nobody out elsewhere."""

    def __init__(self) -> None:
        self._taken: Counter[Claimant] = Counter()

    def must_have_room(self, claimant: Claimant) -> None:
        """Raises Overloaded."""
        of_strangers = sum(count for one, count in self._taken.items() if not one.is_known)
        if (
            self._taken[claimant] >= MOST_OF_ONE
            or self._taken.total() >= MOST_HASHING
            or (not claimant.is_known and of_strangers >= MOST_HASHING - KEPT)
        ):
            raise Overloaded

    @contextmanager
    def one_for(self, claimant: Claimant) -> Iterator[None]:
        """Raises Overloaded."""
        self.must_have_room(claimant)
        self._taken[claimant] += 1
        try:
            yield
        finally:
            self._taken[claimant] -= 1
            if not self._taken[claimant]:
                del self._taken[claimant]
