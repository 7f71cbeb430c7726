"""The soft rules: each is broken only by an override, that is by somebody who answers for it.

`breaches` gives all that a wish for a bed breaks, in the order in which an override names them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from lake.vocabulary import BedStatus, Rule, Sex
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking, Needs
from simulator.domain.errors import Refusal
from simulator.domain.hospital import Hospital
from simulator.domain.requests import BedRequest

OPPOSITE = {Sex.FEMALE.value: Sex.MALE.value, Sex.MALE.value: Sex.FEMALE.value}


@dataclass(frozen=True, slots=True)
class Wish:
    """A bed for a patient over `[starts_at, ends_at)`.

    `moves_in`: the patient takes the bed at once. `besides`: bookings that are not in the way,
    because the request changes or ends them. `not_before`: earlier starts lie in the past.
    `is_its_own`: the bed is the one reserved for the patient, whose needs were weighed then.
    `lends`: the stay on leave that the bed is kept for.
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


@dataclass(frozen=True, slots=True)
class Breach:
    """`in_the_way`: what an override displaces; `beside`: what it is told by, and leaves."""

    rule: Rule
    detail: str
    in_the_way: tuple[Booking, ...] = ()
    beside: Booking | None = None


def breaches(hospital: Hospital, wish: Wish) -> list[Breach]:
    return [breach for rule in SOFT for breach in rule(hospital, wish)]


def meets(hospital: Hospital, request: BedRequest, wish: Wish) -> bool:
    """Whether the bed of the wish is one that the request asks for."""
    if request.ward_id not in (None, wish.bed.ward_id):
        return False
    asked = replace(wish, needs=request.needs, is_its_own=False)
    broken = [*_wrong_specialty(hospital, asked), *_wrong_room_class(hospital, asked)]
    if request.needs.isolation:
        broken += _isolation_needed(hospital, asked)
    return not broken


def _bed_kept_for_leave(hospital: Hospital, wish: Wish) -> Iterator[Breach]:
    """In place of the hard rule that a bed holds one patient: the other one is not there."""
    if stay := wish.lends:
        since = hospital.said(stay.away_since or stay.starts_at)
        detail = f"The patient in {wish.bed.bed_id} is on leave since {since}."
        yield Breach(Rule.BED_KEPT_FOR_LEAVE, detail, beside=stay)


def overlaps(hospital: Hospital, wish: Wish) -> list[Breach]:
    """Of the rules only that about time: the bed itself does not change."""
    return list(_overlaps_booking(hospital, wish))


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
        for booking in hospital.of_bed.get(wish.bed.bed_id, ())
        if booking.booking_id not in wish.besides
        and not (booking.is_stay and (booking.ends_at is None or booking.runs_over(wish.now)))
        and booking.overlaps(wish.starts_at, wish.ends_at)
    )
    if in_the_way:
        names = ", ".join(booking.booking_id for booking in in_the_way)
        verb = "hold" if len(in_the_way) > 1 else "holds"
        yield Breach(Rule.OVERLAPS_BOOKING, f"{names} {verb} {wish.bed.bed_id}.", in_the_way)


def _overlaps_open_stay(hospital: Hospital, wish: Wish) -> Iterator[Breach]:
    """A stay without an end overlaps everything after its start; one that runs over, what is to
    begin by now."""
    stay = hospital.current_booking(wish.bed.bed_id)
    if stay is None or stay.booking_id in wish.besides:
        return
    is_open = stay.ends_at is None and stay.overlaps(wish.starts_at, wish.ends_at)
    if is_open or (stay.runs_over(wish.now) and wish.starts_at <= wish.now):
        yield Breach(Rule.OVERLAPS_OPEN_STAY, hospital.in_words(stay, wish.now), (stay,))


def _bed_not_clean(_: Hospital, wish: Wish) -> Iterator[Breach]:
    """A dirty bed may be reserved, not moved into; one after isolation is not lent without."""
    is_lent_after_isolation = wish.lends is not None and wish.bed.status is BedStatus.ISOLATED
    if (wish.moves_in and wish.bed.needs_cleaning) or is_lent_after_isolation:
        yield Breach(Rule.BED_NOT_CLEAN, f"{wish.bed.bed_id} is {wish.bed.status}.")


def _wrong_specialty(_: Hospital, wish: Wish) -> Iterator[Breach]:
    needed, has = wish.needs.specialty, wish.bed.specialty
    if needed is not None and needed != has and not wish.is_its_own:
        yield Breach(Rule.WRONG_SPECIALTY, f"{wish.bed.bed_id} is {has}, the need is {needed}.")


def _wrong_room_class(_: Hospital, wish: Wish) -> Iterator[Breach]:
    needed, has = wish.needs.room_class, wish.bed.room_class
    if needed is not None and needed != has and not wish.is_its_own:
        yield Breach(Rule.WRONG_ROOM_CLASS, f"{wish.bed.bed_id} is {has}, the need is {needed}.")


def _mixed_sex(hospital: Hospital, wish: Wish) -> Iterator[Breach]:
    """Of patients whose sex is known as female or male; of the others nothing is known to clash."""
    opposite = OPPOSITE.get(wish.needs.sex or "")
    if opposite is None:
        return
    clashing = [b for _, b in _room_shared(hospital, wish) if b.needs.sex == opposite]
    if clashing:
        detail = f"{clashing[0].booking_id} in {clashing[0].bed_id} is of a {opposite} patient."
        yield Breach(Rule.MIXED_SEX, detail)


def _isolation_needed(hospital: Hospital, wish: Wish) -> Iterator[Breach]:
    """A patient who needs isolation shares a room with nobody, unless both need it."""
    for bed, booking in _room_shared(hospital, wish):
        is_isolated = _needs_isolation(bed, booking)
        if bool(wish.needs.isolation) != is_isolated:
            who = "who needs isolation" if is_isolated else "who needs none"
            detail = f"{booking.booking_id} in {bed.bed_id} is of a patient {who}."
            yield Breach(Rule.ISOLATION_NEEDED, detail)
            return


def _needs_isolation(bed: Bed, booking: Booking) -> bool:
    """Of a patient in bed the bed's status tells, of others what was asked for."""
    if booking.is_stay:
        return bed.status is BedStatus.ISOLATED
    return bool(booking.needs.isolation)


def _room_shared(hospital: Hospital, wish: Wish) -> Iterator[tuple[Bed, Booking]]:
    """Bookings of other patients in the same room at the same time."""
    refs = hospital.refs_of(wish.patient_ref)
    for bed in hospital.room_mates(wish.bed):
        for booking in hospital.of_bed.get(bed.bed_id, ()):
            if (
                booking.booking_id not in wish.besides
                and booking.patient_ref not in refs
                and _is_there(booking, wish)
            ):
                yield bed, booking


def _is_there(booking: Booking, wish: Wish) -> bool:
    """A patient whose stay runs over is there now; after that nobody knows."""
    is_there_now = booking.runs_over(wish.now) and wish.starts_at <= wish.now
    return is_there_now or booking.overlaps(wish.starts_at, wish.ends_at)


def _starts_in_past(hospital: Hospital, wish: Wish) -> Iterator[Breach]:
    if wish.not_before is not None and wish.starts_at < wish.not_before:
        now, start = hospital.said(wish.now), hospital.said(wish.starts_at)
        yield Breach(Rule.STARTS_IN_PAST, f"It is {now}, the start is {start}.")


def _closed_to_admissions(hospital: Hospital, wish: Wish) -> Iterator[Breach]:
    """A move within a room, or within a ward, that takes nobody new brings in nobody new."""
    if not wish.bed.closings:
        return
    stay = hospital.stay_of(wish.patient_ref)
    comes_from = hospital.beds.get(stay.bed_id) if stay else None
    bed = wish.bed
    for closing, what, place in (
        (bed.room_closing, "room", bed.room_id),
        (bed.ward_closing, "ward", bed.ward_id),
    ):
        is_there = comes_from is not None and getattr(comes_from, f"{what}_id") == place
        if closing and closing.covers(wish.starts_at, wish.now) and not is_there:
            until = f" until {hospital.said(closing.until_at)}" if closing.until_at else ""
            detail = f"The {what} {place} takes nobody new{until}: {closing.reason_code}."
            yield Breach(Rule.CLOSED_TO_ADMISSIONS, detail)


def _bed_not_staffed(_: Hospital, wish: Wish) -> Iterator[Breach]:
    """A bed without staff may be reserved, not moved into."""
    if wish.moves_in and not wish.bed.is_staffed:
        yield Breach(Rule.BED_NOT_STAFFED, f"{wish.bed.bed_id} has no staff.")


def _patient_reserved_elsewhere(hospital: Hospital, wish: Wish) -> Iterator[Breach]:
    """Two beds are not kept for one patient; who moves in leaves no doubt where."""
    for booking in () if wish.moves_in else hospital.bookings_of(wish.patient_ref):
        is_other = booking.booking_id not in wish.besides and booking.bed_id != wish.bed.bed_id
        is_kept = is_other and not booking.is_stay
        if is_kept and booking.overlaps(wish.starts_at, wish.ends_at):
            detail = f"{booking.booking_id} keeps {booking.bed_id} for the same patient."
            yield Breach(Rule.PATIENT_RESERVED_ELSEWHERE, detail, beside=booking)
            return


SOFT = (
    _overlaps_booking,
    _overlaps_open_stay,
    _bed_not_clean,
    _wrong_specialty,
    _wrong_room_class,
    _mixed_sex,
    _isolation_needed,
    _starts_in_past,
    _closed_to_admissions,
    _bed_not_staffed,
    _patient_reserved_elsewhere,
    _bed_kept_for_leave,
)
