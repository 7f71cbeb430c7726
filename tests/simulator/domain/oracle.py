"""The rules once more, as simply as they can be said: who may have which bed, and when.

Knows beds by status, patients by bed and promises by interval; nothing of the engine.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulator.domain import commands as c

NEEDS = ("need_specialty", "need_room_class", "need_isolation", "patient_sex")
FROM = {  # what a bed has to be for a command about it
    c.MarkBedDirty: ("available",),
    c.StartCleaning: ("dirty", "contaminated"),
    c.FinishCleaning: ("cleaning",),
    c.StopCleaning: ("cleaning",),
    c.CloseBeds: ("available", "dirty", "contaminated"),
    c.OpenBeds: ("closed",),
    c.StartIsolation: ("occupied",),
    c.EndIsolation: ("isolated",),
}


@dataclass
class Promise:
    bed: str
    patient: str
    start: datetime
    end: datetime | None
    in_bed: bool
    is_picky: bool

    def meets(self, start: datetime, end: datetime | None) -> bool:
        return (end is None or self.start < end) and (self.end is None or start < self.end)

    def end_from(self, now: datetime) -> datetime | None:
        return self.end if self.end is None or self.end > now else None


@dataclass
class Oracle:
    status: dict[str, str] = field(default_factory=dict)
    promises: dict[str, Promise] = field(default_factory=dict)
    opens: dict[str, datetime | None] = field(default_factory=dict)

    def is_free(self, bed: str, start: Any, end: Any, now: datetime, but: str = "") -> bool:
        others = [p for booking, p in self.promises.items() if p.bed == bed and booking != but]
        late = (p for p in others if p.in_bed and p.end is not None and p.end <= now >= start)
        return not any(p.meets(start, end) for p in others) and not any(late)

    def in_bed(self, patient: str) -> bool:
        return any(p.in_bed and p.patient == patient for p in self.promises.values())

    def verdict(self, command: Any, now: datetime) -> bool | None:
        """True: must be accepted, False: must be refused. Without an override.

        Sex, isolation, class and specialty are left open: they only ever refuse more.
        """
        picky = (
            any(p.is_picky for p in self.promises.values()) or "isolated" in self.status.values()
        )
        accepted = self._accepted(
            command, self.promises.get(getattr(command, "booking_id", "")), now
        )
        return None if accepted and picky else accepted

    def _accepted(  # noqa: PLR0911
        self, command: Any, known: Promise | None, now: datetime
    ) -> bool | None:
        match command:
            case c.BookBed(
                bed_id=bed, patient_ref=patient, starts_at=start, ends_at=end, admit=admit
            ):
                start = now if admit else start or now
                opens = self.opens.get(bed)
                is_open = self.status[bed] != "closed" or (opens is not None and opens <= start)
                fits = self.status[bed] == "available" and not self.in_bed(patient)
                is_some_time = end is None or start < end
                return (
                    is_some_time
                    and (fits if admit else is_open)
                    and self.is_free(bed, start, end, now)
                )
            case c.AdmitPatient(booking_id=booking) if known and not known.in_bed:
                fits = self.status[known.bed] == "available" and not self.in_bed(known.patient)
                return fits and self.is_free(known.bed, now, known.end_from(now), now, booking)
            case c.TransferPatient(booking_id=booking, to_bed_id=bed) if known and known.in_bed:
                is_free = self.is_free(bed, now, known.end_from(now), now, booking)
                return is_free and self.status[bed] == "available"
            case c.AdmitPatient() | c.TransferPatient():
                return False
            case c.DischargePatient():
                return known is not None and known.in_bed
            case c.CancelBooking() | c.ExpireBooking():
                return known is not None and not known.in_bed
            case c.CloseBeds(bed_ids=(bed,), reason_code=_, until_at=until):
                return self.status[bed] in FROM[c.CloseBeds] and self.is_free(bed, now, until, now)
        if type(command) not in FROM:
            return None
        beds = getattr(command, "bed_ids", None) or [command.bed_id]
        fit = all(self.status[bed] in FROM[type(command)] for bed in beds)
        return fit if len(beds) == 1 or not fit else None

    def learn(self, rows: list[dict[str, Any]]) -> None:
        """What was accepted is what now holds."""
        for row in rows:
            if bed := row.get("bed_id"):
                self.status[bed], self.opens[bed] = row["bed_status"], row["closed_until_at"]
            if booking := row.get("booking_id"):
                self.promises.pop(booking, None)
                if (state := row["booking_state"]) in ("reserved", "active"):
                    times, is_picky = (row["starts_at"], row["ends_at"]), any(row[n] for n in NEEDS)
                    promise = Promise(bed, row["patient_ref"], *times, state == "active", is_picky)
                    self.promises[booking] = promise
