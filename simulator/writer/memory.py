"""Questions to the event log: what the engine needs to start, and what people ask of the past.

The questions are in sql/, one file each, with named parameters.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any

from lake.duck import LakeReader
from lake.vocabulary import LakeMode
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking, as_reserved, is_ended
from simulator.domain.commands import CancelEvent, CorrectDischarge, PastEvent
from simulator.domain.decisions.corrections import CAN_BE_CANCELLED, can_be_cancelled
from simulator.domain.decisions.isolation import contacts_in
from simulator.domain.hospital import Hospital
from simulator.domain.house import House
from simulator.domain.lounge import LONGEST
from simulator.domain.requests import BedRequest, has_left_the_list
from simulator.writer import chain
from simulator.writer.clock import wall_now
from simulator.writer.engine import Row

MOST = 2**62
KEY_LIFE = timedelta(hours=24)
FEW_ROWS = 16


def _question(name: str) -> str:
    return files("simulator.writer").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


NEWEST_OF_BEDS = _question("newest_of_beds")
OPEN_BOOKINGS = _question("open_bookings")
OPEN_REQUESTS = _question("open_requests")
OPEN_OVERRIDES = _question("open_overrides")
CORRECTED = _question("corrected")
LEFT_AT = _question("left_at")
DIED_AT = _question("died_at")
DISCHARGE = _question("discharge")
DISCHARGE_CORRECTIONS = _question("discharge_corrections")
LENT = _question("lent")
LATELY = _question("lately")
LOUNGE = _question("lounge")
MERGES = _question("merges")
HAS_COME_AGAIN = _question("has_come_again")
REQUEST_AS_MADE = _question("request_as_made")
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
    "own_wards": None, "after_seq": None, "at": None, "ran_over_at": None, "limit": MOST,
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


def remember(reader: LakeReader, house: House) -> Remembered:
    """State from the newest rows, not from the whole history; the house rules stand beside it."""
    head = _one(reader, HEAD)
    clock = _one(reader, LAST_CLOCK)
    since = wall_now() - KEY_LIFE
    newest = {row["bed_id"]: row for row in ask(reader, NEWEST_OF_BEDS)}
    hospital = _present(reader, newest.values())
    hospital.time_zone = clock["time_zone"] or hospital.time_zone
    hospital.house = house
    for row in _lately(reader, house, head["occurred_at"]):
        hospital.remember_room(row)
    for row in _in_lounge(reader, house, head["occurred_at"]):
        hospital.take_note_of_the_lounge(row)
    hospital.forget_who_left_the_lounge()
    return Remembered(
        hospital_id=head["hospital_id"],
        hospital=hospital,
        newest=newest,
        head_seq=head["seq"] or 0,
        head_hash=head["chain_hash"] or chain.FIRST_HASH,
        latest_at=head["occurred_at"],
        mode=LakeMode(clock["mode"]) if clock["mode"] else None,
        clock_speed=clock["clock_speed"],
        time_zone=clock["time_zone"],
        recent_keys=ask(reader, RECENT_KEYS, {"since": since, "since_on": since.date()}),
    )


def _lately(reader: LakeReader, house: House, now: datetime | None) -> list[Row]:
    return ask(reader, LATELY, {"since": now - 2 * house.longest_window}) if now else []


def _in_lounge(reader: LakeReader, house: House, now: datetime | None) -> list[Row]:
    return ask(reader, LOUNGE, {"since": now - LONGEST}) if now and house.lounge_places else []


def _present(reader: LakeReader, newest: Collection[Row]) -> Hospital:
    hospital = hospital_from(newest, ask(reader, OPEN_BOOKINGS))
    noted = (OPEN_REQUESTS, OPEN_OVERRIDES, MERGES)
    for row in (row for question in noted for row in ask(reader, question)):
        hospital.take_note(row)
    hospital.corrected.update(row["corrects_event_id"] for row in ask(reader, CORRECTED))
    # Nobody is entered before the status of a bed: who left earlier is in nobody's way.
    since = min((row["status_since_at"] for row in newest), default=None)
    for row in ask(reader, LEFT_AT, {"since": since}):
        hospital.left_at[row["patient_ref"]] = row["left_at"]
    for row in ask(reader, LENT):
        hospital.lent[row["spell_id"]] = Booking.from_row(row)
    for row in ask(reader, DIED_AT):
        hospital.died_at.setdefault(row["patient_ref"], {})[row["stay_id"]] = row["died_at"]
    return hospital


def hospital_at(reader: LakeReader, at: datetime, house: House) -> tuple[Hospital, dict[str, Row]]:
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
    hospital.house = house
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


def rows_of_command(reader: LakeReader, last_seq: int) -> list[Row]:
    """The rows of the command that ends with this one, in order; they stand side by side."""
    count = FEW_ROWS
    while True:
        rows = events_after(reader, max(last_seq - count, 0), min(count, last_seq))
        together = [row for row in rows if row["request_id"] == rows[-1]["request_id"]]
        if len(together) < len(rows) or count >= last_seq:
            return together
        count *= 8


def cancellation(
    reader: LakeReader, event_id: str, sees: Callable[[str | None], bool]
) -> CancelEvent | None:
    """What undoes the event, with those of its kind that came with it; None if there is no such.

    Raises Refusal for an event of a kind that cannot be cancelled, to those who see its ward.
    """
    rows = ask(reader, EVENT_WITH_ITS_REQUEST, {"event_id": event_id})
    named = next((row for row in rows if row["event_id"] == event_id), None)
    if named is None:
        return None
    kind = named["event_type"]
    if kind not in CAN_BE_CANCELLED and not sees(named["ward_id"]):
        return None
    can_be_cancelled(kind)
    told = [*rows, *_said_later(reader, event_id)]
    return CancelEvent(
        event_id=event_id,
        request=tuple(_past(reader, row) for row in rows if row["event_type"] == kind),
        reservations=_ended(reader, told),
        requests=_off_the_list(reader, told),
        contacts=contacts_in(rows),
    )


def discharge_correction(
    reader: LakeReader,
    booking_id: str,
    disposition: str,
    died_at: datetime | None,
    refs_of: Callable[[str], set[str]],
) -> CorrectDischarge | None:
    """What corrects the booking's discharge; None if it had none."""
    found = ask(reader, DISCHARGE, {"booking_id": booking_id})
    if not found:
        return None
    [row] = found
    of_event = {"event_id": row["event_id"]}
    now = [row, *ask(reader, DISCHARGE_CORRECTIONS, of_event)][-1]
    told = [*ask(reader, EVENT_WITH_ITS_REQUEST, of_event), *_said_later(reader, row["event_id"])]
    since = {"refs": sorted(refs_of(row["patient_ref"])), "seq": row["seq"]}
    return CorrectDischarge(
        booking_id=booking_id,
        disposition=disposition,
        died_at=died_at,
        discharge=_past(reader, row),
        disposition_before=now["disposition"],
        died_at_before=now["died_at"],
        has_come_again=bool(ask(reader, HAS_COME_AGAIN, since)),
        reservations=_ended(reader, told),
        requests=_off_the_list(reader, told),
    )


def _said_later(reader: LakeReader, event_id: str) -> list[Row]:
    """The rows of the corrections of a discharge, with what came with them."""
    corrections = ask(reader, DISCHARGE_CORRECTIONS, {"event_id": event_id})
    return [
        row
        for correction in corrections
        for row in ask(reader, EVENT_WITH_ITS_REQUEST, {"event_id": correction["event_id"]})
    ]


def _ended(reader: LakeReader, rows: Iterable[Row]) -> tuple[Booking, ...]:
    """The reservations that these rows ended, and that nothing has become of since."""
    ended = {row["booking_id"]: row for row in rows if is_ended(row)}
    newest = {one: ask(reader, ONE_BOOKING, {"booking_id": one})[0]["seq"] for one in ended}
    return tuple(as_reserved(row) for one, row in ended.items() if newest[one] == row["seq"])


def _off_the_list(reader: LakeReader, rows: Iterable[Row]) -> tuple[BedRequest, ...]:
    """The requests that these rows placed or withdrew, as they were made, if that is the last that
    has become of them."""
    left = {row["bed_request_id"]: row["seq"] for row in rows if has_left_the_list(row)}
    made = (ask(reader, REQUEST_AS_MADE, {"bed_request_id": one})[0] for one in left)
    return tuple(
        BedRequest.from_row(row) for row in made if row["last_seq"] == left[row["bed_request_id"]]
    )


def _past(reader: LakeReader, row: Row) -> PastEvent:
    before = {name: row[name] for name in ("seq", "request_id")}
    [bed] = ask(reader, BED_BEFORE, before | {"bed_id": row["bed_id"]})
    bookings = ask(reader, BOOKING_BEFORE, before | {"booking_id": row["booking_id"]})
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
