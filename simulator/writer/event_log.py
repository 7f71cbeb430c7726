"""The event log on disk: appends that survive power loss, and the upkeep of `bronze.bed_events`.

delta-rs does not fsync, so every commit file, every file it adds and every new folder is synced
here before anyone is told that a row is safe.
"""

import json
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import structlog
from deltalake import (
    CommitProperties,
    DeltaTable,
    PostCommitHookProperties,
    Transaction,
    write_deltalake,
)

from lake.arrow import open_or_create
from lake.errors import StaleWriter, TableNotReadable, WriteLost
from lake.places import Places
from lake.tables import BED_EVENTS
from lake.upkeep.retention import all_follow_within, forget_passed_commits

WRITER = "booking-engine"
REOPEN_EVERY = 32
COMPACT_EVERY = 40
COMPACT_SOON = 8
"""Commits after a start: the log may have nearly as many small files already."""
COMPACTED_FILE_BYTES = 16 * 1024 * 1024
KEEP_REPLACED_FILES = timedelta(days=2)
MOST_UNSYNCED_COMMITS = 2
NO_HOOKS = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)

log = structlog.get_logger()


def to_arrow(rows: Sequence[dict[str, Any]]) -> pa.RecordBatch:
    schema = BED_EVENTS.schema
    columns = [pa.array([row.get(f.name) for row in rows], f.type) for f in schema]
    return pa.record_batch(columns, schema=schema)


@dataclass
class EventLog:
    """One writer's handle on the log. `head_seq` is the newest row that is safe on disk."""

    places: Places
    head_seq: int = 0
    _table: DeltaTable = field(init=False)
    _synced_version: int = field(init=False, default=-1)
    _synced_folders: set[Path] = field(init=False, default_factory=set)
    _commits: int = field(init=False, default=COMPACT_EVERY - COMPACT_SOON)

    def open(self) -> None:
        """Create the table or check its tail; afterwards all that it holds is safe on disk."""
        if self.places.is_local:
            set_aside_torn_files(self.places)
        self._table = open_or_create(self.places, BED_EVENTS)
        self.head_seq = self._table.transaction_version(WRITER) or 0
        self._synced_version = max(-1, self._table.version() - REOPEN_EVERY)
        self._sync()

    def append(self, rows: Sequence[dict[str, Any]]) -> None:
        """Append rows as one commit and return once they would survive a power cut."""
        last_seq = rows[-1]["seq"]
        write_deltalake(
            self._table,
            to_arrow(rows),
            mode="append",
            commit_properties=CommitProperties(app_transactions=[Transaction(WRITER, last_seq)]),
            post_commithook_properties=NO_HOOKS,
        )
        self._sync()
        self.head_seq = last_seq
        self._commits += 1

    def landed(self, last_seq: int) -> bool:
        """Whether a commit of unknown outcome is in the table; what is there is made safe.

        Raises StaleWriter if someone else has written since.
        """
        self._table = DeltaTable(self.places.table(BED_EVENTS))
        found = self._table.transaction_version(WRITER) or 0
        if found not in (self.head_seq, last_seq):
            raise _stale(self.head_seq, found)
        self._sync()
        self.head_seq = found
        return found == last_seq

    def maintain(self) -> None:
        """Between two commits: keep the handle fresh and the day's small files few."""
        if self._commits % REOPEN_EVERY == 0:
            self._checkpoint()
            self._reopen()
        if self._commits % COMPACT_EVERY == 0:
            self.compact(datetime.now(UTC).date())
            forget_passed_commits(self.places, BED_EVENTS, self._table_id)

    def compact(self, day: date) -> None:
        self._table.optimize.compact(
            partition_filters=[("event_date", "=", day.isoformat())],
            target_size=COMPACTED_FILE_BYTES,
            commit_properties=CommitProperties(),
            post_commithook_properties=NO_HOOKS,
        )
        self._sync()
        self._checkpoint()
        self._reopen()

    def tidy(self) -> None:
        """Compact the last days, then remove what nobody reads any more."""
        for day in sorted(self._days())[-2:]:
            self.compact(day)
        if all_follow_within(self.places, BED_EVENTS, self._table_id, KEEP_REPLACED_FILES):
            # Full: a checkpoint forgets which files were replaced, the folders do not.
            self._table.vacuum(dry_run=False, full=True, post_commithook_properties=NO_HOOKS)
            self._sync()
        forget_passed_commits(self.places, BED_EVENTS, self._table_id)
        self._reopen()

    @property
    def _table_id(self) -> str:
        return str(self._table.metadata().id)

    def _checkpoint(self) -> None:
        """Written only over commits that are safe already, and synced like them."""
        self._table.create_checkpoint()
        if self.places.is_local:
            folder = Path(self.places.table(BED_EVENTS)) / "_delta_log"
            _fsync(folder / f"{self._table.version():020d}.checkpoint.parquet")
            _fsync(folder / "_last_checkpoint")
            _fsync(folder)

    def _days(self) -> set[date]:
        return {date.fromisoformat(p["event_date"]) for p in self._table.partitions()}

    def _reopen(self) -> None:
        self._table = DeltaTable(self.places.table(BED_EVENTS))
        found = self._table.transaction_version(WRITER) or 0
        if found != self.head_seq:
            raise _stale(self.head_seq, found)
        self._sync()

    def _sync(self) -> None:
        version = self._table.version()
        if self.places.is_local:
            root = Path(self.places.table(BED_EVENTS))
            for past in range(self._synced_version + 1, version + 1):
                self._sync_commit(root, past)
        self._synced_version = version

    def _sync_commit(self, root: Path, version: int) -> None:
        commit = commit_file(root, version)
        if not commit.exists():
            return  # cleaned up: it is in a checkpoint
        for added in added_files(root, commit):
            _fsync(added)
            self._sync_folders(added.parent, root)
            _fsync(added.parent)
        _fsync(commit)
        self._sync_folders(commit.parent, root)
        _fsync(commit.parent)

    def _sync_folders(self, folder: Path, root: Path) -> None:
        """The first time a folder is seen, sync all folders above it, up to where the lake lies."""
        if folder in self._synced_folders:
            return
        lake = Path(self.places.lake_url)
        for parent in folder.parents:
            _fsync(parent)
            if parent == lake.parent:
                break
        self._synced_folders.add(folder)


def commit_file(root: Path, version: int) -> Path:
    return root / "_delta_log" / f"{version:020d}.json"


def added_files(root: Path, commit: Path) -> Iterable[Path]:
    for action in _actions(commit):
        if "add" in action:
            yield root / action["add"]["path"]


def _actions(commit: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in commit.read_text().splitlines()]


def set_aside_torn_files(places: Places) -> None:
    """What a power cut left half-written, of which nothing was ever acknowledged."""
    set_aside_torn_checkpoint(places)
    # A clean-up writes two commits in a row before it is synced.
    for _ in range(MOST_UNSYNCED_COMMITS):
        if set_aside_torn_commit(places) is None:
            break


def set_aside_torn_checkpoint(places: Places) -> None:
    """Move the newest checkpoint away if it cannot be read; the commits that it covers are there:
    none is dropped before its checkpoint has been safe on disk for a while."""
    log_folder = Path(places.table(BED_EVENTS)) / "_delta_log"
    checkpoints = sorted(log_folder.glob("*.checkpoint.parquet"))
    pointer = log_folder / "_last_checkpoint"
    if checkpoints and not _is_readable(checkpoints[-1]):
        _set_aside(places, checkpoints[-1])
        pointer.unlink(missing_ok=True)
    elif pointer.exists() and not _names_a_version(pointer):
        pointer.unlink()
    else:
        return
    _fsync(log_folder)


def _is_readable(checkpoint: Path) -> bool:
    try:
        pq.read_metadata(checkpoint)
    except (pa.ArrowException, OSError):
        return False
    return True


def _names_a_version(pointer: Path) -> bool:
    try:
        return isinstance(json.loads(pointer.read_text())["version"], int)
    except (ValueError, KeyError, TypeError):
        return False


def set_aside_torn_commit(places: Places) -> Path | None:
    """Move the newest commit away if a crash left it empty, torn, or without its data.

    Such a commit was never acknowledged: the answer waits for the sync.
    """
    root = Path(places.table(BED_EVENTS))
    commits = sorted((root / "_delta_log").glob("*.json"))
    if not commits or _is_whole(root, commits[-1]):
        return None
    torn = commits[-1]
    if len(commits) == 1:
        raise TableNotReadable(
            f"The first commit of {BED_EVENTS.name} is damaged, so the log has no schema.",
            f"Nothing was ever acknowledged: remove {root} and start again.",
        )
    return _set_aside(places, torn)


def _set_aside(places: Places, torn: Path) -> Path:
    aside = places.home / "set_aside" / torn.name
    aside.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(torn, aside)
    _fsync(torn.parent)
    log.warning("set aside a torn file that nobody was promised", file=str(aside))
    return aside


def _is_whole(root: Path, commit: Path) -> bool:
    try:
        actions = _actions(commit)
        adds = [action["add"] for action in actions if "add" in action]
        return bool(actions) and all(
            (root / add["path"]).stat().st_size == add["size"] for add in adds
        )
    except (ValueError, FileNotFoundError, KeyError, TypeError):
        return False


def _stale(expected: int, found: int) -> StaleWriter:
    return StaleWriter(
        f"stale_writer: the log's writer stands at seq {found}, this one at {expected}.",
        "Another process has written to the lake. Stop it, then start again.",
    )


def _fsync(path: Path) -> None:
    """Raises WriteLost: the kernel tells of a lost write once, so asking again proves nothing."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        raise WriteLost(
            f"The disk did not keep {path.name}: {error.strerror}.",
            "Check the disk, then start again; what was not answered may be missing.",
        ) from error
    finally:
        os.close(handle)
