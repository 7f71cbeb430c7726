"""Beds: looked up, registered, cleaned, closed, opened, isolated, noted on."""

import asyncio
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from lake.tables import BED_BOARD, BED_STATE_COLUMNS
from lake.vocabulary import DisplayStatus, is_outlier
from simulator.api import meant
from simulator.api.answers import BedId, Cursor, Limit, PastInstant, WardFilter, json_of, page
from simulator.api.call import Call, CallRoute, etag
from simulator.api.front import carry_out, not_after_now
from simulator.api.problems import PROBLEMS
from simulator.api.sight import sees_patient, without_patients
from simulator.domain import commands as c
from simulator.domain.hospital import Hospital
from simulator.domain.principals import Principal
from simulator.domain.rules.matching import Matcher
from simulator.wire import answers as w
from simulator.wire import bodies as b
from simulator.writer.desk import Desk
from simulator.writer.engine import Context, Row
from simulator.writer.memory import hospital_at

BOARD_FROM_ROW = {"last_event_type": "event_type"}
UNKNOWN: dict[str, Any] = dict.fromkeys(column.name for column in BED_STATE_COLUMNS)

WHOSE_ROOM = {"female", "male"}

router = APIRouter(tags=["beds"], responses=PROBLEMS, route_class=CallRoute)


@router.get("/beds", response_model=w.Page[w.Bed])
async def beds(
    call: Call,
    ward_id: WardFilter = None,
    status: DisplayStatus | None = None,
    at: PastInstant = None,
    limit: Limit = 100,
    after: Cursor = None,
) -> Response:
    """Registered beds by bed_id, now or `at` an instant; `status` is the display status."""
    hospital, newest = call.desk.engine.hospital, call.desk.engine.newest
    now = at or call.desk.clock.now()
    if at:
        not_after_now(call.desk, at)
        hospital, newest = await asyncio.to_thread(
            hospital_at, call.desk.reader, at, hospital.house
        )
    found = sorted(
        bed.bed_id
        for bed in hospital.registered_beds
        if (ward_id is None or bed.ward_id == ward_id)
        and call.who.has_on_board(bed.ward_id)
        and (status is None or hospital.display_status(bed, now) is status)
        and (after is None or bed.bed_id > after)
    )
    items = [_item(hospital, newest[bed_id], now, call.who) for bed_id in found[:limit]]
    await call.desk.commit.durable()
    return page(items, found[limit - 1] if len(found) > limit else None)


@router.get("/beds/{bed_id}", response_model=w.Bed)
async def bed(call: Call, bed_id: BedId) -> Response:
    """With an ETag, for `If-Match` on what is done next: the log's newest seq."""
    hospital = call.desk.engine.hospital
    row = call.desk.engine.newest[hospital.bed(bed_id).bed_id]
    item = _item(hospital, row, call.desk.clock.now(), call.who)
    seen = call.desk.engine.head_seq
    await call.desk.commit.durable()
    response = json_of(item)
    response.headers["ETag"] = etag(seen)
    return response


@router.post("/beds", status_code=201, response_model=w.BedAnswer)
async def register(call: Call, body: b.NewBed) -> Response:
    """A bed joins the register; `is_temporary` for a surge."""
    fields = body.model_dump(exclude={"occurred_at", "note"}, mode="json")
    fields["features"] = tuple(body.features)
    return await _act(call.desk, c.RegisterBed(**fields), call.context(body), 201)


@router.post("/beds/search", response_model=w.FoundBeds)
async def search(call: Call, body: b.BedSearch) -> Response:
    """The right bed for a patient: those that would do, ranked, and why each other one does not.
    Of a patient who is not the caller's to see nothing is known."""
    hospital, now = call.desk.engine.hospital, call.desk.clock.now()
    unseen = {
        name: None
        for name in ("patient_ref", "mother_ref")
        if (ref := getattr(body, name)) and not sees_patient(call.who, hospital, ref)
    }
    body = body.model_copy(update=unseen) if unseen else body
    beside = body.needs.placed_with
    if beside and beside not in WHOSE_ROOM and not sees_patient(call.who, hospital, beside):
        needs = body.needs.model_copy(update={"placed_with": None})
        body = body.model_copy(update={"needs": needs})
    fits, others = Matcher(hospital, meant.search(hospital, body, now)).all(body.limit)
    await call.desk.commit.durable()
    return json_of(
        w.FoundBeds(
            items=[w.FitBed.model_validate(fit._asdict()) for fit in fits],
            unfit=[w.UnfitBed.model_validate(one._asdict()) for one in others if one.rules],
            unsure=[w.UnsureBed(bed_id=o.bed_id, detail=o.detail) for o in others if not o.rules],
        )
    )


@router.post("/beds/{bed_id}/update", response_model=w.BedAnswer)
async def update(call: Call, bed_id: BedId, body: b.Staffing) -> Response:
    """Staffed or not: a bed without staff stays on the register and out of the capacity."""
    command = c.UpdateBed(bed_id=bed_id, is_staffed=body.is_staffed)
    return await _act(call.desk, command, call.context(body))


@router.post("/beds/{bed_id}/retire", response_model=w.BedAnswer)
async def retire(call: Call, bed_id: BedId, body: b.Overriding | None = None) -> Response:
    """The bed leaves the register."""
    body = body or b.Overriding()
    command = c.RetireBed(bed_id=bed_id, override=meant.override(body))
    return await _act(call.desk, command, call.context(body))


@router.post("/beds/{bed_id}/dirty", response_model=w.BedAnswer)
async def dirty(call: Call, bed_id: BedId, body: b.Write | None = None) -> Response:
    """A free bed was found unclean."""
    return await _act(call.desk, c.MarkBedDirty(bed_id=bed_id), call.context(body or b.Write()))


@router.post("/beds/{bed_id}/cleaning/start", response_model=w.BedAnswer)
async def cleaning_start(call: Call, bed_id: BedId, body: b.Write | None = None) -> Response:
    """Cleaning starts."""
    return await _act(call.desk, c.StartCleaning(bed_id=bed_id), call.context(body or b.Write()))


@router.post("/beds/{bed_id}/cleaning/finish", response_model=w.BedAnswer)
async def cleaning_finish(call: Call, bed_id: BedId, body: b.Write | None = None) -> Response:
    """The bed is clean and free."""
    return await _act(call.desk, c.FinishCleaning(bed_id=bed_id), call.context(body or b.Write()))


@router.post("/beds/{bed_id}/cleaning/stop", response_model=w.BedAnswer)
async def cleaning_stop(call: Call, bed_id: BedId, body: b.Write | None = None) -> Response:
    """Cleaning stops before it is done."""
    return await _act(call.desk, c.StopCleaning(bed_id=bed_id), call.context(body or b.Write()))


@router.post("/beds/{bed_id}/isolation/start", response_model=w.IsolationAnswer)
async def isolation_start(
    call: Call, bed_id: BedId, body: b.IsolationStart | None = None
) -> Response:
    """The patient in the bed needs isolation. Of a source of infection the contacts are named: who
    has shared a room with the patient lately; with a bed, who is a contact since."""
    body = body or b.IsolationStart()
    command = c.StartIsolation(bed_ids=(bed_id,), isolation=meant.isolation_of(body))
    [*marked, row] = await carry_out(call.desk, command, call.context(body))
    of_contact = {one["patient_ref"]: one for one in marked}
    hospital, refs = call.desk.engine.hospital, row.get("contact_patient_refs") or ()
    seen = [ref for ref in refs if sees_patient(call.who, hospital, ref)]
    contacts = tuple(
        w.Contact(
            patient_ref=ref,
            booking_id=of_contact.get(ref, {}).get("booking_id"),
            bed_id=of_contact.get(ref, {}).get("bed_id"),
        )
        for ref in seen
    )
    told = {name: row[name] for name in ("bed_id", "bed_status", "seq")}
    elsewhere = len(refs) - len(seen)
    return json_of(w.IsolationAnswer(**told, contacts=contacts, contacts_elsewhere=elsewhere))


@router.post("/beds/{bed_id}/isolation/end", response_model=w.BedAnswer)
async def isolation_end(call: Call, bed_id: BedId, body: b.Write | None = None) -> Response:
    """The patient in the bed needs it no more."""
    return await _act(call.desk, c.EndIsolation(bed_ids=(bed_id,)), call.context(body or b.Write()))


@router.post("/beds/{bed_id}/close", response_model=w.BedAnswer)
async def close(call: Call, bed_id: BedId, body: b.Closing) -> Response:
    """Nobody may be in it; what is booked meanwhile is moved first, or displaced."""
    return await _act(call.desk, meant.closing((bed_id,), body), call.reasoned(body))


@router.post("/beds/{bed_id}/open", response_model=w.BedAnswer)
async def open_bed(call: Call, bed_id: BedId, body: b.Opening) -> Response:
    """The bed is what it was before it was closed."""
    return await _act(call.desk, c.OpenBeds(bed_ids=(bed_id,)), call.reasoned(body))


@router.post("/beds/{bed_id}/notes", status_code=201, response_model=w.BedAnswer)
async def add_note(call: Call, bed_id: BedId, body: b.NewNote) -> Response:
    """An update in words."""
    return await _act(call.desk, c.AddNote(bed_id=bed_id), call.context(body), 201)


async def _act(desk: Desk, command: c.Command, context: Context, status: int = 200) -> Response:
    [*_, row] = await carry_out(desk, command, context)
    answer = w.BedAnswer(bed_id=row["bed_id"], bed_status=row["bed_status"], seq=row["seq"])
    return json_of(answer, status)


def _item(hospital: Hospital, row: Row, now: datetime, who: Principal) -> w.Bed:
    """The board's columns: the event's from the bed's row, the state from the hospital."""
    bed = hospital.beds[row["bed_id"]]
    following = hospital.next_booking(bed.bed_id, now)
    columns = hospital.bed_columns(bed, now)
    event = {name: row.get(BOARD_FROM_ROW.get(name, name)) for name in BED_BOARD.column_names}
    shown = {
        "display_status": hospital.display_status(bed, now),
        "next_is_at_risk": following is not None and hospital.is_at_risk(following, now),
        "is_outlier": is_outlier(
            columns.get("current_need_specialty"), bed.specialty, is_cot=bed.is_cot
        ),
    }
    told = event | UNKNOWN | columns | shown
    return w.Bed.model_validate(without_patients(told, who, bed.ward_id))
