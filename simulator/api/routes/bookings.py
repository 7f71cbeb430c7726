"""Bookings: made, changed, admitted, moved, ended, and looked up; events undone."""

import asyncio
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response

from lake.vocabulary import Away, BookingState, EventType, Rule, canonical_ref
from simulator.api import meant
from simulator.api.answers import (
    BookingId,
    EventId,
    Limit,
    PastInstant,
    SeqCursor,
    WardFilter,
    json_of,
    page_of,
)
from simulator.api.call import Call, CallRoute
from simulator.api.front import bookings_in_log, carry_out, from_log, not_after_now
from simulator.api.problems import PROBLEMS
from simulator.api.sight import seen_booking
from simulator.domain import commands as c
from simulator.domain.bookings import Booking
from simulator.domain.errors import NotThere, Refusal
from simulator.domain.hospital import Hospital
from simulator.domain.needs import Needs
from simulator.wire import answers as w
from simulator.wire import bodies as b
from simulator.writer.desk import Desk
from simulator.writer.engine import Context, Row
from simulator.writer.memory import ONE_BOOKING, cancellation, discharge_correction, hospital_at

router = APIRouter(tags=["bookings"], responses=PROBLEMS, route_class=CallRoute)


@router.get("/bookings", response_model=w.Page[w.Booking])
async def bookings(
    call: Call,
    bed_id: WardFilter = None,
    ward_id: WardFilter = None,
    state: BookingState | None = None,
    patient_ref: Annotated[str | None, Query(max_length=64)] = None,
    ran_over_hours: Annotated[int | None, Query(ge=0, le=10_000)] = None,
    at: PastInstant = None,
    limit: Limit = 100,
    after: SeqCursor = None,
) -> Response:
    """Each booking as it stands, or stood `at` an instant, by the seq of its newest event.
    `ran_over_hours`: stays whose expected discharge passed so long before."""
    filters: dict[str, Any] = {"bed_id": bed_id, "ward_id": ward_id, "state": state}
    filters["patient_ref"] = canonical_ref(patient_ref) if patient_ref else None
    hospital, now = call.desk.engine.hospital, at or call.desk.clock.now()
    filters["ran_over_at"], filters["own_wards"] = None, call.who.sees_wards
    if ran_over_hours is not None:
        filters["ran_over_at"] = now - timedelta(hours=ran_over_hours)
    if at:
        not_after_now(call.desk, at)
        hospital, _ = await asyncio.to_thread(hospital_at, call.desk.reader, at, hospital.house)
    rows = await bookings_in_log(call.desk, limit + 1, **filters, after_seq=after, at=at)
    return page_of(rows, limit, lambda row: booking_item(row, hospital, now))


@router.get("/bookings/{booking_id}", response_model=w.Booking)
async def booking(call: Call, booking_id: BookingId) -> Response:
    for row in await from_log(call.desk, ONE_BOOKING, booking_id=booking_id):
        if call.who.sees(row["ward_id"]):
            return json_of(booking_item(row, call.desk.engine.hospital, call.desk.clock.now()))
    raise NotThere(f"There is no booking {booking_id}.")


@router.post("/bookings", status_code=201, response_model=w.BookingAnswer)
async def book(call: Call, body: b.NewBooking) -> Response:
    """Reserve a bed, or with `admit` put the patient in it at once."""
    return await _act(call.desk, meant.booking(body), call.context(body), 201)


@router.post("/bookings/{booking_id}/change", response_model=w.BookingAnswer)
async def change(call: Call, booking_id: BookingId, body: b.BookingChange) -> Response:
    """Another bed or time for a reservation; another expected discharge for a stay; other needs."""
    context = call.context(body)
    rows = await call.desk.remembered(context)
    if rows is None:  # what a body means may be another thing by the time that it comes again
        known = seen_booking(call.who, call.desk.engine.hospital, booking_id)
        rows = await carry_out(call.desk, meant.change(booking_id, known, body), context)
    return json_of(booking_answer(rows))


@router.post("/bookings/{booking_id}/cancel", response_model=w.BookingAnswer)
async def cancel(call: Call, booking_id: BookingId, body: b.Cancellation | None = None) -> Response:
    body = body or b.Cancellation()
    context = call.context(body, body.reason_code)
    return await _act(call.desk, c.CancelBooking(booking_id=booking_id), context)


@router.post("/bookings/{booking_id}/admit", response_model=w.BookingAnswer)
async def admit(call: Call, booking_id: BookingId, body: b.Admission | None = None) -> Response:
    """The patient takes the reserved bed."""
    body = body or b.Admission()
    command = c.AdmitPatient(
        booking_id=booking_id, newborns=meant.newborns(body), override=meant.override(body)
    )
    return await _act(call.desk, command, call.context(body))


@router.post("/bookings/{booking_id}/transfer", response_model=w.BookingAnswer)
async def transfer(call: Call, booking_id: BookingId, body: b.Transfer) -> Response:
    """Completes the booking and answers with a new one of the same spell."""
    command = c.TransferPatient(
        booking_id=booking_id,
        to_bed_id=body.to_bed_id,
        needs=meant.needs(body.needs) if body.needs else None,
        newborns=meant.newborns(body),
        override=meant.override(body),
    )
    return await _act(call.desk, command, call.context(body))


@router.post("/bookings/{booking_id}/swap", response_model=w.BookingAnswer)
async def swap(call: Call, booking_id: BookingId, body: b.Swap) -> Response:
    """Two patients change beds at once; answers with the new booking of the first."""
    command = c.SwapPatients(
        booking_id=booking_id,
        with_booking_id=body.with_booking_id,
        override=meant.override(body),
    )
    return await _act(call.desk, command, call.context(body))


@router.post("/bookings/{booking_id}/progress", response_model=w.BookingAnswer)
async def progress(call: Call, booking_id: BookingId, body: b.Progress) -> Response:
    """How near its end a stay is: when, whether the bed is still needed, what is waited for."""
    known = seen_booking(call.who, call.desk.engine.hospital, booking_id)
    return await _act(call.desk, meant.progress(booking_id, known, body), call.context(body))


@router.post("/bookings/{booking_id}/leave/start", response_model=w.BookingAnswer)
async def leave_start(call: Call, booking_id: BookingId, body: b.Write | None = None) -> Response:
    """The patient leaves the hospital for a while, and the bed is kept (HL7 A21)."""
    command = c.GoAway(booking_id=booking_id, away_as=Away.LEAVE)
    return await _act(call.desk, command, call.context(body or b.Write()))


@router.post("/bookings/{booking_id}/leave/end", response_model=w.BookingAnswer)
async def leave_end(call: Call, booking_id: BookingId, body: b.Write | None = None) -> Response:
    """The patient is back in the bed (HL7 A22)."""
    command = c.ComeBack(booking_id=booking_id, away_as=Away.LEAVE)
    return await _act(call.desk, command, call.context(body or b.Write()))


@router.post("/bookings/{booking_id}/absence/start", response_model=w.BookingAnswer)
async def absence_start(call: Call, booking_id: BookingId, body: b.Write | None = None) -> Response:
    """The patient is elsewhere in the hospital, in theatre or dialysis (HL7 A09)."""
    command = c.GoAway(booking_id=booking_id, away_as=Away.ABSENCE)
    return await _act(call.desk, command, call.context(body or b.Write()))


@router.post("/bookings/{booking_id}/absence/end", response_model=w.BookingAnswer)
async def absence_end(call: Call, booking_id: BookingId, body: b.Write | None = None) -> Response:
    """The patient is back in the bed (HL7 A10)."""
    command = c.ComeBack(booking_id=booking_id, away_as=Away.ABSENCE)
    return await _act(call.desk, command, call.context(body or b.Write()))


@router.post("/bookings/{booking_id}/contact/end", response_model=w.BookingAnswer)
async def contact_end(call: Call, booking_id: BookingId, body: b.Write | None = None) -> Response:
    """The patient has not caught what others in the room had."""
    command = c.EndContact(booking_id=booking_id)
    return await _act(call.desk, command, call.context(body or b.Write()))


@router.post("/bookings/{booking_id}/discharge/confirm", response_model=w.BookingAnswer)
async def confirm(call: Call, booking_id: BookingId, body: b.Write | None = None) -> Response:
    """The patient may go; the bed is free only once the patient has left."""
    command = c.ConfirmDischarge(booking_id=booking_id)
    return await _act(call.desk, command, call.context(body or b.Write()))


@router.post("/bookings/{booking_id}/discharge", response_model=w.BookingAnswer)
async def discharge(call: Call, booking_id: BookingId, body: b.Discharge | None = None) -> Response:
    """The patient leaves the bed, which is to be cleaned. What was planned for the stay ends with
    it; of who has died all does."""
    body = body or b.Discharge()
    command = c.DischargePatient(
        booking_id=booking_id,
        disposition=body.disposition.value,
        died_at=body.died_at,
        to_lounge=body.to_lounge,
        newborns=meant.newborns(body),
    )
    return await _act(call.desk, command, call.context(body))


@router.get("/lounge", response_model=w.Lounge)
async def in_lounge(call: Call) -> Response:
    """Who waits in the discharge lounge, the first to come first."""
    hospital, now = call.desk.engine.hospital, call.desk.clock.now()
    names = w.InLounge.model_fields
    items = [
        w.InLounge.model_validate({name: getattr(one, name) for name in names})
        for one in hospital.in_lounge(now)
        if call.who.sees(one.ward_id)
    ]
    await call.desk.commit.durable()
    return json_of(w.Lounge(places=hospital.house.lounge_places, items=items))


@router.post("/bookings/{booking_id}/lounge/leave", response_model=w.LoungeAnswer)
async def leave_lounge(call: Call, booking_id: BookingId, body: b.Write | None = None) -> Response:
    """The patient has left the discharge lounge, and the hospital."""
    command = c.LeaveLounge(booking_id=booking_id)
    [row] = await carry_out(call.desk, command, call.context(body or b.Write()))
    return json_of(w.LoungeAnswer(booking_id=booking_id, seq=row["seq"]))


@router.post("/bookings/{booking_id}/discharge/correct", response_model=w.DischargeAnswer)
async def correct_discharge(
    call: Call, booking_id: BookingId, body: b.DischargeCorrection
) -> Response:
    """Where the patient went was otherwise, or nobody has died; the bed is not touched."""
    context = call.context(body)
    rows = await call.desk.remembered(context)
    if rows is None:
        command = await _correction(call, booking_id, body)
        rows = await carry_out(call.desk, command, context)
    told = {name: rows[-1].get(name) for name in ("booking_id", "disposition", "died_at")}
    return json_of(w.DischargeAnswer.model_validate(told | with_patient(rows)))


async def _correction(
    call: Call, booking_id: str, body: b.DischargeCorrection
) -> c.CorrectDischarge:
    """Raises Refusal of a booking that did not end with a discharge, and NotThere."""
    desk = call.desk
    command = await asyncio.to_thread(
        discharge_correction,
        desk.reader,
        booking_id,
        body.disposition.value,
        body.died_at,
        desk.engine.hospital.refs_of,
    )
    if command is not None:
        return command
    for row in await from_log(desk, ONE_BOOKING, booking_id=booking_id):
        if not call.who.sees(row["ward_id"]):
            break
        state = f"{booking_id} is {row['booking_state']}, not discharged."
        raise Refusal(Rule.ILLEGAL_BOOKING_CHANGE, state, Booking.from_row(row))
    raise NotThere(f"There is no booking {booking_id}.")


@router.post("/events/{event_id}/cancel", response_model=w.BookingAnswer)
async def cancel_event(call: Call, event_id: EventId, body: b.Correction | None = None) -> Response:
    """Undoes an admission, a transfer or a discharge that never was."""
    command = await asyncio.to_thread(cancellation, call.desk.reader, event_id, call.who.sees)
    if command is None:
        raise NotThere(f"There is no event {event_id}.")
    return await _act(call.desk, command, call.context(body or b.Correction()))


async def _act(desk: Desk, command: c.Command, context: Context, status: int = 200) -> Response:
    return json_of(booking_answer(await carry_out(desk, command, context)), status)


def booking_answer(rows: list[Row]) -> w.BookingAnswer:
    row = rows[-1]
    names = ("booking_id", "bed_id", "starts_at", "ends_at", "stay_id", "spell_id")
    found = {name: row.get(name) for name in names} | with_patient(rows)
    if row.get("is_end_assumed"):
        found["is_end_assumed"] = True
    return w.BookingAnswer.model_validate(found | {"state": row["booking_state"]})


def with_patient(rows: list[Row]) -> dict[str, Any]:
    """What the rows before the last say of the patient's other reservations and requests."""
    *others, last = rows
    told: dict[str, list[str]] = {}
    for row in others:
        match row["event_type"]:
            case EventType.BOOKING_CANCELLED:
                told.setdefault("ended_booking_ids", []).append(row["booking_id"])
            case EventType.REQUEST_WITHDRAWN:
                told.setdefault("ended_request_ids", []).append(row["bed_request_id"])
            case EventType.REQUEST_PLACED:
                told.setdefault("placed_request_ids", []).append(row["bed_request_id"])
            case EventType.BED_REQUESTED if last.get("corrects_event_id"):
                told.setdefault("restored_request_ids", []).append(row["bed_request_id"])
            case EventType.BOOKING_CHANGED | EventType.TRANSFER_CANCELLED if row.get(
                "booking_state"
            ) == BookingState.RESERVED and last.get("corrects_event_id"):
                told.setdefault("restored_booking_ids", []).append(row["booking_id"])
    for name in ("unmet_request_ids", "lost_booking_ids"):
        if last.get(name):
            told[name] = last[name]
    return {"seq": last["seq"], **told}


def needs_item(needs: Needs) -> dict[str, Any]:
    """As it travels: isolation that is not needed, said so, is false."""
    isolation = needs.isolation if needs.isolation is None else False
    return asdict(needs) | {"isolation": asdict(needs.isolation) if needs.isolation else isolation}


def booking_item(row: Row, hospital: Hospital, now: datetime) -> w.Booking:
    booking = Booking.from_row(row)
    return w.Booking.model_validate(
        row
        | {
            "state": booking.state,
            "source": booking.source,
            "is_discharge_confirmed": booking.is_discharge_confirmed,
            "expected_move_count": booking.progress.expected_move_count,
            "is_at_risk": hospital.is_at_risk(booking, now),
            "needs": needs_item(booking.needs),
            "is_end_assumed": booking.is_end_assumed,
            "contact_of": booking.contact_of,
            "mother_ref": booking.mother_ref,
        }
    )
