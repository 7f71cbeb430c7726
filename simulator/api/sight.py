"""What of an answer somebody may see: patients of own wards by their references, others not at all.

Beds are on everybody's board. Who lies in them, what is booked, waited for and told of a patient
belongs to a ward, and is there for those who may see it alone: in lists, one by one, in the past,
and in what a refusal tells.
"""

import re
from collections.abc import Mapping
from typing import Any

from lake.tables import BED_EVENTS
from simulator.domain.bookings import Booking
from simulator.domain.errors import Refusal
from simulator.domain.hospital import Hospital
from simulator.domain.permissions import ELSEWHERE, may_override, wards_of_request
from simulator.domain.principals import Principal
from simulator.domain.requests import BedRequest
from simulator.writer.engine import Row

PRIVATE = (
    *(column.name for column in BED_EVENTS.columns if column.is_private),
    "request_path",  # which names a patient, of a merge
    "died_at", "disposition", "spell_id", "stay_id", "booking_id", "bed_request_id",
    "displaced_booking_id", "displaced_booking_ids", "displaced_by_booking_id",
    "ended_booking_ids", "unmet_request_ids", "lost_booking_ids", "at_risk_booking_ids",
    "current_booking_id", "current_stay_id", "next_booking_id", "last_booking_id",
)  # fmt: skip
"""And the ids by which one row of a patient leads to the next one."""
OF_SEVERAL_WARDS = "contact_patient_refs"


def without_patients(row: Mapping[str, Any], who: Principal, ward_id: str | None) -> Row:
    """A row as it is, or without what is private in it."""
    if who.is_manager:
        return dict(row)
    if who.sees(ward_id):
        return dict(row) | ({OF_SEVERAL_WARDS: None} if OF_SEVERAL_WARDS in row else {})
    return dict(row) | {name: None for name in PRIVATE if name in row}


def sees_booking(who: Principal, hospital: Hospital, booking: Booking) -> bool:
    bed = hospital.beds.get(booking.bed_id)
    return who.sees(bed.ward_id if bed else None)


def seen_booking(who: Principal, hospital: Hospital, booking_id: str) -> Booking | None:
    """One that is open, if it is there for these eyes."""
    booking = hospital.bookings.get(booking_id)
    return booking if booking and sees_booking(who, hospital, booking) else None


def sees_request(who: Principal, hospital: Hospital, request: BedRequest) -> bool:
    """Of the ward where the patient is, or the wanted one."""
    wards = wards_of_request(hospital, request)
    if request.requested_by == who.actor and who.has_wards:
        return True
    return who.is_manager or (who.has_wards if wards is None else any(map(who.owns, wards)))


def sees_ended(who: Principal, row: Row) -> bool:
    """A request that waits no more, by the ward that was wanted; if any was, by where the patient
    was and was placed; if that is nowhere, by who asked."""
    if who.is_manager:
        return True
    wards = row["of_wards"]
    asked = (row["requested_by"] or row["actor"]) == who.actor
    return any(map(who.owns, wards)) or (not wards and asked and who.has_wards)


def sees_patient(who: Principal, hospital: Hospital, patient_ref: str) -> bool:
    """Where the patient lies, has a bed reserved or waits for one."""
    if who.is_manager:
        return True
    bookings = hospital.bookings_of(patient_ref)
    requests = hospital.requests_of(patient_ref)
    return any(sees_booking(who, hospital, one) for one in bookings) or any(
        sees_request(who, hospital, one) for one in requests
    )


def refusal_for(
    who: Principal, hospital: Hospital, refusal: Refusal, *, knows_past: bool = False
) -> Refusal:
    """As it may be told: of a booking that is not for these eyes, that it is somewhere; of the past
    of a patient whom they have not seen, nothing but the rule."""
    if who.may_all:
        return refusal
    can_be = refusal.can_be_overridden and may_override(
        who, refusal.rules, hospital.house.clerks_override
    )
    told_of = (*refusal.in_the_way, refusal.conflicts_with)
    is_all_seen = all(one is None or sees_booking(who, hospital, one) for one in told_of)
    is_all_seen = is_all_seen and _are_all_seen(who, hospital, str(refusal))
    told = refusal if is_all_seen else _in_few_words(who, hospital, refusal)
    if is_all_seen and refusal.past_of and not (knows_past or who.is_manager):
        told = Refusal(refusal.rule, rules=refusal.rules)
        told.suggestions, told.pair = refusal.suggestions, refusal.pair
    told.can_be_overridden = can_be
    return told


NAMED = re.compile(r"\b[BR]\d+\b|\b[A-Za-z0-9]{1,8}-\d+-[A-Z]\b")
"""Bookings, requests and beds in a text."""


def _are_all_seen(who: Principal, hospital: Hospital, text: str) -> bool:
    """What a text names is of own wards, or not known here."""
    for name in NAMED.findall(text):
        booking, request = hospital.bookings.get(name), hospital.requests.get(name)
        bed = hospital.beds.get(name)
        if booking and not sees_booking(who, hospital, booking):
            return False
        if request and not sees_request(who, hospital, request):
            return False
        if bed and not who.sees(bed.ward_id):
            return False
    return True


def _in_few_words(who: Principal, hospital: Hospital, refusal: Refusal) -> Refusal:
    seen = [one for one in refusal.in_the_way if sees_booking(who, hospital, one)]
    told = Refusal(
        refusal.rule,
        f"The patient is {ELSEWHERE}.",
        seen[0] if seen else None,
        rules=refusal.rules,
        in_the_way=seen,
    )
    told.suggestions, told.pair = refusal.suggestions, refusal.pair
    return told
