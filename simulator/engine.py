"""The engine: decides commands on the state in memory and turns changes into event rows.

It is the single writer's mind; it does no I/O. `GroupCommit` makes what it stages durable.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from uuid_utils import uuid7

from lake.tables import SCHEMA_VERSION
from lake.vocabulary import Role, Source
from simulator import chain
from simulator.clock import HospitalClock, wall_now
from simulator.domain.commands import Command
from simulator.domain.decisions import Change, Moment, decide
from simulator.domain.hospital import Hospital

Row = dict[str, Any]


class NotYet(Exception):
    """`occurred_at` lies after the hospital's now."""


@dataclass(frozen=True, slots=True)
class Context:
    """Who asks, when it happened (None: now) and what goes into the row besides."""

    source: Source
    actor: str
    role: Role = Role.MANAGER
    occurred_at: datetime | None = None
    reason_code: str | None = None
    note: str | None = None
    idempotency_key: str | None = None
    request_path: str | None = None
    request_digest: str | None = None

    def as_columns(self) -> Row:
        return {
            "source": self.source.value,
            "actor": self.actor,
            "role": self.role.value,
            "reason_code": self.reason_code,
            "note": self.note,
            "idempotency_key": self.idempotency_key,
            "request_path": self.request_path,
            "request_digest": self.request_digest,
        }


@dataclass
class Engine:
    """`head_seq`, `head_hash`: of the newest staged row. `newest`: each bed's newest row."""

    hospital_id: str
    hospital: Hospital
    clock: HospitalClock
    salt: bytes
    head_seq: int = 0
    head_hash: str = chain.FIRST_HASH
    newest: dict[str, Row] = field(default_factory=dict)

    def stage(self, command: Command, context: Context) -> list[Row]:
        """Decide, take the changes into the state, and give their rows, in order of `seq`.

        Raises Refusal, NotThere or NotYet, and then nothing has changed.
        """
        wall = wall_now()
        now = self.clock.now(wall)
        at = context.occurred_at or now
        if at > now:
            raise NotYet(f"It is {now:%Y-%m-%d %H:%M:%S} UTC in the hospital.")
        moment = Moment(at, now, self.head_seq + 1, context.source)
        changes = decide(self.hospital, command, moment)
        shared = {
            "hospital_id": self.hospital_id,
            "occurred_at": at,
            "recorded_at": wall,
            "event_date": wall.date(),
            "request_id": str(uuid7()),
            "time_zone": self.clock.time_zone,
            "schema_version": SCHEMA_VERSION,
            **context.as_columns(),
        }
        return [self._take(change, shared) for change in changes]

    def _take(self, change: Change, shared: Row) -> Row:
        self.hospital.apply(change.bed, change.booking)
        row: Row = {
            **shared,
            "seq": self.head_seq + 1,
            "event_id": str(uuid7()),
            "event_type": change.event_type.value,
        }
        if change.bed:
            row |= self.hospital.bed_columns(change.bed)
        if change.booking:
            row |= change.booking.as_columns()
        row |= change.columns
        self.head_hash = row["chain_hash"] = chain.link(self.head_hash, row, self.salt)
        self.head_seq += 1
        if change.bed:
            self.newest[change.bed.bed_id] = row
        return row
