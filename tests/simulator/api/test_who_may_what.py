"""Every route, for whoever may call it, about an own ward and another one: let by or refused; and
what opens nothing."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from starlette.routing import Mount

from lake.vocabulary import Role
from tests.simulator.api.every_route import (
    DECIDED,
    NOTHING_TO_DO,
    OF_A_SESSION,
    ROUTES,
    Gated,
    gated_in,
)
from tests.simulator.api.test_sign_in import OF_ONE_LAKE
from tests.simulator.people import WORD, header

OK, NO = "ok", "-"
PEOPLE = ("nobody", "viewer", "clerk", "clerk elsewhere", "manager", "admin",
          "reading token", "writing token", "metering token")  # fmt: skip
"""The tokens are of a manager; a clerk elsewhere is asked about the other ward."""

KINDS = {  # as PEOPLE: ok, -: 401 or 403 by what is asked, 404: as if it had never been
    # nobody viewer clerk else manager admin read write meter
    "open": "ok    ok    ok    ok   ok    ok    ok   ok    ok",
    "signed": "-   ok    ok    ok   ok    ok    ok   ok    ok",
    "board": "-    ok    ok    ok   ok    ok    ok   -     -",
    "list": "-     -     ok    ok   ok    -     ok   -     -",
    "patient": "-  -     ok    404  ok    -     ok   -     -",
    "meter": "-    -     -     -    -     -     -    -     ok",
    "ask": "-      -     ok    ok   ok    -     -    ok    -",
    "on bed": "-   -     ok    -    ok    -     -    ok    -",
    "on patient": "- -   ok    404  ok    -     -    ok    -",
    "manage": "-   -     -     -    ok    -     -    ok    -",
    "break": "-    -     ok    ok   -     -     -    -     -",
    "review": "-   -     -     -    ok    -     -    -     -",
    "run": "-      -     -     -    -     ok    -    -     -",
}

PERSONS = ("viewer", "clerk", "manager", "admin")
TOKENS = PEOPLE[-3:]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gated(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gated]:
    async for one in gated_in(tmp_path_factory.mktemp("gated") / "home"):
        yield one


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Gated]:
    async for one in gated_in(tmp_path / "home"):
        yield one


def is_let_by(answer: httpx.Response, kind: str) -> bool:
    """Reads are answered; what changes something comes as far as where it is decided."""
    told = answer.headers.get("content-type", "").startswith("application/problem")
    code = answer.json()["code"] if told else None
    if kind == "open":
        return code not in ("sign_in_required", "not_permitted")
    if kind in ("signed", "board", "list", "patient", "meter"):
        return answer.status_code == 200
    if kind in ("break", "review"):  # nothing is recorded in this house, and nothing was broken
        return code in ("not_ready", "not_found")
    return code in (DECIDED, *NOTHING_TO_DO)


@OF_ONE_LAKE
@pytest.mark.parametrize("who", PEOPLE)
async def test_each_route_lets_by_whom_it_says(gated: Gated, who: str) -> None:
    ward_id = "W2" if who.endswith(" elsewhere") else "W1"
    wards = [ward_id] if "clerk" in who else ["W1", "W2"]
    wrong = {}
    for way, (kind, body) in ROUTES.items():
        for ward in wards if "{" in f"{way} {body or ''}" else wards[:1]:
            answer = await gated.call(who, way, ward)
            let_by = is_let_by(answer, kind)
            found = OK if let_by else str(answer.status_code)
            said = dict(zip(PEOPLE, KINDS[kind].split(), strict=True))[who]
            refused = "401" if who == "nobody" else "403"
            expected = refused if said == NO else said
            if found != expected:
                wrong[way, ward] = (found, expected, answer.text[:200])
    assert wrong == {}


@OF_ONE_LAKE
async def test_a_route_that_nobody_has_thought_of_is_in_no_table(gated: Gated) -> None:
    app = gated.api._transport.app  # type: ignore[attr-defined]
    there = {
        f"{method} {route.path}"
        for route in app.routes
        if not isinstance(route, Mount)
        for method in (route.methods or ()) - {"HEAD"}
    }
    plain = {"bed_id": "bed", "booking_id": "stay", "bed_request_id": "request", "ref": "patient",
             "event_id": "event", "room_id": "room", "ward_id": "ward",
             "glass_id": "glass"}  # fmt: skip
    named = {without_names(way, dict.fromkeys(gated.there("W1"), "x")) for way in ROUTES}
    named |= set(OF_A_SESSION)
    assert {without_names(way, dict.fromkeys(plain, "x")) for way in there} == named


def without_names(way: str, names: dict[str, str]) -> str:
    return way.format(**names)


async def test_a_session_is_its_persons_alone(house: Gated) -> None:
    for way in sorted(OF_A_SESSION, key=lambda way: "password" in way):  # which is another then
        for who in ("nobody", *TOKENS):
            assert (await house.call(who, way, "W1")).status_code == 401, (who, way)
        for who in PERSONS:
            opened = await house.api.post("/sign-in", json={"name": who, "password": WORD})
            assert opened.is_success, (who, way, opened.text)
            house.secrets[who], house.device = (
                opened.json()[name] for name in ("secret", "device_secret")
            )
            answer = await house.call(who, way, "W1")
            assert answer.is_success, (who, answer.text)
            told = answer.json().get("session") or answer.json()
            assert told.get("name", who) == who


# What opens nothing


async def what_has_ended(house: Gated) -> dict[str, str]:
    """Secrets that were good, and those that look like them. Half a day goes by."""
    gate, old = house.gate, {}
    tokens = {"revoked": None, "expired": 0.25}
    for name, days in tokens.items():
        old[f"{name} token"] = gate.tokens.add(name, Role.MANAGER, days=days)
    [revoked] = [one.token_id for one in gate.tokens.all() if one.label == "revoked"]
    gate.tokens.revoke(revoked)
    changes = {
        "disabled": gate.people.disable,
        "other.roles": lambda name: gate.people.set_roles(name, [Role.VIEWER]),
        "other.password": gate.people.reset,
        "signed.out": lambda _: None,
        "a.shift.ago": lambda _: None,
    }
    for name, change in changes.items():
        gate.people.add(name, [Role.MANAGER], password=WORD)
        opened = gate.sessions.sign_in(name, WORD, None, None)
        old[name] = opened.secret
        change(name)
        if name == "signed.out":
            gate.sessions.end(opened.session)
    gate.clock.go_on(hours=12)
    good = gate.sessions.sign_in("admin", WORD, None, None).secret
    token = gate.tokens.add("good", Role.MANAGER)
    for secret in (good, token):
        found = await house.api.get("/beds", headers={"authorization": header(secret)})
        assert found.is_success
    return old | {
        "cut": good[:-1], "longer": good + "0", "of capitals": good.upper(),
        "another prefix": good.replace("session", "token"), "cut token": token[:-1],
        "token as session": token.replace("token", "session"), "none": "", "blank": " ",
        "a name": "admin", "an id": gate.sessions.find(good).session_id, "quote": "' OR 1=1 --",
    }  # fmt: skip


async def test_what_has_ended_or_was_altered_opens_no_route_and_no_body_is_looked_at(
    house: Gated,
) -> None:
    looked_at: list[str] = []

    async def body(of: str) -> AsyncIterator[bytes]:
        looked_at.append(of)
        yield b"{ no JSON"

    closed = [way for way, (kind, _) in ROUTES.items() if kind != "open"]
    wrong: dict[tuple[str, str], Any] = {}
    for kind, secret in (await what_has_ended(house)).items():
        headers = {"authorization": header(secret), "content-type": "application/json"}
        for way in (*closed, *OF_A_SESSION, *NOWHERE):
            method, path = house.filled(way, "W1").split()
            answer = await house.api.request(method, path, headers=headers, content=body(way))
            if (answer.status_code, answer.headers.get("www-authenticate")) != (401, "Bearer"):
                wrong[kind, way] = (answer.status_code, answer.text[:100])
    assert (wrong, looked_at) == ({}, [])


NOWHERE = ("GET /nowhere", "HEAD /beds", "OPTIONS /beds", "PATCH /beds", "GET /beds/",
           "GET //beds", "GET /health", "GET /health/live/", "GET /sign-in/../beds",
           "GET /health/live/..%2f..%2fbeds", "GET /BEDS", "GET /openapi.json/",
           "GET /static-offline-docs/swagger-ui.css")  # fmt: skip


async def test_a_locked_session_opens_nothing_but_itself(house: Gated) -> None:
    assert (await house.post("manager", "/session/lock")).is_success
    for way, (kind, _) in ROUTES.items():
        answer = await house.call("manager", way, "W1")
        if kind != "open":
            assert answer.status_code == 401, way
    assert (await house.get("manager", "/session")).json()["is_locked"]
    touched = await house.post("manager", "/session/touch")
    assert touched.json()["is_locked"]


async def test_the_fifth_wrong_pin_ends_the_binding_over_http_too(house: Gated) -> None:
    word = {"name": "clerk", "password": WORD}
    opened = (await house.api.post("/sign-in", json=word)).json()
    house.secrets["clerk"], house.device = opened["secret"], opened["device_secret"]
    assert (await house.call("clerk", "PUT /session/pin", "W1")).is_success
    pin = {"name": "clerk", "device_secret": house.device}
    for told in ["wrong_password"] * 4 + ["sign_in_required"]:
        answer = await house.api.post("/sign-in/pin", json=pin | {"pin": "0000"})
        assert (answer.status_code, answer.json()["code"]) == (401, told)
    right = await house.api.post("/sign-in/pin", json=pin | {"pin": "4821"})
    assert right.json()["code"] == "sign_in_required"
