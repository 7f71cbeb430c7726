"""Beds: looked up, registered, cleaned, closed, opened, isolated, noted on."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from lake.tables import BED_BOARD, BED_STATE_COLUMNS
from lake.vocabulary import DisplayStatus
from simulator.api.answers import (
    PROBLEMS,
    BedId,
    CallerNow,
    Cursor,
    Limit,
    PastInstant,
    carry_out,
    closing,
    etag,
    json_response,
    not_after_now,
    ready,
    reasoned,
)
from simulator.domain import commands as c
from simulator.domain.hospital import Hospital
from simulator.wire import models as m
from simulator.writer.desk import Desk
from simulator.writer.engine import Context, Row
from simulator.writer.memory import hospital_at

BOARD_FROM_ROW = {"last_event_type": "event_type"}


def router_of(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["beds"], responses=PROBLEMS)

    @router.get("/beds", response_model=m.BedPage)
    async def beds(
        ward_id: Annotated[str | None, Query(max_length=64)] = None,
        status: DisplayStatus | None = None,
        at: PastInstant = None,
        limit: Limit = 100,
        after: Cursor = None,
    ) -> Response:
        """Registered beds by bed_id, now or `at` an instant; `status` is the display status."""
        hospital, newest = ready(desk).engine.hospital, desk.engine.newest
        now = at or desk.clock.now()
        if at:
            not_after_now(desk, at)
            hospital, newest = await asyncio.to_thread(hospital_at, desk.reader, at)
        found = sorted(
            bed.bed_id
            for bed in hospital.registered_beds
            if (ward_id is None or bed.ward_id == ward_id)
            and (status is None or hospital.display_status(bed, now) is status)
            and (after is None or bed.bed_id > after)
        )
        items = [_bed_item(hospital, newest[bed_id], now) for bed_id in found[:limit]]
        await desk.commit.durable()
        return json_response({"items": items, "next": _next(found, limit)})

    @router.get("/beds/{bed_id}", response_model=m.BedItem)
    async def bed(bed_id: BedId) -> Response:
        """With an ETag, for `If-Match` on what is done to it next."""
        hospital = ready(desk).engine.hospital
        row = desk.engine.newest[hospital.bed(bed_id).bed_id]
        item = _bed_item(hospital, row, desk.clock.now())
        await desk.commit.durable()
        response = json_response(item)
        response.headers["ETag"] = etag(row["seq"])
        return response

    async def act(
        request: Request, command: c.Command, context: Context, status: int = 200
    ) -> Response:
        row = await carry_out(desk, command, context)
        return json_response(_bed_answer(row), status)

    def simple(path: str, command: Callable[[str], c.Command], sentence: str) -> None:
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

    simple("dirty", lambda bed_id: c.MarkBedDirty(bed_id=bed_id), "A free bed was found unclean.")
    simple("cleaning/start", lambda bed_id: c.StartCleaning(bed_id=bed_id), "Cleaning starts.")
    simple(
        "cleaning/finish",
        lambda bed_id: c.FinishCleaning(bed_id=bed_id),
        "The bed is clean and free.",
    )
    simple(
        "cleaning/stop",
        lambda bed_id: c.StopCleaning(bed_id=bed_id),
        "Cleaning stops before it is done.",
    )
    simple("isolation/start", _isolating, "The patient in the bed needs isolation.")
    simple("isolation/end", _isolating_no_more, "The patient in the bed needs it no more.")

    @router.post("/beds", status_code=201, response_model=m.BedAnswer)
    async def register(request: Request, body: m.BedRequest, who: CallerNow) -> Response:
        """A bed joins the register; `is_temporary` for a surge."""
        fields = body.model_dump(exclude={"occurred_at", "note"}, mode="json")
        context = who.context(body.occurred_at, body.note)
        return await act(request, c.RegisterBed(**fields), context, 201)

    @router.post("/beds/{bed_id}/update", response_model=m.BedAnswer)
    async def update(
        request: Request, bed_id: BedId, body: m.BedUpdate, who: CallerNow
    ) -> Response:
        """Staffed or not: a bed without staff stays on the register and out of the capacity."""
        context = who.context(body.occurred_at, body.note)
        return await act(request, c.UpdateBed(bed_id=bed_id, is_staffed=body.is_staffed), context)

    @router.post("/beds/{bed_id}/retire", response_model=m.BedAnswer)
    async def retire(
        request: Request, bed_id: BedId, who: CallerNow, body: m.Overriding | None = None
    ) -> Response:
        """The bed leaves the register."""
        body = body or m.Overriding()
        context = who.context(body.occurred_at, body.note)
        return await act(request, c.RetireBed(bed_id=bed_id, override=body.as_override), context)

    @router.post("/beds/{bed_id}/close", response_model=m.BedAnswer)
    async def close(
        request: Request, bed_id: BedId, body: m.CloseRequest, who: CallerNow
    ) -> Response:
        return await act(request, closing((bed_id,), body), reasoned(who, body))

    @router.post("/beds/{bed_id}/open", response_model=m.BedAnswer)
    async def open_bed(
        request: Request, bed_id: BedId, body: m.OpenRequest, who: CallerNow
    ) -> Response:
        return await act(request, c.OpenBeds(bed_ids=(bed_id,)), reasoned(who, body))

    @router.post("/beds/{bed_id}/notes", status_code=201, response_model=m.BedAnswer)
    async def add_note(
        request: Request, bed_id: BedId, body: m.NoteRequest, who: CallerNow
    ) -> Response:
        return await act(
            request, c.AddNote(bed_id=bed_id), who.context(body.occurred_at, body.note), 201
        )

    return router


def _isolating(bed_id: str) -> c.Command:
    return c.StartIsolation(bed_ids=(bed_id,))


def _isolating_no_more(bed_id: str) -> c.Command:
    return c.EndIsolation(bed_ids=(bed_id,))


def _bed_answer(row: Row) -> Row:
    return {"bed_id": row["bed_id"], "bed_status": row["bed_status"], "seq": row["seq"]}


def _bed_item(hospital: Hospital, row: Row, now: datetime) -> Row:
    """The board's columns: the event's from the bed's row, the state from the hospital."""
    bed = hospital.beds[row["bed_id"]]
    following = hospital.next_booking(bed.bed_id, now)
    event = {name: row.get(BOARD_FROM_ROW.get(name, name)) for name in BED_BOARD.column_names}
    unknown = dict.fromkeys(column.name for column in BED_STATE_COLUMNS)
    return (
        event
        | unknown
        | hospital.bed_columns(bed, now)
        | {
            "display_status": hospital.display_status(bed, now).value,
            "next_is_at_risk": following is not None and hospital.is_at_risk(following, now),
        }
    )


def _next(found: list[str], limit: int) -> str | None:
    return found[limit - 1] if len(found) > limit else None
