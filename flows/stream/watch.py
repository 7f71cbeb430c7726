"""Keeps the stream running, from a thread of the process that has the Spark session.

Every 5 s it looks at the runs of the deployment stream_bookings. None under way and the last one
crashed or failed, or none ever: a new run. The last one cancelled: somebody meant it. Of every
deployment it skips the runs that are due in vain (`flows/runs/waiting.py`).
"""

import os
import time
from datetime import UTC, datetime, timedelta

import httpx
import psutil
import structlog
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.states import Cancelled, Completed, Crashed

from flows.runs import waiting
from flows.stream.repair import FIX, what_is_lost
from flows.stream.supervision import noted_process
from lake.places import Places

DEPLOYMENT = "stream_bookings"
LOOK_EVERY_SECONDS = 5.0
ASK_AGAIN_SECONDS = 1.0
MOST_DEATHS, WITHIN = 10, timedelta(minutes=15)
"""A stream that dies again and again needs a person, not another start."""
UNDER_WAY = {StateType.RUNNING, StateType.PENDING, StateType.SCHEDULED, StateType.CANCELLING}
HAS_A_PROCESS = {StateType.RUNNING, StateType.PENDING, StateType.CANCELLING}
DIED = {StateType.CRASHED, StateType.FAILED}
MAY_BE_STARTING = timedelta(seconds=90)
SOON = timedelta(minutes=1)
"""A run that waits for its place asks again within seconds."""

LEFT_OVER = "Its process ended when the stack was stopped."

log = structlog.get_logger()


def needs_start(runs: list[FlowRun]) -> bool:
    """Whether the run that was to follow and ended last died, and none is under way.

    A run that only catches up says nothing about the one that follows, but is not started beside.
    """
    if any(run.state_type in UNDER_WAY for run in runs):
        return False
    last = _ended_last(runs)
    return last is None or last.state_type in DIED


def dies_too_often(runs: list[FlowRun], now: datetime) -> bool:
    """Prefect counts: the watcher itself may have died with the stream each time."""
    deaths = [run.state.timestamp for run in runs if run.state and run.state.type in DIED]
    return sum(at > now - WITHIN for at in deaths) >= MOST_DEATHS


def _ended_last(runs: list[FlowRun]) -> FlowRun | None:
    """Of the runs that were to follow; not the one that began last: that may have been refused
    while an earlier one went on, and this may then have been cancelled."""
    ends = {run.id: run.state.timestamp for run in runs if run.state}
    following = [run for run in runs if run.id in ends and not run.parameters.get("once")]
    return max(following, key=lambda run: ends[run.id], default=None)


def _is_due(run: FlowRun) -> bool:
    """Not put off: Prefect goes on expecting a run when it was first to start."""
    at = run.state.state_details.scheduled_time if run.state else None
    return at is None or at < datetime.now(UTC) + SOON


class Watcher:
    def __init__(self, client: SyncPrefectClient, places: Places) -> None:
        self._client = client
        self._places = places

    def bury_leftovers(self, started_at: datetime) -> None:
        """Runs of any flow that an earlier stack began: their processes went with it, and in
        Prefect they would keep their place for ever."""
        runs = self._client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[*HAS_A_PROCESS]))
            ),
            limit=200,
        )
        for run in runs:
            if run.state is None or run.state.timestamp >= started_at:
                continue
            log.warning("the process of a run ended with an earlier stack", run=run.name)
            self._client.set_flow_run_state(run.id, Crashed(message=LEFT_OVER), force=True)

    def skip_what_is_due_in_vain(self) -> None:
        """One run of a deployment catches up, whatever was due while nobody took it up."""
        due = self._client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
                expected_start_time=FlowRunFilterExpectedStartTime(before_=datetime.now(UTC)),
            ),
            limit=200,
        )
        for run, reason in waiting.superfluous(filter(_is_due, due)):
            if self._client.read_flow_run(run.id).state_type is not StateType.SCHEDULED:
                continue  # it has begun since
            log.info("skipped a run", run=run.name, reason=reason)
            state: State[None] = Completed(name=waiting.SKIPPED, message=reason)
            self._client.set_flow_run_state(run.id, state)

    def look(self) -> None:
        runs = self._runs()
        gone = [run for run in runs if self._is_gone(run)]
        for run in gone:
            self._bury(run)
        if gone:
            runs = self._runs()
        if needs_start(runs) and not self._waits_for_repair(runs):
            self._start(runs)

    def _waits_for_repair(self, runs: list[FlowRun]) -> bool:
        """Whether another start would fail like the last, whose message names the remedy."""
        last = _ended_last(runs)
        if last is None or last.state_type is not StateType.FAILED:
            return False
        cause = what_is_lost(self._places)
        if cause:
            log.error("the stream is not started again", cause=str(cause), fix=FIX)
        return cause is not None

    def _runs(self) -> list[FlowRun]:
        return self._client.read_flow_runs(
            deployment_filter=DeploymentFilter(name=DeploymentFilterName(any_=[DEPLOYMENT])),
            sort=FlowRunSort.EXPECTED_START_TIME_DESC,
            limit=20,
        )

    def _is_gone(self, run: FlowRun) -> bool:
        """Whether a run that should have a process has none: a crash that nobody reported."""
        if run.state is None or run.state_type not in HAS_A_PROCESS:
            return False
        process = noted_process(self._places)
        if process and (process.flow_run_id == str(run.id) or not process.is_gone):
            return process.is_gone
        return datetime.now(UTC) - run.state.timestamp > MAY_BE_STARTING

    def _bury(self, run: FlowRun) -> None:
        log.warning("the process of the stream's run is gone", run=run.name)
        ended = Cancelled if run.state_type is StateType.CANCELLING else Crashed
        self._client.set_flow_run_state(run.id, ended(message="Its process is gone."), force=True)

    def _start(self, runs: list[FlowRun]) -> None:
        if dies_too_often(runs, datetime.now(UTC)):
            log.error(
                "the stream is left alone: look at its runs in Prefect, then start it there",
                died=MOST_DEATHS,
                within_minutes=WITHIN.total_seconds() / 60,
            )
            return
        deployment = self._client.read_deployment_by_name(f"{DEPLOYMENT}/{DEPLOYMENT}")
        run = self._client.create_flow_run_from_deployment(deployment.id)
        log.info("started the stream", run=run.name)


def watch(places: Places) -> None:
    """Until the process is ended, a child of the stack's supervisor. A server that does not answer
    is asked again."""
    with get_client(sync_client=True) as client:
        watcher = Watcher(client, places)
        stack_started_at = datetime.fromtimestamp(psutil.Process(os.getppid()).create_time(), UTC)
        has_buried = False
        while True:
            try:
                if not has_buried:
                    watcher.bury_leftovers(stack_started_at)
                    has_buried = True
                watcher.look()
                watcher.skip_what_is_due_in_vain()
                time.sleep(LOOK_EVERY_SECONDS)
            except (httpx.HTTPError, PrefectHTTPStatusError, ObjectNotFound) as error:
                log.info(
                    "Prefect has no such deployment yet", deployment=DEPLOYMENT, error=str(error)
                )
                time.sleep(ASK_AGAIN_SECONDS)
            except Exception:
                log.exception("a look at the runs has failed")
                time.sleep(LOOK_EVERY_SECONDS)
