"""Beds: looked up, registered, cleaned, closed, opened, isolated, noted on."""

from collections import Counter
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from lake.tables import BED_BOARD
from lake.vocabulary import DisplayStatus
from simulator import api_models as m
from simulator.desk import Desk
from simulator.domain import commands as c
from simulator.domain.beds import Bed
from simulator.engine import Context, Row
from simulator.routes.shared import (
    PROBLEMS,
    BedId,
    CallerNow,
    Cursor,
    Limit,
    carry_out,
    json_response,
    ready,
)

BOARD_FROM_ROW = {"last_event_type": "event_type"}


def router_of(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["beds"], responses=PROBLEMS)

    @router.get("/beds", response_model=m.BedPage)
    async def beds(
        ward_id: str | None = None,
        status: DisplayStatus | None = None,
        limit: Limit = 100,
        after: Cursor = None,
    ) -> Response:
        """Registered beds by bed_id; `status` filters by display status."""
        hospital, now = ready(desk).engine.hospital, desk.clock.now()
        found = sorted(
            bed.bed_id
            for bed in hospital.registered_beds
            if (ward_id is None or bed.ward_id == ward_id)
            and (status is None or hospital.display_status(bed, now) is status)
            and (after is None or bed.bed_id > after)
        )
        items = [_bed_item(desk, hospital.beds[bed_id], now) for bed_id in found[:limit]]
        await desk.commit.durable()
        return json_response({"items": items, "next": _next(found, limit)})

    @router.get("/beds/{bed_id}", response_model=m.BedItem)
    async def bed(bed_id: BedId) -> Response:
        item = _bed_item(desk, ready(desk).engine.hospital.bed(bed_id), desk.clock.now())
        await desk.commit.durable()
        return json_response(item)

    @router.get("/wards", response_model=m.WardPage)
    async def wards() -> Response:
        """Each ward with its beds per display status."""
        items = _wards(ready(desk))
        await desk.commit.durable()
        return json_response({"items": items, "next": None})

    async def act(
        request: Request, command: c.Command, context: Context, status: int = 200
    ) -> Response:
        row = await carry_out(desk, request, command, context)
        return json_response(_bed_answer(row), status)

    def simple(path: str, command: type[Any], sentence: str) -> None:
        """A route that takes nothing but when and a note."""

        async def route(
            request: Request, bed_id: BedId, who: CallerNow, body: m.Write | None = None
        ) -> Response:
            body = body or m.Write()
            return await act(request, command(bed_id), who.context(body.occurred_at, body.note))

        name = path.replace("/", "_")
        router.post(
            f"/beds/{{bed_id}}/{path}",
            name=name,
            description=sentence,
            response_model=m.BedAnswer,
        )(route)

    simple("dirty", c.MarkBedDirty, "A free bed was found unclean.")
    simple("cleaning/start", c.StartCleaning, "Cleaning starts.")
    simple("cleaning/finish", c.FinishCleaning, "The bed is clean and free.")
    simple("cleaning/stop", c.StopCleaning, "Cleaning stops before it is done.")
    simple("isolation/start", c.StartIsolation, "The patient in the bed needs isolation.")
    simple("isolation/end", c.EndIsolation, "The patient in the bed needs it no more.")
    simple("retire", c.RetireBed, "The bed leaves the register.")

    @router.post("/beds", status_code=201, response_model=m.BedAnswer)
    async def register(request: Request, body: m.BedRequest, who: CallerNow) -> Response:
        fields = body.model_dump(exclude={"occurred_at", "note"}, mode="json")
        context = who.context(body.occurred_at, body.note)
        return await act(request, c.RegisterBed(**fields), context, 201)

    @router.post("/beds/{bed_id}/close", response_model=m.BedAnswer)
    async def close(
        request: Request, bed_id: BedId, body: m.CloseRequest, who: CallerNow
    ) -> Response:
        context = who.context(body.occurred_at, _reason(body), reason_code=body.reason_code)
        return await act(request, c.CloseBed(bed_id, body.reason_code), context)

    @router.post("/beds/{bed_id}/open", response_model=m.BedAnswer)
    async def open_bed(
        request: Request, bed_id: BedId, body: m.OpenRequest, who: CallerNow
    ) -> Response:
        context = who.context(body.occurred_at, _reason(body), reason_code=body.reason_code)
        return await act(request, c.OpenBed(bed_id), context)

    @router.post("/beds/{bed_id}/notes", status_code=201, response_model=m.BedAnswer)
    async def add_note(
        request: Request, bed_id: BedId, body: m.NoteRequest, who: CallerNow
    ) -> Response:
        return await act(request, c.AddNote(bed_id), who.context(body.occurred_at, body.note), 201)

    return router


def _bed_answer(row: Row) -> Row:
    return {"bed_id": row["bed_id"], "bed_status": row["bed_status"], "seq": row["seq"]}


def _bed_item(desk: Desk, bed: Bed, now: datetime) -> Row:
    row = desk.engine.newest[bed.bed_id]
    item = {name: row.get(BOARD_FROM_ROW.get(name, name)) for name in BED_BOARD.column_names}
    return item | {"display_status": desk.engine.hospital.display_status(bed, now).value}


def _next(found: list[str], limit: int) -> str | None:
    return found[limit - 1] if len(found) > limit else None


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


def _reason(body: m.CloseRequest | m.OpenRequest) -> str:
    until = getattr(body, "until_at", None)
    parts = [body.reason, body.note, f"until {until:%Y-%m-%d %H:%M} UTC" if until else None]
    return "; ".join(part for part in parts if part)
