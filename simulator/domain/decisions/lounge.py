"""Who goes to the discharge lounge, and leaves it."""

from lake.vocabulary import Disposition, EventType, Rule
from simulator.domain import commands as c
from simulator.domain.bookings import Booking
from simulator.domain.changes import Change, Moment
from simulator.domain.errors import InvalidRequest, Refusal, none_in_lounge
from simulator.domain.hospital import Hospital
from simulator.domain.rules import hard


def has_a_place(
    hospital: Hospital, stay: Booking, command: c.DischargePatient, moment: Moment
) -> None:
    """Raises Refusal `lounge_full`, and InvalidRequest for a patient who is not one for it."""
    if command.disposition == Disposition.DIED:
        raise InvalidRequest("to_lounge: not of a patient who has died.")
    if hospital.isolation_of(stay):
        raise InvalidRequest("to_lounge: not of a patient in isolation.")
    places, there = hospital.house.lounge_places, len(hospital.in_lounge(moment.at))
    if there >= places:
        told = f"It has {places} places, all taken." if places else "The hospital has none."
        raise Refusal(Rule.LOUNGE_FULL, told)


def leave(hospital: Hospital, command: c.LeaveLounge, moment: Moment) -> list[Change]:
    there = hospital.lounge.values()
    found = next((one for one in there if one.booking_id == command.booking_id), None)
    if found is None:
        raise none_in_lounge(command.booking_id)
    if moment.at < found.since_at:
        raise hard.too_early("The patient came on", hospital, found.since_at)
    return [Change(EventType.LOUNGE_LEFT, columns=found.as_columns())]
