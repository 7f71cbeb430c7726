"""Bed requests: needs without a bed, ranked, placed or withdrawn."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from lake.vocabulary import EventType, RequestState, Source
from simulator.api import meant
from simulator.api.answers import Limit, WardFilter, json_of, page
from simulator.api.call import Call, CallRoute
from simulator.api.front import carry_out, requests_in_log
from simulator.api.problems import PROBLEMS
from simulator.api.routes.bookings import booking_answer, needs_item
from simulator.api.sight import sees_ended, sees_request
from simulator.domain import commands as c
from simulator.domain.errors import NotThere
from simulator.domain.hospital import Hospital
from simulator.domain.permissions import may_fetch
from simulator.domain.principals import Principal
from simulator.domain.requests import BedRequest, Rank
from simulator.domain.rules.proposal import Left, Pair, Pending, propose
from simulator.domain.rules.suggestions import suggest_for
from simulator.wire import answers as w
from simulator.wire import bodies as b
from simulator.writer.desk import Desk
from simulator.writer.engine import Context, Row

RequestId = Annotated[str, Path(max_length=64)]
RankCursor = Annotated[str | None, Query(pattern=r"^[0-9]{1,18}(-[0-9-]{1,60})?$")]

WITHOUT_A_BED: Row = {"request_state": RequestState.WAITING} | dict.fromkeys(
    ("placed_booking_id", "placed_bed_id", "in_bed_at", "ended_at")
)

PROPOSING = ThreadPoolExecutor(1, thread_name_prefix="proposing")
"""One proposal after the other: they work hard, and reading the log waits for none."""

router = APIRouter(tags=["waiting list"], responses=PROBLEMS, route_class=CallRoute)


@router.get("/requests", response_model=w.Page[w.BedRequest] | w.Page[w.BedRequestWithBeds])
async def requests(
    call: Call,
    state: RequestState = RequestState.WAITING,
    ward_id: WardFilter = None,
    limit: Limit = 100,
    after: RankCursor = None,
    with_beds: bool = False,
) -> Response:
    """Those that wait, the most urgent first; those that ended, the oldest first. `with_beds`: each
    with up to three beds that would do, if it waits."""
    if state is RequestState.WAITING:
        rows, following = _waiting(call, ward_id, limit, after)
    else:
        rows, following = await _ended(call, state, ward_id, limit, after)
    items: list[w.BedRequest] = []
    for row in rows[:limit]:
        items.append(_with_beds(row, call) if with_beds else _item(row, call.desk))
        await asyncio.sleep(0)  # looking for beds takes its time: others come in between
    await call.desk.commit.durable()
    return page(items, following)


async def _ended(
    call: Call, state: RequestState, ward_id: str | None, limit: int, after: str | None
) -> tuple[list[Row], str | None]:
    seq = int((after or "0").split("-")[0])
    wanted = {"state": state, "ward_id": ward_id, "own_wards": call.who.sees_wards}
    wanted["asked_by"] = call.who.actor if call.who.has_wards else None
    rows = await requests_in_log(call.desk, limit + 1, **wanted, after_seq=seq)
    return rows[:limit], str(rows[limit - 1]["seq"]) if len(rows) > limit else None


def _waiting(
    call: Call, ward_id: str | None, limit: int, after: str | None
) -> tuple[list[Row], str | None]:
    """The rank decides, so it is the cursor too: it holds when a request leaves the list."""
    hospital = call.desk.engine.hospital
    chosen = [
        request
        for request in hospital.waiting_list
        if ward_id in (None, request.ward_id)
        and sees_request(call.who, hospital, request)
        and (after is None or _numbers(hospital.rank(request)) > _parsed(after))
    ]
    last = hospital.rank(chosen[limit - 1]) if len(chosen) > limit else None
    following = "-".join(map(str, _numbers(last))) if last else None
    return [_as_in_log(request) for request in chosen[:limit]], following


def _as_in_log(request: BedRequest) -> Row:
    """Of one that waits: what the log would say, which takes some forty times as long to ask."""
    return request.as_columns() | WITHOUT_A_BED | {"seq": request.seq}


@router.get("/requests/{bed_request_id}", response_model=w.BedRequestWithBeds)
async def request_with_beds(call: Call, bed_request_id: RequestId) -> Response:
    """With up to three beds that would do, if it waits."""
    for row in await requests_in_log(call.desk, bed_request_id=bed_request_id):
        if is_seen(row, call.desk.engine.hospital, call.who):
            return json_of(_with_beds(row, call))
    raise NotThere(f"There is no request {bed_request_id}.")


@router.post("/requests", status_code=201, response_model=w.RequestAnswer)
async def wait(call: Call, body: b.NewBedRequest) -> Response:
    """A need without a bed joins the waiting list."""
    command = c.RequestBed(
        patient_ref=body.patient_ref,
        ward_id=body.ward_id,
        needs=meant.needs_of_request(body.needs),
        wanted_from=body.wanted_from,
        **meant.of_waiting(body),
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
        **meant.of_waiting(body),
    )
    return json_of(_answer(await carry_out(call.desk, command, call.context(body))))


@router.post("/requests/{bed_request_id}/place", status_code=201, response_model=w.BookingAnswer)
async def place(call: Call, bed_request_id: RequestId, body: b.Placement) -> Response:
    """Gives it a bed: answers with the booking."""
    command = meant.placement(bed_request_id, body)
    return json_of(booking_answer(await carry_out(call.desk, command, call.context(body))), 201)


@router.post("/requests/match", response_model=w.Proposal)
async def match(call: Call, _: b.Matching | None = None) -> Response:
    """Proposes a bed for all who wait, and books none: `place-all` takes the pairs as they are."""
    engine = call.desk.engine
    moment = engine.moment(Context(Source.MANUAL, call.who))
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(PROPOSING, propose, engine.hospital.copy(), moment)
    await call.desk.commit.durable()
    items = [pair for pair in found.items if _may_place(call, pair)]
    return json_of(
        w.Proposal(
            items=[w.ProposedBed.model_validate(pair._asdict()) for pair in items],
            left=[w.LeftRequest.model_validate(o._asdict()) for o in found.left if _sees(call, o)],
            pending=[_pending(call, one) for one in found.pending if _acts_in(call, one.bed_id)],
        )
    )


def _sees(call: Call, one: Pair | Left) -> bool:
    hospital = call.desk.engine.hospital
    request = hospital.requests.get(one.bed_request_id)
    return request is not None and sees_request(call.who, hospital, request)


def _may_place(call: Call, pair: Pair) -> bool:
    hospital = call.desk.engine.hospital
    request = hospital.requests.get(pair.bed_request_id)
    may = request is not None and may_fetch(hospital, request, call.who)
    return may and _sees(call, pair) and _acts_in(call, pair.bed_id)


def _pending(call: Call, one: Pending) -> w.PendingBed:
    """For those who wait that the caller sees."""
    hospital = call.desk.engine.hospital
    waiting = (hospital.requests.get(bed_request_id) for bed_request_id in one.is_for)
    seen = [r for r in waiting if r and sees_request(call.who, hospital, r)]
    told = one._asdict() | {"is_for": tuple(request.bed_request_id for request in seen)}
    return w.PendingBed.model_validate(told)


def _acts_in(call: Call, bed_id: str) -> bool:
    return call.who.sees(call.desk.engine.hospital.beds[bed_id].ward_id)


@router.post("/requests/place-all", status_code=201, response_model=w.PlacementsAnswer)
async def place_all(call: Call, body: b.Placements) -> Response:
    """Gives each request its bed, if none has changed since it was seen: all of them, or none."""
    rows = await carry_out(call.desk, meant.placements(body), call.context(body))
    bookings = tuple(booking_answer(of_pair) for of_pair in _per_pair(rows, body))
    return json_of(w.PlacementsAnswer(seq=rows[-1]["seq"], bookings=bookings), 201)


@router.post("/requests/{bed_request_id}/withdraw", response_model=w.RequestAnswer)
async def withdraw(
    call: Call, bed_request_id: RequestId, body: b.Withdrawal | None = None
) -> Response:
    """The bed is needed no more."""
    body = body or b.Withdrawal()
    context = call.context(body, body.reason_code)
    command = c.WithdrawRequest(bed_request_id=bed_request_id)
    return json_of(_answer(await carry_out(call.desk, command, context)))


def _numbers(rank: Rank) -> tuple[int, ...]:
    """Two of the same microsecond are told apart by their ids."""
    return (
        int(rank.is_not_urgent),
        _micros(rank.due_at),
        _micros(rank.requested_at),
        int(rank.bed_request_id.removeprefix("R")),
    )


def _micros(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000)


def _parsed(cursor: str) -> tuple[int, ...]:
    return tuple(int(part) for part in cursor.split("-") if part)


def _per_pair(rows: list[Row], body: b.Placements) -> Iterator[list[Row]]:
    """The rows of each pair, its booking's last."""
    gave = {
        row["bed_request_id"]: row["placed_event_id"]
        for row in rows
        if row["event_type"] == EventType.REQUEST_PLACED
    }
    place_of = {row["event_id"]: nth for nth, row in enumerate(rows)}
    begins = 0
    for pair in body.pairs:
        ends = place_of[gave[pair.bed_request_id]] + 1
        yield rows[begins:ends]
        begins = ends


def _answer(rows: list[Row]) -> w.RequestAnswer:
    row = rows[-1]
    return w.RequestAnswer(bed_request_id=row["bed_request_id"], seq=row["seq"])


def _item(row: Row, desk: Desk) -> w.BedRequest:
    return w.BedRequest.model_validate(request_item(row, desk.engine.hospital, desk.clock.now()))


def _with_beds(row: Row, call: Call) -> w.BedRequestWithBeds:
    engine = call.desk.engine
    hospital, moment = engine.hospital, engine.moment(Context(Source.MANUAL, call.who))
    waiting = hospital.requests.get(row["bed_request_id"])
    beds = suggest_for(hospital, waiting, moment) if waiting else []
    item = request_item(row, hospital, moment.now)
    return w.BedRequestWithBeds.model_validate(
        item | {"suggestions": [bed._asdict() for bed in beds]}
    )


def is_seen(row: Row, hospital: Hospital, who: Principal) -> bool:
    waiting = hospital.requests.get(row["bed_request_id"])
    return sees_request(who, hospital, waiting) if waiting else sees_ended(who, row)


def _is_in_bed(row: Row, request: BedRequest, hospital: Hospital) -> bool:
    """Of a request that waits no more: whether its patient was, as it was made."""
    if row["request_state"] == RequestState.WAITING:
        return hospital.stay_of(request.patient_ref) is not None
    return request.spell_id is not None and not request.bed_was_lent


def request_item(row: Row, hospital: Hospital, now: datetime) -> Row:
    request = BedRequest.from_row(row)
    is_in_bed = _is_in_bed(row, request, hospital)
    clocks = request.clocks(hospital.house, is_in_bed=is_in_bed)
    wanted_from = max(request.wanted_from, request.requested_at)
    waits = row["request_state"] != RequestState.WITHDRAWN
    until = row["in_bed_at"] or (now if waits else None)
    minutes = (until - wanted_from).total_seconds() / 60 if until else None
    return {
        "bed_request_id": row["bed_request_id"],
        "state": row["request_state"],
        "patient_ref": row["patient_ref"],
        "ward_id": row["ward_id"],
        "needs": needs_item(request.needs),
        "wanted_from": request.wanted_from,
        "waits_in": request.where(is_in_bed=is_in_bed),
        "arrived_at": request.arrived_at,
        "decided_at": request.decided,
        "expected_stay_hours": request.expected_stay_hours,
        **clocks._asdict(),
        "is_breached": clocks.are_breached(row["in_bed_at"] or row["ended_at"] or now),
        "requested_at": request.requested_at,
        "requested_by": request.requested_by,
        "displaced_booking_id": request.displaced_booking_id,
        "booking_id": row["placed_booking_id"],
        "bed_id": row["placed_bed_id"],
        "in_bed_at": row["in_bed_at"],
        "boarding_minutes": max(minutes, 0.0) if minutes is not None else None,
        "seq": row["seq"],
    }
