"""Runs a deployment on the stack's Prefect server and waits for its end."""

import sys
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential

from cli import prefect_secret
from cli.settings import StackSettings
from cli.stack import Stack
from lake.errors import LakeError
from lake.places import Places

ASK_EVERY_SECONDS = 0.5
FINAL = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})


def api_url() -> str:
    return f"http://127.0.0.1:{StackSettings().prefect_port}/api"


def server_answers() -> bool:
    """Whether this SNR_HOME's own stack runs and its Prefect server answers."""
    if Stack(Places.from_settings(), StackSettings()).pid is None:
        return False
    try:
        return httpx.get(f"{api_url()}/health", timeout=1).is_success
    except httpx.HTTPError:
        return False


def run(name: str, parameters: dict[str, Any]) -> list[str]:
    """Run the deployment of the flow `name` to its end; gives what its artifacts say.

    Raises LakeError where the run does not complete.
    """
    given = {key: value for key, value in parameters.items() if value is not None}
    auth = prefect_secret.sent(Places.from_settings())
    with httpx.Client(base_url=api_url(), auth=auth, timeout=30) as prefect:
        deployment = _asked(lambda: prefect.get(f"/deployments/name/{name}/{name}"))
        path = f"/deployments/{deployment['id']}/create_flow_run"
        # The key makes a second attempt find the run of the first.
        wish = {"parameters": given, "idempotency_key": str(uuid4())}
        flow_run = _asked(lambda: prefect.post(path, json=wish))
        state = _final_state(prefect, flow_run["id"])
        of_run = {"artifacts": {"flow_run_id": {"any_": [flow_run["id"]]}}}
        artifacts = _asked(lambda: prefect.post("/artifacts/filter", json=of_run))
    if state["type"] != "COMPLETED":
        raise LakeError(
            f"The run {flow_run['name']} of {name} ended as {state['name']}: {state['message']}",
            f"Its log: http://127.0.0.1:{StackSettings().prefect_port}/runs/flow-run/{flow_run['id']}",
        )
    told = (a["description"] for a in artifacts if a["type"] != "progress")
    return [description for description in told if description]


def _final_state(prefect: httpx.Client, flow_run_id: str) -> dict[str, Any]:
    """Tells each change of state on the way."""
    told = None
    while True:
        state: dict[str, Any] = _asked(lambda: prefect.get(f"/flow_runs/{flow_run_id}"))["state"]
        if state["name"] != told:
            print(f"{state['name']} ...", file=sys.stderr)
            told = state["name"]
        if state["type"] in FINAL:
            return state
        time.sleep(ASK_EVERY_SECONDS)


def _asked(ask: Callable[[], httpx.Response]) -> Any:
    """Asked again while the server is busy (its database is locked for a moment now and then).

    Raises LakeError.
    """
    try:
        return _patiently(lambda: ask().raise_for_status())().json()
    except httpx.HTTPError as error:
        raise LakeError(
            f"The Prefect server did not answer as it should: {error}",
            "Try again; its log is logs/prefect.log in SNR_HOME.",
        ) from None


_patiently = retry(
    retry=retry_if_exception_type(httpx.HTTPError),
    stop=stop_after_attempt(5),
    wait=wait_exponential(multiplier=0.5),
    reraise=True,
)
