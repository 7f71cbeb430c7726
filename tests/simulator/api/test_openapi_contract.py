"""The running server, fuzzed with schemathesis: it answers only what its OpenAPI document says."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from lake.places import CHECKOUT
from tests.system.conftest import free_port

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance"
)
LONG = [pytest.mark.long, pytest.mark.timeout(900)]


@pytest.fixture(scope="session")
def fuzzer() -> str:
    """What asks for it is left out of the quick run: it sends thousands of requests."""
    return str(Path(sys.executable).with_name("schemathesis"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    port = str(free_port())
    settings = {"SNR_HOME": str(tmp_path), "SNR_API_PORT": port, "SNR_SIMULATOR": "false"}
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator.serve"],
        env=os.environ | settings,
        cwd=CHECKOUT,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    while not is_ready(url):
        assert process.poll() is None
        time.sleep(0.1)
    yield url
    process.terminate()
    process.wait()


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready").is_success
    except httpx.TransportError:
        return False


@pytest.mark.parametrize(
    "phases",
    ["examples,coverage", pytest.param("examples,coverage,fuzzing", marks=LONG)],
)
def test_no_answer_is_undocumented_and_none_is_our_fault(
    server: str, fuzzer: str, phases: str, tmp_path: Path
) -> None:
    """Coverage: each boundary of each field, some 3,000 requests; fuzzing: at random besides."""
    command = [
        *(fuzzer, "run", f"{server}/openapi.json", "--checks", CHECKS, "--no-color"),
        *("--phases", phases, "--max-examples", "100"),
        *("--exclude-path", "/events/stream", "--continue-on-failure"),  # it never ends
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert run.returncode == 0, run.stdout[:4000] + run.stdout[-2000:]
    [generated] = re.findall(r"(\d+) generated", run.stdout)
    assert int(generated) > 1000
