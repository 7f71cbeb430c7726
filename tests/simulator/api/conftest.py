"""What tests of the API share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from lake.places import Places
from lake.vocabulary import Role
from simulator.writer.audit import Trail
from tests.simulator.api.audited import OTHER, OWN, Ward
from tests.simulator.api_client import make_desk, serving
from tests.simulator.people import WORD, Clock, gate_in


@pytest_asyncio.fixture
async def ward(tmp_path: Path) -> AsyncIterator[Ward]:
    clock = Clock()
    gate = gate_in(tmp_path, clock)
    for name, role in (("viewer", Role.VIEWER), ("clerk", Role.CLERK), ("manager", Role.MANAGER)):
        gate.people.add(name, [role], ["W1"] if role is Role.CLERK else [], password=WORD)
    places = Places(tmp_path, str(tmp_path / "lake"))
    desk, trail = make_desk(places), Trail(places, "snr")
    async with serving(desk, gate, trail) as api:
        ward = Ward(api, gate, desk, trail, places, clock)
        for name in ("viewer", "clerk", "manager"):
            assert (await ward.sign_in(name)).status_code == 201
        for ward_id, patient in (("W1", OWN), ("W2", OTHER)):
            body = {"bed_id": f"{ward_id}-101-A", "patient_ref": patient, "admit": True,
                    "needs": {"sex": "female"}, "note": "comes"}  # fmt: skip
            answer = await ward.ask("manager", "POST /bookings", json=body)
            assert answer.status_code == 201, answer.text
        yield ward
