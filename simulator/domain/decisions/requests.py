"""The waiting list: a need without a bed is requested, and placed or withdrawn."""

from dataclasses import replace
from datetime import datetime

from lake.vocabulary import EventType, Rule, canonical_ref
from simulator.domain import commands as c
from simulator.domain.bookings import Booking
from simulator.domain.changes import Change, Moment
from simulator.domain.decisions.bookings import book, move
from simulator.domain.decisions.patients import placed, spell_at
from simulator.domain.errors import InvalidRequest, NotYet, Refusal
from simulator.domain.hospital import Hospital
from simulator.domain.requests import BedRequest
from simulator.domain.rules import hard


def request(hospital: Hospital, command: c.RequestBed, moment: Moment) -> list[Change]:
    if command.ward_id is not None:
        hospital.beds_of_ward(command.ward_id)
    patient_ref = canonical_ref(command.patient_ref)
    hard.alive(hospital, patient_ref)
    hard.known_features(hospital, command.needs)
    for other in hospital.requests_of(patient_ref):
        raise Refusal(Rule.ALREADY_WAITING, f"The request is {other.bed_request_id}.")
    wanted_from = command.wanted_from or moment.at
    _in_order(command.arrived_at, command.decided_at, moment)
    wanted = BedRequest(
        bed_request_id=f"R{moment.next_seq}",
        patient_ref=patient_ref,
        ward_id=command.ward_id,
        needs=command.needs,
        wanted_from=wanted_from,
        requested_at=moment.at,
        requested_by=moment.actor,
        spell_id=spell_at(hospital, patient_ref, wanted_from, moment),
        waits_in=command.waits_in,
        arrived_at=command.arrived_at,
        decided_at=command.decided_at,
        expected_stay_hours=command.expected_stay_hours,
    )
    return [Change(EventType.BED_REQUESTED, columns=wanted.as_columns())]


def change(hospital: Hospital, command: c.ChangeRequest, moment: Moment) -> list[Change]:
    """It keeps its place by when it was made."""
    before = hospital.request(command.bed_request_id)
    _not_before_it_was_made(hospital, before, moment)
    if command.ward_id is not None:
        hospital.beds_of_ward(command.ward_id)
    hard.known_features(hospital, command.needs)
    wanted_from = command.wanted_from or before.wanted_from
    is_in_bed = hospital.stay_of(before.patient_ref) is not None
    spell_id = spell_at(hospital, before.patient_ref, wanted_from, moment)
    after = replace(
        before,
        ward_id=command.ward_id or before.ward_id,
        needs=before.needs.with_given(command.needs),
        wanted_from=wanted_from,
        spell_id=spell_id if is_in_bed else before.spell_id,
        waits_in=command.waits_in or before.waits_in,
        arrived_at=command.arrived_at or before.arrived_at,
        decided_at=command.decided_at or before.decided_at,
        expected_stay_hours=command.expected_stay_hours or before.expected_stay_hours,
    )
    _in_order(after.arrived_at, after.decided_at, moment)
    if after == before:
        raise Refusal(Rule.ILLEGAL_BOOKING_CHANGE, "That is what the request says.")
    return [Change(EventType.REQUEST_CHANGED, columns=after.as_columns())]


def place(hospital: Hospital, command: c.PlaceRequest, moment: Moment) -> list[Change]:
    wanted = hospital.request(command.bed_request_id)
    _not_before_it_was_made(hospital, wanted, moment)
    booking = c.BookBed(
        bed_id=command.bed_id,
        patient_ref=wanted.patient_ref,
        starts_at=command.starts_at or max(wanted.wanted_from, moment.at),
        ends_at=command.ends_at,
        admit=command.admit,
        needs=wanted.needs,
        override=command.override,
        bed_request_id=wanted.bed_request_id,
        assumes_end=command.assumes_end,
        expected_stay=wanted.expected_stay,
    )
    stay = hospital.stay_of(wanted.patient_ref)
    if stay is not None:
        booking = replace(booking, needs=hospital.needs_with(stay, wanted.needs))
        booking = _to_the_end_of(stay, booking, moment)
    if command.admit and stay is not None:
        taken = move(hospital, stay, command.bed_id, booking, moment, needs=booking.needs)
    else:
        taken = book(hospital, booking, moment)
    return [*placed([wanted]), *taken]


def _to_the_end_of(stay: Booking, booking: c.BookBed, moment: Moment) -> c.BookBed:
    """A bed reserved for who lies in another one: to the end of the stay, if somebody said it."""
    is_left_out = booking.ends_at is None and booking.assumes_end and not booking.admit
    if not is_left_out or stay.ends_at is None or stay.is_end_assumed:
        return booking
    lasts = stay.ends_at > (booking.starts_at or moment.at)
    return replace(booking, ends_at=stay.ends_at) if lasts else booking


def withdraw(hospital: Hospital, command: c.WithdrawRequest, moment: Moment) -> list[Change]:
    """Of a patient whose bed was lent this is the end of the spell."""
    wanted = hospital.request(command.bed_request_id)
    _not_before_it_was_made(hospital, wanted, moment)
    return [Change(EventType.REQUEST_WITHDRAWN, columns=wanted.as_columns())]


def _in_order(arrived_at: datetime | None, decided_at: datetime | None, moment: Moment) -> None:
    """Raises NotYet, and InvalidRequest of a patient who was admitted before coming."""
    for name, at in (("arrived_at", arrived_at), ("decided_at", decided_at)):
        if at and at > moment.now:
            raise NotYet(f"{name}: it is {moment.now:%Y-%m-%d %H:%M:%S} UTC in the hospital.")
    if arrived_at and decided_at and decided_at < arrived_at:
        raise InvalidRequest("decided_at: lies before arrived_at.")


def _not_before_it_was_made(hospital: Hospital, wanted: BedRequest, moment: Moment) -> None:
    if moment.at < wanted.requested_at:
        told = f"{wanted.bed_request_id} was made on"
        raise hard.too_early(told, hospital, wanted.requested_at)
