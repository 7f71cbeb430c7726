"""bed_stays, bookings and ward_daily: what became of patients and promises."""

from datetime import UTC, datetime

from pyspark.sql import SparkSession

from flows.transforms.bed_states import bed_states
from flows.transforms.bed_status_spans import bed_status_spans
from flows.transforms.bed_stays import bed_stays
from flows.transforms.bookings import bookings
from flows.transforms.room_daily import room_daily
from flows.transforms.ward_daily import ward_daily
from tests.flows.bed_log import rows_of, silver

TRANSFER = """
    occurred_at | event_type          | ward_id | bed_id | stay_id | spell_id | booking_id | booking_state | request_id | disposition | bed_status | starts_at
    01-05T08:00 | patient_admitted    | A       | A-1-A  | s1      | p1       | b1         | active        | r1         | -           | occupied | 01-05T08:00
    01-05T20:00 | patient_transferred | A       | A-1-A  | s1      | p1       | b1         | completed     | r2         | -           | dirty | 01-05T08:00
    01-05T20:00 | patient_transferred | B       | B-1-A  | s2      | p1       | b2         | active        | r2         | -           | occupied | 01-05T20:00
    01-07T10:00 | patient_discharged  | B       | B-1-A  | s2      | p1       | b2         | completed     | r3         | home        | dirty | 01-05T20:00
    01-07T11:00 | patient_admitted    | A       | A-1-A  | s3      | p2       | b3         | active        | r4         | -           | occupied | 01-07T11:00
"""


def test_a_transfer_ends_one_stay_and_begins_the_next_of_the_spell(spark: SparkSession) -> None:
    stays = bed_stays(silver(spark, TRANSFER))

    columns = ("stay_id", "spell_id", "bed_id", "admitted_at", "ended_at", "end_reason", "ended_on")
    assert rows_of(stays, *columns) == [
        ("s1", "p1", "A-1-A", "01-05T08:00", "01-05T20:00", "transferred", "01-05"),
        ("s2", "p1", "B-1-A", "01-05T20:00", "01-07T10:00", "discharged", "01-07"),
        ("s3", "p2", "A-1-A", "01-07T11:00", None, None, None),
    ]


def test_an_admission_that_was_cancelled_leaves_no_stay_and_a_cancelled_discharge_an_open_one(
    spark: SparkSession,
) -> None:
    stays = bed_stays(
        silver(
            spark,
            """
            occurred_at | event_type          | stay_id | booking_id | booking_state | starts_at
            01-05T08:00 | patient_admitted    | s1      | b1         | active        | 01-05T08:00
            01-05T09:00 | admission_cancelled | s1      | b1         | cancelled     | 01-05T08:00
            01-05T10:00 | patient_admitted    | s2      | b2         | active        | 01-05T10:00
            01-05T11:00 | patient_discharged  | s2      | b2         | completed     | 01-05T10:00
            01-05T12:00 | discharge_cancelled | s2      | b2         | active        | 01-05T10:00
            """,
        )
    )

    assert rows_of(stays, "stay_id", "admitted_at", "ended_at", "end_reason") == [
        ("s2", "01-05T10:00", None, None)
    ]


def test_a_booking_is_made_by_its_first_event_and_stands_as_its_newest_says(
    spark: SparkSession,
) -> None:
    made = bookings(
        silver(
            spark,
            """
            occurred_at | event_type        | booking_id | booking_state | starts_at   | source    | actor
            01-05T08:00 | bed_booked        | b1         | reserved      | 01-06T08:00 | manual    | ann
            01-05T09:00 | booking_changed   | b1         | reserved      | 01-06T10:00 | manual    | bob
            01-05T09:30 | patient_admitted  | b2         | active        | 01-05T09:30 | simulator | sim
            01-06T11:00 | booking_expired   | b1         | expired       | 01-06T10:00 | system    | clock
            01-06T12:00 | note_added        | -          | -             | -           | manual    | ann
            """,
        )
    )

    columns = ("booking_id", "state", "starts_at", "booked_at", "ended_at", "source", "actor")
    assert rows_of(made, *columns, "ended_on") == [
        ("b1", "expired", "01-06T10:00", "01-05T08:00", "01-06T11:00", "manual", "ann", "01-06"),
        ("b2", "active", "01-05T09:30", "01-05T09:30", None, "simulator", "sim", None),
    ]


def test_a_displaced_booking_says_by_which(spark: SparkSession) -> None:
    made = bookings(
        silver(
            spark,
            """
            event_type        | booking_id | booking_state | override_rule    | displaced_by_booking_id
            bed_booked        | b1         | reserved      | -                | -
            booking_displaced | b1         | displaced     | -                | b2
            bed_booked        | b2         | reserved      | overlaps_booking | -
            """,
        )
    )

    columns = ("booking_id", "state", "override_rule", "displaced_by_booking_id")
    assert rows_of(made, *columns) == [
        ("b1", "displaced", None, "b2"),
        ("b2", "reserved", "overlaps_booking", None),
    ]


def test_the_bed_days_of_a_day_are_counted_at_the_midnight_that_ends_it(
    spark: SparkSession,
) -> None:
    """On the 5th and 6th ward B holds the patient at midnight; the 7th has not ended."""
    events = silver(spark, TRANSFER)
    until = datetime(2026, 1, 7, 11, tzinfo=UTC)

    daily = ward_daily(room_daily(events, bed_status_spans(bed_states(events)), until=until))

    counted = rows_of(
        daily, "ward_id", "census_on", "available_bed_days", "occupied_bed_days",
        "admission_count", "transfer_in_count", "transfer_out_count", "case_count",
    )  # fmt: skip
    assert counted == [
        ("A", "01-05", 1, 0, 1, 0, 1, 0),
        ("A", "01-06", 1, 0, 0, 0, 0, 0),
        ("B", "01-05", 1, 1, 0, 1, 0, 0),
        ("B", "01-06", 1, 1, 0, 0, 0, 0),
    ]


def test_deaths_are_cases_but_no_discharges_and_what_was_undone_does_not_count(
    spark: SparkSession,
) -> None:
    events = silver(
        spark,
        """
        occurred_at | event_type          | event_id | corrects_event_id | disposition | booking_state | request_id | override_rule
        01-05T08:00 | patient_admitted    | a        | -                 | -           | active        | r1         | bed_not_clean
        01-05T09:00 | patient_discharged  | b        | -                 | died        | completed     | r2         | -
        01-05T10:00 | patient_discharged  | c        | -                 | home        | completed     | r3         | -
        01-05T11:00 | patient_discharged  | d        | -                 | -           | completed     | r4         | -
        01-05T12:00 | discharge_cancelled | e        | d                 | -           | active        | r5         | -
        01-05T13:00 | booking_expired     | f        | -                 | -           | expired       | r6         | -
        01-06T00:00 | note_added          | g        | -                 | -           | -             | r7         | -
        """,
    )
    until = datetime(2026, 1, 6, tzinfo=UTC)

    daily = ward_daily(room_daily(events, bed_status_spans(bed_states(events)), until=until))

    counted = rows_of(
        daily, "census_on", "admission_count", "discharge_count", "death_count", "case_count",
        "override_count", "no_show_count",
    )  # fmt: skip
    assert counted == [("01-05", 1, 1, 1, 2, 1, 1)]
