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
    staffed: dict[str, bool] = field(default_factory=dict)
    places: dict[str, list[str]] = field(default_factory=dict)
    shut: dict[str, list[tuple[Any, Any]]] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)
    merged: dict[str, str] = field(default_factory=dict)
    promises: dict[str, Promise] = field(default_factory=dict)
    opens: dict[str, datetime | None] = field(default_factory=dict)

    def is_free(self, bed: str, start: Any, end: Any, now: datetime, *but: str) -> bool:
        others = [p for booking, p in self.promises.items() if p.bed == bed and booking not in but]
        late = (p for p in others if p.in_bed and p.end is not None and p.end <= now >= start)
        return not any(p.meets(start, end) for p in others) and not any(late)

    def who(self, patient: str) -> set[str]:
        """All references of the person."""
        refs = {patient}
        for _ in self.merged:
            refs |= {ref for pair in self.merged.items() if refs & {*pair} for ref in pair}
        return refs

    def in_bed(self, patient: str) -> str | None:
        """The booking of the patient's stay."""
        who = self.who(patient)
        of_patient = ((b, p) for b, p in self.promises.items() if p.patient in who)
        return next((booking for booking, promise in of_patient if promise.in_bed), None)

    def own(self, bed: str, patient: str, start: datetime, end: datetime | None) -> str | None:
        """The first reservation of the patient in the bed for that time: it is taken up."""
        who = self.who(patient)
        found = [
            (p.start, booking)
            for booking, p in self.promises.items()
            if p.bed == bed and p.patient in who and not p.in_bed and p.meets(start, end)
        ]
        return min(found)[1] if found else None

    def is_kept_elsewhere(self, patient: str, bed: str, start: datetime, end: Any) -> bool:
        who = self.who(patient)
        own = (p for p in self.promises.values() if p.patient in who and not p.in_bed)
        return any(p.bed != bed and p.meets(start, end) for p in own)

    def takes(self, bed: str, patient: str, now: datetime) -> bool:
        is_ready = self.status[bed] == "available" and self.staffed[bed]
        return is_ready and not self.is_shut(bed, patient, now, now)

    def is_shut(self, bed: str, patient: str, start: datetime, now: datetime) -> bool:
        """The room or ward takes nobody new then; who is there already is not new."""
        stay = self.in_bed(patient)
        come_from = self.places.get(self.promises[stay].bed) if stay else None
        for nth, place in enumerate(self.places[bed]):
            is_closed, until = self.shut[bed][nth]
            is_new = come_from is None or come_from[nth] != place
            if is_closed and is_new and (until is None or start <= now or start < until):
                return True
        return False

    def may_move(self, booking: str, bed: str, now: datetime, reserved: str | None) -> bool:
        """From one bed to another, into what is reserved there for the patient."""
        stay = self.promises[booking]
        end = stay.end_from(now)
        reserved = reserved or self.own(bed, stay.patient, now, end)
        if reserved:
            planned = self.promises[reserved].end
            end = planned if planned and planned > now else end
        fits = self.takes(bed, stay.patient, now)
        return fits and self.is_free(bed, now, end, now, booking, reserved or "")

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

    def _accepted(  # noqa: C901, PLR0911, PLR0912
        self, command: Any, known: Promise | None, now: datetime
    ) -> bool | None:
        match command:
            case c.BookBed(
                bed_id=bed, patient_ref=patient, starts_at=start, ends_at=end, admit=admit
            ):
                start = now if admit else start or now
                if self.who(patient) & self.dead or (end is not None and end <= start):
                    return False
                if admit:
                    own = self.own(bed, patient, now, end)
                    end = end or (self.promises[own].end if own else None)
                    fits = self.takes(bed, patient, now) and not self.in_bed(patient)
                    return fits and self.is_free(bed, now, end, now, own or "")
                opens = self.opens.get(bed)
                is_open = self.status[bed] != "closed" or (opens is not None and opens <= start)
                is_double = self.is_kept_elsewhere(patient, bed, start, end)
                is_let_in = not is_double and not self.is_shut(bed, patient, start, now)
                return is_open and is_let_in and self.is_free(bed, start, end, now)
            case c.AdmitPatient(booking_id=booking) if known and not known.in_bed:
                stay = self.in_bed(known.patient)
                if self.who(known.patient) & self.dead:
                    return False
                if stay and self.promises[stay].bed != known.bed:
                    return self.may_move(stay, known.bed, now, booking)
                end = known.end_from(now)
                fits = self.takes(known.bed, known.patient, now)
                return fits and self.is_free(known.bed, now, end, now, booking)
            case c.TransferPatient(booking_id=booking, to_bed_id=bed) if known and known.in_bed:
                return self.may_move(booking, bed, now, None)
            case c.AdmitPatient() | c.TransferPatient():
                return False
            case c.RequestBed(patient_ref=patient):
                who = self.who(patient)
                return not who & self.dead and not who & {*self.waiting.values()}
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
                    times, is_picky = (row["starts_at"], row["ends_at"]), any(row[n] for n in NEEDS)
                    promise = Promise(bed, row["patient_ref"], *times, state == "active", is_picky)
                    self.promises[booking] = promise

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
