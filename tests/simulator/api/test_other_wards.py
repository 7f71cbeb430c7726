"""What is of other wards is answered to a clerk like what never was: each id, in each route."""

import json
import random
import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from tests.simulator.api.every_route import ROUTES, compact
from tests.simulator.api.test_sign_in import OF_ONE_LAKE, OTHERS, House, made

SEED = 1
OWN_BED, TAKEN_BED, CLOSED_BED = "W1-102-B", "W1-101-A", "W1-101-B"

NEEDS = {"placed_with": "{}", "sex": "other",
         "isolation": {"kind": "source", "organism": "germ_of_w2"}}  # fmt: skip
BESIDE = {"bed_id": TAKEN_BED, "patient_ref": "OWN-9", "needs": NEEDS, "admit": True}

WAYS: dict[str, list[tuple[str, dict[str, Any] | None]]] = {  # by what kind of id
    "booking": [
        ("GET /bookings/{}", None),
        ("POST /bookings/{}/change", {"ends_at": None}),
        ("POST /bookings/{}/change", {"needs": {"sex": "male"}, "bed_id": OWN_BED}),
        ("POST /bookings/{}/cancel", {}),
        ("POST /bookings/{}/admit", {}),
        ("POST /bookings/{}/transfer", {"to_bed_id": OWN_BED}),
        ("POST /bookings/{}/swap", {"with_booking_id": "{own stay}"}),
        ("POST /bookings/{own stay}/swap", {"with_booking_id": "{}"}),
        ("POST /bookings/{}/progress", {"needs_bed": False}),
        ("POST /bookings/{}/progress", {"waits_for": "transport"}),
        ("POST /bookings/{}/leave/start", {}),
        ("POST /bookings/{}/leave/end", {}),
        ("POST /bookings/{}/absence/start", {}),
        ("POST /bookings/{}/absence/end", {}),
        ("POST /bookings/{}/contact/end", {}),
        ("POST /bookings/{}/discharge/confirm", {}),
        ("POST /bookings/{}/discharge", {}),
        ("POST /bookings/{}/discharge/correct", {"disposition": "home"}),
        ("POST /bookings/{}/lounge/leave", {}),
    ],
    "request": [
        ("GET /requests/{}", None),
        ("POST /requests/{}/change", {"ward_id": "W1"}),
        ("POST /requests/{}/place", {"bed_id": OWN_BED}),
        ("POST /requests/{}/place", {"bed_id": TAKEN_BED, "admit": True}),
        ("POST /requests/{}/withdraw", {}),
        ("POST /requests/place-all",
         {"pairs": [{"bed_request_id": "{}", "bed_id": OWN_BED, "seq": 1}]}),
    ],
    "event": [
        ("POST /events/{}/cancel", {}),
        ("POST /overrides/{}/review", {"note": "seen"}),
    ],
    "patient": [
        ("GET /patients/{}", None),
        ("GET /bookings?patient_ref={}", None),
        ("POST /patients/{}/merge/cancel", {}),
        ("POST /beds/search", {"patient_ref": "{}"}),
        ("POST /beds/search", {"mother_ref": "{}"}),
        ("POST /beds/search", {"needs": {"placed_with": "{}"}}),
        ("POST /bookings", BESIDE),
        ("POST /bookings/{own stay}/transfer", {"to_bed_id": CLOSED_BED, "needs": NEEDS}),
        ("POST /bookings/{own stay}/discharge",
         {"newborns": [{"patient_ref": "{}", "disposition": "home"}]}),
        ("POST /bookings/{own stay}/transfer",
         {"to_bed_id": OWN_BED, "newborns": [{"patient_ref": "{}", "to_bed_id": OWN_BED}]}),
    ],
}  # fmt: skip


EVERY = [(kind, way, body) for kind, ways in WAYS.items() for way, body in ways]


async def fill_other_ward(house: House) -> dict[str, list[str]]:
    """Over 100 ids of W2, of what is there and of what has ended."""
    real: dict[str, list[str]] = {"booking": [], "request": [], "event": [], "patient": []}
    start = house.desk.clock.now()
    for nth in range(17):
        patient, day = f"OTHER-B{nth}", f"{start.year + 1 + nth}-01-01"
        times = {"starts_at": f"{day}T00:00:00Z", "ends_at": f"{day}T09:00:00Z"}
        body = {"bed_id": "W2-102-A", "patient_ref": patient, "needs": {"sex": "female"}} | times
        told = (await house.post("manager", "/bookings", body)).json()
        real["booking"].append(told["booking_id"])
        real["patient"].append(patient)
        if nth % 3 == 0:
            await house.post("manager", f"/bookings/{told['booking_id']}/cancel", {})
    for nth in range(20):
        body = {"patient_ref": f"OTHER-R{nth}", "ward_id": "W2", "needs": {"sex": "female"}}
        told = (await house.post("manager", "/requests", body)).json()
        real["request"].append(told["bed_request_id"])
        real["patient"].append(f"OTHER-R{nth}")
        if nth % 3 == 0:
            await house.post("manager", f"/requests/{told['bed_request_id']}/withdraw", {})
    for nth in range(6):
        body = {"bed_id": "W2-102-B", "patient_ref": f"OTHER-L{nth}", "admit": True,
                "needs": {"sex": "female"}}  # fmt: skip
        told = (await house.post("manager", "/bookings", body)).json()
        real["booking"].append(told["booking_id"])
        real["patient"].append(f"OTHER-L{nth}")
        merged = {"into": f"OTHER-L{nth}"}
        assert (await house.post("manager", f"/patients/OTHER-M{nth}/merge", merged)).is_success
        real["patient"].append(f"OTHER-M{nth}")
        home = {"disposition": "home", "to_lounge": nth % 2 == 0}
        path = f"/bookings/{told['booking_id']}/discharge"
        assert (await house.post("manager", path, home)).is_success
        for what in ("start", "finish"):
            await house.post("manager", f"/beds/W2-102-B/cleaning/{what}", {})
    real["booking"].append(house.ids["stay W2"])
    real["patient"].append(OTHERS)
    rows = [row for row in house.desk.commit.recent if row.get("ward_id") == "W2"]
    real["event"] = [row["event_id"] for row in rows if row.get("booking_id")][::3]
    return real


class Asking(House):
    real: dict[str, list[str]]

    async def answer(self, way: str, body: Any, one: str) -> tuple[int, str]:
        """As a clerk of W1 is told, with the id out of it."""
        own = {"own stay": self.ids["stay W1"]}
        method, path = put(way, one, own).split()
        told = await self.ask("clerk", method, path, json=put(body, one, own))
        return told.status_code, told.text.replace(one, "?")


def put(part: Any, one: str, own: dict[str, str]) -> Any:
    if isinstance(part, str):
        return part.replace("{}", one).replace("{own stay}", own["own stay"])
    if isinstance(part, dict):
        return {name: put(value, one, own) for name, value in part.items()}
    return [put(value, one, own) for value in part] if isinstance(part, list) else part


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asking(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Asking]:
    async for one in made(tmp_path_factory.mktemp("asking") / "home"):
        house = Asking(**vars(one))
        house.desk.clock.set(0.0)  # or a minute goes by between two answers
        rules = house.desk.engine.hospital.house
        house.desk.engine.hospital.house = replace(rules, lounge_places=9)
        why = {"reason_code": "maintenance", "reason": "the lamp over the bed"}
        assert (await house.post("manager", f"/beds/{CLOSED_BED}/close", why)).is_success
        house.real = await fill_other_ward(house)
        compact(house)
        yield house


def nobodys(kind: str, chance: random.Random) -> str:
    """Of the same form, and of nothing."""
    if kind == "event":
        return str(uuid.UUID(int=chance.getrandbits(128), version=4))
    if kind == "patient":
        return f"NOBODY-{chance.randrange(10**6)}"
    return f"{kind[0].upper()}{chance.randrange(10**5, 10**9)}"


def test_every_route_that_takes_an_id_of_a_patients_is_asked() -> None:
    asked = {way.replace("{own stay}", "{}") for _, way, _ in EVERY}
    for way, (kind, _) in ROUTES.items():
        if kind in ("patient", "on patient"):
            assert re.sub(r"\{\w+\}", "{}", way) in asked, way


ALL = [pytest.mark.long, pytest.mark.timeout(900)]


@OF_ONE_LAKE
@pytest.mark.parametrize(
    ("way_count", "made_up_count"),
    [pytest.param(1, len(EVERY), id="each once"), pytest.param(99, 1000, marks=ALL, id="all ways")],
)
async def test_no_id_of_another_ward_is_answered_otherwise_than_one_that_never_was(
    asking: Asking, way_count: int, made_up_count: int
) -> None:
    """To look an id up takes some 40 ms, so that the quick run asks each real one once; but for
    who lies there now."""
    chance = random.Random(SEED)  # noqa: S311 - no secret
    never: dict[str, set[tuple[int, str]]] = {}
    for nth in range(made_up_count):
        kind, way, body = EVERY[nth % len(EVERY)]
        answer = await asking.answer(way, body, nobodys(kind, chance))
        never.setdefault(f"{way} {body}", set()).add(answer)
    real = [(kind, one) for kind, ids in asking.real.items() for one in ids]
    assert len(real) >= 100
    wrong = []
    for kind, one in real:
        count = len(WAYS[kind]) if one in (OTHERS, asking.ids["stay W2"]) else way_count
        for way, body in chance.sample(WAYS[kind], min(count, len(WAYS[kind]))):
            answer = await asking.answer(way, body, one)
            if {answer} != never[f"{way} {body}"]:
                wrong.append((way, body, one, answer))
    assert wrong == []


@OF_ONE_LAKE
async def test_a_refused_booking_says_of_all_patients_of_other_wards_the_same(
    asking: Asking,
) -> None:
    """That somebody is in the hospital cannot be hidden from who would book a second bed; nothing
    else is told, and no other bed than to anybody."""
    told: dict[tuple[str, ...], set[str]] = {}
    for one in [*asking.real["patient"], f"{OTHERS}-B", "NOBODY-9"]:
        for bed_id, admit in ((OWN_BED, True), (TAKEN_BED, True), (TAKEN_BED, False)):
            body = {"bed_id": bed_id, "patient_ref": "{}", "admit": admit}
            body |= {"needs": {"sex": "male"}, "ends_at": "2199-01-01T00:00:00Z"}
            status, text = await asking.answer("POST /bookings", body, one)
            assert status == 409
            assert "W2" not in re.sub(r'"alternatives":\[.*?\]', "", text), (one, text)
            assert not re.search(r"OTHER|germ_of_w2", text)
            rules = json.loads(text)["rules"]
            told.setdefault((f"{bed_id} {admit}", *rules), set()).add(text)
    assert {len(texts) for texts in told.values()} == {1}
    of_patients = {rule for _, *rules in told for rule in rules if rule.startswith("patient")}
    assert of_patients == {"patient_in_other_bed", "patient_reserved_elsewhere"}
