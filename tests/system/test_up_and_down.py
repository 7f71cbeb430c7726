"""A second `up`, an API that is killed, an `up` that is killed, and the end of one.

The tests run in order; the last one stops the stack.
"""

import signal
import time
from datetime import UTC, datetime

import psutil
import pytest

from simulator.client import Needs, NewBooking
from tests.system.conftest import (
    HISTORY_DAYS,
    RunningStack,
    eventually,
    kill,
    named_outside_the_lake,
    start_stack,
    suggested_bed,
)
from tests.system.test_stream_under_prefect import (
    STREAMS_AGAIN_SECONDS,
    assert_each_event_once,
    assert_streams,
    prefect,
    running,
    state_of,
)


def test_a_second_up_is_refused_at_once_with_cause_and_fix(stack) -> None:
    supervisor = (stack.places.home / "run" / "supervisord.pid").read_text()
    done = stack.snr("up")
    assert (stack.places.home / "run" / "supervisord.pid").read_text() == supervisor
    assert done.returncode == 1
    assert "already runs" in done.stderr
    assert "Fix: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_killed_api_comes_back_and_booking_goes_on(stack, api) -> None:
    [server] = [p for p in stack.processes() if "simulator.serve" in p.cmdline()]
    bed_id, sex = suggested_bed(api)
    who = {"patient_ref": "SYSTEM-TEST-3", "needs": Needs(sex=sex)}
    api.book(NewBooking(bed_id=bed_id, admit=True, **who))
    server.send_signal(signal.SIGKILL)
    ready = stack.url("API") + "/health/ready"
    eventually(lambda: stack.answers(ready), 30, "the API is back")
    assert api.bookings(patient_ref="SYSTEM-TEST-3")


@pytest.mark.long
def test_what_a_killed_up_leaves_behind_is_put_right_by_the_next(stack, stacks) -> None:
    before = running(stack)
    kill([psutil.Process(stack.process.pid), *stack.processes()])
    stack.process.wait()
    ports = {name: value for name, value in stack.environment.items() if name.endswith("_PORT")}
    stacks.append(start_stack(stack.places.home, SNR_HISTORY_DAYS=HISTORY_DAYS, **ports))
    after = stacks[-1]
    eventually(lambda: state_of(after, before) == "CRASHED", 120, "the old run is Crashed")
    assert_streams(after, datetime.now(UTC), STREAMS_AGAIN_SECONDS)
    assert running(after)["id"] != before["id"]
    under_way = {"flow_runs": {"state": {"type": {"any_": ["RUNNING", "PENDING", "CANCELLING"]}}}}
    assert [
        run["name"]
        for run in prefect(after, "POST", "/flow_runs/filter", under_way)
        if datetime.fromisoformat(run["state"]["timestamp"]).timestamp() < after_start(after)
    ] == []
    assert_each_event_once(after)


def after_start(stack: RunningStack) -> float:
    return psutil.Process(stack.process.pid).create_time()


def test_ctrl_c_ends_everything_and_leaves_no_process_behind(stack) -> None:
    assert len(stack.processes()) > 3
    start = time.monotonic()
    stack.process.send_signal(signal.SIGINT)
    stack.process.wait(timeout=30)
    assert time.monotonic() - start < 20
    assert [" ".join(p.cmdline()) for p in stack.processes()] == []
    assert named_outside_the_lake(stack) == []
