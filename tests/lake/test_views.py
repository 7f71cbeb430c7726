"""The views that add up and divide: published rows, roll-ups, overrides, rising terms."""

import shutil
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

import duckdb
import pytest

from lake.duck import LakeReader, init_script
from lake.places import Places
from lake.tables import (
    BED_BOARD,
    BED_STATUS_SPANS,
    BED_STAYS,
    BEDS,
    CENSUS_HOURLY,
    ROOM_DAILY,
    SILVER_BED_EVENTS,
    UPDATE_TERMS,
    UPDATE_VOLUME,
    WARD_DAILY,
)
from tests.delta_extension import delta_extension
from tests.lake.lake_rows import write

FIRST = date(2025, 1, 1)
COUNTS = [column for column in WARD_DAILY.column_names if column.endswith(("_count", "_days"))]

PUBLISHED = {  # StatsWales, NHS beds by specialty: % occupancy, ALOS, turnover interval, use factor
    "all": (82.8, 7.8, 1.6, 38.6),
    "general_medicine": (93.4, 8.1, 0.6, 42.3),
    "general_surgery": (81.5, 5.2, 1.2, 57.3),
    "trauma_orthopaedics": (83.9, 6.9, 1.3, 44.5),
    "urology": (76.2, 3.7, 1.2, 75.4),
    "gastroenterology": (84.9, 7.4, 1.3, 41.6),
    "rehabilitation": (95.3, 40.8, 2.0, 8.5),
}


@lru_cache(maxsize=1)
def reader(places: Places) -> LakeReader:
    """One for all questions to a lake: to make all views takes longer than to ask one of them."""
    return LakeReader(places)


def ask(places: Places, sql: str) -> list[dict[str, Any]]:
    return reader(places).ask(sql).to_pylist()


def daily(
    ward_id: str, on: date, available: int, occupied: int, cases: int, **more: Any
) -> dict[str, Any]:
    zeros = dict.fromkeys(COUNTS, 0)
    return zeros | {
        "ward_id": ward_id, "census_on": on, "available_bed_days": available,
        "occupied_bed_days": occupied, "case_count": cases, "discharge_count": cases,
    } | more  # fmt: skip


def year(ward_id: str, occupancy_percent: float, use_factor: float) -> list[dict[str, Any]]:
    """10,000 beds for 365 days, so that both inputs are whole numbers of beds and of cases."""
    cases = round(use_factor * 10_000)
    return [
        daily(ward_id, FIRST + timedelta(days=nth), 10_000, round(occupancy_percent * 100),
              cases // 365 + (nth < cases % 365))
        for nth in range(365)
    ]  # fmt: skip


@pytest.mark.parametrize("specialty", PUBLISHED)
def test_published_lengths_of_stay_come_out_of_their_published_inputs(
    places: Places, specialty: str
) -> None:
    """The inputs are rounded to 0.1, so they allow an interval; the published value lies in it."""
    occupancy, alos, turnover, use_factor = PUBLISHED[specialty]
    half = 0.05
    rows = year("published", occupancy, use_factor)
    rows += year("shortest", occupancy - half, use_factor + half)
    rows += year("longest", occupancy + half, use_factor - half)
    rows += year("tightest", occupancy + half, use_factor + half)
    rows += year("loosest", occupancy - half, use_factor - half)
    write(places, WARD_DAILY, rows)

    wards = {
        row["ward_id"]: row
        for row in ask(places, "SELECT * FROM gold.ward_kpis WHERE period = 'year'")
    }

    published = wards["published"]
    assert published["day_count"] == 365
    assert published["occupancy_percent"] == pytest.approx(occupancy)
    assert published["bed_use_factor"] == pytest.approx(use_factor)
    shortest, longest = (wards[ward]["alos_days"] for ward in ("shortest", "longest"))
    assert shortest - half <= alos <= longest + half
    tightest, loosest = (wards[w]["turnover_interval_days"] for w in ("tightest", "loosest"))
    assert tightest - half <= turnover <= loosest + half
    assert longest - shortest < 0.6  # an interval that means something


def test_ratios_come_from_sums_and_no_cases_give_none(places: Places) -> None:
    """Two beds for two days, 3 of 4 bed-days used, 2 cases: by hand 1.5, 0.5 and 2 / 2 = 1."""
    write(
        places,
        WARD_DAILY,
        [
            daily("A", FIRST, 2, 2, 2),
            daily("A", FIRST + timedelta(days=1), 2, 1, 0),
            daily("B", FIRST, 0, 0, 0),
        ],
    )

    [a] = ask(places, "SELECT * FROM gold.ward_kpis WHERE ward_id = 'A' AND period = 'month'")
    assert (a["day_count"], a["occupancy_percent"], a["alos_days"]) == (2, 75.0, 1.5)
    assert (a["turnover_interval_days"], a["bed_use_factor"]) == (0.5, 1.0)
    [second] = ask(
        places,
        "SELECT * FROM gold.ward_kpis WHERE period = 'day' AND period_on = DATE '2025-01-02'",
    )
    assert (second["occupancy_percent"], second["alos_days"], second["bed_use_factor"]) == (
        *(50.0, None, 0.0),
    )
    [b] = ask(places, "SELECT * FROM gold.ward_kpis WHERE ward_id = 'B' AND period = 'day'")
    assert b["occupancy_percent"] is b["alos_days"] is b["bed_use_factor"] is None


@pytest.fixture(scope="module")
def two_months(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """Three rooms in two wards of two specialties over 60 days, no two days alike. For those who
    only ask."""
    home = tmp_path_factory.mktemp("two_months")
    places = Places(home, str(home / "lake"))
    rooms = [("A", "A-1"), ("A", "A-2"), ("B", "B-1")]
    rows = []
    for nth in range(60):
        for place, (ward_id, room_id) in enumerate(rooms):
            counts = {name: (nth * 7 + place * 3 + i * 5) % 11 for i, name in enumerate(COUNTS)}
            on = FIRST + timedelta(days=nth)
            rows.append({"ward_id": ward_id, "room_id": room_id, "census_on": on} | counts)
    write(places, ROOM_DAILY, rows)
    sums: dict[tuple[str, date], dict[str, Any]] = {}
    for row in rows:
        key = (row["ward_id"], row["census_on"])
        ward = sums.setdefault(key, {"ward_id": key[0], "census_on": key[1]})
        for name in COUNTS:
            ward[name] = ward.get(name, 0) + row[name]
    write(places, WARD_DAILY, sums.values())
    at = datetime(2025, 1, 1, tzinfo=UTC)
    write(places, BEDS, [
        {"bed_id": f"{ward}-1-A", "ward_id": ward, "specialty": kind, "from_at": at}
        for ward, kind in (("A", "surgery"), ("B", "medicine"))
    ])  # fmt: skip
    return places


LEVELS = ("room", "ward", "specialty", "hospital")
PERIODS = ("day", "week", "month", "quarter", "year")


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("level", LEVELS)
def test_every_roll_up_is_the_sum_of_the_finer_ones(
    two_months: Places, level: str, period: str
) -> None:
    """Of rooms and days, whichever way one gets there."""
    sums = ", ".join(f"sum({name})::BIGINT AS {name}" for name in COUNTS)
    units = {
        "room": "room_id", "ward": "ward_id", "hospital": "hospital_id",
        "specialty": "CASE ward_id WHEN 'A' THEN 'surgery' ELSE 'medicine' END",
    }  # fmt: skip
    by_hand = ask(
        two_months,
        f"""SELECT {units[level]} AS unit_id, date_trunc('{period}', census_on)::DATE AS on, {sums}
            FROM gold.room_daily GROUP BY ALL ORDER BY ALL""",
    )
    rolled_up = ask(
        two_months,
        f"""SELECT unit_id, period_on AS on, {", ".join(COUNTS)} FROM gold.unit_kpis
            WHERE level = '{level}' AND period = '{period}' ORDER BY ALL""",
    )
    assert rolled_up == by_hand
    assert len(by_hand) >= 1


def test_length_of_stay_and_turnover_interval_add_up_on_every_unit_and_period(
    two_months: Places,
) -> None:
    rows = ask(
        two_months,
        """SELECT alos_days + turnover_interval_days AS both, day_count / bed_use_factor AS days
           FROM gold.unit_kpis WHERE case_count > 0 AND available_bed_days > 0""",
    )
    assert len(rows) > 200
    assert [row["both"] for row in rows] == pytest.approx([row["days"] for row in rows])


def test_the_census_of_a_specialty_and_of_the_hospital_is_the_sum_of_its_wards(
    two_months: Places, places: Places
) -> None:
    shutil.copytree(two_months.home, places.home)
    at = datetime(2025, 1, 1, 5, tzinfo=UTC)
    counts = ("bed", "staffed", "occupied", "available", "reserved", "dirty", "closed")
    write(places, CENSUS_HOURLY, [
        {"ward_id": ward, "census_at": at, "census_on": FIRST}
        | {f"{name}_count": base + nth for nth, name in enumerate(counts)}
        for ward, base in (("A", 10), ("B", 100))
    ])  # fmt: skip

    rows = ask(
        places,
        "SELECT unit_id, bed_count, closed_count FROM gold.unit_census ORDER BY level, unit_id",
    )

    assert [tuple(row.values()) for row in rows] == [
        ("snr", 110, 122), ("medicine", 100, 106), ("surgery", 10, 16), ("A", 10, 16),
        ("B", 100, 106),
    ]  # fmt: skip


def test_what_counts_as_no_bed_is_in_no_number_of_rooms_stays_and_lost_days(
    places: Places,
) -> None:
    """A bed and a cot in one room, a patient in each; both could have left, and leave on the 3rd:
    from the bed after one night, from the cot after two."""
    morning = datetime(2025, 1, 1, 8, tzinfo=UTC)

    def each(row: dict[str, Any]) -> list[dict[str, Any]]:
        places_ = (("A-1-A", False), ("A-1-C", True))
        return [row | {"ward_id": "A", "room_id": "A-1", "bed_id": bed, "is_off_census": off,
                       "stay_id": bed, "spell_id": bed} for bed, off in places_]  # fmt: skip

    spans = each({"from_at": morning, "bed_status": "occupied", "is_staffed": True,
                  "is_closed_to_admissions": False, "is_on_leave": False})  # fmt: skip
    names = BED_STATUS_SPANS.column_names
    write(places, BED_STATUS_SPANS, [{k: v for k, v in row.items() if k in names} for row in spans])
    write(places, CENSUS_HOURLY, [
        {"ward_id": "A", "census_at": morning, "census_on": FIRST}
    ])  # fmt: skip
    [room] = ask(places, "FROM gold.room_census")
    assert (room["bed_count"], room["occupied_count"]) == (1, 1)

    third = FIRST + timedelta(days=2)
    bed, cot = each({"ended_on": third, "end_reason": "discharged"})
    write(places, BED_STAYS, [
        bed | {"admitted_on": FIRST + timedelta(days=1)}, cot | {"admitted_on": FIRST}
    ])  # fmt: skip
    write(places, WARD_DAILY, [daily("A", third, 1, 0, 1)])
    [day] = ask(places, "FROM gold.ward_kpis WHERE period = 'day'")
    assert day["median_stay_days"] == 1

    told = {"booking_state": "active", "bed_not_needed_since_at": morning, "time_zone": "UTC"}
    ended = told | {"booking_state": "completed"}
    rows = [
        row | {"seq": seq + more, "event_id": f"e{seq + more}", "occurred_at": at}
        for seq, state, at in ((1, told, morning), (3, ended, morning + timedelta(days=2)))
        for more, row in enumerate(each(state))
    ]
    write(places, SILVER_BED_EVENTS, rows)
    lost = ask(places, "SELECT sum(lost_bed_days) AS days FROM gold.lost_bed_days")
    assert lost == [{"days": 2}]


def test_a_stay_is_long_by_its_spell_and_by_the_longest_of_7_14_and_21_days(places: Places) -> None:
    """It is the 30th at 8:00. P-2 came to this bed two days ago, to the hospital 15 days ago."""
    now = datetime(2025, 1, 30, 8, tzinfo=UTC)
    days = {"P-1": (7,), "P-2": (15, 2), "P-3": (21.5,), "P-4": (22,)}
    stays = [
        {"stay_id": f"{patient} {nth}", "spell_id": patient, "patient_ref": patient,
         "admitted_at": now - timedelta(days=ago), "ward_id": "A"}
        for patient, since in days.items()
        for nth, ago in enumerate(since)
    ]  # fmt: skip
    write(places, BED_STAYS, stays)
    write(places, BED_BOARD, [
        {"bed_id": f"bed of {patient}", "ward_id": "A", "current_patient_ref": patient,
         "current_stay_id": f"{patient} {len(since) - 1}", "occurred_at": now,
         "admitted_at": now - timedelta(days=since[-1]), "current_waits_for": "placement"}
        for patient, since in days.items()
    ] + [{"bed_id": "nobody's", "ward_id": "A", "occurred_at": now}])  # fmt: skip
    found = ask(places, "FROM gold.long_stays ORDER BY patient_ref")
    told = [(row["patient_ref"], row["stay_days"], row["over_days"]) for row in found]
    assert told == [("P-2", 15, 14), ("P-3", 21.5, 21), ("P-4", 22, 21)]
    assert {row["waits_for"] for row in found} == {"placement"}


def test_an_override_is_one_record_with_whom_it_displaced_and_who_reviewed_it(
    places: Places,
) -> None:
    at = datetime(2025, 1, 1, 5, tzinfo=UTC)

    def event(seq: int, kind: str, **columns: Any) -> dict[str, Any]:
        row = {"seq": seq, "event_id": f"e{seq}", "event_type": kind, "occurred_at": at}
        return row | {"occurred_on": FIRST} | columns

    overridden = {"request_id": "r1", "override_rule": "overlaps_booking,bed_not_clean",
                  "reason_code": "clinical_need", "note": "needs it", "actor": "ann",
                  "role": "manager"}  # fmt: skip
    write(
        places,
        SILVER_BED_EVENTS,
        [
            event(1, "booking_displaced", request_id="r1", booking_id="b1"),
            event(2, "booking_displaced", request_id="r1", booking_id="b2"),
            event(3, "patient_transferred", bed_id="A-1-A", ward_id="A", **overridden),
            event(4, "patient_transferred", bed_id="A-1-B", ward_id="A", **overridden),
            event(5, "note_added", bed_id="A-1-A"),
            event(6, "override_reviewed", reviewed_event_id="e4", actor="bob", note="fine",
                  occurred_at=at + timedelta(minutes=90)),
            event(7, "bed_booked", bed_id="A-1-B", override_rule="starts_in_past", actor="cyd"),
        ],
    )  # fmt: skip

    first, second = ask(places, "SELECT * FROM gold.overrides ORDER BY seq")

    assert (first["seq"], first["bed_id"], first["reason"]) == (3, "A-1-A", "needs it")
    assert first["displaced_booking_ids"] == ["b1", "b2"]
    assert (first["reviewed_by"], first["review_minutes"]) == ("bob", 90)
    assert (second["actor"], second["reviewed_by"], second["displaced_booking_ids"]) == (
        *("cyd", None, []),
    )


def test_terms_rise_against_the_seven_days_before_with_a_minimum_count(places: Places) -> None:
    """`fall` 2 a day before and 6 now; `oxygen` 5 a day and 6 now; `fire` 4 now: too few."""
    end = datetime(2025, 1, 20, 11, tzinfo=UTC)

    def term(text: str, at: datetime, count: int, ward_id: str = "A") -> dict[str, Any]:
        return {"window_at": at, "window_on": at.date(), "ward_id": ward_id, "term": text,
                "gram_size": 1, "is_manual": False, "update_count": count}  # fmt: skip

    before = [end - timedelta(days=day, hours=2) for day in range(1, 8)]
    rows = [term("fall", at, 2) for at in before] + [term("oxygen", at, 5) for at in before]
    rows += [term("fall", end, 3), term("fall", end - timedelta(hours=22), 3)]
    rows += [term("fire", end, 2), term("fire", end, 2, ward_id="B"), term("oxygen", end, 6)]
    rows += [term("new", end, 5, ward_id="B"), term("old", end - timedelta(days=9), 9)]
    write(places, UPDATE_TERMS, rows)

    found = ask(places, "SELECT ward_id, term, recent_count, before_count, rise "
                        "FROM gold.rising_terms ORDER BY term, ward_id")  # fmt: skip

    assert [tuple(row.values()) for row in found] == [
        ("A", "fall", 6, 14, 3.0), (None, "fall", 6, 14, 3.0), ("B", "new", 5, 0, 35.0),
        (None, "new", 5, 0, 35.0),
    ]  # fmt: skip


def test_the_share_and_length_of_manual_updates(places: Places) -> None:
    at = datetime(2025, 1, 1, 5, tzinfo=UTC)
    write(places, UPDATE_VOLUME, [
        {"window_at": at, "window_on": FIRST, "ward_id": ward, "is_manual": manual,
         "update_count": count, "character_count": characters}
        for ward, manual, count, characters in (
            ("A", True, 2, 50), ("A", False, 6, 60), ("B", False, 4, 40))
    ])  # fmt: skip

    a, b = ask(places, "SELECT * FROM gold.update_origins ORDER BY ward_id")

    assert (a["manual_share"], a["manual_mean_length"], a["automatic_mean_length"]) == (
        *(0.25, 25.0, 10.0),
    )
    assert (b["manual_share"], b["manual_mean_length"]) == (0.0, None)


def test_the_init_script_makes_the_same_views_in_a_duckdb_of_ones_own(
    two_months: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Started in the lake's folder; the extension that it installs comes from the wheel here."""
    script = init_script(two_months)
    own = duckdb.connect()
    load = f"LOAD '{delta_extension()}'"
    monkeypatch.chdir(two_months.lake_url)
    own.execute(script.replace("INSTALL delta;", "").replace("LOAD delta", load))

    question = "SELECT * FROM gold.ward_kpis ORDER BY ALL"
    assert own.execute(question).to_arrow_table().to_pylist() == ask(two_months, question)
    assert own.execute("SELECT count(*) FROM live_board").fetchall() == [(0,)]
