"""prefect.yaml and the flows agree, and say in Prefect's pages what a data engineer looks for."""

from typing import Any

import pytest
import yaml
from prefect import Flow, Task
from prefect.flows import load_flow_from_entrypoint

from flows.build_gold import build_tables
from flows.maintain_lake import maintain_tables
from lake.places import CHECKOUT

DEPLOYMENTS = {
    deployment["name"]: deployment
    for deployment in yaml.safe_load((CHECKOUT / "prefect.yaml").read_text())["deployments"]
}


@pytest.fixture(params=DEPLOYMENTS)
def deployment(request: pytest.FixtureRequest) -> dict[str, Any]:
    return DEPLOYMENTS[request.param]


@pytest.fixture
def flow(deployment: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Flow[..., Any]:
    monkeypatch.chdir(CHECKOUT)
    return load_flow_from_entrypoint(deployment["entrypoint"])


def test_a_deployment_has_its_flows_name_a_description_and_tags(
    deployment: dict[str, Any], flow: Flow[..., Any]
) -> None:
    assert deployment["name"] == flow.name
    assert len(deployment["description"]) > 40
    assert "snr" in deployment["tags"]
    assert {"live", "batch"} & {*deployment["tags"]}


def test_every_parameter_has_a_type_a_default_and_a_description(
    deployment: dict[str, Any], flow: Flow[..., Any]
) -> None:
    known = flow.parameters.properties
    assert {*deployment["parameters"]} == {*known}
    for name, parameter in known.items():
        assert parameter["default"] == deployment["parameters"][name]
        assert parameter.get("type") or parameter.get("anyOf"), name
        assert parameter.get("description"), name


def test_what_has_to_happen_by_itself_has_a_schedule_and_runs_alone() -> None:
    every = {name: d["schedules"][0]["interval"] for name, d in DEPLOYMENTS.items()
             if d.get("schedules")}  # fmt: skip
    assert every == {"build_gold": 300, "check_lake": 900, "maintain_lake": 3600}
    assert all(DEPLOYMENTS[name]["concurrency_limit"]["limit"] == 1 for name in every)


@pytest.mark.parametrize("task", [build_tables, maintain_tables])
def test_what_is_safe_to_try_again_is_tried_again_later_and_later(task: Task[..., Any]) -> None:
    delays = task.retry_delay_seconds
    assert isinstance(delays, list)
    assert len(delays) == task.retries >= 2
    assert delays == sorted({*delays})
