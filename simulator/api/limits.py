"""What is turned away before the application reads it: other sites' pages, large bodies."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator.api.problems import problem

MOST_BODY_BYTES = 64 * 1024


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


class BodyLimit:
    """Refuses bodies over 64 KiB before the application reads them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        chunks, size, more = [], 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            more = message.get("more_body", False)
            if size > MOST_BODY_BYTES:
                response = problem("body_too_large", f"At most {MOST_BODY_BYTES} bytes.")
                await response(scope, receive, send)
                return
        await self._app(scope, _replay(b"".join(chunks), receive), send)


def _replay(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return messages.pop() if messages else await receive()

    return next_message
