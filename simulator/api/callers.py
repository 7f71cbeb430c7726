"""Who calls, and what the headers of a request say besides."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Header, Request

from lake.vocabulary import ANONYMOUS, Role, Source
from simulator.domain.errors import InvalidRequest
from simulator.wire import bodies as b
from simulator.wire.names import actor_name
from simulator.writer.engine import Context


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, with the request's key, path and body."""

    actor: str
    key: str | None
    path: str
    body: bytes | None
    if_match: frozenset[int] | None = None

    def context(
        self, body: b.Write | b.NewNote | b.Correction, reason_code: str | None = None
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
            actor=self.actor,
            role=Role.MANAGER,
            occurred_at=occurred_at,
            reason_code=code,
            note=note,
            idempotency_key=self.key,
            request_path=self.path if self.key else None,
            request_body=self.body,
            if_match=self.if_match,
        )


async def _caller(
    request: Request,
    x_actor: Annotated[str, Header(max_length=400, description="UTF-8 name")] = ANONYMOUS,
    idempotency_key: Annotated[str | None, Header(pattern=r"^[!-~]{1,255}$")] = None,
    if_match: Annotated[str | None, Header(description="ETags of the bed, or *")] = None,
) -> Caller:
    body = await request.body() if idempotency_key else None
    path = f"{request.method} {request.url.path}"
    return Caller(actor_from(x_actor), idempotency_key, path, body, _seqs(if_match))


CallerNow = Annotated[Caller, Depends(_caller)]


def etag(seq: int) -> str:
    """Of a bed whose newest event this is."""
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


async def only_known_parameters(request: Request) -> None:
    """A filter that is ignored would answer another question. Raises InvalidRequest."""
    known = {field.alias for field in request.scope["route"].dependant.query_params}
    if unknown := sorted(set(request.query_params) - known):
        takes = ", ".join(sorted(known)) or "none"
        # Query strings hold anything; what is told back is printable.
        raise InvalidRequest(f"{ascii(unknown[0])[:80]}: no such parameter; there are: {takes}.")
