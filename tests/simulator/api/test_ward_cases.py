"""What wards really do, over HTTP: patients who are moved, who come by another door, who die; what
is written down late; one patient with two references."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from lake.vocabulary import Role, Source
from simulator.domain import commands as c
from simulator.domain.principals import unasked
from simulator.writer.desk import Desk
from simulator.writer.engine import Context
from tests.simulator.api_client import make_desk, serving

A, B, C, D = "W1-101-A", "W1-101-B", "W2-101-A", "W2-101-B"
WHY = {"reason_code": "clinical_need", "reason": "needs the monitor in this room"}
CLERK = {"X-Actor": "clerk.7"}


class House:
    """The API with a clock that the test turns; hours count from the house's opening."""

    def __init__(self, api: httpx.AsyncClient, desk: Desk) -> None:
        self.api, self.desk = api, desk
        desk.clock.set(0.0)
        self.began = desk.clock.now()

    def at(self, hours: float) -> str:
        return (self.began + timedelta(hours=hours)).isoformat()

    def turn_to(self, hours: float) -> None:
        self.desk.clock.set(0.0, datetime.fromisoformat(self.at(hours)))

    async def post(self, path: str, status: int = 200, **body: Any) -> dict[str, Any]:
        answer = await self.api.post(path, json=body, headers=CLERK)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def get(self, path: str, **query: Any) -> Any:
        answer = await self.api.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def admit(self, bed_id: str, patient: str, **more: Any) -> dict[str, Any]:
        return await self.book(bed_id, patient, admit=True, **more)

    async def book(self, bed_id: str, patient: str, **more: Any) -> dict[str, Any]:
        """Of a woman, open-ended, unless something else is said."""
        more = {"ends_at": None} | more
        more["needs"] = {"sex": "female"} | more.get("needs", {})
        return await self.post("/bookings", 201, bed_id=bed_id, patient_ref=patient, **more)

    async def wait_for_bed(self, patient: str, **more: Any) -> str:
        return (await self.post("/requests", 201, patient_ref=patient, **more))["bed_request_id"]

    async def waiting(self) -> list[str]:
        return [one["bed_request_id"] for one in (await self.get("/requests"))["items"]]

    async def booking(self, booking: dict[str, Any] | str) -> dict[str, Any]:
        booking_id = booking if isinstance(booking, str) else booking["booking_id"]
        return await self.get(f"/bookings/{booking_id}")

    async def events(self, event_type: str | None = None) -> list[dict[str, Any]]:
        found = (await self.get("/events", limit=1000))["items"]
        return [one for one in found if event_type in (None, one["event_type"])]

    async def undo(self, event_type: str) -> dict[str, Any]:
        newest = (await self.events(event_type))[-1]
        return await self.post(f"/events/{newest['event_id']}/cancel")

    async def restart(self) -> None:
        """As after a kill: the state comes out of the log."""
        self.desk.commit.engine = self.desk._restore()


@pytest.fixture
async def house(places) -> AsyncIterator[House]:
    desk = make_desk(places)
    async with serving(desk) as client:
        yield House(client, desk)


# A planned move


@pytest.fixture
async def planned(house: House) -> tuple[dict[str, Any], dict[str, Any], str]:
    """P-1 lies in A, waits for a bed of W2, and has C reserved from in two hours."""
    stay = await house.admit(A, "P-1", ends_at=house.at(72))
    request = await house.wait_for_bed("P-1", ward_id="W2")
    reserved = await house.book(C, "P-1", starts_at=house.at(2), ends_at=house.at(48))
    return stay, reserved, request


def admit_it(stay: dict, reserved: dict) -> tuple[str, dict]:
    return f"/bookings/{reserved['booking_id']}/admit", {}


def transfer_there(stay: dict, reserved: dict) -> tuple[str, dict]:
    return f"/bookings/{stay['booking_id']}/transfer", {"to_bed_id": C}


def transfer_with_an_override(stay: dict, reserved: dict) -> tuple[str, dict]:
    return f"/bookings/{stay['booking_id']}/transfer", {"to_bed_id": C, "override": WHY}


@pytest.mark.parametrize("way", [admit_it, transfer_there, transfer_with_an_override])
async def test_an_inpatient_moves_to_the_bed_that_was_kept_and_no_longer_waits(
    house: House, planned, way
) -> None:
    stay, reserved, request = planned
    assert reserved["spell_id"] == stay["spell_id"]
    path, body = way(stay, reserved)
    moved = await house.post(path, **body)
    assert (moved["booking_id"], moved["bed_id"]) == (reserved["booking_id"], C)
    assert (moved["state"], moved["spell_id"]) == ("active", stay["spell_id"])
    assert moved["placed_request_ids"] == [request]
    assert (await house.booking(stay))["state"] == "completed"
    types = [e["event_type"] for e in await house.events() if e["request_id"]][-3:]
    assert types == ["request_placed", "patient_transferred", "patient_transferred"]
    assert len(await house.events("patient_admitted")) == 1
    assert await house.events("booking_displaced") == []
    assert await house.waiting() == []
    placed = (await house.events("request_placed"))[0]
    assert placed["placed_event_id"] == (await house.events("patient_transferred"))[1]["event_id"]
    assert (await house.get("/overrides"))["items"] == []


async def test_a_planned_move_that_is_cancelled_is_planned_again(house: House, planned) -> None:
    stay, reserved, request = planned
    house.turn_to(1)
    await house.post(f"/bookings/{reserved['booking_id']}/admit")
    undone = await house.undo("patient_transferred")
    assert (undone["booking_id"], undone["state"]) == (stay["booking_id"], "active")
    assert undone["restored_request_ids"] == [request]
    assert undone["restored_booking_ids"] == [reserved["booking_id"]]
    again = await house.booking(reserved)
    assert (again["state"], again["starts_at"]) == ("reserved", reserved["starts_at"])
    [waits] = (await house.get("/requests"))["items"]
    assert (waits["bed_request_id"], waits["state"]) == (request, "waiting")
    assert datetime.fromisoformat(waits["requested_at"]) == house.began
    assert waits["in_bed_at"] is None
    await house.restart()
    assert await house.waiting() == [request]
    await house.post(f"/bookings/{reserved['booking_id']}/admit")


async def test_a_swap_touches_neither_the_kept_bed_nor_the_request(house: House, planned) -> None:
    stay, reserved, request = planned
    other = await house.admit(B, "P-2")
    swapped = await house.post(
        f"/bookings/{stay['booking_id']}/swap", with_booking_id=other["booking_id"]
    )
    assert swapped["bed_id"] == B
    assert (await house.booking(reserved))["state"] == "reserved"
    assert await house.waiting() == [request]


async def test_what_was_planned_for_the_stay_ends_with_it_and_comes_back(
    house: House, planned
) -> None:
    stay, reserved, request = planned
    later = await house.book(D, "P-1", starts_at=house.at(500), ends_at=house.at(510))
    assert later["spell_id"] is None
    left = await house.post(f"/bookings/{stay['booking_id']}/discharge", disposition="home")
    assert left["ended_booking_ids"] == [reserved["booking_id"]]
    assert left["ended_request_ids"] == [request]
    assert (await house.booking(reserved))["state"] == "cancelled"
    assert (await house.booking(later))["state"] == "reserved"
    assert await house.waiting() == []
    ended = (await house.events("booking_cancelled"))[0]
    assert ended["reason_code"] == "patient_discharged"

    back = await house.undo("patient_discharged")
    assert back["restored_booking_ids"] == [reserved["booking_id"]]
    assert back["restored_request_ids"] == [request]
    assert (await house.booking(reserved))["state"] == "reserved"
    assert await house.waiting() == [request]


async def test_a_bed_is_given_at_once_to_an_inpatient_who_waits(house: House) -> None:
    stay = await house.admit(A, "P-1")
    request = await house.wait_for_bed("P-1", ward_id="W2")
    moved = await house.post(f"/requests/{request}/place", 201, bed_id=C, admit=True)
    assert (moved["bed_id"], moved["spell_id"]) == (C, stay["spell_id"])
    assert (await house.booking(stay))["state"] == "completed"
    [told] = (await house.get("/requests", state="placed"))["items"]
    assert (told["bed_id"], told["booking_id"]) == (C, moved["booking_id"])


# Admitted by another door


@pytest.mark.parametrize("door", ["admitted", "reserved and admitted", "transferred"])
async def test_whatever_brings_the_patient_into_a_bed_that_meets_the_request_ends_it(
    house: House, door: str
) -> None:
    if door == "transferred":
        stay = await house.admit(A, "P-9")
    request = await house.wait_for_bed("P-9", ward_id="W2")
    house.turn_to(1)
    if door == "admitted":
        came = await house.admit(C, "P-9")
    elif door == "transferred":
        came = await house.post(f"/bookings/{stay['booking_id']}/transfer", to_bed_id=C)
    else:
        reserved = await house.book(C, "P-9")
        assert await house.waiting() == [request]
        came = await house.post(f"/bookings/{reserved['booking_id']}/admit")
    assert came["placed_request_ids"] == [request]
    assert await house.waiting() == []
    [told] = (await house.get("/requests", state="placed"))["items"]
    assert told["boarding_minutes"] == 60
    assert (told["bed_id"], told["booking_id"]) == (C, came["booking_id"])
    refused = await house.post(f"/requests/{request}/place", 409, bed_id=D)
    assert refused["code"] == "illegal_booking_change"


async def test_a_swap_into_a_bed_that_was_waited_for_ends_the_waiting(house: House) -> None:
    here, there = await house.admit(A, "P-1"), await house.admit(C, "P-2")
    request = await house.wait_for_bed("P-1", ward_id="W2", needs={"sex": "female"})
    theirs = await house.wait_for_bed("P-2", ward_id="W1", needs={"sex": "female"})
    house.turn_to(1)
    path = f"/bookings/{here['booking_id']}/swap"
    swapped = await house.post(path, with_booking_id=there["booking_id"])
    assert swapped["bed_id"] == C
    assert swapped["placed_request_ids"] == [theirs, request]
    assert await house.waiting() == []
    told = {one["bed_request_id"]: one for one in
            (await house.get("/requests", state="placed"))["items"]}  # fmt: skip
    assert [(told[one]["bed_id"], told[one]["boarding_minutes"]) for one in (request, theirs)] == [
        (C, 60), (A, 60)
    ]  # fmt: skip
    await house.restart()
    await house.undo("patient_transferred")
    assert sorted(await house.waiting()) == sorted([request, theirs])


async def test_a_swap_into_a_bed_that_was_not_waited_for_says_so(house: House) -> None:
    here, there = await house.admit(A, "P-1"), await house.admit(B, "P-2")
    request = await house.wait_for_bed("P-1", ward_id="W2")
    path = f"/bookings/{here['booking_id']}/swap"
    swapped = await house.post(path, with_booking_id=there["booking_id"])
    assert swapped["unmet_request_ids"] == [request]
    assert await house.waiting() == [request]


async def test_a_bed_that_does_not_meet_the_request_leaves_it_standing(house: House) -> None:
    request = await house.wait_for_bed("P-9", ward_id="W2")
    came = await house.admit(A, "P-9")
    assert came["unmet_request_ids"] == [request]
    assert "placed_request_ids" not in came
    assert await house.waiting() == [request]


async def test_an_admission_that_never_was_leaves_the_patient_waiting_as_before(
    house: House,
) -> None:
    first = await house.wait_for_bed("P-9", ward_id="W2", needs={"priority": 2})
    house.turn_to(2)
    await house.admit(C, "P-9")
    house.turn_to(3)
    undone = await house.undo("patient_admitted")
    assert undone["restored_request_ids"] == [first]
    [waits] = (await house.get("/requests"))["items"]
    assert waits["bed_request_id"] == first
    assert waits["boarding_minutes"] == 180
    assert (waits["requested_by"], waits["needs"]["priority"]) == ("clerk.7", 2)


async def test_a_request_that_is_changed_keeps_its_place_and_goes_on_after_a_restart(
    house: House,
) -> None:
    first = await house.wait_for_bed("P-1", ward_id="W1", needs={"priority": 3, "sex": "male"})
    house.turn_to(1)
    second = await house.wait_for_bed("P-2", needs={"priority": 3})
    path = f"/requests/{first}/change"
    await house.post(path, ward_id="W2", needs={"specialty": "cardiology"})
    await house.restart()
    assert await house.waiting() == [first, second]
    told = await house.get(f"/requests/{first}")
    assert (told["ward_id"], told["boarding_minutes"]) == ("W2", 60)
    assert (told["needs"]["specialty"], told["needs"]["sex"]) == ("cardiology", "male")
    assert datetime.fromisoformat(told["requested_at"]) == house.began
    assert (await house.post(path, 409, ward_id="W2"))["code"] == "illegal_booking_change"
    assert (await house.post(path, 404, ward_id="W9"))["code"] == "not_found"
    await house.post(path, needs={"specialty": "general_medicine"})
    came = await house.admit(C, "P-1")
    assert came["placed_request_ids"] == [first]
    refused = await house.post(path, 409, ward_id="W1")
    assert refused["code"] == "illegal_booking_change"
    await house.undo("patient_admitted")
    assert (await house.get(f"/requests/{first}"))["needs"]["specialty"] == "general_medicine"


# Died


async def test_who_has_died_keeps_no_bed_and_waits_for_none(house: House) -> None:
    stay = await house.admit(A, "P-1", ends_at=house.at(10))
    later = await house.book(C, "P-1", starts_at=house.at(48), ends_at=house.at(60))
    request = await house.wait_for_bed("P-1", wanted_from=house.at(48))
    house.turn_to(2)
    left = await house.post(f"/bookings/{stay['booking_id']}/discharge", disposition="died")
    assert (left["ended_booking_ids"], left["ended_request_ids"]) == (
        [later["booking_id"]], [request],
    )  # fmt: skip
    codes = {e["reason_code"] for e in await house.events() if e["event_type"] in
             ("booking_cancelled", "request_withdrawn")}  # fmt: skip
    assert codes == {"patient_died"}
    for _ in range(2):
        body = {"bed_id": D, "patient_ref": "P-1"}
        for refused in (
            await house.post("/bookings", 409, **body),
            await house.post("/bookings", 409, **body, admit=True, override=WHY),
            await house.post("/requests", 409, patient_ref="P-1"),
        ):
            assert refused["code"] == "patient_has_died"
            assert not refused["can_be_overridden"]
        await house.restart()

    back = await house.undo("patient_discharged")
    assert back["restored_booking_ids"] == [later["booking_id"]]
    assert back["restored_request_ids"] == [request]
    assert (await house.booking(later))["state"] == "reserved"
    await house.post(f"/bookings/{later['booking_id']}/cancel")


async def test_a_wrong_death_is_taken_back_although_the_bed_is_given(house: House) -> None:
    stay = await house.admit(A, "P-1", ends_at=house.at(10))
    kept = await house.book(C, "P-1", starts_at=house.at(48), ends_at=house.at(60))
    taken = await house.book(D, "P-1", starts_at=house.at(70), ends_at=house.at(80))
    request = await house.wait_for_bed("P-1", wanted_from=house.at(48))
    house.turn_to(3)
    path = f"/bookings/{stay['booking_id']}/discharge"
    await house.post(path, disposition="died")
    await house.post(f"/beds/{A}/cleaning/start")
    await house.post(f"/beds/{A}/cleaning/finish")
    await house.admit(A, "P-2")
    await house.book(D, "P-3", starts_at=house.at(75), ends_at=house.at(76))

    corrected = await house.post(f"{path}/correct", disposition="home")
    assert (corrected["disposition"], corrected["died_at"]) == ("home", None)
    assert corrected["restored_booking_ids"] == [kept["booking_id"]]
    assert corrected["restored_request_ids"] == [request]
    assert corrected["lost_booking_ids"] == [taken["booking_id"]]
    assert (await house.get(f"/beds/{A}"))["current_patient_ref"] == "P-2"
    assert (await house.booking(stay))["state"] == "completed"
    again = await house.post(f"{path}/correct", 409, disposition="home")
    assert again["code"] == "illegal_booking_change"
    await house.restart()
    await house.admit(B, "P-1")
    refused = await house.post(f"{path}/correct", 409, disposition="died")
    assert refused["code"] == "patient_in_other_bed"


async def test_a_death_may_lie_before_the_body_leaves(house: House) -> None:
    stay = await house.admit(A, "P-1")
    path = f"/bookings/{stay['booking_id']}/discharge"
    house.turn_to(5)
    early = await house.post(path, 422, disposition="died", died_at=house.at(-1))
    assert "died_at" in early["detail"]
    assert "died_at" in (await house.post(path, 422, died_at=house.at(4)))["detail"]
    await house.post(path, disposition="died", died_at=house.at(3))
    event = (await house.events("patient_discharged"))[0]
    assert datetime.fromisoformat(event["died_at"]) == house.began + timedelta(hours=3)
    assert datetime.fromisoformat(event["occurred_at"]) == house.began + timedelta(hours=5)
    corrected = await house.post(f"{path}/correct", disposition="died", died_at=house.at(4))
    assert datetime.fromisoformat(corrected["died_at"]) == house.began + timedelta(hours=4)


async def test_a_key_of_a_correction_is_answered_alike(house: House) -> None:
    stay = await house.admit(A, "P-1")
    path = f"/bookings/{stay['booking_id']}/discharge"
    await house.post(path, disposition="died")
    headers = CLERK | {"Idempotency-Key": "k-1"}
    answers = [
        (await house.api.post(f"{path}/correct", json={"disposition": "home"}, headers=headers))
        for _ in range(2)
    ]
    assert answers[0].status_code == 200, answers[0].text
    assert answers[0].json() == answers[1].json()
    assert len(await house.events("discharge_corrected")) == 1


async def test_what_is_no_discharge_is_not_corrected(house: House) -> None:
    stay = await house.admit(A, "P-1")
    path = f"/bookings/{stay['booking_id']}/discharge/correct"
    assert (await house.post(path, 409, disposition="home"))["code"] == "illegal_booking_change"
    assert await house.post("/bookings/B9999/discharge/correct", 404, disposition="home")
    moved = await house.post(f"/bookings/{stay['booking_id']}/transfer", to_bed_id=C)
    assert moved["state"] == "active"
    assert (await house.post(path, 409, disposition="home"))["code"] == "illegal_booking_change"


# Written down late


@pytest.mark.parametrize("meanwhile", ["note", "reservation", "staffing", "review"])
async def test_a_discharge_is_entered_late_with_its_true_time(house: House, meanwhile: str) -> None:
    reviewed = {"override": WHY, "needs": {"specialty": "cardiology"}}
    stay = await house.admit(A, "P-1", ends_at=house.at(20), **reviewed)
    house.turn_to(4)
    if meanwhile == "note":
        await house.post(f"/beds/{A}/notes", 201, note="sleeps")
    elif meanwhile == "reservation":
        await house.book(A, "P-2", starts_at=house.at(24), ends_at=house.at(30))
    elif meanwhile == "staffing":
        await house.post(f"/beds/{A}/update", is_staffed=False)
    else:
        [override] = (await house.get("/overrides"))["items"]
        path = f"/overrides/{override['event_id']}/review"
        assert (await house.api.post(path, headers={"X-Actor": "matron"})).is_success
    house.turn_to(6)
    path = f"/bookings/{stay['booking_id']}/discharge"
    await house.post(path, occurred_at=house.at(3))
    seen = {
        hours: (await house.get("/beds", at=house.at(hours)))["items"][0]["bed_status"]
        for hours in (2.9, 3, 3.9, 4, 5)
    }
    assert seen == {2.9: "occupied", 3: "dirty", 3.9: "dirty", 4: "dirty", 5: "dirty"}
    await house.restart()
    assert (await house.get(f"/beds/{A}"))["bed_status"] == "dirty"
    cleaned = await house.post(f"/beds/{A}/cleaning/start", occurred_at=house.at(3.5))
    assert cleaned["bed_status"] == "cleaning"


async def test_a_late_entry_lies_after_the_beds_status_and_says_from_when(house: House) -> None:
    house.turn_to(2)
    stay = await house.admit(A, "P-1")
    house.turn_to(3)
    await house.post(f"/beds/{A}/isolation/start")
    house.turn_to(6)
    path = f"/bookings/{stay['booking_id']}/discharge"
    refused = await house.post(path, 409, occurred_at=house.at(2.5))
    assert refused["code"] == "before_last_event"
    assert datetime.fromisoformat(refused["earliest_at"]) == house.began + timedelta(hours=3)
    await house.post(path, occurred_at=house.at(3))
    refused = await house.post(
        "/bookings", 409, bed_id=B, patient_ref="P-1", admit=True, occurred_at=house.at(2)
    )
    assert refused["code"] == "patient_in_other_bed"
    assert datetime.fromisoformat(refused["earliest_at"]) == house.began + timedelta(hours=3)
    await house.admit(B, "P-1", occurred_at=house.at(3))


# The refusal names the patient, as a field


async def test_who_ran_over_is_named_by_a_field_and_told_without_a_name(house: House) -> None:
    await house.admit(A, "P-OLD-1", ends_at=house.at(2))
    house.turn_to(100)
    for body in ({"admit": True}, {"starts_at": house.at(100)}):
        refused = await house.post("/bookings", 409, bed_id=A, patient_ref="P-NEW-2", **body)
        assert refused["in_the_way"][0]["patient_ref"] == "P-OLD-1"
        assert refused["conflicts_with"]["patient_ref"] == "P-OLD-1"
        assert "98 h ago" in refused["detail"]
        assert A in refused["detail"]
        assert "P-OLD-1" not in refused["detail"]
    await house.admit(C, "P-LATE-3", ends_at=house.at(101))
    house.turn_to(102)
    late = (await house.get("/bookings", ran_over_hours=24))["items"]
    assert [one["patient_ref"] for one in late] == ["P-OLD-1"]
    assert len((await house.get("/bookings", ran_over_hours=0))["items"]) == 2
    other = await house.post("/bookings", 409, bed_id=B, patient_ref="P-OLD-1", admit=True)
    assert "P-OLD-1" not in other["detail"]
    assert other["conflicts_with"]["patient_ref"] == "P-OLD-1"


# One patient, two spellings


async def test_a_patient_is_the_same_however_the_reference_is_typed(house: House) -> None:
    stay = await house.admit(A, " mrn-100 ")
    assert (await house.booking(stay))["patient_ref"] == "MRN-100"
    refused = await house.post("/bookings", 409, bed_id=B, patient_ref="Mrn-100", admit=True)
    assert refused["code"] == "patient_in_other_bed"
    [found] = (await house.get("/bookings", patient_ref="mrn-100"))["items"]
    assert found["booking_id"] == stay["booking_id"]
    await house.wait_for_bed("P-007")
    assert (await house.post("/requests", 409, patient_ref="p-007"))["code"] == "already_waiting"
    await house.wait_for_bed("P-7")


# Two beds kept for one patient


async def test_a_second_bed_for_the_same_hours_is_an_override(house: House) -> None:
    first = await house.book(A, "P-1", starts_at=house.at(2), ends_at=house.at(9))
    body = {"bed_id": C, "patient_ref": "P-1", "starts_at": house.at(8), "ends_at": house.at(12)}
    refused = await house.post("/bookings", 409, **body)
    assert (refused["code"], refused["can_be_overridden"]) == ("patient_reserved_elsewhere", True)
    assert refused["conflicts_with"]["booking_id"] == first["booking_id"]
    assert refused["alternatives"] == []
    touching = await house.book(
        C, "P-1", starts_at=house.at(9), ends_at=house.at(12)
    )  # after the first
    moved = await house.post(
        f"/bookings/{touching['booking_id']}/change", 409, starts_at=house.at(8)
    )
    assert moved["code"] == "patient_reserved_elsewhere"
    await house.post("/bookings", 201, **body | {"bed_id": D}, override=WHY)
    assert (await house.booking(first))["state"] == "reserved"


# A bed without staff


async def test_a_bed_without_staff_takes_a_patient_only_by_an_override(house: House) -> None:
    await house.post(f"/beds/{A}/update", is_staffed=False)
    refused = await house.post("/bookings", 409, bed_id=A, patient_ref="P-1", admit=True)
    assert (refused["code"], refused["can_be_overridden"]) == ("bed_not_staffed", True)
    assert refused["alternatives"][0]["bed_id"] == B
    await house.book(A, "P-2", starts_at=house.at(5))
    stay = await house.admit(C, "P-3")
    path = f"/bookings/{stay['booking_id']}/transfer"
    assert (await house.post(path, 409, to_bed_id=A))["code"] == "overlaps_booking"
    rules = (await house.post(path, 409, to_bed_id=A))["rules"]
    assert rules == ["overlaps_booking", "bed_not_staffed"]
    await house.admit(A, "P-1", ends_at=house.at(4), override=WHY)


# A room that takes nobody new


@pytest.fixture
async def shut(house: House) -> dict[str, Any]:
    """P-1 lies in A of the bay of A and B, which is closed to admissions; B is kept for P-2."""
    stay = await house.admit(A, "P-1")
    kept = await house.book(B, "P-2", starts_at=house.at(5), ends_at=house.at(9))
    body = {"reason_code": "norovirus", "reason": "two cases", "until_at": house.at(48)}
    closed = await house.post("/rooms/W1-101/admissions/close", **body)
    assert (closed["bed_count"], closed["at_risk_booking_ids"]) == (2, [kept["booking_id"]])
    return {"stay": stay, "kept": kept}


async def shown(house: House, **query: Any) -> dict[str, str]:
    return {
        one["bed_id"]: one["display_status"] for one in (await house.get("/beds", **query))["items"]
    }


@pytest.mark.usefixtures("shut")
async def test_a_bay_closed_to_admissions_keeps_its_patients_and_counts_its_empty_beds_closed(
    house: House,
) -> None:
    assert (await shown(house))[A] == "occupied"
    assert (await shown(house))[B] == "closed"
    bed = await house.get(f"/beds/{B}")
    assert (bed["bed_status"], bed["room_closed_reason_code"]) == ("available", "norovirus")
    assert bed["next_is_at_risk"]
    [ward, _] = (await house.get("/wards"))["items"]
    assert (ward["occupied_count"], ward["closed_count"], ward["staffed_count"]) == (1, 1, 3)
    again = await house.post(
        "/rooms/W1-101/admissions/close", 409, reason_code="norovirus", reason="again"
    )
    assert again["code"] == "illegal_status_change"


async def test_nobody_is_admitted_to_it_but_by_an_override(house: House, shut) -> None:
    refused = await house.post("/bookings", 409, bed_id=B, patient_ref="P-3", admit=True)
    assert "closed_to_admissions" in refused["rules"]
    assert refused["can_be_overridden"]
    assert all(one["bed_id"] not in (A, B) for one in refused["alternatives"])
    house.turn_to(5)
    path = f"/bookings/{shut['kept']['booking_id']}/admit"
    assert (await house.post(path, 409))["code"] == "closed_to_admissions"
    other = await house.admit(C, "P-4", ends_at=house.at(20))
    moved = await house.post(f"/bookings/{other['booking_id']}/transfer", 409, to_bed_id=B)
    assert "closed_to_admissions" in moved["rules"]
    swapped = await house.post(
        f"/bookings/{other['booking_id']}/swap", 409, with_booking_id=shut["stay"]["booking_id"]
    )
    assert swapped["rules"] == ["closed_to_admissions"]
    later = await house.book(A, "P-5", starts_at=house.at(60), override=WHY)
    assert later["state"] == "reserved"
    assert (await house.post(path, override=WHY))["state"] == "active"


async def test_a_move_within_the_closed_room_is_no_admission(house: House, shut) -> None:
    await house.post(f"/bookings/{shut['kept']['booking_id']}/cancel")
    path = f"/bookings/{shut['stay']['booking_id']}/transfer"
    assert (await house.post(path, to_bed_id=B))["bed_id"] == B


async def test_a_bed_that_becomes_empty_can_be_cleaned_and_stays_closed_until_it_opens(
    house: House, shut
) -> None:
    await house.post(f"/bookings/{shut['stay']['booking_id']}/discharge")
    assert (await shown(house))[A] == "closed"
    for what in ("start", "finish"):
        await house.post(f"/beds/{A}/cleaning/{what}")
    assert (await shown(house))[A] == "closed"
    await house.restart()
    woman = {"patient_ref": "P-3", "needs": {"sex": "female"}}
    refused = await house.post("/bookings", 409, bed_id=A, admit=True, **woman)
    assert refused["code"] == "closed_to_admissions"
    before = house.at(0.5)
    house.turn_to(1)
    opened = await house.post(
        "/rooms/W1-101/admissions/open", reason_code="ready", reason="two days without a case"
    )
    assert opened["bed_count"] == 2
    assert (await shown(house))[A] == "available"
    assert (await shown(house, at=before))[A] == "closed"
    await house.admit(A, "P-3", ends_at=house.at(30))
    again = await house.post(
        "/rooms/W1-101/admissions/open", 409, reason_code="ready", reason="again"
    )
    assert again["code"] == "illegal_status_change"


@pytest.mark.usefixtures("shut")
async def test_a_ward_that_opens_leaves_its_closed_room_closed(house: House) -> None:
    why = {"reason_code": "staffing", "reason": "one nurse for the night"}
    assert (await house.post("/wards/W1/admissions/close", **why))["bed_count"] == 4
    surge = {"room_id": "W1-101", "ward_id": "W1", "ward_name": "Ward W1",
             "specialty": "general_medicine", "room_class": "general"}  # fmt: skip
    await house.post("/beds", 201, bed_id="W1-101-S", is_temporary=True, **surge)
    assert {one: status for one, status in (await shown(house)).items() if "W1" in one} == {
        A: "occupied", B: "closed", "W1-101-S": "closed", "W1-102-A": "closed", "W1-102-B": "closed"
    }  # fmt: skip
    assert (await house.post("/wards/W1/admissions/open", **why))["bed_count"] == 5
    found = await shown(house)
    assert (found["W1-102-A"], found[B], found["W1-101-S"]) == ("available", "closed", "closed")


# Two clerks at once


async def test_a_note_is_no_conflict_and_the_bed_of_a_transfer_is_looked_at_too(
    house: House,
) -> None:
    stay = await house.admit(A, "P-1", ends_at=house.at(20))
    path = f"/bookings/{stay['booking_id']}/transfer"

    async def transfer(seen: str) -> httpx.Response:
        return await house.api.post(path, json={"to_bed_id": C}, headers=CLERK | {"If-Match": seen})

    seen = (await house.api.get(f"/beds/{A}")).headers["ETag"]
    await house.post(f"/beds/{A}/notes", 201, note="sleeps")
    await house.book(B, "P-8", starts_at=house.at(2))
    kept = await house.book(C, "P-9", starts_at=house.at(30))
    refused = await transfer(seen)
    assert (refused.status_code, refused.json()["code"]) == (412, "precondition_failed")
    assert C in refused.json()["detail"]
    seen = (await house.api.get(f"/beds/{A}")).headers["ETag"]
    await house.post(f"/beds/{C}/notes", 201, note="window open")
    assert (await transfer(seen)).is_success
    assert kept["state"] == "reserved"


# Two references of one person


async def test_two_references_of_one_person_are_merged_and_taken_apart(house: House) -> None:
    stay = await house.admit(A, "MRN-100", ends_at=house.at(9))
    kept = await house.book(B, "MRN-200", starts_at=house.at(5), ends_at=house.at(8))
    merged = await house.post("/patients/mrn-200/merge", into="MRN-100")
    assert (merged["patient_ref"], merged["into"]) == ("MRN-200", "MRN-100")
    for _ in range(2):
        refused = await house.post("/bookings", 409, bed_id=C, patient_ref="MRN-200", admit=True)
        assert refused["code"] == "patient_in_other_bed"
        known = await house.get("/patients/mrn-200")
        assert known["patient_refs"] == ["MRN-100", "MRN-200"]
        assert [one["stay_id"] for one in known["stays"]] == [stay["stay_id"]]
        assert {one["booking_id"] for one in known["bookings"]} == {
            stay["booking_id"], kept["booking_id"]
        }  # fmt: skip
        assert [one["into"] for one in known["merges"]] == ["MRN-100"]
        await house.restart()
    again = await house.post("/patients/MRN-100/merge", 422, into="MRN-200")
    assert "one person already" in again["detail"]
    moved = await house.post(f"/bookings/{kept['booking_id']}/admit")
    assert moved["spell_id"] == stay["spell_id"]

    await house.post("/patients/MRN-200/merge/cancel")
    assert (await house.get("/patients/MRN-100"))["patient_refs"] == ["MRN-100"]
    assert (await house.post("/patients/MRN-200/merge/cancel", 404))["code"] == "not_found"
    assert [e["patient_ref"] for e in await house.events("patients_merged")] == ["MRN-200"]


async def test_while_both_lie_in_beds_nobody_merges_them(house: House) -> None:
    one, other = await house.admit(A, "MRN-1"), await house.admit(C, "MRN-2")
    refused = await house.post("/patients/MRN-1/merge", 409, into="MRN-2")
    assert refused["code"] == "both_in_bed"
    assert [b["booking_id"] for b in refused["in_the_way"]] == [
        one["booking_id"], other["booking_id"]
    ]  # fmt: skip
    await house.post(f"/bookings/{one['booking_id']}/discharge", disposition="died")
    refused = await house.post("/patients/MRN-1/merge", 409, into="MRN-2")
    assert refused["code"] == "patient_has_died"
    assert (await house.get("/requests"))["items"] == []


async def test_a_feeds_merge_waits_until_one_of_them_has_left(house: House) -> None:
    one = await house.admit(A, "MRN-1")
    await house.admit(C, "MRN-2")
    feed = Context(Source.HL7, unasked("adt", Role.MANAGER))
    command = c.MergePatients(patient_ref="MRN-1", into="MRN-2", can_wait=True)
    await house.desk.carry_out(command, feed)
    [waits] = (await house.get("/patients/MRN-1"))["merges"]
    assert waits["is_pending"]
    assert (await house.get("/patients/MRN-1"))["patient_refs"] == ["MRN-1"]
    house.desk._settle_merges()
    await house.restart()
    assert len(await house.events("patients_merged")) == 1
    await house.post(f"/bookings/{one['booking_id']}/discharge")
    house.desk._settle_merges()
    known = await house.get("/patients/MRN-1")
    assert known["patient_refs"] == ["MRN-1", "MRN-2"]
    assert [merge["is_pending"] for merge in known["merges"]] == [False]


async def test_a_merge_with_who_has_died_waits_while_the_other_lies_in_a_bed(house: House) -> None:
    one, other = await house.admit(A, "MRN-1"), await house.admit(C, "MRN-2")
    await house.post(f"/bookings/{one['booking_id']}/discharge", disposition="died")
    command = c.MergePatients(patient_ref="MRN-1", into="MRN-2", can_wait=True)
    await house.desk.carry_out(command, Context(Source.HL7, unasked("adt", Role.MANAGER)))
    for is_pending in (True, False):
        house.desk._settle_merges()
        [merge] = (await house.get("/patients/MRN-2"))["merges"]
        assert merge["is_pending"] is is_pending
        if is_pending:
            await house.restart()
            await house.post(f"/bookings/{other['booking_id']}/discharge")
    refused = await house.post("/bookings", 409, bed_id=B, patient_ref="MRN-2", admit=True)
    assert refused["code"] == "patient_has_died"


async def test_nothing_is_known_of_a_patient_who_was_never_here(house: House) -> None:
    answer = await house.api.get("/patients/MRN-999")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "999" not in answer.json()["detail"]
    assert (await house.api.get("/patients/mary")).status_code == 422


# Ready to leave


async def test_a_board_round_says_who_could_leave_and_what_for_they_wait(house: House) -> None:
    stay = await house.admit(A, "P-1", ends_at=house.at(24))
    path = f"/bookings/{stay['booking_id']}/progress"
    house.turn_to(2)
    await house.post(path, needs_bed=False, waits_for="transport", expected_at=house.at(30))
    house.turn_to(3)
    await house.post(path, waits_for="care_package")
    await house.post(path, needs_level_of_care=False)
    told = await house.booking(stay)
    assert datetime.fromisoformat(told["bed_not_needed_since_at"]) == house.began + timedelta(
        hours=2
    )
    assert (told["waits_for"], told["expected_move_count"]) == ("care_package", 1)
    assert datetime.fromisoformat(told["ends_at"]) == house.began + timedelta(hours=30)
    bed = await house.get(f"/beds/{A}")
    assert (bed["current_waits_for"], bed["bed_status"]) == ("care_package", "occupied")
    moved = await house.post(f"/bookings/{stay['booking_id']}/transfer", to_bed_id=C)
    assert (await house.booking(moved))["waits_for"] == "care_package"
    path = f"/bookings/{moved['booking_id']}/progress"
    await house.post(path, needs_bed=True)
    told = await house.booking(moved)
    assert (told["bed_not_needed_since_at"], told["waits_for"]) == (None, None)
    assert told["care_not_needed_since_at"] is not None
    refused = await house.post(path, 422, waits_for="transport")
    assert "needs_bed" in refused["detail"]
    assert (await house.post(path, 422, needs_bed=False, waits_for="nothing"))["code"] == (
        "invalid_request"
    )
    await house.book(C, "P-2", starts_at=house.at(40), ends_at=house.at(50))
    crossed = await house.post(path, 409, expected_at=house.at(45))
    assert crossed["code"] == "overlaps_booking"


# Away, the bed kept


async def test_a_bed_is_kept_for_who_is_on_leave_or_in_theatre(house: House) -> None:
    stay = await house.admit(A, "P-1", ends_at=house.at(90))
    path = f"/bookings/{stay['booking_id']}"
    house.turn_to(1)
    await house.post(f"{path}/leave/start")
    bed = await house.get(f"/beds/{A}")
    assert (bed["bed_status"], bed["display_status"]) == ("occupied", "occupied")
    assert datetime.fromisoformat(bed["leave_since_at"]) == house.began + timedelta(hours=1)
    for what in ("leave/start", "absence/start", "absence/end"):
        refused = await house.post(f"{path}/{what}", 409)
        assert refused["code"] == "illegal_booking_change"
    await house.restart()
    house.turn_to(3)
    await house.post(f"{path}/leave/end")
    await house.post(f"{path}/absence/start", note="theatre 2")
    bed = await house.get(f"/beds/{A}")
    assert (bed["leave_since_at"], bed["bed_status"]) == (None, "occupied")
    assert bed["absence_since_at"] is not None
    refused = await house.post("/bookings", 409, bed_id=A, patient_ref="P-2", admit=True)
    assert refused["code"] == "bed_occupied"
    types = [e["event_type"] for e in await house.events()][-3:]
    assert types == ["leave_started", "leave_ended", "absence_started"]


async def test_a_bed_kept_for_leave_is_lent_by_an_override_and_its_patient_comes_first(
    house: House,
) -> None:
    await house.wait_for_bed("P-8", needs={"priority": 3})
    house.turn_to(1)
    stay = await house.admit(A, "P-1", ends_at=house.at(90), needs={"priority": 3})
    await house.post(f"/bookings/{stay['booking_id']}/leave/start")
    house.turn_to(2)
    body = {"bed_id": A, "patient_ref": "P-2", "admit": True, "ends_at": house.at(9)}
    body["needs"] = {"sex": "female"}
    refused = await house.post("/bookings", 409, **body)
    assert (refused["code"], refused["rules"]) == ("bed_kept_for_leave", ["bed_kept_for_leave"])
    assert refused["can_be_overridden"]
    assert refused["conflicts_with"]["patient_ref"] == "P-1"
    lent = await house.post("/bookings", 201, **body, override=WHY)
    assert (await house.get(f"/beds/{A}"))["current_patient_ref"] == "P-2"
    assert (await house.booking(stay))["displaced_by_booking_id"] == lent["booking_id"]
    [first, _] = (await house.get("/requests"))["items"]
    assert first["patient_ref"] == "P-1"
    [arrival] = await house.events("patient_transferred")
    undone = await house.post(f"/events/{arrival['event_id']}/cancel", 409)
    assert undone["code"] == "illegal_booking_change"
    await house.restart()
    back = await house.post(f"/requests/{first['bed_request_id']}/place", 201, bed_id=B, admit=True)
    assert back["spell_id"] == stay["spell_id"]
    assert len(await house.events("patient_admitted")) == 2
    again = await house.post(f"/bookings/{back['booking_id']}/discharge")
    assert again["state"] == "completed"
    await house.admit(C, "P-1")
    assert len(await house.events("patient_admitted")) == 3


# What the log has to know, after a restart too


async def test_a_corrected_discharge_leaves_the_bed_empty_in_every_past(house: House) -> None:
    stay = await house.admit(A, "P-1")
    house.turn_to(2)
    path = f"/bookings/{stay['booking_id']}/discharge"
    await house.post(path)
    house.turn_to(6)
    await house.post(f"{path}/correct", disposition="other_hospital")
    seen = (await house.get("/beds", at=house.at(4)))["items"][0]
    assert (seen["bed_id"], seen["bed_status"]) == (A, "dirty")


async def test_corrections_restore_only_what_they_ended_and_nothing_has_become_of(
    house: House,
) -> None:
    stay = await house.admit(A, "P-1", ends_at=house.at(4))
    kept = await house.book(D, "P-1", starts_at=house.at(48), ends_at=house.at(60))
    own = await house.book(A, "P-1", starts_at=house.at(100), ends_at=house.at(110))
    request = await house.wait_for_bed("P-1", wanted_from=house.at(40))
    house.turn_to(3)
    path = f"/bookings/{stay['booking_id']}/discharge"
    await house.post(path, disposition="died")
    await house.post(f"{path}/correct", disposition="died", died_at=house.at(2))
    again = await house.post(f"{path}/correct", disposition="home")
    assert again["restored_booking_ids"] == [kept["booking_id"], own["booking_id"]]
    assert again["restored_request_ids"] == [request]
    await house.post(f"/bookings/{kept['booking_id']}/cancel")
    await house.post(f"/requests/{request}/withdraw")
    await house.restart()
    other = await house.post(f"{path}/correct", disposition="other")
    assert {"restored_booking_ids", "restored_request_ids"} & {*other} == set()
    await house.post(f"{path}/correct", disposition="died")
    back = await house.undo("patient_discharged")
    assert back["restored_booking_ids"] == [own["booking_id"]]
    assert (await house.booking(kept))["state"] == "cancelled"
    assert (await house.get(f"/beds/{A}"))["bed_status"] == "occupied"


async def test_a_late_discharge_after_a_swap_that_never_was_is_known_alike_after_a_restart(
    house: House,
) -> None:
    one, other = await house.admit(A, "P-1"), await house.admit(C, "P-2")
    house.turn_to(4)
    await house.post(f"/bookings/{one['booking_id']}/swap", with_booking_id=other["booking_id"])
    house.turn_to(5)
    await house.undo("patient_transferred")
    house.turn_to(6)
    await house.post(f"/bookings/{one['booking_id']}/discharge", occurred_at=house.at(2))
    before = dict(house.desk.engine.hospital.left_at)
    await house.restart()
    assert house.desk.engine.hospital.left_at["P-1"] == before["P-1"]
    await house.admit(B, "P-1", occurred_at=house.at(3))
