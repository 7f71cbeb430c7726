"""A work by a lent session: what is heard on both sides, and what happens when one of them dies."""

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from flows.session import borrow
from flows.session.lend import Asker, Work, lending
from flows.session.wire import Asked
from lake.errors import LakeError, TableOwnedElsewhere


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Short: a socket's may not be longer than about 100 characters."""
    with tempfile.TemporaryDirectory(prefix="snr") as folder:
        path = Path(folder) / "spark"
        monkeypatch.setenv("SNR_SPARK_SOCKET", str(path))
        yield path


def double(arguments: Mapping[str, Any], asker: Asker) -> int:
    asker.hears(50)
    return int(arguments["number"]) * 2


def owned(_: Mapping[str, Any], __: Asker) -> None:
    raise TableOwnedElsewhere("written by another", "Stop that first.")


def broken(_: Mapping[str, Any], __: Asker) -> None:
    raise ZeroDivisionError("by zero")


def until_it_is_to_end(began: Event, ended: Event) -> Work:
    def work(_: Mapping[str, Any], asker: Asker) -> str:
        began.set()
        while not asker.wants_no_more():
            time.sleep(0.01)
        ended.set()
        return "as far as it got"

    return work


def test_without_a_socket_no_session_is_lent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SNR_SPARK_SOCKET", raising=False)
    assert not borrow.is_lent()


def test_what_a_work_gives_and_how_far_it_is_comes_back(path: Path) -> None:
    heard: list[float] = []
    with lending(path, {"double": double}):
        assert borrow.is_lent()
        assert borrow.ask("double", {"number": 21}, progress=heard.append) == 42
    assert heard == [50.0]


def test_an_error_of_the_lake_comes_back_as_itself(path: Path) -> None:
    with lending(path, {"owned": owned}), pytest.raises(TableOwnedElsewhere) as raised:
        borrow.ask("owned", {})
    assert (str(raised.value), raised.value.fix) == ("written by another", "Stop that first.")


@pytest.mark.parametrize(
    ("work", "cause"),
    [("broken", "ZeroDivisionError: by zero"), ("nothing", "KeyError: 'nothing'")],
)
def test_another_error_comes_back_with_its_name(path: Path, work: str, cause: str) -> None:
    with lending(path, {"broken": broken}), pytest.raises(RuntimeError) as raised:
        borrow.ask(work, {})
    assert str(raised.value) == cause
    assert not isinstance(raised.value, LakeError)


def test_a_work_that_is_told_to_end_says_how_far_it_got(path: Path) -> None:
    began, ended = Event(), Event()
    with lending(path, {"wait": until_it_is_to_end(began, ended)}):
        assert borrow.ask("wait", {}, should_end=began.is_set) == "as far as it got"


def test_a_work_ends_with_who_asked_for_it_and_the_next_is_carried_out(path: Path) -> None:
    began, ended = Event(), Event()
    with lending(path, {"wait": until_it_is_to_end(began, ended), "double": double}):
        with Client(str(path), family="AF_UNIX") as asker:
            asker.send_bytes(Asked(work="wait", arguments={}).model_dump_json().encode())
            assert began.wait(5)
            assert not ended.is_set()
        assert ended.wait(5)
        assert borrow.ask("double", {"number": 1}) == 2


def test_two_works_go_on_side_by_side(path: Path) -> None:
    began, ended = Event(), Event()
    works = {"wait": until_it_is_to_end(began, ended), "double": double}
    with lending(path, works), Client(str(path), family="AF_UNIX") as asker:
        asker.send_bytes(Asked(work="wait", arguments={}).model_dump_json().encode())
        assert began.wait(5)
        assert borrow.ask("double", {"number": 4}) == 8
        assert not ended.is_set()


def test_who_asks_is_told_when_the_session_ends(path: Path) -> None:
    def dies(_: Mapping[str, Any], asker: Asker) -> None:
        asker._connection.close()  # as the kernel does for a process that is killed

    with lending(path, {"dies": dies}), pytest.raises(borrow.SessionLost) as raised:
        borrow.ask("dies", {})
    assert "spark.log" in raised.value.fix


def test_a_session_that_starts_is_waited_for_and_not_for_ever(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(borrow, "LOOK_EVERY_SECONDS", 0.05)
    monkeypatch.setattr(borrow, "STARTS_IN_SECONDS", 0.2)
    with pytest.raises(borrow.SessionLost):
        borrow.ask("double", {"number": 1})
    path.touch()  # left by a process that was killed
    with pytest.raises(borrow.SessionLost):
        borrow.ask("double", {"number": 1})
    with lending(path, {"double": double}):
        assert borrow.ask("double", {"number": 1}) == 2


def test_nobody_else_may_ask(path: Path) -> None:
    with lending(path, {}):
        assert path.stat().st_mode & 0o077 == 0


def test_a_flow_is_heard_again_after_the_process_had_no_descriptors(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = iter([OSError("Too many open files")] * 2)
    accept = Listener.accept

    def accepts(listener: Listener) -> Connection:
        for refusal in refusals:
            raise refusal
        return accept(listener)

    monkeypatch.setattr(Listener, "accept", accepts)
    with lending(path, {"double": double}):
        assert borrow.ask("double", {"number": 3}) == 6
    assert next(refusals, None) is None


def test_a_session_that_dies_in_the_midst_of_a_word_is_lost(path: Path) -> None:
    def half_a_word(_: Mapping[str, Any], asker: Asker) -> None:
        os.write(asker._connection.fileno(), b"\0\0\0\x10half")
        asker._connection.close()

    with lending(path, {"half": half_a_word}), pytest.raises(borrow.SessionLost):
        borrow.ask("half", {})
