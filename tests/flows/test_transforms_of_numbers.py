"""turnaround, room_daily and what was undone later, phrases and volumes of updates."""

from datetime import UTC, datetime

from pyspark.sql import DataFrame, SparkSession

from flows.transforms.bed_states import bed_states
from flows.transforms.bed_status_spans import bed_status_spans
from flows.transforms.bed_stays import bed_stays
from flows.transforms.census_hourly import census_hourly
from flows.transforms.reservations import reservations
from flows.transforms.room_daily import room_daily
from flows.transforms.turnaround import turnaround
from flows.transforms.update_phrases import update_phrases
from flows.transforms.update_terms import update_texts
from flows.transforms.update_volume import update_volume
from flows.transforms.ward_daily import ward_daily
from lake.tables import BED_STATUS_SPANS, BED_STAYS, CENSUS_HOURLY, ROOM_DAILY
from tests.flows.bed_log import compared_again, rows_of, silver


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


def cycles(spark: SparkSession, text: str) -> list[tuple[object, ...]]:
    spans = bed_status_spans(bed_states(silver(spark, text)))
    columns = ("bed_id", "dirty_at", "response_minutes", "clean_minutes", "turn_minutes",
               "is_isolation", "ended_on")  # fmt: skip
    return rows_of(turnaround(spans), *columns)


def test_a_cleaning_cycle_lasts_from_dirty_to_clean(spark: SparkSession) -> None:
    """Bed A: 20 + 45 minutes, over midnight. Bed B after isolation, not yet begun."""
    found = cycles(
        spark,
        """
        occurred_at | event_type         | bed_id | bed_status
        01-05T08:00 | patient_admitted   | A-1-A  | occupied
        01-05T08:00 | patient_admitted   | A-1-B  | isolated
        01-05T23:30 | patient_discharged | A-1-A  | dirty
        01-05T23:40 | note_added         | A-1-A  | dirty
        01-05T23:50 | cleaning_started   | A-1-A  | cleaning
        01-06T00:35 | cleaning_finished  | A-1-A  | available
        01-06T09:00 | patient_discharged | A-1-B  | contaminated
        """,
    )
    assert found == [
        ("A-1-A", "01-05T23:30", 20.0, 45.0, 65.0, False, "01-06"),
        ("A-1-B", "01-06T09:00", None, None, None, True, None),
    ]


def test_a_dirty_bed_that_is_retired_was_never_clean(spark: SparkSession) -> None:
    """Bed A is registered again as if it were clean; nobody cleaned it. Bed B never comes back."""
    found = cycles(
        spark,
        """
        occurred_at | event_type         | bed_id | bed_status
        01-05T10:00 | patient_discharged | A-1-A  | dirty
        01-05T10:00 | patient_discharged | A-1-B  | dirty
        01-05T12:00 | bed_retired        | A-1-A  | dirty
        01-05T12:00 | bed_retired        | A-1-B  | dirty
        01-08T09:00 | bed_registered     | A-1-A  | available
        """,
    )
    assert found == []


def test_a_cleaning_that_was_stopped_goes_on_and_its_time_counts(spark: SparkSession) -> None:
    found = cycles(
        spark,
        """
        occurred_at | event_type         | bed_status
        01-05T08:00 | patient_admitted   | occupied
        01-05T09:00 | patient_discharged | dirty
        01-05T09:10 | cleaning_started   | cleaning
        01-05T09:20 | cleaning_stopped   | dirty
        01-05T10:00 | cleaning_started   | cleaning
        01-05T10:30 | cleaning_finished  | available
        """,
    )
    assert found == [("A-1-A", "01-05T09:00", 10.0, 80.0, 90.0, False, "01-05")]


def test_a_bed_closed_or_taken_before_it_was_clean_has_no_cycle_until_it_is_dirty_again(
    spark: SparkSession,
) -> None:
    found = cycles(
        spark,
        """
        occurred_at | event_type         | bed_id | bed_status
        01-05T08:00 | patient_discharged | A-1-A  | dirty
        01-05T09:00 | bed_closed         | A-1-A  | closed
        01-05T12:00 | bed_opened         | A-1-A  | dirty
        01-05T12:10 | cleaning_started   | A-1-A  | cleaning
        01-05T12:40 | cleaning_finished  | A-1-A  | available
        01-05T08:00 | patient_discharged | A-1-B  | dirty
        01-05T08:30 | patient_admitted   | A-1-B  | occupied
        """,
    )
    assert found == [("A-1-A", "01-05T12:00", 10.0, 30.0, 40.0, False, "01-05")]


UNDONE_DISCHARGE = """
    occurred_at | event_type          | event_id | corrects_event_id | bed_status | booking_state | request_id
    01-05T08:00 | patient_admitted    | a        | -                 | occupied   | active        | r1
    01-05T20:30 | patient_discharged  | b        | -                 | dirty      | completed     | r2
    01-05T21:00 | cleaning_started    | c        | -                 | cleaning   | -             | r3
    01-05T21:30 | cleaning_finished   | d        | -                 | available  | -             | r4
    01-06T02:00 | discharge_cancelled | e        | b                 | occupied   | active        | r5
    01-07T03:00 | patient_discharged  | f        | -                 | dirty      | completed     | r6
    01-08T01:00 | note_added          | g        | -                 | dirty      | -             | r7
"""


def test_a_discharge_that_was_undone_leaves_the_bed_occupied_all_along(
    spark: SparkSession,
) -> None:
    """From 20:30 to 2:00 the records said dirty, clean and free; the patient was there."""
    events = silver(spark, UNDONE_DISCHARGE)
    states = bed_states(events)

    assert rows_of(bed_status_spans(states), "from_at", "until_at", "bed_status") == [
        ("01-05T08:00", "01-07T03:00", "occupied"),
        ("01-07T03:00", None, "dirty"),
    ]
    census = census_hourly(states, reservations(events), until=at("01-08T01:00"))
    assert census.where("occupied_count = 1").count() == 43  # 8:00 on the 5th to 2:00 on the 7th
    assert rows_of(turnaround(bed_status_spans(states)), "dirty_at") == [("01-07T03:00",)]


def test_its_numbers_are_undone_too(spark: SparkSession) -> None:
    events = silver(spark, UNDONE_DISCHARGE)
    rooms = room_daily(events, bed_status_spans(bed_states(events)), until=at("01-08T01:00"))
    columns = ("census_on", "occupied_bed_days", "admission_count", "case_count")
    assert rows_of(ward_daily(rooms), *columns) == [
        ("01-05", 1, 1, 0),
        ("01-06", 1, 0, 0),
        ("01-07", 0, 0, 1),
    ]


def test_an_admission_that_was_undone_leaves_the_bed_free_all_along(spark: SparkSession) -> None:
    events = silver(
        spark,
        """
        occurred_at | event_type          | event_id | corrects_event_id | bed_status | booking_state
        01-05T08:00 | bed_registered      | a        | -                 | available  | -
        01-05T20:00 | patient_admitted    | b        | -                 | occupied   | active
        01-05T21:00 | isolation_started   | c        | -                 | isolated   | active
        01-06T05:00 | admission_cancelled | d        | b                 | available  | cancelled
        01-07T00:00 | note_added          | e        | -                 | available  | -
        """,
    )
    states = bed_states(events)
    assert rows_of(bed_status_spans(states), "from_at", "bed_status") == [
        ("01-05T08:00", "available")
    ]
    rooms = room_daily(events, bed_status_spans(states), until=at("01-07T00:00"))
    assert rows_of(rooms, "census_on", "occupied_bed_days", "admission_count") == [
        ("01-05", 0, 0),
        ("01-06", 0, 0),
    ]


def test_a_move_within_a_ward_is_one_in_and_one_out_of_it_and_closed_beds_do_not_count(
    spark: SparkSession,
) -> None:
    events = silver(
        spark,
        """
        occurred_at | event_type          | room_id | bed_id | bed_status | booking_state | is_staffed
        01-05T08:00 | patient_admitted    | A-1     | A-1-A  | occupied   | active        | yes
        01-05T08:00 | bed_registered      | A-2     | A-2-A  | available  | -             | yes
        01-05T09:00 | patient_transferred | A-1     | A-1-A  | dirty      | completed     | yes
        01-05T09:00 | patient_transferred | A-2     | A-2-A  | occupied   | active        | yes
        01-05T10:00 | bed_closed          | A-1     | A-1-A  | closed     | -             | yes
        01-05T11:00 | bed_registered      | A-3     | A-3-A  | available  | -             | no
        01-06T00:00 | note_added          | A-2     | A-2-A  | occupied   | -             | yes
        """,
    )
    rooms = room_daily(events, bed_status_spans(bed_states(events)), until=at("01-06T00:00"))
    counts = ("available_bed_days", "occupied_bed_days", "transfer_in_count", "transfer_out_count")
    assert rows_of(rooms, "room_id", *counts) == [
        ("A-1", 0, 0, 0, 1),
        ("A-2", 1, 1, 1, 0),
        ("A-3", 0, 0, 0, 0),
    ]
    assert rows_of(ward_daily(rooms), "ward_id", *counts) == [("A", 1, 1, 1, 1)]


def test_an_override_of_two_rooms_counts_once_where_its_first_row_is(spark: SparkSession) -> None:
    events = silver(
        spark,
        """
        occurred_at | event_type          | room_id | bed_id | booking_state | request_id | override_rule
        01-05T09:00 | patient_transferred | A-1     | A-1-A  | completed     | r1         | mixed_sex
        01-05T09:00 | patient_transferred | A-2     | A-2-A  | active        | r1         | mixed_sex
        01-06T00:00 | note_added          | A-2     | A-2-A  | -             | r2         | -
        """,
    )
    rooms = room_daily(events, bed_status_spans(bed_states(events)), until=at("01-06T00:00"))
    assert rows_of(rooms, "room_id", "override_count") == [("A-1", 1), ("A-2", 0)]


def test_bed_days_are_counted_at_the_hospitals_own_midnight(spark: SparkSession) -> None:
    """Each patient leaves a minute before the midnight that ends a day, which is no bed-day; the
    clock changes in the two nights of Berlin."""
    events = silver(
        spark,
        """
        hospital_id | occurred_at | event_type         | time_zone     | bed_status
        spring      | 03-27T00:00 | patient_admitted   | Europe/Berlin | occupied
        spring      | 03-29T21:59 | patient_discharged | Europe/Berlin | dirty
        autumn      | 10-23T00:00 | patient_admitted   | Europe/Berlin | occupied
        autumn      | 10-25T22:59 | patient_discharged | Europe/Berlin | dirty
        kolkata     | 03-27T00:00 | patient_admitted   | Asia/Kolkata  | occupied
        kolkata     | 03-29T18:29 | patient_discharged | Asia/Kolkata  | dirty
        """,
    )
    rooms = room_daily(events, bed_status_spans(bed_states(events)), until=at("10-31T00:00"))
    held = rooms.where("occupied_bed_days > 0")
    assert rows_of(held, "hospital_id", "census_on", "occupied_bed_days") == [
        ("autumn", "10-23", 1),
        ("autumn", "10-24", 1),
        ("kolkata", "03-27", 1),
        ("kolkata", "03-28", 1),
        ("spring", "03-27", 1),
        ("spring", "03-28", 1),
    ]


TEXTS = """
    occurred_at | event_type      | ward_id | source    | note
    01-05T08:10 | note_added      | A       | manual    | Unwitnessed FALL; oxygen, 2 litres
    01-05T08:20 | note_added      | A       | manual    | Falls asleep, fell again
    01-05T08:30 | note_added      | A       | simulator | Waterfall picture hung up
    01-05T08:40 | bed_closed      | A       | simulator | -
    01-05T09:00 | note_added      | B       | simulator | oxygen
"""
FLAGS = {
    "falls": ["fall", "fell", "unwitnessed fall"],
    "oxygen": ["Oxygen"],
    "closing": ["bed closed"],
}


def test_a_flag_counts_updates_that_contain_one_of_its_phrases_word_for_word(
    spark: SparkSession,
) -> None:
    found = update_phrases(update_texts(silver(spark, TEXTS)), FLAGS)
    columns = ("flag", "ward_id", "window_at", "is_manual", "update_count")
    assert rows_of(found, *columns) == [
        ("closing", "A", "01-05T08:00", False, 1),
        ("falls", "A", "01-05T08:00", True, 2),
        ("oxygen", "A", "01-05T08:00", True, 1),
        ("oxygen", "B", "01-05T09:00", False, 1),
    ]


def test_volumes_are_updates_and_their_characters(spark: SparkSession) -> None:
    found = update_volume(update_texts(silver(spark, TEXTS)))
    assert rows_of(found, "ward_id", "is_manual", "update_count", "character_count") == [
        ("A", False, 2, len("Waterfall picture hung up") + len("bed closed")),
        ("A", True, 2, len("Unwitnessed FALL; oxygen, 2 litres") + len("Falls asleep, fell again")),
        ("B", False, 1, 6),
    ]


def test_no_flags_are_no_rows(spark: SparkSession) -> None:
    found: DataFrame = update_phrases(update_texts(silver(spark, TEXTS)), {})
    assert found.count() == 0


def test_what_counts_as_no_bed_is_in_no_count_and_nor_is_who_is_in_it(spark: SparkSession) -> None:
    """Born into the cot C at 9:00 by an override, moved to bed A at 20:00, home from there on
    Tuesday; a second child is in the cot from then on. Its spans and stays are there all the same.
    """
    events = silver(
        spark,
        """
        occurred_at | event_type          | bed_id | bed_status | is_off_census | stay_id | spell_id | booking_id | booking_state | starts_at   | request_id | override_rule | patient_ref
        01-05T08:00 | bed_registered      | A      | available  | -             | -       | -        | -          | -             | -           | r1         | -             | -
        01-05T08:00 | bed_registered      | C      | available  | yes           | -       | -        | -          | -             | -           | r2         | -             | -
        01-05T09:00 | patient_admitted    | C      | occupied   | yes           | s1      | p1       | b1         | active        | 01-05T09:00 | r3         | mixed_sex     | P1
        01-05T20:00 | patient_transferred | C      | dirty      | yes           | s1      | p1       | b1         | completed     | 01-05T09:00 | r4         | -             | P1
        01-05T20:00 | patient_transferred | A      | occupied   | no            | s2      | p1       | b2         | active        | 01-05T20:00 | r4         | -             | P1
        01-06T08:00 | patient_discharged  | A      | dirty      | no            | s2      | p1       | b2         | completed     | 01-05T20:00 | r5         | -             | P1
        01-06T09:00 | patient_admitted    | C      | occupied   | yes           | s3      | p3       | b3         | active        | 01-06T09:00 | r6         | -             | P3
        01-07T09:00 | patient_discharged  | C      | dirty      | yes           | s3      | p3       | b3         | completed     | 01-06T09:00 | r7         | -             | P3
        01-08T10:00 | note_added          | A      | dirty      | no            | -       | -        | -          | -             | -           | r8         | -             | -
        """,
    )
    until = at("01-08T10:00")
    states = bed_states(events).localCheckpoint()
    spans, stays = bed_status_spans(states), bed_stays(events)
    census = census_hourly(states, reservations(events), until=until).localCheckpoint()
    rooms = room_daily(events, spans, until=until).localCheckpoint()

    days = ("census_on", "available_bed_days", "occupied_bed_days", "admission_count")
    moves = ("transfer_in_count", "transfer_out_count", "case_count", "override_count")
    assert rows_of(rooms, *days, *moves) == [
        ("01-05", 1, 1, 0, 1, 0, 0, 0),
        ("01-06", 1, 0, 0, 0, 0, 1, 0),
        ("01-07", 1, 0, 0, 0, 0, 0, 0),
    ]
    assert rows_of(census.groupBy("bed_count", "occupied_count").count(), *SEEN) == [
        (1, 0, 63),  # 12 from 8:00, then from 8:00 on Tuesday 51
        (1, 1, 12),
    ]
    assert rows_of(stays, "stay_id", "is_off_census") == [
        ("s1", True),
        ("s2", False),
        ("s3", True),
    ]
    made = (BED_STATUS_SPANS, spans), (BED_STAYS, stays), (ROOM_DAILY, rooms)
    again = compared_again(events, *made, (CENSUS_HOURLY, census))
    assert [line for one in again for line in one.first] == []


SEEN = ("bed_count", "occupied_count", "count")
