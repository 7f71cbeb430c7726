"""What is sent to do harm does none: fields that nobody asks for, statements and paths in every
place that takes a text."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import pytest_asyncio

from tests.payloads import CANARY, COUNT, SOME, digests, payloads
from tests.simulator.api.every_route import (
    NOT_TRIED,
    OF_A_SESSION,
    ROUTES,
    Gated,
    gated_in,
    template_of,
)
from tests.simulator.api.requests_at_random import Slot, Told, as_json, put
from tests.simulator.api.test_sign_in import OF_ONE_LAKE, made
from tests.simulator.people import header

EXTRA = ("actor", "source", "role", "roles", "wards", "seq", "status", "bed_status", "event_id",
         "recorded_at", "hospital_id", "chain_hash", "is_proved", "spell_id")  # fmt: skip
LONG = [pytest.mark.long, pytest.mark.timeout(1200)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gated(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gated]:
    async for one in gated_in(tmp_path_factory.mktemp("payloads") / "home"):
        yield one


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def told(gated: Gated) -> Told:
    return Told((await gated.api.get("/openapi.json")).json())


def let_by(way: str) -> str:
    kind = ROUTES[way][0] if way in ROUTES else ""
    return {"run": "admin", "meter": "metering token"}.get(kind, "manager")


BODIES = {way: body for way, (_, body) in ROUTES.items() if body is not None} | {
    way: body for way, body in OF_A_SESSION.items() if body is not None
}


# Fields that nobody asks for


@OF_ONE_LAKE
@pytest.mark.parametrize("way", BODIES)
async def test_a_field_that_a_body_does_not_have_is_refused(
    gated: Gated, told: Told, way: str
) -> None:
    body = gated.filled(BODIES[way], "W1")
    texts = [slot.name for slot in told.slots(template_of(way)) if slot.part == "body"]
    objects = {name[:-1] for name in texts if not name[-1].isdigit()}
    for level in sorted({(), *objects}):
        for name in EXTRA if not level else ("actor", "role"):
            if (*level, name) not in texts:
                answer = await send(gated, way, put(body, (*level, name), "admin"))
                assert answer.status_code == 422, (level, name)
                assert f"{name}: Extra inputs" in answer.json()["detail"], (level, name)


@OF_ONE_LAKE
@pytest.mark.parametrize("what", ["a parameter", "a name in a header"])
async def test_nobody_says_of_themselves_who_they_are(gated: Gated, what: str) -> None:
    for way, (kind, body) in ROUTES.items():
        if kind in ("open", "signed", "meter"):
            continue
        query = {"actor": "admin"} if what == "a parameter" else None
        headers = {} if query else {"x-actor": "admin"}
        answer = await send(gated, way, body and gated.filled(body, "W1"), query, headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request"), way


async def send(
    gated: Gated,
    way: str,
    body: Any = None,
    query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    method, path = gated.filled(way, "W1").split(" ", 1)
    secret, content = header(gated.secrets[let_by(way)]), None if body is None else as_json(body)
    headers = {"authorization": secret, "content-type": "application/json"} | (headers or {})
    return await gated.api.request(method, path, headers=headers, params=query, content=content)


# Statements and paths


@OF_ONE_LAKE
@pytest.mark.parametrize(
    ("some", "each"), [(SOME, 1), pytest.param(COUNT, 12, marks=LONG)], ids=["some", "all"]
)
async def test_a_payload_is_a_text_in_every_place_that_takes_one(
    gated: Gated, told: Told, some: int, each: int
) -> None:
    """`each`: in how many places each is tried; each place has two at least."""
    home = gated.desk.places.home
    outside = home.parent / "c"  # short enough for an id
    for one in (outside, home / "secrets" / "canary"):
        one.write_text(f"word\n{CANARY}\n")
    sent = payloads(gated.desk.places, outside, some)
    before = digests(home.parent)
    ways = [way for way in (*ROUTES, *OF_A_SESSION) if way not in NOT_TRIED]
    slots = [slot for way in ways for slot in slots_of(told, way)]
    count = max(len(slots), some * each)
    turns = [(slots[nth % len(slots)], sent[nth % some]) for nth in range(count)]
    always = [(slot, BREAKS_SQL) for slot in slots if slot.part in ("path", "query")]
    always += [(slot, str(outside)) for slot in slots if slot.part in ("query", "body")]
    for tried in (*always, *turns):
        answer = await send_in(gated, *tried)
        assert answer.status_code < 500, tried
        assert CANARY not in answer.text, tried
        assert "Sign in first" not in answer.text, tried
    people = str((home / "secrets" / "people.sqlite").relative_to(home.parent))
    after = digests(home.parent)
    assert {name: one for name, one in after.items() if not name.startswith(people)} == {
        name: one for name, one in before.items() if not name.startswith(people)
    }


BREAKS_SQL = "x'\";)--"
"""Short enough for an id: where it becomes a part of a statement, that cannot be read."""


def slots_of(told: Told, way: str) -> list[Slot]:
    return [slot._replace(way=way) for slot in told.slots(template_of(way))]


async def send_in(gated: Gated, slot: Slot, payload: str) -> httpx.Response:
    _, body = ROUTES.get(slot.way) or ("", OF_A_SESSION[slot.way])
    body = body and gated.filled(body, "W1")
    if slot.way == "PUT /session/password":
        body["password"] = "not hers"  # or another one is hers from then on
    match slot.part:
        case "path":
            method, path = slot.way.split()
            place = path[path.index("{") : path.index("}") + 1]
            way = f"{method} {path.replace(place, quote(payload, safe=''))}"
            return await send(gated, way.replace("{", "{{").replace("}", "}}"), body)
        case "query":
            return await send(gated, slot.way, body, {slot.name[0]: payload})
        case "header":
            text = payload.encode("ascii", "ignore").decode().replace("\x00", "").replace("\n", "")
            return await send(gated, slot.way, body, None, {slot.name[0]: text})
    return await send(gated, slot.way, put(body, slot.name, payload))


async def test_a_payload_that_is_written_down_is_read_as_it_was(tmp_path: Path) -> None:
    async for house in made(tmp_path / "home"):
        before = data_files(tmp_path / "home" / "lake")
        sent = payloads(house.desk.places, tmp_path / "outside.csv", SOME)
        for one in filter(None, sent):
            answer = await house.post("manager", "/beds/W1-101-A/notes", {"note": one})
            assert answer.status_code == 201, answer.text
        rows = (await house.get("manager", "/events?limit=1000")).json()["items"]
        notes = [row["note"] for row in rows if row["event_type"] == "note_added"]
        assert notes == [*filter(None, sent)]
        after = data_files(tmp_path / "home" / "lake")
        assert before.items() <= after.items()
        assert {Path(one).parts[:2] for one in after} == {("bronze", "bed_events")}


def data_files(lake: Path) -> dict[str, str]:
    """Without the table's own log, which is kept short meanwhile."""
    return {name: one for name, one in digests(lake).items() if "_delta_log" not in name}
