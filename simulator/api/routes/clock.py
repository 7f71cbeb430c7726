"""The hospital clock, and the simulated hospital that a demo lake has."""

from fastapi import APIRouter
from fastapi.responses import Response

from simulator.api.answers import json_of
from simulator.api.call import Call, CallRoute
from simulator.api.problems import PROBLEMS
from simulator.wire import answers as w
from simulator.wire import bodies as b
from simulator.writer.clock import wall_now
from simulator.writer.desk import Desk

router = APIRouter(tags=["simulator"], responses=PROBLEMS, route_class=CallRoute)


@router.get("/clock", response_model=w.Clock)
async def clock(call: Call) -> Response:
    now = call.desk.clock
    return json_of(
        w.Clock(
            hospital_at=now.now(),
            wall_at=wall_now(),
            speed=now.speed,
            running=now.speed > 0,
            time_zone=now.time_zone,
        )
    )


@router.get("/simulator", response_model=w.Simulator)
async def simulator(call: Call) -> Response:
    return _state(call.desk)


@router.put("/simulator", response_model=w.Simulator)
async def set_simulator(call: Call, body: b.Simulation) -> Response:
    """Start or stop the simulated hospital, change the clock's speed or the seed."""
    await call.desk.set_resident(
        acts=body.running, speed=body.speed, seed=body.seed, context=call.context(b.Write())
    )
    return _state(call.desk)


def _state(desk: Desk) -> Response:
    resident = desk.inhabitant
    acts = bool(desk.is_inhabited and resident and resident.is_acting)
    seed = resident.seed if resident else 0
    return json_of(w.Simulator(running=acts, speed=desk.clock.speed, seed=seed))
