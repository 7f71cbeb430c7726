"""Wards and rooms as a whole: counted, closed and opened, isolated."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import Response

from lake.vocabulary import BedStatus, DisplayStatus, Rule
from simulator.api.answers import (
    PROBLEMS,
    CallerNow,
    Cursor,
    Limit,
    carry_out,
    closing,
    from_log,
    json_response,
    ready,
    reasoned,
)
from simulator.domain import commands as c
from simulator.domain.beds import Bed
from simulator.domain.errors import Refusal
from simulator.wire import models as m
from simulator.writer.desk import Desk
from simulator.writer.engine import Context
from simulator.writer.memory import EVENT_WITH_ITS_REQUEST

PlaceId = Annotated[str, Path(max_length=64)]


def router_of(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["places"], responses=PROBLEMS)

    def of_room(room_id: str) -> list[Bed]:
        return ready(desk).engine.hospital.beds_of_room(room_id)

    def of_ward(ward_id: str) -> list[Bed]:
        return ready(desk).engine.hospital.beds_of_ward(ward_id)

    @router.get("/wards", response_model=m.WardPage)
    async def wards(limit: Limit = 100, after: Cursor = None) -> Response:
        """Each ward with its beds per display status, by ward_id."""
        items = [ward for ward in _wards(ready(desk)) if after is None or ward["ward_id"] > after]
        await desk.commit.durable()
        following = items[limit - 1]["ward_id"] if len(items) > limit else None
        return json_response({"items": items[:limit], "next": following})

    async def act(
        beds: Iterable[Bed],
        otherwise: str,
        command_for: Callable[[tuple[str, ...]], c.Command],
        context: Context,
    ) -> Response:
        """A request that comes again is answered as before, whatever its beds are by now."""
        again = ready(desk).remembered(context)
        if again is None:
            again = await carry_out(desk, command_for(_some(beds, otherwise)), context)
        await desk.commit.durable()
        rows = await from_log(desk, EVENT_WITH_ITS_REQUEST, event_id=again["event_id"])
        count = sum(row["event_type"] == again["event_type"] for row in rows)
        return json_response({"bed_count": count, "seq": again["seq"]})

    async def close_all(beds: list[Bed], body: m.CloseRequest, who: CallerNow) -> Response:
        open_ones = (bed for bed in beds if bed.status is not BedStatus.CLOSED)
        otherwise = "All its beds are closed already."
        context = reasoned(who, body)
        return await act(open_ones, otherwise, lambda ids: closing(ids, body), context)

    async def open_all(beds: list[Bed], body: m.OpenRequest, who: CallerNow) -> Response:
        closed = (bed for bed in beds if bed.status is BedStatus.CLOSED)
        return await act(
            closed,
            "None of its beds is closed.",
            lambda ids: c.OpenBeds(bed_ids=ids),
            reasoned(who, body),
        )

    @router.post("/rooms/{room_id}/close", response_model=m.PlaceAnswer)
    async def close_room(room_id: PlaceId, body: m.CloseRequest, who: CallerNow) -> Response:
        """All its beds, or none if there is a patient in one of them."""
        return await close_all(of_room(room_id), body, who)

    @router.post("/wards/{ward_id}/close", response_model=m.PlaceAnswer)
    async def close_ward(ward_id: PlaceId, body: m.CloseRequest, who: CallerNow) -> Response:
        """All its beds, or none if there is a patient in one of them."""
        return await close_all(of_ward(ward_id), body, who)

    @router.post("/rooms/{room_id}/open", response_model=m.PlaceAnswer)
    async def open_room(room_id: PlaceId, body: m.OpenRequest, who: CallerNow) -> Response:
        """All its closed beds."""
        return await open_all(of_room(room_id), body, who)

    @router.post("/wards/{ward_id}/open", response_model=m.PlaceAnswer)
    async def open_ward(ward_id: PlaceId, body: m.OpenRequest, who: CallerNow) -> Response:
        """All its closed beds."""
        return await open_all(of_ward(ward_id), body, who)

    @router.post("/rooms/{room_id}/isolation/start", response_model=m.PlaceAnswer)
    async def start_isolation(
        room_id: PlaceId, who: CallerNow, body: m.Write | None = None
    ) -> Response:
        """Every patient in the room is isolated; the room takes nobody else but such."""
        beds = (bed for bed in of_room(room_id) if bed.status is BedStatus.OCCUPIED)
        body = body or m.Write()
        context = who.context(body.occurred_at, body.note)
        return await act(
            beds,
            "Nobody in it waits for isolation.",
            lambda ids: c.StartIsolation(bed_ids=ids),
            context,
        )

    @router.post("/rooms/{room_id}/isolation/end", response_model=m.PlaceAnswer)
    async def end_isolation(
        room_id: PlaceId, who: CallerNow, body: m.Write | None = None
    ) -> Response:
        """Nobody in the room is isolated any more."""
        beds = (bed for bed in of_room(room_id) if bed.status is BedStatus.ISOLATED)
        body = body or m.Write()
        context = who.context(body.occurred_at, body.note)
        return await act(
            beds, "Nobody in it is isolated.", lambda ids: c.EndIsolation(bed_ids=ids), context
        )

    return router


def _some(beds: Iterable[Bed], otherwise: str) -> tuple[str, ...]:
    """Raises Refusal where there is nothing to do."""
    ids = tuple(bed.bed_id for bed in beds)
    if not ids:
        raise Refusal(Rule.ILLEGAL_STATUS_CHANGE, otherwise)
    return ids


def _wards(desk: Desk) -> list[dict[str, Any]]:
    hospital, now = desk.engine.hospital, desk.clock.now()
    wards: dict[str, list[Bed]] = {}
    for bed in hospital.registered_beds:
        wards.setdefault(bed.ward_id, []).append(bed)
    return [_ward(desk, wards[ward_id], now) for ward_id in sorted(wards)]


def _ward(desk: Desk, beds: list[Bed], now: datetime) -> dict[str, Any]:
    shown = [desk.engine.hospital.display_status(bed, now) for bed in beds]
    counts = Counter(shown)
    staffed = sum(
        bed.is_staffed and status is not DisplayStatus.CLOSED
        for bed, status in zip(beds, shown, strict=True)
    )
    return {
        "ward_id": beds[0].ward_id,
        "ward_name": beds[0].ward_name,
        "specialty": beds[0].specialty,
        "bed_count": len(beds),
        "staffed_count": staffed,
    } | {f"{status.value}_count": counts[status] for status in DisplayStatus}
