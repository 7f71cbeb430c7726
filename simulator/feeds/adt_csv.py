"""Replays an ADT log (CSV: case_id, event, unit, detail, occurred_at) through the engine.

`read_log` parses and never loses a row; `plan_beds` finds how many beds the peak needs; `Replay`
turns each row into commands. Units that receive admissions become wards, with as many beds as are
needed when the new bed is taken before the old one is left.
"""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import heappop, heappush
from pathlib import Path
from typing import NamedTuple

from lake.errors import LakeError
from lake.vocabulary import REPLAY_NO_CLEANING_DATA, Disposition, LakeMode, Role, RoomClass, Source
from simulator.domain import commands as c
from simulator.domain.errors import NotThere, Refusal
from simulator.writer.engine import Context, Row

COLUMNS = ["case_id", "event", "unit", "detail", "occurred_at"]
TIME_ZONE = "UTC"
SPECIALTY = "not_stated"
NO_BED_TOUCHED = ("register", "return")
INTENSIVE_CARE = "IC"
CASE_ID = re.compile(r"[A-Za-z0-9._-]{1,56}")


class LogRow(NamedTuple):
    line: int
    case_id: str
    event: str
    unit: str
    detail: str
    occurred_at: datetime


class Fault(NamedTuple):
    line: int
    reason: str


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


def read_log(path: Path) -> tuple[list[LogRow], list[Fault], int]:
    """Rows in order of time (of equal times, of line), what is wrong, and how many rows there are.

    Raises LakeError where the file is not there or has other columns.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig", errors="replace")
    except OSError as error:
        raise LakeError(f"{path} cannot be read: {error.strerror}.", "Name a CSV file.") from None
    lines = text.splitlines()
    header = _values(lines[0]) if lines else []
    if header != COLUMNS:
        raise LakeError(
            f"{path} has the columns {', '.join(header) or '(none)'}.",
            f"An ADT log has {', '.join(COLUMNS)}.",
        )
    rows: list[LogRow] = []
    faults: list[Fault] = []
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        parsed = _parse(number, _values(line))
        if isinstance(parsed, LogRow):
            rows.append(parsed)
        else:
            faults.append(parsed)
    return (
        sorted(rows, key=lambda row: (row.occurred_at, row.line)),
        faults,
        len(rows) + len(faults),
    )


def _values(line: str) -> list[str]:
    """Each line by itself, so that a stray quote spoils no other; none where it cannot be read."""
    try:
        return next(csv.reader([line.replace("\0", "\ufffd")], strict=True), [])
    except csv.Error:
        return []


def _parse(line: int, values: list[str]) -> LogRow | Fault:
    if len(values) != len(COLUMNS):
        wrong = f"{len(values)} values instead of {len(COLUMNS)}"
        return Fault(line, wrong if values else "not CSV: a quotation mark is not closed")
    case_id, event, unit, detail, occurred_at = (value.strip() for value in values)
    if event not in (*NO_BED_TOUCHED, "admission", "release"):
        return Fault(line, f"unknown event {event!r}")
    if not CASE_ID.fullmatch(case_id):
        return Fault(line, f"case_id {case_id!r} is not an identifier")
    if event == "admission" and not (unit.isalnum() and unit.isascii()):
        return Fault(line, f"an admission to unit {unit!r}")
    try:
        at = datetime.fromisoformat(occurred_at)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return Fault(line, f"occurred_at {occurred_at!r} is not a time")
    return LogRow(line, case_id, event, unit, detail, at)


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
        carry_out(c.SetClock(0.0, TIME_ZONE, LakeMode.REPLAY), _context(at))
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
                taken = carry_out(c.TransferPatient(held[0], to_bed), context)
            else:
                ref = f"replay1-{row.case_id}"
                taken = carry_out(c.BookBed(to_bed, ref, admit=True), context)
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
        carry_out(c.DischargePatient(held[0], Disposition.OTHER.value), context)
        del self._in_bed[row.case_id]
        self._clean(held[1], row.occurred_at, carry_out)
        return "release"

    def _clean(self, bed_id: str, at: datetime, carry_out: CarryOut) -> None:
        """The log knows no cleaning, so the bed is clean at once."""
        context = _context(at, reason_code=REPLAY_NO_CLEANING_DATA)
        carry_out(c.StartCleaning(bed_id), context)
        carry_out(c.FinishCleaning(bed_id), context)
        heappush(self._free[self._pool_of_bed[bed_id]], bed_id)


def _context(at: datetime, note: str | None = None, reason_code: str | None = None) -> Context:
    return Context(Source.REPLAY, "replay", Role.SYSTEM, at, reason_code, note)
