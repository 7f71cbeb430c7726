"""One request as a route takes it: who calls, the desk it is put to, what its headers say.

All of it is looked at in one place, on the way to every route but those of the process itself.
Dependencies would do the same, and took a quarter of a booking's time to resolve.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect
from starlette.types import Message

from lake.duck import within
from lake.vocabulary import ANONYMOUS, Role, Source
from simulator.access.errors import NotSignedIn, PasswordNeeded
from simulator.access.gate import Caller, Gate
from simulator.api.doors import Door, door_of
from simulator.api.recording import record_look, way_of
from simulator.domain.errors import BodyTooLarge, InvalidRequest, NotReady
from simulator.domain.principals import Principal, unasked
from simulator.wire import bodies as b
from simulator.wire.names import actor_name
from simulator.writer.desk import Desk
from simulator.writer.engine import Context

KEY = "^[!-~]{1,255}$"
SCHEMAS: dict[str, dict[str, Any]] = {
    "X-Actor": {"maxLength": 400, "default": ANONYMOUS, "description": "UTF-8 name"},
    "Idempotency-Key": {"pattern": KEY},
    "If-Match": {"description": "ETags of the beds, or *"},
}
HEADERS = [
    {"name": name, "in": "header", "required": False, "schema": {"type": "string"} | schema}
    for name, schema in SCHEMAS.items()
]
"""Of every write, as OpenAPI tells them."""

READS = {"GET"}
MOST_BODY_BYTES = 64 * 1024
BODY_SECONDS = 15.0
QUESTION_SECONDS = 20.0
"""Of one question to the lake."""


class Limited(Request):
    """Its body is read once, and not beyond its limit."""

    _sent: bytes | None = None

    async def body(self) -> bytes:
        """At most 64 KiB. Raises BodyTooLarge and ClientDisconnect."""
        if self._sent is None:
            chunks, size, more = [], 0, True
            until = asyncio.get_running_loop().time() + BODY_SECONDS
            while more:
                message = await self._next(until)
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                chunks.append(message.get("body", b""))
                size += len(chunks[-1])
                more = message.get("more_body", False)
                if size > MOST_BODY_BYTES:
                    raise BodyTooLarge(f"At most {MOST_BODY_BYTES} bytes.")
            self._sent = b"".join(chunks)
        return self._sent

    async def _next(self, until: float) -> Message:
        """Raises ClientDisconnect for one that does not come."""
        try:
            async with asyncio.timeout_at(until):
                return await self.receive()
        except TimeoutError:
            raise ClientDisconnect from None


class Call(Limited):
    """`desk` is open, `who` calls. The rest is of a write: `key` its Idempotency-Key, `if_match`
    the seqs at which the beds were looked at (None: whatever they are by now)."""

    desk: Desk
    who: Principal
    key: str | None
    if_match: frozenset[int] | None

    @property
    def is_proved(self) -> bool:
        """The password was given a moment ago; of a service, and where nobody signs in, always."""
        caller: Caller | None = self.scope.get("caller")
        if caller is None or caller.session is None:
            return True
        gate: Gate = self.app.state.gate
        return caller.session.is_proved_at(gate.clock())

    def must_be_proved(self) -> None:
        """Raises PasswordNeeded."""
        if not self.is_proved:
            raise PasswordNeeded

    def look_again(self) -> Principal:
        """Who calls, while the answer goes on. Raises NotSignedIn once the session has ended."""
        gate: Gate | None = self.app.state.gate
        return gate.caller(self.headers.get("authorization")).who if gate else self.who

    def context(
        self,
        body: b.Write | b.NewNote | b.Correction | b.DischargeCorrection,
        reason_code: str | None = None,
    ) -> Context:
        """Of a write: when it happened and its note are the body's."""
        return self._context(getattr(body, "occurred_at", None), body.note, reason_code)

    def reasoned(self, body: b.Closing | b.Opening) -> Context:
        """With the coded reason and the words for it."""
        context = self._context(body.occurred_at, body.note, body.reason_code)
        return replace(context, reason=body.reason)

    def _context(self, occurred_at: datetime | None, note: str | None, code: str | None) -> Context:
        return Context(
            source=Source.MANUAL,
            who=self.who,
            occurred_at=occurred_at,
            reason_code=code,
            note=note,
            idempotency_key=self.key,
            request_path=f"{self.method} {self.url.path}" if self.key else None,
            request_body=self._sent if self.key else None,
            is_proved=self.is_proved,
            if_match=self.if_match,
        )


class LimitedRoute(APIRoute):
    """For who has not signed in yet."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_limited(request: Request) -> Response:
            limited = Limited(request.scope, request.receive)
            try:
                await limited.body()
            except ClientDisconnect:
                return Response(status_code=400)  # that nobody waits for
            return await handle(limited)

        return handle_limited


class CallRoute(APIRoute):
    """Gives its route a Call, or says why not.

    Raises NotReady, BodyTooLarge and InvalidRequest: for a header, and for a parameter that the
    route does not know, since a filter that is ignored would answer another question.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **settings: Any) -> None:
        if not set(settings["methods"]) <= READS:
            settings["openapi_extra"] = {"parameters": HEADERS}
        super().__init__(path, endpoint, **settings)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        is_write = not (self.methods or set()) <= READS
        door, way = door_of(self), way_of(self)
        known = {field.alias for field in self.dependant.query_params}

        async def handle_call(request: Request) -> Response:
            call = Call(request.scope, request.receive)
            call.desk = open_desk(request.app.state.desk)
            call.who = _who(call, door)
            if request.scope["query_string"]:
                _refuse_unknown(set(request.query_params) - known, known)
            if is_write:
                _read_headers(call)
                try:
                    await call.body()
                except ClientDisconnect:
                    return Response(status_code=400)  # that nobody waits for
            with within(QUESTION_SECONDS):
                response = await handle(call)
            await record_look(call, way, call.who, call.desk.engine.hospital)
            return response

        return handle_call


def open_desk(desk: Desk) -> Desk:
    """The desk, once it is open. Raises NotReady."""
    if not desk.ready.is_set():
        raise NotReady(desk.failure or "The hospital is being set up.")
    return desk


def _refuse_unknown(unknown: set[str], known: set[str]) -> None:
    if unknown:
        takes = ", ".join(sorted(known)) or "none"
        # Query strings hold anything; what is told back is printable.
        name = ascii(min(unknown))[:80]
        raise InvalidRequest(f"{name}: no such parameter; there are: {takes}.")


def _who(call: Call, door: Door) -> Principal:
    """Whoever has signed in; where nobody does, any name that is given, and it may do all. Raises
    InvalidRequest, and Forbidden for whom the door is not open."""
    caller: Caller | None = call.scope.get("caller")
    named = call.headers.get("x-actor")
    if caller is None:
        if call.app.state.gate is not None:
            raise NotSignedIn
        return unasked(actor_from(named or ANONYMOUS), Role.MANAGER)
    if named is not None:
        raise InvalidRequest("X-Actor: your session says who you are; leave this header out.")
    door.let_in_a_service(caller)
    door.let_in(caller.who)
    if door is Door.REGISTER:
        call.must_be_proved()
    return caller.who


def _read_headers(call: Call) -> None:
    """Raises InvalidRequest."""
    headers = call.headers
    key = headers.get("idempotency-key")
    if key is not None and not re.fullmatch(KEY, key):
        raise InvalidRequest("Idempotency-Key: 1 to 255 visible ASCII characters.")
    call.key = key
    call.if_match = _seqs(headers.get("if-match"))


def etag(seq: int) -> str:
    """Of a bed that was looked at when this was the log's newest event."""
    return f'"{seq}"'


def _seqs(if_match: str | None) -> frozenset[int] | None:
    """None: whatever the bed is. A text that is no ETag of ours matches no bed."""
    if if_match is None or if_match.strip() == "*":
        return None
    return frozenset(int(seq) for seq in re.findall(r'"(\d{1,18})"', if_match))


def actor_from(header: str) -> str:
    """The name in `X-Actor`: up to 100 printable characters, UTF-8. Raises InvalidRequest."""
    try:
        return actor_name(header.encode("latin-1").decode())
    except ValueError:
        raise InvalidRequest("X-Actor: 1 to 100 printable characters in UTF-8.") from None
