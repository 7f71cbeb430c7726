"""The HTTP API: one application around one desk. Routes are in `routes/`, rules in `domain/`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from starlette.middleware.trustedhost import TrustedHostMiddleware

from lake.auth import LOOPBACK
from lake.reach import FromTheProxy, Reach
from simulator.access.gate import Gate
from simulator.api.attempts import Attempts
from simulator.api.doors import door_of
from simulator.api.headers import SafeHeaders
from simulator.api.limits import OwnPagesOnly, SignedInOnly
from simulator.api.problems import handle_problems
from simulator.api.routes import (
    beds,
    bookings,
    clock,
    events,
    health,
    hospital,
    overrides,
    patients,
    requests,
    sessions,
    wards_and_rooms,
)
from simulator.writer.desk import Desk

PARTS = (
    bookings, beds, wards_and_rooms, requests, patients, overrides, events, clock, health, hospital,
    sessions,
)  # fmt: skip
ROUTES = [route for part in PARTS for route in part.router.routes if isinstance(route, APIRoute)]
"""Flat, and what is asked most first: an included router is searched twice for each request, which
took a third of the time of a booking."""


for each in ROUTES:
    door_of(each)


KEEP_UP_SECONDS = 60.0


def create_app(desk: Desk, gate: Gate | None = None, reach: Reach | None = None) -> FastAPI:
    """The application around one desk, which it opens and closes with the server. `gate` None:
    nobody signs in; `reach` None: it is for this machine."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(_open(desk))]
        if gate is not None:
            tasks.append(asyncio.create_task(_keep_up(gate)))
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await desk.close()

    app = FastAPIOffline(
        title="SNR Hospitals booking",
        description="Beds and bookings, live. Instants are UTC, of the hospital's clock.",
        version="1",
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.router.routes[:0] = ROUTES
    app.state.desk, app.state.gate = desk, gate
    app.state.attempts, app.state.hashing = Attempts(), 0
    if gate is not None:
        app.add_middleware(SignedInOnly, gate=gate)
    app.add_middleware(OwnPagesOnly)
    hosts = reach.hosts if reach else [*LOOPBACK]
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)
    app.add_middleware(SafeHeaders)
    if reach and reach.proxy:
        app.add_middleware(FromTheProxy, proxy=reach.proxy)
    handle_problems(app)
    return app


async def _keep_up(gate: Gate) -> None:
    """When tokens were used is written down, and what has ended leaves the file."""
    while True:
        await asyncio.sleep(KEEP_UP_SECONDS)
        await asyncio.to_thread(gate.keep_up)


async def _open(desk: Desk) -> None:
    try:
        await desk.open()
    except Exception as error:
        desk.failure = str(error)
        raise
