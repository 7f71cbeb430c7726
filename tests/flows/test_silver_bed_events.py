from datetime import UTC, datetime, timedelta
from zoneinfo import available_timezones

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from flows.transforms.hospital_time import IS_TIME_ZONE
from flows.transforms.silver_bed_events import checked, silver_bed_events, without_duplicates
from lake.tables import SCHEMA_VERSION
from tests.flows.bed_log import bronze, event, rows_of

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
BOOKED = {"booking_id": "B1", "booking_state": "reserved", "starts_at": NOON}
ADMITTED = {"stay_id": "S1", "spell_id": "P1", "patient_ref": "MRN-1"}
NOBODY = "seq bigint, event_id string"


FAULTS: list[tuple[dict[str, object], str | None, str | None]] = [
    ({}, None, None),
    ({"event_type": "clock_set", "bed_id": None}, None, None),
    (
        {"event_type": "bed_teleported"},
        "unknown_event_type",
        "unknown event_type bed_teleported",
    ),
    ({"bed_id": None, "ward_id": None}, "missing_field", "bed_id, ward_id is missing"),
    ({"bed_status": None}, "missing_field", "bed_status is missing"),
    ({"event_type": "bed_booked"} | BOOKED, None, None),
    (
        {"event_type": "bed_booked"} | BOOKED | {"booking_state": None, "starts_at": None},
        "missing_field",
        "booking_state, starts_at is missing",
    ),
    ({"event_type": "patient_admitted"} | BOOKED | ADMITTED, None, None),
    (
        {"event_type": "patient_admitted"} | BOOKED,
        "missing_field",
        "stay_id, spell_id, patient_ref is missing",
    ),
    ({"event_type": "bed_booked"} | BOOKED | {"ends_at": NOON}, None, None),
    (
        {"event_type": "bed_booked"} | BOOKED | {"ends_at": NOON - timedelta(minutes=1)},
        "wrong_order",
        "ends_at is before starts_at",
    ),
    (
        {"schema_version": SCHEMA_VERSION + 1, "bed_status": None},
        "newer_schema_version",
        f"schema_version is {SCHEMA_VERSION + 1}, known is {SCHEMA_VERSION}",
    ),
    ({"schema_version": None}, None, None),
    ({"time_zone": "Mars/Olympus"}, "unknown_time_zone", "unknown time_zone Mars/Olympus"),
    ({"event_type": None, "bed_id": None}, "missing_field", "event_type is missing"),
    (
        {"seq": None, "event_id": None, "hospital_id": None},
        "missing_field",
        "seq, event_id, hospital_id is missing",
    ),
    ({"occurred_at": None}, "missing_field", "occurred_at is missing"),
]
"""What a valid event has instead, with the rule that it breaks first, and how that is told."""


def test_an_event_is_set_aside_with_its_first_fault(spark: SparkSession) -> None:
    rows = [event(7, note=str(nth)) | columns for nth, (columns, *_) in enumerate(FAULTS)]

    found = checked(bronze(spark, rows)).select("note", "rule", "detail").collect()

    told = {int(row["note"]): (row["rule"], row["detail"]) for row in found}
    for nth, (columns, rule, detail) in enumerate(FAULTS):
        assert told[nth] == (rule, detail), columns


def test_a_time_zone_is_accepted_only_if_spark_can_use_it(spark: SparkSession) -> None:
    names = available_timezones() | {"", "Mars/Olympus", "+05:30", "Kolkata", "10:00"}
    zones = spark.createDataFrame([(name,) for name in names], "time_zone string")
    accepted = zones.where(IS_TIME_ZONE)
    noon = F.lit("2026-01-05 12:00").cast("timestamp")

    usable = accepted.where(F.from_utc_timestamp(noon, F.col("time_zone")).isNotNull())

    found = {zone for (zone,) in usable.collect()}
    assert {"UTC", "Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns"} < found
    assert not {"", "Mars/Olympus", "Kolkata"} & found


def test_the_second_of_two_with_one_id_or_seq_is_the_duplicate(spark: SparkSession) -> None:
    rows = [
        event(1),
        event(1),  # the very same again
        event(2),
        event(3, event_id="00000000-0002"),
        event(4, event_id="id-a"),
        event(4, event_id="id-b"),
        event(5),
    ]

    seen = spark.createDataFrame([], NOBODY)
    actual = without_duplicates(checked(bronze(spark, rows)), seen)

    assert rows_of(actual, "seq", "event_id", "rule") == [
        (1, "00000000-0001", "duplicate_event_id"),
        (1, "00000000-0001", None),
        (2, "00000000-0002", None),
        (3, "00000000-0002", "duplicate_event_id"),
        (4, "id-a", None),
        (4, "id-b", "duplicate_seq"),
        (5, "00000000-0005", None),
    ]


def test_what_was_there_before_is_the_original(spark: SparkSession) -> None:
    seen = spark.createDataFrame([(1, "00000000-0001"), (9, "id-z")], NOBODY)
    rows = [event(1), event(2, event_id="id-z"), event(9), event(3)]

    actual = without_duplicates(checked(bronze(spark, rows)), seen)

    assert rows_of(actual, "seq", "rule", "detail") == [
        (1, "duplicate_event_id", "00000000-0001 came before"),
        (2, "duplicate_event_id", "id-z came before"),
        (3, None, None),
        (9, "duplicate_seq", "9 came before"),
    ]


def test_an_invalid_event_is_nobodys_original(spark: SparkSession) -> None:
    rows = [event(1, event_type="bed_teleported"), event(1, event_id="id-other")]

    seen = spark.createDataFrame([], NOBODY)
    actual = without_duplicates(checked(bronze(spark, rows)), seen)

    assert rows_of(actual, "event_id", "rule") == [
        ("00000000-0001", "unknown_event_type"),
        ("id-other", None),
    ]


def test_the_hospital_date_is_that_of_its_time_zone(spark: SparkSession) -> None:
    late = datetime(2026, 1, 5, 18, 30, tzinfo=UTC)
    rows = [
        event(nth, occurred_at=late, time_zone=zone)
        for nth, zone in enumerate(["UTC", "Asia/Kolkata", "America/New_York", None], 1)
    ]

    actual = silver_bed_events(checked(bronze(spark, rows)))

    assert [on for _, on in rows_of(actual, "seq", "occurred_on")] == [
        "01-05", "01-06", "01-05", "01-05",
    ]  # fmt: skip
