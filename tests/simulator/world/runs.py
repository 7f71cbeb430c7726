"""Runs of the simulated hospital of hospital.toml, on an engine without a log."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from lake.places import CHECKOUT
from lake.vocabulary import DisplayStatus, Source
from simulator.domain.hospital import Hospital
from simulator.domain.principals import unasked
from simulator.domain.requests import BedRequest
from simulator.domain.rules.soft import Wish, breaches
from simulator.plan import HospitalPlan, read_plan
from simulator.world.people import People
from simulator.writer.clock import HospitalClock, wall_now
from simulator.writer.engine import Context, Engine, Row
from tests.simulator.world.figures import Idle

START = datetime(2026, 1, 5, tzinfo=UTC)
SHORT = (207, 20)
"""The run that most tests look at: seed and days."""
HOUR = timedelta(hours=1)
STAFFS = Context(Source.SIMULATOR, unasked("simulator"))


@cache
def plan() -> HospitalPlan:
    return read_plan(Path(CHECKOUT) / "hospital.toml")


@dataclass
class Run:
    """`idle`: beds that stood free hour by hour while somebody waited for one like them."""

    engine: Engine
    rows: list[Row] = field(default_factory=list)
    idle: Idle = field(default_factory=list)
    end: datetime = START

    def execute(self, command, at, context=STAFFS):
        self.engine.clock.set(0.0, at)
        made = self.engine.stage(command, context)
        self.rows.extend(made)
        return made

    def live(self, world: People, hours: int) -> None:
        for _ in range(hours):
            self.end += HOUR
            world.advance(self.end)
            self.idle.append(idle(self.engine.hospital, self.end))


def an_engine() -> Engine:
    clock = HospitalClock(START, wall_now(), 0.0, "UTC")
    return Engine("snr", Hospital(house=plan().house), clock, b"salt")


def opened(engine: Engine | None = None) -> Run:
    """With its beds, and nobody in them."""
    run = Run(engine or an_engine())
    for bed in plan().beds():
        run.execute(bed, START)
    return run


def world_of(run: Run, seed: int | str, **assumed: float) -> People:
    """`assumed` instead of the assumptions of hospital.toml."""
    assumptions = plan().assumptions.model_copy(update=assumed)
    there = plan().model_copy(update={"assumptions": assumptions})
    return People(there, seed, lambda: run.engine.hospital, run.execute)


def simulate(seed: int, days: int, engine: Engine | None = None, **assumed: float) -> Run:
    run = opened(engine)
    world = world_of(run, seed, **assumed)
    world.open_doors(START)
    run.live(world, 24 * days)
    return run


lived = cache(simulate)
"""For tests that only look."""


def idle(hospital: Hospital, now: datetime) -> set[tuple[str, str]]:
    """Rooms for isolation stand idle for those who need it."""
    waiting = [request for request in hospital.requests.values() if request.wanted_from <= now]
    free = [
        bed
        for bed in hospital.registered_beds
        if waiting and hospital.display_status(bed, now) is DisplayStatus.AVAILABLE
    ]
    return {
        (request.bed_request_id, bed.bed_id)
        for request in waiting
        for bed in free
        if bed.ward_id == request.ward_id
        and (bed.room_class != "isolation" or request.needs.isolation)
        and not breaches(hospital, wish(hospital, request, bed, now))
    }


def wish(hospital: Hospital, request: BedRequest, bed, now: datetime) -> Wish:
    stay = hospital.stay_of(request.patient_ref)
    needs = hospital.needs_with(stay, request.needs) if stay else request.needs
    besides = frozenset({stay.booking_id}) if stay else frozenset()
    return Wish(bed, request.patient_ref, needs, now, now + HOUR, now, True, besides)
