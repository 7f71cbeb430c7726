"""What wards really do, in the numbers: worked out by hand, counted again by SQL, and checked."""

import shutil
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pyspark.sql import SparkSession

from flows import check_lake, verify_lake
from flows.build_gold import build
from lake import spark as lake
from lake.duck import LakeReader
from lake.places import Places
from lake.tables import BED_STAYS
from lake.vocabulary import Away
from simulator.domain import commands as c
from simulator.domain.overrides import Override
from tests.flows.bed_log import board_catches_up, write_bronze
from tests.simulator.ward import BEDS, MORNING, SmallWard, discharge_correction, hours, undoing

A, B, C, D = BEDS
OVERRIDE = Override("clinical_need", "no other bed in the house")
MONDAY = MORNING.date()


@pytest.fixture(scope="module")
def lived(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Places:
    """Monday to Thursday on a ward of four beds; hours count from Monday, 8:00."""
    ward = SmallWard()
    lie_late(ward)
    kept = move_as_planned(ward)
    die(ward, kept)
    lie_without_staff(ward)
    close_the_bay(ward)
    ward.do(c.ProgressStay(booking_id=kept, expected_at=None, waits_for="care_package"), hours(70))
    go_on_leave(ward, kept)
    ward.do(c.AddNote(bed_id=D), hours(90))
    home = tmp_path_factory.mktemp("cases") / "home"
    places = Places(home, str(home / "lake"))
    write_bronze(places, ward.rows)
    board_catches_up(spark, places)
    build(spark, places)
    return places


def lie_late(ward: SmallWard) -> None:
    """In A since 8:00; a note at 12:00; at 14:00 the discharge of 11:00 is entered."""
    stay = ward.do(c.BookBed(bed_id=A, patient_ref="P-1", admit=True))
    ward.do(c.AddNote(bed_id=A), hours(4))
    ward.clock.set(0.0, hours(6))
    ward.do_at(c.DischargePatient(booking_id=stay["booking_id"], disposition="home"), hours(3))
    ward.do(c.StartCleaning(bed_id=A), hours(7))
    ward.do(c.FinishCleaning(bed_id=A), hours(8))


def move_as_planned(ward: SmallWard) -> str:
    """P-2 lies in B, has D reserved and waits; moves at 17:00, is back at 18:00, moves at 19:00."""
    ward.do(c.BookBed(bed_id=B, patient_ref="P-2", admit=True, ends_at=hours(60)), hours(8))
    ward.do(c.RequestBed(patient_ref="P-2", ward_id="W2"))
    kept = ward.do(c.BookBed(bed_id=D, patient_ref="P-2", starts_at=hours(10), ends_at=hours(50)))[
        "booking_id"
    ]
    moved = ward.do(c.AdmitPatient(booking_id=kept), hours(9))
    ward.do(undoing(ward.rows, moved["event_id"]), hours(10))
    ward.do(c.AdmitPatient(booking_id=kept), hours(11))
    return kept


def die(ward: SmallWard, kept: str) -> None:
    """P-3 dies on Tuesday at 23:00 and leaves A on Wednesday at 1:00. P-4 was said to have died on
    Tuesday at noon; on Wednesday it is known that she went home."""
    three = ward.do(c.BookBed(bed_id=A, patient_ref="P-3", admit=True), hours(12))
    four = ward.do(c.BookBed(bed_id=C, patient_ref="P-4", admit=True), hours(13))
    ward.do(c.DischargePatient(booking_id=four["booking_id"], disposition="died"), hours(28))
    could_leave = c.ProgressStay(
        booking_id=kept, expected_at=None, needs_bed=False, waits_for="placement"
    )
    ward.do(could_leave, hours(30))
    ward.do(
        c.DischargePatient(booking_id=three["booking_id"], disposition="died", died_at=hours(39)),
        hours(41),
    )
    ward.do(discharge_correction(ward.rows, four["booking_id"], "home"), hours(50))


def lie_without_staff(ward: SmallWard) -> None:
    """Wednesday noon: P-5 is in C, whose staff went; nobody is in A, which is not staffed either."""
    for command in (c.StartCleaning(bed_id=C), c.FinishCleaning(bed_id=C)):
        ward.do(command, hours(51))
    ward.do(c.UpdateBed(bed_id=C, is_staffed=False), hours(52))
    ward.do(c.UpdateBed(bed_id=A, is_staffed=False))
    ward.do(c.BookBed(bed_id=C, patient_ref="P-5", admit=True, override=OVERRIDE))


def close_the_bay(ward: SmallWard) -> None:
    """A, empty and without staff, and B, not clean, take nobody new from Wednesday 20:00 to 2:00."""
    ward.do(c.CloseAdmissions(bed_ids=(A, B), reason_code="norovirus"), hours(60))
    ward.do(c.AddNote(bed_id=B), hours(62))
    ward.do(c.OpenAdmissions(bed_ids=(A, B)), hours(66))


def go_on_leave(ward: SmallWard, kept: str) -> None:
    """P-2 is at home from Thursday 10:00 to Friday 0:30."""
    ward.do(c.GoAway(booking_id=kept, away_as=Away.LEAVE), hours(74))
    ward.do(c.ComeBack(booking_id=kept, away_as=Away.LEAVE), hours(88.5))


def ask(places: Places, sql: str) -> list[dict[str, Any]]:
    return LakeReader(places).ask(sql).to_pylist()


def test_a_discharge_entered_late_counts_from_its_true_time(lived: Places) -> None:
    rows = ask(
        lived,
        f"""SELECT census_at, occupied_count, dirty_count FROM gold.census_hourly
            WHERE ward_id = 'W1' AND census_on = DATE '{MONDAY}' ORDER BY census_at""",
    )
    seen = {row["census_at"]: (row["occupied_count"], row["dirty_count"]) for row in rows}
    expected = {8: (1, 0), 9: (1, 0), 10: (1, 0), 11: (0, 1), 12: (0, 1), 13: (0, 1), 15: (0, 1),
                16: (1, 0)}  # fmt: skip
    for hour, counts in expected.items():
        assert seen[datetime(2026, 3, 2, hour, tzinfo=UTC)] == counts, hour
    [stay] = ask(lived, "SELECT * FROM silver.bed_stays WHERE patient_ref = 'P-1'")
    assert (stay["admitted_at"], stay["ended_at"]) == (hours(0), hours(3))
    [cycle] = ask(lived, f"FROM gold.turnaround WHERE dirty_at = TIMESTAMPTZ '{hours(3)}'")
    assert (cycle["response_minutes"], cycle["turn_minutes"]) == (240, 300)


def test_a_planned_move_is_one_spell_and_no_admission(lived: Places) -> None:
    stays = ask(
        lived,
        """SELECT bed_id, admitted_at, ended_at, spell_id FROM silver.bed_stays
           WHERE patient_ref = 'P-2' ORDER BY admitted_at""",
    )
    assert [(s["bed_id"], s["admitted_at"], s["ended_at"]) for s in stays] == [
        (B, hours(8), hours(11)),
        (D, hours(11), None),
    ]
    assert len({stay["spell_id"] for stay in stays}) == 1
    moves = ask(
        lived,
        f"""SELECT ward_id, admission_count AS a, transfer_in_count AS i, transfer_out_count AS o
            FROM gold.ward_daily WHERE census_on = DATE '{MONDAY}' ORDER BY ward_id""",
    )
    assert [(m["ward_id"], m["a"], m["i"], m["o"]) for m in moves] == [
        ("W1", 4, 0, 1),
        ("W2", 0, 1, 0),
    ]


def test_a_death_counts_when_it_was_and_a_wrong_one_not_at_all(lived: Places) -> None:
    rows = ask(
        lived,
        """SELECT census_on, discharge_count AS d, death_count AS x, case_count AS n,
                  occupied_bed_days AS b
           FROM gold.ward_daily WHERE ward_id = 'W1' ORDER BY census_on""",
    )
    found = {r["census_on"]: (r["d"], r["x"], r["n"], r["b"]) for r in rows}
    tuesday, wednesday = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
    assert found[MONDAY] == (1, 0, 1, 2)  # P-1 home; P-3 and P-4 at midnight
    assert found[tuesday] == (1, 1, 2, 1)  # P-4 home, P-3 dead and still in bed
    assert found[wednesday] == (0, 0, 0, 1)  # P-5
    [stay] = ask(lived, "SELECT disposition FROM silver.bed_stays WHERE patient_ref = 'P-4'")
    assert stay["disposition"] == "home"


def test_a_bed_with_a_patient_is_available_whoever_looks_after_it(lived: Places) -> None:
    [day] = ask(
        lived,
        f"""SELECT available_bed_days AS a, occupied_bed_days AS o FROM gold.ward_daily
            WHERE ward_id = 'W1' AND census_on = DATE '{date(2026, 3, 4)}'""",
    )
    assert (day["a"], day["o"]) == (1, 1)  # C for its patient; not A, and B is closed


def test_a_night_on_leave_is_no_bed_day(lived: Places) -> None:
    days = ask(
        lived,
        """SELECT census_on, available_bed_days AS a, occupied_bed_days AS o, leave_bed_days AS l
           FROM gold.ward_daily WHERE ward_id = 'W2' ORDER BY census_on""",
    )
    assert [(d["a"], d["o"], d["l"]) for d in days] == [
        (1, 1, 0), (1, 1, 0), (1, 1, 0), (0, 0, 1)
    ]  # fmt: skip
    census = ask(
        lived,
        """SELECT census_at, leave_count AS l, occupied_count AS o FROM gold.census_hourly
           WHERE ward_id = 'W2' AND leave_count > 0 ORDER BY census_at""",
    )
    assert [(r["census_at"], r["l"], r["o"]) for r in census] == [
        (hours(hour), 1, 1) for hour in range(74, 89)
    ]


def test_a_bay_closed_to_admissions_is_counted_closed_where_it_is_empty(lived: Places) -> None:
    rows = ask(
        lived,
        """SELECT census_at, closed_to_admissions_count AS shut, closed_count AS closed,
                  closed_to_admissions_empty_count AS empty, dirty_count AS dirty
           FROM gold.census_hourly WHERE ward_id = 'W1'""",
    )
    seen = {r["census_at"]: (r["shut"], r["empty"], r["closed"], r["dirty"]) for r in rows}
    assert seen[hours(59)] == (0, 0, 0, 2)
    assert {seen[hours(hour)] for hour in range(60, 66)} == {(2, 2, 2, 0)}
    assert seen[hours(66)] == (0, 0, 0, 2)
    [at_midnight] = ask(
        lived,
        f"""SELECT sum(closed_count) AS closed FROM gold.room_census
            WHERE room_id = 'W1-101' AND census_at = TIMESTAMPTZ '{hours(64)}'""",
    )
    assert at_midnight["closed"] == 2


def test_nights_of_a_patient_who_could_have_left_are_lost_by_what_was_waited_for(
    lived: Places,
) -> None:
    """P-2, in D from Tuesday 14:00 on for a placement, from Thursday 6:00 on for a care package."""
    rows = ask(lived, "FROM gold.lost_bed_days ORDER BY census_on")
    found = [(r["ward_id"], r["census_on"], r["waits_for"], r["lost_bed_days"]) for r in rows]
    days = [MONDAY + timedelta(days=day) for day in (1, 2, 3)]
    assert found == [
        ("W2", days[0], "placement", 1),
        ("W2", days[1], "placement", 1),
        ("W2", days[2], "care_package", 1),
    ]
    [board] = ask(lived, f"FROM gold.bed_board WHERE bed_id = '{D}'")
    assert board["current_bed_not_needed_since_at"] == hours(30)
    assert board["current_expected_move_count"] == 1


def test_the_median_of_who_has_left_is_said_beside_their_average(lived: Places) -> None:
    """Monday: P-1 for 0 nights. Tuesday: P-4 for 1. Wednesday: P-3, 2 nights in bed."""
    rows = ask(
        lived,
        """SELECT period_on, median_stay_days AS m FROM gold.unit_kpis
           WHERE level = 'hospital' AND period = 'day' ORDER BY period_on""",
    )
    assert [row["m"] for row in rows] == [0, 1, 2, None]
    [week] = ask(
        lived,
        """SELECT median_stay_days AS m FROM gold.unit_kpis
           WHERE level = 'ward' AND unit_id = 'W1' AND period = 'week'""",
    )
    assert week["m"] == 1


def test_all_of_it_is_found_again_in_another_way(lived: Places, monkeypatch) -> None:
    monkeypatch.setattr(verify_lake, "SETTLES_IN", timedelta(0))
    skipped = {"gold.update_terms", "gold.update_phrases", "gold.update_volume"}
    found = [one for one in verify_lake.verify(lived) if one.table_name not in skipped]
    assert [one for one in found if not one.is_equal] == []
    failed = [r for r in check_lake.run(lived) if not r.is_ok]
    assert [(r.check_name, r.examples) for r in failed] == []


def test_a_discharge_of_sunday_entered_on_monday_holds_for_builds_that_begin_on_monday(
    spark: SparkSession, places: Places, monkeypatch
) -> None:
    """P-7 lies in A since Saturday. On Monday at 3:00 the discharge is confirmed; at 9:00 it is known
    that the patient has left on Sunday at 23:00. A build that begins on Tuesday reads from Monday."""
    ward = SmallWard()
    stay = ward.do(c.BookBed(bed_id=A, patient_ref="P-7", admit=True), hours(122))["booking_id"]
    ward.do(c.ConfirmDischarge(booking_id=stay), hours(163))
    ward.clock.set(0.0, hours(169))
    ward.do_at(c.DischargePatient(booking_id=stay, disposition="home"), hours(159))
    ward.do(c.AddNote(bed_id=A), hours(230))
    write_bronze(places, ward.rows)
    board_catches_up(spark, places)
    build(spark, places)
    monday, tuesday = MONDAY + timedelta(days=7), MONDAY + timedelta(days=8)
    [carried] = ask(
        places,
        f"""FROM silver.carried_events
            WHERE carried_on = DATE '{monday}' AND carried_as = 'booking'
              AND event_type = 'patient_discharged'""",
    )
    assert carried["booking_id"] == stay
    build(spark, places, tuesday, tuesday)
    [row] = ask(places, f"FROM silver.bookings WHERE booking_id = '{stay}'")
    assert (row["state"], row["ended_at"]) == ("completed", hours(159))
    monkeypatch.setattr(verify_lake, "SETTLES_IN", timedelta(0))
    skipped = {"gold.update_terms", "gold.update_phrases", "gold.update_volume"}
    found = [one for one in verify_lake.verify(places) if one.table_name not in skipped]
    assert [one for one in found if not one.is_equal] == []


def test_a_table_that_lacks_a_column_of_today_is_built_anew_for_all_dates(
    spark: SparkSession, places: Places
) -> None:
    ward = SmallWard()
    ward.do(c.BookBed(bed_id=A, patient_ref="P-1", admit=True), hours(1))
    ward.do(c.AddNote(bed_id=A), hours(100))
    write_bronze(places, ward.rows)
    board_catches_up(spark, places)
    build(spark, places)
    assert build(spark, places).notes == ["No events since the last build."]
    old = lake.read(spark, places, BED_STAYS).drop("admitted_on").localCheckpoint()
    shutil.rmtree(places.table(BED_STAYS))
    old.write.format("delta").partitionBy("ended_on").save(places.table(BED_STAYS))
    runs = build(spark, places).runs
    assert {(run.from_on, run.to_on) for run in runs} == {(MONDAY, MONDAY + timedelta(days=4))}
    [stay] = ask(places, "SELECT admitted_on FROM silver.bed_stays")
    assert stay["admitted_on"] == MONDAY


def test_a_death_that_was_moved_and_then_was_none_is_counted_on_no_day(
    spark: SparkSession, places: Places
) -> None:
    """P-9 could leave A from Monday on, and left on Thursday at 1:00, as it seemed dead: first since
    then, then since Tuesday at 2:00, at last alive. Each is built before the next is said."""
    ward = SmallWard()
    stay = ward.do(c.BookBed(bed_id=A, patient_ref="P-9", admit=True), hours(1))["booking_id"]
    ward.do(c.ProgressStay(booking_id=stay, expected_at=None, needs_bed=False), hours(2))
    ward.do(c.DischargePatient(booking_id=stay, disposition="died"), hours(65))
    ward.do(c.AddNote(bed_id=A), hours(100))
    told = 0
    for disposition, died_at in ((None, None), ("died", hours(18)), ("home", None)):
        if disposition:
            ward.do(discharge_correction(ward.rows, stay, disposition, died_at))
        write_bronze(places, ward.rows[told:])
        told = len(ward.rows)
        board_catches_up(spark, places)
        build(spark, places)
    [days] = ask(
        places,
        """SELECT sum(death_count) AS died, sum(discharge_count) AS home, sum(case_count) AS cases
           FROM gold.ward_daily""",
    )
    assert (days["died"], days["home"], days["cases"]) == (0, 1, 1)
    [lost] = ask(places, "SELECT sum(lost_bed_days) AS days FROM gold.lost_bed_days")
    assert lost["days"] == 3
