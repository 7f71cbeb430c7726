"""What breaks a rule of the ward: on the live board, and by day."""

from datetime import UTC, date, datetime
from typing import Any

from lake.duck import LakeReader
from lake.places import Places
from lake.tables import BED_BOARD, BED_EVENTS, BREACHES, CENSUS_HOURLY
from tests.lake.lake_rows import write


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 1, day, hour, minute, tzinfo=UTC)


def lies(bed: str, stay: str, admitted: datetime, **columns: Any) -> dict[str, Any]:
    """In a bed of the room that its name begins with; a right to one sex since the admission."""
    return {
        "bed_id": bed,
        "room_id": bed[0],
        "ward_id": "A",
        "seq": 1,
        "last_event_type": "note_added",
        "occurred_at": at(5, 12),
        "current_stay_id": stay,
        "current_patient_ref": stay.upper(),
        "admitted_at": admitted,
        "current_single_sex_from_at": admitted,
    } | columns


def ask(places: Places, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in LakeReader(places).ask(sql).to_pylist()]


SHOWN = "SELECT bed_id, breach, from_at FROM {} ORDER BY bed_id, breach"


def test_the_live_board_shows_what_is_broken_and_since_when(places: Places) -> None:
    female, male = {"current_rooms_with": "female"}, {"current_rooms_with": "male"}
    noro = {"current_isolation_kind": "source", "current_infection": "noro"}
    rows = [
        lies("1-A", "s1", at(5, 8), **female),
        lies("1-B", "s2", at(5, 9), **male, current_single_sex_from_at=at(5, 13)),
        lies("1-C", "s3", at(5, 10), **male, leave_since_at=at(5, 11)),
        lies("2-A", "s4", at(5, 8), **female, current_placed_with_patient_ref="S5"),
        lies("2-B", "s5", at(5, 9), **male),
        lies("3-A", "s6", at(5, 8), **female, **noro),
        lies("3-B", "s7", at(5, 9), **female, current_contact_of=["noro"]),
        lies("3-C", "s8", at(5, 10), **female, current_contact_of=["flu"]),
        lies("4-A", "s9", at(5, 8), current_not_taken_as=["age_group", "level_of_care"]),
    ]
    write(places, BED_BOARD, rows)
    expected = [
        ("1-A", "mixed_sex", at(5, 9)),
        ("3-A", "isolation", at(5, 10)),
        ("3-B", "isolation", at(5, 10)),
        ("3-C", "isolation", at(5, 10)),
        ("4-A", "level_of_care", at(5, 8)),
        ("4-A", "not_taken_by_ward", at(5, 8)),
    ]
    assert ask(places, SHOWN.format("live_breaches")) == expected
    an_hour_later = "breaches_at(TIMESTAMPTZ '2026-01-05 13:00:00+00')"
    second = ("1-B", "mixed_sex", at(5, 13))
    assert ask(places, SHOWN.format(an_hour_later)) == [expected[0], second, *expected[1:]]


def test_it_does_not_wait_for_the_stream(places: Places) -> None:
    write(places, BED_BOARD, [lies("1-A", "s1", at(5, 8)), lies("1-B", "s2", at(5, 9))])
    left = lies("1-B", "s2", at(5, 9)) | {"current_stay_id": None, "seq": 2}
    assert len(ask(places, "FROM live_breaches")) == 2
    write(places, BED_EVENTS, [left | {"event_type": "patient_discharged", "schema_version": 2}])
    assert ask(places, "FROM live_breaches") == []


def test_a_day_counts_each_patient_once_and_who_is_always_explained(places: Places) -> None:
    """The log begins at 8:30. P1 twice on Monday, once without an override; P2 until midnight; P3
    from Tuesday on; on Wednesday the census has come to 1:00."""

    def breach(patient: str, from_at: datetime, until_at: datetime | None, override: str | None):
        row = {"stay_id": patient, "patient_ref": patient, "ward_id": "A", "breach": "mixed_sex"}
        return row | {"from_at": from_at, "until_at": until_at, "override_event_id": override}

    hours = [at(5, hour) for hour in range(9, 24)] + [at(6, hour) for hour in range(24)]
    hours += [at(7, 0), at(7, 1)]
    census = [
        {"ward_id": ward, "census_at": hour, "census_on": hour.date()}
        for hour in hours
        for ward in ("A", "B")
    ]
    write(places, CENSUS_HOURLY, census)
    write(places, BREACHES, [
        breach("P1", at(5, 8, 35), at(5, 8, 50), "e1"),
        breach("P1", at(5, 20), at(5, 21), None),
        breach("P2", at(5, 20), at(6, 0), "e1"),
        breach("P3", at(6, 10), None, "e2"),
    ])  # fmt: skip
    days = "SELECT census_on, ward_id, breach, patient_count, explained_count FROM gold.breach_days"
    assert ask(places, f"{days} ORDER BY census_on") == [
        (date(2026, 1, 5), "A", "mixed_sex", 2, 1),
        (date(2026, 1, 6), "A", "mixed_sex", 1, 1),
        (date(2026, 1, 7), "A", "mixed_sex", 1, 1),
    ]
