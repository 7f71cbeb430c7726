"""`python -m cli.worker`: waits for the Prefect server, deploys, becomes the worker."""

import os
import subprocess
import sys
import time

import httpx

from lake.paths import CHECKOUT

POOL = "snr"
FIRST_RUN = "build_gold"
"""Run at each start: the tables may be as old as the last stop."""
PREFECT = (sys.executable, "-m", "prefect")


def main() -> None:
    wait_for_server(os.environ["PREFECT_API_URL"])
    _prefect("work-pool", "create", POOL, "--type", "process", "--overwrite")
    _prefect("--no-prompt", "deploy", "--all")
    start_run(os.environ["PREFECT_API_URL"], FIRST_RUN)
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


def start_run(url: str, name: str) -> None:
    deployment = httpx.get(f"{url}/deployments/name/{name}/{name}", timeout=10).raise_for_status()
    path = f"{url}/deployments/{deployment.json()['id']}/create_flow_run"
    httpx.post(path, json={}, timeout=10).raise_for_status()


def _prefect(*arguments: str) -> None:
    subprocess.run([*PREFECT, *arguments], cwd=CHECKOUT, check=True)


if __name__ == "__main__":
    main()
