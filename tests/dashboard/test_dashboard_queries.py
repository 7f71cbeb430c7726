"""Each question against rows whose answer is counted by hand."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from lake_rows import NOON, bed_event, clock_set, event, write, write_events

from dashboard import queries
from dashboard.ask import row, rows
from lake.paths import Places
from lake.tables import BED_BOARD, CENSUS_HOURLY, UPDATE_TERMS, WARD_DAILY

HOUR = timedelta(hours=1)
MONDAY, TUESDAY = date(2024, 3, 4), date(2024, 3, 5)


def display_status(places: Places, bed_status: str | None, **columns: Any) -> str:
    write_events(places, [bed_event(1, "W1-101-A", bed_status, **columns)])  # type: ignore[arg-type]
    [bed] = rows(queries.beds, now=NOON, reserved_ahead_minutes=120)
    return str(bed["display_status"])


@pytest.mark.parametrize(
    ("bed_status", "shown"),
    [
        ("closed", "closed"),
        ("occupied", "occupied"),
        ("isolated", "occupied"),
        ("dirty", "dirty"),
        ("contaminated", "dirty"),
        ("cleaning", "dirty"),
        ("available", "available"),
    ],
)
def test_each_bed_status_has_its_display_status(
    places: Places, bed_status: str, shown: str
) -> None:
    assert display_status(places, bed_status) == shown


@pytest.mark.parametrize("bed_status", [None, "haunted"])
def test_an_unknown_status_is_never_shown_as_free(places: Places, bed_status: str | None) -> None:
    assert display_status(places, bed_status) == "closed"


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "shown"),
    [
        (NOON + 2 * HOUR, None, "reserved"),
        (NOON + 2 * HOUR + timedelta(microseconds=1), None, "available"),
        (NOON - HOUR, NOON + HOUR, "reserved"),
        (NOON - HOUR, NOON, "available"),
        (NOON - HOUR, None, "reserved"),
    ],
)
def test_a_free_bed_is_reserved_from_two_hours_before_until_the_end(
    places: Places, starts_at: datetime, ends_at: datetime | None, shown: str
) -> None:
    reservation = {"next_booking_id": "bk-1", "next_starts_at": starts_at, "next_ends_at": ends_at}
    assert display_status(places, "available", **reservation) == shown


def test_a_closed_bed_with_a_reservation_is_closed(places: Places) -> None:
    assert display_status(places, "closed", next_starts_at=NOON) == "closed"


def test_beds_come_in_the_order_in_which_wards_are_walked(places: Places) -> None:
    ids = ["W10-1001-A", "W2-201-B", "W2-201-A"]
    write_events(places, [bed_event(n, bed, "available") for n, bed in enumerate(ids, 1)])

    found = [bed["bed_id"] for bed in rows(queries.beds, now=NOON, reserved_ahead_minutes=120)]

    assert found == ["W2-201-A", "W2-201-B", "W10-1001-A"]


def test_the_shown_seq_counts_events_without_a_bed(places: Places) -> None:
    write_events(places, [bed_event(1, "W1-101-A", "available"), clock_set(2)])

    assert row(queries.shown_seq, after_seq=0) == {"seq": 2}
    assert row(queries.shown_seq, after_seq=2) == {"seq": 2}
    assert row(queries.shown_seq, after_seq=3) == {"seq": None}


def test_the_mode_of_a_lake_is_that_of_its_first_clock(places: Places) -> None:
    assert row(queries.lake_mode) == {}
    write_events(places, [clock_set(1, "replay"), clock_set(2, "demo")])

    assert row(queries.lake_mode) == {"mode": "replay"}


def test_while_the_api_is_silent_the_last_event_tells_the_time(places: Places) -> None:
    write_events(places, [bed_event(1, "W1-101-A", "available", occurred_at=NOON)])

    known = row(queries.last_known_time)

    assert (known["hospital_at"], known["time_zone"]) == (NOON, "Asia/Kolkata")


EVERYTHING = {
    "recorded_from": date(2024, 1, 1),
    "ward_id": None,
    "bed_text": None,
    "event_types": [],
    "is_manual": None,
    "row_limit": 100,
}


def seqs(**chosen: Any) -> list[int]:
    return [update["seq"] for update in rows(queries.updates, **{**EVERYTHING, **chosen})]


@pytest.fixture
def four_updates(places: Places) -> None:
    on_tuesday = datetime(2024, 3, 5, 9, tzinfo=UTC)
    on_monday = on_tuesday - timedelta(days=1)
    write_events(
        places,
        [
            clock_set(1, recorded_at=on_monday),
            bed_event(2, "W1-101-A", "available", recorded_at=on_monday),
            bed_event(3, "W2-201-A", "dirty", recorded_at=on_tuesday, source="manual"),
            event(4, "note_added", ward_id="W1", bed_id="W1-101-A", recorded_at=on_tuesday),
        ],
    )


@pytest.mark.usefixtures("four_updates")
def test_updates_come_newest_first_and_through_every_filter() -> None:
    assert seqs() == [4, 3, 2, 1]
    assert seqs(row_limit=2) == [4, 3]
    assert seqs(recorded_from=TUESDAY) == [4, 3]
    assert seqs(ward_id="W1") == [4, 2]
    assert seqs(bed_text="w2-20") == [3]
    assert seqs(event_types=["clock_set", "note_added"]) == [4, 1]
    assert seqs(is_manual=True) == [3]
    assert seqs(is_manual=False) == [4, 2, 1]


def census(ward_id: str, hour: int, **counts: int) -> dict[str, Any]:
    nothing = dict.fromkeys(("occupied", "available", "reserved", "dirty", "closed"), 0)
    beds = {f"{status}_count": count for status, count in {**nothing, **counts}.items()}
    census_at = datetime(2024, 3, 4, hour, 30, tzinfo=UTC)  # a full hour in Kolkata
    return {
        "ward_id": ward_id,
        "census_at": census_at,
        "census_on": MONDAY,
        "bed_count": sum(counts.values()),
        "staffed_count": sum(counts.values()),
        **beds,
    }


def test_the_census_adds_wards_up_and_reads_the_hospitals_clock(places: Places) -> None:
    write(
        places,
        CENSUS_HOURLY,
        [
            census("W1", 6, occupied=3, dirty=1),
            census("W2", 6, occupied=2, available=4),
            census("W1", 7, occupied=4),
        ],
    )
    period = {"from_on": MONDAY, "until_on": MONDAY, "time_zone": "Asia/Kolkata"}

    found = rows(queries.census_hourly, **period, ward_id=None)

    at_noon = {r["display_status"]: r["bed_count"] for r in found if r["census_local"].hour == 12}
    assert at_noon == {"occupied": 5, "dirty": 1, "reserved": 0, "available": 4, "closed": 0}
    assert len(found) == 10
    assert {r["bed_count"] for r in rows(queries.census_hourly, **period, ward_id="W2")} == {
        0,
        2,
        4,
    }
    assert rows(queries.census_hourly, **{**period, "from_on": TUESDAY}, ward_id=None) == []


def test_the_counted_period_is_that_of_the_census(places: Places) -> None:
    assert row(queries.counted_period)["last_on"] is None
    write(places, CENSUS_HOURLY, [census("W1", 6, occupied=1), census("W1", 8, occupied=1)])

    assert row(queries.counted_period) == {
        "first_on": MONDAY,
        "last_on": MONDAY,
        "last_at": datetime(2024, 3, 4, 8, 30, tzinfo=UTC),
    }


def ward_day(ward_id: str, on: date, available: int, occupied: int) -> dict[str, Any]:
    return {
        "ward_id": ward_id,
        "census_on": on,
        "available_bed_days": available,
        "occupied_bed_days": occupied,
        "admission_count": 3,
        "discharge_count": 2,
        "death_count": 1,
    }


def test_occupancy_is_a_ratio_of_sums(places: Places) -> None:
    """10 of 10 and 10 of 30 are 20 of 40: 50 %, not the mean of 100 % and 33 %."""
    write(
        places,
        WARD_DAILY,
        [
            ward_day("W1", MONDAY, 10, 10),
            ward_day("W1", TUESDAY, 30, 10),
            ward_day("W2", MONDAY, 0, 0),
        ],
    )
    write(places, BED_BOARD, [{"bed_id": "W1-101-A", "ward_id": "W1", "ward_name": "Medicine"}])

    found = rows(queries.ward_occupancy, from_on=MONDAY, until_on=TUESDAY, ward_id=None)

    told = [(ward["ward_name"], ward["occupancy_percent"]) for ward in found]
    assert told == [("Medicine", 50.0), ("W2", None)]


def test_movements_are_counted_per_day(places: Places) -> None:
    days = [ward_day("W1", MONDAY, 9, 9), ward_day("W2", MONDAY, 9, 9)]
    write(places, WARD_DAILY, days)

    found = rows(queries.movements_daily, from_on=MONDAY, until_on=MONDAY, ward_id=None)

    counted = {r["movement"]: r["patient_count"] for r in found}
    assert counted == {"admissions": 6, "discharges": 4, "deaths": 2}


def term(word: str, count: int, *, manual: bool = False, size: int = 1) -> dict[str, Any]:
    return {
        "window_at": NOON,
        "window_on": MONDAY,
        "ward_id": "W1",
        "term": word,
        "gram_size": size,
        "is_manual": manual,
        "update_count": count,
    }


def test_the_top_terms_are_those_in_most_updates_of_both_origins(places: Places) -> None:
    write(
        places,
        UPDATE_TERMS,
        [
            term("bed", 5),
            term("oxygen", 3),
            term("oxygen", 4, manual=True),
            term("tea", 1),
            term("bed clean", 9, size=2),
        ],
    )

    found = rows(
        queries.top_terms, from_on=MONDAY, until_on=MONDAY, ward_id=None, gram_size=1, top=2
    )

    assert [(r["term"], r["origin"], r["update_count"], r["term_count"]) for r in found] == [
        ("oxygen", "automatic", 3, 7),
        ("oxygen", "manual", 4, 7),
        ("bed", "automatic", 5, 5),
    ]


@pytest.mark.usefixtures("places")
@pytest.mark.parametrize("question", ["beds", "wards", "census_hourly", "updates", "top_terms"])
def test_a_lake_without_tables_answers_with_nothing(question: str) -> None:
    known = {
        "beds": {"now": NOON, "reserved_ahead_minutes": 120},
        "wards": {},
        "updates": EVERYTHING,
        "census_hourly": {"time_zone": "UTC"},
        "top_terms": {"gram_size": 1, "top": 5},
    }[question]
    if question in ("census_hourly", "top_terms"):
        known = {**known, "from_on": MONDAY, "until_on": MONDAY, "ward_id": None}

    assert rows(getattr(queries, question), **known) == []
