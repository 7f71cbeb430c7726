"""The simulated hospital: what happens in it, and how."""

from collections import Counter
from datetime import datetime
from statistics import mean
from zoneinfo import ZoneInfo

from simulator.domain.hospital import fold
from simulator.writer.engine import Row
from tests.simulator.world.runs import SHORT, lived, plan, simulate

KOLKATA = ZoneInfo("Asia/Kolkata")


def essence(rows: list[Row]) -> list[tuple]:
    return [(r["event_type"], r.get("bed_id"), r["occurred_at"], r.get("note")) for r in rows]


def test_the_same_seed_gives_the_same_hospital_and_another_seed_another() -> None:
    first, again, other = (essence(simulate(seed, 3).rows) for seed in (7, 7, 8))
    assert first == again
    assert first != other


def test_there_are_about_210_beds_on_11_wards_and_cots_besides() -> None:
    assert len(plan().wards) == 11
    cots = [bed for bed in plan().beds() if bed.is_cot]
    assert 200 <= len(plan().beds()) - len(cots) <= 220
    assert {bed.ward_id for bed in cots} == {"W11"}
    assert all(bed.is_off_census for bed in cots)


def test_most_discharges_come_in_the_afternoon() -> None:
    rows = lived(*SHORT).rows
    hours = [
        r["occurred_at"].astimezone(KOLKATA).hour
        for r in rows
        if r["event_type"] == "patient_discharged"
    ]
    before_noon = mean(hour < 12 for hour in hours)
    before_three = mean(hour < 15 for hour in hours)
    assert 0.08 < before_noon < 0.20  # published: 13 %
    assert 0.34 < before_three < 0.50  # published: 42 %


def test_cleaning_takes_about_what_hospital_toml_says() -> None:
    rows = lived(*SHORT).rows
    started: dict[str, datetime] = {}
    minutes = []
    for row in rows:
        if row["event_type"] == "cleaning_started":
            started[row["bed_id"]] = row["occurred_at"]
        elif row["event_type"] == "cleaning_finished":
            took = row["occurred_at"] - started.pop(row["bed_id"])
            minutes.append(took.total_seconds() / 60)
    assert 34 < mean(minutes) < 44


def test_all_kinds_of_updates_happen() -> None:
    counts = Counter(row["event_type"] for row in lived(*SHORT).rows)
    assert {
        "bed_booked",
        "booking_cancelled",
        "booking_expired",
        "patient_admitted",
        "patient_transferred",
        "patient_discharged",
        "bed_closed",
        "bed_opened",
        "cleaning_started",
        "cleaning_finished",
        "note_added",
        "lounge_left",
        "bed_requested",
        "request_placed",
        "booking_changed",
        "stay_progressed",
        "isolation_started",
        "isolation_ended",
        "contact_started",
        "contact_ended",
    } <= set(counts)


def test_the_simulated_log_folds_to_its_own_state() -> None:
    hospital = fold(simulate(3, 5).rows)
    current = [b for b in hospital.registered_beds if b.holds_a_patient]
    assert len(current) == sum(b.is_stay for b in hospital.bookings.values()) > 100
