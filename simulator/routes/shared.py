"""What the routes share: who calls, carrying out a command, JSON and its problems."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import Depends, Header, Path, Query, Request
from fastapi.responses import Response
from prometheus_client import Counter

from lake.vocabulary import Role, Rule, Source
from simulator import api_models as m
from simulator.desk import Desk
from simulator.domain import commands as c
from simulator.domain.bookings import Booking
from simulator.domain.errors import NotThere, Refusal
from simulator.domain.suggestions import suggest
from simulator.engine import Context, Row
from simulator.idempotency import digest_of
from simulator.log_queries import NEWEST_OF_BOOKINGS, ask
from simulator.problems import JSON_OPTIONS

MOST_WAITING = 5_000

ANSWERS = Counter("snr_answers", "Answers to writes", ["outcome"])

PROBLEM = {"model": m.Problem, "content": {"application/problem+json": {}}}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {**PROBLEM, "description": "Not JSON"},
    404: {**PROBLEM, "description": "No such bed, booking or route"},
    409: {**PROBLEM, "description": "A rule says no; `code` is the rule"},
    413: {**PROBLEM, "description": "Body over 64 KiB"},
    422: {**PROBLEM, "description": "A value is missing, unknown or wrong"},
    503: {**PROBLEM, "description": "Not ready, overloaded, or storage is away; try again"},
}
READ_PROBLEMS: dict[int | str, dict[str, Any]] = {k: PROBLEMS[k] for k in (404, 422, 503)}


class NotReady(Exception):
    pass


class Overloaded(Exception):
    pass


class UnknownParameter(Exception):
    """The query string names what the route does not take."""


class WrongActor(Exception):
    """The `X-Actor` header holds no name."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, with the request's key, path and digest."""

    actor: str
    key: str | None
    path: str
    digest: str | None

    def context(self, occurred_at: datetime | None, note: str | None, **more: Any) -> Context:
        return Context(
            source=Source.MANUAL,
            actor=self.actor,
            role=Role.MANAGER,
            occurred_at=occurred_at,
            note=note,
            idempotency_key=self.key,
            request_path=self.path if self.key else None,
            request_digest=self.digest,
            **more,
        )


async def caller(
    request: Request,
    x_actor: Annotated[str, Header(max_length=400, description="UTF-8 name")] = "anonymous",
    idempotency_key: Annotated[str | None, Header(pattern=r"^[!-~]{1,255}$")] = None,
) -> Caller:
    digest = digest_of(await request.body()) if idempotency_key else None
    path = f"{request.method} {request.url.path}"
    return Caller(actor_from(x_actor), idempotency_key, path, digest)


def actor_from(header: str) -> str:
    """The name in `X-Actor`: up to 100 printable characters, UTF-8. Raises WrongActor."""
    try:
        name = header.encode("latin-1").decode()
    except UnicodeError:
        name = ""
    if not (1 <= len(name) <= 100 and name.isprintable() and name.strip()):
        raise WrongActor("X-Actor: 1 to 100 printable characters in UTF-8.")
    return name


async def only_known_parameters(request: Request) -> None:
    """A filter that is ignored would answer another question. Raises UnknownParameter."""
    known = {field.alias for field in request.scope["route"].dependant.query_params}
    if unknown := sorted(set(request.query_params) - known):
        takes = ", ".join(sorted(known)) or "none"
        # Query strings hold anything; what is told back is printable.
        raise UnknownParameter(f"{ascii(unknown[0])[:80]}: no such parameter; there are: {takes}.")


CallerNow = Annotated[Caller, Depends(caller)]
BedId = Annotated[str, Path(max_length=64)]
BookingId = Annotated[str, Path(max_length=64)]
Limit = Annotated[int, Query(ge=1, le=1000)]
Cursor = Annotated[str | None, Query(pattern=r"^[A-Za-z0-9-]{1,64}$")]


def json_response(content: Any, status: int = 200) -> Response:
    body = orjson.dumps(content, option=JSON_OPTIONS)
    return Response(body, status, media_type="application/json")


def ready(desk: Desk) -> Desk:
    if not desk.ready.is_set():
        raise NotReady
    return desk


async def carry_out(desk: Desk, request: Request, command: c.Command, context: Context) -> Row:
    if len(ready(desk).commit.waiting) > MOST_WAITING:
        raise Overloaded
    try:
        row = await desk.carry_out(command, context)
    except Refusal as refusal:
        now = desk.clock.now()
        at = context.occurred_at or now
        request.state.suggestions = suggest(desk.engine.hospital, command, refusal.rule, at, now)
        raise
    except NotThere:
        await _explain_closed(desk, command)
        raise
    ANSWERS.labels("accepted").inc()
    return row


async def _explain_closed(desk: Desk, command: c.Command) -> None:
    """A booking that is no longer open is a 409, one that never was a 404."""
    booking_id = getattr(command, "booking_id", None)
    for row in await bookings_in_log(desk, booking_id=booking_id):
        raise Refusal(
            Rule.ILLEGAL_BOOKING_CHANGE,
            f"{booking_id} is {row['booking_state']}.",
            Booking.from_row(row),
        )


async def bookings_in_log(desk: Desk, limit: int = 1, **filters: Any) -> list[Row]:
    names = ("booking_id", "bed_id", "state", "patient_ref", "after_seq")
    parameters = {name: filters.get(name) for name in names} | {"limit": limit}
    rows = await asyncio.to_thread(ask, desk.reader, NEWEST_OF_BOOKINGS, parameters)
    await desk.commit.durable()  # what was read may have been on its way to the disk
    return rows
