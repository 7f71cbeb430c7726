"""Nobody's flood slows another: what one caller may ask at once and in a minute."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from limits import parse

from lake import duck
from lake.errors import QueryTooLong
from lake.vocabulary import Role
from simulator.access.errors import TooManyRequests
from simulator.access.tokens import Scope
from simulator.api import call, front, lanes
from simulator.api.lanes import PERSON, Asker, Kind, Lanes
from simulator.api.routes import events
from simulator.api.routes.events import _stream
from simulator.domain.errors import InvalidRequest
from tests.simulator.api.audited import OTHER, OWN, Ward
from tests.simulator.people import Clock, gate_in

BOOKING = {"bed_id": "W1-102-A", "patient_ref": "P-9", "needs": {"sex": "male"}}


@pytest.fixture
def asha() -> Asker:
    return Asker("asha", is_person=True)


@asynccontextmanager
async def in_lane(ways: Lanes, asker: Asker, kind: Kind) -> AsyncIterator[None]:
    leave = await ways.enter(asker, kind)
    try:
        yield
    finally:
        leave()


def another(_: Asker) -> Asker:
    return Asker("ravi", is_person=True)


async def test_what_is_more_at_once_waits_in_its_own_lane(asha: Asker) -> None:
    ways, go, working = Lanes(100), asyncio.Event(), []

    async def ask(caller: Asker) -> None:
        async with in_lane(ways, caller, Kind.WRITE):
            working.append(caller.name)
            await go.wait()

    flood = [asyncio.create_task(ask(asha)) for _ in range(PERSON.at_once + 10)]
    other = asyncio.create_task(ask(another(asha)))
    await asyncio.sleep(0.05)
    assert working.count("asha") == PERSON.at_once
    assert working.count("ravi") == 1
    go.set()
    await asyncio.gather(*flood, other)
    assert working.count("asha") == PERSON.at_once + 10
    assert not ways._lanes


async def test_what_waits_has_a_bound(asha: Asker) -> None:
    ways, go = Lanes(100), asyncio.Event()

    async def ask() -> None:
        async with in_lane(ways, asha, Kind.WRITE):
            await go.wait()

    room = PERSON.at_once + PERSON.waiting
    flood = [asyncio.create_task(ask()) for _ in range(room)]
    await asyncio.sleep(0.05)
    with pytest.raises(TooManyRequests):
        await ask()
    go.set()
    await asyncio.gather(*flood)


async def test_streams_of_a_person_are_few_and_end_for_others(asha: Asker) -> None:
    ways, go = Lanes(100), asyncio.Event()

    async def follow() -> None:
        async with in_lane(ways, asha, Kind.STREAM):
            await go.wait()

    open_ones = [asyncio.create_task(follow()) for _ in range(PERSON.streams)]
    await asyncio.sleep(0.02)
    with pytest.raises(TooManyRequests, match="close one"):
        await follow()
    async with in_lane(ways, asha, Kind.WRITE):
        pass
    go.set()
    await asyncio.gather(*open_ones)
    await follow()


async def test_a_minute_has_a_bound_for_each_by_itself(
    asha: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "OF_A_PERSON", parse("3 per minute"))
    ways = Lanes(5)
    service = Asker("token:feed", is_person=False)
    for caller, most in ((asha, 3), (another(asha), 3), (service, 5)):
        for _ in range(most):
            async with in_lane(ways, caller, Kind.WRITE):
                pass
        with pytest.raises(TooManyRequests) as refused:
            async with in_lane(ways, caller, Kind.WRITE):
                pass
        assert 1 <= refused.value.retry_seconds <= 60


async def test_a_refusal_says_when_and_others_go_on(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "OF_A_PERSON", parse("30 per minute"))
    told = [await ward.ask("clerk", "GET /beds") for _ in range(31)]
    assert told[29].status_code == 200
    assert (told[30].status_code, told[30].json()["code"]) == (429, "too_many_requests")
    assert int(told[30].headers["retry-after"]) >= 1
    assert (await ward.ask("manager", "GET /beds")).status_code == 200


async def test_a_screen_shows_the_board_of_its_ward_without_patients(ward: Ward) -> None:
    for name, wards in (("screen", ["W1"]), ("wall", [])):
        token = ward.gate.tokens.add(name, Role.VIEWER, wards=wards, scopes=[Scope.SCREEN])
        ward.secrets[name] = token
    shown = (await ward.ask("screen", "GET /beds")).json()["items"]
    assert {bed["ward_id"] for bed in shown} == {"W1"}
    everywhere = (await ward.ask("wall", "GET /beds")).json()["items"]
    assert {bed["ward_id"] for bed in everywhere} == {"W1", "W2"}
    wards = (await ward.ask("screen", "GET /wards")).json()["items"]
    assert [one["ward_id"] for one in wards] == ["W1"]
    for name in ("screen", "wall"):
        text = (await ward.ask(name, "GET /beds")).text
        assert OWN not in text
        assert OTHER not in text
    for way in ("GET /events", "GET /bookings", "GET /beds/W1-101-A", "POST /bookings"):
        assert (await ward.ask("screen", way)).status_code == 403, way
    [token] = [one for one in ward.gate.tokens.all() if one.label == "screen"]
    ward.gate.tokens.revoke(token.token_id)
    ward.clock.go_on(seconds=3)
    assert (await ward.ask("screen", "GET /beds")).status_code == 401


async def test_the_stream_of_a_screen_is_of_its_ward(ward: Ward) -> None:
    secret = ward.gate.tokens.add("screen", Role.VIEWER, wards=["W1"], scopes=[Scope.SCREEN])
    ward.secrets["screen"] = secret
    caller = ward.gate.caller(f"Bearer {secret}")
    rows = _stream(ward.desk, 0, lambda: caller.who)
    seen = [await asyncio.wait_for(anext(rows), 5) for _ in range(5)]
    await rows.aclose()
    assert all('"ward_id":"W1"' in one["data"] for one in seen)
    assert not any(OWN in one["data"] for one in seen)


@pytest.mark.parametrize(
    ("role", "scopes"),
    [(Role.MANAGER, [Scope.SCREEN]), (Role.VIEWER, [Scope.SCREEN, Scope.WRITE])],
)
def test_a_token_for_a_screen_is_for_nothing_else(
    tmp_path: Path, role: Role, scopes: list[Scope]
) -> None:
    with pytest.raises(InvalidRequest, match="screen"):
        gate_in(tmp_path, Clock()).tokens.add("screen", role, scopes=scopes)


async def test_a_question_that_takes_too_long_is_a_503_that_says_so(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*_: object) -> list[dict[str, object]]:
        seconds = duck._SECONDS.get()
        assert seconds == call.QUESTION_SECONDS
        raise QueryTooLong(seconds)

    monkeypatch.setattr(front, "ask", slow)
    answer = await ward.ask("manager", "GET /bookings")
    assert (answer.status_code, answer.json()["code"]) == (503, "question_too_long")
    assert "longer than 20 s" in answer.json()["detail"]


async def test_reads_of_one_person_leave_a_place_for_a_write(asha: Asker) -> None:
    ways, go, working = Lanes(100), asyncio.Event(), []

    async def ask(kind: Kind) -> None:
        async with in_lane(ways, asha, kind):
            working.append(kind)
            await go.wait()

    asked = [asyncio.create_task(ask(Kind.READ)) for _ in range(PERSON.reads + 5)]
    await asyncio.sleep(0.02)
    asked.append(asyncio.create_task(ask(Kind.WRITE)))
    await asyncio.sleep(0.02)
    assert (working.count(Kind.READ), working.count(Kind.WRITE)) == (PERSON.reads, 1)
    go.set()
    await asyncio.gather(*asked)


async def test_what_waits_too_long_is_refused_and_its_place_is_free_again(
    asha: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "PATIENCE_SECONDS", 0.05)
    ways = Lanes(100)
    held = [await ways.enter(asha, Kind.READ) for _ in range(PERSON.reads)]
    with pytest.raises(TooManyRequests):
        await asyncio.wait_for(ways.enter(asha, Kind.READ), 5)
    held.pop()()
    held.append(await ways.enter(asha, Kind.READ))
    for leave in held:
        leave()
    assert not ways._lanes


async def test_the_session_itself_is_asked_in_the_same_lane(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has many sessions, or asks for nothing but them, has one lane too."""
    monkeypatch.setattr(lanes, "OF_A_PERSON", parse("20 per minute"))
    secrets = [ward.secrets["clerk"]]
    await ward.sign_in("clerk")
    secrets.append(ward.secrets["clerk"])
    ways = ("GET /session", "POST /session/touch", "GET /beds", "POST /session/looks")
    told = []
    for nth in range(24):
        ward.secrets["clerk"] = secrets[nth % 2]
        told.append((await ward.ask("clerk", ways[nth // 2 % 4])).status_code)
    assert 429 not in told[:20]
    assert set(told[20:]) == {429}
    assert (await ward.ask("manager", "GET /session")).status_code == 200


async def test_slow_questions_of_one_hold_up_neither_others_nor_what_one_books(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    answer = events.events_after

    def slowly(*asked: Any) -> Any:
        go.wait(10)
        return answer(*asked)

    monkeypatch.setattr(events, "events_after", slowly)
    flood = [asyncio.create_task(ward.ask("manager", "GET /events")) for _ in range(40)]
    await asyncio.sleep(0.1)
    try:
        mine = await asyncio.wait_for(ward.ask("clerk", "GET /bookings"), 5)
        assert mine.status_code == 200
        booked = ward.ask("manager", "POST /bookings", json=BOOKING)
        assert (await asyncio.wait_for(booked, 5)).status_code == 201
    finally:
        go.set()
    assert {one.status_code for one in await asyncio.gather(*flood)} == {200}


async def test_a_stream_too_asks_no_longer_than_a_question_may(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[float | None] = []

    def noted(*_: Any) -> list[dict[str, Any]]:
        limits.append(duck._SECONDS.get())
        raise QueryTooLong(1.0)

    monkeypatch.setattr(events, "events_after", noted)
    monkeypatch.setattr(type(ward.desk.commit), "oldest_recent_seq", 1_000)
    with pytest.raises(QueryTooLong):
        await anext(_stream(ward.desk, 0, lambda: ward.gate.caller("").who))
    assert limits == [call.QUESTION_SECONDS]


async def test_a_body_that_never_comes_is_not_waited_for(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call, "BODY_SECONDS", 0.05)

    async def dripping() -> AsyncIterator[bytes]:
        yield b'{"name": '
        await asyncio.sleep(30)
        yield b'"x"}'

    for who, way in (("clerk", "POST /bookings"), ("clerk", "POST /session/looks")):
        answer = await asyncio.wait_for(ward.ask(who, way, content=dripping()), 5)
        assert answer.status_code == 400, way
    answer = await asyncio.wait_for(ward.api.post("/sign-in", content=dripping()), 5)
    assert answer.status_code == 400
