from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from prefect.client.schemas.objects import FlowRun

from flows.runs.waiting import ASKED_FOR, OLDER, superfluous

NIGHT = datetime(2026, 3, 2, tzinfo=UTC)
BUILD, CHECK = uuid4(), uuid4()


def due(
    deployment: UUID, minutes: float, *, is_scheduled: bool = True, **parameters: str
) -> FlowRun:
    return FlowRun(
        flow_id=uuid4(),
        deployment_id=deployment,
        expected_start_time=NIGHT + timedelta(minutes=minutes),
        auto_scheduled=is_scheduled,
        parameters=parameters,
        name=f"{minutes}",
    )


def skipped(*runs: FlowRun) -> list[tuple[str, str]]:
    return [(run.name, reason) for run, reason in superfluous(runs)]


def test_after_a_night_the_newest_run_of_each_flow_does_the_work() -> None:
    builds = [due(BUILD, minutes) for minutes in (5, 0, 10)]
    assert skipped(*builds, due(CHECK, 3), due(CHECK, 18)) == [
        ("5", OLDER), ("0", OLDER), ("3", OLDER),
    ]  # fmt: skip


def test_the_only_run_that_is_due_is_not_skipped() -> None:
    assert skipped(due(BUILD, 0), due(CHECK, 0)) == []


def test_a_persons_run_waits_behind_no_scheduled_one() -> None:
    asked = due(BUILD, 7, is_scheduled=False)
    assert skipped(due(BUILD, 0), asked, due(BUILD, 10)) == [("10", ASKED_FOR), ("0", ASKED_FOR)]


def test_a_backfill_that_a_person_asked_for_does_not_do_the_work_of_the_schedule() -> None:
    backfill = due(BUILD, 7, is_scheduled=False, from_on="2026-01-01")
    assert skipped(due(BUILD, 0), backfill, due(BUILD, 10)) == [("0", OLDER)]


def test_what_persons_asked_for_is_all_done() -> None:
    """Each may be of other dates."""
    assert skipped(*(due(BUILD, nth, is_scheduled=False) for nth in range(3))) == []
