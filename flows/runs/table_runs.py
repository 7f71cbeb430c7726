"""Rows of gold.table_runs: what a run read and wrote, and how long it took."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime

from lake.arrow import append
from lake.places import Places
from lake.tables import Table


@dataclass
class TableRun:
    """One run × table; the fields are the columns of `lake.tables.TABLE_RUNS_COLUMNS`."""

    hospital_id: str
    table_name: str
    run_name: str = ""
    run_id: str | None = None
    from_on: date | None = None
    to_on: date | None = None
    sources: list[str] = field(default_factory=list)
    version_read: int | None = None
    version_written: int | None = None
    seq_until: int | None = None
    in_count: int = 0
    out_count: int = 0
    quarantined_count: int = 0
    seconds: float = 0.0
    finished_at: datetime = field(default_factory=lambda: datetime.now(UTC))


def record(places: Places, table: Table, runs: Iterable[TableRun]) -> None:
    append(places, table, (asdict(run) for run in runs))
