"""breaches: who lay where a rule of the ward is broken, from when to when, and what explains it."""

from datetime import UTC, date, datetime
from itertools import count
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from flows.transforms.bed_states import bed_states
from flows.transforms.bed_status_spans import bed_status_spans
from flows.transforms.beds import beds
from flows.transforms.breaches import breach_spans, breaches
from flows.transforms.carried_events import carried_events
from lake.tables import BED_STATUS_SPANS, BEDS, BREACHES, CARRIED_EVENTS
from tests.flows.bed_log import Row, compared_again, event, rows_of, silver_of, text_table

NAMES = {
    "at": "occurred_at",
    "bed": "bed_id",
    "stay": "current_stay_id",
    "sex": "current_rooms_with",
    "right": "current_single_sex_from_at",
    "with": "current_placed_with_patient_ref",
    "isolation": "current_isolation_kind",
    "infection": "current_infection",
    "contacts": "current_contact_of",
    "not_taken": "current_not_taken_as",
    "leave": "leave_since_at",
    "cot": "is_cot",
    "undoes": "corrects_event_id",
    "booking": "booking_id",
    "state": "booking_state",
    "rules": "override_rule",
    "why": "override_reason_code",
}
NOW = datetime(2026, 1, 31, tzinfo=UTC)

CASES = {
    "alone": """
        at          | bed | stay | sex
        01-05T08:00 | A   | s1   | female
    """,
    "one_sex": """
        at          | bed | stay | sex
        01-05T08:00 | A   | s1   | female
        01-05T09:00 | B   | s2   | female
    """,
    "two_sexes": """
        at          | bed | stay | sex
        01-05T08:00 | A   | s1   | female
        01-05T09:00 | B   | s2   | male
        01-05T10:00 | A   | s1   | female
        01-06T11:00 | A   | -    | -
        01-06T12:00 | A   | s3   | female
    """,
    "two_unknowns": """
        at          | bed | stay
        01-05T08:00 | A   | s1
        01-05T09:00 | B   | s2
        01-05T10:00 | A   | -
    """,
    "named": """
        at          | bed | stay | sex    | with
        01-05T08:00 | A   | s1   | female | P-S2
        01-05T09:00 | B   | s2   | male   | -
        01-05T09:00 | C   | s3   | female | -
        01-05T10:00 | B   | -    | -      | -
    """,
    "named_alone": """
        at          | bed | stay | sex    | with
        01-05T08:00 | A   | s1   | female | P-S2
        01-05T09:00 | B   | s2   | male   | -
    """,
    "cot": """
        at          | bed | stay | sex    | cot | right
        01-05T08:00 | A   | s1   | female | no  | 01-05T08:00
        01-05T09:00 | B   | s2   | male   | yes | -
    """,
    "intensive": """
        at          | bed | stay | sex    | right
        01-05T08:00 | A   | s1   | female | -
        01-05T08:00 | B   | s2   | male   | -
        01-05T10:00 | A   | s1   | female | 01-05T14:00
        01-05T16:00 | B   | -    | -      | -
    """,
    "right_to_come": """
        at          | bed | stay | sex    | right
        01-05T08:00 | A   | s1   | female | 02-05T08:00
        01-05T08:00 | B   | s2   | male   | -
    """,
    "on_leave": """
        at          | bed | stay | sex    | leave       | not_taken
        01-05T08:00 | A   | s1   | female | -           | sex
        01-05T08:00 | B   | s2   | male   | -           | -
        01-05T10:00 | A   | s1   | female | 01-05T10:00 | sex
        01-05T14:00 | A   | s1   | female | -           | sex
        01-05T15:00 | A   | -    | -      | -           | -
    """,
    "late": """
        at          | bed | stay | sex
        01-05T08:00 | A   | s1   | female
        01-05T09:00 | B   | s2   | male
        01-05T12:00 | A   | s1   | female
        01-05T11:00 | A   | -    | -
    """,
    "transfer": """
        at          | bed | stay | sex    | room
        01-05T08:00 | A   | s1   | female | 1
        01-05T09:00 | B   | s2   | male   | 1
        01-05T12:00 | B   | -    | -      | 1
        01-05T12:00 | C   | s3   | male   | 2
    """,
    "protective": """
        at          | bed | stay | sex    | isolation
        01-05T08:00 | A   | s1   | female | -
        01-05T09:00 | B   | s2   | female | protective
        01-05T10:00 | B   | s2   | female | -
    """,
    "same_organism": """
        at          | bed | stay | sex    | isolation | infection
        01-05T08:00 | A   | s1   | female | source    | mrsa
        01-05T09:00 | B   | s2   | female | source    | mrsa
    """,
    "not_named": """
        at          | bed | stay | sex    | isolation | infection
        01-05T08:00 | A   | s1   | female | source    | spell p1
        01-05T09:00 | B   | s2   | female | source    | spell p2
        01-05T10:00 | B   | -    | -      | -         | -
    """,
    "two_rooms": """
        at          | bed | stay | sex    | room | isolation | infection
        01-05T08:00 | A   | s1   | female | 1    | source    | mrsa
        01-05T08:00 | B   | s2   | female | 1    | source    | mrsa
        01-05T08:00 | C   | s3   | male   | 2    | source    | noro
        01-05T08:00 | D   | s4   | male   | 2    | source    | noro
    """,
    "exposed_alone": """
        at          | bed | stay | sex    | contacts
        01-05T08:00 | A   | s1   | female | flu
        01-05T09:00 | B   | s2   | female | -
        01-05T10:00 | B   | s2   | female | flu
    """,
    "exposed": """
        at          | bed | stay | sex    | isolation | infection | contacts
        01-05T08:00 | A   | s1   | female | source    | noro      | -
        01-05T08:00 | B   | s2   | female | -         | -         | noro
        01-05T09:00 | C   | s3   | female | -         | -         | flu,noro
        01-05T10:00 | A   | -    | -      | -         | -         | -
        01-05T11:00 | C   | s3   | female | -         | -         | noro
    """,
    "not_taken": """
        at          | bed | stay | not_taken
        01-05T08:00 | A   | s1   | level_of_care
        01-05T09:00 | A   | s1   | age_group,level_of_care
        01-05T10:00 | A   | s1   | age_group,sex
        01-05T11:00 | A   | s1   | sex
        01-05T12:00 | A   | s1   | -
    """,
    "never_was": """
        seq | at          | bed | stay | sex    | undoes
        901 | 01-05T08:00 | A   | s1   | female | -
        902 | 01-05T09:00 | B   | -    | -      | -
        903 | 01-05T10:00 | B   | s2   | male   | -
        904 | 01-05T11:00 | B   | s2   | male   | -
        905 | 01-05T12:00 | B   | -    | -      | 00000000-0903
    """,
    "discharge_undone": """
        seq | at          | bed | stay | sex    | undoes
        911 | 01-05T08:00 | A   | s1   | female | -
        912 | 01-05T09:00 | B   | s2   | male   | -
        913 | 01-05T10:00 | B   | -    | -      | -
        914 | 01-05T12:00 | B   | s2   | male   | 00000000-0913
        915 | 01-05T14:00 | B   | -    | -      | -
    """,
    "overridden": """
        at          | bed | stay | sex    | booking | rules                    | why
        01-05T08:00 | A   | s1   | female | b-s1    | bed_not_clean            | other
        01-05T09:00 | B   | s2   | male   | b-s2    | mixed_sex,bed_not_clean  | no_other_bed
        01-05T10:00 | A   | s1   | female | b-s1    | mixed_sex                | other
        01-05T11:00 | C   | s3   | male   | b-s3    | -                        | -
        01-05T12:00 | B   | -    | -      | -       | -                        | -
        01-05T13:00 | C   | s3   | male   | b-s2    | mixed_sex                | other
    """,
    "overridden_too_late": """
        at          | bed | stay | sex    | booking | rules     | why
        01-05T08:00 | A   | s1   | female | -       | -         | -
        01-05T09:00 | B   | s2   | male   | -       | -         | -
        01-05T10:00 | B   | -    | -      | -       | -         | -
        01-05T10:00 | D   | -    | -      | b-s2    | mixed_sex | other
    """,
    "overridden_otherwise": """
        at          | bed | stay | not_taken     | booking | rules             | why
        01-05T08:00 | A   | s1   | level_of_care | b-s1    | not_taken_by_ward | other
        01-05T08:00 | B   | s2   | sex           | b-s2    | isolation_needed  | other
    """,
}


OVER_MONDAYS = """
    at          | bed | stay | sex    | room | booking | state     | rules             | why
    01-05T08:00 | A   | s1   | female | 1    | -       | -         | -                 | -
    01-06T08:00 | B   | s2   | male   | 1    | b-s2    | active    | mixed_sex         | no_other_bed
    01-07T08:00 | C   | s3   | male   | 1    | -       | -         | -                 | -
    01-08T08:00 | B   | -    | -      | 1    | b-s2    | completed | -                 | -
    01-06T08:00 | D   | -    | -      | 2    | b-s4    | reserved  | -                 | -
    01-07T08:00 | D   | s4   | female | 2    | b-s4    | active    | mixed_sex         | patient_safety
    01-08T08:00 | D   | s4   | female | 2    | b-s4    | active    | -                 | -
    01-09T08:00 | G   | s7   | female | 3    | -       | -         | -                 | -
    01-10T08:00 | H   | s8   | male   | 3    | -       | -         | -                 | -
    01-12T00:00 | H   | -    | -      | 3    | -       | -         | -                 | -
    01-12T00:00 | J   | s9   | male   | 3    | b-s9    | active    | mixed_sex         | other
    01-14T08:00 | E   | s5   | male   | 2    | -       | -         | -                 | -
    01-16T08:00 | C   | s3   | male   | 1    | b-s3    | active    | mixed_sex         | other
    01-20T08:00 | A   | -    | -      | 1    | -       | -         | -                 | -
    01-21T08:00 | E   | s5   | male   | 2    | -       | -         | -                 | -
"""
MONDAYS = (date(2026, 1, 12), date(2026, 1, 19))


def lain(cases: dict[str, str]) -> list[Row]:
    """Events of text tables, each a hospital of its own; who is in a bed has a booking and a
    reference by the stay, and, where nothing else is said, a right to a room of one sex."""
    numbers = count(1)
    return [
        _event(case, next(numbers), row)
        for case, text in cases.items()
        for row in text_table(_with_names(text))
    ]


def _with_names(text: str) -> str:
    header, *rows = text.strip().splitlines()
    names = (NAMES.get(cell.strip(), cell.strip()) for cell in header.split("|"))
    return "\n".join((" | ".join(names), *rows))


def _event(case: str, number: int, row: Row) -> Row:
    stay, room = row.get("current_stay_id"), row.pop("room", "1")
    row |= {"room_id": f"{case}-{room}", "bed_id": f"{case}-{row['bed_id']}"}
    if stay:
        row |= {"current_booking_id": f"b-{stay}", "current_patient_ref": f"P-{stay.upper()}"}
        row.setdefault("current_single_sex_from_at", datetime(2026, 1, 1, tzinfo=UTC))
    status = "occupied" if stay else "available"
    return event(
        row.pop("seq", number),
        **({"hospital_id": case, "bed_status": status, "schema_version": 2} | row),
    )


@pytest.fixture(scope="module")
def events(spark: SparkSession) -> DataFrame:
    return silver_of(spark, lain(CASES))


@pytest.fixture(scope="module")
def built(events: DataFrame) -> DataFrame:
    return breaches(breach_spans(events, bed_states(events), until=NOW)).localCheckpoint()


@pytest.fixture(scope="module")
def found(built: DataFrame) -> dict[str, list[tuple[Any, ...]]]:
    columns = ("hospital_id", "stay_id", "breach", "from_at", "until_at", "override_reason_code")
    cases: dict[str, list[tuple[Any, ...]]] = {case: [] for case in CASES}
    for case, stay, breach, from_at, until_at, code in rows_of(built, *columns):
        clock = (at and at.removeprefix("01-05T") for at in (from_at, until_at))
        cases[case].append((stay, breach, *clock, *([code] if code else [])))
    return cases


def test_who_is_alone_or_with_their_own_sex_breaks_nothing(found) -> None:
    assert found["alone"] == found["one_sex"] == found["two_rooms"] == []


def test_two_sexes_are_a_breach_of_each_while_both_are_there(found) -> None:
    assert found["two_sexes"] == [
        ("s1", "mixed_sex", "09:00", "01-06T11:00"),
        ("s2", "mixed_sex", "09:00", "01-06T11:00"),
        ("s2", "mixed_sex", "01-06T12:00", None),
        ("s3", "mixed_sex", "01-06T12:00", None),
    ]


def test_two_of_whom_nothing_is_said_break_it_too(found) -> None:
    assert found["two_unknowns"] == [
        ("s1", "mixed_sex", "09:00", "10:00"),
        ("s2", "mixed_sex", "09:00", "10:00"),
    ]


def test_who_names_the_other_shares_with_them_and_with_nobody_else(found) -> None:
    assert found["named_alone"] == []
    assert found["named"] == [
        ("s2", "mixed_sex", "09:00", "10:00"),
        ("s3", "mixed_sex", "09:00", "10:00"),
    ]


def test_a_newborn_in_a_cot_is_no_breach_and_affected_by_none(found) -> None:
    assert found["cot"] == []


def test_each_is_affected_by_their_own_right_and_from_then_on(found) -> None:
    assert found["intensive"] == [("s1", "mixed_sex", "14:00", "16:00")]
    assert found["right_to_come"] == []


def test_on_leave_a_patient_shares_no_room_and_is_not_affected(found) -> None:
    assert found["on_leave"] == [
        ("s1", "mixed_sex", "08:00", "10:00"),
        ("s1", "mixed_sex", "14:00", "15:00"),
        ("s1", "not_taken_by_ward", "08:00", "10:00"),
        ("s1", "not_taken_by_ward", "14:00", "15:00"),
        ("s2", "mixed_sex", "08:00", "10:00"),
        ("s2", "mixed_sex", "14:00", "15:00"),
    ]


def test_what_is_entered_late_ends_it_at_its_true_time(found) -> None:
    assert found["late"] == [
        ("s1", "mixed_sex", "09:00", "11:00"),
        ("s2", "mixed_sex", "09:00", "11:00"),
    ]


def test_a_transfer_ends_it(found) -> None:
    assert found["transfer"] == [
        ("s1", "mixed_sex", "09:00", "12:00"),
        ("s2", "mixed_sex", "09:00", "12:00"),
    ]


def test_who_is_protected_shares_with_nobody(found) -> None:
    assert found["protective"] == [
        ("s1", "isolation", "09:00", "10:00"),
        ("s2", "isolation", "09:00", "10:00"),
    ]


def test_those_with_one_organism_share_and_those_with_unnamed_ones_do_not(found) -> None:
    assert found["same_organism"] == []
    assert found["not_named"] == [
        ("s1", "isolation", "09:00", "10:00"),
        ("s2", "isolation", "09:00", "10:00"),
    ]


def test_who_was_exposed_shares_with_the_source_and_with_those_exposed_to_the_same(found) -> None:
    """s2 may lie with s1; s3 with neither, who was exposed to more, until 11:00."""
    assert found["exposed_alone"] == [
        ("s1", "isolation", "09:00", "10:00"),
        ("s2", "isolation", "09:00", "10:00"),
    ]
    assert found["exposed"] == [
        ("s1", "isolation", "09:00", "10:00"),
        ("s2", "isolation", "09:00", "11:00"),
        ("s3", "isolation", "09:00", "11:00"),
    ]


def test_what_the_ward_does_not_take_is_a_breach_and_the_level_of_care_one_of_its_own(
    found,
) -> None:
    assert found["not_taken"] == [
        ("s1", "level_of_care", "08:00", "10:00"),
        ("s1", "not_taken_by_ward", "09:00", "12:00"),
    ]


def test_a_breach_by_an_admission_that_was_cancelled_never_was(found) -> None:
    assert found["never_was"] == []


def test_a_breach_goes_on_through_a_discharge_that_was_cancelled(found) -> None:
    assert found["discharge_undone"] == [
        ("s1", "mixed_sex", "09:00", "14:00"),
        ("s2", "mixed_sex", "09:00", "14:00"),
    ]


def test_the_first_override_of_either_patient_explains_it(found) -> None:
    """Of s3 and of s1 with s3 too: s1's own came at 10:00, and counts for s3 from 11:00 on."""
    assert found["overridden"] == [
        ("s1", "mixed_sex", "09:00", None, "no_other_bed"),
        ("s2", "mixed_sex", "09:00", "12:00", "no_other_bed"),
        ("s3", "mixed_sex", "11:00", None, "other"),
    ]


def test_an_override_of_afterwards_or_of_another_rule_explains_nothing(found) -> None:
    assert found["overridden_too_late"] == [
        ("s1", "mixed_sex", "09:00", "10:00"),
        ("s2", "mixed_sex", "09:00", "10:00"),
    ]
    assert found["overridden_otherwise"] == [
        ("s1", "level_of_care", "08:00", None, "other"),
        ("s1", "mixed_sex", "08:00", None),
        ("s2", "mixed_sex", "08:00", None),
        ("s2", "not_taken_by_ward", "08:00", None),
    ]


def test_a_row_says_who_and_where_and_on_which_date_it_ended(built: DataFrame) -> None:
    rows = built.where("hospital_id = 'two_sexes' AND ended_on IS NOT NULL")
    assert rows_of(rows, "patient_ref", "ward_id", "room_id", "bed_id", "ended_on") == [
        ("P-S1", "A", "two_sexes-1", "two_sexes-A", "01-06"),
        ("P-S2", "A", "two_sexes-1", "two_sexes-B", "01-06"),
    ]


def test_they_are_counted_again_in_another_way(events: DataFrame, built: DataFrame) -> None:
    [compared] = compared_again(events, (BREACHES, built))
    assert compared.first == []
    assert compared.row_count == built.count()


def test_what_lasts_over_mondays_is_carried_and_begins_when_it_did(spark: SparkSession) -> None:
    """s1 with s2, who is gone on the first Monday, and with s3; s5 comes to s4 after it; s7 has s8
    until that midnight and s9 from then on. From each Monday on the log gives what all of it does.
    """
    events = silver_of(spark, lain({"snr": OVER_MONDAYS}))
    whole, carried = _built(events)
    since, carried_again = _built(_read_from(MONDAYS[0], events, carried))
    last, _ = _built(_read_from(MONDAYS[1], events, carried_again))

    columns = ("stay_id", "from_at", "until_at", "override_reason_code")
    expected = [
        ("s1", "01-06T08:00", "01-20T08:00", "no_other_bed"),
        ("s2", "01-06T08:00", "01-08T08:00", "no_other_bed"),
        ("s3", "01-07T08:00", "01-20T08:00", "other"),
        ("s4", "01-14T08:00", None, "patient_safety"),
        ("s5", "01-14T08:00", None, "patient_safety"),
        ("s7", "01-10T08:00", None, "other"),
        ("s8", "01-10T08:00", "01-12T00:00", None),
        ("s9", "01-12T00:00", None, "other"),
    ]
    assert rows_of(whole, *columns) == expected
    assert rows_of(since, *columns) == [row for row in expected if row[0] != "s2"]
    assert rows_of(last, *columns) == [row for row in expected if row[0] not in ("s2", "s8")]
    states = bed_states(events)
    made = (BEDS, beds(states)), (BED_STATUS_SPANS, bed_status_spans(states)), (BREACHES, whole)
    again = compared_again(events, *made, (CARRIED_EVENTS, carried))
    assert [line for one in again for line in one.first] == []
    second = F.col("carried_on") == F.lit(MONDAYS[1])
    of_both = (rows_of(one.where(second), *carried.columns) for one in (carried, carried_again))
    assert next(of_both) == next(of_both)
    breaks = carried_again.where(second & (F.col("carried_as") == "breach"))
    assert rows_of(breaks, "stay_id", "breach_from_at", "breach_until_at", "seq") == [
        ("s1", "01-06T08:00", "01-19T00:00", 2),
        ("s3", "01-07T08:00", "01-19T00:00", 13),
        ("s4", "01-14T08:00", "01-19T00:00", 6),
        ("s5", "01-14T08:00", "01-19T00:00", 6),
        ("s7", "01-10T08:00", "01-19T00:00", 11),
        ("s9", "01-12T00:00", "01-19T00:00", 11),
    ]


def _built(events: DataFrame) -> tuple[DataFrame, DataFrame]:
    states = bed_states(events).localCheckpoint()
    spans = breach_spans(events, states, until=NOW).localCheckpoint()
    carried = carried_events(events, states, spans, until_on=date(2026, 1, 22))
    return breaches(spans), carried.localCheckpoint()


def _read_from(monday: date, events: DataFrame, carried: DataFrame) -> DataFrame:
    """What a build reads that begins with this Monday."""
    rows = carried.where(F.col("carried_on") == F.lit(monday)).drop("carried_on")
    since = events.where(F.col("occurred_on") >= F.lit(monday)).select(*rows.columns)
    return since.unionByName(rows).localCheckpoint()
