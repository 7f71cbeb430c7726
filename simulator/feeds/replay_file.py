"""Replays an ADT log through the engine, into an empty lake.

`plan_beds` finds how many beds the peak needs; `Replay` turns each row into commands. Units that
receive admissions become wards, with as many beds as are needed when the new bed is taken before
the old one is left.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heappop, heappush
from pathlib import Path
from typing import NamedTuple

from lake.duck import LakeReader
from lake.errors import LakeError
from lake.places import Places
from lake.tables import Owner
from lake.upkeep.ownership import own
from lake.vocabulary import REPLAY_NO_CLEANING_DATA, Disposition, LakeMode, Role, RoomClass, Source
from simulator.domain import commands as c
from simulator.domain.errors import NotThere, Refusal
from simulator.domain.hospital import Hospital
from simulator.feeds.adt_csv import NO_BED_TOUCHED, Fault, LogRow, read_log
from simulator.writer import chain
from simulator.writer.bulk import BulkWriter
from simulator.writer.clock import HospitalClock, wall_now
from simulator.writer.engine import Context, Engine, Row
from simulator.writer.event_log import EventLog
from simulator.writer.memory import remember

TIME_ZONE = "UTC"
SPECIALTY = "not_stated"
INTENSIVE_CARE = "IC"


class Pool(NamedTuple):
    """Beds of one unit and class stand in for each other."""

    unit: str
    room_class: RoomClass


@dataclass
class Summary:
    """Adds up: rows = applied + without_bed + faults."""

    rows: int = 0
    applied: Counter[str] = field(default_factory=Counter)
    without_bed: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)

    @property
    def adds_up(self) -> bool:
        return self.rows == self.applied.total() + self.without_bed.total() + len(self.faults)


def replay_file(places: Places, path: Path, hospital_id: str) -> Summary:
    """Feed the log into an empty lake. Raises LakeError where the lake has events."""
    rows, faults, count = read_log(path)
    with own(places, Owner.ENGINE, "a replay"):
        event_log = EventLog(places)
        event_log.open()
        if remember(LakeReader(places)).head_seq:
            raise LakeError(
                f"The lake in {places.home} has events, and a replay needs an empty one.",
                "Name another folder: SNR_HOME=/path/to/empty ./snr replay FILE",
            )
        start = rows[0].occurred_at if rows else wall_now()
        clock = HospitalClock(start, wall_now(), 0.0, TIME_ZONE)
        salt = chain.read_or_make_salt(places.secrets)
        writer = BulkWriter(Engine(hospital_id, Hospital(), clock, salt), event_log)

        def carry_out(command: c.Command, context: Context) -> list[Row]:
            clock.set(0.0, context.occurred_at)
            return writer.carry_out(command, context)

        summary = Replay(rows, faults, count).run(carry_out)
        writer.flush()
    return summary


def pool_of(row: LogRow) -> Pool:
    icu = row.detail == INTENSIVE_CARE
    return Pool(row.unit, RoomClass.ICU if icu else RoomClass.GENERAL)


def plan_beds(rows: Iterable[LogRow]) -> dict[Pool, int]:
    """Beds that each pool needs at its peak, the new bed taken before the old one is left."""
    used: Counter[Pool] = Counter()
    peak: Counter[Pool] = Counter()
    where: dict[str, Pool] = {}
    for row in rows:
        if row.event == "admission":
            pool = pool_of(row)
            used[pool] += 1
            peak[pool] = max(peak[pool], used[pool])
            left = where.get(row.case_id)
            where[row.case_id] = pool
            if left:
                used[left] -= 1
        elif row.event == "release" and row.case_id in where:
            used[where.pop(row.case_id)] -= 1
    return dict(sorted(peak.items()))


def beds_of(pools: Mapping[Pool, int]) -> dict[Pool, list[c.RegisterBed]]:
    """One bed a room; general rooms are numbered from 1, intensive care from 901."""
    return {
        pool: [_bed(pool, number) for number in range(1, size + 1)] for pool, size in pools.items()
    }


def _bed(pool: Pool, number: int) -> c.RegisterBed:
    first = 900 if pool.room_class is RoomClass.ICU else 0
    room_id = f"{pool.unit}-{first + number:03d}"
    return c.RegisterBed(
        bed_id=f"{room_id}-A",
        room_id=room_id,
        ward_id=pool.unit,
        ward_name=f"Unit {pool.unit}",
        specialty=SPECIALTY,
        room_class=pool.room_class.value,
    )


CarryOut = Callable[[c.Command, Context], list[Row]]


class Replay:
    """Carries out a log's rows in order; `carry_out` raises what the engine raises."""

    def __init__(self, rows: list[LogRow], faults: list[Fault], count: int) -> None:
        self._rows = rows
        self.summary = Summary(count, faults=list(faults))
        self._free: dict[Pool, list[str]] = {}
        self._pool_of_bed: dict[str, Pool] = {}
        self._in_bed: dict[str, tuple[str, str]] = {}

    def run(self, carry_out: CarryOut) -> Summary:
        if self._rows:
            self._register(carry_out, self._rows[0].occurred_at)
        for row in self._rows:
            self._apply(row, carry_out)
        self.summary.faults.sort()
        return self.summary

    def _register(self, carry_out: CarryOut, at: datetime) -> None:
        carry_out(c.SetClock(speed=0.0, time_zone=TIME_ZONE, mode=LakeMode.REPLAY), _context(at))
        for pool, beds in beds_of(plan_beds(self._rows)).items():
            self._free[pool] = [bed.bed_id for bed in beds]
            for bed in beds:
                self._pool_of_bed[bed.bed_id] = pool
                carry_out(bed, _context(at))

    def _apply(self, row: LogRow, carry_out: CarryOut) -> None:
        if row.event in NO_BED_TOUCHED:
            self.summary.without_bed[row.event] += 1
            return
        try:
            done = (
                self._admit(row, carry_out)
                if row.event == "admission"
                else self._release(row, carry_out)
            )
        except (Refusal, NotThere) as error:
            self.summary.faults.append(Fault(row.line, str(error)))
        else:
            self.summary.applied[done] += 1

    def _admit(self, row: LogRow, carry_out: CarryOut) -> str:
        pool = pool_of(row)
        to_bed = heappop(self._free[pool])
        held = self._in_bed.get(row.case_id)
        context = _context(row.occurred_at)
        try:
            if held:
                taken = carry_out(c.TransferPatient(booking_id=held[0], to_bed_id=to_bed), context)
            else:
                ref = f"replay1-{row.case_id}"
                taken = carry_out(c.BookBed(bed_id=to_bed, patient_ref=ref, admit=True), context)
        except (Refusal, NotThere):
            heappush(self._free[pool], to_bed)
            raise
        self._in_bed[row.case_id] = (taken[-1]["booking_id"], to_bed)
        if held:
            self._clean(held[1], row.occurred_at, carry_out)
        return "transfer" if held else "admission"

    def _release(self, row: LogRow, carry_out: CarryOut) -> str:
        held = self._in_bed.get(row.case_id)
        if held is None:
            raise NotThere(f"a release of {row.case_id}, who is in no bed")
        context = _context(row.occurred_at, note=row.detail or None)
        carry_out(
            c.DischargePatient(booking_id=held[0], disposition=Disposition.OTHER.value), context
        )
        del self._in_bed[row.case_id]
        self._clean(held[1], row.occurred_at, carry_out)
        return "release"

    def _clean(self, bed_id: str, at: datetime, carry_out: CarryOut) -> None:
        """The log knows no cleaning, so the bed is clean at once."""
        context = _context(at, reason_code=REPLAY_NO_CLEANING_DATA)
        carry_out(c.StartCleaning(bed_id=bed_id), context)
        carry_out(c.FinishCleaning(bed_id=bed_id), context)
        heappush(self._free[self._pool_of_bed[bed_id]], bed_id)


def _context(at: datetime, note: str | None = None, reason_code: str | None = None) -> Context:
    return Context(
        Source.REPLAY, "replay", Role.SYSTEM, occurred_at=at, reason_code=reason_code, note=note
    )
