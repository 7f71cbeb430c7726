"""People: who may sign in, in which roles, and a clerk's own wards."""

import re
import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from lake.vocabulary import Role
from simulator.access.errors import WrongPassword
from simulator.access.secret_words import Hashes, one_time_password
from simulator.access.store import AccessStore, Row, instant, text_of
from simulator.domain.errors import InvalidRequest, NotThere
from simulator.domain.principals import Principal

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
OF_PEOPLE = (Role.VIEWER, Role.CLERK, Role.MANAGER, Role.ADMIN)
LONGEST_ACTING = timedelta(hours=72)

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Person:
    """`acting`: roles that end by themselves, with when. `generation`: rises when the sessions of
    before are to end."""

    name: str
    roles: frozenset[Role]
    wards: frozenset[str]
    acting: tuple[tuple[Role, datetime], ...]
    is_disabled: bool
    has_one_time_password: bool
    is_demo: bool
    generation: int

    @property
    def principal(self) -> Principal:
        return Principal(self.name, self.roles, self.wards)


class People:
    """Each change ends the sessions that the person has."""

    def __init__(self, store: AccessStore, hashes: Hashes, clock: Clock) -> None:
        self._store, self._hashes, self._clock = store, hashes, clock

    def find(self, name: str) -> Person | None:
        row = self._store.row("SELECT * FROM people WHERE name = ?", name)
        return self._person(row) if row else None

    def all(self) -> list[Person]:
        return [self._person(row) for row in self._store.rows("SELECT * FROM people ORDER BY name")]

    def password_of(self, name: str) -> tuple[str | None, int]:
        """What is kept of it, and of which generation; None: nobody of that name may sign in."""
        row = self._store.row(
            "SELECT password, generation FROM people WHERE name = ? AND disabled_at IS NULL", name
        )
        return (row["password"], row["generation"]) if row else (None, 0)

    def add(
        self,
        name: str,
        roles: Collection[Role],
        wards: Collection[str] = (),
        password: str | None = None,
        *,
        is_demo: bool = False,
    ) -> str:
        """Gives the first password: one for once, or the `password` as it is. Raises
        InvalidRequest."""
        name = name.strip().lower()
        if not NAME.fullmatch(name):
            raise InvalidRequest(
                f"{ascii(name)[:60]}: a name to sign in with is 2 to 40 small letters, digits, "
                "dots, dashes and underscores."
            )
        word = password or one_time_password()
        kept = self._hashes.of(word)
        with self._store.writing() as db:
            if db.execute("SELECT 1 FROM people WHERE name = ?", (name,)).fetchone():
                raise InvalidRequest(f"There is somebody named {name}.")
            db.execute(
                "INSERT INTO people (name, password, is_one_time, is_demo, created_at)"
                " VALUES (?, ?, ?, ?, ?)",
                (name, kept, password is None, is_demo, text_of(self._clock())),
            )
            _give(db, name, roles, wards)
        return word

    def set_roles(self, name: str, roles: Collection[Role]) -> None:
        """Instead of those until now. Raises NotThere and InvalidRequest."""
        if not roles:
            raise InvalidRequest("Name a role; ./snr user disable takes all of them.")
        with self._changing(name) as db:
            db.execute("DELETE FROM roles WHERE name = ?", (name,))
            _give(db, name, roles, ())

    def let_act(self, name: str, role: Role, hours: float) -> datetime:
        """In that role too, for some hours. Raises NotThere and InvalidRequest."""
        if not 0 < hours <= LONGEST_ACTING / timedelta(hours=1):
            raise InvalidRequest(f"hours: more than 0, at most {LONGEST_ACTING.days * 24}.")
        until = self._clock() + timedelta(hours=hours)
        with self._changing(name) as db:
            has = db.execute(
                "SELECT 1 FROM roles WHERE name = ? AND role = ? AND until_at IS NULL", (name, role)
            )
            if has.fetchone():
                raise InvalidRequest(f"{name} is {role} already.")
            db.execute("REPLACE INTO roles VALUES (?, ?, ?)", (name, role.value, text_of(until)))
        return until

    def set_wards(self, name: str, wards: Collection[str]) -> None:
        """Instead of those until now. Raises NotThere."""
        with self._changing(name) as db:
            db.execute("DELETE FROM wards WHERE name = ?", (name,))
            _give(db, name, (), wards)

    def disable(self, name: str) -> None:
        """Raises NotThere, and InvalidRequest for the last admin."""
        with self._changing(name) as db:
            db.execute(
                "UPDATE people SET disabled_at = ? WHERE name = ?", (text_of(self._clock()), name)
            )

    def reset(self, name: str) -> str:
        """A password for once, for who has lost the own one or was disabled. Raises NotThere."""
        word = one_time_password()
        self.set_password(name, word, is_one_time=True)
        return word

    def set_password(
        self, name: str, word: str, *, is_one_time: bool = False, generation: int | None = None
    ) -> None:
        """`generation`: of the person whose password it takes the place of. Raises NotThere, and
        WrongPassword where that is another one by now."""
        kept = self._hashes.of(word)
        with self._changing(name, generation) as db:
            db.execute(
                "UPDATE people SET password = ?, is_one_time = ?, disabled_at = "
                "CASE WHEN ? THEN NULL ELSE disabled_at END WHERE name = ?",
                (kept, is_one_time, is_one_time, name),
            )

    @contextmanager
    def _changing(self, name: str, generation: int | None = None) -> Iterator[sqlite3.Connection]:
        """What was open of the person ends with it, and one admin is left."""
        with self._store.writing() as db:
            found = db.execute(
                "UPDATE people SET generation = generation + 1"
                " WHERE name = ?1 AND generation = coalesce(?2, generation)",
                (name, generation),
            )
            if not found.rowcount and generation is not None:
                raise WrongPassword
            if not found.rowcount:
                raise NotThere(f"There is nobody named {ascii(name)[:60]}.")
            had_admin = _has_admin(db)
            yield db
            if had_admin and not _has_admin(db):
                raise InvalidRequest(f"{name} is the last admin: make another one first.")

    def _person(self, row: Row) -> Person:
        now = text_of(self._clock())
        held = self._store.rows(
            "SELECT role, until_at FROM roles WHERE name = ? "
            "AND (until_at IS NULL OR until_at > ?) ORDER BY role",
            row["name"],
            now,
        )
        wards = self._store.rows("SELECT ward_id FROM wards WHERE name = ?", row["name"])
        acting = ((Role(one["role"]), one["until_at"]) for one in held if one["until_at"])
        return Person(
            name=row["name"],
            roles=frozenset(Role(one["role"]) for one in held),
            wards=frozenset(one["ward_id"] for one in wards),
            acting=tuple((role, instant(until)) for role, until in acting),
            is_disabled=row["disabled_at"] is not None,
            has_one_time_password=bool(row["is_one_time"]),
            is_demo=bool(row["is_demo"]),
            generation=row["generation"],
        )


def _has_admin(db: sqlite3.Connection) -> bool:
    """One who stays: acting for some hours is not enough."""
    found = db.execute(
        "SELECT 1 FROM people JOIN roles USING (name) "
        "WHERE role = 'admin' AND until_at IS NULL AND disabled_at IS NULL"
    )
    return found.fetchone() is not None


def _give(
    db: sqlite3.Connection, name: str, roles: Collection[Role], wards: Collection[str]
) -> None:
    """Raises InvalidRequest."""
    for role in roles:
        if role not in OF_PEOPLE:
            raise InvalidRequest(f"{role} is no role of people: {', '.join(OF_PEOPLE)}.")
        db.execute("REPLACE INTO roles VALUES (?, ?, NULL)", (name, role.value))
    for ward_id in wards:
        db.execute("REPLACE INTO wards VALUES (?, ?)", (name, ward_id))
