"""Many commands at once, without a server: a simulated past, a replayed log."""

from dataclasses import dataclass, field

from simulator.domain import commands as c
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
