"""Whether the process runs and the hospital is open; metrics."""

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

from simulator.api.answers import PROBLEMS, json_response, ready
from simulator.wire import models as m
from simulator.writer.desk import Desk
from simulator.writer.group_commit import StorageUnavailable

HEAD_SEQ = Gauge("snr_head_seq", "seq of the newest event that is on disk")


def router_of(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["health"], responses={503: PROBLEMS[503]})

    @router.get("/health/live", response_model=m.LiveAnswer)
    async def live() -> Response:
        """The process runs."""
        return json_response({"status": "ok"})

    @router.get("/health/ready", response_model=m.ReadyAnswer)
    async def is_ready() -> Response:
        """The hospital is open: its beds, and in demo its history, are there."""
        commit = ready(desk).commit
        if commit.fatal:
            raise StorageUnavailable(commit.fatal)
        status = "degraded" if commit.is_broken else "ok"
        return json_response(
            {"status": status, "head_seq": commit.durable_seq, "mode": desk.mode.value}
        )

    @router.get(
        "/metrics", response_class=Response, responses={200: {"content": {CONTENT_TYPE_LATEST: {}}}}
    )
    async def metrics() -> Response:
        """Prometheus metrics."""
        if desk.ready.is_set():
            HEAD_SEQ.set(desk.commit.durable_seq)
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router
