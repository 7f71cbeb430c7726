"""One booking's whole way, through the stack that `./snr up` starts.

The tests run in order and share the stack; the last one stops it.
"""

import json
import signal
import time
from contextlib import suppress

import httpx
import psutil
import pytest
from playwright.sync_api import Browser, Page, expect

from lake.duck import LakeReader
from lake.vocabulary import BookingState
from simulator.client import BookingClient, NewBedRequest, NewBooking
from tests.system.conftest import RunningStack, eventually

PATIENT = "SYSTEM-TEST-1"
PATIENCE_MS = 60_000


@pytest.fixture
def page(chromium: Browser) -> Page:
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(PATIENCE_MS)
    yield page
    page.close()


@pytest.fixture
def api(stack: RunningStack) -> BookingClient:
    with BookingClient(stack.url("API"), "system.test") as client:
        yield client


def asked(stack: RunningStack, sql: str) -> list[dict]:
    return LakeReader(stack.places).ask(sql).to_pylist()


def fitting_bed(api: BookingClient) -> str:
    """What the hospital itself suggests: not all that speaks against a bed is on the board."""
    bed_request_id = api.request_bed(NewBedRequest(patient_ref="SYSTEM-TEST-0")).bed_request_id
    best = api.request(bed_request_id).suggestions[0]
    api.withdraw_request(bed_request_id)
    return best.bed_id


def test_a_person_books_in_the_browser_and_finds_the_booking_on_the_board(stack, page, api) -> None:
    bed_id = fitting_bed(api)
    page.goto(f"{stack.url('DASHBOARD')}/book?bed_id={bed_id}")
    page.get_by_label("Patient reference").fill(PATIENT)
    page.get_by_text("Admit now").click()
    page.get_by_role("button", name="Book", exact=True).click()
    expect(page.get_by_test_id("stAlert").first).to_contain_text(f"{bed_id} is active")
    page.goto(stack.url("DASHBOARD"))
    expect(page.get_by_text(PATIENT).first).to_be_visible()
    [booking] = api.bookings(patient_ref=PATIENT)
    assert (booking.bed_id, booking.state) == (bed_id, BookingState.ACTIVE)


def test_the_booking_reaches_the_curated_board(stack) -> None:
    sql = f"SELECT bed_status FROM gold.bed_board WHERE current_patient_ref = '{PATIENT}'"
    rows = eventually(lambda: asked(stack, sql), 150, f"gold.bed_board has {PATIENT}")
    assert rows == [{"bed_status": "occupied"}]


def test_catching_up_beside_the_live_stream_waits_for_that(stack) -> None:
    head = asked(stack, "SELECT max(seq) AS seq FROM bronze.bed_events")[0]["seq"]
    done = stack.snr("stream", "--once")
    assert done.returncode == 0, done.stderr
    assert asked(stack, "SELECT max(seq) AS seq FROM silver.bed_events")[0]["seq"] >= head


def artifacts_of(stack: RunningStack, run: dict) -> list[dict]:
    of_run = {"artifacts": {"flow_run_id": {"any_": [run["id"]]}}}
    return httpx.post(f"{stack.url('PREFECT')}/api/artifacts/filter", json=of_run).json()


def test_prefect_knows_the_run_that_carried_it(stack) -> None:
    answer = httpx.post(
        f"{stack.url('PREFECT')}/api/flow_runs/filter",
        json={"flows": {"name": {"any_": ["stream_bookings"]}}},
    )
    [run] = answer.json()
    assert run["state_type"] == "RUNNING"

    def is_shown() -> bool:
        [table] = artifacts_of(stack, run)
        shown = {row["table"] for row in json.loads(table["data"]) if row["events"]}
        return shown >= {"silver.bed_events", "gold.bed_board"}

    eventually(is_shown, 150, "the run's artifact says what it has taken in")
    deployments = httpx.post(f"{stack.url('PREFECT')}/api/deployments/filter", json={}).json()
    assert {deployment["name"] for deployment in deployments} == {
        *("stream_bookings", "build_gold", "check_lake", "maintain_lake")
    }


def test_the_numbers_are_built_from_the_command_line(stack) -> None:
    done = stack.snr("build", "--from", "2000-01-01")
    assert done.returncode == 0, done.stderr + stack.logs()
    assert "Left out: dates before the log's first" in done.stderr
    counted = asked(
        stack,
        """SELECT count(*) AS hours,
                  bool_and(bed_count = occupied_count + available_count + reserved_count
                           + dirty_count + closed_count) AS adds_up
           FROM gold.census_hourly""",
    )
    assert counted[0]["hours"] > 10 * 24 * 10
    assert counted[0]["adds_up"]
    assert asked(stack, "SELECT sum(admission_count) AS n FROM gold.ward_daily")[0]["n"] > 100


def test_a_build_leaves_what_it_did_in_prefect(stack) -> None:
    """Its run has a name with the date; what it wrote, how far it was and of what are artifacts."""
    api = f"{stack.url('PREFECT')}/api"
    named = {"flow_runs": {"name": {"any_": ["build_gold from 2000-01-01"]}}}
    [run] = httpx.post(f"{api}/flow_runs/filter", json=named).json()
    assert run["state_type"] == "COMPLETED"
    assert {a["key"]: a["type"] for a in artifacts_of(stack, run)} == {
        "built-tables": "table", "lineage": "markdown", "build-gold": "progress",
    }  # fmt: skip


def test_every_table_is_counted_again_beside_the_live_stream(stack) -> None:
    done = stack.snr("verify")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("equal") >= 13


def test_the_running_stream_puts_quarantined_events_through_again(stack) -> None:
    done = stack.snr("requeue")
    assert (done.returncode, done.stdout) == (0, "0 events have passed and are taken in.\n")


@pytest.mark.parametrize("name", ["", "book", "waiting", "activity", "trends", "data"])
def test_every_page_shows_itself_without_an_error(stack, page, name) -> None:
    page.goto(f"{stack.url('DASHBOARD')}/{name}")
    expect(page.locator(".snr .age").first).to_be_visible()
    page.wait_for_timeout(2000)
    assert page.get_by_test_id("stException").count() == 0


def test_the_lake_answers_in_sql(stack) -> None:
    done = stack.snr("sql", "SELECT count(*) AS beds FROM live_board", "--format", "csv")
    assert (done.returncode, done.stdout.split()) == (0, ['"beds"', "200"])


def test_a_second_up_is_refused_at_once_with_cause_and_fix(stack) -> None:
    start = time.monotonic()
    done = stack.snr("up")
    assert time.monotonic() - start < 3
    assert done.returncode == 1
    assert "already runs" in done.stderr
    assert "Fix: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_killed_api_comes_back_and_booking_goes_on(stack, api) -> None:
    [server] = [p for p in stack.processes() if "simulator.serve" in p.cmdline()]
    server.send_signal(signal.SIGKILL)
    ready = stack.url("API") + "/health/ready"
    eventually(lambda: stack.answers(ready), 30, "the API is back")
    assert api.bookings(patient_ref=PATIENT)


def test_booking_and_the_live_board_go_on_without_prefect_and_the_stream(stack, api) -> None:
    dead = [p for p in stack.processes() if is_about_flows(p)]
    assert len(dead) >= 3  # the server, its worker, the stream with its JVM
    for process in dead:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    bed_id = fitting_bed(api)
    api.book(NewBooking(bed_id=bed_id, patient_ref="SYSTEM-TEST-2", admit=True))
    shown = asked(stack, f"SELECT current_patient_ref FROM live_board WHERE bed_id = '{bed_id}'")
    assert shown == [{"current_patient_ref": "SYSTEM-TEST-2"}]


def is_about_flows(process: psutil.Process) -> bool:
    command = " ".join(process.cmdline())
    return any(word in command for word in ("prefect", "org.apache.spark"))


def test_ctrl_c_ends_everything_and_leaves_no_process_behind(stack) -> None:
    assert len(stack.processes()) > 3
    start = time.monotonic()
    stack.process.send_signal(signal.SIGINT)
    stack.process.wait(timeout=30)
    assert time.monotonic() - start < 20
    assert [" ".join(p.cmdline()) for p in stack.processes()] == []
