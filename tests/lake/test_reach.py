"""Who reaches the servers: this machine, and others through a declared proxy that speaks TLS."""

from typing import Any

import pytest
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from lake.errors import LakeError
from lake.places import Places
from lake.reach import EVERYWHERE, FromTheProxy, Reach, refuse_a_demo
from lake.tables import BED_EVENTS
from tests.lake.lake_rows import write

PUBLIC = "https://beds.hospital.example"
PROXY = "192.0.2.7"


def public(**other: Any) -> Reach:
    real = {"auth": "on", "simulator": False, "public_url": PUBLIC, "proxy": PROXY}
    return Reach(**real | other)


def test_without_settings_a_server_is_for_this_machine() -> None:
    assert (Reach().bind, Reach().hosts) == ("127.0.0.1", ["127.0.0.1", "localhost", "::1"])


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"proxy": None}, "set both, or neither"),
        ({"public_url": ""}, "set both, or neither"),
        ({"public_url": "http://beds.hospital.example"}, "https://NAME"),
        ({"public_url": f"{PUBLIC}/beds"}, "https://NAME"),
        ({"public_url": "https://"}, "https://NAME"),
        ({"public_url": "https://somebody@beds.hospital.example"}, "https://NAME"),
        ({"auth": "off"}, "where nobody signs in"),
        ({"simulator": True}, "a demo is for this machine"),
        ({"proxy": "beds.hospital.example"}, "not a valid IPv4 or IPv6 address"),
    ],
)
def test_what_would_let_others_in_without_tls_or_sign_in_is_refused(settings, why) -> None:
    with pytest.raises(ValidationError, match=why):
        public(**settings)


def test_an_error_in_settings_tells_no_secret(monkeypatch) -> None:
    from dashboard.settings import DashboardSettings

    monkeypatch.setenv("SNR_DASHBOARD_TOKEN", "s3cret")
    assert "s3cret" not in repr(DashboardSettings())
    monkeypatch.setenv("SNR_PROXY", PROXY)
    with pytest.raises(ValidationError, match="both, or neither") as refused:
        DashboardSettings()
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("proxy", "bind"), [("127.0.0.1", "127.0.0.1"), ("::1", "127.0.0.1"), (PROXY, EVERYWHERE)]
)
def test_only_for_a_proxy_on_another_machine_a_server_listens_beyond_this_one(proxy, bind) -> None:
    assert public(proxy=proxy).bind == bind


@pytest.mark.parametrize(
    ("origin", "host", "is_own"),
    [
        (PUBLIC, "beds.hospital.example", True),
        ("http://beds.hospital.example", "beds.hospital.example", False),
        ("https://elsewhere.example", "beds.hospital.example", False),
        ("null", "beds.hospital.example", False),
        ("http://127.0.0.1:8501", "127.0.0.1:8501", True),
        (PUBLIC, "127.0.0.1:8501", False),
        ("null", None, False),
    ],
)
def test_a_page_is_ours_that_comes_from_where_it_writes_to(origin, host, is_own) -> None:
    assert public().is_own(origin, host) is is_own


def asked_by(peer: str) -> TestClient:
    """Tells whom it takes for the browser."""

    async def whose(request: Request) -> JSONResponse:
        return JSONResponse([request.client.host, request.url.scheme])

    async def socket(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_json(socket.client.host)

    routes = [Route("/", whose), WebSocketRoute("/", socket)]
    app = Starlette(routes=routes, middleware=[Middleware(FromTheProxy, proxy=public().proxy)])
    return TestClient(app, client=(peer, 4711))


TOLD = {"X-Forwarded-For": "198.51.100.66, 203.0.113.5", "X-Forwarded-Proto": "https"}


def test_the_declared_proxy_is_believed_whom_it_speaks_for() -> None:
    """Of several addresses the last: what stands before it a browser may have made up."""
    assert asked_by(PROXY).get("/", headers=TOLD).json() == ["203.0.113.5", "https"]
    with asked_by(PROXY).websocket_connect("/", headers=TOLD) as socket:
        assert socket.receive_json() == "203.0.113.5"


def test_this_machine_is_answered_and_not_believed() -> None:
    assert asked_by("127.0.0.1").get("/", headers=TOLD).json() == ["127.0.0.1", "http"]


def test_others_are_not_answered_whatever_they_say() -> None:
    other = asked_by("192.0.2.8")
    assert other.get("/", headers=TOLD).status_code == 403
    with pytest.raises(WebSocketDisconnect), other.websocket_connect("/", headers=TOLD):
        pass


@pytest.mark.parametrize(("mode", "is_refused"), [("demo", True), ("live", False)])
def test_a_demos_lake_stays_on_this_machine(places: Places, mode, is_refused) -> None:
    """Its users' passwords were shown to whoever started it."""
    rows = [{"seq": 1, "event_id": "a", "lake_mode": mode}, {"seq": 2, "event_id": "b"}]
    write(places, BED_EVENTS, rows)
    refuse_a_demo(places, Reach())
    if is_refused:
        with pytest.raises(LakeError, match="for this machine alone"):
            refuse_a_demo(places, public())
    else:
        refuse_a_demo(places, public())


def test_a_lake_that_is_not_there_yet_is_no_demo(places: Places) -> None:
    refuse_a_demo(places, public())
