"""Which process a stream's run is: its note on disk, its parent, its state in Prefect."""

import json
import os
import socket
import time
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from uuid import UUID

import httpx
import psutil
from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound

from lake.places import Places

ASK_EVERY_SECONDS = 3.0


class Ending(StrEnum):
    CANCELLED = "the run was cancelled"
    ORPHANED = "its worker is gone"


@dataclass(frozen=True)
class RunProcess:
    """The process of one flow run; `started_at` tells it from a later one with the same id."""

    flow_run_id: str
    host: str
    process_id: int
    started_at: float

    @classmethod
    def this(cls, flow_run_id: str) -> "RunProcess":
        process = psutil.Process()
        return cls(flow_run_id, socket.gethostname(), process.pid, process.create_time())

    @property
    def is_gone(self) -> bool:
        """Whether it surely runs no more; of another machine nothing is sure."""
        if self.host != socket.gethostname():
            return False
        try:
            process = psutil.Process(self.process_id)
            ended = process.status() == psutil.STATUS_ZOMBIE
            return ended or abs(process.create_time() - self.started_at) > 1
        except psutil.NoSuchProcess:
            return True


def _note(places: Places) -> Path:
    return places.home / "locks" / "stream_run.json"


def note(places: Places, process: RunProcess) -> None:
    """Leave word of which process writes for a run; the watcher looks for it when that is silent.

    Only the owner of the stream's tables may: another run must not hide it.
    """
    path = _note(places)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(process)))


def noted_process(places: Places) -> RunProcess | None:
    try:
        return RunProcess(**json.loads(_note(places).read_text()))
    except (OSError, ValueError, TypeError):
        return None


class OwnRun:
    """This process's own flow run. A server that does not answer ends nothing."""

    def __init__(self, flow_run_id: UUID) -> None:
        self._id = flow_run_id
        self._parent = os.getppid()
        self._next_look = 0.0

    def ending(self) -> Ending | None:
        if os.getppid() != self._parent:
            return Ending.ORPHANED
        if time.monotonic() < self._next_look:
            return None
        self._next_look = time.monotonic() + ASK_EVERY_SECONDS
        return Ending.CANCELLED if self._is_cancelled() else None

    def _is_cancelled(self) -> bool:
        try:
            with get_client(sync_client=True) as client:
                state = client.read_flow_run(self._id).state
        except ObjectNotFound:
            return True
        except (httpx.HTTPError, RuntimeError):
            return False
        return state is not None and (state.is_cancelling() or state.is_cancelled())
