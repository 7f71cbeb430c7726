"""The whole stack, started once as a user starts it, and a real browser.

The files share it and run in the order of their names: the first asks, the second kills parts of
it, the last one stops it.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import httpx
import psutil
import pytest
from playwright.sync_api import Browser, sync_playwright

from cli import browser as browsers
from lake.duck import LakeReader
from lake.places import CHECKOUT, Places
from lake.vocabulary import Sex
from simulator.client import BookingClient, Needs, NewBedRequest

HISTORY_DAYS = "2"
BEGUN_SECONDS = 300
PACE = "5"
"""Seconds between two batches of the stream: the tests wait for its tables."""

CHROMIUM_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(question: Callable[[], object], seconds: float, what: str) -> object:
    """The first truthy answer; fails with `what` when none comes in time."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if answer := question():
            return answer
        time.sleep(0.25)
    raise AssertionError(f"not within {seconds:.0f} s: {what}")


@dataclass
class RunningStack:
    """What `./snr up` has started, and where."""

    process: "subprocess.Popen[str]"
    places: Places
    environment: dict[str, str]
    begun: "subprocess.Popen[str] | None" = None

    def url(self, what: str) -> str:
        return f"http://127.0.0.1:{self.environment[f'SNR_{what}_PORT']}"

    def snr(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(CHECKOUT / "snr"), *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def begin(self, *arguments: str) -> None:
        """A command that takes its time, while other things are tested."""
        self.begun = subprocess.Popen(
            [str(CHECKOUT / "snr"), *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(self) -> "subprocess.CompletedProcess[str]":
        """What the command that was begun has said, once it has ended."""
        assert self.begun is not None
        told = self.begun.communicate(timeout=BEGUN_SECONDS)
        return subprocess.CompletedProcess(self.begun.args, self.begun.returncode, *told)

    def answers(self, url: str) -> bool:
        try:
            return httpx.get(url, timeout=2).is_success
        except httpx.HTTPError:
            return False

    def logs(self) -> str:
        parts = sorted(self.places.logs.glob("*.log"))
        return "\n".join(f"== {path.name}\n{path.read_text()[-3000:]}" for path in parts)

    def processes(self) -> list[psutil.Process]:
        """All that live of this SNR_HOME, whoever their parent is now."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("SNR_HOME") == str(self.places.home):
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


def start_stack(home: Path, **settings: str) -> RunningStack:
    ports = {f"SNR_{name}_PORT": str(free_port()) for name in ("API", "DASHBOARD", "PREFECT")}
    environment = os.environ | ports | {"SNR_HOME": str(home), "SNR_STREAM_PACE": PACE} | settings
    # What a script runs in the background ignores Ctrl-C, and so would all that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [str(CHECKOUT / "snr"), "up"],
        env=environment,
        cwd=home.parent,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    return RunningStack(process, Places(home, str(home / "lake")), environment)


CANARY = "SYSTEM-TEST"
"""What the references of these tests' patients begin with; unlike anything else."""


def named_outside_the_lake(stack: RunningStack) -> list[Path]:
    """Logs, Prefect's database, notes of processes: the files of a home that tell of a patient."""
    lake = Path(stack.places.lake_url)
    files = (p for p in stack.places.home.rglob("*") if p.is_file() and lake not in p.parents)
    return [path for path in files if _tells_of(path)]


def _tells_of(path: Path) -> bool:
    try:
        return CANARY.encode() in path.read_bytes()
    except FileNotFoundError:  # it is gone by now
        return False


def kill(processes: Iterable[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def kill_all(processes: "Iterable[subprocess.Popen[bytes]]") -> None:
    for process in processes:
        process.kill()
        process.wait(timeout=30)


@pytest.fixture(scope="session")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[RunningStack]]:
    """A demo hospital with a short past. The last one runs now: a test may replace it."""
    home = tmp_path_factory.mktemp("stack") / "home"
    stacks = [start_stack(home, SNR_HISTORY_DAYS=HISTORY_DAYS)]
    try:
        yield stacks
        stacks[-1].snr("down")
        stacks[-1].process.wait(timeout=30)
    finally:
        kill(stacks[-1].processes())
        stacks[-1].process.wait(timeout=30)


@pytest.fixture
def stack(stacks: list[RunningStack]) -> RunningStack:
    """Its API and its pages answer."""
    stack = stacks[-1]
    for name, path in (("API", "/health/ready"), ("DASHBOARD", "/_stcore/health")):
        url = stack.url(name) + path
        eventually(lambda url=url: stack.answers(url), 120, f"{url} answers")
    return stack


@pytest.fixture
def api(stack: RunningStack) -> Iterator[BookingClient]:
    with BookingClient(stack.url("API"), "system.test") as client:
        yield client


def asked(stack: RunningStack, sql: str) -> list[dict[str, Any]]:
    return _reader(stack.places).ask(sql).to_pylist()


@cache
def _reader(places: Places) -> LakeReader:
    """One for all questions: what looks on must not take the machine from what it looks at."""
    return LakeReader(places)


def suggested_bed(api: BookingClient) -> tuple[str, Sex]:
    """What the hospital itself suggests, and for whom: not all that speaks against a bed is on the
    board, and just now there may be none for women."""
    found = eventually(lambda: next(_suggested(api), None), 90, "a bed is suggested")
    return cast("tuple[str, Sex]", found)


def _suggested(api: BookingClient) -> Iterator[tuple[str, Sex]]:
    for sex in (Sex.FEMALE, Sex.MALE):
        asked = NewBedRequest(patient_ref="SYSTEM-TEST-0", needs=Needs(sex=sex))
        bed_request_id = api.request_bed(asked).bed_request_id
        suggestions = api.request(bed_request_id).suggestions
        api.withdraw_request(bed_request_id)
        yield from ((one.bed_id, sex) for one in suggestions)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    found = os.environ.get("SNR_BROWSER") or browsers.find_or_install()
    path = None if found == browsers.OWN else found
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*CHROMIUM_FLAGS])
        yield browser
        browser.close()
