"""Newborns in cots beside their mothers: they go along with her, or it is said where they go."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from lake.vocabulary import BedStatus, Rule, canonical_ref
from simulator.domain import commands as c
from simulator.domain.bookings import Booking
from simulator.domain.changes import Change, Moment
from simulator.domain.decisions.draft import take_in
from simulator.domain.errors import InvalidRequest, Refusal
from simulator.domain.hospital import Hospital
from simulator.domain.overrides import Override

Decide = Callable[[Hospital, c.Command, Moment], list[Change]]
"""What a newborn's own transfer or discharge changes."""

GOING_ALONG = (c.TransferPatient, c.AdmitPatient, c.PlaceRequest)
"""Commands that take newborns along into cots of the mother's new room."""


def beside(hospital: Hospital, mother: Booking) -> list[Booking]:
    """The stays of her newborns in the cots of her room."""
    refs = hospital.refs_of(mother.patient_ref)
    cots = (bed for bed in hospital.room_mates(hospital.beds[mother.bed_id]) if bed.is_cot)
    stays = (hospital.current_booking(cot.bed_id) for cot in cots)
    return [stay for stay in stays if stay and stay.mother_ref in refs]


def along(
    hospital: Hospital,
    command: c.Command,
    changes: Sequence[Change],
    moment: Moment,
    decide: Decide,
) -> list[Change]:
    """The changes, before the last one those of newborns whose mother they take out of the room.

    A newborn goes by a transfer or discharge of its own, with all that this asks for, once the
    mother is where she goes. Raises Refusal where it is not known where it goes, InvalidRequest
    where a newborn is named who is not there.
    """
    said = _said(hospital, command)
    left = _left_beside(hospital, changes)
    if not left and not said and not isinstance(command, c.CancelEvent):
        return [*changes]
    _refuse_strangers(left, said)
    after = hospital.copy()
    made: list[Change] = []

    def make(more: Sequence[Change]) -> None:
        take_in(after, more, moment)
        made.extend(more)

    make(changes)
    for newborn, mother in left:
        place = said.get(newborn.patient_ref)
        if newborn.booking_id not in after.bookings:
            continue
        if place is None and not _is_with_mother(after, newborn):
            place = _cot_for(after, command, newborn, mother, moment)
        if place and place.to_bed_id != newborn.bed_id:
            _refuse_the_mothers_bed(changes, place, newborn)
            override = getattr(command, "override", None)
            own = _own_command(newborn, place, override)
            make(decide(after, own, replace(moment, next_seq=moment.next_seq + len(made))))
    _refuse_alone(after, command, changes)
    return [*changes[:-1], *made[len(changes) :], *changes[-1:]]


def _said(hospital: Hospital, command: c.Command) -> dict[str, c.Newborn]:
    """By the reference of the newborn's stay. Raises InvalidRequest for one who is named twice."""
    said: dict[str, c.Newborn] = {}
    for nth, one in enumerate(getattr(command, "newborns", ())):
        stay = hospital.stay_of(canonical_ref(one.patient_ref))
        ref = stay.patient_ref if stay else canonical_ref(one.patient_ref)
        if ref in said:
            raise InvalidRequest(f"newborns[{nth}]: is named twice.")
        said[ref] = one
    return said


def _left_beside(hospital: Hospital, changes: Sequence[Change]) -> list[tuple[Booking, Booking]]:
    """Newborns, each with the mother's stay that the changes end."""
    found: dict[str, tuple[Booking, Booking]] = {}
    for change in changes:
        before = hospital.bookings.get(change.booking.booking_id) if change.booking else None
        if before and before.is_stay and change.booking and not change.booking.is_stay:
            found |= {newborn.booking_id: (newborn, before) for newborn in beside(hospital, before)}
    return [*found.values()]


def _refuse_strangers(left: Sequence[tuple[Booking, Booking]], said: dict[str, c.Newborn]) -> None:
    known = {newborn.patient_ref for newborn, _ in left}
    for nth, ref in enumerate(said):
        if ref not in known:
            raise InvalidRequest(f"newborns[{nth}]: lies in no cot beside this mother.")


def _is_with_mother(after: Hospital, newborn: Booking) -> bool:
    mother = after.stay_of(newborn.mother_ref) if newborn.mother_ref else None
    return (
        mother is not None
        and after.beds[mother.bed_id].room_id == after.beds[newborn.bed_id].room_id
    )


def _cot_for(
    after: Hospital, command: c.Command, newborn: Booking, mother: Booking, moment: Moment
) -> c.Newborn:
    there, refs = after.stay_of(mother.patient_ref), after.refs_of(newborn.patient_ref)
    if there and isinstance(command, GOING_ALONG):
        for cot in after.room_mates(after.beds[there.bed_id]):
            others = [b for b in after.of_bed.get(cot.bed_id, ()) if b.patient_ref not in refs]
            is_free = cot.status is BedStatus.AVAILABLE and cot.is_staffed and not others
            if cot.is_cot and is_free and after.unchanged_since(cot) <= moment.at:
                return c.Newborn(patient_ref=newborn.patient_ref, to_bed_id=cot.bed_id)
    detail = f"The newborn in {newborn.bed_id} would be left alone: move or discharge it first."
    if hasattr(command, "newborns"):
        detail = (
            f"Say where the newborn in {newborn.bed_id} goes (newborns): "
            "there is no free cot for it where its mother goes."
        )
    raise Refusal(Rule.ILLEGAL_BOOKING_CHANGE, detail, newborn)


def _refuse_the_mothers_bed(changes: Sequence[Change], place: c.Newborn, newborn: Booking) -> None:
    if any(change.bed and change.bed.bed_id == place.to_bed_id for change in changes):
        detail = f"{place.to_bed_id} is a bed that its mother leaves or takes."
        raise Refusal(Rule.ILLEGAL_BOOKING_CHANGE, detail, newborn)


def _own_command(newborn: Booking, place: c.Newborn, override: Override | None) -> c.Command:
    if place.to_bed_id is None:
        disposition = place.disposition or "other"
        return c.DischargePatient(booking_id=newborn.booking_id, disposition=disposition)
    return c.TransferPatient(
        booking_id=newborn.booking_id, to_bed_id=place.to_bed_id, override=override
    )


def _refuse_alone(after: Hospital, command: c.Command, changes: Sequence[Change]) -> None:
    """Nobody is corrected into a cot without a mother."""
    for change in changes if isinstance(command, c.CancelEvent) else ():
        stay = after.bookings.get(change.booking.booking_id) if change.booking else None
        if stay is None or not stay.is_stay or not after.beds[stay.bed_id].is_cot:
            continue
        if stay.mother_ref and not _is_with_mother(after, stay):
            detail = f"The mother lies in no bed beside {stay.bed_id}: correct hers first."
            raise Refusal(Rule.ILLEGAL_BOOKING_CHANGE, detail, stay)
