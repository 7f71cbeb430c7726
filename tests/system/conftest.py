"""The whole stack, started as a user starts it, and a real browser."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest
from playwright.sync_api import Browser, sync_playwright

from cli import browser as browsers
from lake.places import CHECKOUT, Places

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
    environment = os.environ | ports | {"SNR_HOME": str(home)} | settings
    process = subprocess.Popen(
        [str(CHECKOUT / "snr"), "up"],
        env=environment,
        cwd=home.parent,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    return RunningStack(process, Places(home, str(home / "lake")), environment)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A demo hospital with a short past, live in the browser."""
    home = tmp_path_factory.mktemp("stack") / "home"
    stack = start_stack(home, SNR_HISTORY_DAYS="14")
    try:
        for name, path in (("API", "/health/ready"), ("DASHBOARD", "/_stcore/health")):
            url = stack.url(name) + path
            eventually(lambda url=url: stack.answers(url), 120, f"{url} answers")
        yield stack
        if stack.process.poll() is None:
            stack.process.send_signal(signal.SIGINT)
            stack.process.wait(timeout=30)
    finally:
        if stack.process.poll() is None:
            stack.snr("down")
            stack.process.kill()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    found = os.environ.get("SNR_BROWSER") or browsers.find_or_install()
    path = None if found == browsers.OWN else found
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*CHROMIUM_FLAGS])
        yield browser
        browser.close()
