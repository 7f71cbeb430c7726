"""Overrides: who set which rule aside, why, what it displaced, and who has looked at it."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from simulator.api.answers import (
    PROBLEMS,
    CallerNow,
    Limit,
    SeqCursor,
    carry_out,
    from_log,
    json_response,
    page_of,
    ready,
)
from simulator.domain import commands as c
from simulator.wire import models as m
from simulator.writer.desk import Desk
from simulator.writer.engine import Row
from simulator.writer.memory import OVERRIDES


def router_of(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["overrides"], responses=PROBLEMS)

    @router.get("/overrides", response_model=m.OverridePage)
    async def overrides(
        since: Annotated[m.Instant | None, Query(description="Hospital time")] = None,
        reviewed: bool | None = None,
        limit: Limit = 100,
        after: SeqCursor = None,
    ) -> Response:
        """Every override, the oldest first."""
        rows = await from_log(
            ready(desk),
            OVERRIDES,
            since=since,
            reviewed=reviewed,
            after_seq=after or 0,
            limit=limit + 1,
        )
        return page_of(rows, limit, _item)

    @router.post("/overrides/{event_id}/review", response_model=m.ReviewAnswer)
    async def review(
        request: Request,
        event_id: Annotated[str, Path(max_length=64)],
        who: CallerNow,
        body: m.Write | None = None,
    ) -> Response:
        """Somebody else than the one who overrode has looked at it."""
        body = body or m.Write()
        context = who.context(body.occurred_at, body.note)
        row = await carry_out(desk, c.ReviewOverride(event_id=event_id), context)
        return json_response({"event_id": event_id, "seq": row["seq"]})

    return router


def _item(row: Row) -> Row:
    displaced = (
        (row["displaced_booking_id"] or "").split(",") if row["displaced_booking_id"] else []
    )
    names = ("event_id", "event_type", "bed_id", "booking_id", "actor", "reason_code",
             "occurred_at", "reviewed_by", "reviewed_at", "seq")  # fmt: skip
    return {name: row[name] for name in names} | {
        "rules": row["override_rule"].split(","),
        "reason": row["note"],
        "displaced_booking_ids": displaced,
        "replace_by": row["actor"] if displaced else None,
    }
