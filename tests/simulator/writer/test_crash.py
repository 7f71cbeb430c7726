"""kill -9 in the middle of bookings: what was answered is there after the next start."""

import asyncio
import os
import signal
import socket
import subprocess
import sys

import httpx
import pytest

from lake.duck import LakeReader
from lake.places import CHECKOUT


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def server(places):
    port = free_port()
    environment = os.environ | {
        "SNR_HOME": str(places.home),
        "SNR_API_PORT": str(port),
        "SNR_SIMULATOR": "false",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator.serve"], env=environment, cwd=CHECKOUT
    )
    yield process, f"http://127.0.0.1:{port}"
    process.kill()
    process.wait()


async def until_ready(api: httpx.AsyncClient) -> None:
    for _ in range(300):
        try:
            if (await api.get("/health/ready")).is_success:
                return
        except httpx.HTTPError:
            pass
        await asyncio.sleep(0.1)
    raise AssertionError("the API did not get ready")


async def write_notes(api: httpx.AsyncClient, bed_id: str, answered: list[int]) -> None:
    while True:
        try:
            answer = await api.post(f"/beds/{bed_id}/notes", json={"note": "x"})
        except httpx.HTTPError:
            return
        answered.append(answer.json()["seq"])


async def test_every_answered_event_survives_kill_9(server, places) -> None:
    process, url = server
    answered: list[int] = []
    async with httpx.AsyncClient(base_url=url) as api:
        await until_ready(api)
        beds = [bed["bed_id"] for bed in (await api.get("/beds")).json()["items"]][:20]
        writers = [asyncio.create_task(write_notes(api, bed, answered)) for bed in beds]
        while len(answered) < 300:
            await asyncio.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        await asyncio.gather(*writers)
    process.wait()
    rows = LakeReader(places).ask("SELECT seq FROM bronze.bed_events ORDER BY seq").to_pylist()
    found = [row["seq"] for row in rows]
    assert set(answered) <= set(found)
    assert found == list(range(1, len(found) + 1))
