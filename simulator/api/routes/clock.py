"""The hospital clock, and the simulated hospital that a demo lake has."""

from fastapi import APIRouter
from fastapi.responses import Response

from simulator.api.answers import PROBLEMS, CallerNow, json_response, ready
from simulator.wire import models as m
from simulator.writer.clock import wall_now
from simulator.writer.desk import Desk


def router_of(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["simulator"], responses=PROBLEMS)

    @router.get("/clock", response_model=m.ClockAnswer)
    async def clock() -> Response:
        now = ready(desk).clock
        return json_response(
            {
                "hospital_at": now.now(),
                "wall_at": wall_now(),
                "speed": now.speed,
                "running": now.speed > 0,
                "time_zone": now.time_zone,
            }
        )

    def state() -> Response:
        resident = ready(desk).inhabitant
        return json_response(
            {
                "running": bool(desk.is_inhabited and resident and resident.is_acting),
                "speed": desk.clock.speed,
                "seed": resident.seed if resident else 0,
            }
        )

    @router.get("/simulator", response_model=m.SimulatorAnswer)
    async def simulator() -> Response:
        return state()

    @router.put("/simulator", response_model=m.SimulatorAnswer)
    async def set_simulator(body: m.SimulatorBody, who: CallerNow) -> Response:
        """Start or stop the simulated hospital, change the clock's speed or the seed."""
        context = who.context(occurred_at=None, note=None)
        await ready(desk).set_resident(
            acts=body.running, speed=body.speed, seed=body.seed, context=context
        )
        return state()

    return router
