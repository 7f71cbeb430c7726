"""From another machine: a browser through nginx, as docs/nginx.conf has it, with TLS."""

import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import trustme
from playwright.sync_api import Browser, BrowserContext, Page

from cli import proxy
from lake.places import CHECKOUT
from lake.vocabulary import Role
from tests.system.conftest import eventually, free_port, kill_all
from tests.system.house import OTHERS, OWN, WORD, House, small_house

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]
NAME = "beds.localhost"
"""Browsers find every name below `localhost` on this machine."""
EXAMPLE = CHECKOUT / "docs" / "nginx.conf"
WRONG = "The name or the password is wrong."
LIMIT = 5
"""Of these for a name from one address."""


@dataclass
class Site:
    url: str
    house: House
    trust: ssl.SSLContext

    def client(self, address: str = "127.0.0.1") -> httpx.Client:
        """Somebody at this address; every one that begins with 127 is this machine's."""
        port = self.url.rpartition(":")[2]
        transport = httpx.HTTPTransport(verify=self.trust, local_address=address)
        return httpx.Client(
            transport=transport,
            base_url=f"https://127.0.0.1:{port}",
            headers={"Host": f"{NAME}:{port}", "Origin": self.url},
        )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The hospital, and before it nginx with a certificate of its own."""
    folder = tmp_path_factory.mktemp("proxy")
    url = f"https://{NAME}:{free_port()}"
    trust = ssl.create_default_context()
    authority = trustme.CA()
    authority.configure_trust(trust)
    own = authority.issue_cert(NAME, "127.0.0.1")
    own.cert_chain_pems[0].write_to_path(str(folder / "own.pem"))
    own.private_key_pem.write_to_path(str(folder / "own.key"))
    with small_house(folder / "home", SNR_PUBLIC_URL=url, SNR_PROXY="127.0.0.1") as house:
        nginx = started(folder, url, house)
        try:
            found = Site(url, house, trust)
            with found.client() as client:
                eventually(lambda: is_up(client), 20, "nginx answers")
            yield found
        finally:
            kill_all([nginx])


def is_up(client: httpx.Client) -> bool:
    try:
        return client.get("/_stcore/health").is_success
    except httpx.HTTPError:
        return False


def started(folder: Path, url: str, house: House) -> "subprocess.Popen[bytes]":
    """As the example says, but for the names, ports and files of this test."""
    example = EXAMPLE.read_text()
    for theirs, ours in {
        "443 ssl": f"127.0.0.1:{url.rpartition(':')[2]} ssl",
        "listen 80": f"listen 127.0.0.1:{free_port()}",
        "beds.hospital.example;": f"{NAME};",
        "/etc/ssl/certs/beds.hospital.example.pem": str(folder / "own.pem"),
        "/etc/ssl/private/beds.hospital.example.key": str(folder / "own.key"),
        "/var/log/nginx": str(folder),
        "http://127.0.0.1:8501": house.url,
        "http://127.0.0.1:8000": house.api_url,
    }.items():
        assert theirs in example
        example = example.replace(theirs, ours)
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/nginx.log; events {{}}\n"
        f"http {{ {paths(folder)}\n{example} }}"
    )
    command = [proxy.find_or_install(), "-e", str(folder / "nginx.log"), "-c", str(config)]
    return subprocess.Popen(command)


def paths(folder: Path) -> str:
    what = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return " ".join(f"{one}_temp_path {folder}/{one};" for one in what)


@pytest.fixture
def pc(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(ignore_https_errors=True)
    yield context
    context.close()


def signed_in(pc: BrowserContext, site: Site, name: str = "asha") -> Page:
    page = pc.new_page()
    page.goto(site.url)
    page.fill("#name", name)
    page.fill("#password", WORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("101-A", exact=True).first.wait_for(timeout=20_000)
    return page


def test_a_clerk_signs_in_through_the_proxy_and_the_page_lives(site, pc) -> None:
    """The board comes over the socket, and what it shows is of the person's wards."""
    page = signed_in(pc, site)
    page.get_by_text(OWN).first.wait_for(timeout=10_000)
    assert page.get_by_text(OTHERS).count() == 0
    cookies = {one["name"]: one for one in pc.cookies() if "snr" in one["name"]}
    assert set(cookies) == {"__Host-snr_session", "__Host-snr_device"}
    for one in cookies.values():
        assert (one["secure"], one["httpOnly"], one["path"]) == (True, True, "/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in*", timeout=10_000)
    assert [one["name"] for one in pc.cookies() if "session" in one["name"]] == []


def test_from_another_sites_page_nothing_is_written_and_no_socket_opened(site) -> None:
    with site.client() as client:
        for origin in ("https://elsewhere.example", site.url.replace("https", "http")):
            form = {"name": "ravi", "password": WORD}
            answer = client.post("/sign-in", data=form, headers={"Origin": origin})
            assert answer.status_code == 403
            assert "set-cookie" not in answer.headers
        opened = client.post("/sign-in", data={"name": "ravi", "password": WORD})
        assert opened.status_code == 303
        cookie = "; ".join(one.split(";")[0] for one in opened.headers.get_list("set-cookie"))
        upgrade = {
            "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Cookie": cookie,
        }  # fmt: skip
        foreign = upgrade | {"Origin": "https://elsewhere.example"}
        assert client.get("/_stcore/stream", headers=foreign).status_code == 403
        with client.stream("GET", "/_stcore/stream", headers=upgrade) as own:
            assert own.status_code == 101
        named = client.get("/", headers={"Host": "elsewhere.example"})
        assert named.status_code == 400


def test_an_address_that_a_browser_makes_up_is_not_believed(site) -> None:
    """Wrong passwords of one address make that one wait, whatever it says where it is."""
    site.house.gate.people.add("many", [Role.VIEWER], password=WORD)
    wrong = {"name": "many", "password": "not this one"}
    with site.client("127.0.0.3") as here, site.client("127.0.0.4") as there:
        told = [
            here.post("/sign-in", data=wrong, headers={"X-Forwarded-For": f"203.0.113.{nth}"}).text
            for nth in range(LIMIT + 1)
        ]
        assert all(WRONG in one for one in told[:LIMIT])
        assert "Too many wrong attempts" in told[-1]
        assert WRONG in there.post("/sign-in", data=wrong).text


def test_a_service_reaches_the_api_through_the_proxy_with_its_token(site) -> None:
    token = site.house.gate.tokens.add("feed", Role.MANAGER)
    with site.client() as client:
        del client.headers["Origin"]
        assert client.get("/api/beds").status_code == 401
        beds = client.get("/api/beds", headers={"Authorization": f"Bearer {token}"})
        assert beds.is_success
        assert len(beds.json()) > 1


def test_the_proxy_keeps_no_addresses_that_name_patients(site, tmp_path_factory) -> None:
    with site.client() as client:
        client.get("/api/patients/CANARY-77/bookings")
        client.get("/book?patient_ref=CANARY-77")
    folder = site.house.places.home.parent
    logs = [*folder.glob("*.log"), *site.house.places.logs.glob("*")]
    assert len(logs) >= 3
    assert [path.name for path in logs if "CANARY-77" in path.read_text()] == []
