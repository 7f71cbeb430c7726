"""A small ward for tests: an engine in memory whose clock the test turns."""

from datetime import UTC, datetime, timedelta

from lake.vocabulary import Role, Source
from simulator.domain import commands as c
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking, as_reserved, is_ended
from simulator.domain.decisions.isolation import contacts_in
from simulator.domain.hospital import Hospital
from simulator.domain.needs import Needs
from simulator.domain.principals import unasked
from simulator.domain.requests import BedRequest, has_left_the_list
from simulator.writer.clock import HospitalClock, wall_now
from simulator.writer.engine import Context, Engine, Row

MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
WOMAN, MAN = Needs(sex="female"), Needs(sex="male")
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
        rows = self.engine.stage(command, Context(Source(source), unasked("tester", Role.MANAGER)))
        self.rows += rows
        return rows[-1]

    def do_all(self, command: c.Command, actor: str = "tester") -> list[Row]:
        """Carry out now; gives every row."""
        rows = self.engine.stage(command, Context(Source.MANUAL, unasked(actor, Role.MANAGER)))
        self.rows += rows
        return rows

    def do_at(self, command: c.Command, occurred_at: datetime) -> Row:
        """Carry out now what happened before."""
        context = Context(Source.MANUAL, unasked("tester", Role.MANAGER), occurred_at=occurred_at)
        self.rows += self.engine.stage(command, context)
        return self.rows[-1]

    def status(self, bed_id: str) -> str:
        return self.engine.hospital.bed(bed_id).status.value

    def beds_of_patients(self) -> dict[str, str]:
        stays = self.engine.hospital.bookings.values()
        return {stay.patient_ref: stay.bed_id for stay in stays if stay.is_stay}

    def display(self, bed_id: str) -> str:
        hospital = self.engine.hospital
        return hospital.display_status(hospital.bed(bed_id), self.clock.now()).value


def undoing(rows: list[dict], event_id: str) -> c.CancelEvent:
    """What undoes the event, with all that the log says of its request."""
    [event] = [row for row in rows if row["event_id"] == event_id]
    together = [row for row in rows if row["request_id"] == event["request_id"]]
    alike = [row for row in together if row["event_type"] == event["event_type"]]
    told = [*together, *said_later(rows, event_id)]
    return c.CancelEvent(
        event_id=event_id,
        request=tuple(past_event(rows, row) for row in alike),
        reservations=ended(rows, told),
        requests=off_the_list(rows, told),
        contacts=contacts_in(together),
    )


def discharge_correction(
    rows: list[dict], booking_id: str, disposition: str, died_at: datetime | None = None
) -> c.CorrectDischarge:
    """What corrects the booking's newest discharge; the patient has one reference."""
    row = [
        r for r in rows
        if (r["event_type"], r.get("booking_id")) == ("patient_discharged", booking_id)
    ][-1]  # fmt: skip
    corrections = [r for r in rows if is_correction(r, row["event_id"])]
    now = [row, *corrections][-1]
    told = [r for r in rows if r["request_id"] == row["request_id"]]
    told += said_later(rows, row["event_id"])
    undone = {other.get("corrects_event_id") for other in rows}
    return c.CorrectDischarge(
        booking_id=booking_id,
        disposition=disposition,
        died_at=died_at,
        discharge=past_event(rows, row),
        disposition_before=now["disposition"],
        died_at_before=now["died_at"],
        has_come_again=any(
            r["event_type"] in ("patient_admitted", "patient_transferred")
            and r["booking_state"] == "active"
            and r["patient_ref"] == row["patient_ref"]
            and r["seq"] > row["seq"]
            and r["event_id"] not in undone
            for r in rows
        ),
        reservations=ended(rows, told),
        requests=off_the_list(rows, told),
    )


def is_correction(row: dict, event_id: str) -> bool:
    return (row["event_type"], row.get("corrects_event_id")) == ("discharge_corrected", event_id)


def said_later(rows: list[dict], event_id: str) -> list[dict]:
    requests = {row["request_id"] for row in rows if is_correction(row, event_id)}
    return [row for row in rows if row["request_id"] in requests]


def ended(rows: list[dict], told: list[dict]) -> tuple[Booking, ...]:
    newest = {r["booking_id"]: r["seq"] for r in rows if r.get("booking_state")}
    found = {r["booking_id"]: r for r in told if is_ended(r)}
    return tuple(as_reserved(r) for one, r in found.items() if newest[one] == r["seq"])


def off_the_list(rows: list[dict], told: list[dict]) -> tuple[BedRequest, ...]:
    told_of = ("bed_requested", "request_changed")
    of_a_request = [r for r in rows if r["event_type"] in told_of or has_left_the_list(r)]
    newest = {r["bed_request_id"]: r["seq"] for r in of_a_request}
    found = {r["bed_request_id"]: r for r in told if has_left_the_list(r)}
    return tuple(BedRequest.from_row(r) for one, r in found.items() if newest[one] == r["seq"])


def past_event(rows: list[dict], row: dict) -> c.PastEvent:
    earlier = [
        other
        for other in rows
        if other["seq"] < row["seq"] and other["request_id"] != row["request_id"]
    ]
    of_bed = [other for other in earlier if other.get("bed_id") == row["bed_id"]]
    of_booking = [
        r for r in earlier if r.get("booking_state") and r["booking_id"] == row["booking_id"]
    ]
    return c.PastEvent(
        event_id=row["event_id"],
        event_type=row["event_type"],
        occurred_at=row["occurred_at"],
        booking=Booking.from_row(row),
        booking_before=Booking.from_row(of_booking[-1]) if of_booking else None,
        bed_before=Bed.from_row(of_bed[-1]),
    )
