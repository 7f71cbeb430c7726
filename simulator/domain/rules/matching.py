"""The right bed for a patient: the beds that would do, ranked with reasons, and why others do not.

Asked by the board, a refusal, the waiting list and the simulated hospital. A bed that is ranked
breaks no rule when it is booked at once; one that is unfit is refused with the rules that it
names.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from typing import NamedTuple

from lake.vocabulary import BedStatus, RoomClass, Rule
from simulator.domain.beds import Bed
from simulator.domain.bookings import END_OF_TIME, Booking
from simulator.domain.hospital import Hospital
from simulator.domain.needs import Needs
from simulator.domain.rules import hard, sharing
from simulator.domain.rules.ends import needed_from
from simulator.domain.rules.soft import (
    HOUR,
    Breach,
    Mates,
    Wish,
    breaches,
    in_words,
    there_then,
)

NEXT_TO_NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Search:
    """A bed over `[starts_at, ends_at)`; `ends_at` None: open, or if `assumes_end` for the
    `expected_stay`, or as usual on each ward. `moves_in`: at once. `besides`: bookings that are not
    in the way. `ward_id`, `specialty`, `room_class`: what is preferred; what is needed stands in
    `needs`."""

    needs: Needs
    starts_at: datetime
    now: datetime
    ends_at: datetime | None = None
    assumes_end: bool = True
    expected_stay: timedelta | None = None
    moves_in: bool = False
    patient_ref: str = ""
    ward_id: str | None = None
    specialty: str | None = None
    room_class: str | None = None
    besides: frozenset[str] = field(default_factory=frozenset)
    mother_ref: str | None = None


class Fit(NamedTuple):
    """`ends_at`: until when the bed is had, None: open. `free_hours`: until the bed's next booking;
    None: nothing is booked."""

    bed_id: str
    reasons: tuple[str, ...]
    free_hours: float | None
    ends_at: datetime | None


class Unfit(NamedTuple):
    """`rules` empty: the bed can be booked, but nobody has said that it will be free by then."""

    bed_id: str
    rules: tuple[Rule, ...]
    detail: str


Rank = tuple[int, bool, int, bool, bool, int, bool, timedelta, bool, bool, tuple[int | str, ...]]


class Matcher:
    """One search through the hospital as it is. `known`: which beds would do, found by searches for
    the same needs and time, and taken in from this one."""

    def __init__(
        self, hospital: Hospital, search: Search, known: dict[str, bool] | None = None
    ) -> None:
        self._hospital = hospital
        self._search = search
        self._known = {} if known is None else known
        self._wards: dict[str, _ForWard] = {}
        self._there: dict[tuple[str, datetime | None], Mates] = {}
        self._untils: dict[str, datetime | None] = {}
        self._refs = hospital.refs_of(search.patient_ref)
        booked = hospital.bookings_of(search.patient_ref)
        self._reserved = {b.bed_id: b for b in booked if search.moves_in and not b.is_stay}

    def ranked(self, beds: Iterable[Bed] | None = None) -> Iterator[Fit]:
        """Of these beds, or of all, the best first; a bed is looked at when it is asked for."""
        beds = self._hospital.beds.values() if beds is None else beds
        for bed in self._in_order(self._not_ruled_out(beds)):
            if self._is_fit(bed):
                yield self._fit(bed)

    def all(self, limit: int) -> tuple[list[Fit], list[Unfit]]:
        """The first so many that fit, and why each other bed does not: of the wanted ward first,
        then in the order of ids. A bed that fits, beyond the limit, is in neither."""
        fits, unfit = [], []
        for bed in self._hospital.registered_beds:
            if found := self._unfit(bed):
                unfit.append(found)
            else:
                fits.append(bed)
        unfit.sort(key=self._order)
        return [self._fit(bed) for bed in self._in_order(fits)[:limit]], unfit

    def _in_order(self, beds: Iterable[Bed]) -> list[Bed]:
        could = (bed for bed in beds if not self._ward(bed.ward_id).takes_not or bed.is_cot)
        return sorted(could, key=self._rank)

    def fit_in(self, bed: Bed) -> Fit | None:
        """This bed, if it would do."""
        if self._is_taken(bed):
            return None
        return self._fit(bed) if self._is_fit(bed) else None

    def would_fit_empty(self, bed: Bed) -> bool:
        """Whether it would do if its patient had left and it were clean."""
        stay = self._hospital.current_booking(bed.bed_id)
        wish = self._wish(replace(bed, status=BedStatus.AVAILABLE), self._ends_at(bed))
        besides = wish.besides | {stay.booking_id} if stay else wish.besides
        return not self._breaches(wish._replace(besides=besides))

    def _order(self, unfit: Unfit) -> tuple[bool, tuple[int | str, ...]]:
        ward_id = self._hospital.beds[unfit.bed_id].ward_id
        return ward_id != self._search.ward_id, natural(unfit.bed_id)

    def _not_ruled_out(self, beds: Iterable[Bed]) -> Iterator[Bed]:
        """Most beds are ruled out by their status or their diary, at once."""
        search = self._search
        is_for_cots = search.mother_ref is not None
        for bed in beds:
            if bed.is_retired or (search.moves_in and bed.status is not BedStatus.AVAILABLE):
                continue
            if bed.is_cot and not is_for_cots:
                continue
            if not self._is_taken(bed):
                yield bed

    def _is_taken(self, bed: Bed) -> bool:
        """Whether somebody is to have the bed at the start."""
        started = self._hospital.started(bed.bed_id, self._search.starts_at)
        return any(map(self._is_in_the_way, reversed(started))) if started else False

    def _is_in_the_way(self, booking: Booking) -> bool:
        """Of one that has started by then; who has no end that was said, is."""
        search = self._search
        if booking.booking_id in search.besides:
            return False
        if self._reserved.get(booking.bed_id) is booking:
            return False  # who comes into the bed takes it up
        if booking.is_stay and (booking.is_end_assumed or booking.runs_over(search.now)):
            return True
        return search.starts_at < (booking.ends_at or END_OF_TIME)

    def _until(self, bed: Bed) -> datetime | None:
        """When somebody else is to have the bed; if the end is only assumed, also whoever is to
        come into the room and shuts this patient out."""
        try:
            return self._untils[bed.bed_id]
        except KeyError:
            until = self._untils[bed.bed_id] = self._needed_from(bed)
            return until

    def _needed_from(self, bed: Bed) -> datetime | None:
        search = self._search
        if search.ends_at is None and search.assumes_end:
            return needed_from(self._hospital, self._wish(bed, None))
        for booking in self._hospital.booked_after(bed.bed_id, search.starts_at):
            if booking.patient_ref not in self._refs:
                return booking.starts_at
        return None

    def _is_fit(self, bed: Bed) -> bool:
        known = self._known.get(bed.bed_id)
        if known is None:
            broken = self._refused_hard(bed) or self._breaches(self._wish(bed, self._ends_at(bed)))
            known = self._known[bed.bed_id] = not broken
        return known

    def _breaches(self, wish: Wish) -> list[Breach]:
        """The beds of a room share the answer to who is there."""
        room_and_end = wish.bed.room_id, wish.ends_at
        there = self._there.get(room_and_end)
        if there is None:
            there = self._there[room_and_end] = there_then(self._hospital, wish)
        return breaches(self._hospital, wish, there)

    def _wish(self, bed: Bed, ends_at: datetime | None, lends: Booking | None = None) -> Wish:
        search, own = self._search, self._reserved.get(bed.bed_id)
        return Wish(
            bed,
            search.patient_ref,
            self._ward(bed.ward_id).needs,
            search.starts_at,
            ends_at,
            search.now,
            search.moves_in,
            search.besides.union(one.booking_id for one in (lends, own) if one)
            if lends or own
            else search.besides,
            is_its_own=own is not None,
            mother_ref=search.mother_ref,
            lends=lends,
        )

    def _ends_at(self, bed: Bed) -> datetime | None:
        search = self._search
        if search.ends_at is not None or not search.assumes_end:
            return search.ends_at
        own = self._reserved.get(bed.bed_id)
        if own is not None and own.ends_at is not None and own.ends_at > search.starts_at:
            return own.ends_at
        usual, until = self._ward(bed.ward_id).usual_end, self._until(bed)
        cut = until and self._hospital.house.until(usual, until, search.starts_at)
        return cut or usual

    def _refused_hard(self, bed: Bed) -> tuple[Rule, str] | None:
        """By what no override sets aside."""
        hospital, search = self._hospital, self._search
        if bed.last_event_at > search.now and hospital.unchanged_since(bed) > search.now:
            return Rule.BEFORE_LAST_EVENT, "is what it is since later"
        if bed.status is BedStatus.CLOSED and (
            search.moves_in or not hard.opens_by(bed, search.starts_at)
        ):
            return Rule.BED_CLOSED, f"closed: {in_words(bed.closed_reason_code or 'no reason')}"
        if search.moves_in and bed.holds_a_patient and not self._could_be_lent(bed):
            return Rule.BED_OCCUPIED, self._said_of(hospital.current_booking(bed.bed_id))
        return None

    def _could_be_lent(self, bed: Bed) -> Booking | None:
        """The stay of another patient, who is on leave."""
        stay = self._hospital.stay_on_leave(bed.bed_id)
        return None if stay is None or stay.patient_ref in self._refs else stay

    def _said_of_status(self, bed: Bed) -> str:
        """Of a patient who is there now, what speaks for the bed being free."""
        if bed.holds_a_patient:
            return self._said_of(self._hospital.current_booking(bed.bed_id))
        return "clean now" if bed.status is BedStatus.AVAILABLE else f"{bed.status} now"

    def _said_of(self, stay: Booking | None) -> str:
        """Until when, if somebody has said so."""
        if stay is None or stay.ends_at is None or stay.is_end_assumed:
            return "occupied"
        if stay.ends_at <= self._search.now:
            return "occupied, expected to have left"
        how = "confirmed" if stay.is_discharge_confirmed else "expected"
        return (
            f"occupied, {how} to leave {self._hospital.said_of_day(stay.ends_at, self._search.now)}"
        )

    def _unfit(self, bed: Bed) -> Unfit | None:
        if refused := self._refused_hard(bed):
            rule, detail = refused
            return Unfit(bed.bed_id, (rule,), detail)
        lends = self._could_be_lent(bed) if self._search.moves_in else None
        broken = self._breaches(self._wish(bed, self._ends_at(bed), lends))
        if len(broken) == 1:
            return Unfit(bed.bed_id, (broken[0].rule,), broken[0].briefly)
        if broken:
            rules = tuple(dict.fromkeys([breach.rule for breach in broken]))
            return Unfit(bed.bed_id, rules, "; ".join(dict.fromkeys([b.briefly for b in broken])))
        if self._is_taken(bed):
            return Unfit(bed.bed_id, (), "occupied; nobody has said until when")
        return None

    def _ward(self, ward_id: str) -> "_ForWard":
        known = self._wards.get(ward_id)
        if known is None:
            known = self._wards[ward_id] = _ForWard(self._hospital, self._search, ward_id)
        return known

    def _rank(self, bed: Bed) -> Rank:
        search, ward = self._search, self._ward(bed.ward_id)
        wanted = search.needs.specialty or search.specialty
        return (
            self._is_of_wrong_kind(bed) + self._is_kept_from(bed),
            search.ward_id is not None and bed.ward_id != search.ward_id,
            ward.is_for_others,
            wanted is not None and bed.specialty != wanted,
            search.room_class is not None and bed.room_class != search.room_class,
            self._features_wasted(bed) if bed.features else 0,
            not bed.is_staffed or bed.is_temporary,
            self._lacks(bed),
            bed.status is not BedStatus.AVAILABLE,
            self._is_of_an_empty_bay(bed),
            natural(bed.bed_id),
        )

    def _is_of_an_empty_bay(self, bed: Bed) -> bool:
        """Where the house fills rooms: patients of either sex could have it."""
        hospital = self._hospital
        if not hospital.house.fills_rooms or hospital.is_single(bed):
            return False
        return not any(mate.holds_a_patient for mate in hospital.room_mates(bed))

    def _features_wasted(self, bed: Bed) -> int:
        """On who does not need them."""
        return sum(name not in self._search.needs.features for name in bed.features)

    def _lacks(self, bed: Bed) -> timedelta:
        """How much of the expected stay the bed is not free for."""
        expected = self._search.ends_at or self._ward(bed.ward_id).usual_end
        until = self._until(bed)
        if until is None or (expected is not None and expected <= until):
            return NEXT_TO_NOTHING
        return (expected or END_OF_TIME) - until

    def _is_of_wrong_kind(self, bed: Bed) -> bool:
        """A side room for who needs none, or a shared room for who needs isolation."""
        if self._needs_side_room:
            return not self._hospital.is_single(bed)
        return self._search.needs.room_class is None and self._hospital.is_side_room(bed)

    def _is_kept_from(self, bed: Bed) -> bool:
        """A room for isolation, from who needs none and did not ask for one: after all others."""
        is_asked_for = self._needs_side_room or self._search.needs.room_class is not None
        return bed.room_class == RoomClass.ISOLATION and not is_asked_for

    @cached_property
    def _needs_side_room(self) -> bool:
        coming = sharing.who_comes(self._hospital, self._search)
        return bool(coming.isolation or coming.infections)

    def _fit(self, bed: Bed) -> Fit:
        until = self._until(bed)
        hours = (until - self._search.starts_at) / HOUR if until else None
        return Fit(bed.bed_id, tuple(self._reasons(bed)), hours, self._ends_at(bed))

    def _reasons(self, bed: Bed) -> Iterator[str]:
        search, until = self._search, self._until(bed)
        yield self._ward(bed.ward_id).said_of(bed)
        asked = [name for name in search.needs.features if name in bed.features]
        yield in_words(", ".join([bed.room_class, *asked]))
        if until is None:
            yield "nothing booked after"
        else:
            hours = (until - search.starts_at) / HOUR
            day = self._hospital.said_of_day(until, search.now)
            is_short = self._lacks(bed) > NEXT_TO_NOTHING
            yield f"free until {day} ({hours:.0f} h{', less than usual' if is_short else ''})"
        yield self._said_of_status(bed)
        if not bed.is_staffed:
            yield "unstaffed now"
        if self._needs_side_room and self._hospital.is_single(bed):
            yield "room for one"
        elif self._is_of_wrong_kind(bed):
            yield "no room for one" if self._needs_side_room else self._ward(bed.ward_id).rooms_left


class _ForWard:
    """What a search asks of a ward, once."""

    def __init__(self, hospital: Hospital, search: Search, ward_id: str) -> None:
        self._hospital = hospital
        self._search = search
        self._ward_id = ward_id
        self._stay = hospital.stay_of(search.patient_ref)
        self._profile = hospital.house.ward(ward_id)
        usual_end = hospital.house.assumed_end(ward_id, search.starts_at)
        expected = search.expected_stay
        self.usual_end = search.starts_at + expected if expected else usual_end

    @cached_property
    def needs(self) -> Needs:
        """On the ward where the patient lies a level of care that is no longer needed is kept."""
        needs, stay = self._search.needs, self._stay
        if stay is None or self._hospital.beds[stay.bed_id].ward_id != self._ward_id:
            return needs
        is_as_now = needs.level_of_care == stay.needs_now.level_of_care
        return replace(needs, level_of_care=stay.needs.level_of_care) if is_as_now else needs

    @cached_property
    def takes_not(self) -> bool:
        """Who is on the ward already is weighed bed by bed."""
        return self._stay is None and bool(self._profile.does_not_take(self._search.needs))

    @cached_property
    def is_for_others(self) -> int:
        return self._profile.is_for_others(self._search.needs)

    def said_of(self, bed: Bed) -> str:
        name = bed.ward_name or bed.ward_id
        place = "same ward" if bed.ward_id == self._search.ward_id else f"on {name}"
        wanted = self._search.needs.specialty or self._search.specialty
        if wanted is not None and wanted != bed.specialty:
            return f"{place}, an outlier of {in_words(wanted)}"
        return place

    @cached_property
    def rooms_left(self) -> str:
        """Rooms for one of the ward, and how many of them are free."""
        rooms = self._hospital.side_rooms(self._ward_id)
        free = sum(bed.status is BedStatus.AVAILABLE for bed in rooms)
        return f"keep for isolation: {free} of {len(rooms)} left"


@lru_cache(maxsize=10_000)
def natural(bed_id: str) -> tuple[int | str, ...]:
    """Sorts W2 before W10."""
    return tuple(int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", bed_id))
