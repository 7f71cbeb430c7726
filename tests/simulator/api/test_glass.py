"""A clerk looks at one patient of another ward, for an hour, and answers for it."""

import asyncio
from pathlib import Path

import pytest

from lake.places import Places
from lake.vocabulary import AuditType, Role
from simulator.access.tokens import Scope
from simulator.domain.principals import Principal
from tests.simulator.api.audited import OTHER, Ward
from tests.simulator.api_client import make_desk, serving
from tests.simulator.people import WORD

WHY = {"reason_code": "emergency", "reason": "found without a name in the lift"}


async def broken(ward: Ward, who: str = "clerk", ref: str = OTHER) -> str:
    answer = await ward.ask(who, f"POST /patients/{ref}/glass", json=WHY)
    assert answer.status_code == 201, answer.text
    return answer.json()["glass_id"]


async def test_the_patient_is_shown_for_an_hour_and_nobody_else_is(ward: Ward) -> None:
    assert (await ward.ask("clerk", f"GET /patients/{OTHER}")).status_code == 404
    await broken(ward, ref=OTHER.lower())
    seen = await ward.ask("clerk", f"GET /patients/{OTHER}")
    assert seen.json()["stays"][0]["bed_id"] == "W2-101-A"
    assert OTHER not in (await ward.ask("clerk", "GET /beds")).text
    assert OTHER not in (await ward.ask("clerk", "GET /bookings")).text
    [row] = ward.rows(AuditType.GLASS_BROKEN)
    assert (row["actor"], row["patient_ref"]) == ("clerk", OTHER)
    assert (row["reason_code"], row["reason"]) == (WHY["reason_code"], WHY["reason"])
    ward.clock.go_on(minutes=14)
    await ward.ask("clerk", "POST /session/touch")
    for _ in range(4):
        ward.clock.go_on(minutes=11)
        await ward.ask("clerk", "POST /session/touch")
    assert (await ward.ask("clerk", f"GET /patients/{OTHER}")).status_code == 200
    ward.clock.go_on(minutes=3)
    assert (await ward.ask("clerk", f"GET /patients/{OTHER}")).status_code == 404


async def test_it_is_to_look_at_and_not_to_act_on(ward: Ward) -> None:
    await broken(ward)
    known = (await ward.ask("clerk", f"GET /patients/{OTHER}")).json()
    booking_id = known["stays"][0]["booking_id"]
    answer = await ward.ask("clerk", f"POST /bookings/{booking_id}/discharge")
    assert answer.status_code == 404


@pytest.mark.parametrize("who", ["viewer", "manager", "service"])
async def test_only_a_clerk_breaks_it(ward: Ward, who: str) -> None:
    ward.secrets["service"] = ward.gate.tokens.add(
        "feed", Role.CLERK, wards=["W1"], scopes=[Scope.READ, Scope.WRITE]
    )
    answer = await ward.ask(who, f"POST /patients/{OTHER}/glass", json=WHY)
    assert answer.status_code == 403
    assert not ward.rows(AuditType.GLASS_BROKEN)
    assert [row["code"] for row in ward.rows(AuditType.CHANGE_REFUSED)] == ["not_permitted"]


async def test_it_takes_the_password_and_words(ward: Ward) -> None:
    ward.clock.go_on(minutes=6)
    answer = await ward.ask("clerk", f"POST /patients/{OTHER}/glass", json=WHY)
    assert answer.json()["code"] == "password_required"
    await ward.ask("clerk", "POST /session/prove", json={"password": WORD})
    for wrong in (WHY | {"reason": "why"}, WHY | {"reason_code": "curious"}, {"reason": "x" * 20}):
        answer = await ward.ask("clerk", f"POST /patients/{OTHER}/glass", json=wrong)
        assert answer.status_code == 422
    assert not ward.rows(AuditType.GLASS_BROKEN)
    await broken(ward)


async def test_three_times_in_a_shift_is_the_most(ward: Ward) -> None:
    for ref in ("P-1", "P-2", "P-3"):
        await broken(ward, ref=ref)
    answer = await ward.ask("clerk", f"POST /patients/{OTHER}/glass", json=WHY)
    assert (answer.status_code, "3 times" in answer.text) == (403, True)
    assert len(ward.rows(AuditType.GLASS_BROKEN)) == 3
    ward.clock.go_on(hours=12, minutes=1)
    await ward.sign_in("clerk")
    await broken(ward)


async def test_however_many_are_asked_for_at_once(ward: Ward) -> None:
    """And what is recorded is what was granted."""
    ways = [f"POST /patients/P-{nth}/glass" for nth in range(6)]
    answers = await asyncio.gather(*(ward.ask("clerk", way, json=WHY) for way in ways))
    assert sorted(one.status_code for one in answers) == [201] * 3 + [403] * 3
    told = [row["patient_ref"] for row in ward.rows(AuditType.GLASS_BROKEN)]
    assert sorted(told) == sorted(one.patient_ref for one in ward.gate.glass.seen_by("clerk"))


async def test_one_review_at_once(ward: Ward) -> None:
    way, note = f"POST /glass/{await broken(ward)}/review", {"note": "as it should be"}
    answers = await asyncio.gather(*(ward.ask("manager", way, json=note) for _ in range(4)))
    assert sorted(one.status_code for one in answers) == [200, 404, 404, 404]
    assert len(ward.rows(AuditType.GLASS_REVIEWED)) == 1


async def test_it_stays_whole_while_it_cannot_be_recorded(ward: Ward) -> None:
    def away(_) -> None:
        raise OSError("the disk is away")

    ward.trail._log.append = away
    ward.trail._log.landed = away
    answer = await ward.ask("clerk", f"POST /patients/{OTHER}/glass", json=WHY)
    assert answer.status_code == 503
    assert ward.gate.glass.seen_by("clerk") == []
    del ward.trail._log.landed, ward.trail._log.append


async def test_managers_see_each_until_another_person_has_looked_at_it(ward: Ward) -> None:
    glass_id = await broken(ward)
    [own] = (await ward.ask("clerk", "GET /glass")).json()["items"]
    [told] = (await ward.ask("manager", "GET /glass")).json()["items"]
    assert own == told
    assert (told["name"], told["patient_ref"], told["reason"]) == ("clerk", OTHER, WHY["reason"])
    way, note = f"POST /glass/{glass_id}/review", {"note": "as it should be"}
    assert (await ward.ask("clerk", way, json=note)).status_code == 403
    assert (await ward.ask("manager", way, json={"note": " "})).status_code == 422
    assert (await ward.ask("manager", way, json=note)).json()["reviewed_by"] == "manager"
    assert (await ward.ask("manager", way, json=note)).status_code == 404
    assert (await ward.ask("manager", "GET /glass")).json()["items"] == []
    [row] = ward.rows(AuditType.GLASS_REVIEWED)
    assert (row["actor"], row["patient_ref"], row["reason"]) == ("manager", OTHER, note["note"])


async def test_nobody_reviews_their_own(ward: Ward) -> None:
    ward.gate.people.add("both", [Role.CLERK], ["W1"], password=WORD)
    await ward.sign_in("both")
    glass_id = await broken(ward, "both")
    ward.gate.people.set_roles("both", [Role.CLERK, Role.MANAGER])
    await ward.sign_in("both")
    answer = await ward.ask("both", f"POST /glass/{glass_id}/review", json={"note": "fine"})
    assert (answer.status_code, answer.json()["code"]) == (403, "same_actor")


async def test_it_ends_with_the_role(ward: Ward) -> None:
    await broken(ward)
    ward.gate.people.set_wards("clerk", [])
    await ward.sign_in("clerk")
    assert (await ward.ask("clerk", f"GET /patients/{OTHER}")).status_code in (403, 404)


@pytest.mark.parametrize(
    ("role", "wards", "sees"),
    [(Role.CLERK, {"W1"}, True), (Role.CLERK, set(), False), (Role.VIEWER, {"W1"}, False)],
)
def test_what_was_broken_is_for_a_clerk_with_wards(role: Role, wards: set, sees: bool) -> None:
    who = Principal("asha", frozenset({role}), frozenset(wards), glass=frozenset({OTHER}))
    assert who.has_broken_glass_for({"P-1", OTHER}) is sees
    assert not who.has_broken_glass_for({"P-1"})


async def test_where_nobody_signs_in_there_is_no_glass(tmp_path: Path) -> None:
    async with serving(make_desk(Places(tmp_path, str(tmp_path / "lake")))) as api:
        assert (await api.get("/glass")).status_code == 404
        assert (await api.post(f"/patients/{OTHER}/glass", json=WHY)).status_code == 404
