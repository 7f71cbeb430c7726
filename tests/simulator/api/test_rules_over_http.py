"""Overrides, corrections, the waiting list, closings and the past, as the API shows them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from lake.duck import LakeReader
from lake.vocabulary import LakeMode
from simulator.writer.desk import Desk
from tests.simulator.api_client import make_desk, serving

BED, SECOND, THIRD, FOURTH = "W1-101-A", "W1-101-B", "W1-102-A", "W1-102-B"
WHY = {"reason_code": "clinical_need", "reason": "needs the monitor in this room"}
CLERK, MATRON = {"X-Actor": "clerk.7"}, {"X-Actor": "matron"}
FAR = "2199-01-01T00:00:00Z"


@pytest.fixture
def desk(places) -> Desk:
    return make_desk(places)


@pytest.fixture
async def api(desk) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(desk) as client:
        yield client


async def post(api: httpx.AsyncClient, path: str, status: int = 200, **body: Any) -> dict:
    answer = await api.post(path, json=body, headers=CLERK)
    assert answer.status_code == status, answer.text
    return answer.json()


async def book(api: httpx.AsyncClient, bed_id: str, patient: str, **more: Any) -> dict:
    """For a woman, without an end, unless something else is said."""
    more = {"ends_at": None, "needs": {"sex": "female"}} | more
    return await post(api, "/bookings", 201, bed_id=bed_id, patient_ref=patient, **more)


async def event_of(api: httpx.AsyncClient, seq: int) -> dict:
    answer = await api.get("/events", params={"after_seq": seq - 1, "limit": 1})
    return answer.json()["items"][0]


async def beds(api: httpx.AsyncClient, **query: Any) -> dict[str, dict]:
    items = (await api.get("/beds", params=query)).json()["items"]
    return {item["bed_id"]: item for item in items}


async def test_a_refusal_says_all_that_is_broken_and_an_override_is_a_record(api) -> None:
    weaker = await book(api, BED, "MRN-1", ends_at=FAR)
    body = {"bed_id": BED, "patient_ref": "MRN-2", "ends_at": FAR, "needs": {"sex": "female"}}
    refused = await post(api, "/bookings", 409, **body)
    assert (refused["code"], refused["rules"]) == ("overlaps_booking", ["overlaps_booking"])
    assert refused["can_be_overridden"]
    assert [b["booking_id"] for b in refused["in_the_way"]] == [weaker["booking_id"]]
    assert [a["bed_id"] for a in refused["alternatives"]] == [SECOND, THIRD, FOURTH]

    made = await book(api, override=WHY, patient=body.pop("patient_ref"), **body)
    [record] = (await api.get("/overrides", params={"reviewed": False})).json()["items"]
    assert record["rules"] == ["overlaps_booking"]
    assert (record["actor"], record["replace_by"], record["reason"]) == (
        "clerk.7",
        "clerk.7",
        WHY["reason"],
    )
    assert record["displaced_booking_ids"] == [weaker["booking_id"]]
    assert record["booking_id"] == made["booking_id"]
    lost = (await api.get(f"/bookings/{weaker['booking_id']}")).json()
    assert (lost["state"], lost["displaced_by_booking_id"]) == ("displaced", made["booking_id"])
    assert (await beds(api))[BED]["unreviewed_override_count"] == 1

    path = f"/overrides/{record['event_id']}/review"
    assert (await post(api, path, 403))["code"] == "same_actor"
    assert (await api.post(path)).json()["code"] == "actor_required"
    assert (await api.post(path, headers=MATRON)).is_success
    assert (await api.post(path, headers=MATRON)).json()["code"] == "already_reviewed"
    assert (await post(api, "/overrides/no-such-event/review", 404))["code"] == "not_found"
    [reviewed] = (await api.get("/overrides", params={"reviewed": True})).json()["items"]
    assert reviewed["reviewed_by"] == "matron"
    assert (await beds(api))[BED]["unreviewed_override_count"] == 0


async def test_nobody_overrides_anonymously_or_without_a_reason(api) -> None:
    await book(api, BED, "MRN-1")
    body = {"bed_id": BED, "patient_ref": "MRN-2", "override": WHY}
    answer = await api.post("/bookings", json=body)
    assert (answer.status_code, answer.json()["code"]) == (403, "actor_required")
    for override in ({**WHY, "reason": "because   "}, {**WHY, "reason_code": "whim"}):
        refused = await post(api, "/bookings", 422, **body | {"override": override})
        assert refused["code"] == "invalid_request"


async def test_a_reservation_is_changed_and_a_stay_gets_another_expected_discharge(api) -> None:
    booked = await book(api, BED, "MRN-1", ends_at=FAR)
    path = f"/bookings/{booked['booking_id']}"
    moved = await post(api, f"{path}/change", bed_id=THIRD)
    assert (moved["bed_id"], moved["ends_at"]) == (THIRD, FAR)
    assert (await beds(api))[BED]["display_status"] == "available"
    await post(api, f"{path}/admit")
    expected = await post(api, f"{path}/change", ends_at=None)
    assert (expected["state"], expected["ends_at"]) == ("active", None)
    assert (await post(api, f"{path}/discharge/confirm"))["state"] == "active"
    assert (await beds(api))[THIRD]["current_is_discharge_confirmed"] is True
    assert (await post(api, f"{path}/change", 409, bed_id=BED))["code"] == "illegal_booking_change"
    await post(api, f"{path}/discharge")
    assert (await post(api, f"{path}/change", 409, ends_at=FAR))["code"] == "illegal_booking_change"
    assert (await post(api, "/bookings/B999/change", 404, ends_at=FAR))["code"] == "not_found"


async def test_a_bed_stays_reserved_for_who_comes_next_while_a_no_show_is_waited_for(
    api, desk
) -> None:
    """Reserved from 1 to 2 and from 2 to 6 hours ahead; 10 minutes after the first one's end its
    patient is still waited for. The board, which reads the lake, says what the API says."""
    now = desk.clock.now()
    first, second, later = (now + timedelta(hours=h) for h in (1, 2, 6))
    await book(api, BED, "MRN-1", starts_at=first.isoformat(), ends_at=second.isoformat())
    awaited = await book(api, BED, "MRN-2", starts_at=second.isoformat(), ends_at=later.isoformat())
    desk.clock.set(1.0, second + timedelta(minutes=10))

    bed = (await beds(api))[BED]
    lake = LakeReader(desk.places)
    [on_board] = lake.ask(
        "SELECT * FROM board_at($now) WHERE bed_id = $bed_id",
        {"now": desk.clock.now(), "bed_id": BED},
    ).to_pylist()

    assert (bed["display_status"], bed["next_booking_id"]) == ("reserved", awaited["booking_id"])
    assert (on_board["display_status"], on_board["next_booking_id"]) == (
        "reserved",
        awaited["booking_id"],
    )
    assert BED not in await beds(api, status="available")


async def test_a_discharge_that_never_was_is_undone_and_the_past_knows_it(api, desk) -> None:
    stay = await book(api, BED, "MRN-1", admit=True)
    await asyncio.sleep(0.05)
    gone = await post(api, f"/bookings/{stay['booking_id']}/discharge")
    await post(api, f"/beds/{BED}/cleaning/start")
    between = desk.clock.now().isoformat()
    assert (await beds(api, at=between))[BED]["bed_status"] == "cleaning"
    await asyncio.sleep(0.05)
    event = await event_of(api, gone["seq"])
    back = await post(api, f"/events/{event['event_id']}/cancel", note="wrong patient")
    assert (back["state"], back["stay_id"]) == ("active", stay["stay_id"])
    again = await post(api, f"/events/{event['event_id']}/cancel", 409)
    assert again["code"] == "already_cancelled"
    assert (await post(api, "/events/no-such-event/cancel", 404))["code"] == "not_found"

    then = (await beds(api, at=between))[BED]
    assert (then["bed_status"], then["current_patient_ref"]) == ("occupied", "MRN-1")
    assert (await beds(api, at=between, status="occupied")).keys() == {BED}
    answer = await api.get("/bookings", params={"at": between, "patient_ref": "MRN-1"})
    assert [b["state"] for b in answer.json()["items"]] == ["active"]


async def test_the_past_is_answered_for_any_instant_and_the_future_is_not(api, desk) -> None:
    before = desk.clock.now().isoformat()
    stay = await book(api, BED, "MRN-1", admit=True)
    await post(api, f"/bookings/{stay['booking_id']}/transfer", to_bed_id=THIRD)
    assert (await beds(api, at=before))[BED]["bed_status"] == "available"
    now = await beds(api, at=desk.clock.now().isoformat())
    assert (now[BED]["bed_status"], now[THIRD]["bed_status"]) == ("dirty", "occupied")
    live = await beds(api)
    assert now == live
    assert await beds(api, at="1999-01-01T00:00:00Z") == {}
    answer = await api.get("/beds", params={"at": FAR})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


def minutes_from(at: datetime, until: datetime) -> float:
    return (until - at).total_seconds() / 60


async def test_the_waiting_list_is_placed_and_withdrawn(api, desk) -> None:
    needs = {"sex": "female", "priority": 1}
    await post(api, "/requests", 201, patient_ref="MRN-2", needs={"priority": 3})
    asked_after = desk.clock.now()
    urgent = await post(api, "/requests", 201, patient_ref="MRN-1", ward_id="W1", needs=needs)
    asked_before = desk.clock.now()
    listed = (await api.get("/requests")).json()["items"]
    assert [item["patient_ref"] for item in listed] == ["MRN-1", "MRN-2"]
    first = (await api.get("/requests", params={"limit": 1})).json()
    rest = (await api.get("/requests", params={"limit": 1, "after": first["next"]})).json()
    assert (rest["items"][0]["patient_ref"], rest["next"]) == ("MRN-2", None)

    path = f"/requests/{urgent['bed_request_id']}"
    shown = (await api.get(path)).json()
    assert (shown["state"], shown["suggestions"][0]["bed_id"]) == ("waiting", BED)
    placed_after = desk.clock.now()
    booked = await post(api, f"{path}/place", 201, bed_id=BED, admit=True)
    placed_before = desk.clock.now()
    assert (booked["state"], booked["bed_id"]) == ("active", BED)
    placed = (await api.get(path)).json()
    assert (placed["state"], placed["booking_id"]) == ("placed", booked["booking_id"])
    least = minutes_from(asked_before, placed_after)
    most = minutes_from(asked_after, placed_before)
    assert 0 < least <= placed["boarding_minutes"] <= most
    assert (await post(api, f"{path}/place", 409, bed_id=BED))["code"] == "illegal_booking_change"
    assert (await post(api, "/requests/R999/withdraw", 404))["code"] == "not_found"
    other = listed[1]["bed_request_id"]
    await post(api, f"/requests/{other}/withdraw", reason_code="went_home")
    ended = (await api.get("/requests", params={"state": "withdrawn"})).json()["items"]
    assert [item["bed_request_id"] for item in ended] == [other]


async def test_two_clerks_who_saw_the_same_bed_do_not_both_change_it(api) -> None:
    seen = (await api.get(f"/beds/{BED}")).headers["ETag"]
    body = {"bed_id": BED, "patient_ref": "MRN-1", "admit": True}
    first = await api.post("/bookings", json=body, headers={"If-Match": seen})
    second = await api.post(f"/beds/{BED}/dirty", headers={"If-Match": seen})
    assert (first.status_code, second.status_code) == (201, 412)
    assert second.json()["code"] == "precondition_failed"
    unseen = await api.post(f"/beds/{SECOND}/dirty", headers={"If-Match": "*"})
    assert unseen.status_code == 200


async def test_a_room_closes_and_opens_as_one(api) -> None:
    await book(api, BED, "MRN-1")
    reason = {"reason_code": "flood", "reason": "water from the ceiling"}
    refused = await post(api, "/rooms/W1-101/close", 409, **reason)
    assert refused["code"] == "overlaps_booking"
    closed = await post(api, "/rooms/W1-101/close", override=WHY, until_at=FAR, **reason)
    assert closed["bed_count"] == 2
    shown = await beds(api, status="closed")
    assert shown.keys() == {BED, SECOND}
    assert shown[BED]["closed_until_at"] == FAR
    assert (await post(api, "/rooms/W1-101/close", 409, **reason))[
        "code"
    ] == "illegal_status_change"
    assert (await post(api, "/wards/W1/open", **reason))["bed_count"] == 2
    assert (await post(api, "/wards/W9/close", 404, **reason))["code"] == "not_found"


async def test_a_whole_room_is_isolated(api) -> None:
    for bed_id, patient in ((BED, "MRN-1"), (SECOND, "MRN-2")):
        await book(api, bed_id, patient, admit=True)
    assert (await post(api, "/rooms/W1-101/isolation/start"))["bed_count"] == 2
    shown = await beds(api)
    assert {shown[b]["bed_status"] for b in (BED, SECOND)} == {"isolated"}
    assert (await post(api, "/rooms/W1-101/isolation/end"))["bed_count"] == 2


async def test_two_patients_swap(api) -> None:
    one = await book(api, BED, "MRN-1", admit=True)
    two = await book(api, THIRD, "MRN-2", admit=True)
    path = f"/bookings/{one['booking_id']}/swap"
    swapped = await post(api, path, with_booking_id=two["booking_id"])
    assert (swapped["bed_id"], swapped["spell_id"]) == (THIRD, one["spell_id"])
    shown = await beds(api)
    assert (shown[BED]["current_patient_ref"], shown[THIRD]["current_patient_ref"]) == (
        "MRN-2",
        "MRN-1",
    )
    gone = await post(api, path, 409, with_booking_id=swapped["booking_id"])
    assert gone["code"] == "illegal_booking_change"


async def test_a_restart_knows_requests_overrides_corrections_and_who_left(places) -> None:
    first = make_desk(places)
    async with serving(first) as api:
        await book(api, BED, "MRN-1")
        await book(api, BED, "MRN-2", override=WHY)
        stay = await book(api, THIRD, "MRN-3", admit=True)
        event = await event_of(api, stay["seq"])
        await post(api, f"/events/{event['event_id']}/cancel")
        left = await book(api, THIRD, "MRN-4", admit=True)
        await post(api, f"/bookings/{left['booking_id']}/discharge")
        await post(api, "/requests", 201, patient_ref="MRN-5")
        before = first.engine.hospital
    again = make_desk(places)
    async with serving(again):
        assert again.mode is LakeMode.LIVE
        assert again.engine.hospital == before


async def test_if_match_goes_with_everything_that_is_done_to_one_bed(api) -> None:
    reason = {"reason_code": "flood", "reason": "water from the ceiling"}
    seen = {"If-Match": (await api.get(f"/beds/{BED}")).headers["ETag"]}
    assert (await api.post(f"/beds/{BED}/close", json=reason, headers=seen)).is_success
    assert (await api.post(f"/beds/{BED}/open", json=reason, headers=seen)).status_code == 412
    anywhere = await api.post("/requests", json={"patient_ref": "MRN-1"}, headers=seen)
    assert anywhere.status_code == 412


async def test_a_ward_that_is_closed_twice_with_one_key_is_closed_once(api) -> None:
    body = {"reason_code": "flood", "reason": "water from the ceiling"}
    key = {"Idempotency-Key": "k-1"}
    first = await api.post("/wards/W1/close", json=body, headers=key)
    again = await api.post("/wards/W1/close", json=body, headers=key)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert first.json()["bed_count"] == 4


async def test_pages_of_the_waiting_list_go_on_when_a_request_leaves_it(api) -> None:
    for number in range(4):
        await post(api, "/requests", 201, patient_ref=f"MRN-{number}")
    first = (await api.get("/requests", params={"limit": 2})).json()
    await post(api, f"/requests/{first['items'][1]['bed_request_id']}/withdraw")
    rest = (await api.get("/requests", params={"limit": 2, "after": first["next"]})).json()
    assert [item["patient_ref"] for item in rest["items"]] == ["MRN-2", "MRN-3"]


async def test_the_past_keeps_what_was_not_undone(api, desk) -> None:
    """Between a discharge and its cancelling the bed lost its staff and got a reservation."""
    stay = await book(api, BED, "MRN-1", admit=True)
    gone = await post(api, f"/bookings/{stay['booking_id']}/discharge")
    await post(api, f"/beds/{BED}/update", is_staffed=False)
    await book(api, BED, "MRN-2", starts_at="2198-01-01T00:00:00Z", ends_at=FAR)
    between = desk.clock.now().isoformat()
    await asyncio.sleep(0.05)
    event = await event_of(api, gone["seq"])
    await post(api, f"/events/{event['event_id']}/cancel")
    then = (await beds(api, at=between))[BED]
    assert (then["bed_status"], then["is_staffed"]) == ("occupied", False)
    assert then["next_patient_ref"] == "MRN-2"
    answer = await api.get("/bookings", params={"at": between, "bed_id": BED})
    held = [(b["patient_ref"], b["state"], b["ends_at"]) for b in answer.json()["items"]]
    assert sorted(held) == [
        ("MRN-1", "active", "2198-01-01T00:00:00Z"),
        ("MRN-2", "reserved", FAR),
    ]


async def test_wards_come_in_pages_like_every_list(api) -> None:
    first = (await api.get("/wards", params={"limit": 1})).json()
    rest = (await api.get("/wards", params={"limit": 1, "after": first["next"]})).json()
    assert [first["items"][0]["ward_id"], rest["items"][0]["ward_id"]] == ["W1", "W2"]
    assert rest["next"] is None
