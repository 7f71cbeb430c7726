"""The booking desk: one hospital's writer from start to stop, with its clock.

Opens the log, restores the state, writes the first events of an empty lake, and then carries out
commands: of people over HTTP, and of the inhabitant that a demo lake has.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import duckdb
import structlog
from deltalake.exceptions import DeltaError

from lake.duck import LakeReader
from lake.errors import LakeError, StaleWriter
from lake.places import Places
from lake.tables import BED_EVENTS
from lake.vocabulary import BookingState, LakeMode, Source
from simulator.domain import commands as c
from simulator.domain.bookings import Booking
from simulator.domain.decisions.merges import due
from simulator.domain.errors import (
    Forbidden,
    NotThere,
    Outdated,
    Refusal,
    StorageUnavailable,
    WrongMode,
)
from simulator.domain.principals import unasked
from simulator.domain.rules.suggestions import suggest
from simulator.plan import HospitalPlan
from simulator.settings import ApiSettings
from simulator.writer import chain
from simulator.writer.bulk import BulkWriter
from simulator.writer.clock import HospitalClock, wall_now
from simulator.writer.engine import Context, Engine, Row
from simulator.writer.event_log import EventLog
from simulator.writer.group_commit import CommandCommit
from simulator.writer.keys import RecentKeys
from simulator.writer.memory import Remembered, remember, rows_of_command

TICK_SECONDS = 1.0
TIDY_SECONDS = 300.0

log = structlog.get_logger()


class Inhabitant(Protocol):
    """Acts by the same commands as people do; only a demo lake has one."""

    seed: int
    is_acting: bool

    def write_past(
        self, writer: BulkWriter, since: datetime, until: datetime, *, is_new: bool
    ) -> None:
        """The hospital's days before its first start; not `is_new`: the rest of them."""

    def move_in(self, desk: "Desk") -> None:
        """Take up what is there."""

    def act(self) -> float | None:
        """Do what is due; gives the wall seconds until something is due again (None: nothing)."""


@dataclass
class Desk:
    """`ready` is set once the beds, and in demo the history, are there. An empty lake becomes a
    demo one if somebody is to act in it."""

    places: Places
    settings: ApiSettings
    plan: HospitalPlan
    inhabitant: Inhabitant | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    mode: LakeMode = LakeMode.LIVE
    _lost_actions: bool = False
    _generation: int = 0
    failure: str = ""

    async def open(self) -> None:
        """Restore or found the lake, then serve. Runs beside the server's own start."""
        await asyncio.to_thread(self._prepare)
        self.commit = CommandCommit(self._engine, self._event_log, self._restore)
        self.commit.start()
        if self.is_inhabited:
            self.resident.move_in(self)
        self._tasks = [asyncio.create_task(self._tick()), asyncio.create_task(self._tidy())]
        self.ready.set()
        log.info("ready", mode=self.mode, head_seq=self.commit.durable_seq)

    async def close(self) -> None:
        if self.ready.is_set():
            for task in self._tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            await self.commit.stop()

    @property
    def engine(self) -> Engine:
        return self.commit.engine

    async def carry_out(self, command: c.Command, context: Context) -> list[Row]:
        """The rows of the command, once they are on disk; the last one is what it is about.

        Raises what the engine raises, KeyReused and StorageUnavailable. A refusal too is only
        given once all that it rests on is on disk.
        """
        again = self._caused_before(context)
        if again is not None:
            return await self._written(again)
        try:
            rows = self.commit.stage(command, context)
        except Refusal as refusal:
            # Before anything else changes what would do.
            moment = self.engine.moment(context)
            refusal.suggestions = suggest(self.engine.hospital, command, refusal.rules, moment)
            await self.commit.durable()
            raise
        except (NotThere, Forbidden, Outdated):
            await self.commit.durable()
            raise
        self.keys.remember(rows[-1])
        await self.commit.durable()
        return rows

    async def remembered(self, context: Context) -> list[Row] | None:
        """The rows that the request's key caused, if it came before, once they are on disk.

        Raises KeyReused and StorageUnavailable.
        """
        again = self._caused_before(context)
        return None if again is None else await self._written(again)

    async def _written(self, last_seq: int) -> list[Row]:
        """The rows of the command whose last one is staged or in the log. Raises
        StorageUnavailable."""
        await self.commit.durable()
        rows = self.commit.recent_command(last_seq)
        if rows:
            return rows
        try:
            return await asyncio.to_thread(rows_of_command, self.reader, last_seq)
        except (duckdb.Error, DeltaError, OSError, ValueError) as error:
            raise StorageUnavailable(
                f"Row {last_seq} of the log cannot be read: {error}"
            ) from error

    def _caused_before(self, context: Context) -> int | None:
        if not context.idempotency_key:
            return None
        return self.keys.find(
            context.actor,
            context.request_path or "",
            context.idempotency_key,
            context.request_body or b"",
        )

    @property
    def resident(self) -> Inhabitant:
        """Who lives in this hospital. Raises WrongMode."""
        if self.inhabitant is None or not self.is_inhabited:
            raise WrongMode
        return self.inhabitant

    @property
    def is_inhabited(self) -> bool:
        return self.inhabitant is not None and self.mode is LakeMode.DEMO

    async def set_resident(self, *, acts: bool, speed: float, seed: int, context: Context) -> None:
        """Start or stop the inhabitant, change its seed or the clock's speed; the clock goes on
        when it stops. That of the clock is the event of each, by whoever it was. Raises
        WrongMode."""
        resident = self.resident
        await self.commit.durable()
        if (speed, acts, seed) != (self.clock.speed, resident.is_acting, resident.seed):
            self.clock.set(speed)
            self.commit.stage(self._clock_at(speed), context)
        resident.seed = seed
        resident.move_in(self)
        resident.is_acting = acts
        await self.commit.durable()

    def _prepare(self) -> None:
        self._salt = chain.read_or_make_salt(self.places.secrets)
        self._event_log = EventLog(self.places)
        self._event_log.open()
        self.reader = LakeReader(self.places, [BED_EVENTS])
        past = self._past()
        is_unfinished = past.mode is LakeMode.DEMO and not past.clock_speed
        if past.mode is None or is_unfinished:
            self._found(past)
        else:
            self.mode = past.mode
            self.clock = self._clock_after(past)
            self._engine = self._engine_after(past)
        self._write_clock()

    def _past(self) -> Remembered:
        past = remember(self.reader, self.plan.house)
        self._refuse_another_hospital(past.hospital_id)
        if past.head_seq != self._event_log.head_seq:
            raise StaleWriter(
                f"stale_writer: the log ends at seq {past.head_seq}, "
                f"its writer at {self._event_log.head_seq}.",
                "Something else has written to bronze.bed_events; see docs/runbook.md.",
            )
        self.keys = RecentKeys.from_rows(past.recent_keys, self._salt)
        return past

    def _refuse_another_hospital(self, hospital_id: str | None) -> None:
        if hospital_id not in (None, self.plan.hospital_id):
            raise LakeError(
                f"The lake in {self.places.lake_url} is of the hospital {hospital_id}, "
                f"{self.settings.hospital_file.name} is of {self.plan.hospital_id}.",
                "One hospital has one lake: use another SNR_HOME, or the file of that hospital.",
            )

    def _found(self, past: Remembered) -> None:
        """The first events of an empty lake, or the rest of them if a start was interrupted."""
        is_demo = self.inhabitant is not None and self.inhabitant.is_acting
        self.mode = past.mode or (LakeMode.DEMO if is_demo else LakeMode.LIVE)
        wall = wall_now()
        self.clock = HospitalClock(wall, wall, 0.0, self.plan.time_zone)
        self._engine = self._engine_after(past)
        writer, now = BulkWriter(self._engine, self._event_log), self.clock.now()
        if past.mode:
            since = max(bed.last_event_at for bed in self._engine.hospital.beds.values())
        else:
            days = self.settings.history_days if self.mode is LakeMode.DEMO else 0
            since = now - timedelta(days=days)
            self._register_beds(writer, since)
        if self.is_inhabited:
            self.resident.write_past(writer, since, now, is_new=not past.mode)
        writer.flush()
        self.clock.set(self._speed)

    def _register_beds(self, writer: BulkWriter, at: datetime) -> None:
        context = system_context(occurred_at=at)
        writer.carry_out(self._clock_at(1.0 if self.mode is LakeMode.LIVE else 0.0), context)
        for bed in self.plan.beds():
            writer.carry_out(bed, context)

    def _write_clock(self) -> None:
        self._event_log.append(
            self._engine.stage(self._clock_at(self.clock.speed), system_context())
        )

    def _clock_at(self, speed: float) -> c.SetClock:
        return c.SetClock(speed=speed, time_zone=self.clock.time_zone, mode=self.mode)

    @property
    def _speed(self) -> float:
        speeds = {LakeMode.DEMO: self.settings.speed, LakeMode.LIVE: 1.0, LakeMode.REPLAY: 0.0}
        return speeds[self.mode]

    def _clock_after(self, past: Remembered) -> HospitalClock:
        """Live goes by the wall; demo goes on after the last event; replay stands at it."""
        wall, zone = wall_now(), past.time_zone or self.plan.time_zone
        latest = past.latest_at or wall
        anchor = wall if self.mode is LakeMode.LIVE else latest
        return HospitalClock(anchor, wall, self._speed, zone, not_before=latest)

    def _engine_after(self, past: Remembered) -> Engine:
        return Engine(
            hospital_id=self.plan.hospital_id,
            hospital=past.hospital,
            clock=self.clock,
            salt=self._salt,
            head_seq=past.head_seq,
            head_hash=past.head_hash,
            newest=past.newest,
            past_grace=timedelta(minutes=self.settings.past_start_grace_minutes),
        )

    def _restore(self) -> Engine:
        return self._engine_after(self._past())

    async def _tick(self) -> None:
        while True:
            try:
                self._expire_no_shows()
                self._settle_merges()
                seconds = self._let_act()
            except StorageUnavailable:
                seconds = TICK_SECONDS
                self._lost_actions = True
            except Exception:
                log.exception("the inhabitant stumbled and starts afresh")
                seconds = TICK_SECONDS
                self._lost_actions = True
            await asyncio.sleep(seconds)
            lost = self._lost_actions or self.commit.generation != self._generation
            if lost and not self.commit.is_broken:
                self._generation = self.commit.generation
                if self.is_inhabited:
                    self.resident.move_in(self)
                self._lost_actions = False

    def _let_act(self) -> float:
        """Gives the wall seconds until the next look."""
        seconds = self.resident.act() if self.is_inhabited else None
        return TICK_SECONDS if seconds is None else min(max(seconds, 0.0), TICK_SECONDS)

    def _expire_no_shows(self) -> None:
        now = self.clock.now()
        hospital = self.engine.hospital
        started = [b for bed_id in hospital.of_bed for b in hospital.started(bed_id, now)]
        overdue = [booking for booking in started if self._is_overdue(booking, now)]
        for booking in overdue:
            context = system_context(reason_code="no_show", note="Patient did not arrive")
            with suppress(Refusal, NotThere):
                self.commit.stage(c.ExpireBooking(booking_id=booking.booking_id), context)

    def _settle_merges(self) -> None:
        if due(self.engine.hospital):
            self.commit.stage(c.SettleMerges(), system_context())

    def _is_overdue(self, booking: Booking, now: datetime) -> bool:
        """A person gets at least 15 wall minutes, however fast the clock runs."""
        configured = timedelta(minutes=self.settings.no_show_grace_minutes)
        grace = self.engine.grace(configured, booking.source)
        return booking.state is BookingState.RESERVED and booking.starts_at + grace < now

    async def _tidy(self) -> None:
        """Upkeep of the log on its own timer, between commits."""
        while True:
            await asyncio.sleep(TIDY_SECONDS)
            await self.commit.upkeep(self._event_log.tidy)


def system_context(
    *, occurred_at: datetime | None = None, reason_code: str | None = None, note: str | None = None
) -> Context:
    return Context(
        Source.SYSTEM,
        unasked("system"),
        occurred_at=occurred_at,
        reason_code=reason_code,
        note=note,
    )
