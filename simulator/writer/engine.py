"""The engine: decides commands on the state in memory and turns changes into event rows.

It is the single writer's mind; it does no I/O. `GroupCommit` makes what it stages durable.
"""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from uuid_utils import uuid7

from lake.tables import SCHEMA_VERSION
from lake.vocabulary import EventType, Source
from simulator.domain import commands as c
from simulator.domain.changes import Change, Moment
from simulator.domain.commands import Command
from simulator.domain.decisions.decide import decide
from simulator.domain.errors import NotYet, Outdated
from simulator.domain.hospital import Hospital
from simulator.domain.permissions import role_for
from simulator.domain.principals import Principal
from simulator.writer import chain
from simulator.writer.clock import HospitalClock, wall_now
from simulator.writer.digests import request_digest

Row = dict[str, Any]


MATTERS = (
    "bed_status", "current_booking_id", "expected_discharge_at", "next_booking_id",
    "next_starts_at", "next_ends_at",
)  # fmt: skip
"""What of a bed is compared by If-Match."""

PERSONS_GRACE_WALL = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Context:
    """Who asks, when it happened (None: now) and what goes into the row besides. `reason`: the
    words for the reason code. `request_body`: of the request that carried the key."""

    source: Source
    who: Principal
    _: KW_ONLY
    occurred_at: datetime | None = None
    reason_code: str | None = None
    reason: str | None = None
    note: str | None = None
    idempotency_key: str | None = None
    request_path: str | None = None
    request_body: bytes | None = None
    is_proved: bool = True
    """Whether whoever asks has given the password a moment ago, or needs none."""
    if_match: frozenset[int] | None = None
    """Only if none of the command's beds has changed since the newest of these `seq`."""

    @property
    def says_why(self) -> bool:
        return bool(self.note or self.reason)

    @property
    def actor(self) -> str:
        return self.who.actor

    def as_columns(self) -> Row:
        return {
            "source": self.source.value,
            "actor": self.actor,
            "reason_code": self.reason_code,
            "reason": self.reason,
            "note": self.note,
            "idempotency_key": self.idempotency_key,
            "request_path": self.request_path,
        }


@dataclass
class Engine:
    """`head_seq`, `head_hash`: of the newest staged row. `newest`: each bed's newest row;
    `changed`: the `seq` with which it last changed in what matters, since the start."""

    hospital_id: str
    hospital: Hospital
    clock: HospitalClock
    salt: bytes
    head_seq: int = 0
    head_hash: str = chain.FIRST_HASH
    newest: dict[str, Row] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    past_grace: timedelta = timedelta(hours=1)

    def stage(self, command: Command, context: Context) -> list[Row]:
        """Decide, take the changes into the state, and give their rows, in order of `seq`.

        Raises Refusal, NotThere, Forbidden, NotYet or Outdated, and then nothing has changed.
        """
        moment = self.moment(context)
        role = role_for(self.hospital, command, context.who, says_why=context.says_why)
        self._check_match(command, context)
        changes = decide(self.hospital, command, moment)
        wall = wall_now()
        shared = {
            "hospital_id": self.hospital_id,
            "occurred_at": moment.at,
            "recorded_at": wall,
            "event_date": wall.date(),
            "request_id": str(uuid7()),
            "time_zone": self.clock.time_zone,
            "schema_version": SCHEMA_VERSION,
            "request_digest": request_digest(context.request_body, self.salt),
            **context.as_columns(),
            "role": role.value,
        }
        for change in changes:
            self.hospital.apply(change.bed, change.booking)
        ids = [str(uuid7()) for _ in changes]
        of_command = enumerate(zip(changes, ids, strict=True))
        return [
            self._row(change, shared, event_id, self._given_by(changes, ids, nth))
            for nth, (change, event_id) in of_command
        ]

    def moment(self, context: Context) -> Moment:
        """When and by whom a command of this context would take effect. Raises NotYet."""
        now = self.clock.now(wall_now())
        at = context.occurred_at or now
        if at > now:
            raise NotYet(f"It is {now:%Y-%m-%d %H:%M:%S} UTC in the hospital.")
        grace = self.grace(self.past_grace, context.source)
        return Moment(at, now, self.head_seq + 1, context.source, context.who, grace)

    def grace(self, configured: timedelta, source: str) -> timedelta:
        """Hospital time; a person gets at least 15 wall minutes, however fast the clock runs."""
        if source == Source.SIMULATOR:
            return configured
        return max(configured, PERSONS_GRACE_WALL * self.clock.speed)

    def beds_of(self, command: Command) -> set[str]:
        """The beds that a command is about: named, or of its bookings, event or override."""
        match command:
            case c.ReviewOverride(event_id=event_id):
                override = self.hospital.overrides.get(event_id)
                return {override.bed_id} if override else set()
            case c.CancelEvent(request=request):
                return {event.bed_before.bed_id for event in request}
        named = {getattr(command, name, None) for name in ("bed_id", "to_bed_id")}
        known = self.hospital.bookings
        for name in ("booking_id", "with_booking_id"):
            booking = known.get(getattr(command, name, ""))
            if booking:
                named.add(booking.bed_id)
                stay = self.hospital.stay_of(booking.patient_ref)
                named |= {stay.bed_id} if stay and isinstance(command, c.AdmitPatient) else set()
        named |= {newborn.to_bed_id for newborn in getattr(command, "newborns", ())}
        return {bed_id for bed_id in (*named, *getattr(command, "bed_ids", ())) if bed_id}

    def _check_match(self, command: Command, context: Context) -> None:
        """A note on a bed is no change that matters, nor is what others have done elsewhere."""
        if context.if_match is None:
            return
        beds = self.beds_of(command)
        if not beds and self._is_unknown(command):
            return  # which is said in the words for what never was
        if not beds:
            raise Outdated("If-Match goes with what is done to beds; this is not.")
        seen = max(context.if_match, default=0)
        for bed_id in sorted(beds):
            changed = self.changed.get(bed_id) or self.newest.get(bed_id, {}).get("seq", 0)
            if changed > seen:
                raise Outdated(f"{bed_id} has changed with event {changed}: look at it again.")

    def _is_unknown(self, command: Command) -> bool:
        """Whether it names a booking or a request that is not open."""
        booking_id = getattr(command, "booking_id", None)
        bed_request_id = getattr(command, "bed_request_id", None)
        return (booking_id is not None and booking_id not in self.hospital.bookings) or (
            bed_request_id is not None and bed_request_id not in self.hospital.requests
        )

    def _row(self, change: Change, shared: Row, event_id: str, given_by: str) -> Row:
        """Written once all changes of the command are taken in: each row has the state after it.
        `given_by`: the event that gives a request its bed."""
        row: Row = {
            **shared,
            "seq": self.head_seq + 1,
            "event_id": event_id,
            "event_type": change.event_type.value,
        }
        if change.at:
            row["occurred_at"] = change.at
        if change.event_type is EventType.REQUEST_PLACED:
            row["placed_event_id"] = given_by
        if change.bed:
            bed = self.hospital.beds[change.bed.bed_id]
            row |= self.hospital.bed_columns(bed, bed.last_event_at)
        if change.booking:
            row |= change.booking.as_columns()
        row |= change.columns
        row |= chain.sealed(row)
        self.hospital.take_note(row)
        self.head_hash = row["chain_hash"] = chain.link(self.head_hash, row, self.salt)
        self.head_seq += 1
        if change.bed:
            self._note_change(change.bed.bed_id, row)
        return row

    def _given_by(self, changes: Sequence[Change], ids: Sequence[str], nth: int) -> str:
        """The event with which the patient of a request gets a bed; the last one if none is
        theirs."""
        if changes[nth].event_type is not EventType.REQUEST_PLACED:
            return ids[-1]
        refs = self.hospital.refs_of(changes[nth].columns["patient_ref"])
        for change, event_id in zip(changes[nth:], ids[nth:], strict=True):
            if change.booking and change.booking.is_open and change.booking.patient_ref in refs:
                return event_id
        return ids[-1]

    def _note_change(self, bed_id: str, row: Row) -> None:
        before = self.newest.get(bed_id, {})
        if any(before.get(name) != row.get(name) for name in MATTERS):
            self.changed[bed_id] = row["seq"]
        else:
            self.changed.setdefault(bed_id, before["seq"])
        self.newest[bed_id] = row
