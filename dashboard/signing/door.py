"""Lets pages and sockets be reached by who has signed in, and closes the sockets of who has not any
more: before Streamlit sees anything of them."""

import asyncio
from collections import Counter
from contextlib import suppress
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard.settings import DashboardSettings
from dashboard.signing import lanes
from dashboard.whose import Sessions

OPEN = ("/_stcore/health", "/sign-in", "/session", "/favicon.ico")
"""And what lies below them; these look for themselves."""
ASSETS = "/static/"
LOOK_SECONDS = 2.0
SIGNED_OUT = 4401
TOO_MANY = 4429
"""Close codes of a socket, after HTTP's 401 and 429."""
MOST_SOCKETS = 20
"""Of a person, on all devices: pages that are open."""


class SignedInOnly:
    def __init__(self, app: ASGIApp, settings: DashboardSettings, sessions: Sessions) -> None:
        self._app, self._settings, self._sessions = app, settings, sessions
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or _is_open(scope["path"]):
            await self._app(scope, receive, send)
        elif not self._is_of_this_site(scope):
            await _refuse(scope, receive, send)
        else:
            await self._of_who_signed_in(scope, receive, send)

    async def _of_who_signed_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        secret = self._secret(scope)
        try:
            found = await lanes.find(self._sessions, secret, lanes.address_of(scope.get("client")))
        except lanes.Crowded:
            await _ask_to_wait(scope, receive, send)
            return
        if found is None or found.who.is_locked:
            await _ask_to_sign_in(scope, receive, send)
        elif scope["type"] == "http":
            await self._app(scope, receive, send)
        else:
            await self._one_of_few(found.who.name, scope, receive, send)

    async def _one_of_few(self, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        if self._open[name] >= MOST_SOCKETS:
            await _close(receive, send, TOO_MANY)
            return
        self._open[name] += 1
        try:
            await self._watch(scope, receive, send)
        finally:
            self._open[name] -= 1
            if not self._open[name]:
                del self._open[name]

    def _is_of_this_site(self, scope: Scope) -> bool:
        """Of a socket the browser says where it comes from; who says nothing is no browser."""
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if scope["type"] == "websocket":
            return origin is None or self._settings.is_own(origin, headers.get("host"))
        return headers.get("sec-fetch-site") != "cross-site" or origin is None

    def _secret(self, scope: Scope) -> str | None:
        return HTTPConnection(scope).cookies.get(self._settings.session_cookie)

    async def _goes_on(self, secret: str | None) -> bool:
        """Of a socket that was let in."""
        found = await lanes.for_who_signed_in(lambda: self._sessions.find(secret))
        return found is not None and not found.who.is_locked

    async def _watch(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The socket ends with the session, whatever it is doing."""
        secret = self._secret(scope)
        serving = asyncio.ensure_future(self._app(scope, receive, send))
        try:
            while not serving.done():
                await asyncio.wait({serving}, timeout=LOOK_SECONDS)
                if not serving.done() and not await self._goes_on(secret):
                    serving.cancel()
                    with suppress(RuntimeError):  # it has just been closed
                        await send({"type": "websocket.close", "code": SIGNED_OUT})
                    break
        finally:
            serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


def _is_open(path: str) -> bool:
    below = any(path == one or path.startswith(f"{one}/") for one in OPEN)
    return below or path.startswith(ASSETS)


async def _ask_to_sign_in(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await _close(receive, send)
    elif "text/html" in Headers(scope=scope).get("accept", ""):
        response = RedirectResponse(f"/sign-in?next={quote(scope['path'])}", 303)
        await response(scope, receive, send)
    else:
        await PlainTextResponse("Sign in first.", 401)(scope, receive, send)


async def _ask_to_wait(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await _close(receive, send, TOO_MANY)
    else:
        await PlainTextResponse(lanes.CROWDED, 503, lanes.RETRY)(scope, receive, send)


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await _close(receive, send)
    else:
        await PlainTextResponse("Not from another site.", 403)(scope, receive, send)


async def _close(receive: Receive, send: Send, code: int = SIGNED_OUT) -> None:
    await receive()
    await send({"type": "websocket.close", "code": code})
