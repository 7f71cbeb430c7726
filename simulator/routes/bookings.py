"""Bookings: made, cancelled, admitted, transferred, discharged, and looked up."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from lake.vocabulary import BookingState
from simulator import api_models as m
from simulator.desk import Desk
from simulator.domain import commands as c
from simulator.domain.errors import NotThere
from simulator.engine import Context, Row
from simulator.problems import problem
from simulator.routes.shared import (
    PROBLEMS,
    BookingId,
    CallerNow,
    Limit,
    bookings_in_log,
    carry_out,
    json_response,
    ready,
)


def router_of(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["bookings"], responses=PROBLEMS)

    @router.get("/bookings", response_model=m.BookingPage)
    async def bookings(
        bed_id: Annotated[str | None, Query(max_length=64)] = None,
        state: BookingState | None = None,
        patient_ref: Annotated[str | None, Query(max_length=64)] = None,
        limit: Limit = 100,
        after: Annotated[int | None, Query(ge=0, le=2**62)] = None,
    ) -> Response:
        """Each booking as it stands, open or ended, by the seq of its newest event."""
        rows = await bookings_in_log(
            ready(desk),
            limit + 1,
            bed_id=bed_id,
            state=state,
            patient_ref=patient_ref,
            after_seq=after,
        )
        following = str(rows[limit - 1]["seq"]) if len(rows) > limit else None
        items = [booking_item(row) for row in rows[:limit]]
        return json_response({"items": items, "next": following})

    @router.get(
        "/bookings/{booking_id}",
        response_model=m.BookingItem,
    )
    async def booking(booking_id: BookingId) -> Response:
        for row in await bookings_in_log(ready(desk), booking_id=booking_id):
            return json_response(booking_item(row))
        raise NotThere(f"There is no booking {booking_id}.")

    async def act(
        request: Request, command: c.Command, context: Context, status: int = 200
    ) -> Response:
        row = await carry_out(desk, request, command, context)
        return json_response(booking_answer(row), status)

    @router.post("/bookings", status_code=201, response_model=m.BookingAnswer)
    async def book(request: Request, body: m.BookingRequest, who: CallerNow) -> Response:
        """Reserve a bed, or with `admit` put the patient in it at once."""
        if body.admit and body.starts_at and body.starts_at != body.occurred_at:
            return problem("invalid_request", "starts_at: an admission starts when it occurs.")
        command = c.BookBed(
            body.bed_id,
            body.patient_ref,
            body.starts_at,
            body.ends_at,
            body.admit,
            body.needs.as_needs(),
        )
        return await act(request, command, who.context(body.occurred_at, body.note), 201)

    @router.post("/bookings/{booking_id}/cancel", response_model=m.BookingAnswer)
    async def cancel(
        request: Request, booking_id: BookingId, who: CallerNow, body: m.CancelRequest | None = None
    ) -> Response:
        body = body or m.CancelRequest()
        context = who.context(body.occurred_at, body.note, reason_code=body.reason_code)
        return await act(request, c.CancelBooking(booking_id), context)

    @router.post("/bookings/{booking_id}/admit", response_model=m.BookingAnswer)
    async def admit(
        request: Request, booking_id: BookingId, who: CallerNow, body: m.Write | None = None
    ) -> Response:
        body = body or m.Write()
        context = who.context(body.occurred_at, body.note)
        return await act(request, c.AdmitPatient(booking_id), context)

    @router.post("/bookings/{booking_id}/transfer", response_model=m.BookingAnswer)
    async def transfer(
        request: Request, booking_id: BookingId, body: m.TransferRequest, who: CallerNow
    ) -> Response:
        """Completes the booking and answers with a new one of the same spell."""
        needs = body.needs.as_needs() if body.needs else None
        command = c.TransferPatient(booking_id, body.to_bed_id, needs)
        return await act(request, command, who.context(body.occurred_at, body.note))

    @router.post("/bookings/{booking_id}/discharge", response_model=m.BookingAnswer)
    async def discharge(
        request: Request,
        booking_id: BookingId,
        who: CallerNow,
        body: m.DischargeRequest | None = None,
    ) -> Response:
        body = body or m.DischargeRequest()
        command = c.DischargePatient(booking_id, body.disposition.value)
        return await act(request, command, who.context(body.occurred_at, body.note))

    return router


def booking_answer(row: Row) -> Row:
    names = ("booking_id", "bed_id", "starts_at", "ends_at", "stay_id", "spell_id", "seq")
    return {name: row.get(name) for name in names} | {"state": row["booking_state"]}


def booking_item(row: Row) -> Row:
    names = ("ward_id", "patient_ref", "source")
    return booking_answer(row) | {name: row.get(name) for name in names}
