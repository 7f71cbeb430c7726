"""The way of an event, gone once in a lake of its own: who comes next finds a JVM that knows it.

A cold JVM takes half a minute for its first micro-batch, of one event as of many. It has that time
while the Prefect server, the worker and the run of the stream start.
"""

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from pyspark.sql import SparkSession

from flows.stream import following
from lake.arrow import append
from lake.places import Places
from lake.tables import BED_EVENTS, SCHEMA_VERSION
from lake.vocabulary import BedStatus, EventType, Source

log = structlog.get_logger()


def warm_up(spark: SparkSession) -> None:
    """In a session beside, so that no query is in the way of a real one. What fails here would
    fail again, where somebody is told."""
    try:
        with tempfile.TemporaryDirectory(prefix="snr-warm-up-") as folder:
            places = Places(Path(folder), str(Path(folder, "lake")))
            append(places, BED_EVENTS, [_event()])
            following.run(places, once=True, run_name="warm-up", lent=spark.newSession())
    except Exception:
        log.exception("the warm-up has failed")


def _event() -> dict[str, Any]:
    """With words for the string analysis."""
    now = datetime.now(UTC)
    return {
        "seq": 1,
        "event_id": "00000000-0000-7000-8000-000000000001",
        "event_type": EventType.BED_REGISTERED.value,
        "source": Source.SYSTEM.value,
        "occurred_at": now,
        "recorded_at": now,
        "event_date": now.date(),
        "hospital_id": "warm-up",
        "ward_id": "W1",
        "room_id": "W1-101",
        "bed_id": "W1-101-A",
        "bed_status": BedStatus.AVAILABLE.value,
        "note": "warm up",
        "time_zone": "UTC",
        "schema_version": SCHEMA_VERSION,
    }
