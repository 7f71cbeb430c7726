"""The simulated hospital as an inhabitant of the desk: its past once, then its present."""

from datetime import datetime

from simulator.domain import commands as c
from simulator.plan import HospitalPlan
from simulator.world.first_events import live_through
from simulator.world.people import People
from simulator.writer.bulk import BulkWriter
from simulator.writer.clock import wall_now
from simulator.writer.desk import Desk
from simulator.writer.engine import Context, Row


class SimulatedHospital:
    """`is_acting`: whether it does anything; the hospital's clock goes on all the same."""

    def __init__(self, plan: HospitalPlan, seed: int, *, is_acting: bool) -> None:
        self.seed = seed
        self.is_acting = is_acting
        self._plan = plan

    def write_past(
        self, writer: BulkWriter, since: datetime, until: datetime, *, is_new: bool
    ) -> None:
        live_through(writer, self._plan, self.seed, since, until, is_new=is_new)

    def move_in(self, desk: Desk) -> None:
        """Take up what is there: at the start, and after anything that it missed."""
        self._desk = desk
        seed = f"{self.seed}:{desk.engine.head_seq}"
        self._people = People(self._plan, seed, lambda: desk.engine.hospital, self._execute)
        self._people.resume(desk.clock.now())

    def act(self) -> float | None:
        """What is due by now; gives the wall seconds until something is due again."""
        if not self.is_acting:
            return None
        self._people.advance(self._desk.clock.now())
        return (self._desk.clock.wall_at(self._people.next_at) - wall_now()).total_seconds()

    def _execute(self, command: c.Command, _: datetime, context: Context) -> list[Row]:
        """Live, what is due by now happens now: a person may have come in between."""
        return self._desk.commit.stage(command, context)
