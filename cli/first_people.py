"""Who can sign in after the first start: in a demo one of each role, elsewhere one admin."""

import sys

from rich.console import Console
from rich.table import Table

from lake.places import Places
from lake.vocabulary import Role
from simulator.access.gate import DASHBOARD, Gate
from simulator.access.secret_words import one_time_password
from simulator.access.tokens import Scope
from simulator.plan import read_plan
from simulator.settings import ApiSettings
from simulator.writer.clock import wall_now

DEMO = {
    "viewer": (Role.VIEWER, "looks"),
    "clerk": (Role.CLERK, "books on own wards"),
    "manager": (Role.MANAGER, "books everywhere, overrides, closes, reviews"),
    "admin": (Role.ADMIN, "registers beds, runs the simulated hospital"),
}
CLERKS_WARDS = 2


def dashboard_token(places: Places) -> str:
    """For what the dashboard reads in nobody's name; another one at each start."""
    gate = Gate.at(places.people, wall_now)
    try:
        return gate.tokens.renew(DASHBOARD, Role.VIEWER, [Scope.READ])
    finally:
        gate.store.close()


def introduce(places: Places, *, is_demo: bool) -> bool:
    """Makes the first people, and says how they sign in: this once; whether it did."""
    gate = Gate.at(places.people, wall_now)
    try:
        if gate.people.all():
            return False
        if is_demo:
            _make_demo_users(gate)
        else:
            word = gate.people.add("admin", [Role.ADMIN])
            print(f"Sign in as admin, with this password for once: {word}", flush=True)
            print("Then: ./snr user add NAME --role clerk --ward W1", file=sys.stderr)
        return True
    finally:
        gate.store.close()


def _make_demo_users(gate: Gate) -> None:
    wards = [ward.ward_id for ward in read_plan(ApiSettings().hospital_file).wards]
    table = Table("sign in as", "password", "who", title="Demo users, shown this once")
    for name, (role, what) in DEMO.items():
        own = wards[:CLERKS_WARDS] if role is Role.CLERK else []
        word = gate.people.add(name, [role], own, one_time_password(), is_demo=True)
        table.add_row(name, word, f"{what}: {', '.join(own)}" if own else what)
    Console(file=sys.stdout, soft_wrap=True).print(table)
