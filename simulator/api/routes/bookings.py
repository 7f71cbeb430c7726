"""Bookings: made, changed, admitted, moved, ended, and looked up; events undone."""

import asyncio
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from lake.vocabulary import BookingState
from simulator.api.answers import (
    PROBLEMS,
    BookingId,
    CallerNow,
    Limit,
    PastInstant,
    SeqCursor,
    bookings_in_log,
    carry_out,
    from_log,
    json_response,
    not_after_now,
    page_of,
    ready,
)
from simulator.api.problems import problem
from simulator.domain import commands as c
from simulator.domain.bookings import Booking
from simulator.domain.errors import NotThere
from simulator.domain.hospital import Hospital
from simulator.wire import models as m
from simulator.writer.desk import Desk
from simulator.writer.engine import Context, Row
from simulator.writer.memory import ONE_BOOKING, hospital_at, past_request


def router_of(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["bookings"], responses=PROBLEMS)

    @router.get("/bookings", response_model=m.BookingPage)
    async def bookings(
        bed_id: Annotated[str | None, Query(max_length=64)] = None,
        ward_id: Annotated[str | None, Query(max_length=64)] = None,
        state: BookingState | None = None,
        patient_ref: Annotated[str | None, Query(max_length=64)] = None,
        at: PastInstant = None,
        limit: Limit = 100,
        after: SeqCursor = None,
    ) -> Response:
        """Each booking as it stands, or stood `at` an instant, by the seq of its newest event."""
        filters = {"bed_id": bed_id, "ward_id": ward_id, "state": state}
        hospital, now = ready(desk).engine.hospital, at or desk.clock.now()
        if at:
            not_after_now(desk, at)
            hospital, _ = await asyncio.to_thread(hospital_at, desk.reader, at)
        rows = await bookings_in_log(
            desk, limit + 1, **filters, patient_ref=patient_ref, after_seq=after, at=at
        )
        return page_of(rows, limit, lambda row: _item(row, hospital, now))

    @router.get("/bookings/{booking_id}", response_model=m.BookingItem)
    async def booking(booking_id: BookingId) -> Response:
        for row in await from_log(ready(desk), ONE_BOOKING, booking_id=booking_id):
            return json_response(_item(row, desk.engine.hospital, desk.clock.now()))
        raise NotThere(f"There is no booking {booking_id}.")

    async def act(
        request: Request, command: c.Command, context: Context, status: int = 200
    ) -> Response:
        row = await carry_out(desk, command, context)
        return json_response(booking_answer(row), status)

    @router.post("/bookings", status_code=201, response_model=m.BookingAnswer)
    async def book(request: Request, body: m.BookingRequest, who: CallerNow) -> Response:
        """Reserve a bed, or with `admit` put the patient in it at once."""
        if body.admit and body.starts_at and body.starts_at != body.occurred_at:
            return problem("invalid_request", "starts_at: an admission starts when it occurs.")
        command = c.BookBed(
            bed_id=body.bed_id,
            patient_ref=body.patient_ref,
            starts_at=body.starts_at,
            ends_at=body.ends_at,
            admit=body.admit,
            needs=body.needs.as_needs(),
            override=body.as_override,
        )
        return await act(request, command, who.context(body.occurred_at, body.note), 201)

    @router.post("/bookings/{booking_id}/change", response_model=m.BookingAnswer)
    async def change(
        request: Request, booking_id: BookingId, body: m.ChangeRequest, who: CallerNow
    ) -> Response:
        """Another bed or time for a reservation; another expected discharge for a stay."""
        known = ready(desk).engine.hospital.bookings.get(booking_id)
        command = _change(booking_id, known, body)
        return await act(request, command, who.context(body.occurred_at, body.note))

    @router.post("/bookings/{booking_id}/cancel", response_model=m.BookingAnswer)
    async def cancel(
        request: Request, booking_id: BookingId, who: CallerNow, body: m.CancelRequest | None = None
    ) -> Response:
        body = body or m.CancelRequest()
        context = who.context(body.occurred_at, body.note, reason_code=body.reason_code)
        return await act(request, c.CancelBooking(booking_id=booking_id), context)

    @router.post("/bookings/{booking_id}/admit", response_model=m.BookingAnswer)
    async def admit(
        request: Request, booking_id: BookingId, who: CallerNow, body: m.Overriding | None = None
    ) -> Response:
        """The patient takes the reserved bed."""
        body = body or m.Overriding()
        command = c.AdmitPatient(booking_id=booking_id, override=body.as_override)
        return await act(request, command, who.context(body.occurred_at, body.note))

    @router.post("/bookings/{booking_id}/transfer", response_model=m.BookingAnswer)
    async def transfer(
        request: Request, booking_id: BookingId, body: m.TransferRequest, who: CallerNow
    ) -> Response:
        """Completes the booking and answers with a new one of the same spell."""
        needs = body.needs.as_needs() if body.needs else None
        command = c.TransferPatient(
            booking_id=booking_id, to_bed_id=body.to_bed_id, needs=needs, override=body.as_override
        )
        return await act(request, command, who.context(body.occurred_at, body.note))

    @router.post("/bookings/{booking_id}/swap", response_model=m.BookingAnswer)
    async def swap(
        request: Request, booking_id: BookingId, body: m.SwapRequest, who: CallerNow
    ) -> Response:
        """Two patients change beds at once; answers with the new booking of the first."""
        command = c.SwapPatients(
            booking_id=booking_id, with_booking_id=body.with_booking_id, override=body.as_override
        )
        return await act(request, command, who.context(body.occurred_at, body.note))

    @router.post("/bookings/{booking_id}/discharge/confirm", response_model=m.BookingAnswer)
    async def confirm(
        request: Request, booking_id: BookingId, who: CallerNow, body: m.Write | None = None
    ) -> Response:
        """The patient may go; the bed is free only once the patient has left."""
        body = body or m.Write()
        context = who.context(body.occurred_at, body.note)
        return await act(request, c.ConfirmDischarge(booking_id=booking_id), context)

    @router.post("/bookings/{booking_id}/discharge", response_model=m.BookingAnswer)
    async def discharge(
        request: Request,
        booking_id: BookingId,
        who: CallerNow,
        body: m.DischargeRequest | None = None,
    ) -> Response:
        """The patient leaves the bed, which is to be cleaned."""
        body = body or m.DischargeRequest()
        command = c.DischargePatient(booking_id=booking_id, disposition=body.disposition.value)
        return await act(request, command, who.context(body.occurred_at, body.note))

    @router.post("/events/{event_id}/cancel", response_model=m.BookingAnswer)
    async def cancel_event(
        request: Request,
        event_id: Annotated[str, Path(max_length=64)],
        who: CallerNow,
        body: m.CorrectionRequest | None = None,
    ) -> Response:
        """Undoes an admission, a transfer or a discharge that never was."""
        past = await asyncio.to_thread(past_request, ready(desk).reader, event_id)
        if not past:
            raise NotThere(f"There is no event {event_id}.")
        context = who.context(None, body.note if body else None)
        return await act(request, c.CancelEvent(event_id=event_id, request=past), context)

    return router


def _change(
    booking_id: str, known: Booking | None, body: m.ChangeRequest
) -> c.ChangeReservation | c.ExpectDischarge:
    """What the body leaves out is what it was. Raises NotThere, explained where it is raised."""
    given = body.model_fields_set
    if known is None:
        return c.ExpectDischarge(booking_id=booking_id, expected_at=None)
    bed_id = body.bed_id if body.bed_id is not None else known.bed_id
    starts_at = body.starts_at or known.starts_at
    ends_at = body.ends_at if "ends_at" in given else known.ends_at
    if known.is_stay and (bed_id, starts_at) == (known.bed_id, known.starts_at):
        return c.ExpectDischarge(
            booking_id=booking_id, expected_at=ends_at, override=body.as_override
        )
    return c.ChangeReservation(
        booking_id=booking_id,
        bed_id=bed_id,
        starts_at=starts_at,
        ends_at=ends_at,
        override=body.as_override,
    )


def booking_answer(row: Row) -> Row:
    names = ("booking_id", "bed_id", "starts_at", "ends_at", "stay_id", "spell_id", "seq")
    return {name: row.get(name) for name in names} | {"state": row["booking_state"]}


def _item(row: Row, hospital: Hospital, now: datetime) -> Row:
    booking = Booking.from_row(row)
    return booking_answer(row) | {
        "ward_id": row["ward_id"],
        "patient_ref": booking.patient_ref,
        "source": booking.source,
        "is_discharge_confirmed": booking.is_discharge_confirmed,
        "is_at_risk": hospital.is_at_risk(booking, now),
        "displaced_by_booking_id": booking.displaced_by_booking_id,
        "bed_request_id": booking.bed_request_id,
        "needs": asdict(booking.needs),
    }
