"""A small ward for tests: an engine in memory whose clock the test turns."""

from datetime import UTC, datetime, timedelta

from lake.vocabulary import Role, Source
from simulator.domain import commands as c
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking
from simulator.domain.hospital import Hospital
from simulator.writer.clock import HospitalClock, wall_now
from simulator.writer.engine import Context, Engine, Row

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
                bed_id=bed_id,
                room_id=f"{ward_id}-{number}",
                ward_id=ward_id,
                ward_name=f"Ward {ward_id}",
                specialty="general",
                room_class="general",
            )
            self.do(command)

    def do(self, command: c.Command, at: datetime | None = None, source: str = "manual") -> Row:
        """Carry out now, or move the clock on to `at` first; gives the last row."""
        if at:
            self.clock.set(0.0, at)
        rows = self.engine.stage(command, Context(Source(source), "tester", Role.MANAGER))
        self.rows += rows
        return rows[-1]

    def do_all(self, command: c.Command, actor: str = "tester") -> list[Row]:
        """Carry out now; gives every row."""
        rows = self.engine.stage(command, Context(Source.MANUAL, actor, Role.MANAGER))
        self.rows += rows
        return rows

    def do_at(self, command: c.Command, occurred_at: datetime) -> Row:
        """Carry out now what happened before."""
        context = Context(Source.MANUAL, "tester", occurred_at=occurred_at)
        self.rows += self.engine.stage(command, context)
        return self.rows[-1]

    def status(self, bed_id: str) -> str:
        return self.engine.hospital.bed(bed_id).status.value

    def display(self, bed_id: str) -> str:
        hospital = self.engine.hospital
        return hospital.display_status(hospital.bed(bed_id), self.clock.now()).value


def past_request(rows: list[dict], event_id: str) -> tuple[c.PastEvent, ...]:
    [event] = [row for row in rows if row["event_id"] == event_id]
    together = [
        row
        for row in rows
        if (row["request_id"], row["event_type"]) == (event["request_id"], event["event_type"])
    ]
    return tuple(past_event(rows, row) for row in together)


def past_event(rows: list[dict], row: dict) -> c.PastEvent:
    earlier = [other for other in rows if other["seq"] < row["seq"]]
    of_bed = [other for other in earlier if other.get("bed_id") == row["bed_id"]]
    of_booking = [other for other in earlier if other.get("booking_id") == row["booking_id"]]
    return c.PastEvent(
        event_id=row["event_id"],
        event_type=row["event_type"],
        occurred_at=row["occurred_at"],
        booking=Booking.from_row(row),
        booking_before=Booking.from_row(of_booking[-1]) if of_booking else None,
        bed_before=Bed.from_row(of_bed[-1]),
    )
