"""Where people, sessions, devices and tokens are kept: one SQLite file of the hospital's home.

The API and the commands `./snr user` and `./snr token` write it side by side: whoever owns the file
may. What has changed is seen by the API within `lake.auth`'s few seconds.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from threading import RLock

Row = sqlite3.Row

SCHEMA = files(__package__).joinpath("sql", "schema.sql").read_text()
BUSY_SECONDS = 10


class AccessStore:
    """One connection; a statement at a time, from whichever thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._lock = RLock()
        self._db = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._db.row_factory = sqlite3.Row
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        self._db.close()

    def rows(self, sql: str, *values: str | int | None) -> list[Row]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: str | int | None) -> Row | None:
        return next(iter(self.rows(sql, *values)), None)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """All that is done within, or nothing; on disk afterwards."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")


def text_of(at: datetime) -> str:
    """Sorts as time does."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
