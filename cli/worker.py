"""`python -m cli.worker`: waits for the Prefect server, deploys, becomes the worker."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import httpx

from lake.paths import CHECKOUT, Places
from lake.tables import SILVER_BED_EVENTS

POOL = "snr"
FIRST_RUN = "build_gold"
"""Run at each start: the tables may be as old as the last stop."""
AFTER_THE_STREAM = timedelta(seconds=120)
"""Where there are tables to show, the stream has the machine first."""
PREFECT = (sys.executable, "-m", "prefect")


def main() -> None:
    wait_for_server(os.environ["PREFECT_API_URL"])
    _prefect("work-pool", "create", POOL, "--type", "process", "--overwrite")
    _prefect("--no-prompt", "deploy", "--all")
    url = os.environ["PREFECT_API_URL"]
    forget_missed_runs(url)
    has_tables = Places.from_settings().exists(SILVER_BED_EVENTS)
    start_run(url, FIRST_RUN, AFTER_THE_STREAM if has_tables else timedelta(0))
    os.execv(sys.executable, [*PREFECT, "worker", "start", "--pool", POOL, "--name", "snr"])


def wait_for_server(url: str, seconds: float = 120) -> None:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        try:
            if httpx.get(f"{url}/health", timeout=2).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.3)
    sys.exit("The Prefect server does not answer; its log is logs/prefect.log.")


def forget_missed_runs(url: str) -> None:
    """What was scheduled while nothing ran would start all at once; the next ones do the same.

    Runs that somebody asked for stay: a person, or the watcher for the stream.
    """
    now = datetime.now(UTC).isoformat()
    missed = {
        "state": {"type": {"any_": ["SCHEDULED"]}},
        "expected_start_time": {"before_": now},
    }
    runs = httpx.post(f"{url}/flow_runs/filter", json={"flow_runs": missed}, timeout=10)
    for run in runs.raise_for_status().json():
        if run["auto_scheduled"]:
            httpx.delete(f"{url}/flow_runs/{run['id']}", timeout=10).raise_for_status()


def start_run(url: str, name: str, after: timedelta) -> None:
    deployment = httpx.get(f"{url}/deployments/name/{name}/{name}", timeout=10).raise_for_status()
    path = f"{url}/deployments/{deployment.json()['id']}/create_flow_run"
    at = (datetime.now(UTC) + after).isoformat()
    scheduled = {"type": "SCHEDULED", "state_details": {"scheduled_time": at}}
    httpx.post(path, json={"state": scheduled}, timeout=10).raise_for_status()


def _prefect(*arguments: str) -> None:
    subprocess.run([*PREFECT, *arguments], cwd=CHECKOUT, check=True)


if __name__ == "__main__":
    main()
