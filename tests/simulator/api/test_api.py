"""The routes, from outside: answers, refusals, idempotency, bad input."""

import asyncio
import json
from collections.abc import AsyncIterator

import duckdb
import httpx
import pytest
import pytest_asyncio

from lake.places import Places
from lake.tables import BED_BOARD, BED_EVENTS
from lake.vocabulary import Role, Source
from simulator.domain import commands as c
from simulator.domain.principals import unasked
from simulator.writer.engine import Context
from simulator.writer.group_commit import RECENT_ROWS
from tests.simulator.api_client import make_desk, serving

BED, SECOND, THIRD = "W1-101-A", "W1-101-B", "W1-102-A"
OF_ONE_LAKE = pytest.mark.asyncio(loop_scope="module")
FAR = "2199-01-01T00:00:00Z"


@pytest.fixture
async def api(places) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(make_desk(places)) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def refusing(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    """One for all requests that are refused for their form: none of them changes anything."""
    home = tmp_path_factory.mktemp("refusing") / "home"
    async with serving(make_desk(Places(home, str(home / "lake")))) as client:
        before = await head_seq(client)
        yield client
        assert await head_seq(client) == before


async def head_seq(api: httpx.AsyncClient) -> int:
    return int((await api.get("/health/ready")).json()["head_seq"])


async def admit(api: httpx.AsyncClient, bed_id: str = BED, patient: str = "MRN-1") -> dict:
    """Of a woman, without an end."""
    body = {"bed_id": bed_id, "patient_ref": patient, "admit": True, "ends_at": None}
    answer = await api.post("/bookings", json=body | {"needs": {"sex": "female"}})
    assert answer.status_code == 201, answer.text
    return answer.json()


def is_problem(answer: httpx.Response, status: int, code: str) -> dict:
    assert (answer.status_code, answer.headers["content-type"]) == (
        status,
        "application/problem+json",
    ), answer.text
    body = answer.json()
    assert (body["code"], body["status"]) == (code, status)
    return body


async def test_a_booking_goes_through_its_whole_life(api) -> None:
    body = {"bed_id": BED, "patient_ref": "MRN-1", "ends_at": FAR, "note": "from clinic"}
    booked = await api.post("/bookings", json=body, headers={"X-Actor": "clerk.7"})
    assert booked.status_code == 201
    booking = booked.json()
    assert set(booking) == {
        *("booking_id", "bed_id", "state", "starts_at", "ends_at", "stay_id", "spell_id", "seq")
    }
    assert (booking["state"], booking["ends_at"], booking["stay_id"]) == ("reserved", FAR, None)
    path = f"/bookings/{booking['booking_id']}"
    admitted = (await api.post(f"{path}/admit")).json()
    assert (admitted["state"], admitted["booking_id"]) == ("active", booking["booking_id"])
    moved = (await api.post(f"{path}/transfer", json={"to_bed_id": SECOND})).json()
    assert (moved["bed_id"], moved["state"]) == (SECOND, "active")
    assert moved["spell_id"] == admitted["spell_id"]
    assert moved["booking_id"] != booking["booking_id"]
    left = (await api.get(path)).json()
    assert left["state"] == "completed"
    gone = await api.post(
        f"/bookings/{moved['booking_id']}/discharge", json={"disposition": "home"}
    )
    assert gone.json()["state"] == "completed"
    events = (await api.get("/events", params={"bed_id": BED})).json()["items"]
    assert [event["event_type"] for event in events] == [
        *("bed_registered", "bed_booked", "patient_admitted", "patient_transferred")
    ]
    assert (events[1]["actor"], events[1]["note"], events[1]["source"]) == (
        *("clerk.7", "from clinic", "manual"),
    )
    assert set(events[0]) == {*BED_EVENTS.column_names} - {"private_salt"}


async def test_a_refusal_names_the_rule_the_booking_in_the_way_and_other_beds(api) -> None:
    stay = await admit(api)
    body = {"bed_id": BED, "patient_ref": "MRN-2", "admit": True, "needs": {"sex": "female"}}
    refusal = is_problem(await api.post("/bookings", json=body), 409, "bed_occupied")
    assert refusal["conflicts_with"]["booking_id"] == stay["booking_id"]
    assert [item["bed_id"] for item in refusal["alternatives"]] == [SECOND, THIRD, "W1-102-B"]
    assert "same ward" in refusal["alternatives"][0]["reason"]
    chosen = body | {"bed_id": refusal["alternatives"][0]["bed_id"]}
    assert (await api.post("/bookings", json=chosen)).status_code == 201


async def test_what_does_not_exist_is_404_and_what_has_ended_is_409(api) -> None:
    body = {"bed_id": "W9-1-A", "patient_ref": "MRN-1"}
    is_problem(await api.post("/bookings", json=body), 404, "unknown_bed")
    is_problem(await api.post("/beds/W9-1-A/cleaning/start"), 404, "unknown_bed")
    is_problem(await api.get("/beds/W9-1-A"), 404, "unknown_bed")
    is_problem(await api.get("/bookings/B999"), 404, "not_found")
    is_problem(await api.post("/bookings/B999/admit"), 404, "not_found")
    is_problem(await api.get("/no/such/route"), 404, "not_found")
    is_problem(await api.delete("/beds"), 405, "method_not_allowed")
    stay = await admit(api)
    await api.post(f"/bookings/{stay['booking_id']}/discharge")
    again = await api.post(f"/bookings/{stay['booking_id']}/discharge")
    is_problem(again, 409, "illegal_booking_change")


async def test_beds_carry_the_columns_of_the_board_and_their_display_status(api) -> None:
    await admit(api)
    await api.post(f"/beds/{SECOND}/dirty")
    await api.post(
        f"/beds/{THIRD}/close", json={"reason_code": "maintenance", "reason": "bed frame"}
    )
    items = (await api.get("/beds")).json()["items"]
    assert len(items) == 8
    shown = {"display_status", "next_is_at_risk", "is_outlier"}
    assert set(items[0]) == {*BED_BOARD.column_names, *shown}
    shown = {item["bed_id"]: item["display_status"] for item in items}
    assert (shown[BED], shown[SECOND], shown[THIRD]) == ("occupied", "dirty", "closed")
    dirty = (await api.get("/beds", params={"status": "dirty", "ward_id": "W1"})).json()["items"]
    assert [item["bed_id"] for item in dirty] == [SECOND]
    first = (await api.get("/beds", params={"limit": 5})).json()
    rest = (await api.get("/beds", params={"limit": 5, "after": first["next"]})).json()
    assert len(first["items"]) + len(rest["items"]) == 8
    assert rest["next"] is None
    [ward, _] = (await api.get("/wards")).json()["items"]
    counts = {name: ward[f"{name}_count"] for name in ("occupied", "dirty", "closed", "available")}
    assert counts == {"occupied": 1, "dirty": 1, "closed": 1, "available": 1}
    assert ward["bed_count"] == 4


async def test_a_bed_is_cleaned_and_noted_on(api) -> None:
    stay = await admit(api)
    await api.post(f"/bookings/{stay['booking_id']}/discharge")
    for step, status in (("start", "cleaning"), ("stop", "dirty"), ("start", "cleaning")):
        answer = await api.post(f"/beds/{BED}/cleaning/{step}")
        assert answer.json()["bed_status"] == status
    assert (await api.post(f"/beds/{BED}/cleaning/finish")).json()["bed_status"] == "available"
    is_problem(await api.post(f"/beds/{BED}/cleaning/finish"), 409, "illegal_status_change")
    note = await api.post(f"/beds/{BED}/notes", json={"note": "mattress changed"})
    assert note.status_code == 201
    assert note.json()["seq"] == (await api.get("/health/ready")).json()["head_seq"]


async def test_a_repeated_request_with_a_key_gets_the_same_answer_once(api) -> None:
    body = {"bed_id": BED, "patient_ref": "MRN-1"}
    headers = {"Idempotency-Key": "k-1", "X-Actor": "anna"}
    answers = await asyncio.gather(
        *(api.post("/bookings", json=body, headers=headers) for _ in range(5))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    other = await api.post("/bookings", json=body | {"bed_id": SECOND}, headers=headers)
    is_problem(other, 422, "idempotency_key_reused")
    somebody = headers | {"X-Actor": "bert"}
    is_problem(await api.post("/bookings", json=body, headers=somebody), 409, "overlaps_booking")
    elsewhere = await api.post(f"/beds/{THIRD}/dirty", headers=headers)
    assert elsewhere.status_code == 200


async def test_a_refusal_is_not_remembered(api) -> None:
    stay = await admit(api)
    body = {"bed_id": BED, "patient_ref": "MRN-2"}
    headers = {"Idempotency-Key": "k-2"}
    is_problem(await api.post("/bookings", json=body, headers=headers), 409, "overlaps_open_stay")
    await api.post(f"/bookings/{stay['booking_id']}/discharge")
    assert (await api.post("/bookings", json=body, headers=headers)).status_code == 201


async def test_a_key_is_remembered_over_a_restart(places) -> None:
    body = {"bed_id": BED, "patient_ref": "MRN-1"}
    headers = {"Idempotency-Key": "k-3"}
    async with serving(make_desk(places)) as api:
        first = await api.post("/bookings", json=body, headers=headers)
    async with serving(make_desk(places)) as api:
        again = await api.post("/bookings", json=body, headers=headers)
    assert (again.status_code, again.json()) == (201, first.json())


async def test_a_key_is_answered_from_the_log_when_its_row_is_no_recent_one(
    places, monkeypatch
) -> None:
    desk, headers = make_desk(places), {"Idempotency-Key": "k-4"}
    async with serving(desk) as api:
        first = await api.post(f"/beds/{BED}/dirty", headers=headers)
        for nth in range(RECENT_ROWS + 1):
            desk.commit.stage(
                c.AddNote(bed_id=THIRD), Context(Source.MANUAL, unasked(f"t-{nth}", Role.MANAGER))
            )
        await desk.commit.durable()
        assert desk.commit.oldest_recent_seq > first.json()["seq"]
        again = await api.post(f"/beds/{BED}/dirty", headers=headers)
        assert (again.status_code, again.json()) == (200, first.json())

        def is_away(*_: object) -> None:
            raise duckdb.IOException("the disk is away")

        monkeypatch.setattr("simulator.writer.desk.rows_of_command", is_away)
        again = await api.post(f"/beds/{BED}/dirty", headers=headers)
        assert (again.status_code, again.json()["code"]) == (503, "storage_unavailable")


GOOD = {"bed_id": BED, "patient_ref": "MRN-1"}


@OF_ONE_LAKE
@pytest.mark.parametrize(
    "change",
    [
        {"patient_ref": "Anna Smith"},
        {"patient_ref": "nodigit"},
        {"patient_ref": "1\n"},
        {"patient_ref": "x" * 65 + "1"},
        {"patient_ref": "\ud800 12"},
        {"patient_ref": 17},
        {"bed_id": None},
        {"bed_id": ["W1-101-A"]},
        {"bed_id": "\udfff"},
        {"starts_at": "2026-01-01T00:00:00"},
        {"starts_at": 1767225600},
        {"starts_at": "tomorrow"},
        {"starts_at": "9999-12-31T23:59:59-14:00"},
        {"starts_at": "0001-01-01T00:00:00+14:00"},
        {"occurred_at": FAR},
        {"admit": "perhaps"},
        {"admit": "yes"},
        {"needs": {"isolation": "on"}},
        {"admit": True, "starts_at": FAR},
        {"needs": {"priority": 6}},
        {"needs": {"priority": float("nan")}},
        {"needs": {"priority": True}},
        {"needs": {"sex": "unsure"}},
        {"needs": {"colour": "blue"}},
        {"colour": "blue"},
        {"note": "x" * 2001},
        {"note": "\ud83d"},
    ],
)
async def test_a_wrong_value_is_422_and_changes_nothing(refusing, change) -> None:
    head = await head_seq(refusing)
    body = json.dumps(GOOD | change)
    answer = await refusing.post(
        "/bookings", content=body, headers={"Content-Type": "application/json"}
    )
    is_problem(answer, 422, "invalid_request")
    assert await head_seq(refusing) == head


@OF_ONE_LAKE
@pytest.mark.parametrize(
    "body", [b"{", b"", b"\xff\xfe", b'{"bed_id": "W1', b"nope", b"\xed\xa0\x80"]
)
async def test_what_is_not_json_is_400_or_422(refusing, body) -> None:
    answer = await refusing.post(
        "/bookings", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@OF_ONE_LAKE
@pytest.mark.parametrize("body", [b"[]", b"17", b"null", b'"text"', b"[[[[[[]]]]]]", b"NaN"])
async def test_json_of_the_wrong_shape_is_422(refusing, body) -> None:
    answer = await refusing.post(
        "/bookings", content=body, headers={"Content-Type": "application/json"}
    )
    is_problem(answer, 422, "invalid_request")


async def test_deeply_nested_json_is_refused_calmly(api) -> None:
    body = b"[" * 30_000 + b"]" * 30_000
    answer = await api.post("/bookings", content=body, headers={"Content-Type": "application/json"})
    assert 400 <= answer.status_code < 500, answer.text


async def test_a_huge_body_is_413(api) -> None:
    body = json.dumps(GOOD | {"note": "x" * 70_000})
    is_problem(await api.post("/bookings", content=body), 413, "body_too_large")


async def test_an_interval_that_ends_before_it_starts_is_422(api) -> None:
    body = GOOD | {"starts_at": "2030-01-02T00:00:00Z", "ends_at": "2030-01-01T00:00:00Z"}
    is_problem(await api.post("/bookings", json=body), 422, "empty_interval")


async def test_a_name_in_any_script_is_recorded(api) -> None:
    answer = await api.post(
        f"/beds/{BED}/notes", json={"note": "x"}, headers={"X-Actor": "आशा".encode()}
    )
    events = (await api.get("/events", params={"after_seq": answer.json()["seq"] - 1})).json()
    assert events["items"][0]["actor"] == "आशा"


@OF_ONE_LAKE
@pytest.mark.parametrize(
    "headers",
    [
        {"Idempotency-Key": "x" * 256},
        {"X-Actor": "y" * 101},
        {"X-Actor": b"\xff\xfe"},
        {"X-Actor": " "},
    ],
)
async def test_a_wrong_header_is_422(refusing, headers) -> None:
    is_problem(await refusing.post("/bookings", json=GOOD, headers=headers), 422, "invalid_request")


@OF_ONE_LAKE
@pytest.mark.parametrize(
    "path",
    ["/beds?limit=0", "/beds?status=sleepy", "/events?after_seq=-1", "/events?after_seq=x"],
)
async def test_a_wrong_query_is_422(refusing, path) -> None:
    is_problem(await refusing.get(path), 422, "invalid_request")


async def test_events_come_in_pages_in_order(api) -> None:
    first = (await api.get("/events", params={"limit": 4})).json()
    rest = (await api.get("/events", params={"after_seq": first["next"]})).json()
    seqs = [event["seq"] for event in first["items"] + rest["items"]]
    assert seqs == list(range(1, len(seqs) + 1))
    assert rest["next"] is None


async def test_a_live_lake_has_no_simulated_hospital(api) -> None:
    body = {"running": True, "speed": 60, "seed": 1}
    is_problem(await api.put("/simulator", json=body), 409, "wrong_mode")
    assert (await api.get("/clock")).json()["speed"] == 1.0


async def test_the_simulated_hospital_stops_and_its_clock_goes_on(places) -> None:
    async with serving(make_desk(places, simulator=True)) as api:
        assert (await api.get("/simulator")).json() == {"running": True, "speed": 60.0, "seed": 1}
        body = {"running": False, "speed": 600.0, "seed": 5}
        assert (await api.put("/simulator", json=body)).json() == body
        before = (await api.get("/clock")).json()
        await asyncio.sleep(0.1)
        after = (await api.get("/clock")).json()
        assert after["hospital_at"] > before["hospital_at"]
        assert after["running"]
        is_problem(await api.put("/simulator", json=body | {"speed": -1}), 422, "invalid_request")
        for change in ({"running": True}, {"running": True}, {"running": True, "seed": 6}):
            who = {"x-actor": f"who {len(change)}"}
            assert (await api.put("/simulator", json=body | change, headers=who)).is_success
        told = (await api.get("/events?event_type=clock_set&limit=1000")).json()["items"]
        assert [row["actor"] for row in told[-2:]] == ["who 1", "who 2"]


async def test_openapi_documents_every_write_with_its_problems(api) -> None:
    document = (await api.get("/openapi.json")).json()
    posts = {path: way["post"] for path, way in document["paths"].items() if "post" in way}
    assert {"/bookings", "/beds/{bed_id}/notes"} <= set(posts)
    for path, post in posts.items():
        responses = set(post["responses"])
        assert {"409", "413", "422", "503"} <= responses, path
        good = responses & {"200", "201"}
        content = post["responses"][good.pop()]["content"]
        assert "$ref" in content["application/json"]["schema"], path


async def test_before_the_hospital_is_open_only_health_answers(places) -> None:
    transport = httpx.ASGITransport(make_app(places), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as api:
        assert (await api.get("/health/live")).status_code == 200
        for path in ("/health/ready", "/beds", "/clock"):
            answer = await api.get(path)
            is_problem(answer, 503, "not_ready")
            assert answer.headers["retry-after"]


def make_app(places):
    from simulator.api.app import create_app

    return create_app(make_desk(places))


async def test_the_stream_of_events_begins_with_the_older_ones_and_goes_on_live(places) -> None:
    from simulator.api.routes.events import _stream

    desk = make_desk(places)
    async with serving(desk) as api:
        stream = _stream(desk, 0, lambda: unasked("anonymous"))
        head = desk.commit.durable_seq
        older = [int((await anext(stream))["id"]) for _ in range(head)]
        assert older == list(range(1, head + 1))
        coming = asyncio.create_task(anext(stream))
        await asyncio.sleep(0.05)
        assert not coming.done()
        note = await api.post(f"/beds/{BED}/notes", json={"note": "x"})
        event = await asyncio.wait_for(coming, 5)
        assert (int(event["id"]), event["event"]) == (note.json()["seq"], "note_added")
        await stream.aclose()


async def test_a_parameter_that_a_route_does_not_take_is_refused_not_ignored(api) -> None:
    answer = await api.get("/beds", params={"when": "2026-01-01T00:00:00Z"})

    assert "'when'" in is_problem(answer, 422, "invalid_request")["detail"]
    assert (await api.get("/beds", params={"ward_id": "W1", "limit": 5})).is_success


async def test_a_page_of_another_site_may_not_write_here(api) -> None:
    foreign = {"Origin": "http://evil.example"}
    refused = await api.post(f"/beds/{BED}/dirty", headers=foreign)
    is_problem(refused, 403, "not_permitted")
    marked = {"Sec-Fetch-Site": "cross-site"}
    is_problem(await api.post(f"/beds/{BED}/dirty", headers=marked), 403, "not_permitted")
    assert (await api.get("/beds", headers=foreign)).is_success
    assert (await api.post(f"/beds/{BED}/dirty", headers={"Origin": "http://127.0.0.1"})).is_success


async def test_the_pages_of_the_documentation_need_no_other_server(api) -> None:
    page = (await api.get("/docs")).text
    assert "/static-offline-docs/swagger-ui-bundle.js" in page
    assert "cdn." not in page
    assert (await api.get("/static-offline-docs/swagger-ui-bundle.js")).is_success
