"""Whose session a page is: asked of the API by the session's secret, at most every 2 s.

One place for all who ask in this process: the door before pages and sockets, and the pages. While
the API is silent a session goes on as it was last known, and shows no patients.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from threading import Lock
from time import monotonic

import httpx
import streamlit as st

from dashboard.settings import DashboardSettings
from lake.sight import Sight
from simulator.client import BookingClient, ClientError, Refused, Who

HOLDS_SECONDS = 2.0
MOST_KNOWN = 2_000
BRIEFLY = httpx.Timeout(2.0, connect=0.5)
NO_WARDS: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Whose:
    """`secret` opens the session at the API. `is_confirmed`: the API has said so a moment ago."""

    secret: str
    who: Who
    is_confirmed: bool = True

    @property
    def sight(self) -> Sight:
        """Whose patients are shown."""
        if not self.is_confirmed:
            return Sight()
        return Sight(self.who.sees is None, frozenset(self.who.sees or ()))

    def reach(self, right: str) -> str | None:
        """How far a right of the roles goes; None: not at all."""
        return self.who.may.get(right)

    def may(self, right: str, ward_id: str | None) -> bool:
        reach = self.reach(right)
        return reach in ("all", "with_reason") or (reach is not None and ward_id in self.who.wards)


class Sessions:
    """`ask`: of the API, by the secret. Each answer holds for some seconds."""

    def __init__(self, ask: Callable[[str], Who]) -> None:
        self._ask = ask
        self._lock = Lock()
        self._known: dict[str, tuple[float, Whose | None]] = {}
        self._seen: set[str] = set()

    def find(self, secret: str | None) -> Whose | None:
        """None: no such session goes on, or nobody knows."""
        if not secret:
            return None
        with self._lock:
            known = self._known.get(secret)
        if known is not None and monotonic() - known[0] < HOLDS_SECONDS:
            return known[1]
        found = self._look_up(secret, known[1] if known else None)
        with self._lock:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[secret] = monotonic(), found
            if found is None:
                self._seen.discard(secret)
            elif secret not in self._seen:
                if len(self._seen) >= MOST_KNOWN:
                    self._seen.clear()
                self._seen.add(secret)
        return found

    def has_seen(self, secret: str | None) -> bool:
        """It has opened a session, and nobody has said that it has ended."""
        return secret in self._seen

    def forget(self, secret: str | None) -> None:
        """It was locked or ended here: the next look asks."""
        with self._lock:
            self._known.pop(secret or "", None)

    def _look_up(self, secret: str, before: Whose | None) -> Whose | None:
        try:
            return Whose(secret, self._ask(secret))
        except ClientError as error:
            if isinstance(error, Refused) and error.status == 401:
                return None
            if before is None or before.who.ends_at <= datetime.now(UTC):
                return None
            return Whose(secret, before.who, is_confirmed=False)


@cache
def sessions(api_url: str) -> Sessions:
    def ask(secret: str) -> Who:
        with BookingClient(api_url, secret=secret, timeout=BRIEFLY) as client:
            return client.session()

    return Sessions(ask)


def whose() -> Whose | None:
    """Of this page; None: nobody signs in here, or whoever did is gone."""
    settings = DashboardSettings()
    if not settings.asks_who:
        return None
    return sessions(settings.api_url).find(st.context.cookies.get(settings.session_cookie))


def forget_whose() -> None:
    """Something of the session has changed: it is asked for again."""
    if found := whose():
        sessions(DashboardSettings().api_url).forget(found.secret)


def device_secret() -> str:
    return st.context.cookies.get(DashboardSettings().device_cookie, "")


def sight() -> Sight:
    """Whose patients this page shows."""
    return sight_of(whose())


def sight_of(who: Whose | None) -> Sight:
    """Whose patients are shown to this one; None: nobody signs in here, or whoever did is gone."""
    if not DashboardSettings().asks_who:
        return Sight(sees_all=True)
    return who.sight if who and not who.who.is_locked else Sight()
