"""The flow's side: asks for a work by the session that is lent, and waits for its end."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any

from flows.session.wire import END, Asked, SessionSettings, Told
from lake.errors import LakeError

LOOK_EVERY_SECONDS = 0.5
STARTS_IN_SECONDS = 60.0
"""A process that was killed is there again, with a new JVM, in much less."""


class SessionLost(LakeError):
    """The process that lent the session, or its JVM, has ended in the midst of the work."""


def is_lent() -> bool:
    return SessionSettings().spark_socket is not None


def ask(
    work: str,
    arguments: Mapping[str, Any],
    *,
    should_end: Callable[[], object] = lambda: None,
    progress: Callable[[float], None] = lambda _: None,
    waits: bool = True,
) -> Any:
    """What the work gives. It is told to end as soon as `should_end` says anything. `waits`: for
    the session, which may be starting.

    Raises what it raised: a LakeError as itself, others as RuntimeError; SessionLost.
    """
    path = SessionSettings().spark_socket
    assert path is not None  # noqa: S101 - asked by `is_lent` before
    with _connect(path, should_end, STARTS_IN_SECONDS if waits else 0.0) as connection:
        asked = Asked(work=work, arguments=dict(arguments)).model_dump_json().encode()
        with _or_lost():
            connection.send_bytes(asked)
        is_to_end = False
        while True:
            if not is_to_end and should_end():
                is_to_end = True
                with _or_lost():
                    connection.send_bytes(END)
            told = _heard(connection)
            if told is None:
                continue
            if told.failure:
                raise told.failure.as_error()
            if told.is_last:
                return told.result
            progress(told.percent or 0.0)


def _heard(connection: Connection) -> Told | None:
    with _or_lost():
        if connection.poll(LOOK_EVERY_SECONDS):
            return Told.model_validate_json(connection.recv_bytes())
        return None


@contextmanager
def _or_lost() -> Iterator[None]:
    try:
        yield
    except (EOFError, OSError) as error:
        raise SessionLost(
            "The process that keeps the Spark session has ended.",
            "It is started again by itself; its log is logs/spark.log in SNR_HOME.",
        ) from error


def _connect(path: Path, should_end: Callable[[], object], starts_in_seconds: float) -> Connection:
    """As soon as it is there: it starts beside the flows. Raises SessionLost."""
    limit = time.monotonic() + starts_in_seconds
    while not should_end():
        with suppress(FileNotFoundError, ConnectionError):
            return Client(str(path), family="AF_UNIX")
        if time.monotonic() > limit:
            break
        time.sleep(LOOK_EVERY_SECONDS)
    raise SessionLost(
        "The process that keeps the Spark session does not answer.",
        "Its log is logs/spark.log in SNR_HOME; ./snr status shows whether it runs.",
    )
