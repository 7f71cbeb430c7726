"""The audit: what is no change, written down as durably as changes are, before it is shown.

Who signed in, whom a rule or a right refused, whose patients were shown to whom. Rows of
`bronze.audit_events`, in a chain like the log's; accepted changes are in the log alone.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from time import monotonic

import pyarrow.dataset as ds
import structlog
from deltalake import DeltaTable
from uuid_utils import uuid7

from lake.errors import LakeError, StaleWriter
from lake.places import Places
from lake.tables import AUDIT_EVENTS, SCHEMA_VERSION
from lake.vocabulary import AuditType
from simulator.domain.errors import NotReady, Overloaded, StorageUnavailable
from simulator.writer import chain
from simulator.writer.clock import wall_now
from simulator.writer.engine import Row
from simulator.writer.event_log import EventLog
from simulator.writer.group_commit import GroupCommit

KEEP_UP_SECONDS = 60.0
TIDY_SECONDS = 300.0
MOST_WAITING = 5_000
"""Rows that wait for the disk."""
MOST_KNOWN = 20_000
MOST_COUNTED = 1_000
"""Of different ones in a minute; what is beyond is counted together."""
A_LOOK = timedelta(minutes=5)
"""What is shown again to the same session within it is the same look."""
A_SESSION = timedelta(hours=12)

NO_SECRET = b""
"""The hospital's was for rows of version 1."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Entry:
    """Columns of a row. `detail`: what besides makes two looks the same one; it is no column."""

    event_type: AuditType
    actor: str | None = None
    roles: str | None = None
    session_id: str | None = None
    address: str | None = None
    asked: str | None = None
    code: str | None = None
    ward_id: str | None = None
    bed_id: str | None = None
    booking_id: str | None = None
    bed_request_id: str | None = None
    patient_ref: str | None = None
    reason_code: str | None = None
    reason: str | None = None
    count: int = 1
    detail: str | None = None

    def as_columns(self) -> Row:
        names = (name for name in self.__slots__ if name != "detail")
        return {name: getattr(self, name) for name in names} | {"event_type": self.event_type.value}

    @property
    def holds(self) -> timedelta:
        """How long it is the same look."""
        return A_SESSION if self.event_type is AuditType.BOARD_SHOWN else A_LOOK


@dataclass
class Book:
    """Makes rows of entries. `head_seq`, `head_hash`: of the newest one."""

    hospital_id: str
    head_seq: int = 0
    head_hash: str = chain.FIRST_HASH

    def write(self, entries: Iterable[Entry]) -> list[Row]:
        return [self._row(entry) for entry in entries]

    def _row(self, entry: Entry) -> Row:
        wall = wall_now()
        row: Row = entry.as_columns() | {
            "hospital_id": self.hospital_id,
            "seq": self.head_seq + 1,
            "event_id": str(uuid7()),
            "recorded_at": wall,
            "event_date": wall.date(),
            "schema_version": SCHEMA_VERSION,
        }
        row |= chain.sealed(row)
        self.head_hash = row["chain_hash"] = chain.link(self.head_hash, row, NO_SECRET)
        self.head_seq += 1
        return row


@dataclass
class Trail:
    """The audit's one writer, beside the desk's; of hospitals where people sign in."""

    places: Places
    hospital_id: str
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    _known: OrderedDict[Entry, float] = field(default_factory=OrderedDict)
    _counted: Counter[Entry] = field(default_factory=Counter)

    async def open(self) -> None:
        await asyncio.to_thread(self._prepare)
        self.commit = GroupCommit(self._restore(), self._log, self._restore)
        self.commit.start()
        self._tasks = [asyncio.create_task(self._keep_up()), asyncio.create_task(self._tidy())]
        self.ready.set()

    async def close(self) -> None:
        """What was counted and what is staged is written, then it ends."""
        if not self.ready.is_set():
            return
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        with suppress(StorageUnavailable):
            await self._write_counts()
        await self.commit.stop()

    def must_be_open(self) -> None:
        """Raises NotReady and StorageUnavailable: before what is done first and recorded then."""
        if not self.ready.is_set():
            raise NotReady("What is shown is recorded; the records are being opened.")
        if self.commit.is_broken:
            raise StorageUnavailable

    async def record(self, *entries: Entry) -> None:
        """Returns once they are on disk. Raises NotReady, Overloaded and StorageUnavailable, and
        then what was to be shown is not."""
        self.must_be_open()
        if self.commit.staged_count > MOST_WAITING:
            raise Overloaded
        self.commit.put(lambda book: book.write(entries))
        await self.commit.durable()

    async def record_once(self, *entries: Entry) -> None:
        """Those that are no look of a moment ago. Raises what `record` raises."""
        now = monotonic()
        new = [entry for entry in entries if not self._is_known(entry, now)]
        if not new:
            return
        await self.record(*new)
        for entry in new:
            self._known[entry] = now
            self._known.move_to_end(entry)
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)

    def count(self, entry: Entry) -> None:
        """What anybody can do as often as they like: one row a minute for all that are alike."""
        if entry not in self._counted and len(self._counted) >= MOST_COUNTED:
            entry = Entry(entry.event_type)
        self._counted[entry] += 1

    def _is_known(self, entry: Entry, now: float) -> bool:
        since = self._known.get(entry)
        return since is not None and now - since < entry.holds.total_seconds()

    def _prepare(self) -> None:
        self._log = EventLog(self.places, AUDIT_EVENTS)
        self._log.open()

    def _restore(self) -> Book:
        """Raises StaleWriter, and LakeError for another hospital's."""
        head_seq = self._log.head_seq
        if not head_seq:
            return Book(self.hospital_id)
        rows = DeltaTable(self.places.table(AUDIT_EVENTS)).to_pyarrow_dataset()
        columns = ["seq", "chain_hash", "hospital_id"]
        found = rows.to_table(columns, filter=ds.field("seq") >= head_seq).to_pylist()
        if [row["seq"] for row in found] != [head_seq]:
            raise StaleWriter(
                f"stale_writer: the audit has no row {head_seq}, or one after it.",
                f"Something else has written to {AUDIT_EVENTS.name}; see docs/runbook.md.",
            )
        if found[0]["hospital_id"] != self.hospital_id:
            raise LakeError(
                f"The audit is of the hospital {found[0]['hospital_id']}, not {self.hospital_id}.",
                "One hospital has one lake: use another SNR_HOME, or the file of that hospital.",
            )
        return Book(self.hospital_id, head_seq, found[0]["chain_hash"])

    async def _write_counts(self) -> None:
        """Raises StorageUnavailable, and then counting goes on."""
        counted = dict(self._counted)
        if counted:
            entries = [replace(entry, count=count) for entry, count in counted.items()]
            self.commit.put(lambda book: book.write(entries))
            await self.commit.durable()
            self._counted.subtract(counted)
            self._counted += Counter()  # without what has come to nought

    async def _keep_up(self) -> None:
        while True:
            await asyncio.sleep(KEEP_UP_SECONDS)
            with suppress(StorageUnavailable):
                await self._write_counts()

    async def _tidy(self) -> None:
        while True:
            await asyncio.sleep(TIDY_SECONDS)
            await self.commit.upkeep(self._log.tidy)
