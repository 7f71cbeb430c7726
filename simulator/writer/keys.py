"""Idempotency keys: the same key and body give the same answer for 24 hours.

A key is scoped to actor and route. It is remembered with the `seq` of the row that it caused, at
the moment that row is staged, so a twin that comes while the first still waits for the disk waits
with it. The rows themselves are in the log.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from simulator.domain.errors import KeyReused
from simulator.writer.clock import wall_now
from simulator.writer.digests import is_of
from simulator.writer.engine import Row
from simulator.writer.memory import KEY_LIFE

Key = tuple[str, str, str]


class Caused(NamedTuple):
    """What a key caused: which row, and of which body."""

    seq: int
    recorded_at: datetime
    schema_version: int | None
    request_digest: str | None


@dataclass
class RecentKeys:
    """`secret`: the hospital's, by which digests of bodies are keyed."""

    secret: bytes
    _caused: dict[Key, Caused] = field(default_factory=dict)
    _ages: deque[Key] = field(default_factory=deque)

    @classmethod
    def from_rows(cls, rows: Iterable[Row], secret: bytes) -> "RecentKeys":
        keys = cls(secret)
        for row in rows:
            keys.remember(row)
        return keys

    def remember(self, row: Row) -> None:
        """Take in the last row of a request; a row without a key is passed over."""
        if row.get("idempotency_key"):
            key = (row["actor"], row["request_path"], row["idempotency_key"])
            self._caused[key] = Caused(*(row[name] for name in Caused._fields))
            self._ages.append(key)

    def find(self, actor: str, path: str, key: str, body: bytes) -> int | None:
        """The `seq` of the row that this key caused. Raises KeyReused for another body."""
        self._forget_old()
        caused = self._caused.get((actor, path, key))
        if caused is None:
            return None
        if not is_of(caused.request_digest, body, self.secret, caused.schema_version):
            raise KeyReused
        return caused.seq

    def _forget_old(self) -> None:
        limit = wall_now() - KEY_LIFE
        while self._ages:
            caused = self._caused.get(self._ages[0])
            if caused and caused.recorded_at >= limit:
                return
            self._caused.pop(self._ages.popleft(), None)
