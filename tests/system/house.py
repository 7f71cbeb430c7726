"""API and dashboard of a small live hospital, where people sign in, without the rest of a stack."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from lake.places import CHECKOUT, Places
from lake.vocabulary import Role
from simulator.access.gate import Gate
from simulator.client import BookingClient, NewBooking, Override, SignIn
from simulator.writer.clock import wall_now
from tests.system.conftest import eventually, free_port, kill_all

WORD = "a long walk home"
OWN, OTHERS = "OWN-1001", "OTHER-2002"


@dataclass
class House:
    api_url: str
    url: str
    gate: Gate
    places: Places


@contextmanager
def small_house(home: Path, **settings: str) -> Iterator[House]:
    """A patient lies on W1, which is asha's ward, and one on W3; ravi is a manager."""
    places = Places(home, str(home / "lake"))
    gate = Gate.at(places.people, wall_now)
    gate.people.add("asha", [Role.CLERK], ["W1"], WORD)
    gate.people.add("ravi", [Role.MANAGER], password=WORD)
    gate.people.add("leaver", [Role.VIEWER], password=WORD)
    ports = {"SNR_API_PORT": str(free_port()), "SNR_DASHBOARD_PORT": str(free_port())}
    environment = os.environ | ports | {
        "SNR_HOME": str(home), "SNR_AUTH": "on", "SNR_SIMULATOR": "false",
        "SNR_DASHBOARD_TOKEN": gate.tokens.add("dashboard", Role.VIEWER),
    } | settings  # fmt: skip
    api_url, url = (f"http://127.0.0.1:{port}" for port in ports.values())
    places.logs.mkdir()
    processes = [_started(program, environment, places) for program in ("simulator", "dashboard")]
    try:
        for path in (f"{api_url}/health/ready", f"{url}/_stcore/health"):
            eventually(lambda path=path: answers(path), 60, f"{path} answers")
        _fill(api_url)
        yield House(api_url, url, gate, places)
    finally:
        kill_all(processes)
        gate.store.close()


def _started(
    package: str, environment: dict[str, str], places: Places
) -> "subprocess.Popen[bytes]":
    """It logs where the supervisor would have it."""
    with (places.logs / f"{package}.log").open("wb") as log:
        command = [sys.executable, "-m", f"{package}.serve"]
        return subprocess.Popen(
            command, env=environment, cwd=CHECKOUT, stdout=log, stderr=subprocess.STDOUT
        )


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).is_success
    except httpx.HTTPError:
        return False


def _fill(api_url: str) -> None:
    with BookingClient(api_url) as door:
        opened = door.sign_in(SignIn(name="ravi", password=WORD))
    with BookingClient(api_url, secret=opened.secret) as api:
        why = Override(reason_code="clinical_need", reason="nobody else in this hospital")
        for bed, patient in (("W1-101-A", OWN), ("W3-201-A", OTHERS)):
            wish = NewBooking(bed_id=bed, patient_ref=patient, admit=True, override=why)
            api.book(wish)
