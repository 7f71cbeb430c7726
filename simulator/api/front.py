"""What a route asks of the desk: a command carried out, rows of the log; once the desk is open."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from lake.vocabulary import BookingState, RequestState, Rule
from simulator.access.errors import PasswordNeeded
from simulator.api.problems import ANSWERS
from simulator.api.sight import refusal_for, sees_booking, sees_ended, sees_request
from simulator.domain import commands as c
from simulator.domain.bookings import Booking
from simulator.domain.errors import (
    NotCarriedOut,
    NotThere,
    NotYet,
    Outdated,
    Overloaded,
    Refusal,
)
from simulator.domain.permissions import takes_proof
from simulator.domain.principals import Principal
from simulator.writer.desk import Desk
from simulator.writer.engine import Context, Row
from simulator.writer.memory import (
    EVENT_WITH_ITS_REQUEST,
    EVERY_BOOKING,
    MOST,
    NEWEST_OF_BOOKINGS,
    ONE_BOOKING,
    REQUESTS,
    ask,
)

MOST_WAITING = 5_000
OF_A_STAY = {BookingState.ACTIVE, BookingState.COMPLETED}


async def carry_out(desk: Desk, command: c.Command, context: Context) -> list[Row]:
    """The command's rows, once they are on disk; the last is what it is about. Raises
    NotCarriedOut."""
    if len(desk.commit.waiting) > MOST_WAITING:
        raise Overloaded
    is_bare = not context.is_proved and takes_proof(command)
    if is_bare and await desk.remembered(context) is None:
        raise PasswordNeeded
    try:
        rows = await _carried_out(desk, command, context)
    except Refusal as refusal:
        knows_past = await _knows_past(desk, context.who, refusal.past_of)
        told = refusal_for(context.who, desk.engine.hospital, refusal, knows_past=knows_past)
        told.command = command
        raise told from None
    except NotCarriedOut as error:
        error.command = command
        raise
    ANSWERS.labels("accepted").inc()
    return rows


async def _knows_past(desk: Desk, who: Principal, patient_ref: str | None) -> bool:
    if patient_ref is None or who.is_manager:
        return True
    mine = {"own_wards": who.sees_wards}
    for ref in sorted(desk.engine.hospital.refs_of(patient_ref)):
        if any(map(is_of_a_stay, await bookings_in_log(desk, MOST, patient_ref=ref, **mine))):
            return True
    return False


async def _carried_out(desk: Desk, command: c.Command, context: Context) -> list[Row]:
    try:
        return await desk.carry_out(command, context)
    except NotThere:
        await _explain_closed(desk, command, context.who)
        raise


async def _explain_closed(desk: Desk, command: c.Command, who: Principal) -> None:
    """What is no longer open is a 409, what never was a 404; what is not for these eyes is looked
    up like what never was, so that it takes as long."""
    match command:
        case (
            c.ChangeRequest(bed_request_id=bed_request_id)
            | c.PlaceRequest(bed_request_id=bed_request_id)
            | c.WithdrawRequest(bed_request_id=bed_request_id)
        ):
            request = desk.engine.hospital.requests.get(bed_request_id)
            if request and sees_request(who, desk.engine.hospital, request):
                return  # something else is not there
            for row in await requests_in_log(desk, bed_request_id=bed_request_id):
                if row["request_state"] != RequestState.WAITING and sees_ended(who, row):
                    state = f"{bed_request_id} is {row['request_state']}."
                    raise Refusal(Rule.ILLEGAL_BOOKING_CHANGE, state)
        case c.PlaceAll(pairs=pairs):
            await _explain_gone(desk, pairs, who)
        case c.ReviewOverride(event_id=event_id):
            rows = await from_log(desk, EVENT_WITH_ITS_REQUEST, event_id=event_id)
            if any(row["event_id"] == event_id and row["override_rules"] for row in rows):
                raise Refusal(Rule.ALREADY_REVIEWED)
        case c.SwapPatients(booking_id=booking_id, with_booking_id=with_booking_id):
            await _explain_ended(desk, booking_id, who)
            await _explain_ended(desk, with_booking_id, who)
        case _:
            await _explain_ended(desk, getattr(command, "booking_id", None), who)


async def _explain_gone(desk: Desk, pairs: Sequence[c.Pair], who: Principal) -> None:
    """A request that waits no more has changed since it was seen."""
    for nth, pair in enumerate(pairs):
        bed_request_id = pair.place.bed_request_id
        request = desk.engine.hospital.requests.get(bed_request_id)
        if request and sees_request(who, desk.engine.hospital, request):
            continue
        for row in await requests_in_log(desk, bed_request_id=bed_request_id):
            if row["request_state"] == RequestState.WAITING or not sees_ended(who, row):
                return
            gone = Outdated(f"{bed_request_id} is {row['request_state']}: look at the list again.")
            gone.pair = (nth, bed_request_id)
            raise gone
        return


async def _explain_ended(desk: Desk, booking_id: str | None, who: Principal) -> None:
    if booking_id is None:
        return
    known = desk.engine.hospital.bookings.get(booking_id)
    if known and sees_booking(who, desk.engine.hospital, known):
        return
    for row in await from_log(desk, ONE_BOOKING, booking_id=booking_id):
        booking = Booking.from_row(row)
        if not booking.is_open and sees_booking(who, desk.engine.hospital, booking):
            state = f"{booking_id} is {booking.state}."
            raise Refusal(Rule.ILLEGAL_BOOKING_CHANGE, state, booking)


async def bookings_in_log(desk: Desk, limit: int = 1, **filters: Any) -> list[Row]:
    parameters = EVERY_BOOKING | filters | {"limit": limit}
    return await from_log(desk, NEWEST_OF_BOOKINGS, **parameters)


async def requests_in_log(desk: Desk, limit: int = 1, **filters: Any) -> list[Row]:
    names = ("bed_request_id", "state", "ward_id", "patient_ref", "own_wards", "asked_by")
    every = dict.fromkeys(names) | {"after_seq": 0}
    return await from_log(desk, REQUESTS, **(every | filters), limit=limit)


async def from_log(desk: Desk, sql: str, **parameters: Any) -> list[Row]:
    rows = await asyncio.to_thread(ask, desk.reader, sql, parameters)
    await desk.commit.durable()  # what was read may have been on its way to the disk
    return rows


def is_of_a_stay(row: Row) -> bool:
    """Whether the patient of a booking has lain in the bed."""
    return row["booking_state"] in OF_A_STAY


def not_after_now(desk: Desk, at: datetime) -> None:
    """Raises NotYet."""
    now = desk.clock.now()
    if at > now:
        raise NotYet(f"at: it is {now:%Y-%m-%d %H:%M:%S} UTC in the hospital.")
