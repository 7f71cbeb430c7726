"""The days before a demo lake's first start: lived through by the same rules as the present."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from simulator.domain import commands as c
from simulator.plan import HospitalPlan
from simulator.world.people import People
from simulator.writer.bulk import BulkWriter
from simulator.writer.clock import HospitalClock, wall_now
from simulator.writer.engine import Context, Engine, Row


def live_through(
    writer: BulkWriter,
    plan: HospitalPlan,
    seed: int,
    since: datetime,
    until: datetime,
    *,
    is_new: bool,
) -> None:
    """From `since` to `until`; not `is_new`: a past that was interrupted while it was written."""
    engine = writer.engine
    with _past_clock(engine, since):
        people = _people(writer, plan, seed if is_new else f"{seed}:{engine.head_seq}")
        begin = people.open_doors if is_new else people.resume
        begin(since)
        people.advance(until)


@contextmanager
def _past_clock(engine: Engine, start: datetime) -> Iterator[None]:
    """The engine lives through the past: its now is what happens, as it happens."""
    present = engine.clock
    engine.clock = HospitalClock(start, wall_now(), 0.0, present.time_zone)
    yield
    engine.clock = present


def _people(writer: BulkWriter, plan: HospitalPlan, seed: int | str) -> People:
    def execute(command: c.Command, at: datetime, context: Context) -> list[Row]:
        writer.engine.clock.set(0.0, at)
        return writer.carry_out(command, context)

    return People(plan, seed, lambda: writer.engine.hospital, execute)
