"""Bed requests: needs without a bed, ranked, placed or withdrawn."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from lake.vocabulary import RequestState, Source
from simulator.api.answers import (
    PROBLEMS,
    CallerNow,
    Limit,
    carry_out,
    json_response,
    ready,
    requests_in_log,
)
from simulator.api.problems import problem
from simulator.api.routes.bookings import booking_answer
from simulator.domain import commands as c
from simulator.domain.bookings import Needs
from simulator.domain.errors import NotThere
from simulator.domain.requests import BedRequest
from simulator.domain.rules.suggestions import suggest_for
from simulator.wire import models as m
from simulator.writer.desk import Desk
from simulator.writer.engine import Context, Row
from simulator.writer.memory import MOST

RequestId = Annotated[str, Path(max_length=64)]


def router_of(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["waiting list"], responses=PROBLEMS)

    @router.get("/requests", response_model=m.RequestPage)
    async def requests(
        state: RequestState = RequestState.WAITING,
        ward_id: Annotated[str | None, Query(max_length=64)] = None,
        limit: Limit = 100,
        after: Annotated[str | None, Query(pattern=r"^[0-9]{1,18}(-[0-9-]{1,60})?$")] = None,
    ) -> Response:
        """Those that wait, the most urgent first; those that ended, the oldest first."""
        if state is not RequestState.WAITING:
            seq = int((after or "0").split("-")[0])
            rows = await requests_in_log(
                ready(desk), limit + 1, state=state, ward_id=ward_id, after_seq=seq
            )
            following = str(rows[limit - 1]["seq"]) if len(rows) > limit else None
        else:
            rows, following = await _waiting(ward_id, limit, after)
        now = desk.clock.now()
        items = [_item(row, now) for row in rows[:limit]]
        return json_response({"items": items, "next": following})

    async def _waiting(
        ward_id: str | None, limit: int, after: str | None
    ) -> tuple[list[Row], str | None]:
        """The rank decides, so it is the cursor too: it holds when a request leaves the list."""
        waiting = ready(desk).engine.hospital.waiting_list
        rows = {
            row["bed_request_id"]: row
            for row in await requests_in_log(
                desk, MOST, state=RequestState.WAITING, ward_id=ward_id
            )
        }
        page = [
            request
            for request in waiting
            if request.bed_request_id in rows and (after is None or _rank(request) > _parsed(after))
        ]
        following = _cursor(page[limit - 1]) if len(page) > limit else None
        return [rows[request.bed_request_id] for request in page[:limit]], following

    @router.get("/requests/{bed_request_id}", response_model=m.RequestWithBeds)
    async def request_with_beds(bed_request_id: RequestId) -> Response:
        """With up to three beds that would do, if it waits."""
        for row in await requests_in_log(ready(desk), bed_request_id=bed_request_id):
            engine = desk.engine
            waiting = engine.hospital.requests.get(bed_request_id)
            moment = engine.moment(Context(Source.MANUAL, "anonymous"))
            beds = suggest_for(engine.hospital, waiting, moment) if waiting else []
            suggestions = [bed._asdict() for bed in beds]
            return json_response(_item(row, moment.now) | {"suggestions": suggestions})
        raise NotThere(f"There is no request {bed_request_id}.")

    @router.post("/requests", status_code=201, response_model=m.RequestAnswer)
    async def wait(request: Request, body: m.WaitRequest, who: CallerNow) -> Response:
        """A need without a bed joins the waiting list."""
        command = c.RequestBed(
            patient_ref=body.patient_ref,
            ward_id=body.ward_id,
            needs=body.needs.as_needs(),
            wanted_from=body.wanted_from,
        )
        context = who.context(body.occurred_at, body.note)
        row = await carry_out(desk, command, context)
        return json_response(_answer(row), 201)

    @router.post(
        "/requests/{bed_request_id}/place", status_code=201, response_model=m.BookingAnswer
    )
    async def place(
        request: Request, bed_request_id: RequestId, body: m.PlaceRequest, who: CallerNow
    ) -> Response:
        """Gives it a bed: answers with the booking."""
        if body.admit and body.starts_at and body.starts_at != body.occurred_at:
            return problem("invalid_request", "starts_at: an admission starts when it occurs.")
        command = c.PlaceRequest(
            bed_request_id=bed_request_id,
            bed_id=body.bed_id,
            starts_at=body.starts_at,
            ends_at=body.ends_at,
            admit=body.admit,
            override=body.as_override,
        )
        context = who.context(body.occurred_at, body.note)
        row = await carry_out(desk, command, context)
        return json_response(booking_answer(row), 201)

    @router.post("/requests/{bed_request_id}/withdraw", response_model=m.RequestAnswer)
    async def withdraw(
        request: Request,
        bed_request_id: RequestId,
        who: CallerNow,
        body: m.WithdrawRequest | None = None,
    ) -> Response:
        """The bed is needed no more."""
        body = body or m.WithdrawRequest()
        context = who.context(body.occurred_at, body.note, reason_code=body.reason_code)
        row = await carry_out(desk, c.WithdrawRequest(bed_request_id=bed_request_id), context)
        return json_response(_answer(row))

    return router


def _rank(request: BedRequest) -> tuple[int, ...]:
    """As numbers; two of the same microsecond are told apart by their ids."""
    priority, *instants, request_id = request.rank
    micros = (int(instant.timestamp() * 1_000_000) for instant in instants)
    return int(priority), *micros, int(request_id.removeprefix("R"))


def _cursor(request: BedRequest) -> str:
    return "-".join(map(str, _rank(request)))


def _parsed(cursor: str) -> tuple[int, ...]:
    return tuple(int(part) for part in cursor.split("-") if part)


def _answer(row: Row) -> Row:
    return {"bed_request_id": row["bed_request_id"], "seq": row["seq"]}


def _item(row: Row, now: datetime) -> Row:
    wanted_from = max(row["starts_at"], row["occurred_at"])
    waits = row["request_state"] != RequestState.WITHDRAWN
    until = row["in_bed_at"] or (now if waits else None)
    minutes = (until - wanted_from).total_seconds() / 60 if until else None
    return {
        "bed_request_id": row["bed_request_id"],
        "state": row["request_state"],
        "patient_ref": row["patient_ref"],
        "ward_id": row["ward_id"],
        "needs": asdict(Needs.from_row(row)),
        "wanted_from": row["starts_at"],
        "requested_at": row["occurred_at"],
        "requested_by": row["actor"],
        "displaced_booking_id": row["displaced_booking_id"],
        "booking_id": row["placed_booking_id"],
        "bed_id": row["placed_bed_id"],
        "in_bed_at": row["in_bed_at"],
        "boarding_minutes": max(minutes, 0.0) if minutes is not None else None,
        "seq": row["seq"],
    }
