"""The batch flows' session: one of them at a time, holding the batch tables."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from pyspark.sql import SparkSession

from lake import spark as lake
from lake.errors import TableOwnedElsewhere
from lake.places import Places
from lake.tables import Owner
from lake.upkeep.ownership import own

WAIT_SECONDS = 600.0
"""Longer than any of them takes: they wait for each other instead of failing."""

RUN_OF_A_WORKER = "PREFECT__FLOW_RUN_ID"
YIELDING = 10
"""Against a build, a stream that starts again would get half of a small machine: it took more than
a minute to its first batch, instead of 20 s."""


@contextmanager
def batch_session(lock: Path, holder: str, *, soon: bool = False) -> Iterator[SparkSession]:
    """A Spark session of who owns the batch tables by this lock.

    `soon`: for little work, which a JVM has done before it is warm.
    """
    with ExitStack() as held:
        spark = lake.session(holder, soon=soon)
        held.callback(lake.stop, spark)
        held.enter_context(lake.hold_in_jvm(spark, lock))
        yield spark


@contextmanager
def own_batch_tables(
    places: Places, holder: str, *, wait_seconds: float = WAIT_SECONDS
) -> Iterator[Path]:
    """Owns the batch tables as soon as whoever has them is done; yields the lock file.

    Raises TableOwnedElsewhere when that takes too long.
    """
    _let_the_stream_go_first()
    with ExitStack() as held:
        yield _own(held, places, holder, time.monotonic() + wait_seconds)


def _own(held: ExitStack, places: Places, holder: str, deadline: float) -> Path:
    while True:
        try:
            return held.enter_context(own(places, Owner.BATCH, holder))
        except TableOwnedElsewhere:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)


def _let_the_stream_go_first() -> None:
    """Only in a process that a worker started for this run; its JVM inherits it."""
    if RUN_OF_A_WORKER in os.environ:
        os.setpriority(os.PRIO_PROCESS, 0, YIELDING)
        with suppress(OSError):  # Linux shares the machine among sessions, and each run is one
            Path("/proc/self/autogroup").write_text(str(YIELDING))
