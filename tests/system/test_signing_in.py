"""Signing in as people do it, in a real browser: API and dashboard of a small hospital."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from lake.vocabulary import Role
from tests.system.house import OTHERS, OWN, WORD, House, small_house

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with small_house(tmp_path_factory.mktemp("signing") / "home") as house:
        yield house


@pytest.fixture
def pc(chromium: Browser) -> Iterator[BrowserContext]:
    """A shared PC: its browser keeps what it is given."""
    context = chromium.new_context()
    yield context
    context.close()


def sign_in(page: Page, house: House, name: str) -> float:
    """Seconds from the form to the board."""
    page.goto(house.url)
    page.fill("#name", name)
    page.fill("#password", WORD)
    begin = time.monotonic()
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("101-A", exact=True).first.wait_for(timeout=20_000)
    return time.monotonic() - begin


def test_a_clerk_signs_in_and_sees_the_patients_of_the_own_ward(house, pc) -> None:
    page = pc.new_page()
    seconds = sign_in(page, house, "asha")
    sys.stdout.write(f"\nsigned in and on the board after {seconds:.1f} s\n")
    page.get_by_text(OWN).first.wait_for(timeout=10_000)
    assert page.get_by_text(OTHERS).count() == 0
    assert page.get_by_text("asha", exact=True).count() == 1
    page.reload()  # the session survives it
    page.get_by_text(OWN).first.wait_for(timeout=20_000)


def test_a_clerk_books_a_bed_of_the_own_ward_and_no_other(house, pc) -> None:
    page = pc.new_page()
    begin = time.monotonic()
    sign_in(page, house, "asha")
    page.goto(f"{house.url}/book?bed_id=W1-112-A")
    page.get_by_label("Patient reference").fill("NEW-77")
    page.get_by_text("Admit now").click()
    page.get_by_role("button", name="Book", exact=True).click()
    page.get_by_text("W1-112-A is active").first.wait_for(timeout=20_000)
    sys.stdout.write(f"\nsigned in and booked after {time.monotonic() - begin:.1f} s\n")
    page.goto(f"{house.url}/book?bed_id=W3-202-A")
    page.get_by_label("Patient reference").wait_for(timeout=20_000)
    page.wait_for_timeout(1_000)
    assert page.get_by_text("W3-202-A", exact=True).count() == 0


def test_f8_locks_and_a_pin_opens_the_page_again(house, pc) -> None:
    page = pc.new_page()
    sign_in(page, house, "asha")
    page.get_by_role("button", name="PIN").click()
    page.get_by_label("PIN, at least 4 digits").fill("4821")
    page.get_by_label("PIN, at least 4 digits").press("Enter")
    page.get_by_role("button", name="Set the PIN").click()
    page.get_by_text("Set for this device.").wait_for(timeout=10_000)
    page.keyboard.press("F8")
    page.wait_for_url("**/sign-in*", timeout=10_000)
    assert page.get_by_text(OWN).count() == 0
    page.get_by_label("asha: PIN").fill("4821")
    begin = time.monotonic()
    page.get_by_role("button", name="Open").click()
    page.get_by_text(OWN).first.wait_for(timeout=20_000)
    sys.stdout.write(f"\nopened by a PIN after {time.monotonic() - begin:.1f} s\n")


def test_of_the_one_before_nothing_is_left_for_the_next(house, pc) -> None:
    page = pc.new_page()
    sign_in(page, house, "ravi")
    page.get_by_text(OTHERS).first.wait_for(timeout=10_000)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in*", timeout=10_000)
    page.go_back()
    page.wait_for_timeout(1_500)
    assert page.get_by_text(OTHERS).count() == 0
    sign_in(page, house, "asha")
    page.get_by_text(OWN).first.wait_for(timeout=10_000)
    page.wait_for_timeout(2_500)
    assert page.get_by_text(OTHERS).count() == 0
    assert page.get_by_text("ravi", exact=True).count() == 0


def test_who_is_disabled_has_left_the_open_page_within_seconds(house, pc) -> None:
    page = pc.new_page()
    sign_in(page, house, "leaver")
    begin = time.monotonic()
    house.gate.people.disable("leaver")
    page.wait_for_url("**/sign-in*", timeout=10_000)
    assert time.monotonic() - begin < 8  # 4 s by design, on a machine with nothing else to do


def test_the_cookies_are_no_scripts_business(house, pc) -> None:
    page = pc.new_page()
    sign_in(page, house, "asha")
    secrets = [c["value"] for c in pc.cookies() if c["name"].startswith("snr_")]
    assert len(secrets) == 2
    seen = page.evaluate("document.cookie")
    assert not any(secret in seen for secret in secrets)
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert not any(secret in kept for secret in secrets)
    assert OWN not in kept


def test_no_script_runs_that_somebody_brings_into_a_page(house, pc) -> None:
    page = pc.new_page()
    refused: list[str] = []
    page.on("console", lambda said: refused.append(said.text) if "Policy" in said.text else None)
    sign_in(page, house, "asha")
    page.get_by_text(OWN).first.wait_for(timeout=10_000)
    assert refused == []
    page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "window.brought = true";
        document.body.append(script);
        document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='brought = true'>");
    }""")
    page.wait_for_timeout(500)
    assert page.evaluate("window.brought") is None
    assert len(refused) == 2


def test_a_viewer_is_told_why_there_is_nothing_to_book(house, pc) -> None:
    house.gate.people.add("looker", [Role.VIEWER], password=WORD)
    page = pc.new_page()
    sign_in(page, house, "looker")
    page.get_by_role("link", name="Book").click()
    page.get_by_text("Your role books no beds").wait_for(timeout=10_000)
    page.get_by_role("link", name="Waiting").click()
    page.get_by_text("Your role shows no patients").wait_for(timeout=10_000)
    assert Path(house.gate.store.path).stat().st_mode & 0o077 == 0
