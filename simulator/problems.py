"""HTTP for what goes wrong: the one table of status codes, as RFC 9457 problem documents."""

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lake.vocabulary import Rule
from simulator.domain.bookings import Booking
from simulator.domain.suggestions import Suggestion

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


def problem(
    code: str,
    detail: str,
    conflicts_with: Booking | None = None,
    alternatives: list[Suggestion] | None = None,
) -> Response:
    status = STATUS[code]
    body = {
        "type": "about:blank",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "code": code,
        "detail": detail,
        "conflicts_with": _conflict(conflicts_with),
        "alternatives": [suggestion._asdict() for suggestion in alternatives or []],
    }
    headers = {"Retry-After": str(RETRY_SECONDS)} if status == 503 else None
    return Response(
        orjson.dumps(body, option=JSON_OPTIONS),
        status,
        headers,
        media_type="application/problem+json",
    )


def _conflict(booking: Booking | None) -> dict[str, Any] | None:
    if booking is None:
        return None
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
