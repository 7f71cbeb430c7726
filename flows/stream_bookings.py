"""The live stream: bronze.bed_events into silver, quarantine and the board, and into the terms.

Where a session is lent, this process lives as long as the stream and only waits: what works is
imported where it works.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from prefect import State, flow
from prefect.runtime import flow_run
from prefect.states import Cancelled, Completed, Crashed

from flows.runs.artifacts import LiveTable
from flows.session import borrow
from flows.stream.supervision import Ending, OwnRun, RunProcess
from lake.places import Places

SHOWN_EVERY_SECONDS = 60.0
STOP_SECONDS = 3.0


@flow(
    name="stream_bookings",
    flow_run_name=lambda: f"stream_bookings {datetime.now(UTC):%Y-%m-%d %H:%M:%S}",
    description=__doc__,
    retries=0,
)
def stream_bookings(once: bool = False) -> State[Any]:
    """Runs until it is cancelled.

    Args:
        once: Catch up with the log, then stop.
    """
    own_run, run_name = OwnRun(flow_run.id), flow_run.name or ""
    process = RunProcess.this(str(flow_run.id))
    work, shown = (_by_the_lent_session, _told) if borrow.is_lent() else (_here, _read)
    with _shown(lambda: shown(run_name)) as end_artifact:
        ending = work(once=once, run_name=run_name, should_end=own_run.ending, process=process)
    if ending is Ending.ORPHANED:
        return Crashed(message="The stream ended because its worker is gone.")
    end_artifact()
    if ending is Ending.CANCELLED:
        return Cancelled(message="The stream ended when its run was cancelled.")
    return Completed(message="The stream has caught up.")


def _here(
    *, once: bool, run_name: str, should_end: Callable[[], Ending | None], process: RunProcess
) -> Ending | None:
    from flows.stream import following  # noqa: PLC0415

    return following.run(
        Places.from_settings(),
        once=once,
        run_name=run_name,
        should_end=should_end,
        process=process,
    )


def _by_the_lent_session(
    *, once: bool, run_name: str, should_end: Callable[[], Ending | None], process: RunProcess
) -> Ending | None:
    endings: list[Ending] = []

    def is_to_end() -> bool:
        endings.extend(filter(None, [should_end()]))
        return bool(endings)

    arguments = {"once": once, "run_name": run_name, "process": asdict(process)}
    try:
        borrow.ask("stream_bookings", arguments, should_end=is_to_end)
    except borrow.SessionLost:
        if not endings:
            raise
    return endings[0] if endings else None


Rows = list[dict[str, Any]]


def _read(run_name: str) -> Rows:
    from flows.stream import following  # noqa: PLC0415

    return following.streamed(Places.from_settings(), run_name)


def _told(run_name: str) -> Rows:
    rows: Rows = borrow.ask("streamed", {"run_name": run_name}, waits=False)
    return rows


@contextmanager
def _shown(rows: Callable[[], Rows]) -> Iterator[Callable[[], None]]:
    """An artifact of the run with what it has reported so far; gives what draws it for the last
    time.

    It follows a run that goes on, and has the last word of one that failed.
    """
    table, is_over = LiveTable("streamed", "What this run has taken in."), threading.Event()

    def show() -> None:
        with suppress(Exception):  # no artifact is a reason for the run to fail
            table(rows())

    def go_on() -> None:
        while not is_over.wait(SHOWN_EVERY_SECONDS):
            show()

    drawing = threading.Thread(target=go_on, name="artifact", daemon=True)
    drawing.start()

    def end() -> None:
        is_over.set()
        drawing.join(STOP_SECONDS)
        show()

    try:
        yield end
    except Exception:
        end()
        raise
    finally:
        is_over.set()
