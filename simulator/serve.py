"""`python -m simulator.serve`: the API process, the one writer of the event log."""

import gc
import sys

import uvicorn
from pydantic import ValidationError
from pydantic_settings import SettingsError

from lake import logs
from lake.auth import Auth
from lake.errors import LakeError
from lake.places import Places
from lake.reach import Reach, refuse_a_demo
from lake.tables import Owner
from lake.upkeep.ownership import own
from simulator.access.gate import Gate
from simulator.api.app import create_app
from simulator.plan import HospitalPlan, read_plan
from simulator.settings import ApiSettings
from simulator.world.live import SimulatedHospital
from simulator.writer.audit import Trail
from simulator.writer.clock import wall_now
from simulator.writer.desk import Desk
from simulator.writer.vouching import Vouching

GARBAGE = 50_000, 20, 100
"""Python looks through all that lives each time that so many objects are new: at its defaults that
took a third of a booking's time, in vain, since hardly any of ours refer to each other."""


def main() -> int:
    logs.to_standard_error()
    try:
        serve()
    except LakeError as error:
        sys.stderr.write(f"{error}\n{error.fix}\n")
        return 1
    except (ValidationError, SettingsError) as error:
        sys.stderr.write(f"A setting is wrong: {error}\n")
        return 1
    return 0


def serve() -> None:
    gc.set_threshold(*GARBAGE)
    settings, places, reach = ApiSettings(), Places.from_settings(), Reach()
    refuse_a_demo(places, reach)
    plan = read_plan(settings.hospital_file)
    with own(places, Owner.ENGINE, "the booking API"):
        desk = desk_of(places, settings, plan)
        config = uvicorn.Config(
            create_app(
                desk,
                gate_of(places, reach.auth),
                trail_of(places, plan, reach.auth),
                vouching_of(places, settings, plan),
                reach,
            ),
            host=reach.bind,
            port=settings.api_port,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            timeout_graceful_shutdown=3,
        )
        uvicorn.Server(config).run()


def gate_of(places: Places, auth: Auth) -> Gate | None:
    """None: nobody signs in."""
    return Gate.at(places.people, wall_now) if auth is Auth.ON else None


def trail_of(places: Places, plan: HospitalPlan, auth: Auth) -> Trail | None:
    """None: where nobody signs in nobody is known."""
    return Trail(places, plan.hospital_id) if auth is Auth.ON else None


def vouching_of(places: Places, settings: ApiSettings, plan: HospitalPlan) -> Vouching:
    folder = settings.checkpoint_dir or places.signed_checkpoints
    return Vouching(folder, places.secrets, plan.hospital_id)


def desk_of(places: Places, settings: ApiSettings, plan: HospitalPlan) -> Desk:
    simulated = SimulatedHospital(plan, settings.seed, is_acting=settings.simulator)
    return Desk(places, settings, plan, simulated)


if __name__ == "__main__":
    sys.exit(main())
