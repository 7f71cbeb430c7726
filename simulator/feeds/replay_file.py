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
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from lake.duck import LakeReader
from lake.errors import LakeError
from lake.places import Places
from lake.tables import Owner
from lake.upkeep.ownership import own
from lake.vocabulary import (
    REPLAY_NO_CLEANING_DATA,
    Disposition,
    LakeMode,
    RoomClass,
    Source,
    canonical_ref,
)
from simulator.domain import commands as c
from simulator.domain.errors import NotThere, Refusal
from simulator.domain.hospital import Hospital
from simulator.domain.house import House
from simulator.domain.principals import unasked
from simulator.feeds.adt_csv import NO_BED_TOUCHED, read_log
from simulator.feeds.closed_log import settle
from simulator.feeds.columns import Names
from simulator.feeds.log_rows import Duplicate, Fault, Log, LogRow, Remark, rows_in
from simulator.feeds.wards import ward_ids, ward_name
from simulator.writer import chain
from simulator.writer.bulk import BulkWriter
from simulator.writer.clock import HospitalClock, wall_now
from simulator.writer.engine import Context, Engine, Row
from simulator.writer.event_log import EventLog
from simulator.writer.memory import remember

SPECIALTY = "not_stated"
INTENSIVE_CARE = "IC"


class Pool(NamedTuple):
    """Beds of one unit and class stand in for each other."""

    unit: str
    room_class: RoomClass


@dataclass
class Summary:
    """Adds up: rows = applied + without_bed + duplicates + rows of faults.

    `texts`: of each line that begins a row.
    """

    rows: int = 0
    time_zone: str = "UTC"
    applied: Counter[str] = field(default_factory=Counter)
    without_bed: Counter[str] = field(default_factory=Counter)
    duplicates: list[Duplicate] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    texts: Mapping[int, str] = field(default_factory=dict)

    @property
    def adds_up(self) -> bool:
        touched = self.applied.total() + self.without_bed.total()
        return self.rows == touched + len(self.duplicates) + rows_in(self.faults)


def replay_file(
    places: Places,
    path: Path,
    hospital_id: str,
    time_zone: str = "UTC",
    names: Names | None = None,
) -> Summary:
    """Feed the log into an empty lake. Raises LakeError where the lake has events."""
    replay = Replay(read_log(path, time_zone, names), time_zone)
    with own(places, Owner.ENGINE, "a replay"):
        event_log = EventLog(places)
        event_log.open()
        if remember(LakeReader(places), House()).head_seq:
            raise LakeError(
                f"The lake in {places.home} has events, and a replay needs an empty one.",
                "Name another folder: SNR_HOME=/path/to/empty ./snr replay FILE",
            )
        engine = _engine(hospital_id, replay, chain.read_or_make_salt(places.secrets))
        writer = BulkWriter(engine, event_log)
        summary = replay.run(_on_time(engine.clock, writer.carry_out))
        writer.flush()
    return summary


def check_file(
    path: Path, hospital_id: str, time_zone: str = "UTC", names: Names | None = None
) -> Summary:
    """What a replay would say: the same engine and rules, and nothing is written."""
    replay = Replay(read_log(path, time_zone, names), time_zone)
    engine = _engine(hospital_id, replay, b"")
    return replay.run(_on_time(engine.clock, engine.stage))


def _engine(hospital_id: str, replay: "Replay", salt: bytes) -> Engine:
    clock = HospitalClock(replay.starts_at or wall_now(), wall_now(), 0.0, replay.time_zone)
    return Engine(hospital_id, Hospital(), clock, salt)


def _on_time(clock: HospitalClock, carry_out: "CarryOut") -> "CarryOut":
    """The clock stands at the instant of each row."""

    def at_its_instant(command: c.Command, context: Context) -> list[Row]:
        clock.set(0.0, context.occurred_at)
        return carry_out(command, context)

    return at_its_instant


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
    ids = ward_ids(pool.unit for pool in pools)
    return {
        pool: [_bed(pool, ids[pool.unit], number) for number in range(1, size + 1)]
        for pool, size in pools.items()
    }


def _bed(pool: Pool, ward_id: str, number: int) -> c.RegisterBed:
    first = 900 if pool.room_class is RoomClass.ICU else 0
    room_id = f"{ward_id}-{first + number:03d}"
    return c.RegisterBed(
        bed_id=f"{room_id}-A",
        room_id=room_id,
        ward_id=ward_id,
        ward_name=ward_name(pool.unit),
        specialty=SPECIALTY,
        room_class=pool.room_class.value,
    )


def patient_refs(cases: Iterable[str]) -> dict[str, str]:
    """Of each case a reference of its own, also where only the case of letters differs."""
    refs: dict[str, str] = {}
    taken: Counter[str] = Counter()
    for case_id in sorted(set(cases)):
        ref = canonical_ref(f"replay1-{case_id}")
        taken[ref] += 1
        refs[case_id] = ref if taken[ref] == 1 else f"{ref}.{taken[ref]}"
    return refs


CarryOut = Callable[[c.Command, Context], list[Row]]


class Replay:
    """Carries out a log's rows in order; `carry_out` raises what the engine raises."""

    def __init__(self, log: Log, time_zone: str) -> None:
        self._rows, duplicates, faults = settle(log.rows)
        self.time_zone = time_zone
        self.summary = Summary(
            rows=len(log.texts),
            time_zone=time_zone,
            duplicates=duplicates,
            faults=[*log.faults, *faults],
            remarks=log.remarks,
            texts=log.texts,
        )
        self._ref_of = patient_refs(row.case_id for row in self._rows)
        self._free: dict[Pool, list[str]] = {}
        self._pool_of_bed: dict[str, Pool] = {}
        self._in_bed: dict[str, tuple[str, str]] = {}

    @property
    def starts_at(self) -> datetime | None:
        return self._rows[0].occurred_at if self._rows else None

    def run(self, carry_out: CarryOut) -> Summary:
        if self.starts_at:
            self._register(carry_out, self.starts_at)
        for row in self._rows:
            self._apply(row, carry_out)
        self.summary.faults.sort(key=attrgetter("line"))
        return self.summary

    def _register(self, carry_out: CarryOut, at: datetime) -> None:
        set_clock = c.SetClock(speed=0.0, time_zone=self.time_zone, mode=LakeMode.REPLAY)
        carry_out(set_clock, _context(at))
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
                ref = self._ref_of[row.case_id]
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
        Source.REPLAY, unasked("replay"), occurred_at=at, reason_code=reason_code, note=note
    )
