"""The log, in pages and as server-sent events."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sse_starlette import EventSourceResponse

from lake.vocabulary import EventType
from simulator.api.answers import READ_PROBLEMS, Limit, page_of, ready
from simulator.api.problems import JSON_OPTIONS
from simulator.wire import models as m
from simulator.writer.desk import Desk
from simulator.writer.engine import Row
from simulator.writer.memory import events_after


def router_of(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["events"], responses=READ_PROBLEMS)

    @router.get("/events", response_model=m.Page)
    async def events(
        after_seq: Annotated[int, Query(ge=0, le=2**62)] = 0,
        limit: Limit = 100,
        bed_id: Annotated[str | None, Query(max_length=64)] = None,
        event_type: EventType | None = None,
    ) -> Response:
        """The log in order; all columns of bronze.bed_events."""
        reader = ready(desk).reader
        rows = await asyncio.to_thread(
            events_after, reader, after_seq, limit + 1, bed_id, event_type
        )
        await desk.commit.durable()  # what was read may have been on its way to the disk
        return page_of(rows, limit, dict)

    @router.get(
        "/events/stream",
        response_class=EventSourceResponse,
    )
    async def event_stream(
        request: Request, after_seq: Annotated[int | None, Query(ge=0, le=2**62)] = None
    ) -> EventSourceResponse:
        """Server-sent events as they become durable; resumes after `Last-Event-ID`."""
        last_id = request.headers.get("Last-Event-ID", "")
        start = (
            int(last_id)
            if last_id.isascii() and last_id.isdigit() and len(last_id) < 19
            else after_seq
        )
        head = ready(desk).commit.durable_seq
        return EventSourceResponse(_stream(desk, head if start is None else start))

    return router


async def _stream(desk: Desk, after_seq: int) -> AsyncIterator[dict[str, str]]:
    """Older rows from the log, then the live ones."""
    while True:
        while desk.commit.oldest_recent_seq > after_seq + 1:
            rows = await asyncio.to_thread(events_after, desk.reader, after_seq, 1000)
            await desk.commit.durable()
            for row in rows:
                after_seq = row["seq"]
                yield _server_sent(row)
        async for row in desk.commit.follow(after_seq):
            after_seq = row["seq"]
            yield _server_sent(row)


def _server_sent(row: Row) -> dict[str, str]:
    data = orjson.dumps(row, option=JSON_OPTIONS).decode()
    return {"id": str(row["seq"]), "event": row["event_type"], "data": data}
