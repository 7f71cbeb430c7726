"""A scanner for holes of web applications looks at API and dashboard, signed in: it finds nothing
high or medium. It has an environment of its own, made here: its packages are not ours."""

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from lake.vocabulary import Role
from tests.system.house import WORD, House, small_house

pytestmark = [pytest.mark.stack, pytest.mark.long, pytest.mark.timeout(600)]

WAPITI = "wapiti3==3.2.3"
SECONDS, SECONDS_OF_ONE = 90, 20
MEDIUM = 2
"""Of its levels: 1 low, 2 medium, 3 high, 4 critical."""


@pytest.fixture(scope="module")
def wapiti(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wapiti")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    pip = [str(folder / "venv" / "bin" / "pip"), "install", "-q", WAPITI]
    subprocess.run(pip, check=True, timeout=300)
    return folder


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with small_house(tmp_path_factory.mktemp("scanned") / "home") as house:
        yield house


def scanned(wapiti: Path, name: str, *options: str) -> dict[str, Any]:
    report = wapiti / f"{name}.json"
    command = [
        str(wapiti / "venv" / "bin" / "wapiti"), *options, "-m", "common", "--flush-session",
        "--no-bugreport", "--max-scan-time", str(SECONDS), "--max-attack-time",
        str(SECONDS_OF_ONE), "-f", "json", "-o", str(report), "--store-session",
        str(wapiti / name), "--store-config", str(wapiti / "config"),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=400, check=False)
    assert report.exists(), done.stdout[-2000:] + done.stderr[-2000:]
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def serious(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (name, one["path"], one["info"])
        for kind in ("vulnerabilities", "anomalies")
        for name, ones in found[kind].items()
        for one in ones
        if one["level"] >= MEDIUM
    ]


def api_scanned(house: House, wapiti: Path) -> dict[str, Any]:
    token = house.gate.tokens.add("scan", Role.MANAGER)
    return scanned(
        wapiti, "api", "-u", f"{house.api_url}/", "--swagger", f"{house.api_url}/openapi.json",
        "-H", f"Authorization: Bearer {token}",
    )  # fmt: skip


def dashboard_scanned(house: House, wapiti: Path) -> dict[str, Any]:
    with httpx.Client(base_url=house.api_url) as api:
        secret = api.post("/sign-in", json={"name": "ravi", "password": WORD}).json()["secret"]
    cookie = f"snr_session_{house.url.rsplit(':', 1)[1]}={secret}"
    starts = [f"{house.url}/{page}" for page in ("sign-in", "sign-in?new", "book", "session")]
    return scanned(
        wapiti, "dashboard", "-u", f"{house.url}/", "-C", cookie,
        *(word for start in starts for word in ("-s", start)), "-x", f"{house.url}/session/end",
    )  # fmt: skip


@pytest.fixture(scope="module")
def reports(house: House, wapiti: Path) -> dict[str, dict[str, Any]]:
    """Both at once."""
    with ThreadPoolExecutor(2) as both:
        scans = {
            "api": both.submit(api_scanned, house, wapiti),
            "dashboard": both.submit(dashboard_scanned, house, wapiti),
        }
        return {name: scan.result() for name, scan in scans.items()}


def test_of_the_api(house: House, reports: dict[str, dict[str, Any]]) -> None:
    assert reports["api"]["infos"]["crawled_pages_nbr"] > 50
    assert serious(reports["api"]) == []
    with httpx.Client(base_url=house.api_url) as api:
        assert api.get("/health/ready").is_success


def test_of_the_dashboard(house: House, reports: dict[str, dict[str, Any]]) -> None:
    assert serious(reports["dashboard"]) == []
    with httpx.Client(base_url=house.url) as dashboard:
        assert dashboard.get("/_stcore/health").is_success
