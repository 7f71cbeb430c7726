"""The HTTP API: one application around one desk. Routes are in `routes/`, rules in `domain/`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI
from fastapi_offline import FastAPIOffline

from simulator.api.callers import only_known_parameters
from simulator.api.limits import BodyLimit, OwnPagesOnly
from simulator.api.problems import handle_problems
from simulator.api.routes import (
    beds,
    bookings,
    clock,
    events,
    health,
    overrides,
    requests,
    wards_and_rooms,
)
from simulator.writer.desk import Desk


def create_app(desk: Desk) -> FastAPI:
    """The application around one desk, which it opens and closes with the server."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        opening = asyncio.create_task(_open(desk))
        yield
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
        await desk.close()

    app = FastAPIOffline(
        title="SNR Hospitals booking",
        description="Beds and bookings, live. Instants are UTC, of the hospital's clock.",
        version="1",
        lifespan=lifespan,
    )
    app.state.desk = desk
    app.add_middleware(BodyLimit)
    app.add_middleware(OwnPagesOnly)
    handle_problems(app)
    app.include_router(health.router)
    for routes in (beds, wards_and_rooms, bookings, requests, overrides, events, clock):
        app.include_router(routes.router, dependencies=[Depends(only_known_parameters)])
    return app


async def _open(desk: Desk) -> None:
    try:
        await desk.open()
    except Exception as error:
        desk.failure = str(error)
        raise
