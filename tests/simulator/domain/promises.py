"""What has been promised to whom, as the rows of the log tell it; for the oracle.

Knows beds by status, patients by bed and promises by interval; nothing of the engine.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.simulator.domain.room_oracle import Who, of_row


@dataclass
class Promise:
    bed: str
    patient: str
    start: datetime
    end: datetime | None
    in_bed: bool
    who: Who
    spell: str
    exposed_to: frozenset[str]

    def meets(self, start: datetime, end: datetime | None) -> bool:
        return (end is None or self.start < end) and (self.end is None or start < self.end)

    def end_from(self, now: datetime) -> datetime | None:
        return self.end if self.end is None or self.end > now else None

    def is_there(self, start: datetime, end: datetime | None, now: datetime) -> bool:
        is_late = self.in_bed and self.end is not None and self.end <= now >= start
        return is_late or self.meets(start, end)


@dataclass
class Book:
    """All that has been promised, learned from the rows of the log."""

    status: dict[str, str] = field(default_factory=dict)
    staffed: dict[str, bool] = field(default_factory=dict)
    places: dict[str, list[str]] = field(default_factory=dict)
    shut: dict[str, list[tuple[Any, Any]]] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)
    merged: dict[str, str] = field(default_factory=dict)
    promises: dict[str, Promise] = field(default_factory=dict)
    opens: dict[str, datetime | None] = field(default_factory=dict)

    def refs(self, patient: str) -> set[str]:
        """All references of the person."""
        refs = {patient}
        for _ in self.merged:
            refs |= {ref for pair in self.merged.items() if refs & {*pair} for ref in pair}
        return refs

    def of(self, patient: str, *, in_bed: bool) -> list[tuple[str, Promise]]:
        """Bookings of the person, by start."""
        refs = self.refs(patient)
        own = [(b, p) for b, p in self.promises.items() if p.patient in refs and p.in_bed is in_bed]
        return sorted(own, key=lambda one: (one[1].start, one[0]))

    def stay(self, patient: str) -> Promise | None:
        return next((promise for _, promise in self.of(patient, in_bed=True)), None)

    def own(self, bed: str, patient: str, start: datetime, end: datetime | None) -> str | None:
        """The first reservation of the patient in the bed for that time: it is taken up."""
        reserved = self.of(patient, in_bed=False)
        return next((b for b, p in reserved if p.bed == bed and p.meets(start, end)), None)

    def is_kept_elsewhere(self, patient: str, bed: str, start: datetime, end: Any) -> bool:
        reserved = self.of(patient, in_bed=False)
        return any(p.bed != bed and p.meets(start, end) for _, p in reserved)

    def is_free(self, bed: str, start: Any, end: Any, now: datetime, *but: str) -> bool:
        others = [p for booking, p in self.promises.items() if p.bed == bed and booking not in but]
        return not any(p.is_there(start, end, now) for p in others)

    def comes_from(self, patient: str) -> list[str | None]:
        """The room and the ward in which the patient is now."""
        stay = self.stay(patient)
        return [*self.places[stay.bed]] if stay else [None, None]

    def learn(self, rows: list[dict[str, Any]]) -> None:
        """What was accepted is what now holds."""
        for row in rows:
            self._learn_of_patients(row)
            if bed := row.get("bed_id"):
                self.status[bed], self.opens[bed] = row["bed_status"], row["closed_until_at"]
                self.staffed[bed] = row["is_staffed"]
                self.places[bed] = [row["room_id"], row["ward_id"]]
                self.shut[bed] = [
                    (row.get(f"{what}_closed_reason_code"), row.get(f"{what}_closed_until_at"))
                    for what in ("room", "ward")
                ]
            if (booking := row.get("booking_id")) and (state := row.get("booking_state")):
                self.promises.pop(booking, None)
                if state in ("reserved", "active"):
                    times, exposed = (row["starts_at"], row["ends_at"]), row.get("contact_of") or ()
                    spell = row["spell_id"] or booking
                    self.promises[booking] = Promise(
                        bed, row["patient_ref"], *times, state == "active", of_row(row),
                        spell, frozenset(exposed),
                    )  # fmt: skip

    def _learn_of_patients(self, row: dict[str, Any]) -> None:
        patient = row.get("patient_ref")
        match row["event_type"]:
            case "request_placed" | "request_withdrawn":
                del self.waiting[row["bed_request_id"]]
            case "bed_requested":
                self.waiting[row["bed_request_id"]] = patient
            case "merge_cancelled":
                self.merged.pop(patient, None)
            case "patients_merged" if not row["merge_is_pending"]:
                self.merged[patient] = row["merged_into_patient_ref"]
            case "patient_discharged" | "discharge_cancelled" | "discharge_corrected":
                self.dead.discard(patient)
                if row.get("disposition") == "died":
                    self.dead.add(patient)
