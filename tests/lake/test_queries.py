"""The example questions of docs/queries: all run, and answer what is counted by hand."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lake.duck import LakeReader
from lake.places import CHECKOUT, Places
from lake.tables import (
    BED_BOARD,
    BED_STATUS_SPANS,
    BED_STAYS,
    BEDS,
    BOOKINGS,
    CENSUS_HOURLY,
    SILVER_BED_EVENTS,
    TABLE_RUNS_BATCH,
    TABLE_RUNS_STREAM,
    TURNAROUND,
    UPDATE_TERMS,
    UPDATE_VOLUME,
    WARD_DAILY,
)
from tests.lake.lake_rows import write

QUERIES = {path.stem: path for path in sorted((CHECKOUT / "docs" / "queries").glob("*.sql"))}
README = CHECKOUT / "docs" / "queries" / "README.md"

DAY = date(2025, 3, 3)
NOON = datetime(2025, 3, 3, 6, 30, tzinfo=UTC)
"""In Kolkata, where the clock is five and a half hours ahead."""

COUNTS = [name for name in WARD_DAILY.column_names if name.endswith(("_count", "_days"))]


def answer(places: Places, name: str) -> list[tuple[Any, ...]]:
    """As `./snr sql` runs it: locked."""
    reader = LakeReader(places)
    reader.lock()
    asked = reader.run(QUERIES[name].read_text())
    assert asked is not None
    return asked.fetchall()


def documented(path: Path) -> list[str]:
    return re.findall(r"^-- (\w+): ", path.read_text(), flags=re.MULTILINE)


def day(ward_id: str, on: date, **counts: int) -> dict[str, Any]:
    return {"ward_id": ward_id, "census_on": on} | dict.fromkeys(COUNTS, 0) | counts


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


@pytest.fixture
def in_kolkata(places: Places) -> Places:
    clock = {"seq": 1, "event_id": "e1", "event_type": "clock_set", "time_zone": "Asia/Kolkata"}
    write(places, SILVER_BED_EVENTS, [clock | {"occurred_at": NOON, "occurred_on": DAY}])
    return places


@pytest.mark.parametrize("name", QUERIES)
def test_each_question_names_the_columns_of_its_answer_even_on_an_empty_lake(
    places: Places, name: str
) -> None:
    empty = LakeReader(places).ask(QUERIES[name].read_text())

    assert empty.num_rows == 0
    assert empty.column_names == documented(QUERIES[name])
    assert QUERIES[name].read_text().splitlines()[0].endswith("?")


def test_the_list_of_questions_is_whole() -> None:
    assert sorted(re.findall(r"\]\((\w+)\.sql\)", README.read_text())) == [*QUERIES]


def test_occupancy_of_a_specialty_is_that_of_all_its_beds(places: Places) -> None:
    """10 of 10 beds and 20 of 40 are 30 of 50: 60 %, not the mean of 100 % and 50 %."""
    write(places, WARD_DAILY, [
        day("W1", DAY, available_bed_days=10, occupied_bed_days=10),
        day("W2", DAY, available_bed_days=40, occupied_bed_days=20),
        day("W3", DAY, available_bed_days=4, occupied_bed_days=1),
    ])  # fmt: skip
    write(places, BEDS, [
        {"bed_id": f"{ward}-1-A", "ward_id": ward, "specialty": kind, "from_at": NOON}
        for ward, kind in (("W1", "surgery"), ("W2", "surgery"), ("W3", "urology"))
    ])  # fmt: skip

    assert answer(places, "occupancy_by_specialty") == [
        ("surgery", date(2025, 3, 1), 1, 50, 30, 60.0),
        ("urology", date(2025, 3, 1), 1, 4, 1, 25.0),
    ]


def test_stays_and_turnover_intervals_are_bed_days_per_case(places: Places) -> None:
    """10 beds for 2 days, 15 bed-days used, 5 cases: 3 days of stay, 1 day empty, half a case
    per bed."""
    days = [DAY, DAY + timedelta(days=1)]
    write(places, WARD_DAILY, [
        day("W1", days[0], available_bed_days=10, occupied_bed_days=8, case_count=5),
        day("W1", days[1], available_bed_days=10, occupied_bed_days=7),
        day("W2", days[1], available_bed_days=10, occupied_bed_days=7),
    ])  # fmt: skip

    assert answer(places, "stays_and_turnover_by_ward") == [
        ("W1", date(2025, 3, 1), 2, 5, 3.0, 1.0, 0.5),
        ("W2", date(2025, 3, 1), 1, 0, None, None, 0.0),
    ]


def test_a_census_that_the_moves_do_not_explain_shows_its_gap(places: Places) -> None:
    """7, then 3 in and 4 out: 6, but 8 were counted on the last day."""
    moves = {"admission_count": 2, "transfer_in_count": 1, "case_count": 3, "transfer_out_count": 1}
    write(places, WARD_DAILY, [
        day("W1", DAY, occupied_bed_days=7),
        day("W1", DAY + timedelta(days=1), occupied_bed_days=6, **moves),
        day("W1", DAY + timedelta(days=2), occupied_bed_days=8),
    ])  # fmt: skip

    assert answer(places, "census_against_moves") == [
        ("W1", DAY + timedelta(days=2), 6, 0, 0, 8, 2),
        ("W1", DAY + timedelta(days=1), 7, 3, 4, 6, 0),
        ("W1", DAY, None, 0, 0, 7, None),
    ]


def test_a_move_at_midnight_is_a_gap_that_the_next_day_makes_good(places: Places) -> None:
    """In bed at the midnight that ends the first day; admitted on the second."""
    write(places, WARD_DAILY, [
        day("W1", DAY - timedelta(days=1)),
        day("W1", DAY, occupied_bed_days=1),
        day("W1", DAY + timedelta(days=1), occupied_bed_days=1, admission_count=1),
    ])  # fmt: skip

    assert [row[-1] for row in answer(places, "census_against_moves")] == [-1, 1, None]


def test_the_rooms_of_a_ward_add_up_to_its_census(in_kolkata: Places) -> None:
    """At noon bed A is taken and B dirty; at one o'clock, to the second, A is free. C is closed."""
    hour = timedelta(hours=1)
    spans = [
        ("W1-1", "W1-1-A", "isolated", NOON - 9 * hour, NOON + hour),
        ("W1-1", "W1-1-A", "available", NOON + hour, None),
        ("W1-1", "W1-1-B", "available", NOON - 50 * hour, NOON - 30 * hour),
        ("W1-1", "W1-1-B", "cleaning", NOON - 30 * hour, None),
        ("W1-2", "W1-2-C", "closed", NOON - 50 * hour, None),
    ]
    write(in_kolkata, BED_STATUS_SPANS, [
        {"ward_id": "W1", "room_id": room, "bed_id": bed, "bed_status": status, "from_at": from_at,
         "until_at": until_at, "ended_on": until_at and until_at.date()}
        for room, bed, status, from_at, until_at in spans
    ])  # fmt: skip
    write(in_kolkata, CENSUS_HOURLY, [
        {"ward_id": "W1", "census_at": at, "census_on": DAY} for at in (NOON, NOON + hour)
    ])  # fmt: skip
    write(in_kolkata, WARD_DAILY, [day("W1", DAY)])

    rows = answer(in_kolkata, "room_census")

    assert [(row[1], *row[3:]) for row in rows] == [
        ("W1-1", "12:00", 2, 1, 1, 0, 0),
        ("W1-1", "13:00", 2, 0, 1, 0, 1),
        ("W1-2", "12:00", 1, 0, 0, 1, 0),
        ("W1-2", "13:00", 1, 0, 0, 1, 0),
    ]


def test_noon_is_that_of_the_hospital(in_kolkata: Places) -> None:
    """Of four discharges one is before noon, one at noon; a death and a transfer do not count."""
    ends = [
        (NOON - minutes(1), "discharged", "home"),
        (NOON, "discharged", None),
        (NOON + minutes(120), "discharged", "home"),
        (NOON + minutes(240), "discharged", "other_hospital"),
        (NOON - minutes(60), "discharged", "died"),
        (NOON - minutes(60), "transferred", None),
    ]
    write(in_kolkata, BED_STAYS, [
        {"stay_id": f"S{nth}", "ward_id": "W1", "ended_at": at, "ended_on": DAY,
         "end_reason": reason, "disposition": disposition}
        for nth, (at, reason, disposition) in enumerate(ends)
    ])  # fmt: skip

    assert answer(in_kolkata, "discharges_before_noon") == [
        ("W1", date(2025, 3, 1), 4, 1, 25.0, 13.0)
    ]


def cycle(nth: int, response: float, clean: float, *, finished: bool = True) -> dict[str, Any]:
    return {
        "bed_id": "W1-1-A", "ward_id": "W1", "dirty_at": NOON + minutes(1000 * nth),
        "response_minutes": response, "is_isolation": nth == 0, "census_on": DAY,
    } | ({"clean_minutes": clean, "turn_minutes": response + clean, "ended_on": DAY}
         if finished else {})  # fmt: skip


def test_turnaround_is_told_by_medians_and_shares_within_the_goals(places: Places) -> None:
    """Responses 10, 30 and 50, cleans 20, 25 and 40; 30 minutes are no longer under 30."""
    cycles = [cycle(0, 10, 20), cycle(1, 30, 25), cycle(2, 50, 40)]
    write(places, TURNAROUND, [*cycles, cycle(3, 500, 0, finished=False)])

    assert answer(places, "turnaround_by_ward") == [
        ("W1", 3, 1, 30.0, 25.0, 55.0, 33.3, 66.7, 66.7)
    ]


def test_an_override_of_two_rules_counts_at_both(places: Places) -> None:
    rows = [
        {"override_rule": "overlaps_booking,mixed_sex", "request_id": "r1"},
        {"event_type": "booking_displaced", "booking_id": "b9", "request_id": "r1"},
        {"override_rule": "mixed_sex", "request_id": "r2"},
        {"override_rule": "mixed_sex", "request_id": "r3"},
        {"event_type": "override_reviewed", "reviewed_event_id": "e1",
         "occurred_at": NOON + minutes(30)},
        {"event_type": "override_reviewed", "reviewed_event_id": "e3",
         "occurred_at": NOON + minutes(90)},
    ]  # fmt: skip
    plain = {"occurred_at": NOON, "occurred_on": DAY, "event_type": "bed_booked"}
    write(places, SILVER_BED_EVENTS, [
        plain | {"seq": nth, "event_id": f"e{nth}"} | row for nth, row in enumerate(rows, 1)
    ])  # fmt: skip

    assert answer(places, "overrides_by_rule") == [
        ("mixed_sex", 3, 1, 2, 1, 60.0),
        ("overlaps_booking", 1, 1, 1, 0, 30.0),
    ]


def test_no_shows_are_a_share_of_the_reservations_that_were_due(in_kolkata: Places) -> None:
    """Admitted on the spot, cancelled and still ahead are left out: 2 came, 1 did not, 1 lost it.
    The last one starts in March in the hospital, though it is still February in UTC."""
    ahead = timedelta(days=1)
    new_march = datetime(2025, 2, 28, 19, tzinfo=UTC)
    bookings = [
        ("completed", NOON, NOON),
        ("cancelled", NOON - ahead, NOON),
        ("reserved", NOON, NOON + ahead),
        ("completed", NOON - ahead, NOON),
        ("active", NOON - ahead, NOON),
        ("expired", NOON - ahead, NOON),
        ("displaced", NOON - ahead, new_march),
    ]
    write(in_kolkata, BOOKINGS, [
        {"booking_id": f"B{nth}", "ward_id": "W1", "state": state, "booked_at": booked_at,
         "starts_at": starts_at}
        for nth, (state, booked_at, starts_at) in enumerate(bookings)
    ])  # fmt: skip

    assert answer(in_kolkata, "no_shows_and_displaced") == [
        ("W1", date(2025, 3, 1), 4, 1, 25.0, 1, 25.0)
    ]


def test_a_term_rises_in_a_ward_and_in_the_hospital(places: Places) -> None:
    """7 in a week are 1 a day; 6 in the last 24 hours are six times that."""
    before = [("oxygen", NOON - timedelta(days=nth, hours=1), 1) for nth in range(1, 8)]
    terms = [*before, ("oxygen", NOON, 6), ("tea", NOON - timedelta(days=9), 1)]
    write(places, UPDATE_TERMS, [
        {"window_at": at, "window_on": at.date(), "ward_id": "W1", "term": term,
         "gram_size": 1, "is_manual": False, "update_count": count}
        for term, at, count in terms
    ])  # fmt: skip

    assert answer(places, "rising_terms") == [
        (None, "oxygen", 6, 1.0, 6.0),
        ("W1", "oxygen", 6, 1.0, 6.0),
    ]


def test_manual_updates_are_a_share_of_sums(places: Places) -> None:
    """W1: 3 of 12 by people, with 60 characters in all."""
    volume = [("W1", 0, True, 1, 10), ("W1", 1, True, 2, 50), ("W1", 0, False, 9, 90),
              ("W2", 0, False, 2, 30)]  # fmt: skip
    write(places, UPDATE_VOLUME, [
        {"window_at": NOON + timedelta(hours=hour), "window_on": DAY, "ward_id": ward,
         "is_manual": manual, "update_count": count, "character_count": characters}
        for ward, hour, manual, count, characters in volume
    ])  # fmt: skip

    assert answer(places, "manual_updates_by_ward") == [
        ("W1", 12, 3, 25.0, 20.0, 10.0),
        ("W2", 2, 0, 0.0, None, 15.0),
    ]


def test_a_bed_that_is_reserved_within_two_hours_is_not_free(places: Places) -> None:
    hours = timedelta(hours=1)
    beds = [
        ("W1-1-A", "general", "available", None, None),
        ("W1-1-B", "general", "available", NOON + 2 * hours, None),
        ("W1-1-C", "general", "available", NOON + 3 * hours, None),
        ("W1-1-D", "general", "available", NOON - 2 * hours, NOON),
        ("W1-2-A", "icu", "cleaning", None, None),
        ("W1-2-B", "icu", "isolated", None, None),
    ]
    write(places, BED_BOARD, [
        {"bed_id": bed, "ward_id": "W1", "room_class": kind, "bed_status": status,
         "seq": nth, "occurred_at": NOON, "last_event_type": "bed_updated"}
        for nth, (bed, kind, status, _, _) in enumerate(beds, 1)
    ])  # fmt: skip
    write(places, BOOKINGS, [
        {"booking_id": f"bk-{bed}", "bed_id": bed, "state": "reserved", "seq": 1,
         "starts_at": starts_at, "ends_at": ends_at}
        for bed, _, _, starts_at, ends_at in beds if starts_at
    ])  # fmt: skip

    assert answer(places, "free_beds_now") == [
        ("general", 4, 3, 1, 0, ["W1-1-A", "W1-1-C", "W1-1-D"]),
        ("icu", 2, 0, 0, 1, []),
    ]


def test_numbers_are_traced_back_to_the_log(places: Places) -> None:
    """The build read version 7 of silver, which the record of version 9 tells of."""

    def run(table: str, written: int, *sources: str, read: int | None = None) -> dict[str, Any]:
        return {"run_name": f"run {written}", "table_name": table, "version_written": written,
                "sources": [*sources], "version_read": read, "finished_at": NOON}  # fmt: skip

    later = NOON + timedelta(minutes=1)
    write(places, TABLE_RUNS_STREAM, [
        run("silver.bed_events", 5, read=50),
        # Told three times: minutes without a row.
        run("silver.bed_events", 9, read=90), run("silver.bed_events", 9, read=90)
        | {"finished_at": later}, run("silver.bed_events", 9, read=90),
    ])  # fmt: skip
    write(places, TABLE_RUNS_BATCH, [
        run("gold.ward_daily", 3, "silver.bed_events@4"),
        run("gold.ward_daily", 4, "silver.bed_events@7", "silver.carried_events@2"),
        run("gold.census_hourly", 8, "silver.bed_events@7"),
    ])  # fmt: skip

    rows = answer(places, "lineage_of_ward_daily")

    assert [(*row[:3], row[4]) for row in rows] == [
        (0, "gold.ward_daily", 4, "run 4"),
        (1, "silver.bed_events", 7, "run 9"),
        (1, "silver.carried_events", 2, None),
        (2, "bronze.bed_events", 90, None),
    ]


@pytest.mark.parametrize("name", QUERIES)
def test_a_lake_in_which_no_build_has_ended_is_asked_without_an_error(
    places: Places, name: str
) -> None:
    """DuckDB plans a join of more than some 60 rows in another way."""
    for nth in range(3):
        write(places, TABLE_RUNS_STREAM, [
            {"run_name": f"run {nth}", "table_name": table, "sources": [],
             "version_written": 40 * nth + version, "version_read": version, "finished_at": NOON}
            for table in ("silver.bed_events", "gold.bed_board") for version in range(20)
        ])  # fmt: skip
    answer(places, name)
