"""Questions to the event log: what the engine needs to start, and what people ask of the past."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lake.duck import LakeReader
from lake.tables import BED_EVENTS
from lake.vocabulary import LakeMode
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking
from simulator.domain.commands import PastEvent
from simulator.domain.decisions.corrections import can_be_cancelled
from simulator.domain.hospital import Hospital
from simulator.writer import chain
from simulator.writer.clock import wall_now

Row = dict[str, Any]

MOST = 2**62
KEY_LIFE = timedelta(hours=24)
LOG = BED_EVENTS.name

NEWEST_OF_BEDS = f"""
    SELECT * FROM {LOG} WHERE seq IN
        (SELECT max(seq) FROM {LOG} WHERE bed_id IS NOT NULL GROUP BY bed_id)
"""  # noqa: S608 - a constant name
OPEN_BOOKINGS = f"""
    SELECT * FROM {LOG} WHERE seq IN
        (SELECT max(seq) FROM {LOG} WHERE booking_id IS NOT NULL GROUP BY booking_id)
    AND booking_state IN ('reserved', 'active')
"""  # noqa: S608
OPEN_REQUESTS = f"""
    SELECT * FROM {LOG} WHERE event_type = 'bed_requested' AND bed_request_id NOT IN
        (SELECT bed_request_id FROM {LOG}
         WHERE event_type IN ('request_placed', 'request_withdrawn'))
"""  # noqa: S608
OPEN_OVERRIDES = f"""
    SELECT * FROM {LOG} WHERE override_rule IS NOT NULL AND event_id NOT IN
        (SELECT reviewed_event_id FROM {LOG} WHERE reviewed_event_id IS NOT NULL)
"""  # noqa: S608
CORRECTED = f"""
    SELECT corrects_event_id FROM {LOG} WHERE corrects_event_id IS NOT NULL
"""  # noqa: S608
LEFT_AT = f"""
    SELECT patient_ref, max(occurred_at) AS left_at FROM {LOG}
    WHERE booking_state = 'completed' AND occurred_at >= $since GROUP BY patient_ref
"""  # noqa: S608
HEAD = f"""
    SELECT max(seq) AS seq, max_by(chain_hash, seq) AS chain_hash, max(occurred_at) AS occurred_at,
           any_value(hospital_id) AS hospital_id
    FROM {LOG}
"""  # noqa: S608
LAST_CLOCK = f"""
    SELECT max_by(clock_speed, seq) AS clock_speed, max_by(time_zone, seq) AS time_zone,
           min_by(reason_code, seq) AS mode
    FROM {LOG} WHERE event_type = 'clock_set'
"""  # noqa: S608
RECENT_KEYS = f"""
    SELECT * FROM {LOG}
    WHERE event_date >= $since_on AND recorded_at >= $since AND idempotency_key IS NOT NULL
    ORDER BY seq
"""  # noqa: S608
EVENTS_AFTER = f"""
    SELECT * FROM {LOG}
    WHERE seq > $after_seq AND seq <= $until_seq
    AND ($bed_id IS NULL OR bed_id = $bed_id)
    AND ($event_type IS NULL OR event_type = $event_type)
    ORDER BY seq LIMIT $limit
"""  # noqa: S608
EVENT_WITH_ITS_REQUEST = f"""
    SELECT * FROM {LOG} WHERE request_id =
        (SELECT request_id FROM {LOG} WHERE event_id = $event_id)
    ORDER BY seq
"""  # noqa: S608
BED_BEFORE = f"""
    SELECT * FROM {LOG} WHERE bed_id = $bed_id AND seq < $seq ORDER BY seq DESC LIMIT 1
"""  # noqa: S608
BOOKING_BEFORE = f"""
    SELECT * FROM {LOG} WHERE booking_id = $booking_id AND seq < $seq ORDER BY seq DESC LIMIT 1
"""  # noqa: S608
OVERRIDES = f"""
    SELECT o.*, r.actor AS reviewed_by, r.occurred_at AS reviewed_at FROM {LOG} AS o
    LEFT JOIN {LOG} AS r ON r.reviewed_event_id = o.event_id
    WHERE o.override_rule IS NOT NULL AND o.seq > $after_seq
    AND ($since IS NULL OR o.occurred_at >= $since)
    AND ($reviewed IS NULL OR $reviewed = (r.seq IS NOT NULL))
    ORDER BY o.seq LIMIT $limit
"""  # noqa: S608
REQUESTS = f"""
    WITH ends AS (
        SELECT bed_request_id, max_by(event_type, seq) AS end_type FROM {LOG}
        WHERE event_type IN ('request_placed', 'request_withdrawn') GROUP BY bed_request_id),
    placed AS (
        SELECT bed_request_id, max_by(booking_id, seq) AS booking_id, max_by(bed_id, seq) AS bed_id,
               min(occurred_at) FILTER (booking_state = 'active') AS admitted_at
        FROM {LOG} WHERE booking_id IS NOT NULL AND bed_request_id IS NOT NULL
        GROUP BY bed_request_id)
    SELECT e.*, p.booking_id AS placed_booking_id, p.bed_id AS placed_bed_id,
           p.admitted_at AS in_bed_at,
           CASE end_type WHEN 'request_placed' THEN 'placed' WHEN 'request_withdrawn'
                THEN 'withdrawn' ELSE 'waiting' END AS request_state
    FROM {LOG} AS e LEFT JOIN ends USING (bed_request_id)
    LEFT JOIN placed AS p USING (bed_request_id)
    WHERE e.event_type = 'bed_requested' AND e.seq > $after_seq
    AND ($bed_request_id IS NULL OR bed_request_id = $bed_request_id)
    AND ($state IS NULL OR request_state = $state)
    AND ($ward_id IS NULL OR e.ward_id = $ward_id)
    ORDER BY e.seq LIMIT $limit
"""  # noqa: S608
EFFECTIVE = f"""
    SELECT l.*, coalesce(e.occurred_at, l.occurred_at) AS effective_at
    FROM {LOG} AS l LEFT JOIN (
        SELECT event_id, occurred_at FROM {LOG} WHERE event_id IN
            (SELECT corrects_event_id FROM {LOG} WHERE corrects_event_id IS NOT NULL)
    ) AS e ON e.event_id = l.corrects_event_id
"""  # noqa: S608
"""A correction counts from the time of the event that it undoes. Of those there are few: only
they are looked up."""
NEWEST_OF_BOOKINGS = f"""
    WITH log AS ({EFFECTIVE}) SELECT * FROM log WHERE seq IN
        (SELECT max(seq) FROM log
         WHERE booking_id IS NOT NULL AND ($at IS NULL OR effective_at <= $at)
         GROUP BY booking_id)
    AND ($booking_id IS NULL OR booking_id = $booking_id)
    AND ($bed_id IS NULL OR bed_id = $bed_id)
    AND ($ward_id IS NULL OR ward_id = $ward_id)
    AND ($state IS NULL OR booking_state = $state)
    AND ($patient_ref IS NULL OR patient_ref = $patient_ref)
    AND ($after_seq IS NULL OR seq > $after_seq)
    ORDER BY seq LIMIT $limit
"""  # noqa: S608
ONE_BOOKING = f"""
    SELECT * FROM {LOG} WHERE booking_id = $booking_id ORDER BY seq DESC LIMIT 1
"""  # noqa: S608
BEDS_AT = f"""
    SELECT * FROM {LOG} WHERE seq IN
        (SELECT max(seq) FROM {LOG}
         WHERE bed_id IS NOT NULL AND occurred_at <= $at GROUP BY bed_id)
"""  # noqa: S608
BEDS_BEFORE_WHAT_NEVER_WAS = f"""
    WITH undone AS (
        SELECT e.bed_id, min(e.seq) AS from_seq
        FROM {LOG} AS c JOIN {LOG} AS e ON e.event_id = c.corrects_event_id
        WHERE e.occurred_at <= $at AND c.occurred_at > $at GROUP BY e.bed_id)
    SELECT * FROM {LOG} WHERE seq IN
        (SELECT max(l.seq) FROM {LOG} AS l JOIN undone AS u
         ON l.bed_id = u.bed_id AND l.seq < u.from_seq GROUP BY l.bed_id)
"""  # noqa: S608
"""Of beds for which an event was undone only later: the row before that event."""
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
