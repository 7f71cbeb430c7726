"""Wards and rooms as a whole: counted, closed and opened, isolated."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from lake.vocabulary import BedStatus, DisplayStatus, Rule
from simulator import api_models as m
from simulator.desk import Desk
from simulator.domain import commands as c
from simulator.domain.beds import Bed
from simulator.domain.errors import Refusal
from simulator.engine import Context
from simulator.routes.shared import (
    PROBLEMS,
    CallerNow,
    carry_out,
    closing,
    json_response,
    ready,
    reasoned,
)

PlaceId = Annotated[str, Path(max_length=64)]


def router_of(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["places"], responses=PROBLEMS)

    def of_room(room_id: str) -> list[Bed]:
        return ready(desk).engine.hospital.beds_of_room(room_id)

    def of_ward(ward_id: str) -> list[Bed]:
        return ready(desk).engine.hospital.beds_of_ward(ward_id)

    @router.get("/wards", response_model=m.WardPage)
    async def wards() -> Response:
        """Each ward with its beds per display status."""
        items = _wards(ready(desk))
        await desk.commit.durable()
        return json_response({"items": items, "next": None})

    async def act(
        request: Request,
        command: c.CloseBeds | c.OpenBeds | c.StartIsolation | c.EndIsolation,
        context: Context,
    ) -> Response:
        row = await carry_out(desk, request, command, context)
        return json_response({"bed_count": len(command.bed_ids), "seq": row["seq"]})

    async def close_all(
        request: Request, beds: list[Bed], body: m.CloseRequest, who: CallerNow
    ) -> Response:
        open_ones = (bed for bed in beds if bed.status is not BedStatus.CLOSED)
        ids = _some(open_ones, "All its beds are closed already.")
        return await act(request, closing(ids, body), reasoned(who, body))

    async def open_all(
        request: Request, beds: list[Bed], body: m.OpenRequest, who: CallerNow
    ) -> Response:
        closed = (bed for bed in beds if bed.status is BedStatus.CLOSED)
        ids = _some(closed, "None of its beds is closed.")
        return await act(request, c.OpenBeds(ids), reasoned(who, body))

    @router.post("/rooms/{room_id}/close", response_model=m.PlaceAnswer)
    async def close_room(
        request: Request, room_id: PlaceId, body: m.CloseRequest, who: CallerNow
    ) -> Response:
        """All its beds, or none if there is a patient in one of them."""
        return await close_all(request, of_room(room_id), body, who)

    @router.post("/wards/{ward_id}/close", response_model=m.PlaceAnswer)
    async def close_ward(
        request: Request, ward_id: PlaceId, body: m.CloseRequest, who: CallerNow
    ) -> Response:
        """All its beds, or none if there is a patient in one of them."""
        return await close_all(request, of_ward(ward_id), body, who)

    @router.post("/rooms/{room_id}/open", response_model=m.PlaceAnswer)
    async def open_room(
        request: Request, room_id: PlaceId, body: m.OpenRequest, who: CallerNow
    ) -> Response:
        """All its closed beds."""
        return await open_all(request, of_room(room_id), body, who)

    @router.post("/wards/{ward_id}/open", response_model=m.PlaceAnswer)
    async def open_ward(
        request: Request, ward_id: PlaceId, body: m.OpenRequest, who: CallerNow
    ) -> Response:
        """All its closed beds."""
        return await open_all(request, of_ward(ward_id), body, who)

    @router.post("/rooms/{room_id}/isolation/start", response_model=m.PlaceAnswer)
    async def start_isolation(
        request: Request, room_id: PlaceId, who: CallerNow, body: m.Write | None = None
    ) -> Response:
        """Every patient in the room is isolated; the room takes nobody else but such."""
        beds = (bed for bed in of_room(room_id) if bed.status is BedStatus.OCCUPIED)
        ids = _some(beds, "Nobody in it waits for isolation.")
        body = body or m.Write()
        return await act(request, c.StartIsolation(ids), who.context(body.occurred_at, body.note))

    @router.post("/rooms/{room_id}/isolation/end", response_model=m.PlaceAnswer)
    async def end_isolation(
        request: Request, room_id: PlaceId, who: CallerNow, body: m.Write | None = None
    ) -> Response:
        """Nobody in the room is isolated any more."""
        beds = (bed for bed in of_room(room_id) if bed.status is BedStatus.ISOLATED)
        ids = _some(beds, "Nobody in it is isolated.")
        body = body or m.Write()
        return await act(request, c.EndIsolation(ids), who.context(body.occurred_at, body.note))

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
    return [_ward(desk, beds, now) for beds in wards.values()]


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
