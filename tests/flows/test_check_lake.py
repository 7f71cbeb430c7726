"""The data checks: each finds what breaks it, and only that; no Spark is needed for any."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from flows import check_lake
from flows.check_lake import CheckFailed, checks
from lake.arrow import ensure, table_id
from lake.duck import LakeReader
from lake.places import Places
from lake.tables import (
    AUDIT_EVENTS,
    BED_BOARD,
    BED_EVENTS,
    BED_STATUS_SPANS,
    BED_STAYS,
    BEDS,
    BOOKINGS,
    BREACHES,
    CENSUS_HOURLY,
    CHECK_RESULTS,
    QUARANTINE,
    ROOM_DAILY,
    SILVER_BED_EVENTS,
    TABLE_RUNS_BATCH,
    TABLES,
    TURNAROUND,
    WARD_DAILY,
)
from tests.lake.lake_rows import write

AT = datetime(2026, 1, 5, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
ON = date(2026, 1, 5)
DAY = dict.fromkeys((c for c in WARD_DAILY.column_names if c.endswith(("_count", "_days"))), 0)
DISPLAYED = ("occupied", "available", "reserved", "dirty", "closed")
NONE_SHOWN = {f"{status}_count": 0 for status in DISPLAYED}


@pytest.fixture(scope="module")
def lake_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every table is there; one bed, one event."""
    home = tmp_path_factory.mktemp("well")
    places = Places(home, str(home / "lake"))
    ensure(places, *TABLES)
    write(places, BED_EVENTS, [event(1)])
    write(places, SILVER_BED_EVENTS, [event(1)])
    write(places, BEDS, [{"bed_id": "A-1-A", "ward_id": "A", "from_at": AT}])
    write(places, TABLE_RUNS_BATCH, [{"table_name": WARD_DAILY.name, "seq_until": 1_000}])
    write(places, BED_BOARD, [{"bed_id": "A-1-A", "ward_id": "A", "seq": 1}])
    return home


@pytest.fixture
def lake(lake_once: Path, places: Places) -> Places:
    shutil.copytree(lake_once, places.home, dirs_exist_ok=True)
    return places


def event(seq: int, **columns: Any) -> dict[str, Any]:
    row = {"seq": seq, "event_id": f"e{seq}", "event_type": "note_added", "occurred_at": AT}
    row |= {"recorded_at": AT, "event_date": ON, "bed_id": "A-1-A", "ward_id": "A"}
    return row | {"time_zone": "UTC", "occurred_on": ON} | columns


def stay(stay_id: str, hours: tuple[int, int | None], **columns: Any) -> dict[str, Any]:
    ended_at = None if hours[1] is None else AT + hours[1] * HOUR
    row = {"stay_id": stay_id, "booking_id": "b1", "bed_id": "A-1-A", "patient_ref": stay_id}
    return row | {"admitted_at": AT + hours[0] * HOUR, "ended_at": ended_at} | columns


def breach(stay_id: str, hours: tuple[int, int | None], **columns: Any) -> dict[str, Any]:
    until_at = None if hours[1] is None else AT + hours[1] * HOUR
    row = {"stay_id": stay_id, "breach": "mixed_sex", "bed_id": "A-1-A", "room_id": "A-1"}
    return row | {"from_at": AT + hours[0] * HOUR, "until_at": until_at} | columns


def broken(places: Places) -> dict[str, int]:
    return {r.check_name: r.failed_count for r in check_lake.run(places) if not r.is_ok}


def test_a_lake_that_is_well_breaks_none(lake: Places) -> None:
    results = check_lake.run(lake)
    assert [result for result in results if not result.is_ok] == []
    asked = {result.check_name for result in results}
    assert {check.name for check in checks()} <= asked


BREAKS: list[tuple[str, int, Any, list[dict[str, Any]]]] = [
    ("seq_is_gapless", 2, SILVER_BED_EVENTS, [event(4)]),
    ("event_id_is_unique", 1, SILVER_BED_EVENTS, [event(2, event_id="e1")]),
    ("key_is_unique:silver.bed_events", 1, SILVER_BED_EVENTS, [event(1, event_id="e9")]),
    ("key_is_unique:gold.bed_board", 1, BED_BOARD, [{"bed_id": "A-1-A", "seq": 1}]),
    ("display_counts_add_up", 1, CENSUS_HOURLY,
     [{"census_at": AT, "bed_count": 2, "staffed_count": 1} | NONE_SHOWN | {"dirty_count": 1}]),
    ("daily_counts_are_in_range", 1, WARD_DAILY,
     [DAY | {"ward_id": "A", "census_on": ON, "no_show_count": -1}]),
    ("times_are_in_order", 1, TURNAROUND,
     [{"bed_id": "A", "dirty_at": AT, "cleaning_started_at": AT - HOUR}]),
    ("times_are_in_order", 1, BED_STATUS_SPANS, [{"bed_id": "A", "from_at": AT, "until_at": AT}]),
    ("spans_follow_each_other", 1, BED_STATUS_SPANS,
     [{"bed_id": "A", "from_at": AT, "until_at": AT + HOUR},
      {"bed_id": "A", "from_at": AT + 2 * HOUR}]),
    ("stay_has_its_booking_and_bed", 1, BED_STAYS, [stay("s1", (0, 1), booking_id="nobody's")]),
    ("booking_has_its_bed", 1, BOOKINGS, [{"booking_id": "b9", "bed_id": "nowhere"}]),
    ("bed_holds_one_patient", 1, BED_STAYS, [stay("s1", (0, None)), stay("s2", (2, 3))]),
    ("bed_holds_one_patient", 1, BED_STAYS,
     [stay("s1", (0, 4), patient_ref="P1"), stay("s2", (2, 3), patient_ref="P1", bed_id="B")]),
    ("bed_days_are_the_census_at_midnight", 1, WARD_DAILY,
     [DAY | {"ward_id": "A", "census_on": ON, "available_bed_days": 3}]),
    ("ward_is_the_sum_of_its_rooms", 1, ROOM_DAILY,
     [DAY | {"ward_id": "A", "room_id": "A-1", "census_on": ON}]),
    ("patients_are_conserved", 1, WARD_DAILY,
     [DAY | {"ward_id": "A", "census_on": ON, "admission_count": 1}]),
    ("breach_lies_in_its_stay", 1, BREACHES, [breach("nobody's", (0, 1))]),
    ("breaches_do_not_overlap", 1, BREACHES, [breach("s1", (0, 2)), breach("s1", (2, 3))]),
    ("open_breaches_are_on_the_board", 1, BREACHES, [breach("s1", (0, None))]),
    ("numbers_are_fresh", 1, SILVER_BED_EVENTS, [event(2_000)]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "count", "table", "rows"), BREAKS, ids=[b[0] for b in BREAKS])
def test_each_check_finds_what_breaks_it(
    lake: Places, name: str, count: int, table: Any, rows: list[dict[str, Any]]
) -> None:
    write(lake, table, rows)
    assert broken(lake)[name] == count


def test_every_question_has_been_seen_to_break() -> None:
    asked = {check.name for check in checks() if ":" not in check.name}
    assert asked - {name for name, *_ in BREAKS} == {
        "board_is_fresh",
        "board_is_the_newest_row",
    }  # below


def test_a_bed_that_the_board_shows_as_it_was_before_is_found(lake: Places) -> None:
    write(lake, SILVER_BED_EVENTS, [event(2), event(3, bed_id="B")])
    write(lake, BED_BOARD, [{"bed_id": "B", "ward_id": "A", "seq": 3}])
    assert broken(lake)["board_is_the_newest_row"] == 1


def test_an_event_that_the_board_lacks_is_late_after_a_minute(lake: Places) -> None:
    now = datetime.now(UTC)
    write(lake, BED_EVENTS, [event(2, recorded_at=now - timedelta(seconds=50))])
    assert "board_is_fresh" not in broken(lake)
    write(lake, BED_EVENTS, [event(3, recorded_at=now - timedelta(seconds=70))])
    assert broken(lake)["board_is_fresh"] == 1


def test_what_was_set_aside_is_neither_missing_nor_late(lake: Places) -> None:
    write(lake, BED_EVENTS, [event(2)])
    write(lake, QUARANTINE, [event(2, rule="unknown_event_type")])
    assert broken(lake) == {}


def test_patients_that_move_at_midnight_itself_are_conserved(lake: Places) -> None:
    """In the census of the midnight, counted by the next day: one more in, then one more out."""
    next_on = ON + timedelta(days=1)
    midnight = datetime(2026, 1, 6, tzinfo=UTC)
    moved = {"occurred_at": midnight, "occurred_on": next_on}
    write(lake, SILVER_BED_EVENTS, [event(2, event_type="patient_admitted", **moved)])
    write(lake, BED_EVENTS, [event(2)])
    write(lake, BED_BOARD, [{"bed_id": "A-1-A", "ward_id": "A", "seq": 2}])
    days = (
        {"census_on": ON, "occupied_bed_days": 1},
        {"census_on": next_on, "occupied_bed_days": 1, "admission_count": 1},
    )
    write(lake, WARD_DAILY, [DAY | {"ward_id": "A"} | day for day in days])
    assert "patients_are_conserved" not in broken(lake)


def test_a_breach_that_is_longer_than_its_stay_or_of_no_kind_is_found(lake: Places) -> None:
    write(lake, BED_STAYS, [stay("s1", (2, 6)), stay("s2", (2, None)), stay("s3", (2, 6))])
    rows = [
        breach("s1", (2, 6)),
        breach("s1", (1, 3), breach="isolation"),
        breach("s1", (3, 7), breach="level_of_care"),
        breach("s1", (4, 4), breach="not_taken_by_ward"),
        breach("s2", (3, 4), breach="noise"),
        breach("s3", (2, None)),
    ]
    write(lake, BREACHES, rows)
    assert broken(lake)["breach_lies_in_its_stay"] == 5


def test_what_the_board_says_is_compared_where_nothing_has_happened_since(lake: Places) -> None:
    """At first all agree; then a third bed shows a breach that was not built. Since the build s1 has
    gone, and something has happened to s3."""
    lying = {"ward_id": "A", "seq": 2, "last_event_type": "note_added", "admitted_at": AT}
    lying |= {"current_not_taken_as": ["sex"], "occurred_at": AT}
    beds = [
        lying | {"bed_id": f"A-{room}-B", "room_id": f"A-{room}", "current_stay_id": f"s{room}"}
        for room in (1, 2, 3)
    ]
    write(lake, BED_STAYS, [stay("s1", (0, None)), stay("s2", (0, None), bed_id="A-2-B")])
    built = {"breach": "not_taken_by_ward", "bed_id": "A-1-B"}
    there = {"breach": "not_taken_by_ward", "bed_id": "A-2-B", "room_id": "A-2"}
    write(lake, BREACHES, [breach("s1", (0, None), **built), breach("s2", (0, None), **there)])
    write(lake, BED_BOARD, beds[:2])
    assert "open_breaches_are_on_the_board" not in broken(lake)
    write(lake, BED_BOARD, beds[2:])
    assert broken(lake)["open_breaches_are_on_the_board"] == 1
    gone = beds[0] | {"seq": 1_001, "current_stay_id": None}
    since = [event(row["seq"]) | row for row in (gone, beds[2] | {"seq": 1_002})]
    for row in since:
        del row["last_event_type"]
    write(lake, BED_EVENTS, [row | {"schema_version": 2} for row in since])
    assert "open_breaches_are_on_the_board" not in broken(lake)


def test_who_moves_at_midnight_into_what_counts_as_no_bed_is_not_counted(lake: Places) -> None:
    """One patient more in a bed; another at that instant in a cot, and dead in it a day later."""
    next_on = ON + timedelta(days=1)
    midnight = datetime(2026, 1, 6, tzinfo=UTC)
    moved = {"occurred_at": midnight, "occurred_on": next_on, "event_type": "patient_admitted"}
    cot = {"bed_id": "C", "is_off_census": True}
    left = cot | {"event_type": "patient_discharged", "disposition": "died", "died_at": midnight}
    later = {"occurred_at": midnight + 30 * HOUR, "occurred_on": next_on + timedelta(days=1)}
    write(lake, SILVER_BED_EVENTS, [event(2, **moved), event(3, **cot, **moved)])
    write(lake, SILVER_BED_EVENTS, [event(4, **left, **later)])
    days = (
        {"census_on": ON, "occupied_bed_days": 1},
        {"census_on": next_on, "occupied_bed_days": 1, "admission_count": 1},
        {"census_on": next_on + timedelta(days=1), "occupied_bed_days": 1},
    )
    write(lake, WARD_DAILY, [DAY | {"ward_id": "A"} | day for day in days])
    assert "patients_are_conserved" not in broken(lake)


def test_a_table_that_is_gone_is_found(lake: Places) -> None:
    """Its own questions cannot be asked any more."""
    shutil.rmtree(lake.table(WARD_DAILY))
    assert broken(lake) == {f"is_there:{WARD_DAILY.name}": 1}


def test_where_nobody_signs_in_no_audit_is_missed(lake: Places) -> None:
    shutil.rmtree(lake.table(AUDIT_EVENTS))
    assert broken(lake) == {}


def test_a_stream_that_never_began_is_found_after_an_hour(places: Places) -> None:
    ensure(places, BED_EVENTS)
    write(places, BED_EVENTS, [event(1, recorded_at=datetime.now(UTC) - timedelta(minutes=50))])
    assert broken(places) == {}
    write(places, BED_EVENTS, [event(2, recorded_at=AT)])
    assert broken(places)[f"is_there:{SILVER_BED_EVENTS.name}"] == 1


def test_numbers_that_were_never_built_are_late(lake: Places) -> None:
    ensure(lake, TABLE_RUNS_BATCH)
    shutil.rmtree(lake.table(TABLE_RUNS_BATCH))
    ensure(lake, TABLE_RUNS_BATCH)
    assert broken(lake) == {"numbers_are_fresh": 1}


def test_too_many_files_in_a_partition_are_found(lake: Places) -> None:
    for nth in range(51):
        write(lake, BED_BOARD, [{"bed_id": f"B-{nth}", "ward_id": "A", "seq": 1}])
    assert broken(lake)["few_files:gold.bed_board"] == 1
    assert len(DeltaTable(lake.table(BED_BOARD)).file_uris()) > 50


def test_the_results_are_kept_with_the_rows_that_broke(lake: Places) -> None:
    write(lake, BOOKINGS, [{"booking_id": "b9", "bed_id": "nowhere"}])
    check_lake.run(lake)
    check_lake.run(lake)
    rows = LakeReader(lake).ask(
        f"SELECT * FROM {CHECK_RESULTS.name} WHERE NOT is_ok ORDER BY checked_at"
    )
    assert rows["check_name"].to_pylist() == ["booking_has_its_bed"] * 2
    assert '"booking_id": "b9"' in rows["examples"].to_pylist()[0][0]


@contextmanager
def shown() -> Iterator[dict[str, Any]]:
    """What the flow would leave as artifacts."""
    kept: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(check_lake, "show_table", lambda key, rows, _: kept.update({key: rows}))
        yield kept


def test_a_check_that_breaks_fails_the_run_with_its_rows_in_an_artifact(
    lake: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNR_HOME", str(lake.home))
    write(lake, BOOKINGS, [{"booking_id": "b9", "bed_id": "nowhere"}])
    with shown() as kept, pytest.raises(CheckFailed, match="booking_has_its_bed"):
        check_lake.check_lake.fn()
    [row] = kept["broken-checks"]
    assert row["check"] == "booking_has_its_bed"
    assert row["booking_id"] == "b9"
    [told] = [one for one in kept["checks"] if one["check"] == "booking_has_its_bed"]
    assert told["promise"].startswith("The bed of a booking is there")
    assert (told["ok"], told["rows"], told["version"]) == (False, 1, 1)


def test_the_rows_in_an_artifact_name_no_patient() -> None:
    """Prefect keeps it in a database of its own."""
    row = json.dumps({"stay_id": "s1", "bed_id": "b1", "patient_ref": "MRN-1"})
    assert check_lake._shown_row(row) == {"stay_id": "s1", "bed_id": "b1"}


def test_a_follower_whose_next_commit_is_gone_is_found(lake: Places) -> None:
    log = Path(lake.table(BED_EVENTS), "_delta_log")
    offsets = Path(lake.checkpoint("bed_events"), "offsets")
    offsets.mkdir(parents=True)
    source = {"sourceVersion": 1, "reservoirId": table_id(lake, BED_EVENTS), "reservoirVersion": 1}
    (offsets / "0").write_text(f"v1\n{{}}\n{json.dumps(source)}")
    (offsets / "1").write_text(f"v1\n{{}}\n{json.dumps(source)}")
    assert broken(lake) == {}
    write(lake, BED_EVENTS, [event(2)])
    handle = DeltaTable(lake.table(BED_EVENTS))
    handle.create_checkpoint()
    for nth in range(handle.version()):
        (log / f"{nth:020}.json").unlink()
    assert f"followers_can_read_on:{BED_EVENTS.name}" in broken(lake)


def test_a_lake_without_events_has_nothing_to_check(places: Places) -> None:
    assert check_lake.run(places) == []
