"""Runs that are due and have not begun, as after a night without the worker: one does the work.

A scheduled run does all that is to do when it begins. So the newest of a deployment does the work
of those before it, and a run that a person asked for with the same parameters that of all scheduled
ones.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun

SKIPPED = "Skipped"
"""The name of the state, of the type COMPLETED, that such a run ends in."""
MISSED = "It was due while the stack did not run; the next one does the work."
OLDER = "Another run was due before this one began; that one does the work."
ASKED_FOR = "Somebody asked for a run, which does the work of this one."


def superfluous(due: "Iterable[FlowRun]") -> "list[tuple[FlowRun, str]]":
    """Of scheduled runs and those that were asked for: which are not to begin, and why. The newest
    first: a worker that wakes begins with the oldest."""
    alike: dict[tuple[UUID | None, str], list[FlowRun]] = defaultdict(list)
    for run in due:
        parameters = json.dumps(run.parameters, sort_keys=True, default=str)
        alike[run.deployment_id, parameters].append(run)
    return [found for runs in alike.values() for found in reversed(_of_one(runs))]


def _of_one(due: "list[FlowRun]") -> "list[tuple[FlowRun, str]]":
    scheduled = sorted((run for run in due if run.auto_scheduled), key=_due_at)
    if len(scheduled) < len(due):
        return [(run, ASKED_FOR) for run in scheduled]
    return [(run, OLDER) for run in scheduled[:-1]]


def _due_at(run: "FlowRun") -> str:
    return run.expected_start_time.isoformat() if run.expected_start_time else ""
