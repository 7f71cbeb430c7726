"""The simulated hospital against the figures of docs/simulated_hospital.md, with its tolerances.

One hospital for twenty days each time; three for ninety with `--long`, of seeds that were used
nowhere while it was made.
"""

from statistics import mean, median
from zoneinfo import ZoneInfo

import pytest

from tests.simulator.world import figures
from tests.simulator.world.runs import SHORT, Run, lived, plan

SEEDS, DAYS = (8321, 8322, 8323), 90
ZONE = ZoneInfo(plan().time_zone)
FEW_DEATHS = 10
"""Wards in which fewer are expected are counted as one."""


def published_occupancy() -> float:
    beds = sum(ward.bed_count for ward in plan().wards)
    return sum(ward.bed_count * ward.occupancy_percent for ward in plan().wards) / beds


def check(run: Run) -> None:
    """All that one hospital shows within twenty days."""
    rows, end = run.rows, run.end
    assert abs(figures.occupancy(rows, end)["all"] - published_occupancy()) <= 3
    minutes = figures.boarding(rows)
    assert 60 <= figures.median_boarding(minutes) <= 120
    assert median(minutes[1]) < median(minutes[2]) < median(minutes[3])
    assert max(figures.intensive_hours(rows)) <= 6
    assert 0.01 <= figures.outlier_share(rows, end) <= 0.15
    planned = figures.planned(rows, ZONE)
    assert planned.turned_away <= 0.1 * planned.came
    assert planned.put_off_on_the_day <= planned.put_off_ahead
    assert mean(figures.isolated_in_time(rows, end)) >= 0.9
    assert figures.others_in_isolation_rooms(rows, end) <= 0.15
    assert mean(figures.stepped_down(rows)) >= 0.7
    assert 5 <= figures.falls_per_1000_days(rows, end) <= 8
    assert 0.09 <= figures.before_noon(rows, ZONE) <= 0.17
    assert figures.contradictions(rows) == []
    assert figures.untimely(rows, ZONE) == []
    assert figures.too_well(rows) == []
    assert figures.elsewhere(rows) == []
    assert figures.idle_share(rows, run.idle) <= 0.02


def test_twenty_days_are_as_published() -> None:
    check(lived(*SHORT))


@pytest.mark.long
@pytest.mark.parametrize("seed", SEEDS)
def test_ninety_days_are_as_published(seed: int) -> None:
    check(lived(seed, DAYS))


@pytest.mark.long
def test_each_wards_occupancy_is_as_published() -> None:
    for run in ninety_days():
        found = figures.occupancy(run.rows, run.end)
        off = {w.ward_id: found[w.ward_id] - w.occupancy_percent for w in plan().wards}
        assert [ward_id for ward_id, points in off.items() if abs(points) > 8] == []


@pytest.mark.long
def test_each_wards_length_of_stay_is_as_documented() -> None:
    runs = [figures.cases(run.rows, run.end) for run in ninety_days()]
    for ward in plan().wards:
        days = sum(run.days[ward.ward_id] for run in runs)
        stay = days / sum(run.left[ward.ward_id] for run in runs)
        assert stay == pytest.approx(ward.stay_days[0], rel=0.2), ward.name


@pytest.mark.long
def test_each_wards_deaths_are_as_documented() -> None:
    runs = [figures.cases(run.rows, run.end) for run in ninety_days()]
    few = [0.0, 0]
    for ward in plan().wards:
        expected = sum(run.left[ward.ward_id] for run in runs) * (ward.death_share or 0)
        died = sum(run.died[ward.ward_id] for run in runs)
        if expected < FEW_DEATHS:
            few = [few[0] + expected, few[1] + died]
        else:
            assert died == pytest.approx(expected, rel=0.2), ward.name
    assert few[1] == pytest.approx(few[0], rel=0.2)


def ninety_days() -> list[Run]:
    return [lived(seed, DAYS) for seed in SEEDS]
