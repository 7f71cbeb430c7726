import os
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.objects import FlowRun, State
from prefect.client.schemas.objects import StateType as S

from flows.runs.waiting import SKIPPED
from flows.stream.supervision import RunProcess, note, noted_process
from flows.stream.watch import MOST_DEATHS, Watcher, dies_too_often, needs_start
from lake.places import Places
from lake.upkeep import checkpoints


@pytest.mark.parametrize(
    ("states", "starts"),
    [
        ([], True),
        ([S.CRASHED], True),
        ([S.FAILED, S.COMPLETED], True),
        ([S.CANCELLED], False),
        ([S.CANCELLED, S.CRASHED], False),
        ([S.CRASHED, S.CANCELLED], True),
        ([S.CRASHED, S.RUNNING], False),
        ([S.SCHEDULED, S.CRASHED], False),
        ([S.PENDING], False),
        ([S.CANCELLING], False),
        ([S.COMPLETED], False),
    ],
)
def test_a_run_that_died_is_followed_by_another_a_cancelled_one_is_not(
    states: list[S], starts: bool
) -> None:
    """Newest first."""
    runs = [run(state, minutes_ago=nth) for nth, state in enumerate(states)]
    assert needs_start(runs) is starts


def test_a_run_that_only_caught_up_does_not_hide_the_one_that_died() -> None:
    assert needs_start([run(S.COMPLETED, once=True), run(S.CRASHED)])
    assert not needs_start([run(S.RUNNING, once=True), run(S.CRASHED)])


def test_a_run_that_was_refused_beside_a_later_cancelled_one_starts_nothing() -> None:
    """The second run began later and failed at once; somebody then cancelled the first."""
    refused, cancelled = run(S.FAILED, minutes_ago=5), run(S.CANCELLED, minutes_ago=1)
    assert not needs_start([refused, cancelled])


class PlayedPrefect:
    """A server with these runs."""

    def __init__(self, runs: list[FlowRun]) -> None:
        self.runs = runs
        self.set: list[tuple[UUID, S]] = []
        self.created = 0

    def read_deployment_by_name(self, _: str) -> FlowRun:
        return self.runs[0]

    def create_flow_run_from_deployment(self, _: UUID) -> FlowRun:
        self.created += 1
        return self.runs[0]

    def read_flow_runs(self, **_: object) -> list[FlowRun]:
        return self.runs

    def read_flow_run(self, run_id: UUID) -> FlowRun:
        [found] = [run for run in self.runs if run.id == run_id]
        return found

    def set_flow_run_state(self, run_id: UUID, state: State, *, force: bool = False) -> None:
        assert force is not (state.name == SKIPPED)  # a run that has begun since goes on
        self.set.append((run_id, state.type))


def test_what_an_earlier_stack_left_running_is_ended_and_nothing_else(places: Places) -> None:
    """A run that stays Running keeps its deployment's only place, and every later one waits."""
    started = datetime(2026, 3, 2, tzinfo=UTC)
    left, ours = run(S.RUNNING), run(S.RUNNING)
    left.state.timestamp = started - timedelta(minutes=1)
    ours.state.timestamp = started + timedelta(seconds=5)
    server = PlayedPrefect([left, ours])
    Watcher(server, places).bury_leftovers(started)
    assert server.set == [(left.id, S.CRASHED)]


def test_what_is_due_in_vain_is_skipped(places: Places) -> None:
    older, newer = run(S.SCHEDULED, minutes_ago=10), run(S.SCHEDULED, minutes_ago=5)
    for due in (older, newer):
        due.auto_scheduled, due.expected_start_time = True, due.state.timestamp
    server = PlayedPrefect([newer, older])
    Watcher(server, places).skip_what_is_due_in_vain()
    assert server.set == [(older.id, S.COMPLETED)]


def test_a_run_that_was_put_off_is_not_due(places: Places) -> None:
    older, put_off = run(S.SCHEDULED, minutes_ago=10), run(S.SCHEDULED, minutes_ago=5)
    put_off.state.state_details.scheduled_time = datetime.now(UTC) + timedelta(hours=8)
    for due in (older, put_off):
        due.auto_scheduled, due.expected_start_time = True, due.state.timestamp
    server = PlayedPrefect([put_off, older])
    Watcher(server, places).skip_what_is_due_in_vain()
    assert server.set == []


def test_a_stream_that_waits_for_its_repair_is_not_started_until_then(places: Places) -> None:
    begun = PlayedPrefect([run(S.FAILED)])
    checkpoints.forget(places, "bed_board")
    Watcher(begun, places).look()
    assert begun.created == 0
    checkpoints.note_repaired(places)
    Watcher(begun, places).look()
    assert begun.created == 1


def test_a_stream_that_crashed_is_started_once_more_so_that_its_run_says_what_it_lacks(
    places: Places,
) -> None:
    server = PlayedPrefect([run(S.CRASHED)])
    checkpoints.forget(places, "bed_board")
    Watcher(server, places).look()
    assert server.created == 1


def run(state: S, *, once: bool = False, minutes_ago: float = 0) -> FlowRun:
    at = datetime(2026, 3, 2, tzinfo=UTC) - timedelta(minutes=minutes_ago)
    return FlowRun(
        flow_id=uuid4(),
        state=State(type=state, timestamp=at),
        state_type=state,
        parameters={"once": once},
    )


def test_a_stream_that_dies_again_and_again_is_left_alone(places: Places) -> None:
    """Whoever watches may have died with it each time."""
    now = datetime(2026, 3, 2, tzinfo=UTC)
    deaths = [run(S.FAILED, minutes_ago=nth) for nth in range(MOST_DEATHS)]

    assert dies_too_often(deaths, now)
    assert not dies_too_often(deaths[1:], now)
    assert not dies_too_often(deaths, now + timedelta(minutes=10))


def test_a_run_leaves_word_of_its_process(places: Places) -> None:
    assert noted_process(places) is None
    note(places, RunProcess.this("run-1"))
    found = noted_process(places)

    assert found is not None
    assert (found.flow_run_id, found.process_id, found.is_gone) == ("run-1", os.getpid(), False)


def test_a_process_id_that_was_given_to_another_process_is_gone() -> None:
    mine = RunProcess.this("run-1")

    assert RunProcess("run-1", mine.host, mine.process_id, mine.started_at - 100).is_gone
    assert not RunProcess("run-1", "elsewhere", 1, 0.0).is_gone
