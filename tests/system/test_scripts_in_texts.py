"""Scripts in every text that somebody can write: in a real browser they are texts, on each page."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, cycle
from random import Random
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.system.house import OWN, WORD, House, small_house

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]

SHAPES = (
    "<script>{run}</script>", "<img src=x onerror={run}>", "<svg onload={run}>",
    "\"><script>{run}</script>", "'><img src=x onerror='{run}'>", "<details open ontoggle={run}>",
    "<iframe srcdoc=\"<script>parent.{run}</script>\"></iframe>", "<body onload={run}>",
    "<a href=\"javascript:{run}\">a note</a>", "[a note](javascript:{run})",
    "![a note](x\" onerror=\"{run})", "<input autofocus onfocus={run}>",
    "</textarea><script>{run}</script>", "</style><script>{run}</script>",
    "--><script>{run}</script>", "<video><source onerror={run}></video>",
    "<object data=\"javascript:{run}\"></object>", "<embed src=\"javascript:{run}\">",
    "<form action=\"javascript:{run}\"><button>a</button></form>", "${{{run}}}",
    "{{{{ {run} }}}}", ":material/home: <math><mi xlink:href=\"javascript:{run}\">x</mi></math>",
    "<base href=\"javascript:{run}//\">",
    "<meta http-equiv=refresh content=\"0;url=javascript:{run}\">",
    "<link rel=stylesheet href=\"javascript:{run}\">",
)  # fmt: skip
WAYS = (
    lambda text: text,
    lambda text: text.replace("<", "&lt;<").upper().replace("WINDOW.SNRHIT", "window.snrHit"),
    lambda text: f"`{text}` $${text}$$",
    lambda text: f"fell at night\n\n{text}\n",
)
PAYLOADS = [
    way(shape.format(run=f"window.snrHit={nth}"))
    for nth, (shape, way) in enumerate((shape, way) for shape in SHAPES for way in WAYS)
]
QUICK = Random(5).sample(PAYLOADS, 10)  # noqa: S311 - which ones, no secret
MOST_LISTED = 10
"""Of the newest, which *Activity* shows without asking for more."""
COUNT, FROM = count(), datetime(2031, 1, 1, tzinfo=UTC)
PAGES = ("Board", "Book", "Waiting", "Activity", "Trends", "Data")
FOREIGN = (
    "[onerror], [onload], [ontoggle], [onfocus], a[href^='javascript'], iframe[srcdoc], object, "
    "embed, base, form[action^='javascript']"
)
LOOKED_AT = f"""() => [
    window.snrHit === undefined,
    [...document.querySelectorAll("script")].every(one => !one.textContent.includes("snrHit")),
    document.querySelectorAll("{FOREIGN}").length === 0,
]"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with small_house(tmp_path_factory.mktemp("scripts") / "home") as house:
        yield house


@pytest.fixture
def pc(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context()
    yield context
    context.close()


def written(house: House, payloads: list[str]) -> None:
    """Each as a note of a bed, a booking and a request, and as the reason of a closing."""
    with httpx.Client(base_url=house.api_url, timeout=30) as api:
        opened = api.post("/sign-in", json={"name": "ravi", "password": WORD})
        api.headers["authorization"] = f"Bearer {opened.json()['secret']}"
        beds, others = (
            [bed["bed_id"] for bed in api.get(f"/beds?ward_id={ward}").json()["items"]]
            for ward in ("W2", "W4")
        )
        for payload, bed_id, shut_id, nth in zip(
            payloads, cycle(beds), cycle(others), COUNT, strict=False
        ):
            day = FROM + timedelta(days=2 * nth)
            wish = {"patient_ref": f"X{nth}-1", "ward_id": "W2", "note": payload}
            override = {"reason_code": "clinical_need", "reason": payload}
            stay = {"bed_id": bed_id, "patient_ref": f"X{nth}-2", "note": payload,
                    "starts_at": day.isoformat(), "ends_at": (day + timedelta(days=1)).isoformat(),
                    "override": override}  # fmt: skip
            shut = {"reason_code": "maintenance", "reason": payload}
            answers = [
                api.post(f"/beds/{bed_id}/notes", json={"note": payload}),
                api.post(f"/beds/{shut_id}/close", json=shut),
                api.post(f"/beds/{shut_id}/open", json=shut | {"reason_code": "ready"}),
                api.post("/requests", json=wish),
                api.post("/bookings", json=stay),
            ]
            assert [one.text[:200] for one in answers if not one.is_success] == []
        opened = api.post("/sign-in", json={"name": "asha", "password": WORD})
        api.headers["authorization"] = f"Bearer {opened.json()['secret']}"
        why = {"reason_code": "other", "reason": payloads[0]}
        assert api.post("/patients/NOBODY-1/glass", json=why).status_code in (201, 403)


def sign_in(page: Page, house: House) -> None:
    page.goto(house.url)
    page.fill("#name", "ravi")
    page.fill("#password", WORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text(OWN).first.wait_for(timeout=20_000)


def words(text: str) -> str:
    return " ".join(text.split())


def is_clean(page: Page, where: str) -> None:
    for frame in page.frames:
        looked = frame.evaluate(LOOKED_AT)
        assert looked == [True, True, True], (where, looked)


def looks_everywhere(house: House, pc: BrowserContext, payloads: list[str]) -> None:
    written(house, payloads)
    page = pc.new_page()
    said: list[str] = []
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    sign_in(page, house)
    for name in PAGES:
        page.get_by_role("link", name=name, exact=True).click()
        page.wait_for_timeout(2_000)
        if name == "Activity":
            page.get_by_text("snrHit").first.wait_for(timeout=20_000)
            shown = words(page.locator("body").inner_text())
            missing = [one for one in payloads[-MOST_LISTED:] if words(one) not in shown]
            assert missing == [], "is no text any more"
        if name == "Board":
            box = page.get_by_placeholder("Bed or patient")
            for payload in payloads[:5]:
                box.fill(payload.replace("\n", " "))
                box.press("Enter")
                page.wait_for_timeout(300)
        is_clean(page, name)
    for payload in payloads[::5]:
        page.goto(f"{house.url}/book?bed_id={quote(payload)}")
        page.wait_for_timeout(300)
        is_clean(page, "an address")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in*", timeout=10_000)
    for payload in payloads[:3]:
        page.goto(f"{house.url}/sign-in?next={quote(payload)}")
        page.fill("#name", payload.replace("\n", " ")[:60])
        page.fill("#password", payload)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("alert").wait_for(timeout=10_000)
        is_clean(page, "signing in")
    assert said == []


def test_ten_of_them_are_texts_on_every_page(house: House, pc: BrowserContext) -> None:
    looks_everywhere(house, pc, QUICK)


@pytest.mark.long
def test_all_of_them_are(house: House, pc: BrowserContext) -> None:
    assert len(PAYLOADS) == 100
    looks_everywhere(house, pc, PAYLOADS)


def test_the_look_itself_finds_a_script(house: House, pc: BrowserContext) -> None:
    """On a page that takes texts for HTML."""
    page = pc.new_page()
    for payload in ("<img src=x onerror=window.snrHit=1>", "<script>window.snrHit=1</script>"):
        page.set_content(payload)
        page.wait_for_timeout(300)
        with pytest.raises(AssertionError):
            is_clean(page, "there")
