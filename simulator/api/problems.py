"""HTTP for what goes wrong: the one table of status codes, as RFC 9457 problem documents."""

import re
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from prometheus_client import Counter
from starlette.exceptions import HTTPException

from lake.errors import QueryTooLong
from lake.vocabulary import Rule
from simulator.access.errors import TooMany
from simulator.api.recording import record_refusal
from simulator.domain.bookings import Booking
from simulator.domain.errors import NotCarriedOut, Refusal
from simulator.wire import answers as w

RETRY_SECONDS = 1

ANSWERS = Counter("snr_answers", "Answers to writes", ["outcome"])

STATUS = {
    "malformed_json": 400,
    "not_found": 404,
    "unknown_bed": 404,
    "method_not_allowed": 405,
    "sign_in_required": 401,
    "wrong_password": 401,
    "new_password_required": 403,
    "password_required": 403,
    "too_many_attempts": 429,
    "too_many_requests": 429,
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
    "question_too_long": 503,
    "not_ready": 503,
    "storage_unavailable": 503,
    "internal_error": 500,
}
STATUS |= {rule.value: 409 for rule in Rule if rule.value not in STATUS}

PROBLEM = {"model": w.Problem, "content": {"application/problem+json": {}}}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {**PROBLEM, "description": "Not JSON"},
    401: {**PROBLEM, "description": "Nobody has signed in, or with a wrong password"},
    403: {**PROBLEM, "description": "Somebody else may do this: not_permitted, same_actor"},
    404: {**PROBLEM, "description": "No such bed, booking, request, event or route"},
    409: {**PROBLEM, "description": "A rule says no; `code` is the rule"},
    412: {**PROBLEM, "description": "The bed or request has changed since it was seen"},
    413: {**PROBLEM, "description": "Body over 64 KiB"},
    422: {**PROBLEM, "description": "A value is missing, unknown or wrong"},
    429: {**PROBLEM, "description": "Too many wrong attempts, or requests; try again later"},
    503: {**PROBLEM, "description": "Not ready, overloaded, or storage is away; try again"},
}
"""What a route that writes may answer besides, for OpenAPI."""
READ_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: PROBLEMS[status] for status in (401, 403, 404, 422, 503)
}


def problem(code: str, detail: str, **more: Any) -> Response:
    status = STATUS[code]
    title = code.replace("_", " ").capitalize()
    body = w.Problem(status=status, code=code, title=title, detail=detail, **more)
    headers = {"Retry-After": str(RETRY_SECONDS)} if status == 503 else None
    if status == 401:
        headers = {"WWW-Authenticate": "Bearer"}
    return Response(body.model_dump_json(), status, headers, media_type="application/problem+json")


def handle_problems(app: FastAPI) -> None:
    """One handler for our own tree of errors, and one each for what the framework raises."""
    app.add_exception_handler(NotCarriedOut, _not_carried_out)
    app.add_exception_handler(QueryTooLong, _too_long)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _internal_error)


async def _not_carried_out(request: Request, error: Exception) -> Response:
    """A refusal is told once it is recorded."""
    assert isinstance(error, NotCarriedOut)  # noqa: S101 - registered for this type only
    try:
        await record_refusal(request, error)
    except NotCarriedOut as later:
        return problem_of(later)
    return problem_of(error)


def problem_of(error: NotCarriedOut) -> Response:
    if isinstance(error, TooMany):
        response = problem(error.code, str(error))
        response.headers["Retry-After"] = str(error.retry_seconds)
        return response
    detail, more = str(error), {}
    if error.pair:
        index, bed_request_id = error.pair
        detail = f"pairs.{index}, {bed_request_id}: {detail}"
        more["pair"] = w.PairNotPlaced(index=index, bed_request_id=bed_request_id)
    if not isinstance(error, Refusal):
        return problem(error.code, detail, **more)
    ANSWERS.labels(error.code).inc()
    return problem(error.code, detail, **more, **_of_a_rule(error))


def _of_a_rule(refusal: Refusal) -> dict[str, Any]:
    """The bookings in the way, and the beds that would do."""
    conflict = refusal.conflicts_with
    return {
        "conflicts_with": _conflict(conflict) if conflict else None,
        "alternatives": [w.Alternative(bed_id=bed, reason=why) for bed, why in refusal.suggestions],
        "rules": [rule.value for rule in refusal.rules],
        "can_be_overridden": refusal.can_be_overridden,
        "in_the_way": [_conflict(booking) for booking in refusal.in_the_way],
        "earliest_at": refusal.earliest_at,
    }


def _conflict(booking: Booking) -> w.Conflict:
    return w.Conflict(
        booking_id=booking.booking_id,
        patient_ref=booking.patient_ref,
        bed_id=booking.bed_id,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
    )


async def _too_long(_: Request, error: Exception) -> Response:
    assert isinstance(error, QueryTooLong)  # noqa: S101 - registered for this type only
    return problem("question_too_long", f"{error} {error.fix}")


async def _invalid_request(_: Request, error: Exception) -> Response:
    """Names each place and what is wrong there; never echoes the input."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type only
    faults = error.errors()
    if any(fault["type"] == "json_invalid" for fault in faults):
        return problem("malformed_json", "The body is not JSON.")
    return problem("invalid_request", "; ".join(_fault(fault) for fault in faults[:5]))


def _fault(fault: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in fault["loc"] if part != "body") or "body"
    return printable(f"{where}: {fault['msg']}")


def printable(text: str) -> str:
    """Without the lone surrogates that JSON may hold and UTF-8 cannot."""
    return re.sub(r"[\ud800-\udfff]", "?", text)


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type only
    codes = {404: "not_found", 405: "method_not_allowed", 400: "malformed_json"}
    code = codes.get(error.status_code, "invalid_request")
    response = problem(code, str(error.detail))
    response.headers.update(error.headers or {})
    return response


async def _internal_error(_: Request, __: Exception) -> Response:
    return problem("internal_error", "This is our fault; the log has the details.")
