"""A session ends in time, or its JVM is ended for it."""

import threading
from types import SimpleNamespace

import pytest

from lake import spark as lake


class PlayedSession:
    def __init__(self, *, hangs: bool) -> None:
        self.may_end = threading.Event()
        self.was_killed = False
        if not hangs:
            self.may_end.set()
        jvm = SimpleNamespace(kill=self._kill, wait=lambda: None)
        self.sparkContext = SimpleNamespace(_gateway=SimpleNamespace(proc=jvm))

    def stop(self) -> None:
        self.may_end.wait()

    def _kill(self) -> None:
        self.was_killed = True
        self.may_end.set()


@pytest.mark.parametrize("hangs", [True, False])
def test_only_a_session_that_does_not_end_in_time_loses_its_jvm(
    hangs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lake, "STOP_SECONDS", 0.2)
    session = PlayedSession(hangs=hangs)
    lake.stop(session)
    assert session.was_killed is hangs
