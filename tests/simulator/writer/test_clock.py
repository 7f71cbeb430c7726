from datetime import UTC, datetime, timedelta

from simulator.writer.clock import HospitalClock

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_hospital_time_runs_at_its_speed() -> None:
    clock = HospitalClock(NOON, NOON, 60.0, "UTC")
    assert clock.now(NOON + MINUTE) == NOON + 60 * MINUTE
    assert clock.wall_at(NOON + 60 * MINUTE) == NOON + MINUTE


def test_hospital_time_stands_while_the_wall_clock_is_behind() -> None:
    clock = HospitalClock(NOON, NOON, 1.0, "UTC")
    clock.now(NOON + 5 * MINUTE)
    assert clock.now(NOON + 2 * MINUTE) == NOON + 5 * MINUTE
    assert clock.now(NOON + 6 * MINUTE) == NOON + 6 * MINUTE


def test_a_live_clock_that_restarts_behind_the_log_waits_for_the_wall() -> None:
    clock = HospitalClock(NOON, NOON, 1.0, "UTC", not_before=NOON + 3 * MINUTE)
    assert clock.now(NOON + MINUTE) == NOON + 3 * MINUTE
    assert clock.now(NOON + 4 * MINUTE) == NOON + 4 * MINUTE


def test_a_change_of_speed_does_not_jump() -> None:
    clock = HospitalClock(NOON, NOON, 0.0, "UTC")
    clock.set(60.0)
    assert clock.now() - NOON < MINUTE


def test_a_clock_is_never_set_back() -> None:
    clock = HospitalClock(NOON, NOON, 0.0, "UTC")
    clock.set(0.0, NOON - MINUTE)
    assert clock.now() == NOON
