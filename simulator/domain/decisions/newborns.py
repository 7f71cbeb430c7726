"""Newborns in cots beside their mothers: they go along with her, or it is said where they go."""

from collections.abc import Iterator, Sequence

from lake.vocabulary import BedStatus, Rule, canonical_ref
from simulator.domain import commands as c
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking
from simulator.domain.errors import InvalidRequest, Refusal
from simulator.domain.hospital import Hospital


def beside(hospital: Hospital, mother: Booking) -> list[Booking]:
    """The stays of her newborns in the cots of her room."""
    bed = hospital.beds[mother.bed_id]
    refs = hospital.refs_of(mother.patient_ref)
    cots = (other for other in hospital.room_mates(bed) if other.is_cot)
    stays = (hospital.current_booking(cot.bed_id) for cot in cots)
    return [stay for stay in stays if stay and stay.mother_ref in refs]


def placed(
    hospital: Hospital, mother: Booking, said: Sequence[c.Newborn], to: Bed | None = None
) -> list[tuple[Booking, c.Newborn]]:
    """Each of her newborns with where it goes: as is said, or into a cot of the room `to`.

    Raises Refusal where that is not known, InvalidRequest for a newborn who is not there.
    """
    stays = beside(hospital, mother)
    by_ref = {canonical_ref(one.patient_ref): one for one in said}
    for ref in by_ref.keys() - {stay.patient_ref for stay in stays}:
        raise InvalidRequest(f"newborns: {ref} lies in no cot beside this mother.")
    if to is not None and to.room_id == hospital.beds[mother.bed_id].room_id:
        stays = [stay for stay in stays if stay.patient_ref in by_ref]
    cots = iter(_free_cots(hospital, to) if to else ())
    return [(stay, by_ref.get(stay.patient_ref) or _along(stay, cots)) for stay in stays]


def _free_cots(hospital: Hospital, to: Bed) -> list[Bed]:
    cots = (other for other in hospital.room_mates(to) if other.is_cot)
    return [
        cot
        for cot in cots
        if cot.status is BedStatus.AVAILABLE and not hospital.of_bed.get(cot.bed_id)
    ]


def _along(newborn: Booking, cots: Iterator[Bed]) -> c.Newborn:
    cot = next(cots, None)
    if cot is None:
        raise Refusal(
            Rule.ILLEGAL_BOOKING_CHANGE,
            f"Say where the newborn in {newborn.bed_id} goes (newborns): "
            "there is no free cot for it where its mother goes.",
            newborn,
        )
    return c.Newborn(patient_ref=newborn.patient_ref, to_bed_id=cot.bed_id)
