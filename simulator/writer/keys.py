"""Idempotency keys: the same key and body give the same answer for 24 hours.

A key is scoped to actor and route. It is remembered with the row that it caused, at the moment
that row is staged, so a twin that comes while the first still waits for the disk waits with it.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from simulator.domain.errors import KeyReused
from simulator.writer.clock import wall_now
from simulator.writer.digests import is_of
from simulator.writer.engine import Row
from simulator.writer.memory import KEY_LIFE

Key = tuple[str, str, str]


@dataclass
class RecentKeys:
    """`secret`: the hospital's, by which digests of bodies are keyed."""

    secret: bytes
    _rows: dict[Key, Row] = field(default_factory=dict)
    _ages: deque[tuple[datetime, Key]] = field(default_factory=deque)

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
            self._rows[key] = row
            self._ages.append((row["recorded_at"], key))

    def find(self, actor: str, path: str, key: str, body: bytes) -> Row | None:
        """The row that this key caused. Raises KeyReused where the body was another."""
        self._forget_old()
        row = self._rows.get((actor, path, key))
        if row and not is_of(row, body, self.secret):
            raise KeyReused
        return row

    def _forget_old(self) -> None:
        limit = wall_now() - KEY_LIFE
        while self._ages and self._ages[0][0] < limit:
            _, key = self._ages.popleft()
            row = self._rows.get(key)
            if row and row["recorded_at"] < limit:
                del self._rows[key]
