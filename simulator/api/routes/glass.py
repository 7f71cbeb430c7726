"""Breaking the glass: recorded before it is granted, shown to managers until it is reviewed."""

import asyncio
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response

from lake.vocabulary import AuditType, canonical_ref
from simulator.access.gate import Caller
from simulator.access.glass import Broken
from simulator.access.sessions import Session
from simulator.api.answers import json_of
from simulator.api.call import Call, CallRoute
from simulator.api.problems import PROBLEMS
from simulator.api.recording import record_glass, record_glass_shown
from simulator.api.routes.patients import Ref
from simulator.api.routes.sessions import gate_of
from simulator.domain.errors import Forbidden, InvalidRequest
from simulator.domain.permissions import Right, must_hold
from simulator.wire import access as w

GlassId = Annotated[str, Path(max_length=40)]

router = APIRouter(tags=["glass"], responses=PROBLEMS, route_class=CallRoute)


def _one_by_one(call: Call) -> asyncio.Lock:
    """So that what is recorded is what happens."""
    lock: asyncio.Lock = call.app.state.glass_lock
    return lock


def _session(call: Call) -> Session:
    """Raises Forbidden for a service: only a person answers for it."""
    caller: Caller = call.scope["caller"]
    if caller.session is None:
        raise Forbidden("not_permitted", "A person breaks the glass, a service does not.")
    return caller.session


@router.get("/glass", response_model=w.BrokenGlass)
async def glass(call: Call) -> Response:
    """For a clerk what is open now; for a manager what nobody has reviewed yet."""
    gate = gate_of(call)
    found = gate.glass.seen_by(call.who.actor)
    if call.who.is_manager:
        found = gate.glass.to_review()
    await record_glass_shown(call, {one.patient_ref for one in found})
    return json_of(w.BrokenGlass(items=[_item(one) for one in found]))


@router.post("/patients/{ref}/glass", status_code=201, response_model=w.Broken)
async def break_glass(call: Call, ref: Ref, body: w.NewGlass) -> Response:
    """One patient of another ward, for an hour, to look at."""
    gate, session = gate_of(call), _session(call)
    must_hold(Right.BREAK_GLASS, call.who)
    call.must_be_proved()
    name, patient_ref = session.person.name, canonical_ref(ref)
    words = (body.reason_code.value, body.reason)
    async with _one_by_one(call):
        gate.glass.must_be_left(name)
        await record_glass(call, AuditType.GLASS_BROKEN, patient_ref, *words)
        broken = await asyncio.to_thread(gate.glass.break_it, name, patient_ref, *words)
    gate.forget()
    return json_of(_item(broken), 201)


@router.post("/glass/{glass_id}/review", response_model=w.Broken)
async def review_glass(call: Call, glass_id: GlassId, body: w.GlassReview) -> Response:
    """By another person than who broke it."""
    gate, session = gate_of(call), _session(call)
    must_hold(Right.REVIEW, call.who)
    if not body.note.strip():
        raise InvalidRequest("note: say what you found.")
    async with _one_by_one(call):
        broken = gate.glass.must_be_anothers(glass_id, session.person.name)
        await record_glass(
            call, AuditType.GLASS_REVIEWED, broken.patient_ref, broken.reason_code, body.note
        )
        reviewed = await asyncio.to_thread(gate.glass.review, glass_id, session.person.name)
    return json_of(_item(reviewed))


def _item(broken: Broken) -> w.Broken:
    return w.Broken(**asdict(broken))
