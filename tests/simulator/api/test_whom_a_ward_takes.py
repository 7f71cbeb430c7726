"""Whom the wards of hospital.toml take, over HTTP: age, level of care, sex, cots, isolation; and
ends that nobody has said."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from lake.places import CHECKOUT
from simulator.plan import read_plan
from tests.simulator.api.test_ward_cases import WHY, House
from tests.simulator.api_client import make_desk, serving

ADULTS, ADULTS_TOO = "W1-101-A", "W1-101-B"
MONITORED = "W4-301-A"
INTENSIVE, INTENSIVE_TOO = "W8-511-A", "W8-511-B"
CHILDREN, CHILDREN_TOO = "W9-601-A", "W9-601-B"
REHABILITATION = "W10-701-A"
MOTHER, COT, NEXT_MOTHER, NEXT_COT = "W11-801-A", "W11-801-C", "W11-802-A", "W11-802-C"
WOMAN, MAN = {"sex": "female"}, {"sex": "male"}
ASSUMED = ["age_group", "level_of_care"]


@pytest.fixture
async def house(places) -> AsyncIterator[House]:
    desk = make_desk(places, read_plan(Path(CHECKOUT) / "hospital.toml"))
    async with serving(desk) as client:
        yield House(client, desk)


def wish(bed_id: str, patient: str = "P-1", **needs: Any) -> dict[str, Any]:
    return {"bed_id": bed_id, "patient_ref": patient, "admit": True, "needs": needs}


async def rules(house: House, body: dict[str, Any]) -> list[str]:
    answer = await house.api.post("/bookings", json=body)
    return [] if answer.status_code == 201 else answer.json()["rules"]


async def test_each_ward_takes_whom_it_says(house: House) -> None:
    not_taken = ["not_taken_by_ward"]
    for bed_id, needs, broken in (
        (ADULTS, {}, []),
        (CHILDREN, {}, not_taken),
        (CHILDREN, {"age_group": "child"}, []),
        ("W9-602-A", {"age_group": "older"}, not_taken),
        ("W2-211-A", {"age_group": "child"}, not_taken),
        (INTENSIVE, {}, not_taken),
        (INTENSIVE, {"level_of_care": "intensive"}, []),
        ("W2-211-A", {"level_of_care": "intensive"}, not_taken),
        (MONITORED, {"level_of_care": "step_down"}, []),
        (REHABILITATION, {}, not_taken),
        (REHABILITATION, {"specialty": "rehabilitation"}, []),
        (MOTHER, {"sex": "male"}, not_taken),
        (MOTHER, {"sex": "female"}, not_taken),
        (MOTHER, {"sex": "female", "age_group": "child"}, not_taken),
        (MOTHER, {"sex": "female", "specialty": "obstetrics"}, []),
        ("W11-802-A", {"sex": "female", "specialty": "obstetrics", "age_group": "child"}, []),
        (COT, {"sex": "female"}, not_taken),
    ):
        patient = f"P-{bed_id}-{'-'.join(needs.values())}"
        assert await rules(house, wish(bed_id, patient, **needs)) == broken, (bed_id, needs)


async def test_what_was_not_said_is_assumed_and_marked_so(house: House) -> None:
    made = await house.post("/bookings", 201, **wish(ADULTS))
    needs = (await house.booking(made))["needs"]
    assert (needs["age_group"], needs["level_of_care"]) == ("adult", "ward")
    assert needs["assumed"] == ASSUMED
    known = await house.post(
        f"/bookings/{made['booking_id']}/change", needs={"age_group": "older", "sex": "male"}
    )
    needs = (await house.booking(known))["needs"]
    assert (needs["age_group"], needs["sex"], needs["assumed"]) == (
        "older", "male", ["level_of_care"],
    )  # fmt: skip
    request = await house.wait_for_bed("P-7", needs={"age_group": "child"})
    told = await house.get(f"/requests/{request}")
    assert told["needs"]["assumed"] == ["level_of_care", "priority"]


async def test_no_bed_is_offered_that_its_ward_would_not_give(house: House) -> None:
    await house.admit(ADULTS, "P-1")
    refused = await house.post("/bookings", 409, **wish(ADULTS, "P-2"))
    offered = {other["bed_id"].split("-")[0] for other in refused["alternatives"]}
    assert offered == {"W1"}
    child = await house.wait_for_bed("P-3", needs={"age_group": "child", "sex": "male"})
    offered = [bed["bed_id"] for bed in (await house.get(f"/requests/{child}"))["suggestions"]]
    assert {bed_id.split("-")[0] for bed_id in offered} == {"W9"}


async def test_an_override_puts_an_adult_among_children_and_a_move_there_needs_none(
    house: House,
) -> None:
    body = wish(CHILDREN, **MAN)
    refused = await house.post("/bookings", 409, **body)
    assert refused["detail"].endswith("Paediatrics does not take this age group (adult).")
    made = await house.post("/bookings", 201, **body, override=WHY)
    [bed] = [
        b for b in (await house.get("/beds", ward_id="W9"))["items"] if b["bed_id"] == CHILDREN
    ]
    assert bed["current_not_taken_as"] == ["age_group"]
    moved = await house.post(f"/bookings/{made['booking_id']}/transfer", to_bed_id=CHILDREN_TOO)
    back = f"/bookings/{moved['booking_id']}/transfer"
    other = {"to_bed_id": "W9-602-A", "needs": {"level_of_care": "intensive"}}
    assert (await house.post(back, 409, **other))["rules"] == ["not_taken_by_ward"]


async def test_a_request_is_not_met_by_a_ward_that_does_not_give_the_care(house: House) -> None:
    request = await house.wait_for_bed("P-1", needs={"level_of_care": "intensive", **WOMAN})
    made = await house.post("/bookings", 201, **wish(ADULTS, **WOMAN))
    assert made["unmet_request_ids"] == [request]
    moved = await house.post(f"/requests/{request}/place", 201, bed_id=INTENSIVE, admit=True)
    assert moved["spell_id"] == made["spell_id"]


async def test_a_bed_has_what_the_patient_needs_of_it(house: House) -> None:
    assert await rules(house, wish(ADULTS, features=["monitored"])) == ["wrong_room_class"]
    assert await rules(house, wish(MONITORED, features=["monitored"])) == []
    unknown = await house.post("/bookings", 422, **wish(ADULTS, features=["moonlit"]))
    assert "'moonlit' is unknown; there are: monitored, negative_pressure" in unknown["detail"]
    assert (await house.get(f"/beds/{MONITORED}"))["features"] == ["monitored"]


async def test_men_and_women_share_intensive_care_but_no_general_bay(house: House) -> None:
    intensive = {"level_of_care": "intensive"}
    assert await rules(house, wish(INTENSIVE, "P-1", **WOMAN, **intensive)) == []
    assert await rules(house, wish(INTENSIVE_TOO, "P-2", **MAN, **intensive)) == []
    assert await rules(house, wish(ADULTS, "P-3", **WOMAN)) == []
    assert await rules(house, wish(ADULTS_TOO, "P-4", **MAN)) == ["mixed_sex"]
    assert await rules(house, wish(ADULTS_TOO, "P-4")) == ["mixed_sex"]
    assert await rules(house, wish(ADULTS_TOO, "P-4", sex="other")) == ["mixed_sex"]
    assert await rules(house, wish(ADULTS_TOO, "P-4", sex="other", placed_with="p-3")) == []
    assert await rules(house, wish(CHILDREN, "P-5", **WOMAN, age_group="child")) == []
    assert await rules(house, wish(CHILDREN_TOO, "P-6", **MAN, age_group="child")) == []


async def test_a_newborn_goes_where_its_mother_goes_and_not_alone(house: House) -> None:
    mother = await house.admit(MOTHER, "P-1", needs=WOMAN | {"specialty": "obstetrics"})
    baby = wish(COT, "N-1", sex="male", age_group="neonate") | {"mother_ref": "p-1"}
    born = await house.post("/bookings", 201, **baby)
    assert (await house.booking(born))["mother_ref"] == "P-1"
    assert [ward["bed_count"] for ward in (await house.get("/wards"))["items"]
            if ward["ward_id"] == "W11"] == [12]  # fmt: skip
    moved = await house.post(f"/bookings/{mother['booking_id']}/transfer", to_bed_id=NEXT_MOTHER)
    assert (await house.get(f"/beds/{NEXT_COT}"))["current_patient_ref"] == "N-1"
    await house.restart()
    gone = f"/bookings/{moved['booking_id']}/discharge"
    refused = await house.post(gone, 409, disposition="home")
    assert (refused["code"], refused["conflicts_with"]["patient_ref"]) == (
        "illegal_booking_change",
        "N-1",
    )
    both = {"newborns": [{"patient_ref": "N-1", "disposition": "home"}]}
    assert (await house.post(gone, 200, disposition="home", **both))["state"] == "completed"
    unclear = {"newborns": [{"patient_ref": "N-1"}]}
    assert (await house.post(gone, 422, disposition="home", **unclear))["code"] == "invalid_request"


async def test_isolation_names_its_contacts_and_closes_the_room_but_for_the_same(
    house: House,
) -> None:
    noro = {"kind": "source", "organism": "norovirus"}
    await house.admit(ADULTS, "P-1")
    mate = await house.admit(ADULTS_TOO, "P-2")
    house.turn_to(3)
    started = await house.post(f"/beds/{ADULTS}/isolation/start", **noro)
    assert started["contacts"] == [
        {"patient_ref": "P-2", "booking_id": mate["booking_id"], "bed_id": ADULTS_TOO}
    ]
    await house.restart()
    assert (await house.booking(mate))["contact_of"] == ["norovirus"]
    third = "W1-101-C"
    healthy = await house.post("/bookings", 409, **wish(third, "P-3", **WOMAN))
    assert healthy["rules"] == ["isolation_needed", "closed_to_admissions"]
    assert "P-1" not in healthy["detail"]
    alike = wish(third, "P-4", **WOMAN, isolation=noro)
    assert (await house.post("/bookings", 201, **alike))["state"] == "active"
    unnamed = wish("W1-101-D", "P-5", **WOMAN, isolation=True)
    assert "isolation_needed" in (await house.post("/bookings", 409, **unnamed))["rules"]
    moved = await house.post(f"/bookings/{mate['booking_id']}/transfer", to_bed_id="W1-102-A")
    beside = await house.post("/bookings", 409, **wish("W1-102-B", "P-6", **WOMAN))
    assert beside["rules"] == ["isolation_needed"]
    await house.post(f"/bookings/{moved['booking_id']}/contact/end")
    assert await rules(house, wish("W1-102-B", "P-6", **WOMAN)) == []
    told = (await house.booking(moved))["needs"]
    assert told["isolation"] is False


async def test_protective_isolation_has_no_organism_and_leaves_a_dirty_bed(house: House) -> None:
    both = {"kind": "protective", "organism": "norovirus"}
    stay = await house.admit(ADULTS, "P-1")
    assert (await house.post(f"/beds/{ADULTS}/isolation/start", 422, **both))["code"] == (
        "invalid_request"
    )
    assert (await house.post(f"/beds/{ADULTS}/isolation/start", kind="protective"))[
        "contacts"
    ] == []
    assert (await house.booking(stay))["needs"]["isolation"] == {
        "kind": "protective",
        "organism": None,
    }
    assert await rules(house, wish(ADULTS_TOO, "P-2", **WOMAN)) == ["isolation_needed"]
    await house.post(f"/bookings/{stay['booking_id']}/discharge")
    assert (await house.get(f"/beds/{ADULTS}"))["bed_status"] == "dirty"


# Ends that nobody has said: W1's patients stay 8.1 days


async def test_a_stay_without_an_end_gets_the_usual_one_and_no_more_blocks_all_later(
    house: House,
) -> None:
    made = await house.post("/bookings", 201, **wish(ADULTS, **WOMAN))
    assert made["is_end_assumed"]
    assert made["ends_at"][:16] == house.at(8.1 * 24)[:16]
    shown = await house.get(f"/beds/{ADULTS}")
    assert shown["current_is_end_assumed"]
    later = {"patient_ref": "P-2", "starts_at": house.at(9 * 24), "ends_at": house.at(10 * 24)}
    kept = await house.post("/bookings", 201, bed_id=ADULTS, **later)
    assert not kept.get("is_end_assumed")
    said = await house.post(f"/bookings/{made['booking_id']}/change", ends_at=house.at(50))
    assert not said.get("is_end_assumed")
    moves = (await house.booking(made))["expected_move_count"]
    assert moves == 0  # nobody had said another one before


async def test_an_end_that_is_null_or_said_is_not_assumed(house: House) -> None:
    open_ended = await house.post("/bookings", 201, **wish(ADULTS, **WOMAN), ends_at=None)
    assert (open_ended["ends_at"], open_ended.get("is_end_assumed")) == (None, None)
    body = {"bed_id": ADULTS_TOO, "patient_ref": "P-2", "needs": WOMAN, "ends_at": house.at(9)}
    assert not (await house.post("/bookings", 201, **body)).get("is_end_assumed")


async def test_an_assumed_end_that_passes_frees_nothing_and_is_asked_for_again(
    house: House,
) -> None:
    made = await house.post("/bookings", 201, **wish(ADULTS, **WOMAN))
    house.turn_to(8.2 * 24)
    now = {"bed_id": ADULTS, "patient_ref": "P-2", "needs": WOMAN, "ends_at": None}
    refused = await house.post("/bookings", 409, **now)
    assert refused["code"] == "overlaps_open_stay"
    assert "no end is known" in refused["detail"]
    late = [one["booking_id"] for one in (await house.get("/bookings", ran_over_hours=1))["items"]]
    assert late == [made["booking_id"]]
    tomorrow = {"starts_at": house.at(10 * 24), "ends_at": house.at(11 * 24)}
    kept = await house.post("/bookings", 201, **now | tomorrow)
    assert not (await house.get(f"/beds/{ADULTS}"))["next_is_at_risk"]
    house.turn_to(10 * 24 + 0.1)
    assert (await house.booking(kept))["is_at_risk"]
    assert (await house.get(f"/beds/{ADULTS}"))["next_is_at_risk"]
    moved = await house.post(f"/bookings/{made['booking_id']}/transfer", to_bed_id="W2-211-A")
    assert moved["is_end_assumed"]
    assert moved["ends_at"][:16] == house.at(10 * 24 + 0.1 + 5.2 * 24)[:16]


async def test_a_reservation_keeps_the_usual_length_when_it_is_moved(house: House) -> None:
    body = {"bed_id": ADULTS, "patient_ref": "P-1", "starts_at": house.at(24)}
    kept = await house.post("/bookings", 201, **body)
    assert (kept["is_end_assumed"], kept["ends_at"][:16]) == (True, house.at(9.1 * 24)[:16])
    later = await house.post(f"/bookings/{kept['booking_id']}/change", starts_at=house.at(240))
    assert (later["is_end_assumed"], later["ends_at"][:16]) == (True, house.at(18.1 * 24)[:16])
    house.turn_to(240)
    came = await house.post(f"/bookings/{kept['booking_id']}/admit")
    assert (came["is_end_assumed"], came["ends_at"]) == (True, later["ends_at"])


async def test_a_planned_move_keeps_the_end_that_somebody_has_said(house: House) -> None:
    stay = await house.admit(ADULTS, "P-1", ends_at=house.at(72))
    kept = await house.post(
        "/bookings", 201, bed_id="W2-211-A", patient_ref="P-1", starts_at=house.at(2), needs=WOMAN
    )
    house.turn_to(2)
    moved = await house.post(f"/bookings/{kept['booking_id']}/admit")
    assert (moved["ends_at"][:16], moved.get("is_end_assumed")) == (house.at(72)[:16], None)
    assert moved["spell_id"] == stay["spell_id"]


async def test_an_end_that_is_said_once_more_is_said(house: House) -> None:
    made = await house.post("/bookings", 201, **wish(ADULTS, **WOMAN))
    told = await house.post(f"/bookings/{made['booking_id']}/progress", needs_bed=True)
    assert told["is_end_assumed"]
    said = await house.post(f"/bookings/{made['booking_id']}/progress", expected_at=made["ends_at"])
    assert not said.get("is_end_assumed")
    kept = await house.post(
        "/bookings", 201, bed_id="W1-102-A", patient_ref="P-2", starts_at=house.at(5)
    )
    same = await house.post(f"/bookings/{kept['booking_id']}/change", ends_at=kept["ends_at"])
    assert not same.get("is_end_assumed")
    other = await house.post(
        "/bookings", 201, bed_id="W1-103-A", patient_ref="P-3", starts_at=house.at(5)
    )
    elsewhere = await house.post(f"/bookings/{other['booking_id']}/change", bed_id="W7-411-A")
    assert elsewhere["is_end_assumed"]
    assert elsewhere["ends_at"][:16] == house.at(5 + 3.7 * 24)[:16]


async def test_beds_are_offered_for_what_the_patient_needs_then(house: House) -> None:
    """Of a move with a need more, of a reservation with another age, of an inpatient who waits."""
    man = await house.post("/bookings", 201, **wish(ADULTS, "P-1", **MAN))
    await house.post("/bookings", 201, **wish("W1-102-A", "P-2", **WOMAN))
    move = {"to_bed_id": "W1-102-A", "needs": {"room_class": "private"}}
    refused = await house.post(f"/bookings/{man['booking_id']}/transfer", 409, **move)
    offered = [other["bed_id"] for other in refused["alternatives"]]
    assert offered
    assert not any(bed_id.startswith("W11") for bed_id in offered)
    taken = {"to_bed_id": offered[0], "needs": move["needs"]}
    assert (await house.post(f"/bookings/{man['booking_id']}/transfer", **taken))["bed_id"]
    kept = await house.book(ADULTS, "P-4", starts_at=house.at(1), ends_at=house.at(2))
    child = {"needs": {"age_group": "child"}}
    refused = await house.post(f"/bookings/{kept['booking_id']}/change", 409, **child)
    assert refused["rules"] == ["not_taken_by_ward"]
    assert {other["bed_id"].split("-")[0] for other in refused["alternatives"]} == {"W9"}


async def test_who_no_longer_needs_intensive_care_waits_for_a_ward(house: House) -> None:
    intensive = {"level_of_care": "intensive", **WOMAN}
    stay = await house.post("/bookings", 201, **wish(INTENSIVE, "P-1", **intensive))
    request = await house.wait_for_bed("P-1", ward_id="W1")
    await house.post(f"/bookings/{stay['booking_id']}/progress", needs_level_of_care=False)
    within = await house.post(f"/bookings/{stay['booking_id']}/transfer", to_bed_id="W8-512-A")
    assert (await house.booking(within))["care_not_needed_since_at"] is not None
    offered = (await house.get(f"/requests/{request}"))["suggestions"]
    assert offered[0]["bed_id"].startswith("W1-")
    placed = await house.post(
        f"/requests/{request}/place", 201, bed_id=offered[0]["bed_id"], admit=True
    )
    assert placed["spell_id"] == stay["spell_id"]
    needs = (await house.booking(placed))["needs"]
    assert needs["level_of_care"] == "ward"


async def test_a_bed_whose_end_is_only_assumed_is_offered_to_nobody(house: House) -> None:
    await house.post("/bookings", 201, **wish(ADULTS, **WOMAN))
    later = await house.wait_for_bed("P-2", ward_id="W1", wanted_from=house.at(9 * 24), needs=WOMAN)
    offered = [bed["bed_id"] for bed in (await house.get(f"/requests/{later}"))["suggestions"]]
    assert offered
    assert ADULTS not in offered


async def test_the_same_request_again_is_answered_alike_whatever_became_of_it(
    house: House,
) -> None:
    kept = await house.book(ADULTS, "P-1", starts_at=house.at(1), ends_at=house.at(30))
    path = f"/bookings/{kept['booking_id']}/change"
    body = {"needs": {"age_group": "older"}, "starts_at": house.at(1)}
    again = {"X-Actor": "clerk.7", "Idempotency-Key": "k-1"}
    first = await house.api.post(path, json=body, headers=again)
    house.turn_to(1)
    await house.post(f"/bookings/{kept['booking_id']}/admit")
    second = await house.api.post(path, json=body, headers=again)
    assert (first.status_code, second.json()) == (200, first.json())

    mate = await house.admit(ADULTS_TOO, "P-2")
    start = f"/beds/{ADULTS}/isolation/start"
    once = {"X-Actor": "clerk.7", "Idempotency-Key": "k-2"}
    named = await house.api.post(start, headers=once)
    assert [one["bed_id"] for one in named.json()["contacts"]] == [ADULTS_TOO]
    await house.post(f"/bookings/{mate['booking_id']}/discharge")
    assert (await house.api.post(start, headers=once)).json() == named.json()


async def test_no_refusal_names_a_newborn_but_as_a_field(house: House) -> None:
    stay = await house.admit(ADULTS, "P-1")
    stranger = {"newborns": [{"patient_ref": "N-77", "to_bed_id": COT}]}
    path = f"/bookings/{stay['booking_id']}/discharge"
    for newborns in (stranger, {"newborns": [{"patient_ref": "N-77"}]}):
        refused = await house.post(path, 422, disposition="home", **newborns)
        assert "N-77" not in refused["detail"]
        assert "newborns[0]" in refused["detail"]


async def test_a_bed_that_is_free_for_the_usual_stay_is_offered(house: House) -> None:
    """Of W4 every bed but one is reserved from the tenth day on; patients stay 5 days."""
    beds = (await house.get("/beds", ward_id="W4"))["items"]
    taken, *others = [bed["bed_id"] for bed in beds]
    await house.admit(taken, "P-0")
    for nth, bed_id in enumerate(others):
        times = {"starts_at": house.at(240), "ends_at": house.at(300)}
        await house.book(bed_id, f"Q-{nth}", **times)
    refused = await house.post("/bookings", 409, **wish(taken, "P-1", **WOMAN))
    offered = [other["bed_id"] for other in refused["alternatives"]]
    assert offered[0].startswith("W4-")
    made = await house.post("/bookings", 201, **wish(offered[0], "P-1", **WOMAN))
    assert made["is_end_assumed"]


async def test_wards_come_as_people_count_page_by_page(house: House) -> None:
    first = await house.get("/wards", limit=2)
    rest = await house.get("/wards", after=first["next"])
    order = [ward["ward_id"] for ward in (*first["items"], *rest["items"])]
    assert order == [f"W{n}" for n in range(1, 12)]
