"""Who can sign in after the first start, and that it is told this once and at once."""

import io
import re
from collections.abc import Iterator
from contextlib import redirect_stdout

import pytest

from cli import first_people
from lake.places import Places
from lake.vocabulary import Role
from simulator.access.errors import NewPasswordNeeded, NotSignedIn
from simulator.access.gate import Gate
from simulator.writer.clock import wall_now

NEXT = "a long walk home"


@pytest.fixture
def gate(places: Places) -> Iterator[Gate]:
    gate = Gate.at(places.people, wall_now)
    yield gate
    gate.store.close()


def introduced(places: Places, *, is_demo: bool) -> tuple[bool, str]:
    """Whether anybody was, and what a log has of it at once."""
    there = io.BytesIO()
    text = io.TextIOWrapper(there, encoding="utf-8")
    with redirect_stdout(text):
        is_new = first_people.introduce(places, is_demo=is_demo)
    told = there.getvalue().decode()
    text.detach()
    return is_new, told


def test_in_a_demo_one_of_each_role_is_told_once(places: Places, gate: Gate) -> None:
    is_new, text = introduced(places, is_demo=True)
    told = dict(re.findall(r"│ (\w+)\s+│ (\S+)", text))
    assert is_new
    assert [*told] == ["viewer", "clerk", "manager", "admin"]
    for name, word in told.items():
        session = gate.sessions.sign_in(name, word, None, None).session
        assert session.person.is_demo
        assert session.person.roles == {Role(name)}
        assert len(session.person.wards) == (first_people.CLERKS_WARDS if name == "clerk" else 0)
    assert introduced(places, is_demo=True) == (False, "")


def test_elsewhere_one_admin_has_a_password_for_once(places: Places, gate: Gate) -> None:
    """A start that goes to a log and is killed has told it too."""
    is_new, text = introduced(places, is_demo=False)
    [word] = re.findall(r"Sign in as admin, .* for once: (\S+)", text)
    assert is_new
    [admin] = gate.people.all()
    assert (admin.name, admin.roles, admin.is_demo) == ("admin", {Role.ADMIN}, False)
    with pytest.raises(NewPasswordNeeded):
        gate.sessions.sign_in("admin", word, None, None)
    assert gate.sessions.sign_in("admin", word, NEXT, None).session.person.roles == {Role.ADMIN}
    assert introduced(places, is_demo=False) == (False, "")


def test_the_dashboard_has_another_token_at_each_start(places: Places, gate: Gate) -> None:
    first, second = (first_people.dashboard_token(places) for _ in range(2))
    assert gate.caller(f"Bearer {second}").is_dashboard
    with pytest.raises(NotSignedIn):
        gate.caller(f"Bearer {first}")
