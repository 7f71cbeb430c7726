"""Bed requests: needs without a bed, ranked, placed or withdrawn."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from lake.vocabulary import ANONYMOUS, RequestState, Source
from simulator.api import meant
from simulator.api.answers import Limit, WardFilter, json_of, page
from simulator.api.call import Call, CallRoute
from simulator.api.front import carry_out, requests_in_log
from simulator.api.problems import PROBLEMS
from simulator.api.routes.bookings import booking_answer, needs_item
from simulator.domain import commands as c
from simulator.domain.errors import NotThere
from simulator.domain.needs import Needs
from simulator.domain.requests import BedRequest
from simulator.domain.rules.suggestions import suggest_for
from simulator.wire import answers as w
from simulator.wire import bodies as b
from simulator.writer.desk import Desk
from simulator.writer.engine import Context, Row
from simulator.writer.memory import MOST

RequestId = Annotated[str, Path(max_length=64)]
RankCursor = Annotated[str | None, Query(pattern=r"^[0-9]{1,18}(-[0-9-]{1,60})?$")]

router = APIRouter(tags=["waiting list"], responses=PROBLEMS, route_class=CallRoute)


@router.get("/requests", response_model=w.Page[w.BedRequest])
async def requests(
    call: Call,
    state: RequestState = RequestState.WAITING,
    ward_id: WardFilter = None,
    limit: Limit = 100,
    after: RankCursor = None,
) -> Response:
    """Those that wait, the most urgent first; those that ended, the oldest first."""
    look = _waiting if state is RequestState.WAITING else _ended
    rows, following = await look(call.desk, state, ward_id, limit, after)
    now = call.desk.clock.now()
    return page(
        [w.BedRequest.model_validate(request_item(row, now)) for row in rows[:limit]], following
    )


async def _ended(
    desk: Desk, state: RequestState, ward_id: str | None, limit: int, after: str | None
) -> tuple[list[Row], str | None]:
    seq = int((after or "0").split("-")[0])
    rows = await requests_in_log(desk, limit + 1, state=state, ward_id=ward_id, after_seq=seq)
    return rows, str(rows[limit - 1]["seq"]) if len(rows) > limit else None


async def _waiting(
    desk: Desk, state: RequestState, ward_id: str | None, limit: int, after: str | None
) -> tuple[list[Row], str | None]:
    """The rank decides, so it is the cursor too: it holds when a request leaves the list."""
    waiting = desk.engine.hospital.waiting_list
    found = await requests_in_log(desk, MOST, state=state, ward_id=ward_id)
    rows = {row["bed_request_id"]: row for row in found}
    chosen = [
        request
        for request in waiting
        if request.bed_request_id in rows and (after is None or _rank(request) > _parsed(after))
    ]
    following = _cursor(chosen[limit - 1]) if len(chosen) > limit else None
    return [rows[request.bed_request_id] for request in chosen[:limit]], following


@router.get("/requests/{bed_request_id}", response_model=w.BedRequestWithBeds)
async def request_with_beds(call: Call, bed_request_id: RequestId) -> Response:
    """With up to three beds that would do, if it waits."""
    for row in await requests_in_log(call.desk, bed_request_id=bed_request_id):
        engine = call.desk.engine
        waiting = engine.hospital.requests.get(bed_request_id)
        moment = engine.moment(Context(Source.MANUAL, ANONYMOUS))
        beds = suggest_for(engine.hospital, waiting, moment) if waiting else []
        suggestions = [bed._asdict() for bed in beds]
        item = request_item(row, moment.now) | {"suggestions": suggestions}
        return json_of(w.BedRequestWithBeds.model_validate(item))
    raise NotThere(f"There is no request {bed_request_id}.")


@router.post("/requests", status_code=201, response_model=w.RequestAnswer)
async def wait(call: Call, body: b.NewBedRequest) -> Response:
    """A need without a bed joins the waiting list."""
    command = c.RequestBed(
        patient_ref=body.patient_ref,
        ward_id=body.ward_id,
        needs=meant.needs_of_new(body.needs),
        wanted_from=body.wanted_from,
    )
    return json_of(_answer(await carry_out(call.desk, command, call.context(body))), 201)


@router.post("/requests/{bed_request_id}/change", response_model=w.RequestAnswer)
async def change(call: Call, bed_request_id: RequestId, body: b.RequestChange) -> Response:
    """Another ward, other needs or another time; it keeps its place by when it was made."""
    command = c.ChangeRequest(
        bed_request_id=bed_request_id,
        ward_id=body.ward_id,
        needs=meant.needs(body.needs),
        wanted_from=body.wanted_from,
    )
    return json_of(_answer(await carry_out(call.desk, command, call.context(body))))


@router.post("/requests/{bed_request_id}/place", status_code=201, response_model=w.BookingAnswer)
async def place(call: Call, bed_request_id: RequestId, body: b.Placement) -> Response:
    """Gives it a bed: answers with the booking."""
    command = meant.placement(bed_request_id, body)
    return json_of(booking_answer(await carry_out(call.desk, command, call.context(body))), 201)


@router.post("/requests/{bed_request_id}/withdraw", response_model=w.RequestAnswer)
async def withdraw(
    call: Call, bed_request_id: RequestId, body: b.Withdrawal | None = None
) -> Response:
    """The bed is needed no more."""
    body = body or b.Withdrawal()
    context = call.context(body, body.reason_code)
    command = c.WithdrawRequest(bed_request_id=bed_request_id)
    return json_of(_answer(await carry_out(call.desk, command, context)))


def _rank(request: BedRequest) -> tuple[int, ...]:
    """As numbers; two of the same microsecond are told apart by their ids."""
    priority, *instants, request_id = request.rank
    micros = (int(instant.timestamp() * 1_000_000) for instant in instants)
    return int(priority), *micros, int(request_id.removeprefix("R"))


def _cursor(request: BedRequest) -> str:
    return "-".join(map(str, _rank(request)))


def _parsed(cursor: str) -> tuple[int, ...]:
    return tuple(int(part) for part in cursor.split("-") if part)


def _answer(rows: list[Row]) -> w.RequestAnswer:
    row = rows[-1]
    return w.RequestAnswer(bed_request_id=row["bed_request_id"], seq=row["seq"])


def request_item(row: Row, now: datetime) -> Row:
    requested_at = row["requested_at"] or row["occurred_at"]
    wanted_from = max(row["wanted_from_at"], requested_at)
    waits = row["request_state"] != RequestState.WITHDRAWN
    until = row["in_bed_at"] or (now if waits else None)
    minutes = (until - wanted_from).total_seconds() / 60 if until else None
    return {
        "bed_request_id": row["bed_request_id"],
        "state": row["request_state"],
        "patient_ref": row["patient_ref"],
        "ward_id": row["ward_id"],
        "needs": needs_item(Needs.from_row(row)),
        "wanted_from": row["wanted_from_at"],
        "requested_at": requested_at,
        "requested_by": row["requested_by"] or row["actor"],
        "displaced_booking_id": next(iter(row["displaced_booking_ids"] or ()), None),
        "booking_id": row["placed_booking_id"],
        "bed_id": row["placed_bed_id"],
        "in_bed_at": row["in_bed_at"],
        "boarding_minutes": max(minutes, 0.0) if minutes is not None else None,
        "seq": row["seq"],
    }
