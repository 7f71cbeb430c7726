"""Signing in, by password and by PIN; what locks a session and what ends it."""

from collections.abc import Callable

import pytest

from lake.vocabulary import Role
from simulator.access.errors import NewPasswordNeeded, NotSignedIn, WrongPassword
from simulator.access.gate import HOLDS, Gate
from simulator.domain.errors import InvalidRequest
from tests.simulator.people import WORD, header


@pytest.fixture
def asha(gate):
    gate.people.add("asha", [Role.CLERK], ["W1"], password=WORD)
    return gate


def test_a_one_time_password_is_replaced_as_it_is_used(gate) -> None:
    word = gate.people.add("asha", [Role.VIEWER])
    with pytest.raises(NewPasswordNeeded):
        gate.sessions.sign_in("asha", word, None, None)
    with pytest.raises(WrongPassword, match="old one"):
        gate.sessions.sign_in("asha", word, word, None)
    opened = gate.sessions.sign_in("Asha ", word, WORD, None)
    assert gate.caller(header(opened.secret)).who.actor == "asha"
    with pytest.raises(WrongPassword):
        gate.sessions.sign_in("asha", word, None, None)


def meanwhile(monkeypatch: pytest.MonkeyPatch, gate: Gate, what: Callable[[], object]) -> None:
    """While the next password is hashed, which takes a while, something else happens."""
    of = gate.hashes.of

    def slowly(word: str) -> str:
        monkeypatch.setattr(gate.hashes, "of", of)
        what()
        return of(word)

    monkeypatch.setattr(gate.hashes, "of", slowly)


def test_of_two_who_use_a_one_time_password_at_once_one_does(gate, monkeypatch) -> None:
    word = gate.people.add("asha", [Role.MANAGER])
    sign_in = gate.sessions.sign_in
    meanwhile(monkeypatch, gate, lambda: sign_in("asha", word, "the first that was", None))
    with pytest.raises(WrongPassword):
        sign_in("asha", word, "the second that was", None)
    sign_in("asha", "the first that was", None, None)


def test_a_password_that_is_reset_is_not_the_one_that_was_being_chosen(asha, monkeypatch) -> None:
    """Whoever resets it may do so because somebody else knows it."""
    opened = asha.sessions.sign_in("asha", WORD, None, None)
    sessions, stolen = asha.sessions, "what a thief chose"
    for change in (
        lambda session: sessions.change_password(session, WORD, stolen),
        lambda _: sessions.sign_in("asha", WORD, stolen, None),
    ):
        words: list[str] = []
        meanwhile(monkeypatch, asha, lambda words=words: words.append(asha.people.reset("asha")))
        with pytest.raises(WrongPassword):
            change(opened.session)
        opened = asha.sessions.sign_in("asha", words[0], WORD, None)
    asha.people.reset("asha")
    with pytest.raises(WrongPassword):
        sessions.change_password(opened.session, WORD, stolen)


def test_a_password_is_changed_as_one_signs_in_and_ends_what_else_is_open(asha) -> None:
    before = asha.sessions.sign_in("asha", WORD, None, None)
    after = asha.sessions.sign_in("asha", WORD, "another long walk", None)
    assert asha.sessions.find(before.secret) is None
    assert asha.sessions.find(after.secret) is not None
    with pytest.raises(WrongPassword):
        asha.sessions.sign_in("asha", WORD, None, None)
    asha.sessions.sign_in("asha", "another long walk", None, None)


@pytest.mark.parametrize("new", ["short", "aaaaaaaaaaaa", "asha12345", "x" * 201])
def test_a_password_that_is_easily_guessed_is_refused(gate, new) -> None:
    word = gate.people.add("asha", [Role.VIEWER])
    with pytest.raises(InvalidRequest, match="new_password"):
        gate.sessions.sign_in("asha", word, new, None)


def test_whether_there_is_such_a_name_cannot_be_told(asha) -> None:
    told = set()
    for name in ("asha", "nobody", "", "ASHA'; --"):
        asha.hashes.hasher.verified = 0
        with pytest.raises(WrongPassword) as wrong:
            asha.sessions.sign_in(name, "wrong", None, None)
        told.add((str(wrong.value), asha.hashes.hasher.verified))
    assert told == {("The name or the password is wrong.", 1)}


def test_of_a_secret_only_the_digest_is_kept(asha, tmp_path) -> None:
    opened = asha.sessions.sign_in("asha", WORD, None, None)
    kept = b"".join(one.read_bytes() for one in (tmp_path / "secrets").iterdir())
    assert opened.secret.encode() not in kept
    assert opened.device_secret.encode() not in kept


@pytest.mark.parametrize(
    "change",
    [
        lambda people: people.disable("asha"),
        lambda people: people.set_roles("asha", [Role.VIEWER]),
        lambda people: people.set_wards("asha", ["W2"]),
        lambda people: people.reset("asha"),
        lambda people: people.let_act("asha", Role.MANAGER, 4),
    ],
)
def test_a_session_ends_with_what_it_was_given_for(asha, clock, change) -> None:
    opened = asha.sessions.sign_in("asha", WORD, None, None)
    asha.sessions.set_pin(opened.session, opened.device_secret, "4821")
    asha.caller(header(opened.secret))
    change(asha.people)
    clock.at += HOLDS
    with pytest.raises(NotSignedIn):
        asha.caller(header(opened.secret))
    with pytest.raises(NotSignedIn, match="password"):
        asha.sessions.sign_in_with_pin(opened.device_secret, "asha", "4821")


def test_an_acting_role_ends_within_seconds(asha, clock) -> None:
    asha.people.let_act("asha", Role.MANAGER, hours=1)
    opened = asha.sessions.sign_in("asha", WORD, None, None)
    assert asha.caller(header(opened.secret)).who.is_manager
    clock.go_on(minutes=59)
    asha.sessions.touch(opened.session)
    clock.go_on(minutes=1, seconds=2)
    assert not asha.caller(header(opened.secret)).who.is_manager


def test_a_session_that_nobody_touches_is_locked_after_a_quarter_of_an_hour(asha, clock) -> None:
    opened = asha.sessions.sign_in("asha", WORD, None, None)
    clock.go_on(minutes=14)
    asha.sessions.touch(opened.session)
    clock.go_on(minutes=14)
    asha.caller(header(opened.secret))
    clock.go_on(minutes=1)
    with pytest.raises(NotSignedIn, match="locked"):
        asha.caller(header(opened.secret))
    asha.sessions.prove(asha.session(header(opened.secret)), WORD)
    asha.forget()
    asha.caller(header(opened.secret))


def test_a_locked_session_lets_nobody_by(asha) -> None:
    opened = asha.sessions.sign_in("asha", WORD, None, None)
    asha.sessions.lock(opened.session)
    with pytest.raises(NotSignedIn, match="locked"):
        asha.caller(header(opened.secret))
    assert asha.session(header(opened.secret)).is_locked


def test_nobody_stays_signed_in_longer_than_a_shift(asha, clock) -> None:
    opened = asha.sessions.sign_in("asha", WORD, None, None)
    for _ in range(72):
        clock.go_on(minutes=10)
        asha.sessions.touch(opened.session)
    with pytest.raises(NotSignedIn):
        asha.session(header(opened.secret))


def test_a_pin_opens_a_session_on_the_device_alone(asha) -> None:
    opened = asha.sessions.sign_in("asha", WORD, None, None)
    asha.sessions.set_pin(opened.session, opened.device_secret, "4821")
    assert asha.sessions.names_on(opened.device_secret) == ["asha"]
    again = asha.sessions.sign_in_with_pin(opened.device_secret, "asha", "4821")
    assert asha.caller(header(again.secret)).who.actor == "asha"
    with pytest.raises(NotSignedIn):
        asha.sessions.sign_in_with_pin("another device", "asha", "4821")


def test_two_people_share_a_device_each_with_an_own_pin(asha) -> None:
    asha.people.add("ravi", [Role.CLERK], ["W1"], password="another long walk")
    first = asha.sessions.sign_in("asha", WORD, None, None)
    asha.sessions.set_pin(first.session, first.device_secret, "4821")
    second = asha.sessions.sign_in("ravi", "another long walk", None, first.device_secret)
    assert second.device_secret == first.device_secret
    asha.sessions.set_pin(second.session, second.device_secret, "1357")
    assert asha.sessions.names_on(first.device_secret) == ["asha", "ravi"]
    with pytest.raises(WrongPassword):
        asha.sessions.sign_in_with_pin(first.device_secret, "asha", "1357")
    opened = asha.sessions.sign_in_with_pin(first.device_secret, "ravi", "1357")
    assert opened.session.person.name == "ravi"


def test_a_device_that_is_not_known_gets_a_secret_of_its_own(asha) -> None:
    opened = asha.sessions.sign_in("asha", WORD, None, "snr_device_made_up")
    assert opened.device_secret != "snr_device_made_up"


def test_the_fifth_wrong_pin_ends_the_binding(asha) -> None:
    opened = asha.sessions.sign_in("asha", WORD, None, None)
    asha.sessions.set_pin(opened.session, opened.device_secret, "4821")
    for _ in range(4):
        with pytest.raises(WrongPassword):
            asha.sessions.sign_in_with_pin(opened.device_secret, "asha", "0000")
    with pytest.raises(NotSignedIn, match="Too many wrong PINs"):
        asha.sessions.sign_in_with_pin(opened.device_secret, "asha", "0000")
    with pytest.raises(NotSignedIn):
        asha.sessions.sign_in_with_pin(opened.device_secret, "asha", "4821")
    assert asha.sessions.names_on(opened.device_secret) == []


def test_a_pin_lapses_twelve_hours_after_the_password(asha, clock) -> None:
    opened = asha.sessions.sign_in("asha", WORD, None, None)
    asha.sessions.set_pin(opened.session, opened.device_secret, "4821")
    clock.go_on(hours=11)
    asha.sessions.sign_in_with_pin(opened.device_secret, "asha", "4821")
    clock.go_on(hours=1)
    with pytest.raises(NotSignedIn):
        asha.sessions.sign_in_with_pin(opened.device_secret, "asha", "4821")


def test_a_pin_is_no_password(asha, clock) -> None:
    """What asks for the password is not opened by a PIN."""
    opened = asha.sessions.sign_in("asha", WORD, None, None)
    asha.sessions.set_pin(opened.session, opened.device_secret, "4821")
    clock.go_on(minutes=6)
    again = asha.sessions.sign_in_with_pin(opened.device_secret, "asha", "4821")
    assert not again.session.is_proved_at(clock())
    asha.sessions.prove(again.session, WORD)
    assert asha.session(header(again.secret)).is_proved_at(clock())


@pytest.mark.parametrize("pin", ["123", "12a4", "", "1" * 13, "0000", "١٢٣٤"])
def test_a_pin_that_is_none_is_refused(asha, pin) -> None:
    opened = asha.sessions.sign_in("asha", WORD, None, None)
    with pytest.raises(InvalidRequest, match="pin"):
        asha.sessions.set_pin(opened.session, opened.device_secret, pin)


def test_the_oldest_of_many_sessions_ends(asha, clock) -> None:
    opened = []
    for _ in range(6):
        clock.go_on(seconds=1)
        opened.append(asha.sessions.sign_in("asha", WORD, None, None))
    with pytest.raises(NotSignedIn):
        asha.session(header(opened[0].secret))
    assert asha.session(header(opened[1].secret))


def test_another_password_ends_what_is_open(asha, clock) -> None:
    first = asha.sessions.sign_in("asha", WORD, None, None)
    second = asha.sessions.sign_in("asha", WORD, None, None)
    with pytest.raises(WrongPassword):
        asha.sessions.change_password(second.session, "wrong", "yet another walk")
    third = asha.sessions.change_password(second.session, WORD, "yet another walk")
    for one in (first, second):
        with pytest.raises(NotSignedIn):
            asha.session(header(one.secret))
    assert asha.session(header(third.secret)).person.name == "asha"


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Basic YTpi", "bearer x", "Bearer snr_session_x"],
)
def test_what_opens_nothing_lets_nobody_by(asha, authorization) -> None:
    with pytest.raises(NotSignedIn):
        asha.caller(authorization)


def test_what_has_ended_leaves_the_file(asha, clock) -> None:
    asha.sessions.sign_in("asha", WORD, None, None)
    clock.go_on(hours=13)
    asha.sessions.tidy()
    for table in ("sessions", "devices"):
        assert asha.store.rows(f"SELECT * FROM {table}") == []


def test_who_signs_in_after_the_clock_was_set_back_is_in(asha, clock) -> None:
    for _ in range(6):
        opened = asha.sessions.sign_in("asha", WORD, None, None)
        clock.go_on(minutes=-1)
    assert asha.session(header(opened.secret)).person.name == "asha"
