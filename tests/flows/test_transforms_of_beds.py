"""beds, bed_status_spans and census_hourly: what holds when."""

from datetime import UTC, datetime

from pyspark.sql import SparkSession

from flows.transforms.bed_states import bed_states
from flows.transforms.bed_status_spans import bed_status_spans
from flows.transforms.beds import beds
from flows.transforms.census_hourly import census_hourly
from flows.transforms.reservations import reservations
from tests.flows.bed_log import rows_of, silver

COUNTS = (
    "bed_count",
    "staffed_count",
    "occupied_count",
    "available_count",
    "reserved_count",
    "dirty_count",
    "closed_count",
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


def test_neighbouring_events_of_one_status_are_one_span(spark: SparkSession) -> None:
    events = silver(
        spark,
        """
        occurred_at  | event_type         | bed_status | is_staffed
        01-05T08:00  | bed_registered     | available  | yes
        01-05T09:00  | patient_admitted   | occupied   | yes
        01-05T10:00  | note_added         | occupied   | yes
        01-06T11:00  | patient_discharged | dirty      | yes
        01-06T12:00  | cleaning_started   | cleaning   | yes
        01-06T13:00  | bed_updated        | cleaning   | no
        """,
    )

    spans = rows_of(
        bed_status_spans(bed_states(events)),
        "from_at",
        "until_at",
        "bed_status",
        "is_staffed",
        "ended_on",
    )

    assert spans == [
        ("01-05T08:00", "01-05T09:00", "available", True, "01-05"),
        ("01-05T09:00", "01-06T11:00", "occupied", True, "01-06"),
        ("01-06T11:00", "01-06T12:00", "dirty", True, "01-06"),
        ("01-06T12:00", "01-06T13:00", "cleaning", True, "01-06"),
        ("01-06T13:00", None, "cleaning", False, None),
    ]


def test_of_equal_instants_the_highest_seq_is_the_state(spark: SparkSession) -> None:
    events = silver(
        spark,
        """
        seq | occurred_at  | event_type         | bed_status
        1   | 01-05T08:00  | bed_registered     | available
        4   | 01-05T09:00  | cleaning_started   | cleaning
        3   | 01-05T09:00  | patient_discharged | dirty
        2   | 01-05T09:00  | patient_admitted   | occupied
        5   | 01-05T09:00  | cleaning_finished  | available
        """,
    )

    spans = rows_of(bed_status_spans(bed_states(events)), "from_at", "until_at", "bed_status")

    assert spans == [("01-05T08:00", None, "available")]


def test_a_bed_has_a_row_for_each_place_until_it_is_retired(spark: SparkSession) -> None:
    events = silver(
        spark,
        """
        occurred_at  | event_type     | bed_id | room_class | ward_id
        01-05T08:00  | bed_registered | A-1-A  | general    | A
        01-05T08:00  | bed_registered | A-1-B  | general    | A
        01-05T09:00  | note_added     | A-1-A  | general    | A
        01-05T10:00  | bed_updated    | A-1-A  | private    | A
        01-05T11:00  | bed_retired    | A-1-A  | private    | A
        """,
    )

    assert rows_of(beds(bed_states(events)), "bed_id", "room_class", "from_at", "until_at") == [
        ("A-1-A", "general", "01-05T08:00", "01-05T10:00"),
        ("A-1-A", "private", "01-05T10:00", "01-05T11:00"),
        ("A-1-B", "general", "01-05T08:00", None),
    ]


def test_the_census_counts_what_the_board_shows_at_the_full_hour(spark: SparkSession) -> None:
    """Bed A is reserved from 12:00, seen from 10:00 on; at 11:00 exactly it is occupied."""
    events = silver(
        spark,
        """
        occurred_at | event_type        | bed_id | bed_status | booking_state | starts_at   | is_staffed
        01-05T08:30 | bed_registered    | A-1-A  | available  | -             | -           | yes
        01-05T08:30 | bed_registered    | A-1-B  | available  | -             | -           | yes
        01-05T08:40 | bed_booked        | A-1-A  | available  | reserved      | 01-05T12:00 | yes
        01-05T09:10 | bed_closed        | A-1-B  | closed     | -             | -           | yes
        01-05T11:00 | patient_admitted  | A-1-A  | occupied   | active        | 01-05T11:00 | yes
        01-05T11:30 | bed_opened        | A-1-B  | dirty      | -             | -           | no
        01-05T12:00 | bed_retired       | A-1-B  | dirty      | -             | -           | no
        """,
    )

    census = census_hourly(bed_states(events), reservations(events), until=at("01-05T12:00"))

    assert rows_of(census, "census_at", *COUNTS) == [
        # beds, staffed, occupied, available, reserved, dirty, closed
        ("01-05T09:00", 2, 2, 0, 2, 0, 0, 0),
        ("01-05T10:00", 2, 1, 0, 0, 1, 0, 1),
        ("01-05T11:00", 2, 1, 1, 0, 0, 0, 1),
        ("01-05T12:00", 1, 1, 1, 0, 0, 0, 0),
    ]


def test_a_reservation_that_is_over_reserves_nothing(spark: SparkSession) -> None:
    events = silver(
        spark,
        """
        occurred_at | event_type | bed_status | booking_state | starts_at   | ends_at
        01-05T08:30 | bed_booked | available  | reserved      | 01-05T09:00 | 01-05T11:00
        """,
    )

    census = census_hourly(bed_states(events), reservations(events), until=at("01-05T11:59"))

    assert rows_of(census, "census_at", "reserved_count", "available_count") == [
        ("01-05T09:00", 1, 0),
        ("01-05T10:00", 1, 0),
        ("01-05T11:00", 0, 1),
    ]


def test_every_open_reservation_counts_and_not_only_the_one_that_was_next(
    spark: SparkSession,
) -> None:
    """The first patient does not come (10 to 11), the second is to come at 13:00, a third at 14:00.
    Nothing happens to the bed: it is reserved all the time from 08:00 on, once, until 15:00."""
    events = silver(
        spark,
        """
        occurred_at | event_type        | booking_id | bed_status | booking_state | starts_at   | ends_at
        01-05T07:10 | bed_booked        | b1         | available  | reserved      | 01-05T10:00 | 01-05T11:00
        01-05T07:20 | bed_booked        | b2         | available  | reserved      | 01-05T13:00 | 01-05T15:00
        01-05T07:30 | bed_booked        | b3         | available  | reserved      | 01-05T14:00 | 01-05T14:30
        01-05T12:10 | booking_expired   | b1         | available  | expired       | 01-05T10:00 | 01-05T11:00
        01-05T13:30 | booking_cancelled | b3         | available  | cancelled     | 01-05T14:00 | 01-05T14:30
        """,
    )

    census = census_hourly(bed_states(events), reservations(events), until=at("01-05T16:00"))

    assert rows_of(census, "census_at", "reserved_count", "available_count") == [
        ("01-05T08:00", 1, 0),
        ("01-05T09:00", 1, 0),
        ("01-05T10:00", 1, 0),
        ("01-05T11:00", 1, 0),
        ("01-05T12:00", 1, 0),
        ("01-05T13:00", 1, 0),
        ("01-05T14:00", 1, 0),
        ("01-05T15:00", 0, 1),
        ("01-05T16:00", 0, 1),
    ]


def test_a_reservation_holds_through_an_admission_that_never_was(spark: SparkSession) -> None:
    """Admitted at 10:30 in error, taken back at 12:30: reserved at 11:00 and 12:00 all the same."""
    events = silver(
        spark,
        """
        occurred_at | event_type          | booking_id | bed_status | booking_state | starts_at   | corrects_event_id
        01-05T08:10 | bed_booked          | b1         | available  | reserved      | 01-05T10:00 | -
        01-05T10:30 | patient_admitted    | b1         | occupied   | active        | 01-05T10:30 | -
        01-05T12:30 | admission_cancelled | b1         | available  | reserved      | 01-05T10:00 | 00000000-0002
        """,
    )

    census = census_hourly(bed_states(events), reservations(events), until=at("01-05T13:00"))

    assert rows_of(census, "census_at", "reserved_count", "occupied_count") == [
        ("01-05T09:00", 1, 0),
        ("01-05T10:00", 1, 0),
        ("01-05T11:00", 1, 0),
        ("01-05T12:00", 1, 0),
        ("01-05T13:00", 1, 0),
    ]


def test_a_status_that_is_not_listed_counts_as_closed(spark: SparkSession) -> None:
    events = silver(
        spark,
        """
        occurred_at | event_type     | bed_status
        01-05T08:30 | bed_registered | flooded
        """,
    )

    census = census_hourly(bed_states(events), reservations(events), until=at("01-05T09:00"))

    assert rows_of(census, "census_at", *COUNTS) == [("01-05T09:00", 1, 0, 0, 0, 0, 0, 1)]


def test_full_hours_are_the_hospitals(spark: SparkSession) -> None:
    """Kolkata is 5:30 ahead: its midnight is 18:30 UTC, its full hours lie on UTC's half ones."""
    events = silver(
        spark,
        """
        hospital_id | occurred_at | event_type     | time_zone
        kolkata     | 01-05T17:00 | bed_registered | Asia/Kolkata
        kathmandu   | 01-05T17:00 | bed_registered | Asia/Kathmandu
        utc         | 01-05T17:00 | bed_registered | UTC
        st_johns    | 01-05T17:00 | bed_registered | America/St_Johns
        """,
    )

    census = census_hourly(bed_states(events), reservations(events), until=at("01-05T18:59"))

    assert rows_of(census, "hospital_id", "census_at") == [
        ("kathmandu", "01-05T17:15"),
        ("kathmandu", "01-05T18:15"),
        ("kolkata", "01-05T17:30"),
        ("kolkata", "01-05T18:30"),
        ("st_johns", "01-05T17:30"),
        ("st_johns", "01-05T18:30"),
        ("utc", "01-05T17:00"),
        ("utc", "01-05T18:00"),
    ]


def test_a_full_hour_at_the_hospitals_now_is_counted(spark: SparkSession) -> None:
    events = silver(
        spark,
        """
        hospital_id | occurred_at | event_type     | time_zone
        kolkata     | 01-05T18:00 | bed_registered | Asia/Kolkata
        utc         | 01-05T18:00 | bed_registered | UTC
        """,
    )

    census = census_hourly(bed_states(events), reservations(events), until=at("01-05T18:30"))

    assert rows_of(census, "hospital_id", "census_at") == [
        ("kolkata", "01-05T18:30"),
        ("utc", "01-05T18:00"),
    ]


def test_the_hospital_date_turns_at_its_own_midnight(spark: SparkSession) -> None:
    events = silver(
        spark,
        """
        occurred_at | event_type     | time_zone
        01-05T17:00 | bed_registered | Asia/Kolkata
        """,
    )

    census = census_hourly(bed_states(events), reservations(events), until=at("01-05T19:00"))

    assert rows_of(census, "census_at", "census_on") == [
        ("01-05T17:30", "01-05"),
        ("01-05T18:30", "01-06"),
    ]


def test_a_day_has_as_many_census_hours_as_its_zone_gives_it(spark: SparkSession) -> None:
    events = silver(
        spark,
        """
        hospital_id | occurred_at | event_type     | time_zone
        berlin      | 03-27T00:00 | bed_registered | Europe/Berlin
        new_york    | 03-06T00:00 | bed_registered | America/New_York
        kolkata     | 03-27T00:00 | bed_registered | Asia/Kolkata
        """,
    )

    census = census_hourly(bed_states(events), reservations(events), until=at("11-03T00:00"))

    days = census.groupBy("hospital_id", "census_on").count().where("count <> 24")
    of_whole_days = days.where("census_on > DATE'2026-03-28' OR hospital_id = 'new_york'")
    whole = of_whole_days.where("census_on BETWEEN DATE'2026-03-07' AND DATE'2026-11-01'")
    assert rows_of(whole, "hospital_id", "census_on", "count") == [
        ("berlin", "03-29", 23),
        ("berlin", "10-25", 25),
        ("new_york", "03-08", 23),
        ("new_york", "11-01", 25),
    ]
