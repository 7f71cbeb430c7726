"""Ways around a ward's door, each of which a clerk of another ward has tried."""

from datetime import timedelta

import pytest
import pytest_asyncio

from lake.vocabulary import Role
from tests.simulator.api.audited import OTHER, Ward
from tests.simulator.people import WORD

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def wards(ward: Ward) -> Ward:
    """`clerk` is of W1, `clerk2` of W2."""
    ward.gate.people.add("clerk2", [Role.CLERK], ["W2"], password=WORD)
    assert (await ward.sign_in("clerk2")).status_code == 201
    return ward


async def done(wards: Ward, who: str, way: str, status: int = 201, **body):
    answer = await wards.ask(who, way, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def asked(wards: Ward, who: str, patient: str, **body) -> str:
    body = {"patient_ref": patient, "needs": {"sex": "female"}} | body
    return (await done(wards, who, "POST /requests", **body))["bed_request_id"]


async def admitted(wards: Ward, who: str, patient: str, bed_id: str, **needs) -> str:
    body = {"patient_ref": patient, "bed_id": bed_id, "needs": {"sex": "female"} | needs}
    return (await done(wards, who, "POST /bookings", **body, admit=True))["booking_id"]


async def seen(wards: Ward, who: str, request: str) -> dict[str, bool]:
    """Where a request is shown."""
    found = {}
    for state in ("waiting", "placed", "withdrawn"):
        page = (await wards.ask(who, f"GET /requests?state={state}")).json()["items"]
        found[state] = request in {one["bed_request_id"] for one in page}
    found["itself"] = (await wards.ask(who, f"GET /requests/{request}")).status_code == 200
    return found


NOWHERE = dict.fromkeys(("waiting", "placed", "withdrawn", "itself"), False)


async def test_a_request_for_any_ward_is_of_the_ward_where_the_patient_lies(wards: Ward) -> None:
    request = await asked(wards, "clerk2", OTHER)
    for state in ("waiting", "withdrawn"):
        assert await seen(wards, "clerk", request) == NOWHERE
        assert (await wards.ask("clerk", f"GET /patients/{OTHER}")).status_code == 404
        assert await seen(wards, "clerk2", request) == NOWHERE | {state: True, "itself": True}
        assert await seen(wards, "manager", request) == NOWHERE | {state: True, "itself": True}
        if state == "waiting":
            await done(wards, "clerk2", f"POST /requests/{request}/withdraw", 200)
    told = await wards.ask("clerk", f"POST /requests/{request}/withdraw", json={})
    assert told.status_code == 404


async def test_a_request_for_any_ward_is_of_the_ward_that_gave_the_bed(wards: Ward) -> None:
    request = await asked(wards, "clerk", "P-500")
    for who in ("clerk", "clerk2"):
        assert await seen(wards, who, request) == NOWHERE | {"waiting": True, "itself": True}
    await done(wards, "clerk2", f"POST /requests/{request}/place", bed_id="W2-101-B", admit=True)
    assert await seen(wards, "clerk", request) == NOWHERE
    assert (await wards.ask("clerk", "GET /patients/P-500")).status_code == 404
    assert await seen(wards, "clerk2", request) == NOWHERE | {"placed": True, "itself": True}


async def test_a_request_that_nobody_placed_is_of_who_asked(wards: Ward) -> None:
    request = await asked(wards, "clerk", "P-500")
    await done(wards, "clerk", f"POST /requests/{request}/withdraw", 200)
    assert await seen(wards, "clerk", request) == NOWHERE | {"withdrawn": True, "itself": True}
    assert await seen(wards, "clerk2", request) == NOWHERE
    assert (await wards.ask("clerk2", "GET /patients/P-500")).status_code == 404


async def refused(wards: Ward, who: str, way: str, status: int = 403, **body) -> dict:
    answer = await wards.ask(who, way, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_nobody_fetches_a_patient_with_what_was_asked_before_another_ward_had_them(
    wards: Ward,
) -> None:
    old = await asked(wards, "clerk", "P-500", ward_id="W1", needs={"specialty": "surgery"})
    await admitted(wards, "clerk2", "P-500", "W2-101-B")
    place = {"bed_id": "W1-101-B", "admit": True}
    told = await refused(wards, "clerk", f"POST /requests/{old}/place", **place)
    assert "its ward asks" in told["detail"]
    pairs = [{"bed_request_id": old, "bed_id": "W1-101-B", "admit": True, "seq": 1}]
    await refused(wards, "clerk", "POST /requests/place-all", pairs=pairs)
    await refused(wards, "clerk", f"POST /requests/{old}/place", bed_id="W1-101-B")
    found = await done(wards, "clerk", "POST /requests/match", 200)
    assert old not in {pair["bed_request_id"] for pair in found["items"]}
    await done(wards, "clerk", f"POST /requests/{old}/withdraw", 200)
    new = await asked(wards, "clerk2", "P-500", ward_id="W1")
    await done(wards, "clerk", f"POST /requests/{new}/place", **place)


async def test_nobody_aims_an_old_request_at_the_own_ward(wards: Ward) -> None:
    old = await asked(wards, "clerk", "P-700", ward_id="W2", needs={"specialty": "surgery"})
    await admitted(wards, "clerk2", "P-700", "W2-101-B")
    await refused(wards, "clerk", f"POST /requests/{old}/change", ward_id="W1")
    await refused(wards, "clerk", f"POST /requests/{old}/place", bed_id="W1-101-B", admit=True)
    await done(wards, "clerk2", f"POST /requests/{old}/withdraw", 200)


async def test_nobody_fetches_a_patient_with_what_was_reserved_before(wards: Ward) -> None:
    old = await asked(wards, "clerk", "P-500", ward_id="W1")
    later = {"bed_id": "W1-101-B", "starts_at": "2027-01-01T10:00:00Z"}
    booking = (await done(wards, "clerk", f"POST /requests/{old}/place", **later))["booking_id"]
    await admitted(wards, "clerk2", "P-500", "W2-101-B")
    change = {"ends_at": "2027-01-09T10:00:00Z"}
    await done(wards, "clerk", f"POST /bookings/{booking}/change", 200, **change)
    told = await refused(wards, "clerk", f"POST /bookings/{booking}/admit")
    assert "ask for a bed first" in told["detail"]


async def test_a_patient_moved_within_the_ward_is_still_let_go(wards: Ward) -> None:
    stay = await admitted(wards, "clerk2", "P-500", "W2-101-B")
    request = await asked(wards, "clerk2", "P-500", ward_id="W1")
    move = f"POST /bookings/{stay}/transfer"
    await done(wards, "clerk2", move, 200, to_bed_id="W2-102-A")
    await done(wards, "clerk", f"POST /requests/{request}/place", bed_id="W1-101-B", admit=True)


async def test_nobody_merges_a_patient_of_another_ward_by_asking_for_a_bed(wards: Ward) -> None:
    later = {"bed_id": "W2-102-A", "starts_at": "2027-01-01T10:00:00Z"}
    await done(wards, "clerk2", "POST /bookings", patient_ref="P-800", **later)
    await asked(wards, "clerk", "P-800", ward_id="W1")
    for one, other in (("P-800", "OWN-11"), ("OWN-11", "P-800"), ("P-800", "P-1")):
        told = await refused(wards, "clerk", f"POST /patients/{one}/merge", into=other)
        assert "elsewhere in the hospital" in told["detail"]
    await done(wards, "clerk2", "POST /patients/P-800/merge", 200, into="P-1")
    await refused(wards, "clerk", "POST /patients/P-800/merge/cancel", 404)


async def test_nobody_merges_a_patient_of_another_ward_by_reserving_a_bed(wards: Ward) -> None:
    later = {"bed_id": "W1-102-A", "starts_at": "2027-01-01T10:00:00Z"}
    await done(wards, "clerk", "POST /bookings", patient_ref=OTHER, **later)
    await refused(wards, "clerk", f"POST /patients/{OTHER}/merge", into="P-1")
    await refused(wards, "clerk2", f"POST /patients/{OTHER}/merge", into="P-1")
    await done(wards, "manager", f"POST /patients/{OTHER}/merge", 200, into="P-1")
    for who in ("clerk", "clerk2"):
        await refused(wards, who, f"POST /patients/{OTHER}/merge/cancel", 404)


async def test_who_has_only_asked_for_a_bed_is_merged_by_the_wanted_ward(wards: Ward) -> None:
    await asked(wards, "clerk", "P-800", ward_id="W1")
    await refused(wards, "clerk2", "POST /patients/P-800/merge", into="P-1")
    await done(wards, "clerk", "POST /patients/P-800/merge", 200, into="P-1")
    await done(wards, "clerk", "POST /patients/P-800/merge/cancel", 200)


async def stay_of(wards: Ward, patient: str) -> str:
    return (await wards.ask("manager", f"GET /patients/{patient}")).json()["bookings"][0][
        "booking_id"
    ]


async def dies(wards: Ward, who: str, patient: str) -> None:
    way = f"POST /bookings/{await stay_of(wards, patient)}/discharge"
    await done(wards, who, way, 200, disposition="died")


async def test_when_a_patient_died_is_told_to_the_ward_where_they_lay(wards: Ward) -> None:
    later = {"bed_id": "W1-102-A", "starts_at": "2027-01-01T10:00:00Z"}
    await done(wards, "clerk", "POST /bookings", patient_ref=OTHER, **later)
    await dies(wards, "clerk2", OTHER)
    for who, bed_id, is_own in (("clerk", "W1-101-B", False), ("clerk2", "W2-101-B", True)):
        in_bed = {"bed_id": bed_id, "patient_ref": OTHER, "admit": True}
        for way, body in (("bookings", in_bed), ("requests", {"patient_ref": OTHER, "needs": {}})):
            told = await refused(wards, who, f"POST /{way}", 409, **body)
            assert told["code"] == "patient_has_died"
            assert (told["detail"] == "This patient has died.") is not is_own
    known = await wards.ask("clerk", f"GET /patients/{OTHER}")
    assert (known.status_code, known.json()["died_at"]) == (200, None)
    assert (await wards.ask("clerk2", f"GET /patients/{OTHER}")).json()["died_at"]


async def test_when_a_patient_left_is_told_to_the_ward_that_they_left(wards: Ward) -> None:
    way = f"POST /bookings/{await stay_of(wards, OTHER)}/discharge"
    await done(wards, "clerk2", way, 200, disposition="home")
    left_at = wards.desk.engine.hospital.left_bed_at(OTHER)
    earlier = {"patient_ref": OTHER, "admit": True, "needs": {"sex": "female"}}
    earlier["occurred_at"] = (left_at - timedelta(microseconds=1)).isoformat()
    told = await refused(wards, "clerk", "POST /bookings", 409, **earlier, bed_id="W1-101-B")
    assert told["code"] == "patient_in_other_bed"
    assert (told["detail"], told["earliest_at"]) == (
        "This patient is in another bed at that time.",
        None,
    )
    told = await refused(wards, "clerk2", "POST /bookings", 409, **earlier, bed_id="W2-101-B")
    assert told["earliest_at"]
    assert "left it only on" in told["detail"]


GLASS = {"reason_code": "emergency", "reason": "found without a name in the lift"}


async def test_broken_glass_shows_no_second_patient(wards: Ward) -> None:
    cot = {"bed_id": "W2-102-A", "patient_ref": "P-900", "admit": True, "mother_ref": OTHER}
    needs = {"sex": "female", "placed_with": OTHER}
    await done(wards, "clerk2", "POST /bookings", **cot, needs=needs)
    await asked(wards, "clerk2", "P-900", needs={"specialty": "surgery", "placed_with": OTHER})
    await done(wards, "clerk", "POST /patients/P-900/glass", **GLASS)

    async def told(who: str) -> set[str | None]:
        known = (await wards.ask(who, "GET /patients/P-900")).json()
        items = [*known["bookings"], *known["requests"]]
        assert len(items) == 2
        return {one["needs"]["placed_with"] for one in items} | {known["bookings"][0]["mother_ref"]}

    assert await told("clerk2") == {OTHER}
    assert await told("clerk") == {None}
    await done(wards, "clerk", f"POST /patients/{OTHER}/glass", **GLASS)
    assert await told("clerk") == {OTHER}


async def test_a_manager_who_moved_the_patient_since_ends_what_the_ward_let_go(
    wards: Ward,
) -> None:
    stay = await admitted(wards, "clerk2", "P-500", "W2-101-B")
    request = await asked(wards, "clerk2", "P-500", ward_id="W1", needs={"specialty": "surgery"})
    for bed_id in ("W1-101-B", "W2-102-A"):
        move = {"to_bed_id": bed_id, "note": "as both wards have said"}
        stay = (await done(wards, "manager", f"POST /bookings/{stay}/transfer", 200, **move))[
            "booking_id"
        ]
    await refused(wards, "clerk", f"POST /requests/{request}/place", bed_id="W1-102-A", admit=True)


async def test_a_displaced_reservation_lets_nobody_go(wards: Ward) -> None:
    later = {"bed_id": "W1-102-A", "starts_at": "2027-01-01T10:00:00Z"}
    await done(wards, "clerk", "POST /bookings", patient_ref=OTHER, **later)
    override = {"reason_code": "no_other_bed", "reason": "no other bed is left"}
    body = later | {"patient_ref": "P-600", "override": override}
    await done(wards, "manager", "POST /bookings", **body)
    [lost] = wards.desk.engine.hospital.requests
    await refused(wards, "clerk", f"POST /requests/{lost}/place", bed_id="W1-101-B", admit=True)
