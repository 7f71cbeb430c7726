"""Who it is that calls: a person's session or a service's token, looked up at most every 2 s.

What is ended elsewhere (`./snr user disable`) holds that long here; what is ended here, no longer.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from simulator.access.errors import NotSignedIn
from simulator.access.glass import Glass
from simulator.access.people import People
from simulator.access.secret_words import Hashes, digest
from simulator.access.sessions import Session, Sessions
from simulator.access.store import AccessStore
from simulator.access.tokens import EVERY_SCOPE, Scope, Token, Tokens
from simulator.domain.errors import Forbidden
from simulator.domain.principals import Principal

HOLDS = timedelta(seconds=2)
MOST_KNOWN = 10_000
SCHEME = "Bearer "
DASHBOARD = "dashboard"
"""Label of the token that `./snr up` gives it."""

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Caller:
    """`session` None: a service. `scopes`: what its token is for."""

    who: Principal
    session: Session | None = None
    scopes: frozenset[Scope] = EVERY_SCOPE
    is_dashboard: bool = False
    """Which is believed what address a browser has."""

    def must_have(self, scope: Scope) -> None:
        """Raises Forbidden."""
        if scope not in self.scopes:
            raise Forbidden("not_permitted", f"This token is not for that: it lacks {scope}.")


@dataclass
class Gate:
    """People, sessions and tokens around one store."""

    store: AccessStore
    clock: Clock
    hashes: Hashes = field(default_factory=Hashes)
    _known: dict[str, tuple[datetime, Caller | None]] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.people = People(self.store, self.hashes, self.clock)
        self.sessions = Sessions(self.store, self.people, self.hashes, self.clock)
        self.tokens = Tokens(self.store, self.clock)
        self.glass = Glass(self.store, self.clock)

    @classmethod
    def at(cls, path: Path, clock: Clock) -> "Gate":
        return cls(AccessStore(path), clock)

    def caller(self, authorization: str | None) -> Caller:
        """Of the header `Authorization: Bearer ...`. Raises NotSignedIn."""
        secret = self.secret_in(authorization)
        key, now = digest(secret), self.clock()
        known = self._known.get(key)
        if known is None or now - known[0] >= HOLDS:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            known = self._known[key] = (now, self._look_up(secret))
        if known[1] is None:
            raise NotSignedIn
        if known[1].session is not None and known[1].session.is_locked:
            raise NotSignedIn("The session is locked: open it with your PIN or password.")
        return known[1]

    def session(self, authorization: str | None) -> Session:
        """Locked or not. Raises NotSignedIn."""
        found = self.sessions.find(self.secret_in(authorization))
        if found is None:
            raise NotSignedIn
        return found

    @staticmethod
    def secret_in(authorization: str | None) -> str:
        """Raises NotSignedIn."""
        if authorization is None or not authorization.startswith(SCHEME):
            raise NotSignedIn
        return authorization.removeprefix(SCHEME)

    def forget(self) -> None:
        """Something has changed: everybody is looked up again."""
        self._known.clear()

    def keep_up(self) -> None:
        """Which tokens were used since the last time is written down; what has ended goes."""
        self.sessions.tidy()
        used, self._used = self._used, set()
        if used:
            self.tokens.were_used(used, self.clock())

    def _look_up(self, secret: str) -> Caller | None:
        session = self.sessions.find(secret)
        if session is not None:
            name = session.person.name
            broken = frozenset(one.patient_ref for one in self.glass.seen_by(name))
            return Caller(replace(session.person.principal, glass=broken), session)
        token = self.tokens.find(secret)
        return self._service(token) if token else None

    def _service(self, token: Token) -> Caller:
        self._used.add(token.token_id)
        is_dashboard = token.label == DASHBOARD
        return Caller(token.principal, scopes=token.scopes, is_dashboard=is_dashboard)
