"""The other side: carries out, one thread each, what flows ask for."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import Any

import structlog

from flows.session.wire import Asked, Failure, Told
from lake import logs

log = structlog.get_logger()

WAITING = 16
ACCEPTS_AGAIN_SECONDS = 0.1


class Asker:
    """Who asked for a work, while it is carried out."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._has_gone = threading.Event()

    def wants_no_more(self) -> bool:
        """Whether the work is to end: that was asked for, or the flow itself has ended."""
        if not self._has_gone.is_set():
            with suppress(EOFError, OSError):
                if not self._connection.poll():
                    return False
            self._has_gone.set()
        return True

    def hears(self, percent: float) -> None:
        self.tell(Told(percent=percent))

    def tell(self, told: Told) -> None:
        with suppress(OSError):  # who has gone hears nothing
            self._connection.send_bytes(told.model_dump_json().encode())


Work = Callable[[Mapping[str, Any], Asker], Any]
"""Gives what becomes JSON."""


@contextmanager
def lending(path: Path, works: Mapping[str, Work]) -> Iterator[None]:
    """Takes in what is asked at the socket `path` while the block runs."""
    path.unlink(missing_ok=True)  # of a process that was killed
    before = os.umask(0o077)
    try:
        listener = Listener(str(path), family="AF_UNIX", backlog=WAITING)
    finally:
        os.umask(before)
    is_over = threading.Event()
    accepting = threading.Thread(target=_accept, args=(listener, works, is_over), daemon=True)
    accepting.start()
    try:
        yield
    finally:
        is_over.set()
        listener.close()


def _accept(listener: Listener, works: Mapping[str, Work], is_over: threading.Event) -> None:
    while not is_over.is_set():
        try:
            connection = listener.accept()
        except OSError as error:  # closed; or the process has no more descriptors for a while
            is_over.wait(ACCEPTS_AGAIN_SECONDS)
            if not is_over.is_set():
                log.warning("a flow could not be heard", cause=str(error))
            continue
        threading.Thread(target=_carry_out, args=(connection, works), daemon=True).start()


def _carry_out(connection: Connection, works: Mapping[str, Work]) -> None:
    with connection:
        asker = Asker(connection)
        try:
            asked = Asked.model_validate_json(connection.recv_bytes())
            told = Told(result=works[asked.work](asked.arguments, asker))
        except EOFError:
            return
        except Exception as error:  # noqa: BLE001 - it goes to who asked
            log.warning("a work has failed", cause=logs.told(error))
            told = Told(failure=Failure.of(error))
        asker.tell(told)
