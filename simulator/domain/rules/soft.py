"""The soft rules: each is broken only by an override, that is by somebody who answers for it.

`breaches` gives all that a wish for a bed breaks, in the order in which an override names them.
A rule says what is broken, or nothing; each is asked of thousands of beds in a search.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from lake.vocabulary import AgeGroup, BedStatus, RoomClass, Rule
from simulator.domain.beds import Bed, Closing
from simulator.domain.bookings import END_OF_TIME, Booking
from simulator.domain.errors import Refusal
from simulator.domain.hospital import Hospital
from simulator.domain.needs import Needs
from simulator.domain.requests import BedRequest
from simulator.domain.rules import sharing

NOTHING: frozenset[str] = frozenset()


class Wish(NamedTuple):
    """A bed for a patient over `[starts_at, ends_at)`.

    `moves_in`: the patient takes the bed at once. `besides`: bookings that are not in the way,
    because the request changes or ends them. `not_before`: earlier starts lie in the past.
    `is_its_own`: the bed is the one reserved for the patient, whose needs were weighed then.
    `lends`: the stay on leave that the bed is kept for. `mother_ref`: of a newborn for a cot.
    """

    bed: Bed
    patient_ref: str
    needs: Needs
    starts_at: datetime
    ends_at: datetime | None
    now: datetime
    moves_in: bool = False
    besides: frozenset[str] = NOTHING
    not_before: datetime | None = None
    is_its_own: bool = False
    lends: Booking | None = None
    mother_ref: str | None = None


class Breach(NamedTuple):
    """`detail` names what is in the way, `briefly` does not. `in_the_way`: what an override
    displaces; `beside`: what it is told by, and leaves."""

    rule: Rule
    detail: str
    briefly: str
    in_the_way: tuple[Booking, ...] = ()
    beside: Booking | None = None


HOUR = timedelta(hours=1)

Mates = list[tuple[Bed, Booking]]
"""Who else is in the room at that time, each with the bed; looked for once for all rules."""


def breaches(hospital: Hospital, wish: Wish, there: Mates | None = None) -> list[Breach]:
    """`there`: who is in the room at that time, from who asks for several of its beds."""
    found = [breach for rule in OF_THE_BED if (breach := rule(hospital, wish))]
    if mates := _mates(hospital, wish, there):
        found += [breach for rule in OF_THE_ROOM if (breach := rule(hospital, wish, mates))]
    if len(found) > 1:
        found.sort(key=lambda breach: ORDER[breach.rule])
    return found


def excludes(hospital: Hospital, wish: Wish, mate: tuple[Bed, Booking]) -> bool:
    """Whether somebody who had that bed of the room would be in the way of the wish."""
    is_related = _are_mother_and_child(hospital, wish, *mate)
    return not is_related and any(rule(hospital, wish, [mate]) for rule in OF_THE_ROOM)


def meets(hospital: Hospital, request: BedRequest, wish: Wish) -> bool:
    """Whether the bed of the wish is one that the request asks for."""
    if request.ward_id not in (None, wish.bed.ward_id):
        return False
    asked = wish._replace(needs=request.needs, is_its_own=False)
    if any(rule(hospital, asked) for rule in ASKED_OF_A_BED):
        return False
    needs_isolation = bool(request.needs.isolation)
    return not (needs_isolation and _isolation_needed(hospital, asked, _mates(hospital, asked)))


def _bed_kept_for_leave(hospital: Hospital, wish: Wish) -> Breach | None:
    """In place of the hard rule that a bed holds one patient: the other one is not there."""
    stay = wish.lends
    if stay is None:
        return None
    since = hospital.said(stay.away_since or stay.starts_at)
    detail = f"The patient in {wish.bed.bed_id} is on leave since {since}."
    return Breach(Rule.BED_KEPT_FOR_LEAVE, detail, "kept for a patient on leave", beside=stay)


def overlaps(hospital: Hospital, wish: Wish) -> list[Breach]:
    """Of the rules only that about time: the bed itself does not change."""
    breach = _overlaps_booking(hospital, wish)
    return [breach] if breach else []


def said_of_diary(hospital: Hospital, wish: Wish, following: Booking) -> str:
    """From when on the bed is somebody else's, and how long it is free before that."""
    hours = (following.starts_at - wish.starts_at) / HOUR
    if hours <= 0:
        return "booked"
    return f"booked from {hospital.said_of_day(following.starts_at, wish.now)}: {hours:.0f} h free"


def in_words(code: str) -> str:
    return code.replace("_", " ")


def refusal_of(broken: list[Breach]) -> Refusal:
    """Says the first, and names the others."""
    first, *others = broken
    detail = first.detail
    if others:
        detail += f" It also breaks {', '.join(dict.fromkeys(b.rule.value for b in others))}."
    return Refusal(
        first.rule,
        detail,
        first.in_the_way[0] if first.in_the_way else first.beside,
        rules=tuple(dict.fromkeys(breach.rule for breach in broken)),
        in_the_way=tuple(dict.fromkeys(b for breach in broken for b in breach.in_the_way)),
    )


def _overlaps_booking(hospital: Hospital, wish: Wish) -> Breach | None:
    """No two open bookings of a bed have planned intervals that overlap."""
    in_the_way = [
        booking
        for booking in hospital.booked_by(wish.bed.bed_id, wish.ends_at)
        if wish.starts_at < (booking.ends_at or END_OF_TIME)
        and booking.booking_id not in wish.besides
        and not (booking.is_stay and (booking.ends_at is None or booking.runs_over(wish.now)))
    ]
    if not in_the_way:
        return None
    names = ", ".join([booking.booking_id for booking in in_the_way])
    verb = "hold" if len(in_the_way) > 1 else "holds"
    detail = f"{names} {verb} {wish.bed.bed_id}."
    briefly = said_of_diary(hospital, wish, in_the_way[0])
    return Breach(Rule.OVERLAPS_BOOKING, detail, briefly, tuple(in_the_way))


def _overlaps_open_stay(hospital: Hospital, wish: Wish) -> Breach | None:
    """A stay without an end overlaps everything after its start; one that runs over, what is to
    begin by now."""
    stay = hospital.current_booking(wish.bed.bed_id)
    if stay is None or stay.booking_id in wish.besides:
        return None
    is_open = stay.ends_at is None and stay.overlaps(wish.starts_at, wish.ends_at)
    if is_open or (stay.runs_over(wish.now) and wish.starts_at <= wish.now):
        detail, briefly = hospital.in_words(stay, wish.now), "occupied, no end is known"
        return Breach(Rule.OVERLAPS_OPEN_STAY, detail, briefly, (stay,))
    return None


def _bed_not_clean(_: Hospital, wish: Wish) -> Breach | None:
    """A dirty bed may be reserved, not moved into; one after isolation is not lent without."""
    is_lent_after_isolation = wish.lends is not None and wish.bed.status is BedStatus.ISOLATED
    if (wish.moves_in and wish.bed.needs_cleaning) or is_lent_after_isolation:
        status = wish.bed.status
        return Breach(Rule.BED_NOT_CLEAN, f"{wish.bed.bed_id} is {status}.", f"{status}")
    return None


def _wrong_specialty(hospital: Hospital, wish: Wish) -> Breach | None:
    """An outlier may be moved within the ward that it lies on."""
    needed, has = wish.needs.specialty, wish.bed.specialty
    if needed is None or needed == has or wish.is_its_own:
        return None
    stay = hospital.stay_of(wish.patient_ref)
    is_known = stay is not None and stay.needs.specialty == needed
    if is_known and _comes_from(hospital, wish, "ward_id"):
        return None
    detail = f"{wish.bed.bed_id} is {has}, the need is {needed}."
    return Breach(Rule.WRONG_SPECIALTY, detail, f"is {in_words(has)}")


def _wrong_room_class(_: Hospital, wish: Wish) -> Breach | None:
    needed, has = wish.needs.room_class, wish.bed.room_class
    if needed is None or needed == has or wish.is_its_own:
        return None
    detail = f"{wish.bed.bed_id} is {has}, the need is {needed}."
    return Breach(Rule.WRONG_ROOM_CLASS, detail, f"is {in_words(has)}")


def _lacks_features(_: Hospital, wish: Wish) -> Breach | None:
    """What the bed has to have."""
    if not wish.needs.features or wish.is_its_own:
        return None
    lacking = [name for name in wish.needs.features if name not in wish.bed.features]
    if not lacking:
        return None
    told = ", ".join(lacking)
    detail = f"{wish.bed.bed_id} is not {told}."
    return Breach(Rule.WRONG_ROOM_CLASS, detail, f"not {in_words(told)}")


def _mixed_sex(hospital: Hospital, wish: Wish, mates: Mates) -> Breach | None:
    """A sex that was not said fits nobody; in a cot it does not matter."""
    for bed, booking in mates:
        if sharing.sexes_clash(hospital, wish, booking) and _is_of_one_sex(
            hospital, wish, bed, booking
        ):
            where = f"{booking.booking_id} in {bed.bed_id}"
            detail = sharing.said_of_sexes(wish.needs, booking.needs, where)
            briefly = sharing.said_of_sexes_briefly(wish.needs, booking.needs)
            return Breach(Rule.MIXED_SEX, detail, briefly)
    return None


def _is_of_one_sex(hospital: Hospital, wish: Wish, bed: Bed, booking: Booking) -> bool:
    """Whether the room is to be, for one of the two, when they begin to share it."""
    if wish.bed.is_cot or bed.is_cot:
        return False
    if not hospital.house.mixes_sexes(bed.ward_id, bed.room_class):
        return True
    rights = [hospital.single_sex_from(bed, booking)]
    if stay := hospital.stay_of(wish.patient_ref):
        rights.append(hospital.single_sex_from(wish.bed, replace(stay, starts_at=wish.starts_at)))
    begins = max(wish.starts_at, booking.starts_at)
    return any(right is not None and right <= begins for right in rights)


def _isolation_needed(hospital: Hospital, wish: Wish, mates: Mates) -> Breach | None:
    """A patient in isolation, or exposed to an infection, shares a room with nobody else."""
    own = sharing.who_comes(hospital, wish)
    for bed, booking in mates:
        other = sharing.who_is_there(hospital, booking)
        if sharing.infects(own, other):
            where = f"{booking.booking_id} in {bed.bed_id}"
            told = sharing.said_of_isolation(other)
            detail = f"{where} is of a patient {told}."
            return Breach(Rule.ISOLATION_NEEDED, detail, f"room has a patient {told} (isolation)")
    return None


def there_then(hospital: Hospital, wish: Wish) -> Mates:
    """Bookings in the room of the wish at the same time. A patient whose stay runs over is there
    now; after that nobody knows."""
    begins_by_now = wish.starts_at <= wish.now
    return [
        (bed, booking)
        for bed in hospital.beds_in(wish.bed.room_id)
        for booking in hospital.booked_by(bed.bed_id, wish.ends_at)
        if wish.starts_at < (booking.ends_at or END_OF_TIME)
        or (begins_by_now and booking.runs_over(wish.now))
    ]


def _mates(hospital: Hospital, wish: Wish, there: Mates | None = None) -> Mates:
    """Of those who are there the other patients, in the other beds; mother and child are not in
    each other's way."""
    there = there_then(hospital, wish) if there is None else there
    if not there:
        return there
    own, besides, refs = wish.bed, wish.besides, hospital.refs_of(wish.patient_ref)
    return [
        (bed, booking)
        for bed, booking in there
        if bed.bed_id != own.bed_id
        and booking.booking_id not in besides
        and booking.patient_ref not in refs
        and not ((bed.is_cot or own.is_cot) and _are_mother_and_child(hospital, wish, bed, booking))
    ]


def _starts_in_past(hospital: Hospital, wish: Wish) -> Breach | None:
    if wish.not_before is None or wish.starts_at >= wish.not_before:
        return None
    now, start = hospital.said(wish.now), hospital.said(wish.starts_at)
    detail = f"It is {now}, the start is {start}."
    return Breach(Rule.STARTS_IN_PAST, detail, "the start has passed")


def _room_closed(hospital: Hospital, wish: Wish) -> Breach | None:
    """A move within a room that takes nobody new brings in nobody new."""
    closing = wish.bed.room_closing
    if closing is None or _comes_from(hospital, wish, "room_id"):
        return None
    return _closed(hospital, wish, closing, "room", wish.bed.room_id)


def _ward_closed(hospital: Hospital, wish: Wish) -> Breach | None:
    """A move within a ward that takes nobody new brings in nobody new."""
    closing = wish.bed.ward_closing
    if closing is None or _comes_from(hospital, wish, "ward_id"):
        return None
    return _closed(hospital, wish, closing, "ward", wish.bed.ward_id)


def _closed(
    hospital: Hospital, wish: Wish, closing: Closing, place: str, name: str
) -> Breach | None:
    if not closing.covers(wish.starts_at, wish.now):
        return None
    until = f" until {hospital.said(closing.until_at)}" if closing.until_at else ""
    detail = f"The {place} {name} takes nobody new{until}: {closing.reason_code}."
    briefly = f"{place} takes nobody new: {in_words(closing.reason_code)}"
    return Breach(Rule.CLOSED_TO_ADMISSIONS, detail, briefly)


def _comes_from(hospital: Hospital, wish: Wish, place: str) -> bool:
    """Whether the patient lies in that room or ward now."""
    stay = hospital.stay_of(wish.patient_ref)
    if stay is None:
        return False
    return bool(getattr(hospital.beds[stay.bed_id], place) == getattr(wish.bed, place))


def _closed_by_isolation(hospital: Hospital, wish: Wish, mates: Mates) -> Breach | None:
    """A room with a source of infection takes only patients with the same organism, if named."""
    for _, booking in mates:
        other = hospital.isolation_of(booking) if booking.is_stay else None
        is_closed = other and other.is_source and not sharing.are_alike(wish.needs.isolation, other)
        if is_closed and not _comes_from(hospital, wish, "room_id"):
            detail = f"{booking.bed_id} is isolated: the room takes nobody new."
            return Breach(Rule.CLOSED_TO_ADMISSIONS, detail, "room is isolated")
    return None


def _are_mother_and_child(hospital: Hospital, wish: Wish, bed: Bed, booking: Booking) -> bool:
    """The child in a cot."""
    is_mother = wish.bed.is_cot and wish.mother_ref in hospital.refs_of(booking.patient_ref)
    is_child = bed.is_cot and booking.mother_ref in hospital.refs_of(wish.patient_ref)
    return is_mother or is_child


def _not_taken_by_ward(hospital: Hospital, wish: Wish) -> Breach | None:
    """Who is on the ward already, and needs what was needed then, is not taken anew."""
    bed = wish.bed
    if bed.is_cot:
        return _not_for_a_cot(hospital, wish)
    reasons = () if wish.is_its_own else hospital.does_not_take(bed, wish.needs)
    if not reasons or _is_of_the_ward(hospital, wish):
        return None
    told = ", ".join([sharing.said_of_need(wish.needs, reason) for reason in reasons])
    briefly = f"does not take {told}"
    return Breach(Rule.NOT_TAKEN_BY_WARD, f"{bed.ward_name or bed.ward_id} {briefly}.", briefly)


def _is_of_the_ward(hospital: Hospital, wish: Wish) -> bool:
    stay = hospital.stay_of(wish.patient_ref)
    if stay is None or not _comes_from(hospital, wish, "ward_id"):
        return False
    asked, known = (replace(needs, isolation=None) for needs in (wish.needs, stay.needs))
    return asked == known and not hospital.beds[stay.bed_id].is_cot


def _not_for_a_cot(hospital: Hospital, wish: Wish) -> Breach | None:
    """It is for a newborn beside the mother."""
    mother = hospital.stay_of(wish.mother_ref) if wish.mother_ref else None
    is_beside = mother is not None and hospital.beds[mother.bed_id].room_id == wish.bed.room_id
    if wish.needs.age_group == AgeGroup.NEONATE and is_beside:
        return None
    briefly = "is a cot, for a newborn whose mother lies in that room"
    return Breach(Rule.NOT_TAKEN_BY_WARD, f"{wish.bed.bed_id} {briefly}.", briefly)


def _bed_not_staffed(_: Hospital, wish: Wish) -> Breach | None:
    """A bed without staff may be reserved, not moved into."""
    if wish.moves_in and not wish.bed.is_staffed:
        return Breach(Rule.BED_NOT_STAFFED, f"{wish.bed.bed_id} has no staff.", "unstaffed")
    return None


def _patient_reserved_elsewhere(hospital: Hospital, wish: Wish) -> Breach | None:
    """Two beds are not kept for one patient; who moves in leaves no doubt where."""
    for booking in () if wish.moves_in else hospital.bookings_of(wish.patient_ref):
        is_other = booking.booking_id not in wish.besides and booking.bed_id != wish.bed.bed_id
        is_kept = is_other and not booking.is_stay
        if is_kept and booking.overlaps(wish.starts_at, wish.ends_at):
            detail = f"{booking.booking_id} keeps {booking.bed_id} for the same patient."
            briefly = "another bed is kept for the patient"
            return Breach(Rule.PATIENT_RESERVED_ELSEWHERE, detail, briefly, beside=booking)
    return None


def _kept_for_isolation(hospital: Hospital, wish: Wish) -> Breach | None:
    """The last free isolation rooms of a ward are for who needs isolation, or was exposed."""
    bed, kept = wish.bed, hospital.house.isolation_rooms_kept
    if not kept or bed.room_class != RoomClass.ISOLATION or may_have_isolation(hospital, wish):
        return None
    others = hospital.free_isolation_rooms(bed.ward_id, wish.starts_at, wish.now) - {bed.room_id}
    if len(others) >= kept:
        return None
    briefly = f"kept for isolation: {len(others)} besides it free, {kept} wanted"
    return Breach(Rule.KEPT_FOR_ISOLATION, f"{bed.bed_id} is {briefly}.", briefly)


def may_have_isolation(hospital: Hospital, wish: Wish) -> bool:
    """Also who asks for such a room, or lies in one of the ward's already."""
    if wish.is_its_own or wish.needs.isolation or wish.needs.room_class == RoomClass.ISOLATION:
        return True
    stay = hospital.stay_of(wish.patient_ref)
    if stay is None:
        return False
    bed = hospital.beds[stay.bed_id]
    has_one = (bed.ward_id, bed.room_class) == (wish.bed.ward_id, RoomClass.ISOLATION)
    return has_one or bool(stay.contact_of)


OF_THE_BED = (
    _overlaps_booking,
    _overlaps_open_stay,
    _bed_not_clean,
    _wrong_specialty,
    _wrong_room_class,
    _lacks_features,
    _starts_in_past,
    _not_taken_by_ward,
    _bed_not_staffed,
    _patient_reserved_elsewhere,
    _bed_kept_for_leave,
    _kept_for_isolation,
    _room_closed,
    _ward_closed,
)
OF_THE_ROOM = (_mixed_sex, _isolation_needed, _closed_by_isolation)
ASKED_OF_A_BED = (_wrong_specialty, _wrong_room_class, _lacks_features, _not_taken_by_ward)
ORDER = {rule: place for place, rule in enumerate(Rule)}
"""In which an override names them."""
