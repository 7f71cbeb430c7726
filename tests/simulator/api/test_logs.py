"""What a process of the API logs names no patient, whatever is asked of it and goes wrong."""

import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from lake import logs
from lake.errors import LakeError
from lake.places import CHECKOUT

CANARY = "CANARY-7701"
"""Unlike anything else."""
STUMBLES = "STUMBLES-7701"
STUMBLING = f"""
import sys
from simulator import serve
from simulator.writer.desk import Desk
carry_out = Desk.carry_out
async def stumble(self, command, context):
    if "{STUMBLES}" in str(command):
        raise ValueError(f"cannot do this: {{command}}")
    return await carry_out(self, command, context)
Desk.carry_out = stumble
sys.exit(serve.main())
"""
"""A server whose desk falls over one patient, and says so."""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "api.log"


@pytest.fixture
def api(tmp_path: Path, log: Path) -> Iterator[httpx.Client]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {
        "SNR_HOME": str(tmp_path / "home"), "SNR_API_PORT": str(port), "SNR_SIMULATOR": "false",
    }  # fmt: skip
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", STUMBLING],
            env=os.environ | settings, cwd=CHECKOUT, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            for _ in range(300):
                if is_ready(client):
                    break
                time.sleep(0.1)
            yield client
    finally:
        process.kill()
        process.wait()


def is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/health/ready").is_success
    except httpx.HTTPError:
        return False


def test_no_request_leaves_a_patient_in_the_log(api, log) -> None:
    def book(patient: str, bed: str, **more) -> httpx.Response:
        body = {"bed_id": bed, "patient_ref": patient, "admit": True, "note": f"of {patient}"}
        return api.post("/bookings", json=body | more)

    beds = [bed["bed_id"] for bed in api.get("/beds").json()["items"]]
    why = {"reason_code": "clinical_need", "reason": f"for {CANARY}"}
    assert book(CANARY, beds[0], override=why).status_code == 201
    assert book(f"{CANARY}-B", beds[0]).status_code == 409
    assert book(f"{CANARY} with spaces", beds[1]).status_code == 422
    assert book(CANARY, beds[1], admit=CANARY).status_code == 422
    assert api.get(f"/patients/{CANARY}").is_success
    assert api.get(f"/patients/{CANARY}-C").status_code == 404
    assert api.get(f"/nowhere/{CANARY}").status_code == 404
    assert api.get("/bookings", params={"patient_ref": CANARY}).is_success
    assert api.get("/bookings", params={CANARY: "x"}).status_code == 422
    assert api.put(f"/patients/{CANARY}").status_code == 405
    with api.stream("GET", "/events/stream", params={"after_seq": 0}) as events:
        assert any(CANARY in line for line in events.iter_lines())
    with socket.create_connection(("127.0.0.1", api.base_url.port)) as raw:
        raw.sendall(f"GET /{CANARY} nonsense {CANARY}\r\n\r\n".encode())
        raw.recv(1000)
    assert book(STUMBLES, beds[2], override=why).status_code == 500
    for _ in range(50):  # it answers, and then it logs
        text = log.read_text()
        if "ValueError" in text:
            break
        time.sleep(0.1)
    assert "ValueError" in text  # of which the kind and the place are told
    assert "in stumble" in text
    assert CANARY not in text
    assert STUMBLES not in text.replace(f'if "{STUMBLES}"', "")


# Of an error what it fell over is not told


def failing() -> ValueError:
    try:
        try:
            raise KeyError(CANARY)
        except KeyError as error:
            raise ValueError(f"nothing of {CANARY}") from error
    except ValueError as error:
        return error


def test_of_an_error_and_its_cause_the_kind_and_the_place_are_told() -> None:
    text = logs.kind_and_place(failing())
    assert CANARY not in text
    assert text.index("KeyError") < text.index("ValueError")
    assert "in failing" in text


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(28, "No space left on device"), "OSError: [Errno 28] No space left on device"),
        (LakeError("The log is torn.", "Mend it."), "LakeError: The log is torn."),
        (UnicodeDecodeError("utf-8", b"x", 0, 1, CANARY), "UnicodeDecodeError"),
    ],
)
def test_what_storage_says_is_told_in_full(error, words) -> None:
    assert logs.told(error) == words


def test_a_librarys_own_logger_tells_no_more(monkeypatch) -> None:
    monkeypatch.setattr(logging, "_logRecordFactory", logging.LogRecord)
    logs.without_quotes()
    error = failing()
    failure = (type(error), error, error.__traceback__)
    record = logging.getLogger("of.a.library").makeRecord(
        "of.a.library", logging.ERROR, __file__, 1, "it failed", (), failure
    )
    assert CANARY not in logging.Formatter("%(message)s").format(record)
    assert "ValueError" in logging.Formatter("%(message)s").format(record)
