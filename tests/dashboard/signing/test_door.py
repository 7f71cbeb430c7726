"""The dashboard's door: who reaches a page or a socket, and how somebody signs in and out."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from dashboard import whose
from dashboard.serve import outside
from dashboard.settings import DashboardSettings
from dashboard.signing.door import MOST_SOCKETS, SIGNED_OUT, TOO_MANY, SignedInOnly
from dashboard.signing.headers import headers
from dashboard.signing.routes import Routes, own_path
from dashboard.whose import Sessions
from lake.sight import Sight
from simulator.client import BookingClient, Refused, Unreachable
from simulator.wire import access as w
from simulator.wire.answers import Problem
from tests.dashboard.played_api import PlayedApi, playing

SITE = "http://127.0.0.1"
HERE = {"origin": SITE}
SOCKET = "ws://127.0.0.1/_stcore/stream"
HTML = {"accept": "text/html"}


def who(name: str = "asha", **more) -> w.Who:
    known = {
        "session_id": f"of-{name}", "name": name, "roles": ("clerk",), "wards": ("W1",),
        "sees": ("W1",),
        "acting": (), "may": {"work": "own_wards"}, "is_demo": False, "is_locked": False,
        "is_proved": True, "ends_at": datetime.now(UTC) + timedelta(hours=12),
    }  # fmt: skip
    return w.Who(**known | more)


@dataclass
class Api:
    """Whose sessions there are, by their secrets; `is_silent`: it answers nothing."""

    sessions: dict[str, w.Who] = field(default_factory=lambda: {"s-1": who()})
    is_silent: bool = False
    fault: Exception | None = None

    def ask(self, secret: str) -> w.Who:
        if self.fault:
            raise self.fault
        if self.is_silent:
            raise Unreachable("silent")
        if secret not in self.sessions:
            raise Refused(Problem(status=401, code="sign_in_required", detail="Sign in first."))
        return self.sessions[secret]


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def sessions(api: Api, monkeypatch: pytest.MonkeyPatch) -> Sessions:
    monkeypatch.setattr(whose, "HOLDS_SECONDS", 0.0)
    return Sessions(api.ask)


@pytest.fixture
def played() -> Iterator[PlayedApi]:
    with playing() as one:
        yield one


@pytest.fixture
def settings(played: PlayedApi) -> DashboardSettings:
    return DashboardSettings(auth="on", api_port=played.port, dashboard_token="t")


@pytest.fixture
def site(sessions: Sessions, settings: DashboardSettings) -> TestClient:
    return TestClient(pages(sessions, settings), base_url=SITE, follow_redirects=False)


def pages(sessions: Sessions, settings: DashboardSettings) -> Starlette:
    """They say who asked, behind the door."""

    async def page(_) -> PlainTextResponse:
        return PlainTextResponse("a page")

    async def socket(socket: WebSocket) -> None:
        await socket.accept()
        async for text in socket.iter_text():
            await socket.send_text(f"you said {text}")

    return Starlette(
        routes=[
            *Routes(settings, sessions).all(),
            Route("/", page),
            Route("/_stcore/health", page),
            Route("/media/x", page),
            WebSocketRoute("/_stcore/stream", socket),
        ],
        middleware=[
            *outside(settings),
            Middleware(SignedInOnly, settings=settings, sessions=sessions),
        ],
    )


def cookie(settings: DashboardSettings, secret: str = "s-1") -> dict[str, str]:
    return {"cookie": f"{settings.session_cookie}={secret}"}


def test_a_page_asks_who_has_not_signed_in_to_do_so(site) -> None:
    answer = site.get("/", headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/")
    for path in ("/", "/media/x", "/_stcore/stream", "/nowhere"):
        assert site.get(path).status_code == 401


@pytest.mark.parametrize("secret", ["", "made-up", "s-2"])
def test_another_secret_opens_nothing(site, settings, secret) -> None:
    assert site.get("/", headers=cookie(settings, secret)).status_code == 401


def test_who_has_signed_in_sees_the_page(site, settings) -> None:
    answer = site.get("/", headers=cookie(settings))
    assert (answer.status_code, answer.text) == (200, "a page")
    for name, text in headers(settings).headers.items():
        assert answer.headers[name] == text


def test_a_locked_session_opens_nothing(site, settings, api) -> None:
    api.sessions["s-1"] = who(is_locked=True)
    assert site.get("/", headers=cookie(settings)).status_code == 401
    assert site.get("/session", headers=cookie(settings)).status_code == 401


def test_health_is_open_to_whoever_watches(site) -> None:
    assert site.get("/_stcore/health").status_code == 200


def test_a_socket_is_for_who_has_signed_in(site, settings) -> None:
    with pytest.raises(WebSocketDisconnect) as closed, site.websocket_connect(SOCKET):
        pass
    assert closed.value.code == SIGNED_OUT
    with site.websocket_connect(SOCKET, headers=cookie(settings) | HERE) as socket:
        socket.send_text("x")
        assert socket.receive_text() == "you said x"


def test_a_socket_of_another_sites_page_is_refused(site, settings) -> None:
    foreign = cookie(settings) | {"origin": "http://elsewhere.example"}
    with (
        pytest.raises(WebSocketDisconnect),
        site.websocket_connect(SOCKET, headers=foreign),
    ):
        pass


def test_a_person_has_few_sockets_and_another_one_has_others(site, settings, api) -> None:
    api.sessions["s-2"] = who("ravi")
    mine, others = cookie(settings) | HERE, cookie(settings, "s-2") | HERE
    with ExitStack() as pages:
        for _ in range(MOST_SOCKETS):
            pages.enter_context(site.websocket_connect(SOCKET, headers=mine))
        with (
            pytest.raises(WebSocketDisconnect) as closed,
            site.websocket_connect(SOCKET, headers=mine),
        ):
            pass
        assert closed.value.code == TOO_MANY
        pages.enter_context(site.websocket_connect(SOCKET, headers=others))
    with site.websocket_connect(SOCKET, headers=mine) as socket:
        socket.send_text("x")
        assert socket.receive_text() == "you said x"


@pytest.mark.parametrize("change", ["ended", "locked"])
def test_a_socket_ends_within_seconds_of_its_session(site, settings, api, change) -> None:
    with site.websocket_connect(SOCKET, headers=cookie(settings) | HERE) as socket:
        socket.send_text("x")
        socket.receive_text()
        begin = time.monotonic()
        if change == "ended":
            api.sessions.clear()
        else:
            api.sessions["s-1"] = who(is_locked=True)
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    assert closed.value.code == SIGNED_OUT
    assert time.monotonic() - begin < 5


# Signing in and out


def signed_in(name: str = "asha") -> w.SignedIn:
    return w.SignedIn(secret="s-9", device_secret="d-9", session=who(name))


def test_signing_in_gives_cookies_that_no_script_and_no_other_site_reads(
    site, settings, played
) -> None:
    played.answers["POST /sign-in"] = (201, signed_in())
    form = {"name": "asha", "password": "p", "next": "/book"}
    answer = site.post("/sign-in", data=form, headers=HERE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/book")
    cookies = answer.headers.get_list("set-cookie")
    assert {one.split("=")[0] for one in cookies} == {
        settings.session_cookie, settings.device_cookie,
    }  # fmt: skip
    for one in cookies:
        assert {"HttpOnly", "Path=/", "SameSite=strict"} <= {*one.split("; ")}
    [(_, headers, body)] = played.requests
    assert (headers["X-Client-Address"], headers["Authorization"]) == ("testclient", "Bearer t")
    assert body == {"name": "asha", "password": "p", "new_password": None, "device_secret": None}


def test_a_wrong_password_is_asked_for_again_and_never_shown(site, played) -> None:
    played.refuse("POST /sign-in", 401, "wrong_password", "The name or the password is wrong.")
    form = {"name": "<b>asha", "password": "hunter2"}
    answer = site.post("/sign-in", data=form, headers=HERE)
    assert answer.status_code == 401
    assert "The name or the password is wrong." in answer.text
    assert "&lt;b&gt;asha" in answer.text
    assert "hunter2" not in answer.text
    assert "set-cookie" not in answer.headers


def test_a_first_password_is_replaced_on_the_page(site, played) -> None:
    assert "new_password" not in site.get("/sign-in").text
    played.refuse("POST /sign-in", 403, "new_password_required", "This password was for once.")
    answer = site.post("/sign-in", data={"name": "asha", "password": "p"}, headers=HERE)
    assert 'name="new_password"' in answer.text


def test_a_password_is_changed_as_one_signs_in(site, played) -> None:
    assert 'href="/sign-in?new"' in site.get("/sign-in").text
    assert 'name="new_password"' in site.get("/sign-in?new").text
    form = {"name": "asha", "password": "p", "new_password": "short"}
    played.refuse("POST /sign-in", 422, "invalid_request", "new_password: 8 to 200 characters.")
    again = site.post("/sign-in", data=form, headers=HERE)
    assert "8 to 200 characters" in again.text
    assert 'name="new_password"' in again.text
    played.answers["POST /sign-in"] = (201, signed_in())
    assert site.post("/sign-in", data=form, headers=HERE).status_code == 303
    assert played.sent("POST /sign-in")[-1]["new_password"] == "short"


def test_a_device_that_is_known_asks_for_the_pin(site, settings, played) -> None:
    played.answers["POST /sign-in/names"] = (200, w.Names(names=("asha", "ravi")))
    device = {"cookie": f"{settings.device_cookie}=d-9"}
    page = site.get("/sign-in", headers=device).text
    assert page.count('action="/sign-in/pin"') == 2
    played.answers["POST /sign-in/pin"] = (201, signed_in())
    form = {"name": "asha", "pin": "4821"}
    assert site.post("/sign-in/pin", data=form, headers=HERE | device).status_code == 303
    assert played.sent("POST /sign-in/pin") == [
        {"name": "asha", "pin": "4821", "device_secret": "d-9"}
    ]


def test_the_page_to_sign_in_loads_nothing_and_runs_nothing(site) -> None:
    answer = site.get("/sign-in")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_who_signs_out_leaves_nothing(site, settings, played) -> None:
    played.answers["POST /session/end"] = (200, who())
    answer = site.post("/session/end", headers=HERE | cookie(settings))
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert f'{settings.session_cookie}=""' in answer.headers["set-cookie"]
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    [(_, headers, _)] = played.requests
    assert headers["Authorization"] == "Bearer s-1"


@pytest.mark.parametrize(
    "path", ["/sign-in", "/sign-in/pin", "/session/touch", "/session/lock", "/session/end"]
)
@pytest.mark.parametrize("origin", [None, "null", "http://elsewhere.example", f"{SITE}:81"])
def test_no_other_sites_page_sends_a_form(site, settings, played, path, origin) -> None:
    headers = cookie(settings) | ({"origin": origin} if origin else {})
    assert site.post(path, data={"name": "x", "password": "x"}, headers=headers).status_code == 403
    assert played.requests == []


@pytest.mark.parametrize(
    ("asked", "goes_to"),
    [
        (None, "/"), ("/", "/"), ("/waiting", "/waiting"), ("https://elsewhere.example/", "/"),
        ("//elsewhere.example/x", "/x"), ("/\\elsewhere", "/"), ("javascript:alert(1)", "/"),
        ("/a/../../b", "/b"), ("/x?y=1", "/x"), ("/%0d%0aSet-Cookie:x", "/"),
    ],
)  # fmt: skip
def test_signing_in_leads_to_own_pages_only(asked, goes_to) -> None:
    assert own_path(asked) == goes_to


def test_a_form_beyond_all_measure_is_not_read(site, played) -> None:
    played.refuse("POST /sign-in", 401, "wrong_password", "wrong")
    answer = site.post("/sign-in", data={"name": "x" * 9_000, "password": "y"}, headers=HERE)
    assert answer.status_code == 401
    assert played.sent("POST /sign-in") == [
        {"name": "", "password": "", "new_password": None, "device_secret": None}
    ]


# A crowd at the door


@pytest.fixture
def tried() -> list[str]:
    """From which addresses the API was asked to sign somebody in."""
    return []


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch, tried: list[str]) -> Iterator[Event]:
    """Until it is set, the API is at work on what it is asked for strangers."""
    goes_on = Event()

    def sign_in(_client: BookingClient, _wish: w.SignIn, address: str) -> w.SignedIn:
        tried.append(address)
        goes_on.wait(30)
        raise Refused(Problem(status=401, code="wrong_password", detail="wrong"))

    monkeypatch.setattr(BookingClient, "sign_in", sign_in)
    yield goes_on
    goes_on.set()


def browser(app: Starlette, address: str = "203.0.113.5") -> httpx.AsyncClient:
    there = httpx.ASGITransport(app, client=(address, 4711))
    return httpx.AsyncClient(transport=there, base_url=SITE, headers=HERE, timeout=30)


def sign_ins(client: httpx.AsyncClient, count: int) -> list[asyncio.Task[httpx.Response]]:
    return [
        asyncio.create_task(client.post("/sign-in", data={"name": f"x{n}", "password": "x"}))
        for n in range(count)
    ]


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_so():
            await asyncio.sleep(0.01)


async def refused(tasks: list[asyncio.Task[httpx.Response]], count: int) -> None:
    """Until so many are answered, while the API is at work."""
    await until(lambda: sum(task.done() for task in tasks) == count)


async def test_a_flood_of_sign_ins_keeps_no_page_waiting(sessions, settings, held, tried) -> None:
    app = pages(sessions, settings)
    async with browser(app) as strangers, browser(app, "203.0.113.6") as own:
        flood = sign_ins(strangers, 200)
        await until(lambda: len(tried) >= 4)
        answer = await asyncio.wait_for(own.get("/", headers=cookie(settings)), 5)
        assert answer.status_code == 200
        await refused(flood, 196)
        held.set()
        answers = await asyncio.gather(*flood)
    assert Counter(one.status_code for one in answers) == {401: 4, 503: 196}


async def test_a_flood_from_one_address_lets_others_sign_in(
    sessions, settings, held, tried
) -> None:
    app = pages(sessions, settings)
    async with browser(app) as strangers, browser(app, "203.0.113.6") as other:
        flood = sign_ins(strangers, 200)
        await refused(flood, 196)
        [mine] = sign_ins(other, 1)
        await until(lambda: len(tried) == 5)
        held.set()
        assert (await mine).status_code == 401
        await asyncio.gather(*flood)
    assert Counter(tried) == {"203.0.113.5": 4, "203.0.113.6": 1}


async def test_a_flood_from_many_addresses_lets_in_who_has_signed_in_on_the_device(
    sessions, settings, played, held, tried
) -> None:
    played.answers["POST /sign-in/names"] = (200, w.Names(names=("asha",)))
    app, form = pages(sessions, settings), {"name": "asha", "password": "p"}
    device = {"cookie": f"{settings.device_cookie}=d-9"}
    async with AsyncExitStack() as open_:
        own = await open_.enter_async_context(browser(app, "203.0.113.99"))
        assert "asha: PIN" in (await own.get("/sign-in", headers=device)).text
        flood = []
        for number in range(10):
            stranger = browser(app, f"203.0.113.{number}")
            flood += sign_ins(await open_.enter_async_context(stranger), 5)
        await refused(flood, 10)
        mine = asyncio.create_task(own.post("/sign-in", data=form, headers=device))
        await until(lambda: "203.0.113.99" in tried)
        held.set()
        assert (await mine).status_code == 401
        answers = await asyncio.gather(*flood)
    assert Counter(one.status_code for one in answers) == {401: 40, 503: 10}


async def test_who_comes_to_a_crowd_is_told_to_try_again(sessions, settings, held) -> None:
    async with browser(pages(sessions, settings)) as client:
        *waiting, last = sign_ins(client, 5)
        answer = await asyncio.wait_for(last, 5)
        held.set()
        await asyncio.gather(*waiting)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
    assert "Wait some seconds, then try again." in answer.text
    assert 'name="password"' in answer.text
    assert 'value="x4"' in answer.text


def test_a_crowd_at_the_api_is_told_in_the_same_words(site, played) -> None:
    played.refuse("POST /sign-in", 503, "overloaded", "Too many requests are waiting.")
    answer = site.post("/sign-in", data={"name": "asha", "password": "p"}, headers=HERE)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
    assert "Wait some seconds, then try again." in answer.text


async def test_a_flood_of_made_up_secrets_keeps_nobody_waiting_who_has_signed_in(
    sessions, settings, api, held, monkeypatch
) -> None:
    ask = api.ask

    def slowly(secret: str) -> w.Who:
        if secret != "s-1":
            held.wait(30)
        return ask(secret)

    monkeypatch.setattr(sessions, "_ask", slowly)
    app = pages(sessions, settings)
    async with browser(app) as strangers, browser(app, "203.0.113.6") as own:
        assert (await own.get("/", headers=cookie(settings))).status_code == 200
        flood = [
            asyncio.create_task(strangers.get("/", headers=cookie(settings, f"made-up-{n}")))
            for n in range(60)
        ]
        await refused(flood, 10)
        answer = await asyncio.wait_for(own.get("/", headers=cookie(settings)), 5)
        assert answer.status_code == 200
        held.set()
        answers = await asyncio.gather(*flood)
    assert Counter(one.status_code for one in answers) == {401: 50, 503: 10}


# Whose session it is, while the API is silent


def test_while_the_api_is_silent_a_known_session_goes_on_and_shows_no_patients(api, sessions):
    assert sessions.find("s-1").sight == Sight(wards=frozenset({"W1"}))
    api.is_silent = True
    found = sessions.find("s-1")
    assert (found.who.name, found.is_confirmed, found.sight) == ("asha", False, Sight())
    assert sessions.find("s-2") is None
    api.is_silent = False
    assert sessions.find("s-1").is_confirmed


def test_a_session_that_is_over_does_not_go_on_while_the_api_is_silent(api, sessions) -> None:
    api.sessions["s-1"] = who(ends_at=datetime.now(UTC) - timedelta(seconds=1))
    assert sessions.find("s-1")
    api.is_silent = True
    assert sessions.find("s-1") is None


@pytest.mark.parametrize(
    ("sees", "sight"),
    [(("W1",), Sight(wards=frozenset({"W1"}))), (None, Sight(sees_all=True)), ((), Sight())],
)
def test_a_page_shows_the_patients_that_the_session_says(api, sessions, sees, sight) -> None:
    api.sessions["s-1"] = who(sees=sees)
    found = sessions.find("s-1").sight
    assert (found.sees_all, found.wards) == (sight.sees_all, sight.wards)


def test_a_page_is_told_by_this_machines_names_alone(site, settings) -> None:
    """A name of another site that leads here is one of theirs."""
    foreign = cookie(settings) | {"host": "elsewhere.example"}
    assert site.get("/", headers=foreign).status_code == 400
    assert site.get("/", headers=cookie(settings) | {"host": "localhost:8501"}).status_code == 200


def test_locking_forgets_the_session_where_the_api_cannot_be_told(site, settings, played) -> None:
    answer = site.post("/session/lock", headers=HERE | cookie(settings))
    assert answer.status_code == 503
    assert f'{settings.session_cookie}=""' in answer.headers["set-cookie"]
    played.answers["POST /session/lock"] = (200, who(is_locked=True))
    assert "set-cookie" not in site.post("/session/lock", headers=HERE | cookie(settings)).headers


def test_a_sign_of_life_that_is_not_heard_puts_nobody_out(site, settings, api, sessions) -> None:
    assert sessions.find("s-1").is_confirmed
    api.is_silent = True
    assert site.post("/session/touch", headers=HERE | cookie(settings)).status_code == 503
    assert sessions.find("s-1").is_confirmed is False


def test_a_fault_of_the_api_is_no_end_of_a_session(api, sessions) -> None:
    assert sessions.find("s-1")
    api.fault = Refused(Problem(status=503, code="not_ready", detail="x"))
    assert sessions.find("s-1").is_confirmed is False


def test_who_signs_in_on_a_page_of_somebody_else_ends_their_session(site, settings, played) -> None:
    played.answers["POST /sign-in"] = (201, signed_in())
    played.answers["POST /session/end"] = (200, who())
    site.post("/sign-in", data={"name": "x", "password": "y"}, headers=HERE | cookie(settings))
    [headers] = [h for route, h, _ in played.requests if route == "POST /session/end"]
    assert headers["Authorization"] == "Bearer s-1"


# Through a proxy that speaks TLS

PUBLIC = "https://beds.hospital.example"
PUBLIC_SOCKET = "wss://beds.hospital.example/_stcore/stream"


@pytest.fixture
def public(played: PlayedApi) -> DashboardSettings:
    return DashboardSettings(
        auth="on", simulator=False, public_url=PUBLIC, proxy="192.0.2.7", api_port=played.port
    )


@pytest.fixture
def proxied(sessions: Sessions, public: DashboardSettings) -> TestClient:
    """As the proxy asks: the host is the browser's, and so is the address it tells."""
    told = {"x-forwarded-for": "203.0.113.5", "x-forwarded-proto": "https"}
    app = pages(sessions, public)
    peer = ("192.0.2.7", 4711)
    return TestClient(app, PUBLIC, headers=told, client=peer, follow_redirects=False)


def test_with_tls_a_cookie_is_of_this_host_alone(proxied, played) -> None:
    played.answers["POST /sign-in"] = (201, signed_in())
    form = {"name": "asha", "password": "p"}
    answer = proxied.post("/sign-in", data=form, headers={"origin": PUBLIC})
    assert answer.status_code == 303
    cookies = answer.headers.get_list("set-cookie")
    assert {one.split("=")[0] for one in cookies} == {"__Host-snr_session", "__Host-snr_device"}
    for one in cookies:
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=strict"} <= {*one.split("; ")}
        assert "domain" not in one.lower()
    [(_, headers, _)] = played.requests
    assert headers["X-Client-Address"] == "203.0.113.5"


def test_with_tls_signing_out_takes_the_cookie_back(proxied, public, played) -> None:
    """A browser heeds it only with all that the name asks for."""
    played.answers["POST /session/end"] = (200, who())
    answer = proxied.post("/session/end", headers={"origin": PUBLIC} | cookie(public))
    gone = {*answer.headers["set-cookie"].split("; ")}
    assert {'__Host-snr_session=""', "Path=/", "Secure", "Max-Age=0"} <= gone


@pytest.mark.parametrize(
    "origin", ["http://beds.hospital.example", "https://elsewhere.example", f"{PUBLIC}:8443"]
)
def test_with_tls_a_page_without_it_is_another_sites(proxied, public, played, origin) -> None:
    foreign = {"origin": origin} | cookie(public)
    assert proxied.post("/session/end", headers=foreign).status_code == 403
    assert played.requests == []
    with (
        pytest.raises(WebSocketDisconnect),
        proxied.websocket_connect(PUBLIC_SOCKET, headers=foreign),
    ):
        pass


def test_with_tls_a_page_and_its_socket_are_shown(proxied, public) -> None:
    own = cookie(public) | {"origin": PUBLIC}
    answer = proxied.get("/", headers=own)
    assert answer.status_code == 200
    assert "max-age=31536000" in answer.headers["strict-transport-security"]
    with proxied.websocket_connect(PUBLIC_SOCKET, headers=own) as socket:
        socket.send_text("x")
        assert socket.receive_text() == "you said x"
    assert proxied.get("/", headers=own | {"host": "elsewhere.example"}).status_code == 400


def test_who_comes_past_the_proxy_is_not_answered(sessions, public) -> None:
    direct = TestClient(pages(sessions, public), PUBLIC, client=("192.0.2.8", 4711))
    assert direct.get("/", headers=cookie(public)).status_code == 403
