"""The HTTP API: one application around one desk. Routes are in `routes/`, rules in `domain/`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from simulator.api.answers import (
    ANSWERS,
    NotReady,
    Overloaded,
    UnknownParameter,
    WrongActor,
    only_known_parameters,
)
from simulator.api.problems import (
    BodyLimit,
    OwnPagesOnly,
    http_error,
    invalid_request,
    problem,
    refused,
)
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
from simulator.domain.errors import Forbidden, NotThere, Refusal
from simulator.writer.desk import Desk, WrongMode
from simulator.writer.engine import NotYet, Outdated
from simulator.writer.group_commit import StorageUnavailable
from simulator.writer.keys import KeyReused


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
    app.add_middleware(BodyLimit)
    app.add_middleware(OwnPagesOnly)
    _handle_problems(app, desk)
    app.include_router(health.router_of(desk))
    for routes in (beds, wards_and_rooms, bookings, requests, overrides, events, clock):
        app.include_router(routes.router_of(desk), dependencies=[Depends(only_known_parameters)])
    return app


async def _open(desk: Desk) -> None:
    try:
        await desk.open()
    except Exception as error:
        desk.failure = str(error)
        raise


def _handle_problems(app: FastAPI, desk: Desk) -> None:
    async def a_rule_says_no(_: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)  # noqa: S101 - registered for this type only
        ANSWERS.labels(error.rule.value).inc()
        return refused(error)

    async def another_may(_: Request, error: Exception) -> Response:
        assert isinstance(error, Forbidden)  # noqa: S101 - registered for this type only
        return problem(error.code, str(error))

    def plain(code: str, detail: str = "") -> Any:
        async def handler(_: Request, error: Exception) -> Response:
            return problem(code, detail or str(error))

        return handler

    app.add_exception_handler(Refusal, a_rule_says_no)
    app.add_exception_handler(Forbidden, another_may)
    app.add_exception_handler(Outdated, plain("precondition_failed"))
    app.add_exception_handler(RequestValidationError, invalid_request)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(NotThere, plain("not_found"))
    app.add_exception_handler(NotYet, plain("invalid_request"))
    app.add_exception_handler(WrongActor, plain("invalid_request"))
    app.add_exception_handler(UnknownParameter, plain("invalid_request"))
    app.add_exception_handler(
        KeyReused,
        plain("idempotency_key_reused", "This Idempotency-Key came before with another body."),
    )
    app.add_exception_handler(
        WrongMode, plain("wrong_mode", "Only a demo lake has a simulated hospital.")
    )
    app.add_exception_handler(
        StorageUnavailable,
        plain("storage_unavailable"),
    )
    app.add_exception_handler(Overloaded, plain("overloaded", "Too many requests are waiting."))

    async def not_ready(_: Request, __: Exception) -> Response:
        return problem("not_ready", desk.failure or "The hospital is still being opened.")

    async def internal_error(_: Request, __: Exception) -> Response:
        return problem("internal_error", "This is our fault; the log has the details.")

    app.add_exception_handler(NotReady, not_ready)
    app.add_exception_handler(Exception, internal_error)
