"""One process owns a table: an OS lock that names its holder and outlives a dying JVM."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from lake.errors import TableOwnedElsewhere
from lake.places import Places
from lake.tables import Owner


@contextmanager
def own(places: Places, owner: Owner, holder: str) -> Iterator[Path]:
    """Hold the owner's tables while the block runs; yields the lock file.

    Two kinds of lock on one file: this process holds flock(2); a JVM that it starts holds a POSIX
    record lock (`lake.spark.hold_in_jvm`), which the kernel frees only when that JVM is gone.
    """
    path = places.lock(owner)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        _take(file, owner)
        file.seek(0)
        file.truncate()
        file.write(f"{holder} (process {os.getpid()})")
        file.flush()
        yield path


def _take(file: TextIO, owner: Owner) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.lockf(file, fcntl.LOCK_UN)
    except OSError:
        file.seek(0)
        raise TableOwnedElsewhere(
            f"The tables of the {owner} are being written by {file.read() or 'another process'}.",
            "Stop that process first (./snr down), or use another SNR_HOME.",
        ) from None
