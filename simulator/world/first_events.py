"""The first events of an empty lake: its clock, its beds and, in demo, the days before today."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lake.vocabulary import LakeMode, Role, Source
from simulator.domain import commands as c
from simulator.plan import HospitalPlan
from simulator.world.agenda import STAFF
from simulator.world.arrivals import World
from simulator.writer.clock import HospitalClock, wall_now
from simulator.writer.engine import Context, Engine, Row
from simulator.writer.event_log import EventLog

ROWS_PER_COMMIT = 5_000


@dataclass
class BulkWriter:
    """Stages commands and commits them in large pieces, each command whole."""

    engine: Engine
    event_log: EventLog
    _rows: list[Row] = field(default_factory=list)

    def carry_out(self, command: c.Command, context: Context) -> list[Row]:
        rows = self.engine.stage(command, context)
        self._rows += rows
        if len(self._rows) >= ROWS_PER_COMMIT:
            self.flush()
        return rows

    def flush(self) -> None:
        if self._rows:
            self.event_log.append(self._rows)
            self._rows = []


def write_first_events(
    engine: Engine,
    event_log: EventLog,
    plan: HospitalPlan,
    mode: LakeMode,
    seed: int,
    history_days: int,
) -> None:
    """Ends at the engine's now. The simulated past goes through the same rules as the present."""
    writer = BulkWriter(engine, event_log)
    end = engine.clock.now()
    start = end - timedelta(days=history_days)
    system = Context(Source.SYSTEM, "system", Role.SYSTEM, occurred_at=start)
    speed = 1.0 if mode is LakeMode.LIVE else 0.0
    writer.carry_out(c.SetClock(speed, plan.time_zone, mode), system)
    for bed in plan.beds():
        writer.carry_out(bed, system)
    if history_days:
        with past_clock(engine, start):
            world = _world(writer, plan, seed)
            world.open_doors(start)
            world.advance(end)
    writer.flush()


@contextmanager
def past_clock(engine: Engine, start: datetime) -> Iterator[None]:
    """The engine lives through the past: its now is what happens, as it happens."""
    present = engine.clock
    engine.clock = HospitalClock(start, wall_now(), 0.0, present.time_zone)
    yield
    engine.clock = present


def finish_history(engine: Engine, event_log: EventLog, plan: HospitalPlan, seed: int) -> None:
    """Take up a simulated past that was interrupted while it was written, up to now."""
    writer = BulkWriter(engine, event_log)
    reached = max(bed.last_event_at for bed in engine.hospital.beds.values())
    end = engine.clock.now()
    with past_clock(engine, reached):
        world = _world(writer, plan, f"{seed}:{engine.head_seq}")
        world.resume(reached)
        world.advance(end)
    writer.flush()


def _world(writer: BulkWriter, plan: HospitalPlan, seed: int | str) -> World:
    def execute(
        command: c.Command,
        at: datetime,
        note: str | None = None,
        reason_code: str | None = None,
        actor: str = STAFF,
    ) -> list[Row]:
        writer.engine.clock.set(0.0, at)
        context = Context(Source.SIMULATOR, actor, Role.SYSTEM, None, reason_code, note)
        return writer.carry_out(command, context)

    return World(plan, seed, lambda: writer.engine.hospital, execute)
