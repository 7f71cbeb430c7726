"""Each question against rows whose answer is counted by hand."""

import re
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from dashboard.asking import queries
from dashboard.asking.ask import row, rows
from lake.places import Places
from lake.tables import (
    BED_BOARD,
    BEDS,
    BOOKINGS,
    BREACHES,
    CENSUS_HOURLY,
    CHECK_RESULTS,
    QUARANTINE,
    ROOM_DAILY,
    TABLE_RUNS_BATCH,
    TABLE_RUNS_STREAM,
    TURNAROUND,
    UPDATE_PHRASES,
    UPDATE_TERMS,
    UPDATE_VOLUME,
    WARD_DAILY,
)
from lake.vocabulary import is_outlier
from tests.dashboard.lake_rows import NOON, bed_event, clock_set, event, write, write_events

HOUR = timedelta(hours=1)
SUNDAY, MONDAY, TUESDAY = date(2024, 3, 3), date(2024, 3, 4), date(2024, 3, 5)


def reserved(booking_id: str, starts_at: datetime, ends_at: datetime | None) -> dict[str, Any]:
    return {
        "booking_id": booking_id,
        "booking_state": "reserved",
        "starts_at": starts_at,
        "ends_at": ends_at,
    }


def display_status(places: Places, bed_status: str | None, **columns: Any) -> str:
    write_events(places, [bed_event(1, "W1-101-A", bed_status, **columns)])  # type: ignore[arg-type]
    [bed] = rows(queries.beds, now=NOON)
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
    assert display_status(places, "available", **reserved("bk-1", starts_at, ends_at)) == shown


@pytest.mark.parametrize("need", [None, "cardiology", "urology"])
@pytest.mark.parametrize("is_cot", [None, False, True])
def test_an_outlier_is_the_same_to_the_board_as_to_the_api(
    places: Places, need: str | None, is_cot: bool | None
) -> None:
    columns = {"specialty": "cardiology", "current_need_specialty": need, "is_cot": is_cot}
    write_events(places, [bed_event(1, "W1-101-A", "occupied", **columns)])
    [bed] = rows(queries.beds, now=NOON)
    assert bed["is_outlier"] is is_outlier(need, "cardiology", is_cot=bool(is_cot))


def test_a_closed_bed_with_a_reservation_is_closed(places: Places) -> None:
    assert display_status(places, "closed", **reserved("bk-1", NOON, None)) == "closed"


def test_a_bed_is_reserved_by_any_open_reservation_and_shows_the_next_that_has_not_passed(
    places: Places,
) -> None:
    """Who was to come from 9 to 10 did not; the next comes at 12. Nothing happened to the bed."""
    write_events(
        places,
        [
            bed_event(1, "W1-101-A", "available", **reserved("bk-1", NOON - 3 * HOUR, NOON - HOUR)),
            bed_event(2, "W1-101-A", "available", **reserved("bk-2", NOON, NOON + 4 * HOUR)),
            bed_event(
                3,
                "W1-101-A",
                "available",
                next_booking_id="bk-1",
                next_starts_at=NOON - 3 * HOUR,
                next_ends_at=NOON - HOUR,
            ),
        ],
    )

    [bed] = rows(queries.beds, now=NOON - HOUR)

    assert bed["display_status"] == "reserved"
    assert (bed["next_booking_id"], bed["next_starts_at"]) == ("bk-2", NOON)


def test_a_reservation_that_a_build_has_taken_in_is_known_beside_newer_ones(places: Places) -> None:
    """bk-1 was cancelled since the build, bk-2 stands as built, bk-3 is newer than the build."""
    built = [
        {"booking_id": name, "bed_id": bed, "state": "reserved", "starts_at": NOON, "seq": seq}
        for name, bed, seq in (("bk-1", "W1-101-A", 1), ("bk-2", "W1-101-B", 2))
    ]
    write(places, BOOKINGS, built)
    ended = reserved("bk-1", NOON, None) | {"booking_state": "cancelled"}
    write_events(
        places,
        [
            bed_event(1, "W1-101-A", "available", **reserved("bk-1", NOON, None)),
            bed_event(2, "W1-101-B", "available", **reserved("bk-2", NOON, None)),
            bed_event(3, "W1-101-A", "available", **ended),
            bed_event(4, "W1-101-C", "available", **reserved("bk-3", NOON, None)),
        ],
    )

    found = {bed["bed_id"]: bed["display_status"] for bed in rows(queries.beds, now=NOON)}

    assert found == {"W1-101-A": "available", "W1-101-B": "reserved", "W1-101-C": "reserved"}


def test_beds_come_in_the_order_in_which_wards_are_walked(places: Places) -> None:
    ids = ["W10-1001-A", "W2-201-B", "W2-201-A"]
    write_events(places, [bed_event(n, bed, "available") for n, bed in enumerate(ids, 1)])

    found = [bed["bed_id"] for bed in rows(queries.beds, now=NOON)]

    assert found == ["W2-201-A", "W2-201-B", "W10-1001-A"]


SQL = Path(queries.__file__).parent / "sql"
IDS = {"ward_id", "ward_name", "room_id", "bed_id", "unit_id", "unit_name"}


@pytest.mark.parametrize("file", sorted(SQL.glob("*.sql")), ids=attrgetter("stem"))
def test_no_question_sorts_ids_as_text(file: Path) -> None:
    orders = re.findall(r"^ORDER BY (.*)", file.read_text(), re.MULTILINE)
    sorted_as_text = re.sub(r"natural_order\(\w+\)", "", " ".join(orders))
    assert not IDS & {*re.findall(r"\w+", sorted_as_text)}


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

    found = rows(queries.census_hourly, **period, ward_ids=[])

    at_noon = {r["display_status"]: r["bed_count"] for r in found if r["census_local"].hour == 12}
    assert at_noon == {"occupied": 5, "dirty": 1, "reserved": 0, "available": 4, "closed": 0}
    assert len(found) == 10
    assert {r["bed_count"] for r in rows(queries.census_hourly, **period, ward_ids=["W2"])} == {
        0,
        2,
        4,
    }
    assert rows(queries.census_hourly, **{**period, "from_on": TUESDAY}, ward_ids=[]) == []


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

    found = rows(queries.ward_occupancy, from_on=MONDAY, until_on=TUESDAY, ward_ids=[])

    told = [(ward["ward_name"], ward["occupancy_percent"]) for ward in found]
    assert told == [("Medicine", 50.0), ("W2", None)]


def test_movements_are_counted_per_day(places: Places) -> None:
    days = [ward_day("W1", MONDAY, 9, 9), ward_day("W2", MONDAY, 9, 9)]
    write(places, WARD_DAILY, days)

    found = rows(queries.movements_daily, from_on=MONDAY, until_on=MONDAY, ward_ids=[])

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
        queries.top_terms, from_on=MONDAY, until_on=MONDAY, ward_ids=[], gram_size=1, top=2, least=1
    )

    assert [(r["term"], r["origin"], r["update_count"], r["term_count"]) for r in found] == [
        ("oxygen", "automatic", 3, 7),
        ("oxygen", "manual", 4, 7),
        ("bed", "automatic", 5, 5),
    ]


KPI_COUNTS = ("available_bed_days", "occupied_bed_days", "admission_count", "case_count")


@pytest.fixture
def three_wards(places: Places) -> Places:
    """W1 and W2 are surgical, W3 is not."""
    kinds = {"W1": "general_surgery", "W2": "general_surgery", "W3": "urology"}
    write(
        places,
        BEDS,
        [
            {"hospital_id": "snr", "bed_id": f"{ward}-1-A", "ward_id": ward, "ward_name": ward,
             "specialty": kind, "from_at": NOON}
            for ward, kind in kinds.items()
        ],
    )  # fmt: skip
    numbers = [
        ("W1", SUNDAY, 10, 10, 1, 1), ("W1", MONDAY, 10, 8, 2, 2), ("W1", TUESDAY, 10, 7, 1, 3),
        ("W2", TUESDAY, 5, 5, 0, 0), ("W3", TUESDAY, 4, 1, 1, 0),
    ]  # fmt: skip
    write(
        places,
        WARD_DAILY,
        [
            {"hospital_id": "snr", "ward_id": ward, "census_on": on}
            | dict(zip(KPI_COUNTS, counts, strict=True))
            for ward, on, *counts in numbers
        ],
    )
    return places


def kpis(level: str, period: str, ward_ids: list[str], from_on: date = TUESDAY) -> list[Any]:
    found = rows(
        queries.unit_kpis,
        **{"from_on": from_on, "until_on": TUESDAY, "ward_ids": ward_ids},
        level=level,
        period=period,
    )
    return [(r["unit_name"], r["period_on"], r["day_count"], r["occupancy_percent"]) for r in found]


@pytest.mark.usefixtures("three_wards")
def test_key_figures_are_of_the_chosen_wards_or_of_their_specialties() -> None:
    """W1 alone: 7 of 10 beds; both surgical wards: 12 of 15; all: 13 of 19."""
    assert kpis("ward", "day", ["W1"]) == [("W1", TUESDAY, 1, 70.0)]
    assert kpis("specialty", "day", ["W1"]) == [("general surgery", TUESDAY, 1, 80.0)]
    [(name, _, _, percent)] = kpis("hospital", "day", ["W1"])
    assert (name, round(percent, 2)) == ("whole hospital", 68.42)
    assert [unit for unit, *_ in kpis("ward", "day", [])] == ["W1", "W2", "W3"]


def test_key_figures_of_rooms_are_those_of_the_chosen_wards(places: Places) -> None:
    rooms = (("W1", "W1-101"), ("W1", "W1-102"), ("W2", "W2-101"))
    write(places, BEDS, [
        {"bed_id": f"{room}-A", "ward_id": ward, "room_id": room, "from_at": NOON}
        for ward, room in rooms
    ])  # fmt: skip
    counts = dict(zip(KPI_COUNTS, (2, 1, 0, 0), strict=True))
    write(places, ROOM_DAILY, [
        {"hospital_id": "snr", "ward_id": ward, "room_id": room, "census_on": TUESDAY} | counts
        for ward, room in rooms
    ])  # fmt: skip

    assert kpis("room", "day", ["W1"]) == [
        ("W1-101", TUESDAY, 1, 50.0),
        ("W1-102", TUESDAY, 1, 50.0),
    ]
    assert len(kpis("room", "day", [])) == 3


@pytest.mark.usefixtures("three_wards")
def test_a_week_counts_as_a_whole_and_newest_first() -> None:
    """From Monday: 8 and 7 of 20 bed-days. Sunday is the end of the week before: 10 of 10."""
    assert kpis("ward", "week", ["W1"]) == [("W1", MONDAY, 2, 75.0)]
    assert kpis("ward", "week", ["W1"], SUNDAY) == [
        ("W1", MONDAY, 2, 75.0),
        ("W1", MONDAY - timedelta(days=7), 1, 100.0),
    ]


@pytest.mark.usefixtures("three_wards")
def test_key_figures_have_length_of_stay_turnover_interval_and_bed_use() -> None:
    """W1 on Monday and Tuesday: 15 bed-days used and 5 empty for 5 cases, 10 beds on average."""
    [week] = rows(queries.unit_kpis, from_on=MONDAY, until_on=TUESDAY, ward_ids=["W1"],
                  level="ward", period="week")  # fmt: skip

    told = (week["alos_days"], week["turnover_interval_days"], week["bed_use_factor"])
    assert told == (3.0, 1.0, 0.5)
    assert (week["admission_count"], week["case_count"]) == (3, 5)


GOALS = {"response_goal": 30, "clean_goal": 30, "turn_goal": 60}


def test_turnaround_is_measured_against_the_goals(places: Places) -> None:
    """Responses 10, 20 and 60: median 20, two of three under 30. One under way is left out."""
    cycles = [(10, 30, MONDAY), (20, 35, MONDAY), (60, 40, TUESDAY), (500, None, None)]
    write(
        places,
        TURNAROUND,
        [
            {"bed_id": "W1-101-A", "ward_id": "W1", "dirty_at": NOON, "response_minutes": response,
             "clean_minutes": clean, "turn_minutes": clean and response + clean, "ended_on": on}
            for response, clean, on in cycles
        ],
    )  # fmt: skip
    both = {"from_on": MONDAY, "until_on": TUESDAY}

    found = rows(queries.turnaround_by_ward, **both, ward_ids=[], **GOALS)

    told = {
        r["phase"]: (r["median_minutes"], r["goal_minutes"], round(r["in_goal_percent"], 1))
        for r in found
    }
    assert told == {"response": (20, 30, 66.7), "clean": (35, 30, 0.0), "turn": (55, 60, 66.7)}
    assert {r["cycle_count"] for r in found} == {3}
    assert rows(queries.turnaround_by_ward, **both, ward_ids=["W2"], **GOALS) == []


def test_flagged_phrases_are_counted_per_day_and_flag(places: Places) -> None:
    counted = [("W1", "falls", False, 2), ("W2", "falls", True, 3), ("W2", "oxygen", False, 1)]
    write(
        places,
        UPDATE_PHRASES,
        [
            {"window_at": NOON, "window_on": MONDAY, "ward_id": ward, "flag": flag,
             "is_manual": manual, "update_count": count}
            for ward, flag, manual, count in counted
        ],
    )  # fmt: skip
    monday = {"from_on": MONDAY, "until_on": MONDAY}

    found = rows(queries.update_phrases_daily, **monday, ward_ids=[])

    told = [(r["flag"], r["update_count"], r["manual_count"]) for r in found]
    assert told == [("falls", 5, 3), ("oxygen", 1, 0)]
    [falls] = rows(queries.update_phrases_daily, **monday, ward_ids=["W1"])
    assert falls["update_count"] == 2


def test_rising_terms_are_the_hospitals_or_those_of_the_chosen_wards(places: Places) -> None:
    before = [("W1", "tea", NOON - timedelta(days=9), 1)]
    now = [("W1", "oxygen", NOON, 6), ("W2", "oxygen", NOON, 5), ("W2", "fire", NOON, 4)]
    write(
        places,
        UPDATE_TERMS,
        [
            {"hospital_id": "snr", "window_at": at, "window_on": at.date(), "ward_id": ward,
             "term": word, "gram_size": 1, "is_manual": False, "update_count": count}
            for ward, word, at, count in [*before, *now]
        ],
    )  # fmt: skip

    def rising(ward_ids: list[str]) -> list[Any]:
        found = rows(queries.rising_terms, ward_ids=ward_ids, top=5)
        return [(r["ward_id"], r["term"], r["recent_count"]) for r in found]

    assert rising([]) == [("all wards", "oxygen", 11)]
    assert rising(["W1", "W3"]) == [("W1", "oxygen", 6)]


def test_a_day_without_manual_updates_has_a_share_of_none(places: Places) -> None:
    """Monday: 2 of 8 by people, 25 characters each; Tuesday: none of 4."""
    volume = [
        (MONDAY, 9, True, 1, 10), (MONDAY, 10, True, 1, 40), (MONDAY, 9, False, 6, 60),
        (TUESDAY, 9, False, 4, 80),
    ]  # fmt: skip
    write(
        places,
        UPDATE_VOLUME,
        [
            {"window_at": datetime(on.year, on.month, on.day, hour, tzinfo=UTC), "window_on": on,
             "ward_id": "W1", "is_manual": manual, "update_count": count,
             "character_count": characters}
            for on, hour, manual, count, characters in volume
        ],
    )  # fmt: skip

    found = rows(queries.update_origins_daily, from_on=MONDAY, until_on=TUESDAY, ward_ids=[])

    assert [tuple(r.values()) for r in found] == [
        (MONDAY, "automatic", 6, 75.0, 10.0),
        (MONDAY, "manual", 2, 25.0, 25.0),
        (TUESDAY, "automatic", 4, 100.0, 20.0),
        (TUESDAY, "manual", 0, 0.0, None),
    ]


def result(name: str, hours_ago: float, *, ok: bool) -> dict[str, Any]:
    return {
        "checked_at": NOON - hours_ago * HOUR,
        "check_name": name,
        "table_name": "gold.bed_board",
        "is_ok": ok,
        "failed_count": 0 if ok else 7,
        "detail": "" if ok else "7 rows",
        "examples": [] if ok else [f"of {hours_ago} hours ago"],
    }


def test_a_check_is_as_good_as_its_newest_result(places: Places) -> None:
    """`old` failed, but nobody has asked it for more than a week."""
    write(
        places,
        CHECK_RESULTS,
        [
            result("fresh", 2, ok=True),
            result("fresh", 1, ok=False),
            result("unique", 3, ok=True),
            result("unique", 2, ok=False),
            result("unique", 1, ok=True),
            result("old", 24 * 8, ok=False),
        ],
    )

    found = rows(queries.checks, most=2)

    told = [(r["check_name"], r["is_ok"], r["failed_count"], r["examples"]) for r in found]
    assert told == [("fresh", False, 7, ["of 1 hours ago"]), ("unique", True, 0, [])]
    assert found[0]["checked_at"] == NOON - HOUR
    assert [[one["is_ok"] for one in r["history"]] for r in found] == [[True, False], [False, True]]
    assert [r["check_name"] for r in rows(queries.failed_checks)] == ["fresh"]


def run(table_name: str, minutes: int, written: int, **columns: Any) -> dict[str, Any]:
    plain = {"run_name": "by hand", "sources": [], "out_count": 1, "seconds": 1.5}
    return plain | {
        "table_name": table_name,
        "finished_at": NOON + timedelta(minutes=minutes),
        "version_written": written,
    } | columns  # fmt: skip


def test_runs_come_newest_first_and_one_of_the_stream_read_the_log(places: Places) -> None:
    write(places, TABLE_RUNS_STREAM, [
        run("silver.bed_events", 1, 4, version_read=40),
        run("silver.bed_events", 2, 5, version_read=50),
    ])  # fmt: skip
    write(places, TABLE_RUNS_BATCH, [run("gold.beds", 3, 1, sources=["silver.bed_events@5"])])

    newest = rows(queries.newest_runs)
    told = [(r["table_name"], r["version_written"], r["sources"]) for r in newest]
    assert told == [
        ("gold.beds", 1, ["silver.bed_events@5"]),
        ("silver.bed_events", 5, ["bronze.bed_events@50"]),
    ]

    def written(table_name: str | None, most: int) -> list[int]:
        found = rows(queries.last_runs, table_name=table_name, most=most)
        return [r["version_written"] for r in found]

    assert written(None, 2) == [1, 5]
    assert written("silver.bed_events", 9) == [5, 4]


def test_what_was_set_aside_is_counted_by_rule(places: Places) -> None:
    write(places, QUARANTINE, [
        {"seq": nth, "event_id": f"e{nth}", "rule": rule, "detail": f"no {nth}",
         "quarantined_at": NOON + nth * HOUR}
        for nth, rule in enumerate(("unknown_bed", "repeated", "repeated"))
    ])  # fmt: skip

    counted = [(r["rule"], r["event_count"]) for r in rows(queries.quarantine_rules)]
    assert counted == [("repeated", 2), ("unknown_bed", 1)]
    assert [r["detail"] for r in rows(queries.quarantine_newest, most=2)] == ["no 2", "no 1"]


def test_breaches_are_counted_by_day_and_by_ward_and_shown_as_they_are_now(places: Places) -> None:
    """P-1 in W1 since Monday 10:00, by an override; P-2 of W2 until 12:00."""
    row = {"hospital_id": "snr", "breach": "mixed_sex", "room_id": "r", "bed_id": "b"}
    write(places, CENSUS_HOURLY, [
        {"hospital_id": "snr", "ward_id": ward, "census_on": MONDAY, "census_at": NOON}
        for ward in ("W1", "W2")
    ])  # fmt: skip
    write(places, BREACHES, [
        row | {"stay_id": "s1", "patient_ref": "P-1", "ward_id": "W1", "from_at": NOON - 2 * HOUR,
               "override_event_id": "e1"},
        row | {"stay_id": "s2", "patient_ref": "P-2", "ward_id": "W2", "from_at": NOON - HOUR,
               "until_at": NOON, "ended_on": MONDAY},
    ])  # fmt: skip
    assert rows(queries.breach_days, **CHOSEN) == [
        {"counted_on": MONDAY, "breach": "mixed sex", "patient_count": 2, "explained_count": 1}
    ]
    by_ward = rows(queries.breach_days_by_ward, **CHOSEN)
    assert [(r["ward_name"], r["patient_days"], r["explained_days"]) for r in by_ward] == [
        ("W1", 1, 1),
        ("W2", 1, 0),
    ]
    there = {"current_patient_ref": "P-1", "current_stay_id": "s1", "room_id": "W1-101",
             "admitted_at": NOON - HOUR}  # fmt: skip
    write_events(places, [
        bed_event(1, "W1-101-A", "occupied", **there, current_not_taken_as=["level_of_care"])
    ])  # fmt: skip
    [now] = rows(queries.breaches_now, now=NOON + HOUR, ward_ids=["W1"])
    assert (now["breach"], now["bed_id"], now["hours"]) == ("level of care", "W1-101-A", 2.0)
    assert rows(queries.breaches_now, now=NOON, ward_ids=["W2"]) == []


CHOSEN = {"from_on": MONDAY, "until_on": MONDAY, "ward_ids": []}

OF_AN_EMPTY_LAKE: dict[str, dict[str, Any]] = {
    "beds": {"now": NOON},
    "wards": {},
    "updates": EVERYTHING,
    "census_hourly": {**CHOSEN, "time_zone": "UTC"},
    "top_terms": {**CHOSEN, "gram_size": 1, "top": 5, "least": 1},
    "unit_kpis": {**CHOSEN, "level": "ward", "period": "week"},
    "turnaround_by_ward": {**CHOSEN, **GOALS},
    "breach_days": CHOSEN,
    "breach_days_by_ward": CHOSEN,
    "breaches_now": {"now": NOON, "ward_ids": []},
    "update_phrases_daily": CHOSEN,
    "update_origins_daily": CHOSEN,
    "rising_terms": {"ward_ids": [], "top": 5},
    "checks": {"most": 5},
    "failed_checks": {},
    "newest_runs": {},
    "last_runs": {"table_name": None, "most": 5},
    "quarantine_rules": {},
    "quarantine_newest": {"most": 5},
}


@pytest.mark.usefixtures("places")
@pytest.mark.parametrize("question", OF_AN_EMPTY_LAKE)
def test_a_lake_without_tables_answers_with_nothing(question: str) -> None:
    assert rows(getattr(queries, question), **OF_AN_EMPTY_LAKE[question]) == []
