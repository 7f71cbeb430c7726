"""Who may sign in: added, given roles and wards, disabled, and let in again."""

import sqlite3
import stat

import pytest

from lake.vocabulary import Role
from simulator.access.gate import Gate
from simulator.domain.errors import InvalidRequest, NotThere


def test_a_first_password_is_for_once_and_is_kept_as_argon2id(gate, tmp_path) -> None:
    word = gate.people.add("Asha.Rao", [Role.CLERK], ["W1", "W2"])
    [person] = gate.people.all()
    assert (person.name, person.roles, person.wards) == ("asha.rao", {Role.CLERK}, {"W1", "W2"})
    assert person.has_one_time_password
    assert gate.people.password_of("asha.rao")[0].startswith("$argon2id$")
    file = tmp_path / "secrets" / "people.sqlite"
    assert word.encode() not in b"".join(one.read_bytes() for one in file.parent.iterdir())


def test_the_file_is_the_owners_alone(gate, tmp_path) -> None:
    folder = tmp_path / "secrets"
    gate.people.add("asha", [Role.ADMIN])
    modes = {stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()}
    assert (stat.S_IMODE(folder.stat().st_mode), modes) == (0o700, {0o600})


@pytest.mark.parametrize("name", ["", "a", "Asha Rao", "asha;", "x" * 41, "åsa", "-asha"])
def test_a_name_that_cannot_be_typed_everywhere_is_refused(gate, name) -> None:
    with pytest.raises(InvalidRequest, match="a name to sign in with"):
        gate.people.add(name, [Role.VIEWER])


def test_a_name_is_given_once(gate) -> None:
    gate.people.add("asha", [Role.VIEWER])
    with pytest.raises(InvalidRequest, match="somebody named asha"):
        gate.people.add("ASHA", [Role.ADMIN])
    assert [person.roles for person in gate.people.all()] == [{Role.VIEWER}]


def test_a_role_of_the_house_is_no_persons(gate) -> None:
    with pytest.raises(InvalidRequest, match="no role of people"):
        gate.people.add("asha", [Role.SYSTEM])
    assert gate.people.all() == []


@pytest.mark.parametrize(
    "undo",
    [
        lambda people: people.disable("root"),
        lambda people: people.set_roles("root", [Role.MANAGER]),
    ],
)
def test_the_last_admin_stays_one(gate, undo) -> None:
    gate.people.add("root", [Role.ADMIN])
    gate.people.add("asha", [Role.MANAGER])
    gate.people.let_act("asha", Role.ADMIN, hours=4)
    with pytest.raises(InvalidRequest, match="the last admin"):
        undo(gate.people)
    assert gate.people.find("root").roles == {Role.ADMIN}
    gate.people.add("second", [Role.ADMIN])
    undo(gate.people)


def test_an_acting_role_ends_by_itself(gate, clock) -> None:
    gate.people.add("asha", [Role.CLERK], ["W1"])
    gate.people.let_act("asha", Role.MANAGER, hours=8)
    assert gate.people.find("asha").roles == {Role.CLERK, Role.MANAGER}
    clock.go_on(hours=8)
    assert gate.people.find("asha").roles == {Role.CLERK}


@pytest.mark.parametrize("hours", [0, -1, 73, float("nan"), float("inf")])
def test_nobody_acts_for_no_time_or_for_ever(gate, hours) -> None:
    gate.people.add("asha", [Role.CLERK])
    with pytest.raises(InvalidRequest, match="hours"):
        gate.people.let_act("asha", Role.MANAGER, hours)


def test_who_is_not_there_cannot_be_changed(gate) -> None:
    for change in (
        lambda: gate.people.disable("nobody"),
        lambda: gate.people.reset("nobody"),
        lambda: gate.people.set_wards("nobody", ["W1"]),
        lambda: gate.people.set_roles("nobody", [Role.VIEWER]),
    ):
        with pytest.raises(NotThere, match="nobody named"):
            change()


def test_what_two_commands_write_at_once_is_written_after_each_other(gate, tmp_path) -> None:
    other = Gate.at(tmp_path / "secrets" / "people.sqlite", gate.clock)
    gate.people.add("asha", [Role.VIEWER])
    other.people.add("ravi", [Role.ADMIN])
    assert [person.name for person in gate.people.all()] == ["asha", "ravi"]
    with pytest.raises(sqlite3.IntegrityError), gate.store.writing() as db:
        db.execute("INSERT INTO roles VALUES ('nobody', 'admin', NULL)")
    other.store.close()
