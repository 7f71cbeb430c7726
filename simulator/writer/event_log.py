"""A log on disk, of events or of the audit: appends that survive power loss, and its upkeep.

Nothing that writes it calls fsync, so every commit file, every file it adds and every new folder
is synced here before anyone is told that a row is safe.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties

from lake.arrow import open_or_create
from lake.errors import StaleWriter
from lake.places import Places
from lake.tables import BED_EVENTS, Table
from lake.upkeep.retention import all_follow_within, forget_passed_commits
from simulator.writer.commits import Commits, about, refuse_other_formats
from simulator.writer.disk import added_files, commit_file, fsync
from simulator.writer.torn_files import set_aside_torn_files

WRITER = "booking-engine"
CHECKPOINT_EVERY = 32
ROWS_AT_ONCE = 20_000
COMPACT_EVERY = 40
COMPACT_SOON = 8
"""Commits after a start: the log may have nearly as many small files already."""
COMPACTED_FILE_BYTES = 16 * 1024 * 1024
KEEP_REPLACED_FILES = timedelta(days=2)
NO_HOOKS = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)


def to_arrow(rows: Sequence[dict[str, Any]], table: Table = BED_EVENTS) -> pa.RecordBatch:
    """What a row leaves out is null."""
    return pa.RecordBatch.from_pylist(list(rows), schema=table.schema)


@dataclass
class EventLog:
    """One writer's hand on the log. `head_seq` is the newest row that is safe on disk, `_version`
    the newest commit; delta-rs' handle is behind between two upkeeps."""

    places: Places
    table: Table = BED_EVENTS
    head_seq: int = 0
    _commits: Commits = field(init=False)
    _version: int = field(init=False)
    _handle: DeltaTable = field(init=False)
    _synced_version: int = field(init=False, default=-1)
    _synced_folders: set[Path] = field(init=False, default_factory=set)
    _commit_count: int = field(init=False, default=COMPACT_EVERY - COMPACT_SOON)

    def open(self) -> None:
        """Create the table or check its tail; afterwards all that it holds is safe on disk."""
        if self.places.is_local:
            set_aside_torn_files(self.places, self.table)
        self._handle = open_or_create(self.places, self.table)
        refuse_other_formats(self._handle, self.table)
        self._commits = Commits(self.places, self.table)
        self.head_seq = self._last_written()
        self._synced_version = max(-1, self._handle.version() - CHECKPOINT_EVERY)
        self._take_up()

    def append(self, rows: Sequence[dict[str, Any]]) -> None:
        """Append rows as one commit and return once they would survive a power cut."""
        last_seq = rows[-1]["seq"]
        files = self._commits.files_of(to_arrow(rows, self.table))
        root = Path(self.places.table(self.table))
        if self.places.is_local:  # before the commit: none is there whose rows are not
            self._sync_files(root / file["add"]["path"] for file in files)
        actions = about(WRITER, last_seq, "event_date", len(rows)) + files
        while not self._commits.put(self._version + 1, actions):
            self._reopen()  # somebody looks after the table, or writes into it
        self._version += 1
        if self.places.is_local:
            self._sync_files([commit_file(root, self._version)])
        self._synced_version = self._version
        self.head_seq = last_seq
        self._commit_count += 1

    def landed(self, last_seq: int) -> bool:
        """Whether a commit of unknown outcome is in the table; what is there is made safe.

        Raises StaleWriter if someone else has written since.
        """
        found = self._look_again()
        if found not in (self.head_seq, last_seq):
            raise _stale(self.head_seq, found)
        self._take_up()
        self.head_seq = found
        return found == last_seq

    def maintain(self) -> None:
        """Between two commits: keep the log short for its readers and the day's small files few."""
        if self._commit_count % CHECKPOINT_EVERY == 0:
            self._reopen()
            self._checkpoint()
        if self._commit_count % COMPACT_EVERY == 0:
            self.compact(datetime.now(UTC).date())
            forget_passed_commits(self.places, self.table, self._table_id)

    def compact(self, day: date) -> None:
        self._reopen()
        self._handle.optimize.compact(
            partition_filters=[("event_date", "=", day.isoformat())],
            target_size=COMPACTED_FILE_BYTES,
            commit_properties=CommitProperties(),
            post_commithook_properties=NO_HOOKS,
        )
        self._take_up()
        self._checkpoint()

    def tidy(self) -> None:
        """Compact the last days, then remove what nobody reads any more."""
        self._reopen()
        for day in sorted(self._days())[-2:]:
            self.compact(day)
        if all_follow_within(self.places, self.table, self._table_id, KEEP_REPLACED_FILES):
            # Full: a checkpoint forgets which files were replaced, the folders do not.
            self._handle.vacuum(dry_run=False, full=True, post_commithook_properties=NO_HOOKS)
            self._take_up()
        forget_passed_commits(self.places, self.table, self._table_id)

    @property
    def _table_id(self) -> str:
        return str(self._handle.metadata().id)

    def _checkpoint(self) -> None:
        """Written only over commits that are safe already, and synced like them."""
        self._handle.create_checkpoint()
        if self.places.is_local:
            folder = Path(self.places.table(self.table)) / "_delta_log"
            fsync(folder / f"{self._handle.version():020d}.checkpoint.parquet")
            fsync(folder / "_last_checkpoint")
            fsync(folder)

    def _days(self) -> set[date]:
        return {date.fromisoformat(p["event_date"]) for p in self._handle.partitions()}

    def _reopen(self) -> None:
        """Raises StaleWriter if someone else has written."""
        found = self._look_again()
        if found != self.head_seq:
            raise _stale(self.head_seq, found)
        self._take_up()

    def _look_again(self) -> int:
        """The handle is of the newest version; gives the `seq` that its last writer came to."""
        self._handle = DeltaTable(self.places.table(self.table))
        refuse_other_formats(self._handle, self.table)
        return self._last_written()

    def _last_written(self) -> int:
        return self._handle.transaction_version(WRITER) or 0

    def _take_up(self) -> None:
        """The next commit comes after the handle's; all up to that is made safe."""
        self._version = self._handle.version()
        self._sync()

    def _sync(self) -> None:
        if self.places.is_local:
            root = Path(self.places.table(self.table))
            for past in range(self._synced_version + 1, self._version + 1):
                self._sync_commit(root, past)
        self._synced_version = self._version

    def _sync_commit(self, root: Path, version: int) -> None:
        commit = commit_file(root, version)
        if not commit.exists():
            return  # cleaned up: it is in a checkpoint
        self._sync_files(added_files(root, commit))
        self._sync_files([commit])

    def _sync_files(self, files: Iterable[Path]) -> None:
        for file in files:
            fsync(file)
            self._sync_folders(file.parent)
            fsync(file.parent)

    def _sync_folders(self, folder: Path) -> None:
        """The first time a folder is seen, sync all folders above it, up to where the lake lies."""
        if folder in self._synced_folders:
            return
        lake = Path(self.places.lake_url)
        for parent in folder.parents:
            fsync(parent)
            if parent == lake.parent:
                break
        self._synced_folders.add(folder)


def stored_rows(places: Places, table: Table = BED_EVENTS) -> Iterator[dict[str, Any]]:
    """The log from its first row on, as it is stored; columns that are null may be left out.
    Rows without a place in it (`seq` null or below 1) come first."""
    rows = DeltaTable(places.table(table)).to_pyarrow_dataset()
    seq = ds.field("seq")
    yield from _filled(rows.to_table(filter=seq.is_null() | (seq < 1)))
    seqs = rows.to_table(columns=["seq"], filter=seq >= 1)["seq"].sort()
    for first in range(0, len(seqs), ROWS_AT_ONCE):
        some = seqs.slice(first, ROWS_AT_ONCE)
        within = (seq >= some[0]) & (seq <= some[-1])
        yield from _filled(rows.to_table(filter=within).sort_by("seq"))


def _filled(found: pa.Table) -> list[dict[str, Any]]:
    def is_needed(name: str) -> bool:
        return name == "seq" or found[name].null_count < found.num_rows

    rows: list[dict[str, Any]] = found.select(
        [name for name in found.column_names if is_needed(name)]
    ).to_pylist()
    return rows


def last_written_seq(places: Places, table: Table = BED_EVENTS) -> int:
    """What the writer said with its newest commit."""
    return DeltaTable(places.table(table)).transaction_version(WRITER) or 0


def _stale(expected: int, found: int) -> StaleWriter:
    return StaleWriter(
        f"stale_writer: a concurrent writer of the log stands at seq {found}, "
        f"this one at {expected}.",
        "Another process has written to the lake. Stop it, then start again.",
    )
