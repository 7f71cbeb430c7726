"""A night without the worker: what came due meanwhile is done once, and nobody waits behind it."""

from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any
from uuid import uuid4

import pytest

from flows.runs.waiting import ASKED_FOR, OLDER, SKIPPED
from tests.system.conftest import RunningStack, eventually
from tests.system.test_stream_under_prefect import prefect, worker

NIGHT = timedelta(minutes=65)
CATCHES_UP_SECONDS = 120

pytestmark = pytest.mark.long


@pytest.fixture
def stack(stack: RunningStack) -> RunningStack:
    """All is deployed."""
    last = stack.url("PREFECT") + "/api/deployments/name/maintain_lake/maintain_lake"
    eventually(lambda: stack.answers(last), 180, "the flows are deployed")
    return stack


def deployment_id(stack: RunningStack, name: str) -> str:
    return prefect(stack, "GET", f"/deployments/name/{name}/{name}")["id"]


def come_due(stack: RunningStack, name: str) -> list[str]:
    """What the schedule would have made in a night; the ids, the newest first."""
    now, deployment = datetime.now(UTC), deployment_id(stack, name)
    window = {"start_time": (now - NIGHT).isoformat(), "end_time": now.isoformat(), "max_runs": 50}
    prefect(stack, "POST", f"/deployments/{deployment}/resume_deployment")
    prefect(stack, "POST", f"/deployments/{deployment}/schedule", window)
    due = {
        "deployments": {"id": {"any_": [deployment]}},
        "flow_runs": {
            "state": {"type": {"any_": ["SCHEDULED"]}},
            "expected_start_time": {"before_": now.isoformat()},
        },
    }
    found = prefect(stack, "POST", "/flow_runs/filter", due)
    return [run["id"] for run in sorted(found, key=itemgetter("expected_start_time"), reverse=True)]


def ends(stack: RunningStack, ids: list[str]) -> list[tuple[str, str]]:
    """State and reason of each."""
    wanted = {"flow_runs": {"id": {"any_": ids}}}
    states = [run["state"] for run in prefect(stack, "POST", "/flow_runs/filter", wanted)]
    return [(state["name"], state["message"] or "") for state in states]


def are_over(ends: list[tuple[str, Any]]) -> bool:
    return {name for name, _ in ends} <= {"Completed", "Cancelled", "Failed", SKIPPED}


def test_after_a_night_one_run_catches_up_and_a_persons_run_waits_for_none(stack) -> None:
    [away] = worker(stack)
    away.suspend()
    try:
        builds, checks = come_due(stack, "build_gold"), come_due(stack, "check_lake")
        path = f"/deployments/{deployment_id(stack, 'build_gold')}/create_flow_run"
        asked = prefect(stack, "POST", path, {"idempotency_key": str(uuid4())})["id"]
        eventually(lambda: are_over(ends(stack, [*builds, *checks[1:]])), 30, "the night skips")
    finally:
        away.resume()
    assert len(builds) > 10
    assert len(checks) > 2
    eventually(lambda: are_over(ends(stack, [asked])), CATCHES_UP_SECONDS, "the person's run")
    assert [name for name, _ in ends(stack, [asked])] == ["Completed"]
    # Some may have skipped before the person asked; the newest waits for nothing else.
    assert set(ends(stack, builds)) <= {(SKIPPED, ASKED_FOR), (SKIPPED, OLDER)}
    assert ends(stack, builds[:1]) == [(SKIPPED, ASKED_FOR)]
    eventually(lambda: are_over(ends(stack, checks)), CATCHES_UP_SECONDS, "the checks")
    skipped = [end for end in ends(stack, checks) if end == (SKIPPED, OLDER)]
    assert len(skipped) == len(checks) - 1
