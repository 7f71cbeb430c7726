"""The soft rules: each is broken only by an override, that is by somebody who answers for it.

`breaches` gives all that a wish for a bed breaks, in the order in which an override names them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from lake.vocabulary import AgeGroup, BedStatus, RoomClass, Rule
from simulator.domain.beds import Bed, Closing
from simulator.domain.bookings import END_OF_TIME, Booking
from simulator.domain.errors import Refusal
from simulator.domain.hospital import Hospital
from simulator.domain.needs import Needs
from simulator.domain.requests import BedRequest
from simulator.domain.rules import sharing


@dataclass(frozen=True, slots=True)
class Wish:
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
    besides: frozenset[str] = field(default_factory=frozenset)
    not_before: datetime | None = None
    is_its_own: bool = False
    lends: Booking | None = None
    mother_ref: str | None = None


@dataclass(frozen=True, slots=True)
class Breach:
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


def breaches(hospital: Hospital, wish: Wish) -> list[Breach]:
    mates = _mates(hospital, wish)
    of_the_bed = [breach for rule in OF_THE_BED for breach in rule(hospital, wish)]
    of_the_room = [breach for rule in OF_THE_ROOM for breach in rule(hospital, wish, mates)]
    return sorted(of_the_bed + of_the_room, key=lambda breach: ORDER[breach.rule])


def excludes(hospital: Hospital, wish: Wish, mate: tuple[Bed, Booking]) -> bool:
    """Whether somebody who had that bed of the room would be in the way of the wish."""
    return any(True for rule in OF_TWO for _ in rule(hospital, wish, [mate]))


def meets(hospital: Hospital, request: BedRequest, wish: Wish) -> bool:
    """Whether the bed of the wish is one that the request asks for."""
    if request.ward_id not in (None, wish.bed.ward_id):
        return False
    asked = replace(wish, needs=request.needs, is_its_own=False)
    of_the_bed = (_wrong_specialty, _wrong_room_class, _not_taken_by_ward)
    broken = [breach for rule in of_the_bed for breach in rule(hospital, asked)]
    if request.needs.isolation:
        broken += _isolation_needed(hospital, asked, _mates(hospital, asked))
    return not broken


def _bed_kept_for_leave(hospital: Hospital, wish: Wish) -> Iterator[Breach]:
    """In place of the hard rule that a bed holds one patient: the other one is not there."""
    if stay := wish.lends:
        since = hospital.said(stay.away_since or stay.starts_at)
        detail = f"The patient in {wish.bed.bed_id} is on leave since {since}."
        yield Breach(Rule.BED_KEPT_FOR_LEAVE, detail, "kept for a patient on leave", beside=stay)


def overlaps(hospital: Hospital, wish: Wish) -> list[Breach]:
    """Of the rules only that about time: the bed itself does not change."""
    return list(_overlaps_booking(hospital, wish))


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


def _overlaps_booking(hospital: Hospital, wish: Wish) -> Iterator[Breach]:
    """No two open bookings of a bed have planned intervals that overlap."""
    in_the_way = tuple(
        booking
        for booking in hospital.booked_by(wish.bed.bed_id, wish.ends_at)
        if wish.starts_at < (booking.ends_at or END_OF_TIME)
        and booking.booking_id not in wish.besides
        and not (booking.is_stay and (booking.ends_at is None or booking.runs_over(wish.now)))
    )
    if in_the_way:
        names = ", ".join(booking.booking_id for booking in in_the_way)
        verb = "hold" if len(in_the_way) > 1 else "holds"
        detail = f"{names} {verb} {wish.bed.bed_id}."
        briefly = said_of_diary(hospital, wish, in_the_way[0])
        yield Breach(Rule.OVERLAPS_BOOKING, detail, briefly, in_the_way)


def _overlaps_open_stay(hospital: Hospital, wish: Wish) -> Iterator[Breach]:
    """A stay without an end overlaps everything after its start; one that runs over, what is to
    begin by now."""
    stay = hospital.current_booking(wish.bed.bed_id)
    if stay is None or stay.booking_id in wish.besides:
        return
    is_open = stay.ends_at is None and stay.overlaps(wish.starts_at, wish.ends_at)
    if is_open or (stay.runs_over(wish.now) and wish.starts_at <= wish.now):
        detail, briefly = hospital.in_words(stay, wish.now), "occupied, no end is known"
        yield Breach(Rule.OVERLAPS_OPEN_STAY, detail, briefly, (stay,))


def _bed_not_clean(_: Hospital, wish: Wish) -> Iterator[Breach]:
    """A dirty bed may be reserved, not moved into; one after isolation is not lent without."""
    is_lent_after_isolation = wish.lends is not None and wish.bed.status is BedStatus.ISOLATED
    if (wish.moves_in and wish.bed.needs_cleaning) or is_lent_after_isolation:
        status = wish.bed.status
        yield Breach(Rule.BED_NOT_CLEAN, f"{wish.bed.bed_id} is {status}.", f"{status}")


def _wrong_specialty(hospital: Hospital, wish: Wish) -> Iterator[Breach]:
    """An outlier may be moved within the ward that it lies on."""
    needed, has = wish.needs.specialty, wish.bed.specialty
    if needed is None or needed == has or wish.is_its_own:
        return
    stay = hospital.stay_of(wish.patient_ref)
    is_known = stay is not None and stay.needs.specialty == needed
    if not (is_known and _comes_from(hospital, wish, "ward_id")):
        detail = f"{wish.bed.bed_id} is {has}, the need is {needed}."
        yield Breach(Rule.WRONG_SPECIALTY, detail, f"is {in_words(has)}")


def _wrong_room_class(_: Hospital, wish: Wish) -> Iterator[Breach]:
    """The room's class, and what the bed has to have."""
    needed, has = wish.needs.room_class, wish.bed.room_class
    if wish.is_its_own:
        return
    if needed is not None and needed != has:
        detail = f"{wish.bed.bed_id} is {has}, the need is {needed}."
        yield Breach(Rule.WRONG_ROOM_CLASS, detail, f"is {in_words(has)}")
    lacking = [name for name in wish.needs.features if name not in wish.bed.features]
    if lacking:
        told = ", ".join(lacking)
        detail = f"{wish.bed.bed_id} is not {told}."
        yield Breach(Rule.WRONG_ROOM_CLASS, detail, f"not {in_words(told)}")


def _mixed_sex(hospital: Hospital, wish: Wish, mates: Mates) -> Iterator[Breach]:
    """A sex that was not said fits nobody; in a cot it does not matter."""
    for bed, booking in mates:
        if sharing.sexes_clash(hospital, wish, booking) and _is_of_one_sex(
            hospital, wish, bed, booking
        ):
            where = f"{booking.booking_id} in {bed.bed_id}"
            detail = sharing.said_of_sexes(wish.needs, booking.needs, where)
            briefly = sharing.said_of_sexes_briefly(wish.needs, booking.needs)
            yield Breach(Rule.MIXED_SEX, detail, briefly)
            return


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


def _isolation_needed(hospital: Hospital, wish: Wish, mates: Mates) -> Iterator[Breach]:
    """A patient in isolation, or exposed to an infection, shares a room with nobody else."""
    own = None
    for bed, booking in mates:
        if _are_mother_and_child(hospital, wish, bed, booking):
            continue
        own = own or sharing.who_comes(hospital, wish)
        other = sharing.who_is_there(hospital, booking)
        if sharing.infects(own, other):
            where = f"{booking.booking_id} in {bed.bed_id}"
            told = sharing.said_of_isolation(other)
            detail = f"{where} is of a patient {told}."
            yield Breach(Rule.ISOLATION_NEEDED, detail, f"room has a patient {told} (isolation)")
            return


def _mates(hospital: Hospital, wish: Wish) -> Mates:
    """Bookings of other patients in the same room at the same time. A patient whose stay runs over
    is there now; after that nobody knows."""
    refs = hospital.refs_of(wish.patient_ref)
    begins_by_now = wish.starts_at <= wish.now
    return [
        (bed, booking)
        for bed in hospital.room_mates(wish.bed)
        for booking in hospital.booked_by(bed.bed_id, wish.ends_at)
        if (
            wish.starts_at < (booking.ends_at or END_OF_TIME)
            or (begins_by_now and booking.runs_over(wish.now))
        )
        and booking.booking_id not in wish.besides
        and booking.patient_ref not in refs
    ]


def _starts_in_past(hospital: Hospital, wish: Wish) -> Iterator[Breach]:
    if wish.not_before is not None and wish.starts_at < wish.not_before:
        now, start = hospital.said(wish.now), hospital.said(wish.starts_at)
        detail = f"It is {now}, the start is {start}."
        yield Breach(Rule.STARTS_IN_PAST, detail, "the start has passed")


def _closed_to_admissions(hospital: Hospital, wish: Wish, mates: Mates) -> Iterator[Breach]:
    """A move within a room, or within a ward, that takes nobody new brings in nobody new."""
    bed = wish.bed
    if bed.room_closing and not _comes_from(hospital, wish, "room_id"):
        yield from _closed(hospital, wish, bed.room_closing, "room", bed.room_id)
    if bed.ward_closing and not _comes_from(hospital, wish, "ward_id"):
        yield from _closed(hospital, wish, bed.ward_closing, "ward", bed.ward_id)
    yield from _closed_by_isolation(hospital, wish, mates)


def _closed(
    hospital: Hospital, wish: Wish, closing: Closing, place: str, name: str
) -> Iterator[Breach]:
    if closing.covers(wish.starts_at, wish.now):
        until = f" until {hospital.said(closing.until_at)}" if closing.until_at else ""
        detail = f"The {place} {name} takes nobody new{until}: {closing.reason_code}."
        briefly = f"{place} takes nobody new: {in_words(closing.reason_code)}"
        yield Breach(Rule.CLOSED_TO_ADMISSIONS, detail, briefly)


def _comes_from(hospital: Hospital, wish: Wish, place: str) -> bool:
    """Whether the patient lies in that room or ward now."""
    stay = hospital.stay_of(wish.patient_ref)
    if stay is None:
        return False
    return bool(getattr(hospital.beds[stay.bed_id], place) == getattr(wish.bed, place))


def _closed_by_isolation(hospital: Hospital, wish: Wish, mates: Mates) -> Iterator[Breach]:
    """A room with a source of infection takes only patients with the same organism, if named."""
    for bed, booking in mates:
        if _are_mother_and_child(hospital, wish, bed, booking):
            continue
        other = hospital.isolation_of(booking) if booking.is_stay else None
        is_closed = other and other.is_source and not sharing.are_alike(wish.needs.isolation, other)
        if is_closed and not _comes_from(hospital, wish, "room_id"):
            detail = f"{booking.bed_id} is isolated: the room takes nobody new."
            yield Breach(Rule.CLOSED_TO_ADMISSIONS, detail, "room is isolated")
            return


def _are_mother_and_child(hospital: Hospital, wish: Wish, bed: Bed, booking: Booking) -> bool:
    """The child in a cot."""
    is_mother = wish.bed.is_cot and wish.mother_ref in hospital.refs_of(booking.patient_ref)
    is_child = bed.is_cot and booking.mother_ref in hospital.refs_of(wish.patient_ref)
    return is_mother or is_child


def _not_taken_by_ward(hospital: Hospital, wish: Wish) -> Iterator[Breach]:
    """Who is on the ward already, and needs what was needed then, is not taken anew."""
    bed = wish.bed
    if bed.is_cot:
        yield from _not_for_a_cot(hospital, wish)
        return
    reasons = () if wish.is_its_own else hospital.does_not_take(bed, wish.needs)
    if reasons and not _is_of_the_ward(hospital, wish):
        told = ", ".join(sharing.said_of_need(wish.needs, reason) for reason in reasons)
        briefly = f"does not take {told}"
        yield Breach(Rule.NOT_TAKEN_BY_WARD, f"{bed.ward_name or bed.ward_id} {briefly}.", briefly)


def _is_of_the_ward(hospital: Hospital, wish: Wish) -> bool:
    stay = hospital.stay_of(wish.patient_ref)
    if stay is None or not _comes_from(hospital, wish, "ward_id"):
        return False
    asked, known = (replace(needs, isolation=None) for needs in (wish.needs, stay.needs))
    return asked == known and not hospital.beds[stay.bed_id].is_cot


def _not_for_a_cot(hospital: Hospital, wish: Wish) -> Iterator[Breach]:
    """It is for a newborn beside the mother."""
    mother = hospital.stay_of(wish.mother_ref) if wish.mother_ref else None
    is_beside = mother is not None and hospital.beds[mother.bed_id].room_id == wish.bed.room_id
    if wish.needs.age_group != AgeGroup.NEONATE or not is_beside:
        briefly = "is a cot, for a newborn whose mother lies in that room"
        yield Breach(Rule.NOT_TAKEN_BY_WARD, f"{wish.bed.bed_id} {briefly}.", briefly)


def _bed_not_staffed(_: Hospital, wish: Wish) -> Iterator[Breach]:
    """A bed without staff may be reserved, not moved into."""
    if wish.moves_in and not wish.bed.is_staffed:
        yield Breach(Rule.BED_NOT_STAFFED, f"{wish.bed.bed_id} has no staff.", "unstaffed")


def _patient_reserved_elsewhere(hospital: Hospital, wish: Wish) -> Iterator[Breach]:
    """Two beds are not kept for one patient; who moves in leaves no doubt where."""
    for booking in () if wish.moves_in else hospital.bookings_of(wish.patient_ref):
        is_other = booking.booking_id not in wish.besides and booking.bed_id != wish.bed.bed_id
        is_kept = is_other and not booking.is_stay
        if is_kept and booking.overlaps(wish.starts_at, wish.ends_at):
            detail = f"{booking.booking_id} keeps {booking.bed_id} for the same patient."
            briefly = "another bed is kept for the patient"
            yield Breach(Rule.PATIENT_RESERVED_ELSEWHERE, detail, briefly, beside=booking)
            return


def _kept_for_isolation(hospital: Hospital, wish: Wish) -> Iterator[Breach]:
    """The last free isolation rooms of a ward are for who needs isolation, or was exposed."""
    bed, kept = wish.bed, hospital.house.isolation_rooms_kept
    if not kept or bed.room_class != RoomClass.ISOLATION or may_have_isolation(hospital, wish):
        return
    others = hospital.free_isolation_rooms(bed.ward_id, wish.starts_at, wish.now) - {bed.room_id}
    if len(others) < kept:
        briefly = f"kept for isolation: {len(others)} besides it free, {kept} wanted"
        detail = f"{bed.bed_id} is {briefly}."
        yield Breach(Rule.KEPT_FOR_ISOLATION, detail, briefly)


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
    _starts_in_past,
    _not_taken_by_ward,
    _bed_not_staffed,
    _patient_reserved_elsewhere,
    _bed_kept_for_leave,
    _kept_for_isolation,
)
OF_TWO = (_mixed_sex, _isolation_needed, _closed_by_isolation)
OF_THE_ROOM = (_mixed_sex, _isolation_needed, _closed_to_admissions)
ORDER = {rule: place for place, rule in enumerate(Rule)}
"""In which an override names them."""
