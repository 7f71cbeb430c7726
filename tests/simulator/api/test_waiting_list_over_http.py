"""The waiting list as bed managers work it, over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from lake.places import CHECKOUT
from simulator.plan import read_plan
from tests.simulator.api.test_ward_cases import CLERK, House
from tests.simulator.api_client import make_desk, serving

A, B, C = "W1-101-A", "W1-101-B", "W1-102-A"
WOMAN, MAN = {"sex": "female"}, {"sex": "male"}


@pytest.fixture
async def house(places) -> AsyncIterator[House]:
    desk = make_desk(places, read_plan(Path(CHECKOUT) / "hospital.toml"))
    async with serving(desk) as client:
        yield House(client, desk)


async def ask(house: House, patient: str, **said: Any) -> dict[str, Any]:
    """The request as the list shows it."""
    request = await house.wait_for_bed(patient, **said)
    return await house.get(f"/requests/{request}")


def pair(request: dict[str, Any], bed_id: str, **how: Any) -> dict[str, Any]:
    return {
        "bed_request_id": request["bed_request_id"],
        "bed_id": bed_id,
        "seq": request["seq"],
    } | how


async def test_the_list_says_where_who_waits_is_since_when_and_until_when(house: House) -> None:
    said = {
        "waits_in": "emergency_department",
        "arrived_at": house.at(-3),
        "decided_at": house.at(-1),
        "expected_stay_hours": 60,
    }
    await ask(house, "P-1", **said)
    await house.restart()
    [shown] = (await house.get("/requests"))["items"]
    ends = {"arrival_breach_at": house.at(1), "decision_breach_at": house.at(11)}
    assert told(shown, *said, *ends) == as_told(said | ends)
    assert not shown["is_breached"]
    house.turn_to(1)
    assert (await house.get("/requests"))["items"][0]["is_breached"]


def told(item: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: item[name] for name in names}


def as_told(said: dict[str, Any]) -> dict[str, Any]:
    """Instants as the API writes them."""
    return {
        name: value.replace("+00:00", "Z") if isinstance(value, str) else value
        for name, value in said.items()
    }


async def test_a_priority_that_is_not_said_is_three_until_it_is(house: House) -> None:
    request = await ask(house, "P-1")
    assert request["needs"]["priority"] == 3
    assert "priority" in request["needs"]["assumed"]
    path = f"/requests/{request['bed_request_id']}"
    await house.post(f"{path}/change", needs={"priority": 3}, waits_in="theatre")
    changed = await house.get(path)
    assert (changed["needs"]["priority"], changed["waits_in"]) == (3, "theatre")
    assert "priority" not in changed["needs"]["assumed"]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"decided_at": 1}, "decided_at: it is"),
        ({"arrived_at": 1}, "arrived_at: it is"),
        ({"arrived_at": -1, "decided_at": -2}, "decided_at: lies before arrived_at."),
        ({"expected_stay_hours": 0}, "expected_stay_hours"),
        ({"expected_stay_hours": 24 * 366 + 1}, "expected_stay_hours"),
        ({"waits_in": "corridor"}, "waits_in"),
    ],
)
async def test_what_cannot_be_is_refused_with_its_name(house: House, said, why) -> None:
    body = {n: house.at(v) if n.endswith("_at") else v for n, v in said.items()}
    refused = await house.post("/requests", 422, patient_ref="P-1", **body)
    assert refused["code"] == "invalid_request"
    assert why in refused["detail"]


async def test_who_was_placed_in_time_was_not_late_and_who_was_not_stays_so(house: House) -> None:
    late = await ask(house, "P-1", waits_in="emergency_department", arrived_at=house.at(-3))
    soon = await ask(house, "P-2", waits_in="emergency_department", arrived_at=house.at(0))
    house.turn_to(2)
    for request, bed_id in ((late, A), (soon, C)):
        path = f"/requests/{request['bed_request_id']}/place"
        await house.post(path, 201, bed_id=bed_id, admit=True)
    house.turn_to(100)
    breached = [
        item["is_breached"] for item in (await house.get("/requests", state="placed"))["items"]
    ]
    assert breached == [True, False]


async def test_who_withdrew_in_time_was_not_late(house: House) -> None:
    request = await ask(house, "P-1", decided_at=house.at(-11))
    await house.post(f"/requests/{request['bed_request_id']}/withdraw")
    house.turn_to(100)
    assert not (await house.get(f"/requests/{request['bed_request_id']}"))["is_breached"]


async def test_an_inpatient_waits_on_the_ward_without_a_clock(house: House) -> None:
    await house.admit(A, "P-1")
    request = await ask(house, "P-1", waits_in="emergency_department", arrived_at=house.at(-1))
    assert request["waits_in"] == "ward"
    assert request["arrival_breach_at"] is request["decision_breach_at"] is None


async def test_the_order_does_not_change_between_two_pages(house: House) -> None:
    await ask(house, "P-1", needs={"priority": 4})
    house.turn_to(9)
    await ask(house, "P-3", needs={"priority": 2})
    house.turn_to(30)
    await ask(house, "P-2", needs={"priority": 1})
    order, after = [], {}
    for hour in (30, 50, 90):
        house.turn_to(hour)
        page = await house.get("/requests", limit=1, **after)
        order += [item["patient_ref"] for item in page["items"]]
        after = {"after": page["next"]}
    assert (order, after) == (["P-2", "P-1", "P-3"], {"after": None})


async def test_the_list_comes_with_the_beds_of_each(house: House) -> None:
    await ask(house, "P-1", ward_id="W1", needs=WOMAN)
    await ask(house, "P-2", needs={"room_class": "icu"})
    plain = (await house.get("/requests"))["items"]
    assert all("suggestions" not in item for item in plain)
    for item in (await house.get("/requests", with_beds="true"))["items"]:
        alone = await house.get(f"/requests/{item['bed_request_id']}")
        assert item == alone
    page = await house.get("/requests", with_beds="true", limit=1)
    assert page["items"][0]["suggestions"][0]["bed_id"] == A


async def test_who_waits_is_told_from_memory_as_the_log_has_it(house: House) -> None:
    """A plain one, one with all that can be said, one that was changed, an inpatient, one whose
    booking was displaced and one who waits again."""
    await ask(house, "P-1")
    said = {"waits_in": "theatre", "arrived_at": house.at(-3), "decided_at": house.at(-1)}
    await ask(house, "P-2", ward_id="W1", wanted_from=house.at(4), expected_stay_hours=9.5, **said)
    changed = await ask(house, "P-3")
    await house.post(f"/requests/{changed['bed_request_id']}/change", needs={"priority": 2})
    await house.admit(A, "P-4")
    await ask(house, "P-4", ward_id="W2")
    await house.book(C, "P-5", starts_at=house.at(1))
    why = {"reason_code": "clinical_need", "reason": "the only bed that can be had"}
    await house.admit(C, "P-6", ends_at=house.at(20), override=why)
    again = await ask(house, "P-7")
    path = f"/requests/{again['bed_request_id']}/place"
    await house.post(path, 201, bed_id="W1-103-A", admit=True)
    await house.undo("patient_admitted")

    shown = (await house.get("/requests"))["items"]
    assert {one["patient_ref"] for one in shown} == {f"P-{n}" for n in (1, 2, 3, 4, 5, 7)}
    for one in shown:
        alone = await house.get(f"/requests/{one['bed_request_id']}")
        assert one | {"suggestions": alone["suggestions"]} == alone
    [of_ward] = (await house.get("/requests", ward_id="W2"))["items"]
    assert of_ward["patient_ref"] == "P-4"
    await house.restart()
    assert (await house.get("/requests"))["items"] == shown


async def test_a_placed_request_ends_after_the_expected_stay(house: House) -> None:
    request = await ask(house, "P-1", expected_stay_hours=30)
    path = f"/requests/{request['bed_request_id']}/place"
    booked = await house.post(path, 201, bed_id=A)
    assert (booked["ends_at"], booked["is_end_assumed"]) == (as_told({"": house.at(30)})[""], True)


# Several at once


async def test_all_are_placed_and_answered_in_their_order(house: House) -> None:
    first, second = await ask(house, "P-1", needs=WOMAN), await ask(house, "P-2", needs=WOMAN)
    body = {"pairs": [pair(second, A, admit=True), pair(first, B, starts_at=house.at(2))]}
    key = CLERK | {"Idempotency-Key": "k-1"}
    answer = await house.api.post("/requests/place-all", json=body, headers=key)
    assert answer.status_code == 201, answer.text
    placed = answer.json()
    assert [one["bed_id"] for one in placed["bookings"]] == [A, B]
    assert [one["state"] for one in placed["bookings"]] == ["active", "reserved"]
    assert [one["placed_request_ids"] for one in placed["bookings"]] == [
        [second["bed_request_id"]], [first["bed_request_id"]],
    ]  # fmt: skip
    assert await house.waiting() == []
    await house.restart()
    again = await house.api.post("/requests/place-all", json=body, headers=key)
    assert again.json() == placed
    assert len(await house.events("request_placed")) == 2


async def test_none_is_placed_if_one_is_refused_and_the_problem_names_it(house: House) -> None:
    first, second = await ask(house, "P-1", needs=WOMAN), await ask(house, "P-2", needs=MAN)
    seen = len(await house.events())
    pairs = [pair(first, A, admit=True), pair(second, B, admit=True)]
    refused = await house.post("/requests/place-all", 409, pairs=pairs)
    named = {"index": 1, "bed_request_id": second["bed_request_id"]}
    assert (refused["code"], refused["pair"]) == ("mixed_sex", named)
    assert refused["detail"].startswith(
        f"pairs.1, {second['bed_request_id']}: A patient of another"
    )
    assert len(await house.events()) == seen


async def test_a_request_that_has_changed_or_gone_is_412_and_named(house: House) -> None:
    first, second = await ask(house, "P-1"), await ask(house, "P-2")
    path = f"/requests/{second['bed_request_id']}"
    await house.post(f"{path}/change", needs={"priority": 2})
    pairs = [pair(first, A), pair(second, C)]
    named = {"index": 1, "bed_request_id": second["bed_request_id"]}
    refused = await house.post("/requests/place-all", 412, pairs=pairs)
    assert (refused["code"], refused["pair"]) == ("precondition_failed", named)
    await house.post(f"{path}/withdraw")
    refused = await house.post("/requests/place-all", 412, pairs=pairs)
    assert (refused["code"], refused["pair"]) == ("precondition_failed", named)
    assert "is withdrawn" in refused["detail"]
    unknown = [pair(first, A), pair(second, C) | {"bed_request_id": "R999"}]
    refused = await house.post("/requests/place-all", 404, pairs=unknown)
    assert refused["pair"] == {"index": 1, "bed_request_id": "R999"}
    assert await house.waiting() == [first["bed_request_id"]]


async def test_a_bed_that_has_changed_since_is_412_with_if_match(house: House) -> None:
    request = await ask(house, "P-1")
    stay = await house.admit(A, "P-2")
    headers = CLERK | {"If-Match": f'"{request["seq"]}"'}
    body = {"pairs": [pair(request, A)]}
    answer = await house.api.post("/requests/place-all", json=body, headers=headers)
    assert answer.status_code == 412
    assert answer.json()["detail"] == f"{A} has changed with event {stay['seq']}: look at it again."


@pytest.mark.parametrize("pairs", [[], [{"bed_request_id": "R1", "bed_id": A, "seq": 1}] * 201])
async def test_one_to_two_hundred_pairs_are_taken(house: House, pairs) -> None:
    refused = await house.post("/requests/place-all", 422, pairs=pairs)
    assert (refused["code"], refused["detail"][:6]) == ("invalid_request", "pairs:")


async def test_an_admission_starts_when_it_occurs(house: House) -> None:
    request = await ask(house, "P-1")
    pairs = [pair(request, A, admit=True, starts_at=house.at(2))]
    refused = await house.post("/requests/place-all", 422, pairs=pairs)
    assert refused["detail"] == "pairs.0.starts_at: an admission starts when it occurs."


# Outliers


async def test_a_patient_of_another_specialty_is_an_outlier(house: House) -> None:
    """W1 is General Medicine."""
    named = {"cardiology": True, "general_medicine": False, None: False}
    for (specialty, is_outlier), bed_id in zip(named.items(), (A, B, C), strict=True):
        needs = {"specialty": specialty} if specialty else {}
        why = {"reason_code": "no_other_bed", "reason": "the wards of the specialty are full"}
        more = {"override": why} if is_outlier else {}
        await house.admit(bed_id, f"P-{bed_id}1", needs=needs, **more)
        shown = await house.get(f"/beds/{bed_id}")
        assert (shown["is_outlier"], shown["current_need_specialty"]) == (is_outlier, specialty)
