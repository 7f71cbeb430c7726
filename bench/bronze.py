"""A realistic log for the benches: a hospital of 200 beds, written with delta-rs."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import numpy as np
import pyarrow as pa
from deltalake import write_deltalake

from lake.arrow import open_or_create
from lake.places import Places
from lake.tables import BED_EVENTS, INSTANT

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
BEDS = [
    f"W{ward}-{room}-{bed}" for ward in range(1, 11) for room in range(201, 211) for bed in "AB"
]
CYCLE = (
    ("bed_booked", "available", "reserved"),
    ("patient_admitted", "occupied", "active"),
    ("note_added", "occupied", None),
    ("discharge_expected", "occupied", "active"),
    ("patient_discharged", "dirty", "completed"),
    ("cleaning_started", "cleaning", None),
    ("cleaning_finished", "available", None),
)
NOTES = ("Family informed about the visit", "Oxygen at bedside, 2 litres", "Awaiting pharmacy")


def log(
    first_seq: int, count: int, *, recorded_at: datetime, days: float, beds: Sequence[str] = BEDS
) -> pa.Table:
    """`count` events that follow on, `days` hospital days of 1,000,000 events."""
    seq = np.arange(first_seq, first_seq + count)
    turn = seq // len(beds)
    beds = np.array(beds)[seq % len(beds)]
    step, stay = turn % len(CYCLE), turn // len(CYCLE)
    step_at = np.datetime64(FIRST.replace(tzinfo=None), "us")
    occurred_at = step_at + (seq * (days * 86_400e6 / 1_000_000)).astype("timedelta64[us]")
    occurred = pa.array(occurred_at).cast(INSTANT)
    recorded = pa.array([recorded_at] * count, INSTANT)
    kind, status, state = (np.array(column)[step] for column in zip(*CYCLE, strict=True))
    booking = [f"b-{bed}-{n}" if s else None for bed, n, s in zip(beds, stay, state, strict=True)]
    is_note = kind == "note_added"
    text = np.array([*NOTES])[seq % len(NOTES)]
    later = pa.array(occurred_at + np.timedelta64(3, "D")).cast(INSTANT)
    patient = [b and f"p-{b}" for b in booking]
    values = {
        "hospital_id": ["snr"] * count,
        "seq": seq,
        "event_id": [f"018f{n:08x}-{n % 65536:04x}-7000-8000-{n:012x}" for n in seq.tolist()],
        "event_type": kind,
        "occurred_at": occurred,
        "recorded_at": recorded,
        "event_date": [recorded_at.date()] * count,
        "ward_id": [bed.split("-")[0] for bed in beds],
        "room_id": [bed.rsplit("-", 1)[0] for bed in beds],
        "bed_id": beds,
        "booking_id": booking,
        "booking_state": state,
        "stay_id": booking,
        "spell_id": booking,
        "patient_ref": patient,
        "starts_at": occurred,
        "ends_at": later,
        "source": ["simulator"] * count,
        "actor": ["simulator"] * count,
        "role": ["system"] * count,
        "note": np.where(is_note, text, None),
        "request_id": [f"r-{n}" for n in seq.tolist()],
        "time_zone": ["Asia/Kolkata"] * count,
        "schema_version": [1] * count,
        "chain_hash": [sha256(str(n).encode()).hexdigest() for n in seq.tolist()],
        "bed_status": status,
        "status_since_at": occurred,
        "is_staffed": [True] * count,
        "room_class": ["general"] * count,
        "specialty": ["general medicine"] * count,
        "ward_name": [f"Ward {bed.split('-')[0]}" for bed in beds],
    }
    columns = [
        pa.array(values[c.name], c.type) if c.name in values else pa.nulls(count, c.type)
        for c in BED_EVENTS.columns
    ]
    return pa.table(columns, schema=BED_EVENTS.schema)


def write_log(places: Places, count: int, *, files: int, days: float = 30) -> None:
    table = open_or_create(places, BED_EVENTS)
    recorded_at = datetime.now(UTC) - timedelta(hours=1)
    each = count // files
    for nth in range(files):
        rows = log(1 + nth * each, each, recorded_at=recorded_at, days=days)
        write_deltalake(table, rows, mode="append")
        table.update_incremental()
