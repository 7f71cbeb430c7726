"""Sessions: begun with a password, opened again with a PIN on a device that one has signed in on.

A session is ended by whatever raises its person's generation: a role, a ward or a password
changed, or the person disabled. A device forgets its person likewise, after five wrong PINs, and
twelve hours after the password was given on it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from simulator.access.errors import NewPasswordNeeded, NotSignedIn, WrongPassword
from simulator.access.people import People, Person
from simulator.access.secret_words import Hashes, digest, drawn, fit_password, fit_pin
from simulator.access.store import AccessStore, Row, instant, text_of

IDLE = timedelta(minutes=15)
LONGEST = timedelta(hours=12)
"""Of a session, and of a PIN: a long shift."""
PROOF_HOLDS = timedelta(minutes=5)
"""How long after the password was given nobody asks for it again."""
MOST_WRONG_PINS = 5
MOST_SESSIONS = 5
"""Of a person; the oldest ends when another begins."""

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Session:
    """`session_id` is what records call it; the secret that opens it is known to the browser
    alone."""

    session_id: str
    person: Person
    digest: str
    device: str | None
    started_at: datetime
    proved_at: datetime
    is_locked: bool

    def is_proved_at(self, now: datetime) -> bool:
        """Whether the password was given a moment ago."""
        return now - self.proved_at <= PROOF_HOLDS


@dataclass(frozen=True)
class SignedIn:
    """`secret` opens the session, `device_secret` (with a PIN) the next one on this device."""

    secret: str
    device_secret: str
    session: Session


class Sessions:
    def __init__(self, store: AccessStore, people: People, hashes: Hashes, clock: Clock) -> None:
        self._store, self._people = store, people
        self._hashes, self._clock = hashes, clock

    def sign_in(
        self, name: str, password: str, new_password: str | None, device_secret: str | None
    ) -> SignedIn:
        """Costs one verification, whoever it is. A new password takes the place of the one that is
        given, and ends what else is open of the person. Raises WrongPassword, NewPasswordNeeded and
        InvalidRequest."""
        name = name.strip().lower()
        kept, generation = self._people.password_of(name)
        if not self._hashes.are_equal(password, kept):
            raise WrongPassword
        person = self._people.find(name)  # who may be another one since: it took a while
        if person is None or not person.roles or person.generation != generation:
            raise WrongPassword
        if person.has_one_time_password and new_password is None:
            raise NewPasswordNeeded
        if new_password is not None:
            self._replace_password(person, password, new_password)
            generation += 1
            person = self._people.find(name) or person
            if person.generation != generation:
                raise WrongPassword
        device_secret = self._bound(person, device_secret)
        return self._begin(person, device_secret)

    def change_password(self, session: Session, password: str, new_password: str) -> SignedIn:
        """Ends what else is open of the person. Raises WrongPassword and InvalidRequest."""
        person = session.person
        if not self._hashes.are_equal(password, self._people.password_of(person.name)[0]):
            raise WrongPassword("The password is wrong.")
        self._replace_password(person, password, new_password)
        return self.sign_in(person.name, new_password, None, None)

    def prove(self, session: Session, password: str) -> None:
        """The person is still who signed in. Raises WrongPassword."""
        if not self._hashes.are_equal(password, self._people.password_of(session.person.name)[0]):
            raise WrongPassword("The password is wrong.")
        self._set(session.digest, "proved_at = ?, seen_at = ?, locked_at = NULL", 2)

    def find(self, secret: str) -> Session | None:
        """The session that goes on now, locked or not; None: there is no such."""
        row = self._store.row("SELECT * FROM sessions WHERE digest = ?", digest(secret))
        person = self._people.find(row["name"]) if row else None
        if row is None or person is None or not self._goes_on(row, person):
            return None
        return self._session(row, person)

    def touch(self, session: Session) -> None:
        """Somebody is there: the idle time begins anew."""
        self._set(session.digest, "seen_at = ?", 1)

    def lock(self, session: Session) -> None:
        self._set(session.digest, "locked_at = ?", 1)

    def end(self, session: Session) -> None:
        with self._store.writing() as db:
            db.execute("DELETE FROM sessions WHERE digest = ?", (session.digest,))

    def set_pin(self, session: Session, device_secret: str, pin: str) -> None:
        """Raises InvalidRequest, and NotSignedIn on a device that the person is not bound to."""
        person = session.person
        if self._binding(device_secret, person) is None:
            raise NotSignedIn("Sign in with your password on this device first.")
        kept = self._hashes.of(fit_pin(pin) + device_secret)
        with self._store.writing() as db:
            db.execute(
                "UPDATE devices SET pin = ?, wrong_count = 0 WHERE digest = ? AND name = ?",
                (kept, digest(device_secret), person.name),
            )

    def sign_in_with_pin(self, device_secret: str, name: str, pin: str) -> SignedIn:
        """Costs one verification. The fifth wrong PIN ends the binding to the device. Raises
        WrongPassword, and NotSignedIn where the person has no PIN on this device."""
        person = self._people.find(name)
        row = self._binding(device_secret, person) if person else None
        kept = row["pin"] if row is not None else None
        is_right = self._hashes.are_equal(pin + device_secret, kept)
        if person is None or row is None or kept is None:
            raise NotSignedIn("Sign in with your password on this device.")
        if not is_right:
            raise self._count_wrong_pin(digest(device_secret), name)
        with self._store.writing() as db:
            db.execute(
                "UPDATE devices SET wrong_count = 0 WHERE digest = ? AND name = ?",
                (digest(device_secret), name),
            )
        return self._begin(person, device_secret, instant(row["bound_at"]))

    def known_device(self, device_secret: str | None, name: str) -> str:
        """What the device is called in counts, if the person has signed in on it; else nothing."""
        person = self._people.find(name.strip().lower()) if device_secret else None
        is_known = person and device_secret and self._binding(device_secret, person)
        return digest(device_secret) if device_secret and is_known else ""

    def names_on(self, device_secret: str) -> list[str]:
        """Who can sign in with a PIN on this device now."""
        sql = "SELECT name FROM devices WHERE digest = ? AND pin IS NOT NULL ORDER BY name"
        found = [row["name"] for row in self._store.rows(sql, digest(device_secret))]
        people = (self._people.find(name) for name in found)
        return [one.name for one in people if one and self._binding(device_secret, one)]

    def tidy(self) -> None:
        """Sessions and devices that have ended leave the file."""
        before = text_of(self._clock() - LONGEST)
        with self._store.writing() as db:
            db.execute("DELETE FROM sessions WHERE started_at < ?", (before,))
            db.execute("DELETE FROM devices WHERE bound_at < ?", (before,))

    def _replace_password(self, person: Person, password: str, new_password: str) -> None:
        """Of the person as they were when the password was looked at: to hash takes a while."""
        if new_password == password:
            raise WrongPassword("The new password is the old one.")
        word = fit_password(new_password, person.name)
        self._people.set_password(person.name, word, generation=person.generation)

    def _bound(self, person: Person, device_secret: str | None) -> str:
        """The device's secret; one that is not known gets another."""
        now = text_of(self._clock())
        is_known = device_secret is not None and self._store.row(
            "SELECT 1 FROM devices WHERE digest = ?", digest(device_secret)
        )
        secret = device_secret if device_secret and is_known else drawn("device")
        kept = self._binding(secret, person)
        with self._store.writing() as db:
            db.execute(
                "REPLACE INTO devices VALUES (?, ?, ?, ?, 0, ?)",
                (digest(secret), person.name, person.generation, kept and kept["pin"], now),
            )
        return secret

    def _begin(
        self, person: Person, device_secret: str, proved_at: datetime | None = None
    ) -> SignedIn:
        secret, now = drawn("session"), text_of(self._clock())
        proved = text_of(proved_at) if proved_at else now
        with self._store.writing() as db:
            begun = db.execute(
                "INSERT INTO sessions SELECT ?, ?, name, generation, ?, ?, ?, ?, NULL FROM people"
                " WHERE name = ? AND generation = ? AND disabled_at IS NULL",
                (
                    digest(secret), uuid4().hex, digest(device_secret), now, now, proved,
                    person.name, person.generation,
                ),
            )  # fmt: skip
            if not begun.rowcount:
                raise WrongPassword
            db.execute(
                "DELETE FROM sessions WHERE name = ?1 AND digest NOT IN ("
                "SELECT digest FROM sessions WHERE name = ?1 ORDER BY rowid DESC LIMIT ?2)",
                (person.name, MOST_SESSIONS),
            )
        session = self.find(secret)
        assert session is not None  # noqa: S101 - it was begun just now
        return SignedIn(secret, device_secret, session)

    def _count_wrong_pin(self, device: str, name: str) -> WrongPassword | NotSignedIn:
        with self._store.writing() as db:
            db.execute(
                "UPDATE devices SET wrong_count = wrong_count + 1 WHERE digest = ? AND name = ?",
                (device, name),
            )
            gone = db.execute(
                "DELETE FROM devices WHERE digest = ? AND name = ? AND wrong_count >= ?",
                (device, name, MOST_WRONG_PINS),
            )
        if gone.rowcount:
            return NotSignedIn("Too many wrong PINs: sign in with your password.")
        return WrongPassword("The PIN is wrong.")

    def _binding(self, device_secret: str, person: Person) -> Row | None:
        """Of the person to the device, while it holds."""
        row = self._store.row(
            "SELECT * FROM devices WHERE digest = ? AND name = ?",
            digest(device_secret),
            person.name,
        )
        if row is None or person.is_disabled or row["generation"] != person.generation:
            return None
        return row if self._clock() - instant(row["bound_at"]) < LONGEST else None

    def _goes_on(self, row: Row, person: Person) -> bool:
        is_recent = self._clock() - instant(row["started_at"]) < LONGEST
        return is_recent and row["generation"] == person.generation and not person.is_disabled

    def _session(self, row: Row, person: Person) -> Session:
        is_idle = self._clock() - instant(row["seen_at"]) >= IDLE
        return Session(
            session_id=row["session_id"],
            person=person,
            digest=row["digest"],
            device=row["device"],
            started_at=instant(row["started_at"]),
            proved_at=instant(row["proved_at"]),
            is_locked=row["locked_at"] is not None or is_idle,
        )

    def _set(self, session: str, columns: str, count: int) -> None:
        """Columns of ours, set to now."""
        now = text_of(self._clock())
        sql = f"UPDATE sessions SET {columns} WHERE digest = ?"  # noqa: S608 - our own words
        with self._store.writing() as db:
            db.execute(sql, (*[now] * count, session))
