"""Wards and rooms as a whole: counted, closed and opened, isolated."""

from collections import Counter
from collections.abc import Callable, Set
from datetime import datetime
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Path
from fastapi.responses import Response

from lake.vocabulary import BedStatus, DisplayStatus, Rule
from simulator.api import meant
from simulator.api.answers import Cursor, Limit, json_of, page
from simulator.api.call import Call, CallRoute
from simulator.api.front import carry_out
from simulator.api.problems import PROBLEMS
from simulator.domain import commands as c
from simulator.domain.beds import Bed
from simulator.domain.errors import Refusal
from simulator.domain.hospital import Hospital
from simulator.domain.permissions import role_for
from simulator.domain.rules.matching import natural
from simulator.wire import answers as w
from simulator.wire import bodies as b
from simulator.writer.engine import Context

RoomId = Annotated[str, Path(max_length=64)]
WardId = Annotated[str, Path(max_length=64)]

router = APIRouter(tags=["wards and rooms"], responses=PROBLEMS, route_class=CallRoute)


@router.get("/wards", response_model=w.Page[w.Ward])
async def wards(call: Call, limit: Limit = 100, after: Cursor = None) -> Response:
    """Each ward with its beds per display status, W2 before W10; without cots that are no beds."""
    items = _wards(call.desk.engine.hospital, call.desk.clock.now())
    items = [ward for ward in items if after is None or _place(ward.ward_id) > _place(after)]
    items = [ward for ward in items if call.who.has_on_board(ward.ward_id)]
    await call.desk.commit.durable()
    return page(items[:limit], items[limit - 1].ward_id if len(items) > limit else None)


@router.post("/rooms/{room_id}/close", response_model=w.BedsAnswer)
async def close_room(call: Call, room_id: RoomId, body: b.Closing) -> Response:
    """All its beds, or none if there is a patient in one of them."""
    return await _close_all(call, call.desk.engine.hospital.beds_of_room(room_id), body)


@router.post("/wards/{ward_id}/close", response_model=w.BedsAnswer)
async def close_ward(call: Call, ward_id: WardId, body: b.Closing) -> Response:
    """All its beds, or none if there is a patient in one of them."""
    return await _close_all(call, call.desk.engine.hospital.beds_of_ward(ward_id), body)


@router.post("/rooms/{room_id}/open", response_model=w.BedsAnswer)
async def open_room(call: Call, room_id: RoomId, body: b.Opening) -> Response:
    """All its closed beds."""
    return await _open_all(call, call.desk.engine.hospital.beds_of_room(room_id), body)


@router.post("/wards/{ward_id}/open", response_model=w.BedsAnswer)
async def open_ward(call: Call, ward_id: WardId, body: b.Opening) -> Response:
    """All its closed beds."""
    return await _open_all(call, call.desk.engine.hospital.beds_of_ward(ward_id), body)


@router.post("/rooms/{room_id}/admissions/close", response_model=w.BedsAnswer)
async def close_room_to_admissions(call: Call, room_id: RoomId, body: b.Closing) -> Response:
    """It takes nobody new; who is there stays and can go. An override admits all the same."""
    beds = call.desk.engine.hospital.beds_of_room(room_id)
    return await _close_admissions(call, beds, body, is_ward=False)


@router.post("/wards/{ward_id}/admissions/close", response_model=w.BedsAnswer)
async def close_ward_to_admissions(call: Call, ward_id: WardId, body: b.Closing) -> Response:
    """It takes nobody new; who is there stays and can go. An override admits all the same."""
    beds = call.desk.engine.hospital.beds_of_ward(ward_id)
    return await _close_admissions(call, beds, body, is_ward=True)


@router.post("/rooms/{room_id}/admissions/open", response_model=w.BedsAnswer)
async def open_room_to_admissions(call: Call, room_id: RoomId, body: b.Opening) -> Response:
    """If its ward is closed too, that stays so."""
    beds = call.desk.engine.hospital.beds_of_room(room_id)
    return await _open_admissions(call, beds, body, is_ward=False)


@router.post("/wards/{ward_id}/admissions/open", response_model=w.BedsAnswer)
async def open_ward_to_admissions(call: Call, ward_id: WardId, body: b.Opening) -> Response:
    """Rooms of it that are closed by themselves stay so."""
    beds = call.desk.engine.hospital.beds_of_ward(ward_id)
    return await _open_admissions(call, beds, body, is_ward=True)


@router.post("/rooms/{room_id}/isolation/start", response_model=w.BedsAnswer)
async def start_isolation(
    call: Call, room_id: RoomId, body: b.IsolationStart | None = None
) -> Response:
    """Every patient in the room is isolated; it takes only who has the same organism, if named."""
    body = body or b.IsolationStart()
    isolation = meant.isolation_of(body)
    return await _act(
        call,
        call.desk.engine.hospital.beds_of_room(room_id),
        _Some({BedStatus.OCCUPIED}, "Nobody in it waits for isolation."),
        lambda ids: c.StartIsolation(bed_ids=ids, isolation=isolation),
        call.context(body),
    )


@router.post("/rooms/{room_id}/isolation/end", response_model=w.BedsAnswer)
async def end_isolation(call: Call, room_id: RoomId, body: b.Write | None = None) -> Response:
    """Nobody in the room is isolated any more."""
    beds = call.desk.engine.hospital.beds_of_room(room_id)
    isolated = _Some({BedStatus.ISOLATED}, "Nobody in it is isolated.")
    context = call.context(body or b.Write())
    return await _act(call, beds, isolated, lambda ids: c.EndIsolation(bed_ids=ids), context)


async def _close_all(call: Call, beds: list[Bed], body: b.Closing) -> Response:
    open_ones = _Some({*BedStatus} - {BedStatus.CLOSED}, "All its beds are closed already.")
    context = call.reasoned(body)
    return await _act(call, beds, open_ones, lambda ids: meant.closing(ids, body), context)


async def _open_all(call: Call, beds: list[Bed], body: b.Opening) -> Response:
    closed = _Some({BedStatus.CLOSED}, "None of its beds is closed.")
    context = call.reasoned(body)
    return await _act(call, beds, closed, lambda ids: c.OpenBeds(bed_ids=ids), context)


async def _close_admissions(
    call: Call, beds: list[Bed], body: b.Closing, *, is_ward: bool
) -> Response:
    return await _act(
        call,
        beds,
        ALL,
        lambda ids: meant.closing_to_admissions(ids, body, is_ward=is_ward),
        call.reasoned(body),
    )


async def _open_admissions(
    call: Call, beds: list[Bed], body: b.Opening, *, is_ward: bool
) -> Response:
    return await _act(
        call,
        beds,
        ALL,
        lambda ids: c.OpenAdmissions(bed_ids=ids, is_ward=is_ward),
        call.reasoned(body),
    )


class _Some(NamedTuple):
    """Beds of some statuses, and what is said where there is none."""

    statuses: Set[BedStatus]
    otherwise: str = ""


ALL = _Some({*BedStatus})


async def _act(
    call: Call,
    beds: list[Bed],
    some: _Some,
    command_for: Callable[[tuple[str, ...]], c.Command],
    context: Context,
) -> Response:
    """A request that comes again is answered as before, whatever its beds are by now."""
    rows = await call.desk.remembered(context)
    if rows is None:
        ids = tuple(bed.bed_id for bed in beds if bed.status in some.statuses)
        if not ids:  # which is told to those who may do it
            command = command_for(tuple(bed.bed_id for bed in beds))
            role_for(call.desk.engine.hospital, command, call.who, says_why=context.says_why)
            raise Refusal(Rule.ILLEGAL_STATUS_CHANGE, some.otherwise)
        rows = await carry_out(call.desk, command_for(ids), context)
    last = rows[-1]
    count = sum(row["event_type"] == last["event_type"] for row in rows)
    told: dict[str, Any] = {"bed_count": count, "seq": last["seq"]}
    if at_risk := last.get("at_risk_booking_ids"):
        told["at_risk_booking_ids"] = at_risk
    return json_of(w.BedsAnswer.model_validate(told))


def _wards(hospital: Hospital, now: datetime) -> list[w.Ward]:
    wards: dict[str, list[Bed]] = {}
    for bed in (bed for bed in hospital.registered_beds if not bed.is_off_census):
        wards.setdefault(bed.ward_id, []).append(bed)
    return [_ward(hospital, wards[ward_id], now) for ward_id in sorted(wards, key=_place)]


def _place(ward_id: str) -> tuple[tuple[int | str, ...], str]:
    """W2 and W02 are told apart by their text."""
    return natural(ward_id), ward_id


def _ward(hospital: Hospital, beds: list[Bed], now: datetime) -> w.Ward:
    shown = [hospital.display_status(bed, now) for bed in beds]
    counts = Counter(shown)
    staffed = sum(
        bed.is_staffed and status is not DisplayStatus.CLOSED
        for bed, status in zip(beds, shown, strict=True)
    )
    return w.Ward(
        ward_id=beds[0].ward_id,
        ward_name=beds[0].ward_name,
        specialty=beds[0].specialty,
        bed_count=len(beds),
        staffed_count=staffed,
        **{f"{status.value}_count": counts[status] for status in DisplayStatus},
    )
