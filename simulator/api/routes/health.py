"""Whether the process runs and the hospital is open; metrics."""

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

from simulator.api.answers import json_of
from simulator.api.call import open_desk
from simulator.api.problems import PROBLEMS
from simulator.domain.errors import StorageUnavailable
from simulator.wire import answers as w
from simulator.writer.desk import Desk

HEAD_SEQ = Gauge("snr_head_seq", "seq of the newest event that is on disk")

router = APIRouter(tags=["health"], responses={503: PROBLEMS[503]})


@router.get("/health/live", response_model=w.Live)
async def live() -> Response:
    """The process runs."""
    return json_of(w.Live(status="ok"))


@router.get("/health/ready", response_model=w.Ready)
async def is_ready(request: Request) -> Response:
    """The hospital is open: its beds, and in demo its history, are there."""
    desk = open_desk(request.app.state.desk)
    commit = desk.commit
    if commit.fatal:
        raise StorageUnavailable(commit.fatal)
    status = "degraded" if commit.is_broken else "ok"
    return json_of(w.Ready(status=status, head_seq=commit.durable_seq, mode=desk.mode.value))


@router.get(
    "/metrics", response_class=Response, responses={200: {"content": {CONTENT_TYPE_LATEST: {}}}}
)
async def metrics(request: Request) -> Response:
    """Prometheus metrics."""
    desk: Desk = request.app.state.desk
    if desk.ready.is_set():
        HEAD_SEQ.set(desk.commit.durable_seq)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
