"""Questions to the event log: what the engine needs to start, and what people ask of the past.

The questions are in sql/, one file each, with named parameters.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any

from lake.duck import LakeReader
from lake.vocabulary import LakeMode
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking
from simulator.domain.commands import PastEvent
from simulator.domain.decisions.corrections import can_be_cancelled
from simulator.domain.hospital import Hospital
from simulator.writer import chain
from simulator.writer.clock import wall_now
from simulator.writer.engine import Row

MOST = 2**62
KEY_LIFE = timedelta(hours=24)


def _question(name: str) -> str:
    return files("simulator.writer").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


NEWEST_OF_BEDS = _question("newest_of_beds")
OPEN_BOOKINGS = _question("open_bookings")
OPEN_REQUESTS = _question("open_requests")
OPEN_OVERRIDES = _question("open_overrides")
CORRECTED = _question("corrected")
LEFT_AT = _question("left_at")
HEAD = _question("head")
LAST_CLOCK = _question("last_clock")
RECENT_KEYS = _question("recent_keys")
EVENTS_AFTER = _question("events_after")
EVENT_WITH_ITS_REQUEST = _question("event_with_its_request")
BED_BEFORE = _question("bed_before")
BOOKING_BEFORE = _question("booking_before")
OVERRIDES = _question("overrides")
REQUESTS = _question("requests")
NEWEST_OF_BOOKINGS = _question("newest_of_bookings")
ONE_BOOKING = _question("one_booking")
BEDS_AT = _question("beds_at")
BEDS_BEFORE_WHAT_NEVER_WAS = _question("beds_before_what_never_was")

EVERY_BOOKING = {
    "booking_id": None, "bed_id": None, "ward_id": None, "state": None, "patient_ref": None,
    "after_seq": None, "at": None, "limit": MOST,
}  # fmt: skip


@dataclass(frozen=True)
class Remembered:
    """What the log says at start: the hospital, the newest row, the clock and the recent keys."""

    hospital_id: str | None
    hospital: Hospital
    newest: dict[str, Row]
    head_seq: int
    head_hash: str
    latest_at: datetime | None
    mode: LakeMode | None
    clock_speed: float | None
    time_zone: str | None
    recent_keys: list[Row]


def remember(reader: LakeReader) -> Remembered:
    """State from the newest rows, not from the whole history."""
    head = _one(reader, HEAD)
    clock = _one(reader, LAST_CLOCK)
    since = wall_now() - KEY_LIFE
    newest = {row["bed_id"]: row for row in ask(reader, NEWEST_OF_BEDS)}
    return Remembered(
        hospital_id=head["hospital_id"],
        hospital=_present(reader, newest.values()),
        newest=newest,
        head_seq=head["seq"] or 0,
        head_hash=head["chain_hash"] or chain.FIRST_HASH,
        latest_at=head["occurred_at"],
        mode=LakeMode(clock["mode"]) if clock["mode"] else None,
        clock_speed=clock["clock_speed"],
        time_zone=clock["time_zone"],
        recent_keys=ask(reader, RECENT_KEYS, {"since": since, "since_on": since.date()}),
    )


def _present(reader: LakeReader, newest: Collection[Row]) -> Hospital:
    hospital = hospital_from(newest, ask(reader, OPEN_BOOKINGS))
    for row in (*ask(reader, OPEN_REQUESTS), *ask(reader, OPEN_OVERRIDES)):
        hospital.take_note(row)
    hospital.corrected.update(row["corrects_event_id"] for row in ask(reader, CORRECTED))
    # Nothing is entered before its bed's newest event: who left earlier is in nobody's way.
    since = min((row["occurred_at"] for row in newest), default=None)
    for row in ask(reader, LEFT_AT, {"since": since}):
        hospital.left_at[row["patient_ref"]] = row["left_at"]
    return hospital


def hospital_at(reader: LakeReader, at: datetime) -> tuple[Hospital, dict[str, Row]]:
    """The hospital at a past instant, as is now known, and the row that each bed stood at.

    Where an admission, transfer or discharge was undone only later, who was in the bed is what it
    was before that event; all else of the bed is what it was then.
    """
    rows = {row["bed_id"]: row for row in ask(reader, BEDS_AT, {"at": at})}
    hospital = hospital_from(
        rows.values(), ask(reader, NEWEST_OF_BOOKINGS, EVERY_BOOKING | {"at": at})
    )
    for row in ask(reader, BEDS_BEFORE_WHAT_NEVER_WAS, {"at": at}):
        before, bed = Bed.from_row(row), hospital.beds[row["bed_id"]]
        hospital.apply(bed.occupied_as(before), None)
    return hospital, rows


def hospital_from(newest: Iterable[Row], bookings: Iterable[Row]) -> Hospital:
    hospital = Hospital()
    for row in newest:
        hospital.apply(Bed.from_row(row), None)
    for row in bookings:
        hospital.apply(None, Booking.from_row(row))
    return hospital


def events_after(
    reader: LakeReader,
    after_seq: int,
    limit: int,
    bed_id: str | None = None,
    event_type: str | None = None,
) -> list[Row]:
    """Unfiltered, the next ones are known by their `seq`: only the files with them are read."""
    filters = {"bed_id": bed_id, "event_type": event_type}
    until_seq = after_seq + limit if not any(filters.values()) else MOST
    return ask(
        reader,
        EVENTS_AFTER,
        {"after_seq": after_seq, "until_seq": until_seq, "limit": limit, **filters},
    )


def past_request(reader: LakeReader, event_id: str) -> tuple[PastEvent, ...]:
    """The event and those of its kind that came with it, in order; none if there is no such.

    Raises Refusal for an event of a kind that cannot be cancelled.
    """
    rows = ask(reader, EVENT_WITH_ITS_REQUEST, {"event_id": event_id})
    [kind] = {row["event_type"] for row in rows if row["event_id"] == event_id} or {None}
    if kind is not None:
        can_be_cancelled(kind)
    return tuple(_past(reader, row) for row in rows if row["event_type"] == kind)


def _past(reader: LakeReader, row: Row) -> PastEvent:
    [bed] = ask(reader, BED_BEFORE, {name: row[name] for name in ("bed_id", "seq")})
    bookings = ask(reader, BOOKING_BEFORE, {name: row[name] for name in ("booking_id", "seq")})
    return PastEvent(
        event_id=row["event_id"],
        event_type=row["event_type"],
        occurred_at=row["occurred_at"],
        booking=Booking.from_row(row),
        booking_before=Booking.from_row(bookings[0]) if bookings else None,
        bed_before=Bed.from_row(bed),
    )


def ask(reader: LakeReader, sql: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
    rows: list[Row] = reader.ask(sql, parameters).to_pylist()
    return rows


def _one(reader: LakeReader, sql: str) -> Row:
    return ask(reader, sql)[0]
