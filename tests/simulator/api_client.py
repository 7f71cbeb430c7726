"""An API around a small live lake in a temporary home, called without a network."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from lake.places import Places
from simulator.access.gate import Gate
from simulator.api.app import create_app
from simulator.plan import Assumptions, HospitalPlan, Rooms, Ward
from simulator.serve import desk_of
from simulator.settings import ApiSettings
from simulator.writer.audit import Trail
from simulator.writer.desk import Desk

ASSUMPTIONS = Assumptions(
    isolation_share=0.1,
    reservation_no_show_share=0.1,
    reservation_cancelled_share=0.1,
    transfer_share=0.1,
    note_per_stay_day=2,
    closed_bed_share=0.05,
    closure_hours=5,
    weekend_discharge_factor=0.6,
    death_share=0.02,
    other_hospital_share=0.03,
    response_minutes=(20, 5),
    clean_minutes=(30, 5),
    isolation_clean_factor=1.5,
    wait_hours_before_diversion=12,
    demand_factor=1,
    wait_hours_before_override=4,
    override_share=0.1,
    override_reviewed_share=0.5,
    correction_share=0.05,
    discharge_confirmed_share=0.5,
)


def small_plan(**assumed: float) -> HospitalPlan:
    """Two wards with four beds each; `assumed` instead of the assumptions above."""
    rooms = (Rooms(room_class="general", rooms=2, beds=2),)
    wards = tuple(
        Ward(
            ward_id=ward_id,
            name=f"Ward {ward_id}",
            specialty="general_medicine",
            first_room=101,
            rooms=rooms,
            stay_days=(2.0, 2.0),
            occupancy_percent=60,
        )
        for ward_id in ("W1", "W2")
    )
    return HospitalPlan(
        hospital_id="snr",
        name="Test",
        time_zone="Asia/Kolkata",
        wards=wards,
        assumptions=ASSUMPTIONS.model_copy(update=assumed),
    )


def make_desk(places: Places, plan: HospitalPlan | None = None, **settings: Any) -> Desk:
    settings = {"simulator": False, "history_days": 2} | settings
    return desk_of(places, ApiSettings(**settings), plan or small_plan())


@asynccontextmanager
async def serving(
    desk: Desk, gate: Gate | None = None, trail: Trail | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """The desk is opened, so that a test sees its failure; the app only closes it. `gate` None:
    nobody signs in, `trail` None: nothing of who is shown what is recorded."""
    await desk.open()
    if trail is not None:
        await trail.open()
    transport = httpx.ASGITransport(create_app(desk, gate, trail), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        try:
            yield client
        finally:
            await desk.close()
            if trail is not None:
                await trail.close()
