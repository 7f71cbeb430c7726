"""Overrides: who set which rule aside, why, what it displaced, and who has looked at it."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from simulator.api.answers import EventId, Limit, SeqCursor, json_of, page_of
from simulator.api.call import Call, CallRoute
from simulator.api.front import carry_out, from_log
from simulator.api.problems import PROBLEMS
from simulator.domain import commands as c
from simulator.wire import answers as w
from simulator.wire import bodies as b
from simulator.wire.scalars import Instant
from simulator.writer.engine import Row
from simulator.writer.memory import OVERRIDES

router = APIRouter(tags=["overrides"], responses=PROBLEMS, route_class=CallRoute)


@router.get("/overrides", response_model=w.Page[w.Override])
async def overrides(
    call: Call,
    since: Annotated[Instant | None, Query(description="Hospital time")] = None,
    reviewed: bool | None = None,
    limit: Limit = 100,
    after: SeqCursor = None,
) -> Response:
    """Every override, the oldest first."""
    wanted = {"since": since, "reviewed": reviewed, "own_wards": call.who.sees_wards}
    rows = await from_log(call.desk, OVERRIDES, **wanted, after_seq=after or 0, limit=limit + 1)
    return page_of(rows, limit, _item)


@router.post("/overrides/{event_id}/review", response_model=w.ReviewAnswer)
async def review(call: Call, event_id: EventId, body: b.Write | None = None) -> Response:
    """Somebody else than the one who overrode has looked at it."""
    command = c.ReviewOverride(event_id=event_id)
    [*_, row] = await carry_out(call.desk, command, call.context(body or b.Write()))
    return json_of(w.ReviewAnswer(event_id=event_id, seq=row["seq"]))


def _item(row: Row) -> w.Override:
    displaced = row["displaced_booking_ids"] or []
    return w.Override.model_validate(
        row
        | {
            "rules": row["override_rules"],
            "reason_code": row["override_reason_code"],
            "reason": row["override_reason"],
            "displaced_booking_ids": displaced,
            "replace_by": row["actor"] if displaced else None,
        }
    )
