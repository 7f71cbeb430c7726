"""Group commit: what is staged while one commit runs shares the next one.

Runs on one event loop. Commands are decided there, one after the other; the commit itself runs in
a thread. Every answer, a refusal and a read too, waits until all that it rests on is on disk.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sized
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import structlog

from lake.errors import LakeError
from simulator.domain.commands import Command
from simulator.domain.errors import StorageUnavailable
from simulator.writer.engine import Context, Engine, Row
from simulator.writer.event_log import EventLog

RECENT_ROWS = 1_000
"""Some 8 kB each; whoever is further behind reads them in the log."""
RETRY_SECONDS = 1.0

Answer = TypeVar("Answer")

log = structlog.get_logger()


class Mind(Protocol):
    """Makes rows, one after the other; `head_seq` is that of the newest."""

    head_seq: int


Of = TypeVar("Of", bound=Mind)


@dataclass
class GroupCommit(Generic[Of]):
    """`restore` builds a fresh engine from the log, after a commit that failed."""

    engine: Of
    event_log: EventLog
    restore: Callable[[], Of]
    recent: deque[Row] = field(default_factory=lambda: deque(maxlen=RECENT_ROWS))
    _staged: list[Row] = field(default_factory=list)
    _waiting: list[tuple[int, asyncio.Future[None]]] = field(default_factory=list)
    _work: asyncio.Event = field(default_factory=asyncio.Event)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _disk: asyncio.Lock = field(default_factory=asyncio.Lock)
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "event-log"))
    _task: asyncio.Task[None] | None = None
    _published_seq: int = 0
    is_broken: bool = False
    generation: int = 0
    fatal: LakeError | None = None

    @property
    def durable_seq(self) -> int:
        return self.event_log.head_seq

    @property
    def waiting(self) -> Sized:
        return self._waiting

    @property
    def staged_count(self) -> int:
        """Rows that no commit has taken yet."""
        return len(self._staged)

    @property
    def oldest_recent_seq(self) -> int:
        """The oldest row that `follow` still has; past the head where it has none."""
        return self.recent[0]["seq"] if self.recent else self._published_seq + 1

    def recent_command(self, last_seq: int) -> list[Row]:
        """The rows of a command that are on disk, if all of them are recent ones; else none."""
        first = self.oldest_recent_seq
        if not first < last_seq <= self._published_seq:
            return []
        request_id = self.recent[last_seq - first]["request_id"]
        rows: list[Row] = []
        for seq in range(last_seq, first - 1, -1):
            row = self.recent[seq - first]
            if row["request_id"] != request_id:
                return rows[::-1]
            rows.append(row)
        return []

    def __post_init__(self) -> None:
        self._published_seq = self.durable_seq

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Commit what is staged, then end."""
        if self._task:
            with suppress(StorageUnavailable):
                await self.durable()
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def put(self, rows_of: Callable[[Of], list[Row]]) -> list[Row]:
        """Decide now, commit soon; `durable()` says when. Raises what `rows_of` raises, and
        StorageUnavailable."""
        self._refuse_if_broken()
        rows = rows_of(self.engine)
        self._staged += rows
        self._work.set()
        return rows

    async def durable(self) -> None:
        """Wait until all that is staged by now is on disk. Raises StorageUnavailable."""
        self._refuse_if_broken()
        seq = self.engine.head_seq
        if seq <= self.durable_seq:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((seq, future))
        await future

    def _refuse_if_broken(self) -> None:
        if self.is_broken:
            raise StorageUnavailable(self.fatal) if self.fatal else StorageUnavailable()

    async def upkeep(self, work: Callable[[], None]) -> None:
        """Run work on the log while no commit runs."""
        async with self._disk:
            await self._keep_up(work)

    async def _keep_up(self, work: Callable[[], None]) -> None:
        """Upkeep that fails is tried again another time; another writer ends this one."""
        try:
            await self._on_disk(work)
        except LakeError as error:
            self._give_up(error)
        except Exception:
            log.exception("upkeep of the log failed")

    def _give_up(self, error: LakeError) -> None:
        """Write nothing more: somebody else does."""
        log.critical("the writer stops", cause=str(error), fix=error.fix)
        self.fatal, self.is_broken = error, True
        self._refuse_waiting()

    async def _run(self) -> None:
        while not self.fatal:
            await self._work.wait()
            self._work.clear()
            rows, self._staged = self._staged, []
            if rows:
                await self._commit(rows)

    async def _commit(self, rows: list[Row]) -> None:
        async with self._disk:
            try:
                await self._on_disk(lambda: self.event_log.append(rows))
            except LakeError as error:
                self._give_up(error)
            except Exception:
                log.exception("a commit failed", first=rows[0]["seq"], last=rows[-1]["seq"])
                await self._recover(rows)
            else:
                await self._publish(rows)
            if not self.fatal:
                await self._keep_up(self.event_log.maintain)

    async def _publish(self, rows: list[Row]) -> None:
        self.recent.extend(rows)
        self._published_seq = self.durable_seq
        ready = [future for seq, future in self._waiting if seq <= self.durable_seq]
        self._waiting = [(s, f) for s, f in self._waiting if s > self.durable_seq]
        for future in ready:
            if not future.done():
                future.set_result(None)
        async with self._news:
            self._news.notify_all()

    async def _recover(self, rows: list[Row]) -> None:
        """Look up what became of the commit; what rests on a lost one is refused."""
        self.is_broken = True
        try:
            if await self._insist(lambda: self.event_log.landed(rows[-1]["seq"])):
                await self._publish(rows)
            self._refuse_waiting()
            self._staged.clear()
            self.engine = await self._insist(self.restore)
        except LakeError as error:
            self._give_up(error)
        else:
            self.generation += 1
            self.is_broken = False

    async def _insist(self, ask: Callable[[], Answer]) -> Answer:
        """The answer of storage, however long it is away. Raises LakeError."""
        while True:
            try:
                return await self._on_disk(ask)
            except LakeError:
                raise
            except Exception:  # noqa: BLE001 - storage is away: keep asking
                log.warning("storage is away", retry_seconds=RETRY_SECONDS)
                self._refuse_waiting()
                await asyncio.sleep(RETRY_SECONDS)

    async def _on_disk(self, work: Callable[[], Answer]) -> Answer:
        """In the log's own thread, which no reader waits in. Not left before the work is done, even
        when the task is cancelled: the next one must not write beside it."""
        running = asyncio.get_running_loop().run_in_executor(self._thread, work)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await asyncio.wait([running])
            raise

    def _refuse_waiting(self) -> None:
        for _, future in self._waiting:
            if not future.done():
                future.set_exception(StorageUnavailable())
        self._waiting.clear()

    async def follow(self, after_seq: int) -> AsyncIterator[dict[str, Any]]:
        """Rows as they become durable, from the recent ones on; the caller reads older ones.

        Ends for a reader that is too slow: it goes on with older rows.
        """
        while self.oldest_recent_seq <= after_seq + 1:
            for row in [row for row in self.recent if row["seq"] > after_seq]:
                after_seq = row["seq"]
                yield row
            async with self._news:
                if self._published_seq <= after_seq:
                    await self._news.wait()


class CommandCommit(GroupCommit[Engine]):
    """Of the engine: its rows are decided from commands."""

    def stage(self, command: Command, context: Context) -> list[Row]:
        """Raises what `Engine.stage` raises, and StorageUnavailable."""
        return self.put(lambda engine: engine.stage(command, context))
