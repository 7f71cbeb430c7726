"""Fifty clients want the same bed at the same time: one gets it."""

import asyncio
from collections import Counter

import pytest

from tests.simulator.api_client import make_desk, serving

CLIENTS = 50
LONG = [pytest.mark.long, pytest.mark.timeout(900)]
BED = "W1-101-A"


def hour(number: int) -> str:
    return f"2100-{1 + number // 600:02d}-{1 + number // 24 % 25:02d}T{number % 24:02d}:00:00Z"


@pytest.mark.parametrize("rounds", [20, pytest.param(1000, marks=LONG)])
async def test_of_fifty_who_want_the_same_bed_at_the_same_time_one_gets_it(
    places, rounds: int
) -> None:
    async with serving(make_desk(places)) as api:
        for turn in range(rounds):
            wish = {"bed_id": BED, "starts_at": hour(turn), "ends_at": hour(turn + 1)}
            answers = await asyncio.gather(
                *(
                    api.post("/bookings", json={**wish, "patient_ref": f"MRN-{client}"})
                    for client in range(CLIENTS)
                )
            )
            counted = Counter(answer.status_code for answer in answers)
            # The interval of the turn before only touches this one, and stands.
            assert counted == {201: 1, 409: CLIENTS - 1}
        held = await api.get("/bookings", params={"bed_id": BED, "limit": 1000})
        assert len(held.json()["items"]) == rounds


async def test_intervals_that_only_touch_are_both_booked(places) -> None:
    async with serving(make_desk(places)) as api:
        wishes = [
            {"bed_id": BED, "patient_ref": f"MRN-{n}", "starts_at": hour(n), "ends_at": hour(n + 1)}
            for n in range(2)
        ]
        answers = await asyncio.gather(*(api.post("/bookings", json=wish) for wish in wishes))
        assert [answer.status_code for answer in answers] == [201, 201]
