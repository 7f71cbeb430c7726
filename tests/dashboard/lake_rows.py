"""Rows for a small lake: what the engine, the stream and the batch would leave."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
from deltalake import write_deltalake

from lake.arrow import open_or_create
from lake.places import Places
from lake.tables import BED_EVENTS, Table

Row = dict[str, Any]

NOON = datetime(2024, 3, 4, 12, tzinfo=UTC)
"""Hospital time in the tests: 17:30 in Kolkata."""


def event(seq: int, event_type: str, **columns: Any) -> Row:
    """One row of bronze.bed_events; what is not given is null or the plainest value."""
    occurred_at = columns.get("occurred_at", NOON - timedelta(hours=1) + timedelta(seconds=seq))
    recorded_at = columns.get("recorded_at", datetime.now(UTC))
    return {
        "hospital_id": "test",
        "seq": seq,
        "event_id": f"event-{seq}",
        "event_type": event_type,
        "occurred_at": occurred_at,
        "recorded_at": recorded_at,
        "event_date": recorded_at.date(),
        "source": "simulator",
        "actor": "simulator",
        "time_zone": "Asia/Kolkata",
        **columns,
    }


def bed_event(seq: int, bed_id: str, bed_status: str, **columns: Any) -> Row:
    """An event of a bed `W3-204-A`, with the bed's whole state after it."""
    ward_id, room, _ = bed_id.split("-")
    return event(
        seq,
        columns.pop("event_type", "bed_updated"),
        **{
            "bed_id": bed_id,
            "ward_id": ward_id,
            "room_id": f"{ward_id}-{room}",
            "bed_status": bed_status,
            "status_since_at": NOON - timedelta(hours=2),
            "is_staffed": True,
            "room_class": "general",
            "specialty": "general_medicine",
            "ward_name": f"Ward {ward_id[1:]}",
            **columns,
        },
    )


def clock_set(seq: int, mode: str = "demo", **columns: Any) -> Row:
    return event(seq, "clock_set", source="system", reason_code=mode, clock_speed=60.0, **columns)


def write(places: Places, table: Table, rows: Iterable[Row]) -> None:
    arrow = pa.Table.from_pylist(list(rows), schema=table.schema)
    write_deltalake(open_or_create(places, table), arrow, mode="append")


def write_events(places: Places, rows: Iterable[Row]) -> None:
    write(places, BED_EVENTS, rows)
