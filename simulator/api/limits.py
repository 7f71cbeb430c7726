"""What is turned away before the application reads it: writes of other sites' pages, and whoever
has not signed in."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from simulator.access.errors import NotSignedIn, TooManyRequests
from simulator.access.gate import Gate
from simulator.api.doors import METRICS_PATHS, OPEN_PATHS, SESSION_PATHS, STREAM_PATHS, Door
from simulator.api.lanes import Asker, Kind, Lanes
from simulator.api.problems import problem, problem_of
from simulator.api.recording import count_refused, count_unsigned
from simulator.domain.errors import Forbidden
from simulator.writer.audit import Trail


class OwnPagesOnly:
    """Refuses writes that a browser sends on behalf of another site's page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in READS and _is_from_elsewhere(scope):
            response = problem("not_permitted", "A page of another site may not write here.")
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)


class SignedInOnly:
    """Lets nobody by but who has signed in, a service with its token, and to what is open to all;
    before a body is looked at. `scope["caller"]` is who it is."""

    def __init__(self, app: ASGIApp, gate: Gate, lanes: Lanes, trail: Trail | None = None) -> None:
        self._app, self._gate, self._lanes, self._trail = app, gate, lanes, trail

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in OPEN_PATHS:
            try:
                self._let_in(scope, Headers(scope=scope).get("authorization"))
            except (NotSignedIn, Forbidden) as error:
                if isinstance(error, NotSignedIn):
                    count_unsigned(self._trail, (scope.get("client") or ("",))[0])
                else:
                    count_refused(self._trail, scope["caller"], scope, error.code)
                await problem_of(error)(scope, receive, send)
                return
        if "asker" in scope:
            await self._in_lane(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _in_lane(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            leave = await self._lanes.enter(scope["asker"], _kind(scope))
        except TooManyRequests as error:
            await problem_of(error)(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            leave()

    def _let_in(self, scope: Scope, authorization: str | None) -> None:
        """Raises NotSignedIn and Forbidden. A session that is locked can be looked at, opened and
        ended."""
        if scope["path"] in SESSION_PATHS:
            session = self._gate.session(authorization)
            scope["asker"] = Asker(session.person.name, is_person=True)
        else:
            caller = scope["caller"] = self._gate.caller(authorization)
            scope["asker"] = Asker(caller.who.actor, is_person=caller.session is not None)
            if scope["path"] in METRICS_PATHS:
                Door.METRICS.let_in_a_service(caller)


READS = frozenset({"GET", "HEAD", "OPTIONS"})


def _kind(scope: Scope) -> Kind:
    if scope["path"] in STREAM_PATHS:
        return Kind.STREAM
    return Kind.READ if scope["method"] in READS else Kind.WRITE


def _is_from_elsewhere(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    origin = headers.get("origin")
    is_cross_site = headers.get("sec-fetch-site") in ("cross-site", "same-site")
    is_foreign = origin is not None and urlsplit(origin).netloc != headers.get("host")
    return is_cross_site or is_foreign
