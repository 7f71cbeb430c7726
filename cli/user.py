"""`./snr user`: who may sign in, and as what."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from cli.access import gate, role
from lake.errors import LakeError
from lake.vocabulary import Role
from simulator.access.people import Person
from simulator.plan import read_plan
from simulator.settings import ApiSettings

FOR_ONCE = "Password, for once (a new one is asked for at the first sign-in):"


def add(name: str, roles: Sequence[str], wards: Sequence[str]) -> None:
    _refuse_unknown(wards)
    as_roles = [role(word) for word in roles]
    if Role.CLERK in as_roles and not wards:
        raise LakeError("A clerk has own wards.", "Name them: --ward W1 --ward W2")
    with gate() as opened:
        word = opened.people.add(name, as_roles, wards)
    print(f"{name.strip().lower()} is {', '.join(as_roles)}. {FOR_ONCE} {word}")


def set_roles(name: str, roles: Sequence[str], hours: float | None) -> None:
    as_roles = [role(word) for word in roles]
    with gate() as opened:
        if hours is None:
            opened.people.set_roles(name, as_roles)
            print(f"{name} is {', '.join(as_roles)}.")
        else:
            for one in as_roles:
                until = opened.people.let_act(name, one, hours)
                print(f"{name} is {one} too, until {until:%Y-%m-%d %H:%M} UTC.")


def set_wards(name: str, wards: Sequence[str]) -> None:
    _refuse_unknown(wards)
    with gate() as opened:
        opened.people.set_wards(name, wards)
    print(f"Own wards of {name}: {', '.join(wards) or 'none'}.")


def disable(name: str) -> None:
    with gate() as opened:
        opened.people.disable(name)
    print(f"{name} can sign in no more.")


def reset(name: str) -> None:
    with gate() as opened:
        word = opened.people.reset(name)
    print(f"{FOR_ONCE} {word}")


def show_all() -> None:
    with gate() as opened:
        people = opened.people.all()
    table = Table("name", "roles", "wards", "state")
    for one in people:
        table.add_row(one.name, _roles(one), ", ".join(sorted(one.wards)), _state(one))
    Console(soft_wrap=True).print(table)


def _roles(person: Person) -> str:
    acting = dict(person.acting)
    return ", ".join(
        f"{each} until {acting[each]:%Y-%m-%d %H:%M} UTC" if each in acting else each
        for each in sorted(person.roles)
    )


def _state(person: Person) -> str:
    if person.is_disabled:
        return "disabled"
    return "has not signed in yet" if person.has_one_time_password else ""


def _refuse_unknown(wards: Sequence[str]) -> None:
    """Raises LakeError."""
    known = {ward.ward_id for ward in read_plan(ApiSettings().hospital_file).wards}
    for ward_id in wards:
        if ward_id not in known:
            raise LakeError(
                f"There is no ward {ascii(ward_id)[:40]} in hospital.toml.",
                f"One of: {', '.join(sorted(known, key=lambda one: (len(one), one)))}.",
            )
