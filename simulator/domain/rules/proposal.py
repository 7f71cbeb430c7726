"""Which waiting patient gets which bed: all at once, so that the most urgent have one.

A proposal changes nothing. It is the best by these aims, each only where those before it leave a
choice: most patients of urgency 1 (the priority, as it has aged) get a bed, then most of 2, and so
on to 5; those who are higher on the waiting list; the beds that rank first for them, those that are
free now before those that will be. Two patients who exclude each other get no beds of one room.
"""

import math
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, combinations_with_replacement
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

import highspy
import numpy as np
from numpy.typing import NDArray

from lake.vocabulary import BedStatus, BookingState, RoomClass
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking
from simulator.domain.changes import Moment
from simulator.domain.hospital import Hospital
from simulator.domain.requests import BedRequest
from simulator.domain.rules.matching import Fit, Matcher, Search, Unfit, natural
from simulator.domain.rules.soft import Wish, excludes, may_have_isolation
from simulator.domain.rules.suggestions import search_for

Weights = NDArray[np.float64]

MOST_NAMED = 3
HALF = 0.5
LONGEST, SHORTEST = 3.0, 0.1
"""Seconds for all aims together, and at least for each."""


class Pair(NamedTuple):
    """`seq`: of the request as it was looked at."""

    bed_request_id: str
    bed_id: str
    starts_at: datetime
    reasons: tuple[str, ...]
    seq: int


class Left(NamedTuple):
    bed_request_id: str
    in_the_way: str


class Pending(NamedTuple):
    """A bed that is not free yet. `is_for`: requests without a bed now that it would do for, the
    most urgent first. `free_at` None: nobody has said when."""

    bed_id: str
    why: str
    free_at: datetime | None
    is_for: tuple[str, ...]


class Proposal(NamedTuple):
    """`pending`: the bed that would help the most urgent first."""

    items: list[Pair]
    left: list[Left]
    pending: list[Pending]


@dataclass(frozen=True)
class Option:
    """A bed that would do for a request, in the `rank`th of the rooms that would."""

    place: int
    rank: int
    bed: Bed
    starts_at: datetime
    fit: Fit


@dataclass(frozen=True)
class Waiter:
    """`place` in the waiting list; `helpful`: beds that would do if they were free and clean."""

    place: int
    request: BedRequest
    search: Search
    options: tuple[Option, ...]
    helpful: tuple[str, ...]


def propose(hospital: Hospital, moment: Moment) -> Proposal:
    """For every request that waits and is wanted within a day from now."""
    coming = list(_pending(hospital, moment))
    waiters = waiters_for(hospital, moment, coming)
    chosen = Choice(hospital, waiters, moment).best()
    given = {option.place for option in chosen}
    items = [
        Pair(
            waiters[option.place].request.bed_request_id,
            option.bed.bed_id,
            option.starts_at,
            option.fit.reasons,
            waiters[option.place].request.seq,
        )
        for option in chosen
    ]
    left = [
        Left(waiter.request.bed_request_id, _in_the_way(hospital, waiter, waiters, chosen))
        for waiter in waiters
        if waiter.place not in given
    ]
    are_in_now = {option.place for option in chosen if option.starts_at <= moment.now}
    return Proposal(items, left, _helping(waiters, are_in_now, coming))


class Coming(NamedTuple):
    bed: Bed
    why: str
    free_at: datetime | None


def _pending(hospital: Hospital, moment: Moment) -> Iterator[Coming]:
    """Beds that are cleaned, or that somebody has said will be left."""
    now, house = moment.now, hospital.house
    for bed in hospital.registered_beds:
        if bed.is_cot or bed.closings or not bed.is_staffed:
            continue
        if bed.needs_cleaning:
            yield Coming(bed, f"is {bed.status}", now + house.turn_time)
        stay = hospital.current_booking(bed.bed_id) if bed.holds_a_patient else None
        if stay is not None and (coming := _leaving(hospital, bed, stay, moment)):
            yield coming


def _leaving(hospital: Hospital, bed: Bed, stay: Booking, moment: Moment) -> Coming | None:
    """What speaks for it; an end that is only assumed, or set by what follows, does not."""
    is_said = stay.ends_at is not None and not (stay.is_end_assumed or stay.is_at_risk)
    if is_said and stay.ends_at and moment.now < stay.ends_at:
        if stay.ends_at > moment.now + hospital.house.match_ahead:
            return None
        how = "discharge confirmed" if stay.is_discharge_confirmed else "discharge expected"
        said = hospital.said_of_day(stay.ends_at, moment.now)
        return Coming(bed, f"{how} for {said}", stay.ends_at + hospital.house.turn_time)
    if stay.is_discharge_confirmed:
        return Coming(bed, "discharge confirmed", None)
    if stay.progress.bed_not_needed_since is not None:
        return Coming(bed, "no longer needs the bed", None)
    return None


def waiters_for(
    hospital: Hospital, moment: Moment, coming: Sequence[Coming] | None = None
) -> list[Waiter]:
    """Who is to have a bed by then, in the order of the waiting list."""
    coming = list(_pending(hospital, moment)) if coming is None else coming
    until = moment.now + hospital.house.match_ahead
    due = [request for request in hospital.waiting_list if request.wanted_from <= until]
    looks = _Looks(hospital, moment, coming)
    return [looks.waiter(request, place) for place, request in enumerate(due)]


class _Looks:
    """What each request finds. Searches that can only find the same share what they found."""

    def __init__(self, hospital: Hospital, moment: Moment, coming: Sequence[Coming]) -> None:
        self._hospital = hospital
        self._moment = moment
        self._coming = coming
        self._known: dict[Search, dict[str, bool]] = defaultdict(dict)
        self._empty: dict[Search, dict[str, bool]] = defaultdict(dict)
        bookings = hospital.bookings.values()
        self._named = {ref for b in bookings if (ref := b.needs.placed_with_ref)}

    def waiter(self, request: BedRequest, place: int) -> Waiter:
        search = replace(search_for(self._hospital, request, self._moment), moves_in=False)
        fits = list(self._matcher(search).ranked())
        if search.starts_at <= self._moment.now:
            fits = [fit for fit in fits if _is_ready(self._hospital.beds[fit.bed_id])]
        found = [(search.starts_at, fit) for fit in fits]
        helpful = []
        for bed, why, free_at in self._coming:
            then = replace(search, starts_at=max(free_at or search.starts_at, search.starts_at))
            matcher = self._matcher(then)
            if self._would_help(matcher, then, bed):
                helpful.append(bed.bed_id)
                if then.starts_at > search.starts_at and (fit := matcher.fit_in(bed)):
                    found.append((then.starts_at, fit._replace(reasons=(why, *fit.reasons))))
        found.sort(key=itemgetter(0))  # stable: of one time the better bed stays first
        return Waiter(place, request, search, self._ranked(place, found), tuple(helpful))

    def _ranked(self, place: int, found: Iterable[tuple[datetime, Fit]]) -> tuple[Option, ...]:
        rooms: dict[tuple[str, datetime], int] = {}
        options = []
        for starts_at, fit in found:
            bed = self._hospital.beds[fit.bed_id]
            rank = rooms.setdefault((bed.room_id, starts_at), len(rooms))
            options.append(Option(place, rank, bed, starts_at, fit))
        return tuple(options)

    def _matcher(self, search: Search) -> Matcher:
        return Matcher(self._hospital, search, self._known[self._as_alike(search)])

    def _would_help(self, matcher: Matcher, search: Search, bed: Bed) -> bool:
        known = self._empty[self._as_alike(search)]
        if bed.bed_id not in known:
            known[bed.bed_id] = matcher.would_fit_empty(bed)
        return known[bed.bed_id]

    def _as_alike(self, search: Search) -> Search:
        """The wanted ward only ranks; who is not in the house, and is not named, is anybody."""
        ref = search.patient_ref
        is_anybody = ref not in self._hospital.of_patient and ref not in self._named
        if is_anybody and not self._hospital.merges:
            ref = ""
        needs = replace(search.needs, priority=None, assumed=())
        return replace(search, needs=needs, patient_ref=ref, ward_id=None)


def _is_ready(bed: Bed) -> bool:
    return bed.status is BedStatus.AVAILABLE and bed.is_staffed


def _in_the_way(
    hospital: Hospital, waiter: Waiter, waiters: Sequence[Waiter], chosen: Sequence[Option]
) -> str:
    """Who gets the beds that would do; if there are none, what most beds are refused with, of the
    wanted ward if there is one."""
    if not waiter.options:
        unfit = Matcher(hospital, waiter.search).all(0)[1]
        ward_id = waiter.request.ward_id
        of_ward = [u for u in unfit if ward_id in (None, hospital.beds[u.bed_id].ward_id)]
        return _why_none(of_ward, ward_id)
    who = {option.bed.bed_id: waiters[option.place].request for option in chosen}
    others = [who[o.bed.bed_id].bed_request_id for o in waiter.options if o.bed.bed_id in who]
    names = ", ".join([*dict.fromkeys(others)][:MOST_NAMED])
    return f"beds that would do go to {names}, or to whom {names} shuts out"


def _why_none(unfit: Sequence[Unfit], ward_id: str | None) -> str:
    counts = Counter(
        one.rules[0].value.replace("_", " ") if one.rules else one.detail for one in unfit
    )
    told = ", ".join(f"{why} ({count})" for why, count in counts.most_common(MOST_NAMED))
    return f"{ward_id or 'all wards'}: {told}" if told else "no bed is ready"


def _helping(
    waiters: Sequence[Waiter], now_placed: set[int], coming: Iterable[Coming]
) -> list[Pending]:
    """Which bed, free and clean, would let the most urgent in who have none now."""
    without = [waiter for waiter in waiters if waiter.place not in now_placed]
    found = []
    for bed, why, free_at in coming:
        is_for = [w.request.bed_request_id for w in without if bed.bed_id in w.helpful]
        if is_for:
            found.append((bed, Pending(bed.bed_id, why, free_at, tuple(is_for))))
    places = {waiter.request.bed_request_id: waiter.place for waiter in waiters}
    found.sort(key=lambda one: ([places[r] for r in one[1].is_for], natural(one[0].bed_id)))
    return [pending for _, pending in found]


class Choice:
    """The options as a program of integers. A column stands for one request and beds of a room that
    are alike: free from the same time, and for the same requests."""

    def __init__(self, hospital: Hospital, waiters: Sequence[Waiter], moment: Moment) -> None:
        self._hospital = hospital
        self._waiters = waiters
        self._moment = moment
        self._columns = _columns(waiters)
        self._kinds = [self._kind(waiter) for waiter in waiters]
        self._apart: set[tuple[str, frozenset[Any]]] = set()
        self._ends_at = time.monotonic() + LONGEST
        self._solver = highspy.Highs()  # type: ignore[no-untyped-call]
        self._solver.silent()
        self._solver.setOptionValue("threads", 1)
        self._solver.setOptionValue("mip_rel_gap", 0.0)

    def best(self) -> list[Option]:
        """Of each person at most one, in the order of the waiting list. If there is no time to find
        the best, the best that was found."""
        if not self._columns:
            return []
        self._add_columns(len(self._columns))
        self._one_each()
        self._keep_apart()
        self._keep_isolation_rooms()
        self._taken = self._one_after_the_other()
        if self._reach(self._all_and_ranks()) and len(self._taken) < self._most_persons:
            self._solver.deleteRows(1, np.array([self._solver.getNumRow() - 1], dtype=np.int32))
            for aim in self._aims():
                if not self._reach(aim):
                    break
        return self._beds_of(self._columns[number] for number in self._taken)

    @property
    def _most_persons(self) -> int:
        return len({self._person(column) for column in self._columns})

    def _one_after_the_other(self) -> list[int]:
        """As somebody would do it who looks at the list from the top: a proposal to begin with."""
        taken: list[int] = []
        by_rank = sorted(range(len(self._columns)), key=self._first_come)
        for number in by_rank:
            if self._could_follow(number, taken):
                taken.append(number)
        return taken

    def _first_come(self, number: int) -> tuple[int, int, int]:
        column = self._columns[number]
        return self._urgency(column), column.place, column.options[0].rank

    def _could_follow(self, number: int, taken: Iterable[int]) -> bool:
        column = self._columns[number]
        others = [self._columns[other] for other in taken]
        is_kept = self._hospital.house.isolation_rooms_kept and _ward_of_isolation_room(column)
        if is_kept and not self._may_have_it(number):
            return False
        if any(self._person(other) == self._person(column) for other in others):
            return False
        if sum(other.bed_ids == column.bed_ids for other in others) >= len(column.bed_ids):
            return False
        mates = (other for other in others if other.bed.room_id == column.bed.room_id)
        return not any(self._are_apart(column, mate) for mate in mates)

    def _are_apart(self, one: "Column", other: "Column") -> bool:
        kinds = frozenset({self._kinds[one.place], self._kinds[other.place]})
        return (one.bed.room_id, kinds) in self._apart

    def _beds_of(self, chosen: Iterable["Column"]) -> list[Option]:
        """Of beds that are alike, who is first on the list gets the one that ranks first."""
        given: list[Option] = []
        taken: set[str] = set()
        for column in sorted(chosen, key=attrgetter("place")):
            option = next(o for o in column.options if o.bed.bed_id not in taken)
            taken.add(option.bed.bed_id)
            given.append(option)
        return given

    def _all_and_ranks(self) -> Weights:
        """Most requests, then the best rooms: where all who could have a bed get one, that is all
        there is to choose."""
        ranks = self._ranks()
        return np.asarray((len(self._waiters) + 1) * ranks.max() + ranks)

    def _aims(self) -> Iterator[Weights]:
        """What is to be most, one after the other, as a weight of each column."""
        urgency = np.array([self._urgency(column) for column in self._columns])
        yield from ((urgency == each).astype(float) for each in sorted({*urgency}))
        yield len(self._waiters) - np.array([column.place for column in self._columns], dtype=float)
        yield self._ranks()

    def _ranks(self) -> Weights:
        """The better the more."""
        ranks = np.array([column.options[0].rank for column in self._columns], dtype=float)
        return np.asarray(ranks.max() + 1 - ranks)

    def _urgency(self, column: "Column") -> int:
        """The priority, as much lower as the patient has waited; nobody comes to be a 1."""
        rank = self._hospital.rank(self._waiters[column.place].request)
        if not rank.is_not_urgent:
            return 1
        step = self._hospital.house.priority_step
        left = math.ceil((rank.due_at - self._moment.now) / step) if step else rank.is_not_urgent
        return min(max(left, 2), 5)

    def _person(self, column: "Column") -> frozenset[str]:
        patient_ref = self._waiters[column.place].search.patient_ref
        return frozenset(self._hospital.refs_of(patient_ref))

    def _reach(self, aim: Weights) -> bool:
        """As much of it as is possible, which stays so; False: there was no time for it."""
        columns = np.arange(self._solver.getNumCol(), dtype=np.int32)
        costs = np.zeros(len(columns))
        costs[: len(aim)] = aim
        self._solver.changeColsCost(len(columns), columns, costs)
        self._solver.changeObjectiveSense(highspy.ObjSense.kMaximize)
        left = max(self._ends_at - time.monotonic(), SHORTEST)
        self._solver.setOptionValue("time_limit", self._solver.getRunTime() + left)
        self._solver.run()
        is_best = self._solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
        if not is_best:
            return False
        taken = np.asarray(self._solver.getSolution().col_value)[: len(self._columns)] > HALF
        self._taken = [int(number) for number in np.flatnonzero(taken)]
        most = round(self._solver.getInfo().objective_function_value)
        used = np.flatnonzero(costs).astype(np.int32)
        self._solver.addRow(most, highspy.kHighsInf, len(used), used, costs[used])
        return True

    def _add_columns(self, count: int) -> int:
        """That many choices between no and yes; gives the first."""
        first = self._solver.getNumCol()
        self._solver.addVars(count, np.zeros(count), np.ones(count))
        columns = np.arange(first, first + count, dtype=np.int32)
        kinds = np.full(count, highspy.HighsVarType.kInteger)
        self._solver.changeColsIntegrality(count, columns, kinds)
        return first

    def _at_most(self, most: float, weights: Mapping[int, float]) -> None:
        columns = np.fromiter(weights, dtype=np.int32)
        values = np.fromiter(weights.values(), dtype=float)
        self._solver.addRow(-highspy.kHighsInf, most, len(columns), columns, values)

    def _one_each(self) -> None:
        for columns in self._columns_by(self._person).values():
            self._at_most(1, dict.fromkeys(columns, 1.0))
        for beds, columns in self._columns_by(attrgetter("bed_ids")).items():
            self._at_most(len(beds), dict.fromkeys(columns, 1.0))

    def _columns_by(self, key: Callable[["Column"], Any]) -> dict[Any, list[int]]:
        found = defaultdict(list)
        for number, column in enumerate(self._columns):
            found[key(column)].append(number)
        return found

    def _keep_apart(self) -> None:
        """In each room one choice per kind of patient, and no two kinds that exclude each other."""
        for room_id, columns in self._columns_by(lambda column: column.bed.room_id).items():
            of_kind = defaultdict(list)
            for number in columns:
                of_kind[self._kinds[self._columns[number].place]].append(number)
            beds = {bed_id for number in columns for bed_id in self._columns[number].bed_ids}
            if len(beds) > 1:
                self._keep_kinds_apart(room_id, of_kind)

    def _keep_kinds_apart(self, room_id: str, of_kind: Mapping[Any, list[int]]) -> None:
        apart = [
            pair
            for pair in combinations_with_replacement(of_kind, 2)
            if self._exclude(of_kind[pair[0]], of_kind[pair[1]])
        ]
        self._apart |= {(room_id, frozenset(pair)) for pair in apart}
        chosen = {kind: self._add_columns(1) for kind in dict.fromkeys(chain(*apart))}
        for kind, column in chosen.items():
            if (kind, kind) in apart:
                self._at_most(0, dict.fromkeys(of_kind[kind], 1.0) | {column: -1.0})
            for option in of_kind[kind]:
                self._at_most(0, {option: 1.0, column: -1.0})
        for one, other in apart:
            if one != other:
                self._at_most(1, {chosen[one]: 1.0, chosen[other]: 1.0})

    def _exclude(self, some: Sequence[int], others: Sequence[int]) -> bool:
        """Whether a patient of the one kind keeps one of the other out of the room."""
        options = (
            (one, other)
            for a in some
            for b in others
            if self._columns[a].place != self._columns[b].place
            for one in self._columns[a].options
            for other in self._columns[b].options
            if one.bed is not other.bed
        )
        pair = next(options, None)
        return pair is not None and self._excludes(*pair)

    def _excludes(self, one: Option, other: Option) -> bool:
        both = ((one, other), (other, one))
        return any(excludes(self._hospital, self._wish(a), self._as_booked(b)) for a, b in both)

    def _wish(self, option: Option) -> Wish:
        search = self._waiters[option.place].search
        return Wish(
            option.bed,
            search.patient_ref,
            search.needs,
            option.starts_at,
            option.fit.ends_at,
            self._moment.now,
        )

    def _as_booked(self, option: Option) -> tuple[Bed, Booking]:
        search = self._waiters[option.place].search
        booking = Booking(
            booking_id="",
            bed_id=option.bed.bed_id,
            patient_ref=search.patient_ref,
            state=BookingState.RESERVED,
            starts_at=option.starts_at,
            ends_at=option.fit.ends_at,
            needs=search.needs,
        )
        return option.bed, booking

    def _kind(self, waiter: Waiter) -> tuple[Any, ...]:
        """Patients of one kind may share a room with the same others."""
        needs, ref = waiter.search.needs, waiter.search.patient_ref
        is_named = any(w.search.needs.placed_with_ref for w in self._waiters)
        return (
            needs.rooms_with,
            needs.isolation,
            self._hospital.contact_of(ref),
            ref if is_named else None,
        )

    def _keep_isolation_rooms(self) -> None:
        """Who needs none gets one only while enough of the ward's are left after all of them, and
        none that is yet to become free."""
        hospital, now = self._hospital, self._moment.now
        kept = hospital.house.isolation_rooms_kept
        for ward_id, columns in self._columns_by(_ward_of_isolation_room).items():
            others = [column for column in columns if not self._may_have_it(column)]
            if not (ward_id and kept and others):
                continue
            is_used = self._add_columns(1)
            for column in others:
                is_later = self._columns[column].options[0].starts_at > now
                self._at_most(0, {column: 1.0} if is_later else {column: 1.0, is_used: -1.0})
            free = len(hospital.free_isolation_rooms(ward_id, now, now))
            count = len(columns)
            self._at_most(free - kept + count, dict.fromkeys(columns, 1.0) | {is_used: count})

    def _may_have_it(self, column: int) -> bool:
        return may_have_isolation(self._hospital, self._wish(self._columns[column].options[0]))


@dataclass(frozen=True)
class Column:
    """Beds of a room that are alike, from one time on, for one request; the best is first.
    `bed_ids`: those beds, named alike in every column of theirs."""

    place: int
    bed_ids: tuple[str, ...]
    options: tuple[Option, ...]

    @property
    def bed(self) -> Bed:
        return self.options[0].bed


def _columns(waiters: Sequence[Waiter]) -> list[Column]:
    """Beds of a room are alike if they are options for the same requests from the same times on."""
    options = [option for waiter in waiters for option in waiter.options]
    of_bed = defaultdict(list)
    for option in options:
        of_bed[option.bed.bed_id].append((option.place, option.starts_at))
    alike = defaultdict(list)
    for option in options:
        key = (option.bed.room_id, tuple(of_bed[option.bed.bed_id]))
        alike[key, option.place, option.starts_at].append(option)
    return [
        Column(place, tuple(sorted(one.bed.bed_id for one in beds)), tuple(beds))
        for (_, place, _), beds in alike.items()
    ]


def _ward_of_isolation_room(column: Column) -> str:
    return column.bed.ward_id if column.bed.room_class == RoomClass.ISOLATION else ""
