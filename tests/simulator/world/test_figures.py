"""The figures that a run is judged by, each on rows that are counted by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.simulator.world import figures

START = datetime(2026, 1, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


def row(hours: float, event_type: str, **columns: Any) -> figures.Row:
    place = {"ward_id": "W1", "room_id": "W1-1", "room_class": "general"}
    return place | {"occurred_at": START + HOUR * hours, "event_type": event_type} | columns


def bed(hours: float, event_type: str, bed_status: str, bed_id: str = "A", **columns: Any):
    return row(hours, event_type, bed_id=bed_id, bed_status=bed_status, **columns)


def stay(hours: float, event_type: str = "patient_admitted", **columns: Any):
    known = {"patient_ref": "P", "spell_id": "S", "booking_state": "active"}
    return bed(hours, event_type, **({"bed_status": "occupied"} | known | columns))


def left(hours: float, disposition: str = "home", **columns: Any):
    ended = {"booking_state": "completed", "bed_status": "dirty", "disposition": disposition}
    return stay(hours, "patient_discharged", **ended, **columns)


def test_a_closed_bed_is_none_and_a_dirty_one_is() -> None:
    rows = [
        bed(0, "bed_registered", "available"),
        bed(6, "patient_admitted", "occupied"),
        bed(12, "patient_discharged", "dirty"),
        bed(18, "bed_closed", "closed"),
    ]
    assert figures.occupancy(rows, START + 24 * HOUR) == {"W1": 100 * 6 / 18, "all": 100 * 6 / 18}


def test_boarding_is_counted_from_the_first_request_of_an_emergency() -> None:
    asked = {"admission_type": "emergency", "priority": 2}
    rows = [
        row(0, "bed_requested", patient_ref="P", **asked),
        row(1, "bed_requested", patient_ref="P", **asked),
        row(1, "bed_requested", patient_ref="Q", admission_type="elective", priority=3),
        stay(1.5),
        stay(2, patient_ref="Q"),
    ]
    assert figures.boarding(rows) == {2: [90.0]}


def test_intensive_care_is_waited_for_until_the_bed_or_another_hospital() -> None:
    asked = {"admission_type": "emergency", "level_of_care": "intensive"}
    rows = [
        row(0, "bed_requested", patient_ref="P", **asked),
        row(0, "bed_requested", patient_ref="Q", **asked),
        row(0, "bed_requested", patient_ref="R", admission_type="emergency"),
        stay(1.5),
        row(3, "request_withdrawn", patient_ref="Q", **asked),
        stay(4, patient_ref="R"),
    ]
    assert figures.intensive_hours(rows) == [1.5, 3.0]


def test_planned_admissions_come_or_are_put_off_or_turned_away() -> None:
    elective = {"admission_type": "elective", "booking_state": "reserved"}
    rows = [
        row(0, "bed_booked", booking_id=b, starts_at=START + 36 * HOUR, **elective)
        for b in ("A", "B", "C", "D")
    ]
    later = START + 84 * HOUR
    rows += [
        row(19, "booking_changed", booking_id="A", starts_at=later, reason_code="no_bed"),
        row(30, "booking_changed", booking_id="B", starts_at=later, reason_code="no_bed"),
        row(30, "booking_changed", booking_id="C", starts_at=START + 38 * HOUR),
        row(36, "booking_cancelled", booking_id="C", note="No bed yet, patient waits"),
        stay(36, booking_id="D", admission_type="elective"),
    ]
    assert figures.planned(rows, ZoneInfo("UTC")) == (1, 1, 1, 1)


def test_who_needs_isolation_lies_alone_within_four_hours_or_does_not() -> None:
    rooms = [
        bed(0, "bed_registered", "available", "A", room_id="one"),
        bed(0, "bed_registered", "available", "B", room_id="two"),
        bed(0, "bed_registered", "available", "C", room_id="two"),
    ]
    needs = {"need_isolation": True, "bed_status": "isolated"}
    in_time = [
        row(0, "bed_requested", patient_ref="P", need_isolation=True),
        stay(3.9, room_id="one", **needs),
    ]
    assert figures.isolated_in_time(rooms + in_time, START + 9 * HOUR) == [True]
    late = [
        stay(0, "isolation_started", room_id="two", **needs),
        stay(4.1, "patient_transferred", room_id="one", **needs),
    ]
    assert figures.isolated_in_time(rooms + late, START + 9 * HOUR) == [False]
    never = [stay(0, "isolation_started", room_id="two", **needs)]
    assert figures.isolated_in_time(rooms + never, START + 9 * HOUR) == [False]
    assert figures.isolated_in_time(rooms + never, START + 3 * HOUR) == []


def test_others_in_isolation_rooms_are_counted_against_all_days_of_the_rooms() -> None:
    rows = [
        bed(0, "bed_registered", "available", room_class="isolation"),
        bed(12, "patient_admitted", "isolated", room_class="isolation"),
        bed(18, "isolation_ended", "occupied", room_class="isolation"),
    ]
    assert figures.others_in_isolation_rooms(rows, START + 24 * HOUR) == 0.25


def test_who_dies_or_was_in_no_intensive_care_does_not_step_down() -> None:
    rows = [
        stay(0, room_class="icu"),
        stay(9, "patient_transferred"),
        left(20),
        stay(0, room_class="icu", spell_id="T"),
        left(9, "other_hospital", room_class="icu", spell_id="T"),
        stay(0, room_class="icu", spell_id="U"),
        left(9, "died", room_class="icu", spell_id="U"),
        stay(0, spell_id="V"),
        left(9, spell_id="V"),
    ]
    assert figures.stepped_down(rows) == [True, False]


def test_a_fall_is_no_risk_of_one() -> None:
    rows = [
        stay(0),
        stay(1, "note_added", note="Falls risk assessment done, bed rails up"),
        stay(2, "note_added", note="Unwitnessed fall, doctor informed, no injury seen"),
    ]
    assert figures.falls_per_1000_days(rows, START + 240 * HOUR) == 100


def test_an_outlier_is_a_case_of_the_ward_that_was_asked_for() -> None:
    rows = [
        row(0, "bed_requested", patient_ref="P", ward_id="W6"),
        stay(0, ward_id="W1"),
        stay(24, "patient_transferred", ward_id="W6"),
        left(72, "died", ward_id="W6"),
    ]
    cases = figures.cases(rows, START + 96 * HOUR)
    assert (cases.left, cases.died, cases.days) == ({"W6": 1}, {"W6": 1}, {"W6": 3.0})


def test_intensive_care_is_left_for_the_ward_that_is_asked_for_then() -> None:
    rows = [
        row(0, "bed_requested", patient_ref="P", ward_id="W8"),
        stay(0, ward_id="W8", room_class="icu"),
        row(24, "bed_requested", patient_ref="P", ward_id="W1", spell_id="S"),
        stay(24, "patient_transferred", ward_id="W1"),
        left(72, ward_id="W1"),
    ]
    cases = figures.cases(rows, START + 96 * HOUR)
    assert (cases.left, cases.days) == ({"W8": 1, "W1": 1}, {"W8": 1.0, "W1": 2.0})


def test_an_outliers_days_are_counted_against_all_days_in_bed() -> None:
    is_of = {"specialty": "cardiology"}
    rows = [
        bed(0, "patient_admitted", "occupied", **is_of),
        bed(12, "booking_changed", "occupied", current_need_specialty="urology", **is_of),
        bed(18, "patient_discharged", "dirty", **is_of),
    ]
    assert figures.outlier_share(rows, START + 24 * HOUR) == 6 / 18


def test_the_dead_are_no_discharges_before_noon() -> None:
    rows = [left(11), left(13), left(3, "died")]
    assert figures.before_noon(rows, ZoneInfo("UTC")) == 0.5


def test_a_note_contradicts_its_bed_where_what_it_says_is_not_so() -> None:
    said = "Precautions explained to the family"
    rows = [
        stay(0, "note_added", note=said, bed_status="isolated"),
        stay(0, "note_added", note=said),
        bed(0, "note_added", "dirty", note="Observations stable"),
        stay(0, "note_added", note="Play specialist visited", current_age_group="older"),
    ]
    assert [note for _, note in figures.contradictions(rows)] == [
        said,
        "Observations stable",
        "Play specialist visited",
    ]


def test_nothing_is_written_of_who_has_died_before_it_is_entered() -> None:
    said = "Syringe driver checked, patient comfortable"
    rows = [
        stay(1, "note_added", note=said, current_patient_ref="P"),
        stay(3, "note_added", note=said, current_patient_ref="P"),
        left(4, "died", died_at=START + 2 * HOUR, note="Patient died, family informed"),
    ]
    assert figures.contradictions(rows) == [("A", said)]


def test_in_the_lounge_is_waited_for_what_the_patient_waits_for() -> None:
    said = "To the discharge lounge, waits for medicines"
    home = "Left the discharge lounge for home"
    rows = [
        left(1, to_lounge=True, waits_for="medicines", note=said),
        left(2, to_lounge=True, waits_for="placement", note=said, spell_id="T"),
        row(3, "lounge_left", spell_id="S", note=home),
        row(4, "lounge_left", spell_id="T", note=home),
    ]
    assert figures.contradictions(rows) == [("A", said), ("lounge", home)]


def test_a_text_is_untimely_at_an_hour_or_on_a_day_at_which_it_does_not_happen() -> None:
    said = "Discharge confirmed on ward round"
    rows = [stay(hours, "discharge_confirmed", note=said) for hours in (3, 9, 15)]
    rows += [stay(hours, "note_added", note="Asleep at each round") for hours in (2, 9, 23)]
    rows += [stay(9 + 24 * day, "note_added", note="Play specialist visited") for day in (4, 5)]
    assert figures.untimely(rows, ZoneInfo("UTC")) == [
        (3, said),
        (15, said),
        (9, "Asleep at each round"),
        (9, "Play specialist visited"),
    ]


def test_who_was_ventilated_does_not_eat_so_soon_nor_sleep_all_night_who_has_just_come() -> None:
    note = {"event_type": "note_added", "current_patient_ref": "P"}
    rows = [
        stay(0),
        stay(2, **note, note="Asleep at each round"),
        stay(4, **note, note="Asleep at each round"),
        stay(5, **note, note="Ventilated, sedation reviewed"),
        stay(9, patient_ref="Q"),
        stay(9, patient_ref="Q", note="Reviewed on the round, ward care will do"),
        stay(16, **note, note="Eating and drinking well"),
        stay(18, **note, note="Eating and drinking well"),
    ]
    found = [
        ("P", "Asleep at each round"),
        ("Q", "Reviewed on the round, ward care will do"),
        ("P", "Eating and drinking well"),
    ]
    assert figures.too_well(rows) == found


def test_a_discharge_goes_where_its_note_says() -> None:
    rows = [
        left(1, "home", note="Discharged to a care home"),
        left(2, "other", note="Discharged to a care home"),
        left(3, "home", note="Discharged home, letter sent"),
        left(4, "other_hospital", note="Transferred to another hospital", waits_for="care_package"),
        left(5, "home", note="To the discharge lounge", waits_for="placement"),
    ]
    assert figures.elsewhere(rows) == [
        ("home", "Discharged to a care home"),
        ("other_hospital", "Transferred to another hospital"),
        ("home", "To the discharge lounge"),
    ]


def test_a_newborn_does_not_fall() -> None:
    fall = "Fall, slid from the chair, no injury, neurological observations started"
    ages = ("neonate", "child")
    rows = [stay(1, "note_added", note=fall, current_age_group=age) for age in ages]
    assert figures.contradictions(rows) == [("A", fall)]


def test_a_bed_stands_idle_only_if_it_is_the_same_one_for_four_hours() -> None:
    rows = [row(0, "bed_requested", bed_request_id=request) for request in ("R1", "R2")]
    same = [{("R1", "A")}] * 5
    other = [{("R2", "A")}] * 4 + [{("R2", "B")}]
    assert figures.idle_share(rows, same) == 0.5
    assert figures.idle_share(rows, other) == 0.0
