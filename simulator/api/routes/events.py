"""The log, in pages and as server-sent events."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, suppress
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Query
from fastapi.responses import Response
from sse_starlette import EventSourceResponse

from lake.duck import within
from lake.versions import as_read
from lake.vocabulary import EventType
from simulator.access.errors import NotSignedIn
from simulator.api.answers import Limit
from simulator.api.call import QUESTION_SECONDS, Call, CallRoute
from simulator.api.problems import READ_PROBLEMS
from simulator.api.sight import without_patients
from simulator.domain.principals import Principal
from simulator.wire import answers as w
from simulator.writer.desk import Desk
from simulator.writer.engine import Row
from simulator.writer.memory import events_after

FromSeq = Annotated[int, Query(ge=0, le=2**62)]
LOOK_SECONDS = 1.0
JSON = "application/json"
JSON_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC

router = APIRouter(tags=["events"], responses=READ_PROBLEMS, route_class=CallRoute)


@router.get("/events", response_model=w.Page[w.Event])
async def events(
    call: Call,
    after_seq: FromSeq = 0,
    limit: Limit = 100,
    bed_id: Annotated[str | None, Query(max_length=64)] = None,
    event_type: EventType | None = None,
) -> Response:
    """The log in order; all columns of bronze.bed_events but its salts."""
    rows = await asyncio.to_thread(
        events_after, call.desk.reader, after_seq, limit + 1, bed_id, event_type
    )
    await call.desk.commit.durable()  # what was read may have been on its way to the disk
    following = str(rows[limit - 1]["seq"]) if len(rows) > limit else None
    items = [_told(row, call.who) for row in rows[:limit]]
    return Response(_json({"items": items, "next": following}), media_type=JSON)


@router.get("/events/stream", response_class=EventSourceResponse)
async def event_stream(
    call: Call,
    after_seq: Annotated[int | None, Query(ge=0, le=2**62)] = None,
    last_event_id: Annotated[str, Header()] = "",
) -> EventSourceResponse:
    """Server-sent events as they become durable; resumes after `Last-Event-ID`. Ends within seconds
    of the session that it was opened in."""
    is_seq = last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 19
    start = int(last_event_id) if is_seq else after_seq
    from_seq = call.desk.commit.durable_seq if start is None else start
    return EventSourceResponse(_stream(call.desk, from_seq, call.look_again))


async def _stream(
    desk: Desk, after_seq: int, who: Callable[[], Principal]
) -> AsyncIterator[dict[str, str]]:
    """Older rows from the log, then the live ones; until there is nobody to see them."""
    with suppress(NotSignedIn):
        while True:
            while desk.commit.oldest_recent_seq > after_seq + 1:
                with within(QUESTION_SECONDS):
                    rows = await asyncio.to_thread(events_after, desk.reader, after_seq, 1000)
                await desk.commit.durable()
                for row in rows:
                    after_seq = row["seq"]
                    if (me := who()).has_on_board(row.get("ward_id")):
                        yield _server_sent(row, me)
            async with aclosing(_live(desk, after_seq, who)) as live:
                async for row in live:
                    after_seq = row["seq"]
                    if (me := who()).has_on_board(row.get("ward_id")):
                        yield _server_sent(row, me)


async def _live(desk: Desk, after_seq: int, who: Callable[[], Principal]) -> AsyncGenerator[Row]:
    """While nothing happens too it is asked who is there. Raises NotSignedIn."""
    rows = desk.commit.follow(after_seq)
    while True:
        coming = asyncio.ensure_future(anext(rows, None))
        try:
            while not coming.done():
                await asyncio.wait({coming}, timeout=LOOK_SECONDS)
                who()
        finally:
            coming.cancel()
        row = coming.result()
        if row is None:
            return
        yield row


def _server_sent(row: Row, who: Principal) -> dict[str, str]:
    data = _json(_told(row, who)).decode()
    return {"id": str(row["seq"]), "event": row["event_type"], "data": data}


def _told(row: Row, who: Principal) -> Row:
    """Under every name of every version. Whoever kept a salt could try out what was destroyed."""
    told = without_patients(as_read(row), who, row.get("ward_id"))
    return {name: value for name, value in told.items() if name != "private_salt"}


def _json(content: Any) -> bytes:
    """Whole rows, a thousand at a time: without a model in between."""
    return orjson.dumps(content, option=JSON_OPTIONS)
