"""What hangs on a patient besides the bed: other reservations, and the requests that wait."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from lake.vocabulary import BookingState, EndedWith, EventType
from simulator.domain.bookings import Booking
from simulator.domain.changes import Change, Moment
from simulator.domain.hospital import Hospital
from simulator.domain.requests import BedRequest
from simulator.domain.rules.hard import bed_at
from simulator.domain.rules.soft import Wish, meets


def spell_at(
    hospital: Hospital, patient_ref: str, starts_at: datetime, moment: Moment
) -> str | None:
    """The spell of a patient who is still to be in bed then: what begins then is a planned move."""
    stay = hospital.stay_of(patient_ref)
    is_there = stay is not None and (starts_at <= moment.now or stay.overlaps(starts_at, None))
    return stay.spell_id if stay and is_there else None


def with_its_spell(hospital: Hospital, booking: Booking, moment: Moment) -> Booking:
    """As it stands to the patient's stay; that of a patient in no bed is left as it is."""
    if booking.patient_ref not in hospital.of_patient and not hospital.merges:
        return booking
    if hospital.stay_of(booking.patient_ref) is None:
        return booking
    spell_id = spell_at(hospital, booking.patient_ref, booking.starts_at, moment)
    return replace(booking, spell_id=spell_id)


def own_reservation(hospital: Hospital, arrival: Booking) -> Booking | None:
    """What the patient who arrives has reserved in the bed for that time."""
    refs = hospital.refs_of(arrival.patient_ref)
    for booking in hospital.reservations(arrival.bed_id):
        if booking.patient_ref in refs and booking.overlaps(arrival.starts_at, arrival.ends_at):
            return booking
    return None


def requests_met(
    hospital: Hospital, wish: Wish, placed_id: str | None
) -> tuple[list[BedRequest], list[BedRequest]]:
    """Those that the bed of the wish meets, and those that it does not; without the one that is
    placed anyway."""
    waiting = hospital.requests_of(wish.patient_ref)
    others = [request for request in waiting if request.bed_request_id != placed_id]
    met = [r for r in others if r.bed_was_lent or meets(hospital, r, wish)]
    return met, [request for request in others if request not in met]


def placed(requests: Iterable[BedRequest]) -> list[Change]:
    return [Change(EventType.REQUEST_PLACED, columns=r.as_columns()) for r in requests]


def wait_again(hospital: Hospital, requests: Iterable[BedRequest]) -> list[Change]:
    """With their first times, as if they had never been placed or withdrawn; but for a patient who
    has asked for a bed once more since."""
    return [
        Change(EventType.BED_REQUESTED, columns=request.as_columns())
        for request in requests
        if not _is_asked_again(hospital, request)
    ]


def _is_asked_again(hospital: Hospital, request: BedRequest) -> bool:
    waiting = hospital.requests_of(request.patient_ref)
    if any(other.bed_request_id == request.bed_request_id for other in waiting):
        return True
    own = (other for other in waiting if other.displaced_booking_id is None)
    return request.displaced_booking_id is None and any(own)


def end_with(
    hospital: Hospital, patient_ref: str, spell_id: str | None, why: EndedWith, moment: Moment
) -> list[Change]:
    """What ends because the patient has left: of the dead all, else what was made for the spell.

    It ends when that is written down, whenever the patient left.
    """
    reason = {"reason_code": why.value}
    now = replace(moment, at=moment.now)

    def ends(of_spell: str | None) -> bool:
        is_planned = of_spell is not None and of_spell == spell_id
        return why is EndedWith.PATIENT_DIED or is_planned

    ended = [
        Change(
            EventType.BOOKING_CANCELLED,
            bed_at(hospital, booking.bed_id, now),
            replace(booking, state=BookingState.CANCELLED),
            reason,
            at=now.at,
        )
        for booking in hospital.bookings_of(patient_ref)
        if not booking.is_stay and ends(booking.spell_id)
    ]
    withdrawn = [
        Change(EventType.REQUEST_WITHDRAWN, columns=request.as_columns() | reason, at=now.at)
        for request in hospital.requests_of(patient_ref)
        if ends(request.spell_id)
    ]
    return [*ended, *withdrawn]


def restored(
    hospital: Hospital, reservations: Iterable[Booking], moment: Moment
) -> tuple[list[Change], list[Booking]]:
    """Reservations that had ended, as they were; and those whose time has passed or is taken."""
    changes: list[Change] = []
    again: list[Booking] = []
    lost: list[Booking] = []
    for booking in reservations:
        if booking.booking_id in hospital.bookings:  # since its end was looked up
            continue
        is_free = is_still_free(hospital, booking, moment)
        if is_free and not any(_meet(booking, other) for other in again):
            bed = bed_at(hospital, booking.bed_id, moment)
            again.append(replace(booking, source=moment.source))
            changes.append(Change(EventType.BOOKING_CHANGED, bed, again[-1]))
        else:
            lost.append(booking)
    return changes, lost


def _meet(one: Booking, other: Booking) -> bool:
    return one.bed_id == other.bed_id and one.overlaps(other.starts_at, other.ends_at)


def is_still_free(hospital: Hospital, wanted: Booking, moment: Moment) -> bool:
    """Whether the time of a reservation that was has not passed, and is nobody else's."""
    bed = hospital.beds[wanted.bed_id]
    lies_ahead = wanted.ends_at is None or wanted.ends_at > moment.now
    others = hospital.of_bed.get(wanted.bed_id, ())
    is_taken = any(
        booking.booking_id != wanted.booking_id
        and booking.overlaps(wanted.starts_at, wanted.ends_at)
        for booking in others
    )
    return not bed.is_retired and lies_ahead and not is_taken
