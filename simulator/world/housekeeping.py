"""Beds in the simulated hospital: cleaned after each patient, now and then closed and opened.

Housekeeping cleans any bed that no person is cleaning, finishes what has been cleaning for hours,
and opens only what it has closed.
"""

from datetime import datetime
from functools import partial

from lake.vocabulary import BedStatus, Source
from simulator.domain import commands as c
from simulator.domain.beds import Bed
from simulator.world import texts
from simulator.world.chance import HOUR, MINUTE
from simulator.world.scene import Scene

SWEEP_MINUTES = 30
HOURS_CLOSED_AFTER_RESTART = 8
LONGEST_CLEAN = 4 * HOUR
"""After that somebody has forgotten to say that the bed is clean."""


class Housekeeping:
    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._called_for: set[str] = set()
        self._cleaning: set[str] = set()
        self._closed: set[str] = set()

    def start(self, at: datetime) -> None:
        self._scene.agenda.plan(at + SWEEP_MINUTES * MINUTE, self._sweep)
        self._scene.agenda.plan(self._next_closure(at), self._close_one)

    def resume(self, at: datetime) -> None:
        """Take up what an earlier run has closed or was cleaning."""
        for bed in list(self._scene.hospital().registered_beds):
            if bed.last_source != Source.SIMULATOR:
                continue
            if bed.status is BedStatus.CLOSED:
                self._closed.add(bed.bed_id)
                opens_at = self._scene.chance.after_hours(at, HOURS_CLOSED_AFTER_RESTART)
                self._scene.agenda.plan(opens_at, partial(self._open, bed.bed_id))
            if bed.status is BedStatus.CLEANING:
                self._plan_finish(bed.bed_id, at)

    def call_for(self, bed_id: str, at: datetime) -> None:
        self._called_for.add(bed_id)
        response = self._scene.chance.minutes(self._scene.assumptions.response_minutes)
        self._scene.agenda.plan(at + response, partial(self._start_cleaning, bed_id))
        self._scene.bell.ring(self._scene.ward_of(bed_id).ward_id, at)

    def _start_cleaning(self, bed_id: str, at: datetime) -> None:
        self._called_for.discard(bed_id)
        isolation = self._scene.hospital().beds[bed_id].status is BedStatus.CONTAMINATED
        note = self._scene.chance.text(texts.CLEANING_STARTED)
        if self._scene.agenda.do(c.StartCleaning(bed_id=bed_id), at, note):
            self._plan_finish(bed_id, at, isolation)

    def _plan_finish(self, bed_id: str, at: datetime, isolation: bool = False) -> None:
        self._cleaning.add(bed_id)
        factor = self._scene.assumptions.isolation_clean_factor if isolation else 1.0
        takes = self._scene.chance.minutes(self._scene.assumptions.clean_minutes, factor)
        self._scene.agenda.plan(at + takes, partial(self._finish_cleaning, bed_id, isolation))

    def _finish_cleaning(self, bed_id: str, isolation: bool, at: datetime) -> None:
        words = texts.TERMINAL_CLEANING_FINISHED if isolation else texts.CLEANING_FINISHED
        if bed_id in self._cleaning:
            self._cleaning.discard(bed_id)
            text = self._scene.chance.text(words)
            if self._scene.agenda.do(c.FinishCleaning(bed_id=bed_id), at, text):
                self._scene.bell.ring(self._scene.ward_of(bed_id).ward_id, at)

    def _sweep(self, at: datetime) -> None:
        """Find the beds that somebody else left dirty, and those whose cleaning nobody finishes."""
        self._scene.agenda.plan(at + SWEEP_MINUTES * MINUTE, self._sweep)
        beds = self._scene.hospital().registered_beds
        for bed in [bed for bed in beds if bed.needs_cleaning]:
            is_left = bed.status is not BedStatus.CLEANING
            if is_left and bed.bed_id not in self._called_for:
                self.call_for(bed.bed_id, at)
            if bed.status is BedStatus.CLEANING and bed.status_since_at < at - LONGEST_CLEAN:
                self._cleaning.add(bed.bed_id)
                isolation = bed.previous_status is BedStatus.CONTAMINATED
                self._finish_cleaning(bed.bed_id, isolation, at)

    def _next_closure(self, at: datetime) -> datetime:
        a = self._scene.assumptions
        closed = a.closed_bed_share * sum(1 for _ in self._scene.hospital().registered_beds)
        when = self._scene.chance.after_hours(at, a.closure_hours / max(closed, 1e-6))
        return self._at_work(when)

    def _at_work(self, when: datetime) -> datetime:
        """At night no bed is closed or opened."""
        is_day = self._scene.chance.is_at_work(when)
        return when if is_day else self._scene.chance.next_at(7.5, when)

    def _close_one(self, at: datetime) -> None:
        """A bed that is free now and that nobody has booked for the time."""
        self._scene.agenda.plan(self._next_closure(at), self._close_one)
        hours = self._scene.assumptions.closure_hours
        opens_at = self._at_work(self._scene.chance.after_hours(at, hours))
        until = opens_at + HOUR
        beds = [
            bed for bed in self._scene.hospital().registered_beds if self._is_idle(bed, at, until)
        ]
        if beds:
            bed_id, reason = self._scene.chance.one_of(beds).bed_id, self._reason()
            command = c.CloseBeds(bed_ids=(bed_id,), reason_code=reason, until_at=until)
            if self._scene.agenda.do(command, at, texts.CLOSURE[reason], reason):
                self._closed.add(bed_id)
                self._scene.agenda.plan(opens_at, partial(self._open, bed_id))

    def _reason(self) -> str:
        return self._scene.chance.one_of(list(texts.CLOSURE))

    def _is_idle(self, bed: Bed, at: datetime, until: datetime) -> bool:
        booked = self._scene.hospital().of_bed.get(bed.bed_id, ())
        is_free = not any(booking.overlaps(at, until) for booking in booked)
        return bed.status is BedStatus.AVAILABLE and is_free

    def _open(self, bed_id: str, at: datetime) -> None:
        is_own = self._scene.hospital().beds[bed_id].last_source == Source.SIMULATOR
        if bed_id in self._closed and is_own:
            self._closed.discard(bed_id)
            text = self._scene.chance.text(texts.OPENING)
            if self._scene.agenda.do(c.OpenBeds(bed_ids=(bed_id,)), at, text, "ready"):
                self._scene.bell.ring(self._scene.ward_of(bed_id).ward_id, at)
