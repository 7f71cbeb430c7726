"""A small ward for tests: an engine in memory whose clock the test turns."""

from datetime import UTC, datetime, timedelta

from lake.vocabulary import Role, Source
from simulator.clock import HospitalClock, wall_now
from simulator.domain import commands as c
from simulator.domain.hospital import Hospital
from simulator.engine import Context, Engine, Row

MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
BEDS = ("W1-101-A", "W1-101-B", "W1-102-A", "W2-201-A")


def hours(count: float) -> datetime:
    """That many hours after the morning on which all tests begin."""
    return MORNING + HOUR * count


class SmallWard:
    """Two wards, four beds, registered at `MORNING`."""

    def __init__(self) -> None:
        self.clock = HospitalClock(MORNING, wall_now(), 0.0, "UTC")
        self.engine = Engine("snr", Hospital(), self.clock, b"salt")
        self.rows: list[Row] = []
        for bed_id in BEDS:
            ward_id, number, _ = bed_id.split("-")
            command = c.RegisterBed(
                bed_id, f"{ward_id}-{number}", ward_id, f"Ward {ward_id}", "general", "general"
            )
            self.do(command)

    def do(self, command: c.Command, at: datetime | None = None, source: str = "manual") -> Row:
        """Carry out now, or move the clock on to `at` first; gives the last row."""
        if at:
            self.clock.set(0.0, at)
        rows = self.engine.stage(command, Context(Source(source), "tester", Role.MANAGER))
        self.rows += rows
        return rows[-1]

    def status(self, bed_id: str) -> str:
        return self.engine.hospital.bed(bed_id).status.value

    def display(self, bed_id: str) -> str:
        hospital = self.engine.hospital
        return hospital.display_status(hospital.bed(bed_id), self.clock.now()).value
