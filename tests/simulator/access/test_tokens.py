"""Tokens of services: shown once, for what they are for, until they end."""

import pytest

from lake.vocabulary import Role
from simulator.access.errors import NotSignedIn
from simulator.access.gate import HOLDS
from simulator.access.tokens import Scope
from simulator.domain.errors import Forbidden, InvalidRequest, NotThere
from tests.simulator.people import header


def test_a_token_is_kept_as_a_digest_and_says_who_calls(gate, tmp_path) -> None:
    token = gate.tokens.add("hl7", Role.CLERK, wards=["W1"])
    kept = b"".join(one.read_bytes() for one in (tmp_path / "secrets").iterdir())
    assert token.encode() not in kept
    caller = gate.caller(header(token))
    [known] = gate.tokens.all()
    assert caller.who.actor == f"token:hl7.{known.token_id}"
    assert (caller.who.roles, caller.who.wards) == ({Role.CLERK}, {"W1"})
    assert caller.session is None


def test_a_token_is_for_what_it_is_for(gate) -> None:
    caller = gate.caller(header(gate.tokens.add("x", Role.MANAGER, scopes=[Scope.READ])))
    caller.must_have(Scope.READ)
    for scope in (Scope.WRITE, Scope.METRICS):
        with pytest.raises(Forbidden, match=scope):
            caller.must_have(scope)


def test_a_token_ends_when_it_was_to_end(gate, clock) -> None:
    token = gate.tokens.add("x", Role.VIEWER, days=1)
    gate.caller(header(token))
    clock.go_on(days=1)
    with pytest.raises(NotSignedIn):
        gate.caller(header(token))


def test_a_token_that_is_revoked_holds_seconds_longer_at_most(gate, clock) -> None:
    token = gate.tokens.add("x", Role.VIEWER)
    gate.caller(header(token))
    gate.tokens.revoke(gate.tokens.all()[0].token_id)
    clock.at += HOLDS
    with pytest.raises(NotSignedIn):
        gate.caller(header(token))
    with pytest.raises(NotThere):
        gate.tokens.revoke(gate.tokens.all()[0].token_id)


def test_the_old_and_the_new_token_hold_together_for_a_while(gate, clock) -> None:
    old = gate.tokens.add("x", Role.CLERK, wards=["W1"], scopes=[Scope.WRITE], days=10)
    new = gate.tokens.rotate(gate.tokens.all()[0].token_id, overlap_hours=2)
    who = [gate.caller(header(token)).who for token in (old, new)]
    assert who[0].roles == who[1].roles == {Role.CLERK}
    assert who[0].wards == who[1].wards == {"W1"}
    assert gate.caller(header(new)).scopes == {Scope.WRITE}
    clock.go_on(hours=2)
    gate.caller(header(new))
    with pytest.raises(NotSignedIn):
        gate.caller(header(old))
    with pytest.raises(NotThere):
        gate.tokens.rotate(gate.tokens.all()[0].token_id)


def test_when_a_token_was_used_last_is_written_down(gate, clock) -> None:
    token = gate.tokens.add("x", Role.VIEWER)
    gate.caller(header(token))
    gate.keep_up()
    assert [one.last_used_at for one in gate.tokens.all()] == [clock()]


@pytest.mark.parametrize(
    ("label", "role", "days"),
    [
        ("", Role.VIEWER, 1),
        ("x" * 61, Role.VIEWER, 1),
        ("x", Role.SYSTEM, 1),
        ("x", Role.VIEWER, 0),
    ],
)
def test_a_token_that_cannot_be_meant_is_refused(gate, label, role, days) -> None:
    with pytest.raises(InvalidRequest):
        gate.tokens.add(label, role, days=days)
