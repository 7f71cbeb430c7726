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


class Quick(Argon2Hasher):
    """As quick as it can be, and counted."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.verified = 0

    def verify(self, password: str | bytes, hash: str | bytes) -> bool:  # noqa: A002
        self.verified += 1
        return super().verify(password, hash)


class Counted(Hashes):
    def __init__(self) -> None:
        self.hasher = Quick()
        super().__init__(self.hasher)


def gate_in(folder: Path, clock: Clock) -> Gate:
    return Gate(AccessStore(folder / "secrets" / "people.sqlite"), clock, Counted())


def header(secret: str) -> str:
    return f"Bearer {secret}"
