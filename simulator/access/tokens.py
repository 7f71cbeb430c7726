"""Tokens of services and of screens: drawn by us, shown once, kept as a digest."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import uuid4

from lake.vocabulary import Role
from simulator.access.secret_words import digest, drawn
from simulator.access.store import AccessStore, Row, instant, text_of
from simulator.domain.errors import InvalidRequest, NotThere
from simulator.domain.principals import Principal

LONGEST_LABEL = 60
Clock = Callable[[], datetime]


class Scope(StrEnum):
    """`METRICS`: of the process; nothing of patients. `SCREEN`: the board of its wards, or of all,
    for a screen that nobody signs in to; nothing of patients."""

    READ = "read"
    WRITE = "write"
    METRICS = "metrics"
    SCREEN = "screen"


EVERY_SCOPE = frozenset(Scope)


@dataclass(frozen=True)
class Token:
    token_id: str
    label: str
    role: Role
    wards: frozenset[str]
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    is_revoked: bool

    def holds_at(self, now: datetime) -> bool:
        return not self.is_revoked and (self.expires_at is None or now < self.expires_at)

    @property
    def principal(self) -> Principal:
        is_screen = Scope.SCREEN in self.scopes
        return Principal(
            f"token:{self.label}.{self.token_id}",
            frozenset({self.role}),
            self.wards,
            board_of=self.wards if is_screen and self.wards else None,
        )


class Tokens:
    def __init__(self, store: AccessStore, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def add(
        self,
        label: str,
        role: Role,
        *,
        wards: Iterable[str] = (),
        scopes: Collection[Scope] = (Scope.READ, Scope.WRITE),
        days: float | None = None,
    ) -> str:
        """Gives the token, which nobody can give again. Raises InvalidRequest."""
        if not (label.isprintable() and 0 < len(label) <= LONGEST_LABEL):
            raise InvalidRequest(f"label: 1 to {LONGEST_LABEL} printable characters.")
        if role is Role.SYSTEM:
            raise InvalidRequest("The role system is the house's own.")
        if Scope.SCREEN in scopes and (role is not Role.VIEWER or len(scopes) > 1):
            raise InvalidRequest("A token for a screen is a viewer's, and for nothing else.")
        if days is not None and not 0 < days <= 3660:
            raise InvalidRequest("days: more than 0, at most 3660.")
        now, token = self._clock(), drawn("token")
        expires = text_of(now + timedelta(days=days)) if days is not None else None
        with self._store.writing() as db:
            db.execute(
                "INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
                (
                    uuid4().hex[:8], digest(token), label, role.value, " ".join(sorted(wards)),
                    " ".join(sorted(scopes)), text_of(now), expires,
                ),
            )  # fmt: skip
        return token

    def all(self) -> list[Token]:
        return [_token(row) for row in self._store.rows("SELECT * FROM tokens ORDER BY created_at")]

    def find(self, token: str) -> Token | None:
        """The one that holds now; None: there is no such."""
        row = self._store.row("SELECT * FROM tokens WHERE digest = ?", digest(token))
        found = _token(row) if row else None
        return found if found and found.holds_at(self._clock()) else None

    def revoke(self, token_id: str) -> None:
        """Raises NotThere."""
        with self._store.writing() as db:
            found = db.execute(
                "UPDATE tokens SET revoked_at = ? WHERE token_id = ? AND revoked_at IS NULL",
                (text_of(self._clock()), token_id),
            )
            if not found.rowcount:
                raise NotThere(f"There is no token {ascii(token_id)[:40]} that holds.")

    def renew(self, label: str, role: Role, scopes: Collection[Scope]) -> str:
        """The only one of this label: those before it hold no more."""
        with self._store.writing() as db:
            db.execute(
                "UPDATE tokens SET revoked_at = ? WHERE label = ? AND revoked_at IS NULL",
                (text_of(self._clock()), label),
            )
        return self.add(label, role, scopes=scopes)

    def rotate(self, token_id: str, overlap_hours: float = 24.0) -> str:
        """Another one like it; this one holds on for so long. Raises NotThere."""
        now = self._clock()
        known = next((one for one in self.all() if one.token_id == token_id), None)
        if known is None or not known.holds_at(now):
            raise NotThere(f"There is no token {ascii(token_id)[:40]} that holds.")
        days = (
            (known.expires_at - known.created_at) / timedelta(days=1) if known.expires_at else None
        )
        new = self.add(known.label, known.role, wards=known.wards, scopes=known.scopes, days=days)
        until = text_of(now + timedelta(hours=overlap_hours))
        with self._store.writing() as db:
            db.execute(
                "UPDATE tokens SET expires_at = min(coalesce(expires_at, ?), ?) WHERE token_id = ?",
                (until, until, token_id),
            )
        return new

    def were_used(self, token_ids: Iterable[str], at: datetime) -> None:
        with self._store.writing() as db:
            for token_id in token_ids:
                db.execute(
                    "UPDATE tokens SET last_used_at = ? WHERE token_id = ?",
                    (text_of(at), token_id),
                )


def _token(row: Row) -> Token:
    return Token(
        token_id=row["token_id"],
        label=row["label"],
        role=Role(row["role"]),
        wards=frozenset(row["wards"].split()),
        scopes=frozenset(Scope(scope) for scope in row["scopes"].split()),
        created_at=instant(row["created_at"]),
        expires_at=instant(row["expires_at"]) if row["expires_at"] else None,
        last_used_at=instant(row["last_used_at"]) if row["last_used_at"] else None,
        is_revoked=row["revoked_at"] is not None,
    )
