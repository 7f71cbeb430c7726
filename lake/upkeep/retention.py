"""What may be thrown away of a table that streams follow commit by commit.

Commits, and files that compaction replaced, go only once every follower has passed them, however
long one of them stands still.
"""

from datetime import UTC, datetime, timedelta

from pyarrow import fs

from lake.places import Places
from lake.tables import Table
from lake.upkeep.checkpoints import Position, listed, positions_of

READERS_GRACE = timedelta(seconds=10)
"""For readers that have listed the log and not yet opened what they found there."""


def forget_passed_commits(
    places: Places, table: Table, table_id: str, *, kept_for: timedelta | None = None
) -> None:
    """Remove the log's entries before the newest checkpoint that all followers have reached.

    Every append lists the log's folder, so its cost grows with each entry in there. `kept_for`:
    for batch readers of an earlier version, which no checkpoint names.
    """
    storage, entries = _log_of(places, table)
    position = slowest_position(places, table_id)
    listed_by = datetime.now(UTC) - (READERS_GRACE if kept_for is None else kept_for)
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

    `table_id`: of the table's metadata, by which a checkpoint names its source. A follower in its
    first batch, or whose place cannot be read, may ask for everything.
    """
    positions = positions_of(places, table_id)
    return min((0 if p.of_whole_table else p.version or 0 for p in positions), default=None)


def unreadable_followers(places: Places, table: Table, table_id: str) -> list[str]:
    """The queries that could not go on from where they are: their next commit has been removed
    from the table's log, or their checkpoint cannot be read."""
    _, entries = _log_of(places, table)
    commits = {_version(e) for e in entries if e.base_name.endswith(".json")}
    starts = {_version(e) for e in entries if e.base_name.endswith(".checkpoint.parquet")} | {0}
    return sorted(
        position.query
        for position in positions_of(places, table_id)
        if not _is_readable(position, commits, starts)
    )


def _is_readable(position: Position, commits: set[int], starts: set[int]) -> bool:
    """A whole table is made of a checkpoint (or the first commit) and the commits after it."""
    if position.version is None:
        return False
    version, newest = position.version, max(commits, default=-1)
    if not position.of_whole_table:
        return commits.issuperset(range(version, newest + 1))
    start = max((v for v in starts if v <= version), default=0)
    return commits.issuperset(range(start + 1 if start else 0, version + 1))


def _log_of(places: Places, table: Table) -> tuple[fs.FileSystem, list[fs.FileInfo]]:
    """The entries that are of a version: commits and checkpoints."""
    storage, folder = fs.FileSystem.from_uri(f"{places.table(table)}/_delta_log")
    return storage, [e for e in listed(storage, folder) if e.base_name[:20].isdigit()]


def _version(entry: fs.FileInfo) -> int:
    return int(entry.base_name[:20])
