"""Prefect's server as a stack starts it where people sign in: it is for who has its secret."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import psutil
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from cli import prefect_secret, worker
from cli.settings import StackSettings
from cli.stack import Stack
from lake.places import CHECKOUT, Places
from tests.system.conftest import eventually, free_port, kill
from tests.system.house import answers

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]
WRONG = "snr:made-up"
SOCKETS = ("events/in", "events/out", "logs/out")


@dataclass
class Server:
    url: str
    stack: Stack
    process: psutil.Process

    @property
    def secret(self) -> str:
        return prefect_secret.shared(self.stack.places)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("prefect") / "home"
    ports = {"api_port": 1, "dashboard_port": 2, "prefect_port": free_port()}
    stack = Stack(Places(home, str(home / "lake")), StackSettings(**ports))
    stack.places.prefect.mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SNR_AUTH", "on")
        patch.setenv("SNR_HOME", str(home))
        [program] = [one for one in stack.programs if one.name == "prefect"]
        started = subprocess.Popen(program.command, env=stack.environment, cwd=CHECKOUT)
        process = psutil.Process(started.pid)
        try:
            eventually(lambda: answers(program.health), 120, "Prefect answers")
            yield Server(f"{program.address}/api", stack, process)
        finally:
            kill([*process.children(recursive=True), process])
            started.wait(timeout=30)


def test_without_the_secret_nothing_is_told_or_done(server) -> None:
    for auth in (None, httpx.BasicAuth(*WRONG.split(":"))):
        for path in ("flows", "deployments", "logs", "artifacts"):
            answer = httpx.post(f"{server.url}/{path}/filter", json={}, auth=auth)
            assert answer.status_code == 401
        assert httpx.get(f"{server.url}/admin/settings", auth=auth).status_code == 401


def test_with_the_secret_the_worker_is_served(server) -> None:
    worker.make_pool(server.url)
    pool = worker._get(f"{server.url}/work_pools/{worker.POOL}")
    assert pool.json()["name"] == worker.POOL
    told = subprocess.run(  # as flows and the worker ask: through Prefect's own client
        [*worker.PREFECT, "work-pool", "inspect", worker.POOL],
        env=server.stack.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    without = {k: v for k, v in server.stack.environment.items() if "AUTH_STRING" not in k}
    told = subprocess.run(
        [*worker.PREFECT, "work-pool", "inspect", worker.POOL],
        env=without, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode != 0


def asked(server: Server, path: str, token: str | None) -> dict:
    """The first word of a socket, once it was told the token."""
    url = server.url.replace("http", "ws")
    with connect(f"{url}/{path}", subprotocols=["prefect"]) as socket:
        socket.send(json.dumps({"type": "auth", "token": token}))
        return json.loads(socket.recv(timeout=10))


@pytest.mark.parametrize("path", SOCKETS)
def test_a_socket_is_opened_with_the_secret_alone(server, path) -> None:
    assert asked(server, path, server.secret) == {"type": "auth_success"}
    for token in (None, "", WRONG):
        with pytest.raises(ConnectionClosed) as closed:
            asked(server, path, token)
        assert closed.value.rcvd.code == 1008
    with pytest.raises(InvalidStatus), connect(f"{server.url.replace('http', 'ws')}/{path}"):
        pass


def test_pages_of_other_sites_read_nothing(server) -> None:
    asks = {"origin": "https://elsewhere.example", "access-control-request-method": "POST"}
    preflight = httpx.options(f"{server.url}/flows/filter", headers=asks)
    assert "access-control-allow-origin" not in preflight.headers
    read = httpx.get(f"{server.url}/health", headers=asks)
    assert "access-control-allow-origin" not in read.headers


def test_the_secret_stands_in_no_list_of_processes(server) -> None:
    word = server.secret.partition(":")[2]
    family = [server.process, *server.process.children(recursive=True)]
    assert len(family) >= 1
    for process in family:
        assert word not in " ".join(process.cmdline())
    written = [program.command for program in server.stack.programs], server.stack.config()
    assert word not in str(written)
    assert os.stat(server.stack.places.prefect_secret).st_mode & 0o077 == 0  # noqa: PTH116
