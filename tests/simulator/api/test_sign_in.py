"""Signing in over HTTP, and what each role reads: nobody sees a patient of another ward."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from operator import itemgetter
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest
import pytest_asyncio
from limits import parse

from lake.places import Places
from lake.vocabulary import Role, Rule
from simulator.access.gate import Gate
from simulator.access.tokens import Scope
from simulator.api import lanes
from simulator.api.app import ROUTES
from simulator.api.hashing import KEPT, MOST_HASHING, MOST_OF_ONE
from simulator.writer.audit import Trail
from simulator.writer.desk import Desk
from tests.simulator.api_client import make_desk, serving
from tests.simulator.people import WORD, Clock, gate_in, header

OF_ONE_LAKE = pytest.mark.asyncio(loop_scope="module")
OPEN = {"/health/live", "/health/ready", "/sign-in", "/sign-in/pin", "/sign-in/names"}
OTHERS = "OTHER-77"
"""The reference of a patient on the other ward."""
OWN = "OWN-11"


@dataclass
class House:
    """W1 is the clerk's own ward. On both a patient lies, and others are booked and wait."""

    api: httpx.AsyncClient
    desk: Desk
    gate: Gate
    secrets: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    async def ask(self, who: str, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"authorization": header(self.secrets[who])} | more.pop("headers", {})
        return await self.api.request(method, path, headers=headers, **more)

    async def get(self, who: str, path: str, **more: Any) -> httpx.Response:
        return await self.ask(who, "GET", path, **more)

    async def post(self, who: str, path: str, body: dict | None = None) -> httpx.Response:
        return await self.ask(who, "POST", path, json=body)


async def made(home: Path, *, is_recorded: bool = False) -> AsyncIterator[House]:
    """`is_recorded`: with an audit."""
    clock = Clock()
    gate = gate_in(home, clock)
    people = {"viewer": Role.VIEWER, "clerk": Role.CLERK, "manager": Role.MANAGER}
    for name, role in (people | {"admin": Role.ADMIN}).items():
        wards = ["W1"] if role is Role.CLERK else []
        gate.people.add(name, [role], wards, password=WORD)
    places = Places(home, str(home / "lake"))
    desk, trail = make_desk(places), Trail(places, "snr") if is_recorded else None
    with pytest.MonkeyPatch.context() as patch:  # tests ask more in a minute than a person does
        patch.setattr(lanes, "OF_A_PERSON", parse("1000000 per minute"))
        async for house in _served(desk, gate, trail):
            yield house


async def _served(desk: Desk, gate: Gate, trail: Trail | None) -> AsyncIterator[House]:
    async with serving(desk, gate, trail) as api:
        house = House(api, desk, gate)
        for person in gate.people.all():
            body = {"name": person.name, "password": WORD}
            answer = await api.post("/sign-in", json=body)
            assert answer.status_code == 201, answer.text
            house.secrets[person.name] = answer.json()["secret"]
        for ward_id, patient in (("W1", OWN), ("W2", OTHERS)):
            await fill(house, ward_id, patient)
        yield house


async def fill(house: House, ward_id: str, patient: str) -> None:
    needs = {
        "sex": "female",
        "isolation": {"kind": "source", "organism": f"germ_of_{ward_id.lower()}"},
    }
    bodies = [
        ("stay", "/bookings", {"bed_id": f"{ward_id}-101-A", "patient_ref": patient}),
        ("booking", "/bookings", {"bed_id": f"{ward_id}-102-A", "patient_ref": f"{patient}-B"}),
        ("request", "/requests", {"patient_ref": f"{patient}-C", "ward_id": ward_id}),
    ]
    for what, path, body in bodies:
        body |= {"needs": {"sex": "female"}}
        if what == "stay":
            body |= {"admit": True, "needs": needs, "note": f"note of {patient}"}
        answer = await house.post("manager", path, body)
        assert answer.status_code == 201, answer.text
        found = answer.json()
        house.ids[f"{what} {ward_id}"] = found.get("booking_id") or found["bed_request_id"]
    [event] = [
        row["event_id"]
        for row in house.desk.commit.recent
        if (row["event_type"], row.get("patient_ref")) == ("patient_admitted", patient)
    ]
    house.ids[f"event {ward_id}"] = event


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async for one in made(tmp_path / "home"):
        yield one


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def reading(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One for all that only read, or are refused."""
    async for one in made(tmp_path_factory.mktemp("reading") / "home"):
        yield one


def code(answer: httpx.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json().get("code") if answer.content else None


# Who has not signed in


def all_routes() -> list[tuple[str, str]]:
    return [
        (method, route.path.format(**dict.fromkeys(route.param_convertors, "x")))
        for route in ROUTES
        for method in sorted(route.methods - {"HEAD"})
    ]


WAYS = {
    "none": {},
    "made up": {"authorization": "Bearer snr_session_made_up"},
    "another scheme": {"authorization": "Basic YWRtaW46YWRtaW4="},
    "in a cookie": {"cookie": "session=x"},
    "as a name": {"x-actor": "manager"},
}


@OF_ONE_LAKE
@pytest.mark.parametrize("how", WAYS)
async def test_who_has_not_signed_in_reaches_nothing(reading: House, how) -> None:
    routes = [way for way in all_routes() if way[1] not in OPEN]
    for method, path in [*routes, ("GET", "/docs"), ("GET", "/nowhere"), ("PATCH", "/beds")]:
        if path.startswith("/openapi"):
            continue
        body = b"{" if method != "GET" else None  # which is no JSON: nobody has looked at it
        answer = await reading.api.request(method, path, headers=WAYS[how], content=body)
        assert code(answer) == (401, "sign_in_required"), (method, path)
        assert answer.headers["www-authenticate"] == "Bearer"


@OF_ONE_LAKE
async def test_some_doors_are_open_to_all(reading: House) -> None:
    for path in ("/health/live", "/health/ready", "/openapi.json"):
        assert (await reading.api.get(path)).status_code == 200


@OF_ONE_LAKE
@pytest.mark.parametrize("change", [str.upper, itemgetter(slice(-1)), "{}x".format, str.swapcase])
async def test_a_session_that_was_altered_opens_nothing(reading: House, change) -> None:
    secret = change(reading.secrets["manager"])
    answer = await reading.api.get("/beds", headers={"authorization": header(secret)})
    assert code(answer) == (401, "sign_in_required")


async def test_sign_out_ends_the_session_at_once(house: House) -> None:
    assert (await house.get("clerk", "/beds")).is_success
    ended = await house.post("clerk", "/session/end")
    assert ended.json()["name"] == "clerk"
    for path in ("/beds", "/session"):
        assert code(await house.get("clerk", path)) == (401, "sign_in_required")


async def test_a_locked_session_shows_nothing_until_the_password_is_given(house: House) -> None:
    await house.post("clerk", "/session/lock")
    assert code(await house.get("clerk", "/beds")) == (401, "sign_in_required")
    assert (await house.get("clerk", "/session")).json()["is_locked"]
    wrong = await house.post("clerk", "/session/prove", {"password": "wrong"})
    assert code(wrong) == (401, "wrong_password")
    assert (await house.post("clerk", "/session/prove", {"password": WORD})).is_success
    assert (await house.get("clerk", "/beds")).is_success


async def test_the_sixth_wrong_password_is_not_looked_at(house: House) -> None:
    wrong = {"name": "clerk", "password": "wrong"}
    codes = [code(await house.api.post("/sign-in", json=wrong)) for _ in range(6)]
    assert codes == [(401, "wrong_password")] * 5 + [(429, "too_many_attempts")]
    right = await house.api.post("/sign-in", json=wrong | {"password": WORD})
    assert code(right) == (429, "too_many_attempts")
    assert int(right.headers["retry-after"]) > 60
    other = {"name": "manager", "password": WORD}
    assert (await house.api.post("/sign-in", json=other)).status_code == 201


async def test_known_and_unknown_names_cost_one_verification_each(house: House) -> None:
    costs = []
    for name in ("clerk", "nobody"):
        before = house.gate.hashes.hasher.verified
        answer = await house.api.post("/sign-in", json={"name": name, "password": "wrong"})
        costs.append((house.gate.hashes.hasher.verified - before, answer.json()))
    assert costs[0] == costs[1]
    assert costs[0][0] == 1


async def test_a_pin_takes_the_password_of_a_moment_ago(house: House) -> None:
    body = {"name": "clerk", "password": WORD}
    opened = (await house.api.post("/sign-in", json=body)).json()
    house.secrets["here"] = opened["secret"]
    pin = {"pin": "4821", "device_secret": opened["device_secret"]}
    assert (await house.ask("here", "PUT", "/session/pin", json=pin)).is_success
    house.gate.clock.go_on(minutes=6)
    assert code(await house.ask("here", "PUT", "/session/pin", json=pin)) == (
        403, "password_required",
    )  # fmt: skip
    again = await house.api.post("/sign-in/pin", json=pin | {"name": "clerk"})
    assert again.json()["session"]["is_proved"] is False
    names = {"device_secret": opened["device_secret"]}
    assert (await house.api.post("/sign-in/names", json=names)).json() == {"names": ["clerk"]}


async def test_a_first_password_is_to_be_replaced(house: House) -> None:
    word = house.gate.people.add("new", [Role.VIEWER])
    body = {"name": "new", "password": word}
    assert code(await house.api.post("/sign-in", json=body)) == (403, "new_password_required")
    opened = await house.api.post("/sign-in", json=body | {"new_password": WORD})
    assert opened.json()["session"]["roles"] == ["viewer"]


@OF_ONE_LAKE
async def test_what_a_person_sends_is_never_told_back(reading: House) -> None:
    body = {"name": "x", "password": {"canary": "hunter2"}}
    answer = await reading.api.post("/sign-in", json=body)
    assert code(answer) == (422, "invalid_request")
    assert "hunter2" not in answer.text


@OF_ONE_LAKE
async def test_a_body_beyond_all_measure_is_not_read_for_who_is_not_signed_in(
    reading: House,
) -> None:
    answer = await reading.api.post("/sign-in", content=b" " * 70_000)
    assert code(answer) == (413, "body_too_large")


@OF_ONE_LAKE
async def test_who_has_signed_in_cannot_take_another_name(reading: House) -> None:
    answer = await reading.get("clerk", "/beds", headers={"x-actor": "manager"})
    assert code(answer) == (422, "invalid_request")


async def test_a_change_names_who_made_it_and_in_which_role(house: House) -> None:
    note = await house.post("clerk", "/beds/W1-101-A/notes", {"note": "x"})
    assert note.status_code == 201, note.text
    row = [*house.desk.commit.recent][-1]
    assert (row["actor"], row["role"]) == ("clerk", "clerk")


async def test_a_session_ends_within_seconds_of_being_disabled(house: House) -> None:
    assert (await house.get("clerk", "/beds")).is_success
    house.gate.people.disable("clerk")
    house.gate.clock.go_on(seconds=5)
    assert code(await house.get("clerk", "/beds")) == (401, "sign_in_required")


async def test_an_open_stream_ends_within_seconds_of_being_disabled(house: House) -> None:
    from simulator.api.routes.events import _stream

    def who():
        return house.gate.caller(header(house.secrets["clerk"])).who

    stream = _stream(house.desk, house.desk.commit.durable_seq, who)
    coming = asyncio.create_task(anext(stream, "ended"))
    await asyncio.sleep(0.1)
    assert not coming.done()
    house.gate.people.disable("clerk")
    house.gate.clock.go_on(seconds=5)
    assert await asyncio.wait_for(coming, 5) == "ended"


# Tokens


async def test_a_token_does_what_it_is_for(house: House) -> None:
    kinds = {
        "reader": [Scope.READ],
        "writer": [Scope.WRITE],
        "meter": [Scope.METRICS],
    }
    for name, scopes in kinds.items():
        house.secrets[name] = house.gate.tokens.add(name, Role.MANAGER, scopes=scopes)
    note = "/beds/W2-101-A/notes"
    found = {
        name: (
            (await house.get(name, "/beds")).status_code,
            (await house.post(name, note, {"note": "x"})).status_code,
            (await house.get(name, "/metrics")).status_code,
        )
        for name in kinds
    }
    assert found == {
        "reader": (200, 403, 403),
        "writer": (403, 201, 403),
        "meter": (403, 403, 200),
    }
    assert (await house.get("admin", "/metrics")).status_code == 403


# What each role reads

LOOKS = [
    "/beds", "/beds/W2-101-A", "/wards", "/clock", "/hospital", "/simulator", "/events",
    "/bookings", "/requests", "/requests?state=placed", "/requests?with_beds=true",
    "/overrides", "/lounge", f"/patients/{OTHERS}", f"/patients/{OWN}",
    f"/bookings?patient_ref={OTHERS}",
]  # fmt: skip
HIDDEN = ("OTHER-77", "germ_of_w2")


@OF_ONE_LAKE
@pytest.mark.parametrize("who", ["viewer", "clerk", "admin"])
async def test_no_answer_names_a_patient_of_another_ward(reading: House, who) -> None:
    at = reading.desk.clock.now().isoformat().replace("+00:00", "Z")
    ids = reading.ids
    ways = [*LOOKS, f"/beds?at={at}", f"/bookings?at={at}"]
    ways += [f"/bookings/{ids['stay W2']}", f"/requests/{ids['request W2']}"]
    for path in ways:
        answer = await reading.get(who, path)
        if OTHERS not in path:
            assert not any(word in answer.text for word in HIDDEN), path
        if who != "clerk":
            assert OWN not in answer.text or OWN in path, path
    for path in ("/beds/search", "/requests/match"):
        answer = await reading.post(who, path, {})
        assert not any(word in answer.text for word in HIDDEN), path


@OF_ONE_LAKE
async def test_a_manager_and_the_wards_own_clerk_see_their_patients(reading: House) -> None:
    assert OTHERS in (await reading.get("manager", "/beds")).text
    assert OTHERS in (await reading.get("manager", "/events")).text
    for path in ("/beds", "/bookings", "/requests", "/events", f"/patients/{OWN}"):
        assert OWN in (await reading.get("clerk", path)).text, path


@OF_ONE_LAKE
@pytest.mark.parametrize(
    "path", ["/bookings", "/requests", "/overrides", "/lounge", "/patients/A-1"]
)
@pytest.mark.parametrize("who", ["viewer", "admin"])
async def test_whose_role_shows_no_patients_is_told_so(reading: House, who, path) -> None:
    assert code(await reading.get(who, path)) == (403, "not_permitted")


@OF_ONE_LAKE
async def test_the_board_is_everybodys(reading: House) -> None:
    shown = {
        who: [
            (bed["bed_id"], bed["display_status"], bed["bed_status"])
            for bed in (await reading.get(who, "/beds")).json()["items"]
        ]
        for who in reading.secrets
    }
    assert len(shown["viewer"]) == 8
    assert all(beds == shown["manager"] for beds in shown.values())


def made_up(real: str) -> str:
    """An id of the same form that is nobody's."""
    return real[0] + "9" * (len(real) - 1 + 3) if len(real) < 12 else real[:-6] + "ffffff"


@OF_ONE_LAKE
async def test_what_is_of_another_ward_is_answered_like_what_never_was(reading: House) -> None:
    ids = reading.ids
    ways = [
        ("GET", "/bookings/{}", "stay W2", None),
        ("GET", "/requests/{}", "request W2", None),
        ("POST", "/bookings/{}/discharge", "stay W2", {}),
        ("POST", "/bookings/{}/transfer", "stay W2", {"to_bed_id": "W1-102-B"}),
        ("POST", "/bookings/{}/change", "booking W2", {"ends_at": None}),
        (
            "POST",
            "/bookings/{}/change",
            "stay W2",
            {"needs": {"sex": "male"}, "bed_id": "W1-102-B"},
        ),
        ("POST", "/bookings/{}/cancel", "booking W2", {}),
        ("POST", "/bookings/{}/swap", "stay W2", {"with_booking_id": ids["stay W1"]}),
        ("POST", "/bookings/{}/progress", "stay W2", {"needs_bed": False}),
        ("POST", "/bookings/{}/discharge/correct", "stay W2", {"disposition": "home"}),
        ("POST", "/bookings/{}/lounge/leave", "stay W2", {}),
        ("POST", "/requests/{}/withdraw", "request W2", {}),
        ("POST", "/requests/{}/change", "request W2", {"ward_id": "W1"}),
        ("POST", "/requests/{}/place", "request W2", {"bed_id": "W1-102-B"}),
        ("POST", "/events/{}/cancel", "event W2", {}),
        ("POST", "/overrides/{}/review", "event W2", {"note": "x"}),
    ]
    for method, path, what, body in ways:
        told = []
        for one in (ids[what], made_up(ids[what])):
            answer = await reading.ask("clerk", method, path.format(one), json=body)
            told.append((answer.status_code, answer.text.replace(one, "?")))
        assert told[0] == told[1], path


@OF_ONE_LAKE
@pytest.mark.parametrize("who", ["viewer", "clerk", "admin"])
async def test_a_search_knows_nothing_of_a_patient_of_another_ward(reading: House, who) -> None:
    found = [
        (await reading.post(who, "/beds/search", {"patient_ref": ref, "mother_ref": ref})).json()
        for ref in (OTHERS, "NOBODY-1")
    ]
    assert found[0] == found[1]
    known = (await reading.post("manager", "/beds/search", {"patient_ref": OTHERS})).json()
    assert known != found[0]


@OF_ONE_LAKE
async def test_a_refusal_tells_no_place_of_another_ward(reading: House) -> None:
    for body in (
        {"bed_id": "W1-102-B", "patient_ref": OTHERS, "admit": True},
        {"bed_id": "W1-102-B", "patient_ref": f"{OTHERS}-B", "needs": {"sex": "female"}},
    ):
        answer = await reading.post("clerk", "/bookings", body)
        assert answer.status_code == 409, answer.text
        told = json.dumps({n: v for n, v in answer.json().items() if n != "alternatives"})
        assert "elsewhere in the hospital" in told
        assert "W2" not in told
        assert reading.ids["stay W2"] not in told
        assert reading.ids["booking W2"] not in told
    waits = {"patient_ref": f"{OTHERS}-C", "ward_id": "W1"}
    answer = await reading.post("clerk", "/requests", waits)
    assert "W2" not in answer.text
    assert reading.ids["request W2"] not in answer.text


@OF_ONE_LAKE
async def test_of_own_wards_a_refusal_says_what_is_in_the_way(reading: House) -> None:
    body = {"bed_id": "W1-102-B", "patient_ref": OWN, "admit": True}
    answer = (await reading.post("clerk", "/bookings", body)).json()
    assert (answer["code"], answer["conflicts_with"]["bed_id"]) == (
        "patient_in_other_bed", "W1-101-A",
    )  # fmt: skip


@OF_ONE_LAKE
async def test_only_an_admin_runs_the_simulated_hospital(reading: House) -> None:
    body = {"running": False, "speed": 60, "seed": 1}
    for who in ("viewer", "clerk", "manager"):
        answer = await reading.ask(who, "PUT", "/simulator", json=body)
        assert code(answer) == (403, "not_permitted"), who
    assert code(await reading.ask("admin", "PUT", "/simulator", json=body)) == (409, "wrong_mode")


# What asks for the password


async def test_an_override_takes_the_password_of_a_moment_ago(house: House) -> None:
    why = {"reason_code": "clinical_need", "reason": "the only bed with oxygen"}
    body = {"bed_id": "W1-102-A", "patient_ref": "M-12", "override": why}
    house.gate.clock.go_on(minutes=6)
    refused = await house.post("manager", "/bookings", body)
    assert code(refused) == (403, "password_required")
    assert (await house.post("manager", "/session/prove", {"password": WORD})).is_success
    assert (await house.post("manager", "/bookings", body)).status_code == 201


async def test_what_an_admin_does_takes_the_password_of_a_moment_ago(house: House) -> None:
    house.gate.clock.go_on(minutes=6)
    bed = {
        "bed_id": "W1-109-A", "room_id": "W1-109", "ward_id": "W1", "ward_name": "Ward W1",
        "specialty": "general", "room_class": "general",
    }  # fmt: skip
    simulation = {"running": False, "speed": 60, "seed": 1}
    assert code(await house.post("admin", "/beds", bed)) == (403, "password_required")
    asked = await house.ask("admin", "PUT", "/simulator", json=simulation)
    assert code(asked) == (403, "password_required")
    await house.post("admin", "/session/prove", {"password": WORD})
    assert (await house.post("admin", "/beds", bed)).status_code == 201


async def test_a_clerk_overrides_what_the_hospital_lists(house: House) -> None:
    house.desk.engine.hospital.house = replace(
        house.desk.engine.hospital.house, clerks_override=frozenset({Rule.BED_NOT_CLEAN})
    )
    await house.post("clerk", "/beds/W1-102-B/dirty")
    body = {"bed_id": "W1-102-B", "patient_ref": "M-12", "admit": True, "needs": {"sex": "female"}}
    assert (await house.post("clerk", "/bookings", body)).json()["can_be_overridden"] is True
    why = {"reason_code": "clinical_need", "reason": "the only bed with oxygen"}
    taken = {"bed_id": "W1-102-A", "patient_ref": "M-13", "needs": {"sex": "female"}}
    assert (await house.post("clerk", "/bookings", taken)).json()["can_be_overridden"] is False
    assert code(await house.post("clerk", "/bookings", taken | {"override": why})) == (
        403, "not_permitted",
    )  # fmt: skip
    assert (await house.post("clerk", "/bookings", body | {"override": why})).status_code == 201


# What browsers heed


@OF_ONE_LAKE
async def test_another_name_of_this_machine_is_refused(reading: House) -> None:
    answer = await reading.get("viewer", "/beds", headers={"host": "elsewhere.example"})
    assert answer.status_code == 400
    assert (await reading.get("viewer", "/beds", headers={"host": "localhost:8000"})).is_success


@OF_ONE_LAKE
async def test_a_browser_loads_nothing_for_an_answer_and_shares_it_with_nobody(
    reading: House,
) -> None:
    for path in ("/beds", "/nowhere", "/health/live", "/openapi.json"):
        answer = await reading.get("viewer", path, headers={"origin": "http://elsewhere.example"})
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in answer.headers
    assert (
        "'unsafe-inline'"
        in (await reading.get("viewer", "/docs")).headers["content-security-policy"]
    )


async def test_many_who_sign_in_at_once_wait_for_each_other_and_no_more(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.api.hashing.MOST_HASHING", 0)
    answer = await house.api.post("/sign-in", json={"name": "clerk", "password": WORD})
    assert code(answer) == (503, "overloaded")
    assert answer.headers["retry-after"]


async def test_an_attempt_that_was_not_tried_is_none_and_forgets_none(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a crowd at the door would keep a nurse out, or give a guesser five more."""

    async def tried(password: str) -> int:
        body = {"name": "clerk", "password": password}
        return (await house.api.post("/sign-in", json=body)).status_code

    assert [await tried("wrong") for _ in range(4)] == [401] * 4
    with monkeypatch.context() as crowd:
        crowd.setattr("simulator.api.hashing.MOST_HASHING", 0)
        assert {await tried("wrong") for _ in range(9)} == {503}
    assert [await tried("wrong") for _ in range(2)] == [401, 429]


async def test_wards_are_a_clerks_alone(house: House) -> None:
    """Those of somebody who was one are no key to the waiting list."""
    house.gate.people.add("once.clerk", [Role.VIEWER], ["W1"], password=WORD)
    opened = await house.api.post("/sign-in", json={"name": "once.clerk", "password": WORD})
    house.secrets["once"] = opened.json()["secret"]
    assert (await house.post("manager", "/requests", {"patient_ref": "ANY-1"})).is_success
    for path in ("/requests", "/bookings"):
        assert code(await house.get("once", path)) == (403, "not_permitted")
    assert "ANY-1" not in (await house.get("once", "/events")).text


# A crowd at the door


@contextmanager
def hashing_held(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is hashed waits until this ends."""
    goes_on, are_equal = Event(), house.gate.hashes.are_equal

    def held(word: str, kept: str | None) -> bool:
        goes_on.wait(30)
        return are_equal(word, kept)

    monkeypatch.setattr(house.gate.hashes, "are_equal", held)
    try:
        yield
    finally:
        goes_on.set()


def strangers(house: House, addresses: list[str]) -> list[asyncio.Task[httpx.Response]]:
    """Each tries another name."""
    token = header(house.gate.tokens.add("dashboard", Role.VIEWER))
    return [
        asyncio.create_task(
            house.api.post(
                "/sign-in",
                json={"name": f"x{number}", "password": "wrong"},
                headers={"authorization": token, "x-client-address": address},
            )
        )
        for number, address in enumerate(addresses)
    ]


async def refused(tasks: list[asyncio.Task[httpx.Response]], count: int) -> None:
    """Until so many are answered, while what is hashed waits."""
    async with asyncio.timeout(10):
        while sum(task.done() for task in tasks) < count:
            await asyncio.sleep(0.01)


async def statuses(tasks: list[asyncio.Task[httpx.Response]]) -> Counter[int]:
    return Counter(answer.status_code for answer in await asyncio.gather(*tasks))


async def test_a_flood_of_strangers_leaves_room_for_who_is_known(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"name": "clerk", "password": WORD}
    opened = (await house.api.post("/sign-in", json=body)).json()
    house.secrets["here"], device = opened["secret"], {"device_secret": opened["device_secret"]}
    pin = device | {"pin": "4821"}
    assert (await house.ask("here", "PUT", "/session/pin", json=pin)).is_success
    with hashing_held(house, monkeypatch):
        crowd = strangers(house, [f"203.0.113.{number}" for number in range(60)])
        await refused(crowd, 60 - MOST_HASHING + KEPT)
        known = [
            asyncio.create_task(asked)
            for asked in (
                house.post("manager", "/session/prove", {"password": WORD}),
                house.api.post("/sign-in", json=body | device),
                house.api.post("/sign-in/pin", json=pin | {"name": "clerk"}),
            )
        ]
        await asyncio.sleep(0.3)
    assert await statuses(crowd) == {401: MOST_HASHING - KEPT, 503: 60 - MOST_HASHING + KEPT}
    assert await statuses(known) == {200: 1, 201: 2}


async def test_a_flood_from_one_address_keeps_nobody_out_elsewhere(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hashing_held(house, monkeypatch):
        crowd = strangers(house, ["203.0.113.5"] * 60)
        await refused(crowd, 60 - MOST_OF_ONE)
        body = {"name": "manager", "password": WORD}
        other = [asyncio.create_task(house.api.post("/sign-in", json=body))]
        await asyncio.sleep(0.3)
    assert await statuses(crowd) == {401: MOST_OF_ONE, 503: 60 - MOST_OF_ONE}
    assert await statuses(other) == {201: 1}


async def test_a_pin_from_a_device_that_is_not_known_costs_nothing_whoever_is_named(
    house: House,
) -> None:
    before, told = house.gate.hashes.hasher.verified, []
    for name in ("clerk", "nobody"):
        body = {"name": name, "pin": "4821", "device_secret": "made up"}
        answer = await house.api.post("/sign-in/pin", json=body)
        told.append((code(answer), answer.json()))
    assert told[0] == told[1]
    assert told[0][0] == (401, "sign_in_required")
    assert house.gate.hashes.hasher.verified == before


# Found by looking for ways around


async def test_the_path_of_a_merge_names_nobody(house: House) -> None:
    """A path with the reference of a patient is written down with the key of the request."""
    await house.ask(
        "manager", "POST", f"/patients/{OTHERS}/merge", json={"into": f"{OTHERS}-Z"},
        headers={"idempotency-key": "k-1"},
    )  # fmt: skip
    assert OTHERS in (await house.get("manager", "/events")).text
    for who in ("viewer", "clerk"):
        assert OTHERS not in (await house.get(who, "/events")).text


@OF_ONE_LAKE
async def test_no_cursor_tells_of_what_is_not_shown(reading: House) -> None:
    for ref in (OTHERS, "NOBODY-1"):
        page = await reading.get("clerk", f"/bookings?patient_ref={ref}&limit=1")
        assert page.json() == {"items": [], "next": None}
    for path in ("/bookings?ward_id=W2&limit=1", "/overrides?limit=1"):
        assert (await reading.get("clerk", path)).json()["next"] is None


@OF_ONE_LAKE
@pytest.mark.parametrize("who", ["viewer", "clerk"])
async def test_a_search_beside_somebody_finds_nobody_of_another_ward(reading: House, who) -> None:
    isolation = {"kind": "source", "organism": "germ_of_w2"}
    needs = {"sex": "other", "isolation": isolation}
    found = [
        (await reading.post(who, "/beds/search", {"needs": needs | {"placed_with": ref}})).json()
        for ref in (OTHERS, "NOBODY-9")
    ]
    assert found[0] == found[1]


@OF_ONE_LAKE
async def test_no_id_leads_from_one_row_of_a_patient_elsewhere_to_the_next(reading: House) -> None:
    ids = {reading.ids["stay W2"], reading.ids["booking W2"], reading.ids["request W2"]}
    spells = {row["spell_id"] for row in reading.desk.commit.recent if row.get("ward_id") == "W2"}
    rows = (await reading.get("clerk", "/events?limit=1000")).json()["items"]
    beds = (await reading.get("clerk", "/beds")).json()["items"]
    said = {
        str(value)
        for row in (*rows, *beds)
        for name, value in row.items()
        if name.endswith(("_id", "_ids")) and row["ward_id"] == "W2"
    }
    assert spells - {None}
    assert not said & (ids | spells - {None})


@OF_ONE_LAKE
async def test_what_was_looked_at_before_tells_nothing_of_another_ward(reading: House) -> None:
    ids = reading.ids
    for path, what in (
        ("/bookings/{}/cancel", "booking W2"),
        ("/requests/{}/withdraw", "request W2"),
    ):
        told = []
        for one in (ids[what], made_up(ids[what])):
            answer = await reading.ask(
                "clerk", "POST", path.format(one), json={}, headers={"if-match": '"1"'}
            )
            told.append((answer.status_code, answer.text.replace(one, "?")))
        assert told[0] == told[1], path


async def test_who_shared_a_room_on_another_ward_is_for_managers(house: House) -> None:
    await house.post(
        "manager", "/bookings", {"bed_id": "W1-102-B", "patient_ref": "SRC-1", "admit": True,
                                 "needs": {"sex": "female"}},
    )  # fmt: skip
    await house.post("manager", "/beds/W1-102-B/isolation/start")
    assert all(
        row.get("contact_patient_refs") is None
        for row in (await house.get("clerk", "/events?limit=1000")).json()["items"]
    )


@OF_ONE_LAKE
async def test_nobody_is_kept_out_of_a_device_that_they_have_signed_in_on(reading: House) -> None:
    body = {"name": "viewer", "password": WORD}
    device = (await reading.api.post("/sign-in", json=body)).json()["device_secret"]
    for _ in range(6):
        await reading.api.post("/sign-in", json=body | {"password": "wrong"})
    assert code(await reading.api.post("/sign-in", json=body)) == (429, "too_many_attempts")
    known = await reading.api.post("/sign-in", json=body | {"device_secret": device})
    assert known.status_code == 201
    assert (await reading.post("viewer", "/session/prove", {"password": WORD})).is_success


async def test_who_has_the_first_password_may_choose_the_next_one_in_peace(house: House) -> None:
    word = house.gate.people.add("new", [Role.VIEWER])
    body = {"name": "new", "password": word}
    for choice in (None, "short", "aaaaaaaaaa", "new12345678", "tiny", "small", None):
        sent = body | ({"new_password": choice} if choice else {})
        assert (await house.api.post("/sign-in", json=sent)).status_code in (403, 422)
    done = await house.api.post("/sign-in", json=body | {"new_password": WORD})
    assert done.status_code == 201


async def test_a_retry_of_what_was_done_is_answered_without_the_password(house: House) -> None:
    why = {"reason_code": "clinical_need", "reason": "the only bed with oxygen"}
    body = {"bed_id": "W1-102-A", "patient_ref": "M-12", "override": why}
    keyed = {"idempotency-key": "k-9"}
    first = await house.ask("manager", "POST", "/bookings", json=body, headers=dict(keyed))
    house.gate.clock.go_on(minutes=6)
    again = await house.ask("manager", "POST", "/bookings", json=body, headers=dict(keyed))
    assert (again.status_code, again.json()) == (201, first.json())


@OF_ONE_LAKE
@pytest.mark.parametrize(
    ("who", "sees"), [("viewer", []), ("clerk", ["W1"]), ("manager", None), ("admin", [])]
)
async def test_a_session_says_whose_patients_it_shows(reading: House, who: str, sees) -> None:
    assert (await reading.get(who, "/session")).json()["sees"] == sees


async def test_a_locked_session_sets_no_pin_to_open_itself(house: House) -> None:
    opened = (await house.api.post("/sign-in", json={"name": "clerk", "password": WORD})).json()
    house.secrets["clerk"] = opened["secret"]
    pin = {"pin": "4821", "device_secret": opened["device_secret"]}
    await house.post("clerk", "/session/lock")
    answer = await house.ask("clerk", "PUT", "/session/pin", json=pin)
    assert code(answer) == (401, "sign_in_required")
    answer = await house.api.post("/sign-in/pin", json=pin | {"name": "clerk"})
    assert answer.status_code == 401


async def test_who_knows_a_pin_has_no_more_passwords_to_try(house: House) -> None:
    """Each PIN opens another session; they are of one device."""
    opened = (await house.api.post("/sign-in", json={"name": "clerk", "password": WORD})).json()
    house.secrets["clerk"] = opened["secret"]
    pin = {"pin": "4821", "device_secret": opened["device_secret"]}
    assert (await house.ask("clerk", "PUT", "/session/pin", json=pin)).is_success
    told = []
    for _ in range(3):
        again = await house.api.post("/sign-in/pin", json=pin | {"name": "clerk"})
        house.secrets["clerk"] = again.json()["secret"]
        for path, body in (("prove", {}), ("password", {"new_password": "a longer walk away"})):
            way = "POST" if path == "prove" else "PUT"
            guess = {"password": "a guess of mine"} | body
            told.append(code(await house.ask("clerk", way, f"/session/{path}", json=guess))[0])
            told.append(code(await house.ask("clerk", way, f"/session/{path}", json=guess))[0])
    assert told == [401] * 5 + [429] * 7
