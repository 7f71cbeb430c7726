"""Wards and rooms as a whole: counted, closed and opened, isolated."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response

from lake.vocabulary import BedStatus, DisplayStatus, Rule
from simulator.api import meant
from simulator.api.answers import Cursor, Limit, json_of, page
from simulator.api.callers import Caller, CallerNow
from simulator.api.front import OpenDesk, carry_out, from_log
from simulator.api.problems import PROBLEMS
from simulator.domain import commands as c
from simulator.domain.beds import Bed
from simulator.domain.errors import Refusal
from simulator.domain.hospital import Hospital
from simulator.wire import answers as w
from simulator.wire import bodies as b
from simulator.writer.desk import Desk
from simulator.writer.engine import Context
from simulator.writer.memory import EVENT_WITH_ITS_REQUEST

RoomId = Annotated[str, Path(max_length=64)]
WardId = Annotated[str, Path(max_length=64)]

router = APIRouter(tags=["wards and rooms"], responses=PROBLEMS)


@router.get("/wards", response_model=w.Page[w.Ward])
async def wards(desk: OpenDesk, limit: Limit = 100, after: Cursor = None) -> Response:
    """Each ward with its beds per display status, by ward_id."""
    items = _wards(desk.engine.hospital, desk.clock.now())
    items = [ward for ward in items if after is None or ward.ward_id > after]
    await desk.commit.durable()
    return page(items[:limit], items[limit - 1].ward_id if len(items) > limit else None)


@router.post("/rooms/{room_id}/close", response_model=w.BedsAnswer)
async def close_room(desk: OpenDesk, room_id: RoomId, body: b.Closing, who: CallerNow) -> Response:
    """All its beds, or none if there is a patient in one of them."""
    return await _close_all(desk, desk.engine.hospital.beds_of_room(room_id), body, who)


@router.post("/wards/{ward_id}/close", response_model=w.BedsAnswer)
async def close_ward(desk: OpenDesk, ward_id: WardId, body: b.Closing, who: CallerNow) -> Response:
    """All its beds, or none if there is a patient in one of them."""
    return await _close_all(desk, desk.engine.hospital.beds_of_ward(ward_id), body, who)


@router.post("/rooms/{room_id}/open", response_model=w.BedsAnswer)
async def open_room(desk: OpenDesk, room_id: RoomId, body: b.Opening, who: CallerNow) -> Response:
    """All its closed beds."""
    return await _open_all(desk, desk.engine.hospital.beds_of_room(room_id), body, who)


@router.post("/wards/{ward_id}/open", response_model=w.BedsAnswer)
async def open_ward(desk: OpenDesk, ward_id: WardId, body: b.Opening, who: CallerNow) -> Response:
    """All its closed beds."""
    return await _open_all(desk, desk.engine.hospital.beds_of_ward(ward_id), body, who)


@router.post("/rooms/{room_id}/isolation/start", response_model=w.BedsAnswer)
async def start_isolation(
    desk: OpenDesk, room_id: RoomId, who: CallerNow, body: b.Write | None = None
) -> Response:
    """Every patient in the room is isolated; the room takes nobody else but such."""
    beds = _that_are(BedStatus.OCCUPIED, desk.engine.hospital.beds_of_room(room_id))
    otherwise, context = "Nobody in it waits for isolation.", who.context(body or b.Write())
    return await _act(desk, beds, otherwise, lambda ids: c.StartIsolation(bed_ids=ids), context)


@router.post("/rooms/{room_id}/isolation/end", response_model=w.BedsAnswer)
async def end_isolation(
    desk: OpenDesk, room_id: RoomId, who: CallerNow, body: b.Write | None = None
) -> Response:
    """Nobody in the room is isolated any more."""
    beds = _that_are(BedStatus.ISOLATED, desk.engine.hospital.beds_of_room(room_id))
    otherwise, context = "Nobody in it is isolated.", who.context(body or b.Write())
    return await _act(desk, beds, otherwise, lambda ids: c.EndIsolation(bed_ids=ids), context)


async def _close_all(desk: Desk, beds: list[Bed], body: b.Closing, who: Caller) -> Response:
    open_ones = [bed for bed in beds if bed.status is not BedStatus.CLOSED]
    otherwise, context = "All its beds are closed already.", who.reasoned(body)
    return await _act(desk, open_ones, otherwise, lambda ids: meant.closing(ids, body), context)


async def _open_all(desk: Desk, beds: list[Bed], body: b.Opening, who: Caller) -> Response:
    closed = _that_are(BedStatus.CLOSED, beds)
    otherwise, context = "None of its beds is closed.", who.reasoned(body)
    return await _act(desk, closed, otherwise, lambda ids: c.OpenBeds(bed_ids=ids), context)


async def _act(
    desk: Desk,
    beds: Iterable[Bed],
    otherwise: str,
    command_for: Callable[[tuple[str, ...]], c.Command],
    context: Context,
) -> Response:
    """A request that comes again is answered as before, whatever its beds are by now."""
    again = await desk.remembered(context)
    if again is None:
        again = await carry_out(desk, command_for(_some(beds, otherwise)), context)
    rows = await from_log(desk, EVENT_WITH_ITS_REQUEST, event_id=again["event_id"])
    count = sum(row["event_type"] == again["event_type"] for row in rows)
    return json_of(w.BedsAnswer(bed_count=count, seq=again["seq"]))


def _that_are(status: BedStatus, beds: Iterable[Bed]) -> list[Bed]:
    return [bed for bed in beds if bed.status is status]


def _some(beds: Iterable[Bed], otherwise: str) -> tuple[str, ...]:
    """Raises Refusal where there is nothing to do."""
    ids = tuple(bed.bed_id for bed in beds)
    if not ids:
        raise Refusal(Rule.ILLEGAL_STATUS_CHANGE, otherwise)
    return ids


def _wards(hospital: Hospital, now: datetime) -> list[w.Ward]:
    wards: dict[str, list[Bed]] = {}
    for bed in hospital.registered_beds:
        wards.setdefault(bed.ward_id, []).append(bed)
    return [_ward(hospital, wards[ward_id], now) for ward_id in sorted(wards)]


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
