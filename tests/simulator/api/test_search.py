"""The search for a bed over HTTP, in the hospital of hospital.toml."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lake.places import CHECKOUT
from simulator.plan import read_plan
from tests.simulator.api.test_whom_a_ward_takes import House
from tests.simulator.api_client import make_desk, serving


@pytest.fixture
async def house(places) -> AsyncIterator[House]:
    desk = make_desk(places, read_plan(Path(CHECKOUT) / "hospital.toml"))
    async with serving(desk) as client:
        yield House(client, desk)


async def search(house: House, status: int = 200, **body: Any) -> dict[str, Any]:
    answer = await house.api.post("/beds/search", json={"limit": 1000} | body)
    assert answer.status_code == status, answer.text
    return answer.json()


def of(found: dict[str, Any], bed_id: str) -> dict[str, Any]:
    both = (*found["items"], *found["unfit"], *found["unsure"])
    return next(item for item in both if item["bed_id"] == bed_id)


async def test_each_bed_is_ranked_or_says_the_rule(house: House) -> None:
    found = await search(house, needs={"sex": "female"})
    ids = [item["bed_id"] for item in (*found["items"], *found["unfit"])]
    assert len(ids) == len({*ids}) == 224
    assert [item["bed_id"] for item in found["items"][:2]] == ["W1-101-A", "W1-101-B"]
    assert of(found, "W9-601-A")["rules"] == ["not_taken_by_ward"]
    assert of(found, "W8-501-A")["rules"] == ["not_taken_by_ward"]
    assert (await search(house, needs={}, limit=3))["items"][2]["bed_id"] == "W1-101-C"


async def test_a_patient_is_found_by_age_level_of_care_and_the_wanted_ward(house: House) -> None:
    child = await search(house, needs={"sex": "male", "age_group": "child"})
    assert {item["bed_id"][:2] for item in child["items"]} == {"W9"}
    intensive = await search(house, needs={"level_of_care": "intensive"})
    assert intensive["items"][0]["bed_id"] == "W8-512-A"  # no negative pressure
    wanted = await search(house, needs={"sex": "male"}, ward_id="W10")
    assert (
        of(wanted, "W10-701-A")["detail"]
        == "does not take patients of another specialty (not said)"
    )
    assert wanted["items"][0]["bed_id"] == "W1-101-A"
    wanted = await search(house, needs={"specialty": "rehabilitation"}, ward_id="W10", limit=1)
    assert wanted["items"][0]["bed_id"] == "W10-701-A"


async def test_isolation_rooms_come_first_for_isolation_and_last_for_others(house: House) -> None:
    isolated = await search(house, needs={"isolation": True, "sex": "female"}, ward_id="W1")
    assert isolated["items"][0]["bed_id"] == "W1-107-A"
    assert isolated["items"][0]["reasons"][-1] == "room for one"
    others = await search(house, needs={"sex": "female"}, ward_id="W1")
    assert of(others, "W1-111-A")["reasons"][-1] == "keep for isolation: 6 of 6 left"
    taken = {"bed_id": "W1-111-A", "patient_ref": "P-1", "admit": True, "needs": {"sex": "female"}}
    assert (await house.api.post("/bookings", json=taken)).status_code == 201
    refused = await house.api.post(
        "/bookings", json=taken | {"bed_id": "W1-112-A", "patient_ref": "P-2"}
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "kept_for_isolation")
    others = await search(house, needs={"sex": "female"}, ward_id="W1")
    assert of(others, "W1-112-A")["rules"] == ["kept_for_isolation"]


async def test_a_bed_booked_for_tomorrow_is_had_for_the_night(house: House) -> None:
    now = house.desk.clock.now()
    tomorrow, then = (now + timedelta(hours=h) for h in (11, 40))
    body = {"bed_id": "W7-411-A", "patient_ref": "P-1", "starts_at": tomorrow.isoformat()}
    body |= {"ends_at": then.isoformat(), "needs": {"sex": "female"}}
    assert (await house.api.post("/bookings", json=body)).status_code == 201
    found = of(await search(house, needs={"sex": "female"}), "W7-411-A")
    assert round(found["free_hours"], 1) == 11.0
    long = await search(house, needs={"sex": "female"}, ends_at=then.isoformat())
    unfit = of(long, "W7-411-A")
    assert (unfit["rules"], unfit["detail"][:12]) == (["overlaps_booking"], "booked from ")
    assert unfit["detail"].endswith(": 11 h free")
    admitted = {"bed_id": "W7-411-A", "patient_ref": "P-2", "admit": True}
    answer = await house.api.post("/bookings", json=admitted | {"needs": {"sex": "female"}})
    assert answer.status_code == 201
    assert answer.json()["ends_at"] == found["ends_at"] == body["starts_at"].replace("+00:00", "Z")


async def test_a_patient_in_bed_is_searched_for_with_what_is_known(house: House) -> None:
    body = {"bed_id": "W9-601-A", "patient_ref": "P-1", "admit": True}
    body |= {"needs": {"age_group": "child", "sex": "male"}}
    assert (await house.api.post("/bookings", json=body)).status_code == 201
    found = await search(house, patient_ref="P-1")
    assert {item["bed_id"][:2] for item in found["items"]} == {"W9"}
    assert of(found, "W9-601-A")["rules"] == ["bed_occupied"]


async def test_what_cannot_be_searched_for_is_said(house: House) -> None:
    past = (house.desk.clock.now() - timedelta(hours=1)).isoformat()
    assert "has passed" in (await search(house, 422, starts_at=past))["detail"]
    ahead = (house.desk.clock.now() + timedelta(hours=1)).isoformat()
    assert (await search(house, 422, starts_at=ahead, ends_at=ahead))["code"] == "empty_interval"
    assert (await search(house, 404, ward_id="W99"))["code"] == "not_found"
    assert "features" in (await search(house, 422, needs={"features": ["gold_taps"]}))["detail"]
    assert (await search(house, 422, needs={}, limit=0))["code"] == "invalid_request"


async def test_a_proposal_is_placed_as_it_is_in_one_call(house: House) -> None:
    for number, sex in enumerate(("female", "male", "female")):
        body = {"patient_ref": f"W-{number}", "ward_id": "W7", "needs": {"sex": sex}}
        assert (await house.api.post("/requests", json=body)).status_code == 201
    answer = await house.api.post("/requests/match", json={})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert [pair["bed_id"] for pair in found["items"]] == ["W7-411-A", "W7-412-A", "W7-411-B"]
    assert (found["left"], found["pending"]) == ([], [])
    names = ("bed_request_id", "bed_id", "starts_at", "seq")
    pairs = [{name: pair[name] for name in names} for pair in found["items"]]
    placed = await house.api.post("/requests/place-all", json={"pairs": pairs})
    assert placed.status_code == 201, placed.text
    assert [one["bed_id"] for one in placed.json()["bookings"]] == [p["bed_id"] for p in pairs]
    again = await house.api.post("/requests/place-all", json={"pairs": pairs})
    assert again.status_code in (409, 412)
    assert (await house.api.post("/requests/match")).json()["items"] == []


async def test_the_discharge_lounge_is_known_after_a_restart(places) -> None:
    plan = read_plan(Path(CHECKOUT) / "hospital.toml")
    async with serving(make_desk(places, plan)) as api:
        for bed_id, patient in (("W7-411-A", "P-1"), ("W7-412-A", "P-2")):
            body = {"bed_id": bed_id, "patient_ref": patient, "admit": True}
            booking = (await api.post("/bookings", json=body)).json()["booking_id"]
            left = await api.post(
                f"/bookings/{booking}/discharge", json={"disposition": "home", "to_lounge": True}
            )
            assert left.status_code == 200, left.text
        found = (await api.get("/lounge")).json()
        assert (found["places"], len(found["items"])) == (10, 2)
        gone = await api.post(f"/bookings/{booking}/lounge/leave")
        assert gone.status_code == 200, gone.text
        assert (await api.post(f"/bookings/{booking}/lounge/leave")).status_code in (404, 409)
    async with serving(make_desk(places, plan)) as api:
        [there] = (await api.get("/lounge")).json()["items"]
        assert (there["patient_ref"], there["ward_id"]) == ("P-1", "W7")
        path = f"/bookings/{there['booking_id']}/discharge/correct"
        assert (await api.post(path, json={"disposition": "died"})).status_code == 200
        assert (await api.get("/lounge")).json()["items"] == []
    async with serving(make_desk(places, plan)) as api:
        assert (await api.get("/lounge")).json()["items"] == []
        asked = await api.post("/requests", json={"patient_ref": "P-1"})
        assert (asked.status_code, asked.json()["code"]) == (409, "patient_has_died")


async def test_many_may_ask_for_a_proposal_at_once(house: House) -> None:
    for number in range(12):
        body = {"patient_ref": f"W-{number}", "needs": {"sex": ("female", "male")[number % 2]}}
        assert (await house.api.post("/requests", json=body)).status_code == 201
    answers = await asyncio.gather(*(house.api.post("/requests/match", json={}) for _ in range(5)))
    assert [len(answer.json()["items"]) for answer in answers] == [12] * 5
