"""What is turned away before the application reads it: writes of other sites' pages."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from simulator.api.problems import problem


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


READS = frozenset({"GET", "HEAD", "OPTIONS"})


def _is_from_elsewhere(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    origin = headers.get("origin")
    is_cross_site = headers.get("sec-fetch-site") in ("cross-site", "same-site")
    is_foreign = origin is not None and urlsplit(origin).netloc != headers.get("host")
    return is_cross_site or is_foreign
