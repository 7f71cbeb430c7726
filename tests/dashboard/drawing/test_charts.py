from typing import Any

import pyarrow as pa
import pytest

from dashboard import theme
from dashboard.drawing import charts
from lake.vocabulary import DisplayStatus


def fields(spec: dict[str, Any]) -> set[str]:
    encoding = spec["encoding"]
    return {channel["field"] for channel in encoding.values() if "field" in channel}


def drawn(chart: charts.Drawn) -> dict[str, Any]:
    return dict(chart.to_dict())


def columns(**values: list[Any]) -> pa.Table:
    return pa.table(values)


def test_the_census_stacks_the_statuses_in_their_colours() -> None:
    spec = drawn(
        charts.census_hourly(columns(census_local=[None], display_status=["dirty"], bed_count=[1]))
    )

    assert spec["mark"]["type"] == "area"
    assert {"census_local", "bed_count", "display_status"} <= fields(spec)
    colours = spec["encoding"]["color"]["scale"]
    assert dict(zip(colours["domain"], colours["range"], strict=True)) == {
        str(status): theme.LOOKS[status].strong for status in DisplayStatus
    }


def test_the_census_is_drawn_as_the_hospitals_clock_reads() -> None:
    spec = drawn(
        charts.census_hourly(columns(census_local=[None], display_status=["x"], bed_count=[1]))
    )

    assert spec["encoding"]["x"]["scale"]["type"] == "utc"


def test_occupancy_has_lines_at_85_and_92_percent() -> None:
    spec = drawn(charts.ward_occupancy(columns(ward_name=["W1"], occupancy_percent=[90.0])))

    assert {"ward_name", "occupancy_percent"} <= fields(spec["layer"][0])
    limits = spec["datasets"][spec["layer"][1]["data"]["name"]]
    assert [limit["percent"] for limit in limits] == [85.0, 92.0]


def test_movements_differ_by_shape_and_colour() -> None:
    spec = drawn(
        charts.movements_daily(columns(census_on=[None], movement=["deaths"], patient_count=[1]))
    )

    assert spec["encoding"]["shape"]["field"] == spec["encoding"]["color"]["field"] == "movement"


def test_terms_are_split_into_manual_and_automatic() -> None:
    spec = drawn(
        charts.top_terms(columns(term=["bed"], origin=["manual"], update_count=[1], term_count=[1]))
    )

    assert {"term", "origin", "update_count"} <= fields(spec)


LIMITS = theme.Thresholds(busy=70, full=80)


def test_occupancy_over_time_has_level_lines_at_the_thresholds_that_are_set() -> None:
    spec = drawn(
        charts.unit_kpis(
            columns(unit_name=["W1"], period_on=[None], day_count=[7], occupancy_percent=[90.0]),
            LIMITS,
        )
    )

    assert {"unit_name", "period_on", "occupancy_percent"} <= fields(spec["layer"][0])
    assert spec["layer"][0]["encoding"]["color"]["sort"] is None  # as the question orders them
    limits = spec["datasets"][spec["layer"][1]["data"]["name"]]
    assert [limit["percent"] for limit in limits] == [70, 80]
    assert spec["layer"][1]["layer"][0]["encoding"]["y"]["field"] == "percent"


def test_occupancy_by_ward_is_coloured_by_the_thresholds_that_are_set() -> None:
    spec = drawn(charts.ward_occupancy(columns(ward_name=["W1"], occupancy_percent=[75.0]), LIMITS))

    assert spec["layer"][0]["encoding"]["color"]["scale"]["domain"] == [70, 80]


def test_many_wards_have_a_taller_chart() -> None:
    def height(wards: int) -> Any:
        answer = columns(
            ward_name=[f"W{n}" for n in range(wards)], occupancy_percent=[75.0] * wards
        )
        return drawn(charts.ward_occupancy(answer))["height"]

    assert height(2) == height(10) < height(40)


@pytest.mark.parametrize("phase", charts.PHASES)
def test_turnaround_shows_one_phase_beside_its_goal(phase: str) -> None:
    answer = columns(
        ward_name=["W1"], phase=[phase], median_minutes=[20.0], goal_minutes=[30.0],
        in_goal_percent=[80.0], cycle_count=[9],
    )  # fmt: skip

    bars, _, goals = drawn(charts.turnaround_by_ward(answer, phase))["layer"]

    assert phase in bars["transform"][0]["filter"]
    assert {"ward_name", "median_minutes"} <= fields(bars)
    assert fields(goals) == {"goal_minutes"}


def test_flagged_phrases_are_stacked_by_flag() -> None:
    spec = drawn(
        charts.update_phrases_daily(
            columns(counted_on=[None], flag=["falls"], update_count=[3], manual_count=[1])
        )
    )

    assert spec["encoding"]["y"]["stack"] == "zero"
    assert spec["encoding"]["color"]["field"] == "flag"


def test_breaches_are_stacked_by_what_is_broken() -> None:
    answer = columns(
        counted_on=[None], breach=["mixed sex"], patient_count=[3], explained_count=[1]
    )
    spec = drawn(charts.breach_days(answer))

    assert spec["encoding"]["y"]["stack"] == "zero"
    assert {"breach", "patient_count"} <= fields(spec)


def test_the_share_of_manual_updates_is_a_line_of_their_own_and_lengths_are_two() -> None:
    answer = columns(
        counted_on=[None], origin=["manual"], update_count=[3], share_percent=[10.0],
        mean_length=[40.0],
    )  # fmt: skip

    share, length = (
        drawn(chart(answer)) for chart in (charts.manual_share_daily, charts.update_length_daily)
    )

    assert "manual" in share["transform"][0]["filter"]
    assert {"counted_on", "share_percent"} <= fields(share)
    assert {"counted_on", "mean_length", "origin"} <= fields(length)


@pytest.mark.parametrize(
    ("percent", "level"),
    [
        (84.9, theme.CALM_LEVEL),
        (85.0, theme.BUSY_LEVEL),
        (91.9, theme.BUSY_LEVEL),
        (92.0, theme.FULL_LEVEL),
    ],
)
def test_occupancy_levels_begin_at_their_thresholds(percent: float, level: theme.Level) -> None:
    assert theme.occupancy_level(percent) == level
