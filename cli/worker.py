"""`python -m cli.worker`: waits for the Prefect server, deploys once, becomes the worker."""

import os
import re
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import psutil

from cli import prefect_secret
from flows.runs.waiting import MISSED, SKIPPED
from lake.places import CHECKOUT, Places
from lake.tables import SILVER_BED_EVENTS

POOL = "snr"
FIRST_RUN = "build_gold"
"""Run at each start: the tables may be as old as the last stop."""
AFTER_THE_STREAM = timedelta(seconds=120)
"""Where there are tables to show, the stream has the machine first."""
PREFECT_YAML = CHECKOUT / "prefect.yaml"
PREFECT = (sys.executable, "-m", "prefect")


def main() -> None:
    url, places = os.environ["PREFECT_API_URL"], Places.from_settings()
    # Seconds, while the server starts.
    from prefect.cli import app as prefect

    wait_for_server(url)
    note = places.home / "run" / "deployed_by"
    if not is_of_this_stack(note):
        deploy(url, places)
        note.write_text(_this_stack())
    sys.argv = ["prefect", "worker", "start", "--pool", POOL, "--name", "snr"]
    prefect()


def deploy(url: str, places: Places) -> None:
    if not is_deployed(url):
        make_pool(url)
        _prefect("--no-prompt", "deploy", "--all")
    skip_missed_runs(url)
    has_tables = places.exists(SILVER_BED_EVENTS)
    start_run(url, FIRST_RUN, AFTER_THE_STREAM if has_tables else timedelta(0))


def make_pool(url: str) -> None:
    """Unless it is there; its worker fills it in."""
    made = _post(f"{url}/work_pools/", json={"name": POOL, "type": "process"})
    if made.status_code != httpx.codes.CONFLICT:
        made.raise_for_status()


def digest() -> str:
    """Of all that the deployments are made of, and their version: to deploy takes seconds at each
    start, and rarely changes any."""
    parts = [version("prefect").encode(), str(CHECKOUT).encode()]
    files = [PREFECT_YAML, *sorted(CHECKOUT.glob("flows/*.py"))]
    return sha256(b"\0".join([*parts, *(file.read_bytes() for file in files)])).hexdigest()


def is_deployed(url: str) -> bool:
    """Whether the server has the pool, and each flow as it is here."""
    pool = _get(f"{url}/work_pools/{POOL}")
    names = re.findall(r"^  - name: (\w+)", PREFECT_YAML.read_text(), re.MULTILINE)
    flows = [_get(f"{url}/deployments/name/{n}/{n}") for n in names]
    is_there = all(answer.is_success for answer in (pool, *flows))
    return is_there and {answer.json()["version"] for answer in flows} == {digest()}


def is_of_this_stack(note: Path) -> bool:
    """A worker that died and starts again has deployed already: its flows wait for nothing."""
    return note.exists() and note.read_text() == _this_stack()


def _this_stack() -> str:
    supervisor = psutil.Process(os.getppid())
    return f"{supervisor.pid} {supervisor.create_time()}"


def wait_for_server(url: str, seconds: float = 120) -> None:
    limit = time.monotonic() + seconds
    with httpx.Client(timeout=2) as client:  # to make one takes more than to ask
        while time.monotonic() < limit:
            with suppress(httpx.HTTPError):
                if client.get(f"{url}/health").is_success:
                    return
            time.sleep(0.3)
    sys.exit("The Prefect server does not answer; its log is logs/prefect.log.")


def skip_missed_runs(url: str) -> None:
    """What was scheduled while nothing ran would start all at once; the next ones do the same.

    Runs that somebody asked for stay: a person, or the watcher for the stream.
    """
    now = datetime.now(UTC).isoformat()
    missed = {
        "state": {"type": {"any_": ["SCHEDULED"]}},
        "expected_start_time": {"before_": now},
    }
    skipped = {"type": "COMPLETED", "name": SKIPPED, "message": MISSED}
    runs = _post(f"{url}/flow_runs/filter", json={"flow_runs": missed})
    for run in runs.raise_for_status().json():
        if run["auto_scheduled"]:
            path = f"{url}/flow_runs/{run['id']}/set_state"
            _post(path, json={"state": skipped}).raise_for_status()


def start_run(url: str, name: str, after: timedelta) -> None:
    deployment = _get(f"{url}/deployments/name/{name}/{name}").raise_for_status()
    path = f"{url}/deployments/{deployment.json()['id']}/create_flow_run"
    at = (datetime.now(UTC) + after).isoformat()
    scheduled = {"type": "SCHEDULED", "state_details": {"scheduled_time": at}}
    _post(path, json={"state": scheduled}).raise_for_status()


def _post(url: str, json: dict[str, Any]) -> httpx.Response:
    return httpx.post(url, json=json, timeout=10, auth=prefect_secret.sent(Places.from_settings()))


def _get(url: str) -> httpx.Response:
    return httpx.get(url, timeout=10, auth=prefect_secret.sent(Places.from_settings()))


def _prefect(*arguments: str) -> None:
    environment = os.environ | {"SNR_DEPLOYED": digest()}
    subprocess.run([*PREFECT, *arguments], cwd=CHECKOUT, env=environment, check=True)


if __name__ == "__main__":
    main()
