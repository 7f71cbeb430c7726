"""From rows to answers: JSON of the wire's models, pages, and what routes take besides a body."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import Path, Query
from fastapi.responses import Response
from pydantic import BaseModel

from simulator.wire import answers as w
from simulator.wire.scalars import Instant
from simulator.writer.engine import Row

BedId = Annotated[str, Path(max_length=64)]
BookingId = Annotated[str, Path(max_length=64)]
EventId = Annotated[str, Path(max_length=64)]
WardFilter = Annotated[str | None, Query(max_length=64)]
Limit = Annotated[int, Query(ge=1, le=1000)]
SeqCursor = Annotated[int | None, Query(ge=0, le=2**62)]
PastInstant = Annotated[
    Instant | None, Query(description="A past hospital instant; answered with all now known")
]
Cursor = Annotated[str | None, Query(pattern=r"^[A-Za-z0-9-]{1,64}$")]


def json_of(answer: BaseModel, status: int = 200) -> Response:
    """Of a change only what there is to say of it."""
    text = answer.model_dump_json(exclude_unset=isinstance(answer, w.WithPatient | w.BedsAnswer))
    return Response(text, status, media_type="application/json")


def page(items: Sequence[BaseModel], following: str | None) -> Response:
    return json_of(w.Page[Any](items=list(items), next=following))


def page_of(rows: list[Row], limit: int, item: Callable[[Row], BaseModel]) -> Response:
    """One row more than `limit` was asked for: it tells whether there is another page."""
    following = str(rows[limit - 1]["seq"]) if len(rows) > limit else None
    return page([item(row) for row in rows[:limit]], following)
