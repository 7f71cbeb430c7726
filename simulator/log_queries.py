"""Questions to the event log: what the engine needs to start, and pages of history."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lake.duck import LakeReader
from lake.tables import BED_EVENTS
from lake.vocabulary import LakeMode
from simulator import chain
from simulator.clock import wall_now
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking
from simulator.domain.hospital import Hospital

Row = dict[str, Any]

KEY_LIFE = timedelta(hours=24)
LOG = BED_EVENTS.name

BOOKING_COLUMNS = """bed_id, booking_id, booking_state, stay_id, spell_id, patient_ref, patient_sex,
    starts_at, ends_at, need_specialty, need_room_class, need_isolation, priority, source"""

NEWEST_OF_BEDS = f"""
    SELECT * FROM {LOG} WHERE seq IN
        (SELECT max(seq) FROM {LOG} WHERE bed_id IS NOT NULL GROUP BY bed_id)
"""  # noqa: S608 - a constant name
OPEN_BOOKINGS = f"""
    SELECT {BOOKING_COLUMNS} FROM {LOG} WHERE seq IN
        (SELECT max(seq) FROM {LOG} WHERE booking_id IS NOT NULL GROUP BY booking_id)
    AND booking_state IN ('reserved', 'active')
"""  # noqa: S608
HEAD = f"""
    SELECT max(seq) AS seq, max_by(chain_hash, seq) AS chain_hash, max(occurred_at) AS occurred_at
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
    WHERE seq > $after_seq AND ($bed_id IS NULL OR bed_id = $bed_id)
    ORDER BY seq LIMIT $limit
"""  # noqa: S608
NEWEST_OF_BOOKINGS = f"""
    SELECT * FROM {LOG} WHERE seq IN
        (SELECT max(seq) FROM {LOG} WHERE booking_id IS NOT NULL GROUP BY booking_id)
    AND ($booking_id IS NULL OR booking_id = $booking_id)
    AND ($bed_id IS NULL OR bed_id = $bed_id)
    AND ($state IS NULL OR booking_state = $state)
    AND ($patient_ref IS NULL OR patient_ref = $patient_ref)
    AND ($after_seq IS NULL OR seq > $after_seq)
    ORDER BY seq LIMIT $limit
"""  # noqa: S608


@dataclass(frozen=True)
class Remembered:
    """What the log says at start: the hospital, the newest row, the clock and the recent keys."""

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
        hospital=hospital_from(newest.values(), ask(reader, OPEN_BOOKINGS)),
        newest=newest,
        head_seq=head["seq"] or 0,
        head_hash=head["chain_hash"] or chain.FIRST_HASH,
        latest_at=head["occurred_at"],
        mode=LakeMode(clock["mode"]) if clock["mode"] else None,
        clock_speed=clock["clock_speed"],
        time_zone=clock["time_zone"],
        recent_keys=ask(reader, RECENT_KEYS, {"since": since, "since_on": since.date()}),
    )


def hospital_from(newest: Iterable[Row], open_bookings: Iterable[Row]) -> Hospital:
    hospital = Hospital()
    for row in newest:
        hospital.apply(Bed.from_row(row), None)
    for row in open_bookings:
        hospital.apply(None, Booking.from_row(row))
    return hospital


def ask(reader: LakeReader, sql: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
    rows: list[Row] = reader.ask(sql, parameters).to_pylist()
    return rows


def _one(reader: LakeReader, sql: str) -> Row:
    return ask(reader, sql)[0]
