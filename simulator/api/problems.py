"""HTTP for what goes wrong: the one table of status codes, as RFC 9457 problem documents."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lake.vocabulary import Rule
from simulator.domain.bookings import Booking
from simulator.domain.errors import Refusal

MOST_BODY_BYTES = 64 * 1024
JSON_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC
RETRY_SECONDS = 1

STATUS = {
    "malformed_json": 400,
    "not_found": 404,
    "unknown_bed": 404,
    "method_not_allowed": 405,
    "actor_required": 403,
    "not_permitted": 403,
    "same_actor": 403,
    "precondition_failed": 412,
    "wrong_mode": 409,
    "body_too_large": 413,
    "unsupported_media_type": 415,
    "invalid_request": 422,
    "empty_interval": 422,
    "idempotency_key_reused": 422,
    "overloaded": 503,
    "not_ready": 503,
    "storage_unavailable": 503,
    "internal_error": 500,
}
STATUS |= {rule.value: 409 for rule in Rule if rule.value not in STATUS}


def refused(refusal: Refusal) -> Response:
    """With the bookings in the way, and the beds that would do."""
    more = {
        "conflicts_with": _conflict(refusal.conflicts_with) if refusal.conflicts_with else None,
        "alternatives": [{"bed_id": bed, "reason": why} for bed, why in refusal.suggestions],
        "rules": [rule.value for rule in refusal.rules],
        "can_be_overridden": refusal.can_be_overridden,
        "in_the_way": [_conflict(booking) for booking in refusal.in_the_way],
    }
    return problem(refusal.rule.value, str(refusal), more)


NO_RULE: dict[str, Any] = {
    "conflicts_with": None,
    "alternatives": [],
    "rules": [],
    "can_be_overridden": False,
    "in_the_way": [],
}


def problem(code: str, detail: str, more: Mapping[str, Any] = NO_RULE) -> Response:
    status = STATUS[code]
    body = {
        "type": "about:blank",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "code": code,
        "detail": detail,
        **more,
    }
    headers = {"Retry-After": str(RETRY_SECONDS)} if status == 503 else None
    return Response(
        orjson.dumps(body, option=JSON_OPTIONS),
        status,
        headers,
        media_type="application/problem+json",
    )


def _conflict(booking: Booking) -> dict[str, Any]:
    return {
        "booking_id": booking.booking_id,
        "bed_id": booking.bed_id,
        "starts_at": booking.starts_at,
        "ends_at": booking.ends_at,
    }


async def invalid_request(_: Request, error: Exception) -> Response:
    """Names each place and what is wrong there; never echoes the input."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type only
    faults = error.errors()
    if any(fault["type"] == "json_invalid" for fault in faults):
        return problem("malformed_json", "The body is not JSON.")
    return problem("invalid_request", "; ".join(_fault(fault) for fault in faults[:5]))


def _fault(fault: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in fault["loc"] if part != "body") or "body"
    text = f"{where}: {fault['msg']}"
    return text.encode("utf-8", "replace").decode()


async def http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type only
    codes = {404: "not_found", 405: "method_not_allowed", 400: "malformed_json"}
    code = codes.get(error.status_code, "invalid_request")
    response = problem(code, str(error.detail))
    response.headers.update(error.headers or {})
    return response


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
