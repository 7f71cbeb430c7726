"""One booking's whole way, through the stack that `./snr up` starts; the tests run in order."""

import json
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from flows.verify_lake import RECOUNTED
from lake.vocabulary import BookingState
from tests.system.conftest import (
    CANARY,
    RunningStack,
    asked,
    eventually,
    named_outside_the_lake,
    suggested_bed,
)

PATIENT = f"{CANARY}-1"
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)  # its own is 5 s, whatever the machine has to do


@pytest.fixture
def page(chromium: Browser) -> Page:
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(PATIENCE_MS)
    yield page
    page.close()


def test_a_person_books_in_the_browser_and_finds_the_booking_on_the_board(stack, page, api) -> None:
    bed_id, sex = suggested_bed(api)
    page.goto(f"{stack.url('DASHBOARD')}/book?bed_id={bed_id}")
    page.get_by_label("Patient reference").fill(PATIENT)
    page.get_by_text(sex, exact=True).first.click()
    page.get_by_text("Admit now").click()
    page.get_by_role("button", name="Book", exact=True).click()
    expect(page.get_by_test_id("stAlert").first).to_contain_text(f"{bed_id} is active")
    page.goto(stack.url("DASHBOARD"))
    expect(page.get_by_text(PATIENT).first).to_be_visible()
    [booking] = api.bookings(patient_ref=PATIENT)
    assert (booking.bed_id, booking.state) == (bed_id, BookingState.ACTIVE)


def test_a_page_whose_server_stands_still_says_so_by_itself(stack, page) -> None:
    page.clock.install()
    page.goto(stack.url("DASHBOARD"))
    expect(page.get_by_text("data age").first).to_be_visible(timeout=PATIENCE_MS)
    [server] = [p for p in stack.processes() if "dashboard.serve" in p.cmdline()]
    server.suspend()
    try:
        page.clock.fast_forward(46_000)
        silent = page.locator("#snr-silent")
        expect(silent).to_contain_text("What is shown is old", timeout=PATIENCE_MS)
    finally:
        server.resume()
    expect(silent).to_be_hidden(timeout=PATIENCE_MS)


@pytest.fixture
def _build_begun(stack) -> None:
    """One of ours, without scheduled ones that it would wait for; that of the start has been asked
    for by then. What is tested next goes on beside it."""
    url = f"{stack.url('PREFECT')}/api/deployments"

    def deployment() -> str | None:
        with suppress(httpx.TransportError):
            answer = httpx.get(f"{url}/name/build_gold/build_gold")
            return answer.json()["id"] if answer.is_success else None
        return None

    found = eventually(deployment, 150, "build_gold is deployed")
    httpx.post(f"{url}/{found}/pause_deployment").raise_for_status()
    stack.begin("build", "--from", "2000-01-01")


@pytest.mark.usefixtures("_build_begun")
def test_the_booking_reaches_the_curated_board(stack) -> None:
    sql = f"SELECT bed_status FROM gold.bed_board WHERE current_patient_ref = '{PATIENT}'"
    rows = eventually(lambda: asked(stack, sql), 150, f"gold.bed_board has {PATIENT}")
    assert rows == [{"bed_status": "occupied"}]


def test_catching_up_beside_the_live_stream_waits_for_that(stack) -> None:
    head = asked(stack, "SELECT max(seq) AS seq FROM bronze.bed_events")[0]["seq"]
    done = stack.snr("stream", "--once")
    assert done.returncode == 0, done.stderr
    assert asked(stack, "SELECT max(seq) AS seq FROM silver.bed_events")[0]["seq"] >= head


def test_the_running_stream_puts_quarantined_events_through_again(stack) -> None:
    done = stack.snr("requeue")
    assert (done.returncode, done.stdout) == (0, "0 events have passed and are taken in.\n")


@pytest.mark.parametrize("name", ["", "book", "waiting", "activity", "trends", "data"])
def test_every_page_shows_itself_without_an_error(stack, page, name) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{stack.url('DASHBOARD')}/{name}")
    expect(page.locator(".snr .age").first).to_be_visible(timeout=PATIENCE_MS)
    page.wait_for_timeout(2000)
    assert page.get_by_test_id("stException").count() == 0
    assert [text for text in said if "Content Security Policy" in text] == []


def test_the_lake_answers_in_sql(stack) -> None:
    done = stack.snr("sql", "SELECT count(*) AS beds FROM live_board", "--format", "csv")
    assert (done.returncode, done.stdout.split()) == (0, ['"beds"', "224"])


def test_the_numbers_are_built_from_the_command_line(stack) -> None:
    done = stack.end()
    assert done.returncode == 0, done.stderr + stack.logs()
    assert "Left out: dates before the log's first" in done.stderr
    counted = asked(
        stack,
        """SELECT count(*) AS hours,
                  bool_and(bed_count = occupied_count + available_count + reserved_count
                           + dirty_count + closed_count) AS adds_up
           FROM gold.census_hourly""",
    )
    assert counted[0]["hours"] > 10 * 24  # ten wards, two days
    assert counted[0]["adds_up"]
    assert asked(stack, "SELECT sum(admission_count) AS n FROM gold.ward_daily")[0]["n"] > 100


def artifacts_of(stack: RunningStack, run: dict) -> list[dict]:
    of_run = {"artifacts": {"flow_run_id": {"any_": [run["id"]]}}}
    return httpx.post(f"{stack.url('PREFECT')}/api/artifacts/filter", json=of_run).json()


def test_a_build_leaves_what_it_did_in_prefect(stack) -> None:
    """Its run has a name with the date; what it wrote, how far it was and of what are artifacts."""
    api = f"{stack.url('PREFECT')}/api"
    named = {"flow_runs": {"name": {"any_": ["build_gold from 2000-01-01"]}}}
    [run] = httpx.post(f"{api}/flow_runs/filter", json=named).json()
    assert run["state_type"] == "COMPLETED"
    assert {a["key"]: a["type"] for a in artifacts_of(stack, run)} == {
        "built-tables": "table", "lineage": "markdown", "build-gold": "progress",
    }  # fmt: skip


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


def test_nothing_of_the_hospital_is_open_to_others_on_the_machine(stack) -> None:
    found = [path for path in stack.places.home.rglob("*") if not path.is_symlink()]
    assert len(found) > 100
    assert [path for path in found if mode_of(path) & 0o007] == []


def mode_of(path: Path) -> int:
    """Of a file that may be gone by now: none."""
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return 0


def test_no_log_and_no_other_file_beside_the_lake_names_a_patient(stack, page, api) -> None:
    """By now they were booked, streamed, built and checked; here some are refused."""
    with httpx.Client(base_url=stack.url("API")) as client:
        taken = {"bed_id": api.bookings(patient_ref=PATIENT)[0].bed_id, "admit": True}
        told = [
            client.post("/bookings", json=taken | {"patient_ref": f"{CANARY}-7"}),
            client.post("/bookings", json=taken | {"patient_ref": f"{CANARY} 8"}),
            client.get(f"/patients/{CANARY}-9"),
            client.get(f"/nowhere/{CANARY}-9"),
            client.get("/bookings", params={"patient_ref": PATIENT}),
        ]
        assert [answer.status_code for answer in told] == [409, 422, 404, 404, 200]
        with client.stream("GET", "/events/stream", params={"after_seq": 0}) as events:
            assert any(PATIENT in line for line in events.iter_lines())
    page.goto(f"{stack.url('DASHBOARD')}/book?patient_ref={PATIENT}&bed_id={CANARY}")
    expect(page.locator(".snr .age").first).to_be_visible(timeout=PATIENCE_MS)
    assert named_outside_the_lake(stack) == []


def test_every_table_is_counted_again_beside_the_live_stream(stack) -> None:
    done = stack.snr("verify")
    assert done.returncode == 0, done.stdout + done.stderr
    equal = [line.split()[0] for line in done.stdout.splitlines() if line.endswith("equal")]
    assert equal == [table.name for table in RECOUNTED]
