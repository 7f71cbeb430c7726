"""What may be thrown away of a table that streams follow commit by commit.

Commits, and files that compaction replaced, go only once every follower has passed them, however
long one of them stands still. Spark writes a follower's position into its checkpoint folder.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from pyarrow import fs

from lake.paths import Places
from lake.tables import Table

NO_POSITION = "-"
"""What a checkpoint says of a source that has given nothing yet."""

READERS_GRACE = timedelta(seconds=10)
"""For readers that have listed the log and not yet opened what they found there."""


def forget_passed_commits(places: Places, table: Table, table_id: str) -> None:
    """Remove the log's entries before the newest checkpoint that all followers have reached.

    Every append lists the log's folder, so its cost grows with each entry in there.
    """
    storage, entries = _log_of(places, table)
    position = slowest_position(places, table_id)
    listed_by = datetime.now(UTC) - READERS_GRACE
    reached = [
        _version(e)
        for e in entries
        if e.base_name.endswith(".checkpoint.parquet")
        and e.mtime < listed_by
        and (position is None or _version(e) <= position)
    ]
    kept_from = max(reached, default=0)
    for entry in sorted(entries, key=_version):
        if _version(entry) < kept_from:
            storage.delete_file(entry.path)


def all_follow_within(places: Places, table: Table, table_id: str, age: timedelta) -> bool:
    """Whether no follower still waits for a commit that is older than this."""
    position = slowest_position(places, table_id)
    _, entries = _log_of(places, table)
    if position is None or position > max(map(_version, entries), default=-1):
        return True
    oldest = datetime.now(UTC) - age
    return any(e.mtime >= oldest for e in entries if _version(e) == position)


def slowest_position(places: Places, table_id: str) -> int | None:
    """The oldest version that a follower may still ask for; None: nobody follows.

    `table_id`: of the table's metadata, by which a checkpoint names its source.
    """
    storage, root = fs.FileSystem.from_uri(places.checkpoints)
    queries = [e.path for e in _listed(storage, root) if e.type is fs.FileType.Directory]
    return min((p for q in queries for p in _positions(storage, q, table_id)), default=None)


def _log_of(places: Places, table: Table) -> tuple[fs.FileSystem, list[fs.FileInfo]]:
    """The entries that are of a version: commits and checkpoints."""
    storage, folder = fs.FileSystem.from_uri(f"{places.table(table)}/_delta_log")
    return storage, [e for e in _listed(storage, folder) if e.base_name[:20].isdigit()]


def _version(entry: fs.FileInfo) -> int:
    return int(entry.base_name[:20])


def _positions(storage: fs.FileSystem, query: str, table_id: str) -> Iterator[int]:
    """Before the newest batch, done or not: a query that starts again asks for that once more."""
    batches = sorted(_batches(storage, f"{query}/offsets"))
    for source in _sources(storage, f"{query}/offsets", batches[-2:]):
        if source["reservoirId"] == table_id:
            yield source["reservoirVersion"] if len(batches) > 1 else 0


def _batches(storage: fs.FileSystem, folder: str) -> Iterator[int]:
    return (int(e.base_name) for e in _listed(storage, folder) if e.base_name.isdigit())


def _sources(storage: fs.FileSystem, offsets: str, batches: list[int]) -> Iterator[dict[str, Any]]:
    """Of the first of the batches: a version line, a line of settings, then one per source."""
    for batch in batches[:1]:
        with storage.open_input_stream(f"{offsets}/{batch}") as file:
            _, _, *sources = file.read().decode().splitlines()
        yield from (json.loads(source) for source in sources if source != NO_POSITION)


def _listed(storage: fs.FileSystem, folder: str) -> list[fs.FileInfo]:
    found: list[fs.FileInfo] = storage.get_file_info(fs.FileSelector(folder, allow_not_found=True))
    return found
