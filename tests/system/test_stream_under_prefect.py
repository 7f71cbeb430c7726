"""Whatever is killed, the stream is there again within a minute, and no row is lost or doubled.

The tests run in order; each asks the real Prefect server.
"""

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import uuid4

import httpx
import psutil
import pytest
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_fixed

from cli.settings import StackSettings
from cli.stack import Stack
from flows.stream.supervision import noted_process
from flows.stream.watch import LOOK_EVERY_SECONDS
from lake.duck import LakeReader
from lake.places import Places
from lake.tables import QUARANTINE, SILVER_BED_EVENTS, Owner
from lake.upkeep.ownership import own
from simulator.client import BookingClient, Needs, NewBooking
from tests.system.conftest import RunningStack, eventually, kill, suggested_bed

STREAMS_AGAIN_SECONDS = 60
STREAMS_ON_SECONDS = 60
"""Patience: a JVM that has just started takes its second batch while the string analysis begins,
and a server or another run starts beside it, on two cores."""
STOPS_SECONDS = 15
DIED = ("CRASHED", "FAILED")

Run = dict[str, Any]
Victims = Callable[[RunningStack], list[psutil.Process]]


@pytest.fixture
def stack(stack: RunningStack) -> RunningStack:
    eventually(lambda: newest_streamed(stack), 180, "the first rows are in silver")
    return stack


@cache
def reader(places: Places) -> LakeReader:
    """One for all questions: what looks on must not take the machine from what it looks at."""
    return LakeReader(places, [SILVER_BED_EVENTS, QUARANTINE])


def asked(stack: RunningStack, sql: str) -> list[Run]:
    return reader(stack.places).ask(sql).to_pylist()


def newest_streamed(stack: RunningStack) -> datetime | None:
    return asked(stack, "SELECT max(recorded_at) AS at FROM silver.bed_events")[0]["at"]


@retry(
    retry=retry_if_exception_type(httpx.HTTPStatusError),
    stop=stop_after_attempt(5),
    wait=wait_fixed(1),
    reraise=True,
)
def prefect(stack: RunningStack, method: str, path: str, body: object = None) -> Any:
    """Asked again while its database is locked for a moment (503)."""
    url = f"{stack.url('PREFECT')}/api{path}"
    return httpx.request(method, url, json=body, timeout=30).raise_for_status().json()


def runs(stack: RunningStack) -> list[Run]:
    """Of the stream, newest first; none while the server does not answer."""
    wanted = {"flows": {"name": {"any_": ["stream_bookings"]}}, "sort": "EXPECTED_START_TIME_DESC"}
    with suppress(httpx.HTTPError):
        return prefect(stack, "POST", "/flow_runs/filter", wanted)
    return []


def state_of(stack: RunningStack, run: Run) -> str:
    found = [other["state_type"] for other in runs(stack) if other["id"] == run["id"]]
    return found[0] if found else ""


def running(stack: RunningStack) -> Run:
    """The one run that streams. Prefect shows it a moment after its first rows."""

    def found() -> list[Run]:
        return [run for run in runs(stack) if run["state_type"] == "RUNNING"]

    eventually(found, 10, "a run of the stream is Running")
    [run] = found()
    return run


def create_run(stack: RunningStack) -> Run:
    deployment = prefect(stack, "GET", "/deployments/name/stream_bookings/stream_bookings")
    once = {"idempotency_key": str(uuid4())}
    return prefect(stack, "POST", f"/deployments/{deployment['id']}/create_flow_run", once)


def flow_process(stack: RunningStack) -> list[psutil.Process]:
    noted = noted_process(stack.places)
    assert noted is not None
    return [psutil.Process(noted.process_id)]


def driver(stack: RunningStack) -> list[psutil.Process]:
    return [program(stack, "spark")]


def jvm(stack: RunningStack) -> list[psutil.Process]:
    children = program(stack, "spark").children(recursive=True)
    return [child for child in children if "java" in child.name()]


def worker(stack: RunningStack) -> list[psutil.Process]:
    return [program(stack, "worker")]


def server(stack: RunningStack) -> list[psutil.Process]:
    return [program(stack, "prefect")]


def program(stack: RunningStack, name: str) -> psutil.Process:
    states = Stack(stack.places, StackSettings()).states()
    [pid] = [state["pid"] for state in states if state["name"] == name]
    return psutil.Process(pid)


def everything_of_the_stream(stack: RunningStack) -> list[psutil.Process]:
    victims = (worker, server, jvm, driver, flow_process)
    return [process for find in victims for process in find(stack)]


def assert_each_event_once(stack: RunningStack) -> None:
    """Of the events that silver and quarantine hold; and every one up to the highest is there."""
    [found] = asked(
        stack,
        """SELECT count(*) AS rows, count(DISTINCT seq) AS seqs, max(seq) AS highest
           FROM (SELECT seq FROM silver.bed_events UNION ALL SELECT seq FROM silver.quarantine)""",
    )
    assert found["rows"] == found["seqs"] == found["highest"]


def assert_streams(stack: RunningStack, since: datetime, within: float) -> float:
    """Rows of after `since` reach silver; gives the seconds that it took."""

    def has_arrived() -> bool:
        time.sleep(0.5)
        newest = newest_streamed(stack)
        return newest is not None and newest > since

    eventually(has_arrived, within, f"events are streamed that came after {since:%X}")
    return (datetime.now(UTC) - since).total_seconds()


@pytest.mark.parametrize(
    "victims",
    [
        pytest.param(flow_process, id="flow process", marks=pytest.mark.long),
        pytest.param(jvm, id="JVM", marks=pytest.mark.long),
        pytest.param(driver, id="its Python", marks=pytest.mark.long),
        pytest.param(worker, id="worker", marks=pytest.mark.long),
    ],
)
def test_a_killed_stream_is_another_run_within_a_minute(stack, victims: Victims, capsys) -> None:
    assert_streams(stack, datetime.now(UTC), STREAMS_AGAIN_SECONDS)
    before = running(stack)
    kill(victims(stack))
    assert_another_run_streams(stack, before, victims.__name__, capsys)


def test_booking_and_the_live_board_go_on_while_all_of_the_stream_is_killed_and_comes_back(
    stack, api: BookingClient, capsys
) -> None:
    before = running(stack)
    kill(everything_of_the_stream(stack))
    killed_at = datetime.now(UTC)
    bed_id, sex = suggested_bed(api)
    who = {"patient_ref": "SYSTEM-TEST-2", "needs": Needs(sex=sex)}
    api.book(NewBooking(bed_id=bed_id, admit=True, **who))
    sql = f"SELECT current_patient_ref FROM live_board WHERE bed_id = '{bed_id}'"
    assert LakeReader(stack.places).ask(sql).to_pylist() == [
        {"current_patient_ref": "SYSTEM-TEST-2"}
    ]
    assert_another_run_streams(stack, before, "everything", capsys, killed_at)


def assert_another_run_streams(
    stack: RunningStack,
    before: Run,
    victim: str,
    capsys: pytest.CaptureFixture[str],
    killed_at: datetime | None = None,
) -> None:
    killed_at = killed_at or datetime.now(UTC)
    eventually(lambda: state_of(stack, before) in DIED, STREAMS_AGAIN_SECONDS, "the run has died")
    noticed_at = datetime.now(UTC)
    left = STREAMS_AGAIN_SECONDS - (noticed_at - killed_at).total_seconds()
    assert_streams(stack, noticed_at, left)
    noticed, streamed = ((at - killed_at).seconds for at in (noticed_at, datetime.now(UTC)))
    tell(capsys, f"{victim} killed: shown after {noticed} s, streamed again after {streamed} s")
    assert running(stack)["id"] != before["id"]
    assert_each_event_once(stack)


def tell(capsys: pytest.CaptureFixture[str], line: str) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\n{line}\n")


@pytest.mark.long
def test_a_restart_of_the_server_does_not_disturb_the_stream(stack) -> None:
    before, process = running(stack), flow_process(stack)
    kill(server(stack))
    assert_streams(stack, datetime.now(UTC), STREAMS_ON_SECONDS)
    eventually(lambda: runs(stack), STREAMS_AGAIN_SECONDS, "the server answers again")
    time.sleep(2 * LOOK_EVERY_SECONDS)
    assert_streams(stack, datetime.now(UTC), STREAMS_ON_SECONDS)
    assert (running(stack)["id"], flow_process(stack)) == (before["id"], process)
    assert_each_event_once(stack)


def test_a_second_run_does_not_write_beside_the_first(stack) -> None:
    first, process = running(stack), flow_process(stack)
    second = create_run(stack)
    eventually(lambda: state_of(stack, second) == "FAILED", STREAMS_AGAIN_SECONDS, "it is refused")
    [message] = [run["state"]["message"] for run in runs(stack) if run["id"] == second["id"]]
    assert "are being written by stream_bookings" in message
    assert_streams(stack, datetime.now(UTC), STREAMS_ON_SECONDS)
    assert (running(stack)["id"], flow_process(stack)) == (first["id"], process)


def test_a_cancelled_stream_stops_and_stays_stopped_until_it_is_started(stack, capsys) -> None:
    run, processes, warm = running(stack), flow_process(stack), jvm(stack)
    prefect(stack, "POST", f"/flow_runs/{run['id']}/set_state", {"state": {"type": "CANCELLING"}})
    asked_at = time.monotonic()
    eventually(lambda: not any(map(is_alive, processes)), STOPS_SECONDS, "its processes have ended")
    left = STOPS_SECONDS - (time.monotonic() - asked_at)
    eventually(lambda: state_of(stack, run) == "CANCELLED", left, "it is shown as Cancelled")
    with own(stack.places, Owner.STREAM, "the test"):  # nobody writes any more
        assert jvm(stack) == warm
    tell(capsys, f"cancelled: stopped after {time.monotonic() - asked_at:.0f} s")
    stood_at = newest_streamed(stack)
    time.sleep(1.5 * LOOK_EVERY_SECONDS)
    assert newest_streamed(stack) == stood_at
    assert {other["state_type"] for other in runs(stack)} <= {"CANCELLED", *DIED}
    create_run(stack)
    assert_streams(stack, datetime.now(UTC), STREAMS_AGAIN_SECONDS)
    assert_each_event_once(stack)


def is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
