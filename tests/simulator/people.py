"""People, tokens and a clock for tests: passwords are hashed as quickly as they can be."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from pwdlib.hashers.argon2 import Argon2Hasher

from simulator.access.gate import Gate
from simulator.access.secret_words import Hashes
from simulator.access.store import AccessStore

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
WORD = "a long walk home"


class Clock:
    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def go_on(self, **time: float) -> None:
        self.at += timedelta(**time)


class Counted(Hashes):
    """As quick as they can be, and counted."""

    def __init__(self) -> None:
        super().__init__(Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1))
        self.verified = 0

    def are_equal(self, word: str, kept: str | None) -> bool:
        self.verified += 1
        return super().are_equal(word, kept)


def gate_in(folder: Path, clock: Clock) -> Gate:
    return Gate(AccessStore(folder / "secrets" / "people.sqlite"), clock, Counted())


def header(secret: str) -> str:
    return f"Bearer {secret}"
