"""What the simulated hospital does next, and how it does it."""

import heapq
from collections.abc import Callable
from datetime import datetime
from itertools import count

from lake.vocabulary import Source
from simulator.domain import commands as c
from simulator.domain.errors import Forbidden, NotThere, Refusal
from simulator.domain.principals import unasked
from simulator.writer.engine import Context, Row

Action = Callable[[datetime], None]
Execute = Callable[[c.Command, datetime, Context], list[Row]]
"""Carries out a command at a hospital instant; raises what a desk raises."""

STAFF, BED_MANAGER, MATRON = "simulator", "bed_manager_sim", "matron_sim"
SIMULATED_STAFF = frozenset({STAFF, BED_MANAGER, MATRON})


class Agenda:
    def __init__(self, execute: Execute) -> None:
        self._execute = execute
        self._planned: list[tuple[datetime, int, Action]] = []
        self._order = count()

    @property
    def next_at(self) -> datetime:
        return self._planned[0][0]

    def plan(self, at: datetime, action: Action) -> None:
        heapq.heappush(self._planned, (at, next(self._order), action))

    def advance(self, until: datetime) -> None:
        """Let everything happen that is due by then."""
        while self.next_at <= until:
            at, _, action = heapq.heappop(self._planned)
            action(at)

    def do(
        self,
        command: c.Command,
        at: datetime,
        note: str | None = None,
        reason_code: str | None = None,
        actor: str = STAFF,
    ) -> list[Row]:
        """The rows, or none where a rule or a person has come in between."""
        context = Context(Source.SIMULATOR, unasked(actor), reason_code=reason_code, note=note)
        try:
            return self._execute(command, at, context)
        except (Refusal, NotThere, Forbidden):
            return []
