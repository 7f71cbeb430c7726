"""What the routes share: who calls, carrying out a command, JSON and its problems."""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import Depends, Header, Path, Query, Request
from fastapi.responses import Response
from prometheus_client import Counter

from lake.vocabulary import Role, Rule, Source
from simulator.api.problems import JSON_OPTIONS
from simulator.domain import commands as c
from simulator.domain.bookings import Booking
from simulator.domain.errors import NotThere, Refusal
from simulator.wire import models as m
from simulator.wire.names import actor_name
from simulator.writer.desk import Desk
from simulator.writer.engine import Context, NotYet, Row
from simulator.writer.keys import digest_of
from simulator.writer.memory import (
    EVENT_WITH_ITS_REQUEST,
    EVERY_BOOKING,
    NEWEST_OF_BOOKINGS,
    ONE_BOOKING,
    REQUESTS,
    ask,
)

MOST_WAITING = 5_000

ANSWERS = Counter("snr_answers", "Answers to writes", ["outcome"])

PROBLEM = {"model": m.Problem, "content": {"application/problem+json": {}}}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {**PROBLEM, "description": "Not JSON"},
    403: {**PROBLEM, "description": "Somebody else may do this: actor_required, same_actor"},
    404: {**PROBLEM, "description": "No such bed, booking, request, event or route"},
    409: {**PROBLEM, "description": "A rule says no; `code` is the rule"},
    412: {**PROBLEM, "description": "The bed has changed since (If-Match)"},
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
    if_match: frozenset[int] | None = None

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
            if_match=self.if_match,
            **more,
        )


async def caller(
    request: Request,
    x_actor: Annotated[str, Header(max_length=400, description="UTF-8 name")] = "anonymous",
    idempotency_key: Annotated[str | None, Header(pattern=r"^[!-~]{1,255}$")] = None,
    if_match: Annotated[str | None, Header(description="ETags of the bed, or *")] = None,
) -> Caller:
    digest = digest_of(await request.body()) if idempotency_key else None
    path = f"{request.method} {request.url.path}"
    return Caller(actor_from(x_actor), idempotency_key, path, digest, _seqs(if_match))


def etag(seq: int) -> str:
    """Of a bed whose newest event this is."""
    return f'"{seq}"'


def _seqs(if_match: str | None) -> frozenset[int] | None:
    """None: whatever the bed is. A text that is no ETag of ours matches no bed."""
    if if_match is None or if_match.strip() == "*":
        return None
    return frozenset(int(seq) for seq in re.findall(r'"(\d{1,18})"', if_match))


def actor_from(header: str) -> str:
    """The name in `X-Actor`: up to 100 printable characters, UTF-8. Raises WrongActor."""
    try:
        return actor_name(header.encode("latin-1").decode())
    except ValueError:
        raise WrongActor("X-Actor: 1 to 100 printable characters in UTF-8.") from None


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
SeqCursor = Annotated[int | None, Query(ge=0, le=2**62)]
PastInstant = Annotated[
    m.Instant | None, Query(description="A past hospital instant; answered with all now known")
]
Cursor = Annotated[str | None, Query(pattern=r"^[A-Za-z0-9-]{1,64}$")]


def json_response(content: Any, status: int = 200) -> Response:
    body = orjson.dumps(content, option=JSON_OPTIONS)
    return Response(body, status, media_type="application/json")


def ready(desk: Desk) -> Desk:
    if not desk.ready.is_set():
        raise NotReady
    return desk


async def carry_out(desk: Desk, command: c.Command, context: Context) -> Row:
    if len(ready(desk).commit.waiting) > MOST_WAITING:
        raise Overloaded
    try:
        row = await desk.carry_out(command, context)
    except NotThere:
        await _explain_closed(desk, command)
        raise
    ANSWERS.labels("accepted").inc()
    return row


async def _explain_closed(desk: Desk, command: c.Command) -> None:
    """What is no longer open is a 409, what never was a 404."""
    match command:
        case (
            c.PlaceRequest(bed_request_id=bed_request_id)
            | c.WithdrawRequest(bed_request_id=bed_request_id)
        ):
            for row in await requests_in_log(desk, bed_request_id=bed_request_id):
                raise Refusal(
                    Rule.ILLEGAL_BOOKING_CHANGE, f"{bed_request_id} is {row['request_state']}."
                )
        case c.ReviewOverride(event_id=event_id):
            rows = await from_log(desk, EVENT_WITH_ITS_REQUEST, event_id=event_id)
            if any(row["event_id"] == event_id and row["override_rule"] for row in rows):
                raise Refusal(Rule.ALREADY_REVIEWED)
        case c.SwapPatients(booking_id=booking_id, with_booking_id=with_booking_id):
            await _explain_ended(desk, booking_id)
            await _explain_ended(desk, with_booking_id)
        case _:
            await _explain_ended(desk, getattr(command, "booking_id", None))


async def _explain_ended(desk: Desk, booking_id: str | None) -> None:
    if booking_id is None or booking_id in desk.engine.hospital.bookings:
        return
    for row in await from_log(desk, ONE_BOOKING, booking_id=booking_id):
        raise Refusal(
            Rule.ILLEGAL_BOOKING_CHANGE,
            f"{booking_id} is {row['booking_state']}.",
            Booking.from_row(row),
        )


async def bookings_in_log(desk: Desk, limit: int = 1, **filters: Any) -> list[Row]:
    parameters = EVERY_BOOKING | filters | {"limit": limit}
    return await from_log(desk, NEWEST_OF_BOOKINGS, **parameters)


async def requests_in_log(desk: Desk, limit: int = 1, **filters: Any) -> list[Row]:
    every = {"bed_request_id": None, "state": None, "ward_id": None, "after_seq": 0}
    return await from_log(desk, REQUESTS, **(every | filters), limit=limit)


async def from_log(desk: Desk, sql: str, **parameters: Any) -> list[Row]:
    rows = await asyncio.to_thread(ask, desk.reader, sql, parameters)
    await desk.commit.durable()  # what was read may have been on its way to the disk
    return rows


def page_of(rows: list[Row], limit: int, item: Callable[[Row], Row]) -> Response:
    """One row more than `limit` was asked for: it tells whether there is another page."""
    following = str(rows[limit - 1]["seq"]) if len(rows) > limit else None
    return json_response({"items": [item(row) for row in rows[:limit]], "next": following})


def not_after_now(desk: Desk, at: datetime) -> None:
    """Raises NotYet."""
    now = desk.clock.now()
    if at > now:
        raise NotYet(f"at: it is {now:%Y-%m-%d %H:%M:%S} UTC in the hospital.")


def closing(bed_ids: Sequence[str], body: m.CloseRequest) -> c.CloseBeds:
    return c.CloseBeds(
        bed_ids=tuple(bed_ids),
        reason_code=body.reason_code,
        until_at=body.until_at,
        override=body.as_override,
    )


def reasoned(who: Caller, body: m.CloseRequest | m.OpenRequest) -> Context:
    """With the coded reason, and the words for it as the note."""
    note = "; ".join(part for part in (body.reason, body.note) if part)
    return who.context(body.occurred_at, note, reason_code=body.reason_code)
