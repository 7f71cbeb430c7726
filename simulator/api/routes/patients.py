"""Patients: what is known of one, and two references that are of one person."""

from operator import itemgetter
from typing import Annotated, TypeVar

from fastapi import APIRouter, Path
from fastapi.responses import Response
from pydantic import AfterValidator

from lake.vocabulary import BookingState
from simulator.api.answers import json_of
from simulator.api.call import Call, CallRoute
from simulator.api.front import bookings_in_log, carry_out, is_of_a_stay, requests_in_log
from simulator.api.problems import PROBLEMS
from simulator.api.routes.bookings import booking_item
from simulator.api.routes.requests import is_seen, request_item
from simulator.api.sight import sees_patient
from simulator.domain import commands as c
from simulator.domain.errors import NotThere
from simulator.domain.hospital import Hospital
from simulator.domain.principals import Principal
from simulator.wire import answers as w
from simulator.wire import bodies as b
from simulator.wire.names import patient_ref
from simulator.writer.engine import Row
from simulator.writer.memory import MOST

Ref = Annotated[str, Path(max_length=70), AfterValidator(patient_ref)]
Item = TypeVar("Item", w.Booking, w.BedRequest)

router = APIRouter(tags=["patients"], responses=PROBLEMS, route_class=CallRoute)


@router.get("/patients/{ref}", response_model=w.Patient)
async def patient(call: Call, ref: Ref) -> Response:
    """Stays, bookings, requests and merges, whichever of the person's references they are under."""
    hospital, now = call.desk.engine.hospital, call.desk.clock.now()
    refs = sorted(hospital.refs_of(ref))
    bookings = [row for r in refs for row in await bookings_in_log(call.desk, MOST, patient_ref=r)]
    requests = [row for r in refs for row in await requests_in_log(call.desk, MOST, patient_ref=r)]
    merges = [merge for merge in hospital.merges.values() if merge.refs & {*refs}]
    is_all_seen = call.who.is_manager or call.who.has_broken_glass_for(refs)
    if not is_all_seen:
        bookings = [row for row in bookings if call.who.sees(row["ward_id"])]
        requests = [row for row in requests if is_seen(row, hospital, call.who)]
        merges = merges if bookings or requests else []
    if not (bookings or requests or merges):
        raise NotThere("Nothing is known of this patient.")
    has_lain_here = any(map(is_of_a_stay, bookings))
    bookings.sort(key=itemgetter("starts_at"))
    of_bookings = [(row, booking_item(row, hospital, now)) for row in bookings]
    of_requests = [
        (row, w.BedRequest.model_validate(request_item(row, hospital, now))) for row in requests
    ]
    known = w.Patient(
        patient_refs=refs,
        died_at=hospital.has_died_at(ref) if has_lain_here or is_all_seen else None,
        stays=[_stay(row) for row in bookings if is_of_a_stay(row)],
        bookings=[
            item if call.who.sees(row["ward_id"]) else _of_one(item, row, hospital, call.who)
            for row, item in of_bookings
        ],
        requests=[
            item if is_seen(row, hospital, call.who) else _of_one(item, row, hospital, call.who)
            for row, item in of_requests
        ],
        merges=[
            w.Merge(
                patient_ref=merge.patient_ref,
                into=merge.into,
                merged_at=merge.merged_at,
                is_pending=merge.is_pending,
            )
            for merge in merges
        ],
    )
    return json_of(known)


@router.post("/patients/{ref}/merge", response_model=w.MergeAnswer)
async def merge(call: Call, ref: Ref, body: b.Merge) -> Response:
    """This reference and `into` are of one person. Refused while both lie in beds."""
    command = c.MergePatients(patient_ref=ref, into=body.into)
    return _answer(await carry_out(call.desk, command, call.context(body)))


@router.post("/patients/{ref}/merge/cancel", response_model=w.MergeAnswer)
async def cancel_merge(call: Call, ref: Ref, body: b.Write | None = None) -> Response:
    """The two were different persons."""
    command = c.CancelMerge(patient_ref=ref)
    return _answer(await carry_out(call.desk, command, call.context(body or b.Write())))


def _of_one(item: Item, row: Row, hospital: Hospital, who: Principal) -> Item:
    """Through broken glass: without the other patients that are named with this one."""
    unseen: Row = {}
    if isinstance(item, w.Booking) and _is_hidden(item.mother_ref, hospital, who):
        unseen["mother_ref"] = None
    if _is_hidden(row.get("placed_with_patient_ref"), hospital, who):
        unseen["needs"] = item.needs.model_copy(update={"placed_with": None})
    return item.model_copy(update=unseen)


def _is_hidden(ref: str | None, hospital: Hospital, who: Principal) -> bool:
    if ref is None or who.has_broken_glass_for(hospital.refs_of(ref)):
        return False
    return not sees_patient(who, hospital, ref)


def _answer(rows: list[Row]) -> Response:
    row = rows[-1]
    return json_of(
        w.MergeAnswer(
            patient_ref=row["patient_ref"],
            into=row["merged_into_patient_ref"],
            is_pending=row["merge_is_pending"],
            seq=row["seq"],
        )
    )


def _stay(row: Row) -> w.Stay:
    has_ended = row["booking_state"] == BookingState.COMPLETED
    return w.Stay.model_validate(
        row
        | {
            "admitted_at": row["starts_at"],
            "ended_at": row["occurred_at"] if has_ended else None,
            "expected_at": row["ends_at"],
        }
    )
