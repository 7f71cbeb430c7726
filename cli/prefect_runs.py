"""Runs a deployment on the stack's Prefect server and waits for its end."""

import os
import subprocess
import sys
from typing import Any

import httpx
import orjson

from cli.settings import StackSettings
from cli.stack import Stack
from lake.errors import LakeError
from lake.paths import Places


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


def run(deployment: str, parameters: dict[str, Any]) -> None:
    """Raises LakeError where the run does not complete."""
    given = {name: value for name, value in parameters.items() if value is not None}
    command = [sys.executable, "-m", "prefect", "deployment", "run", deployment, "--watch"]
    command += ["--params", orjson.dumps(given).decode()]
    environment = os.environ | {"PREFECT_API_URL": api_url(), "DO_NOT_TRACK": "1"}
    done = subprocess.run(command, env=environment, stdout=sys.stderr, check=False)
    if done.returncode:
        raise LakeError(
            f"The run of {deployment} did not complete.", "The Prefect UI shows its log."
        )
