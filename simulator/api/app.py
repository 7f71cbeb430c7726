"""The HTTP API: one application around one desk. Routes are in `routes/`, rules in `domain/`."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from starlette.middleware.trustedhost import TrustedHostMiddleware

from lake.auth import LOOPBACK
from lake.errors import LakeError
from lake.reach import FromTheProxy, Reach
from lake.tables import AUDIT_EVENTS, BED_EVENTS
from simulator.access.gate import Gate
from simulator.api.attempts import Attempts
from simulator.api.doors import door_of
from simulator.api.hashing import HashingPlaces
from simulator.api.headers import SafeHeaders
from simulator.api.lanes import THREADS, Lanes
from simulator.api.limits import OwnPagesOnly, SignedInOnly
from simulator.api.problems import handle_problems
from simulator.api.routes import (
    beds,
    bookings,
    clock,
    events,
    glass,
    health,
    hospital,
    overrides,
    patients,
    requests,
    sessions,
    wards_and_rooms,
)
from simulator.domain.errors import StorageUnavailable
from simulator.writer.audit import Trail
from simulator.writer.clock import wall_now
from simulator.writer.desk import Desk
from simulator.writer.group_commit import GroupCommit
from simulator.writer.vouching import Vouching

PARTS = (
    bookings, beds, wards_and_rooms, requests, patients, overrides, events, clock, health, hospital,
    sessions, glass,
)  # fmt: skip
ROUTES = [route for part in PARTS for route in part.router.routes if isinstance(route, APIRoute)]
"""Flat, and what is asked most first: an included router is searched twice for each request, which
took a third of the time of a booking."""


for each in ROUTES:
    door_of(each)


KEEP_UP_SECONDS = 60.0
VOUCH_SECONDS = 3600.0

log = structlog.get_logger()


def create_app(
    desk: Desk,
    gate: Gate | None = None,
    trail: Trail | None = None,
    vouching: Vouching | None = None,
    reach: Reach | None = None,
) -> FastAPI:
    """The application around one desk, which it opens and closes with the server. `gate` None:
    nobody signs in, and no `trail` is kept. `vouching`: signs hourly where the logs end. `reach`
    None: it is for this machine."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))
        tasks = [asyncio.create_task(_open(desk, trail))]
        if gate is not None:
            tasks.append(asyncio.create_task(_keep_up(gate)))
        if vouching is not None:
            tasks.append(asyncio.create_task(_vouch_hourly(vouching, desk, trail)))
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await desk.close()
        if trail is not None:
            await trail.close()
        if vouching is not None:
            await _vouch(vouching, desk, trail)

    app = FastAPIOffline(
        title="SNR Hospitals booking",
        description="Beds and bookings, live. Instants are UTC, of the hospital's clock.",
        version="1",
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.router.routes[:0] = ROUTES
    app.state.desk, app.state.gate, app.state.trail = desk, gate, trail
    app.state.attempts, app.state.hashing = Attempts(), HashingPlaces()
    app.state.glass_lock = asyncio.Lock()
    if gate is not None:
        lanes = Lanes(desk.settings.service_requests_per_minute)
        app.add_middleware(SignedInOnly, gate=gate, lanes=lanes, trail=trail)
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


async def _vouch_hourly(vouching: Vouching, desk: Desk, trail: Trail | None) -> None:
    await desk.ready.wait()
    while True:
        await _vouch(vouching, desk, trail)
        await asyncio.sleep(VOUCH_SECONDS)


async def _vouch(vouching: Vouching, desk: Desk, trail: Trail | None) -> None:
    """Of what is on disk alone."""
    logs: dict[str, GroupCommit[Any]] = {}
    if desk.ready.is_set():
        logs[BED_EVENTS.name] = desk.commit
    if trail is not None and trail.ready.is_set():
        logs[AUDIT_EVENTS.name] = trail.commit
    heads = {name: (log.engine.head_seq, log.engine.head_hash) for name, log in logs.items()}
    generations = [commit.generation for commit in logs.values()]
    try:
        for commit in logs.values():
            await commit.durable()
        # Else what was lost meanwhile could be signed, with another row in its place since.
        is_same = generations == [commit.generation for commit in logs.values()]
        if heads and is_same:
            await asyncio.to_thread(vouching.vouch, wall_now(), heads)
    except (LakeError, OSError, StorageUnavailable) as error:
        log.error("no checkpoint was signed", cause=str(error))


async def _open(desk: Desk, trail: Trail | None) -> None:
    try:
        if trail is not None:
            await trail.open()
        await desk.open()
    except Exception as error:
        desk.failure = str(error)
        raise
