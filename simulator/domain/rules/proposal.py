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
from typing import Any, NamedTuple, TypeVar

import highspy
import numpy as np

from lake.vocabulary import BedStatus, BookingState, RoomClass
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking
from simulator.domain.changes import Moment
from simulator.domain.hospital import Hospital
from simulator.domain.needs import Isolation
from simulator.domain.requests import BedRequest
from simulator.domain.rules.matching import Fit, Matcher, Search, natural
from simulator.domain.rules.soft import Wish, excludes, may_have_isolation
from simulator.domain.rules.suggestions import search_for

Weights = Mapping[int, float]
One = TypeVar("One")

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


@dataclass(frozen=True, slots=True)
class Option:
    """A bed that would do for a request, in the `rank`th of the rooms that would."""

    rank: int
    bed: Bed
    starts_at: datetime
    fit: Fit


@dataclass(frozen=True, slots=True)
class Waiter:
    """`place` in the waiting list; `alike`: who has the same one finds the same beds; `helpful`:
    beds that would do if they were free and clean."""

    place: int
    request: BedRequest
    search: Search
    alike: Search
    options: tuple[Option, ...]
    helpful: tuple[str, ...]


class Given(NamedTuple):
    waiter: Waiter
    option: Option


def propose(hospital: Hospital, moment: Moment) -> Proposal:
    """For every request that waits and is wanted within a day from now."""
    coming = list(_pending(hospital, moment))
    waiters = waiters_for(hospital, moment, coming)
    chosen = Choice(hospital, waiters, moment).best()
    items = [
        Pair(
            waiter.request.bed_request_id,
            option.bed.bed_id,
            option.starts_at,
            option.fit.reasons,
            waiter.request.seq,
        )
        for waiter, option in chosen
    ]
    are_in_now = {waiter.place for waiter, option in chosen if option.starts_at <= moment.now}
    return Proposal(items, _left(hospital, waiters, chosen), _helping(waiters, are_in_now, coming))


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
    """What each request finds. Searches that can only find the same are one."""

    def __init__(self, hospital: Hospital, moment: Moment, coming: Sequence[Coming]) -> None:
        self._hospital = hospital
        self._moment = moment
        self._coming = coming
        self._found: dict[Search, tuple[tuple[Option, ...], tuple[str, ...]]] = {}
        self._known: dict[Search, dict[str, bool]] = defaultdict(dict)
        self._empty: dict[Search, dict[str, bool]] = defaultdict(dict)
        bookings = hospital.bookings.values()
        self._named = {ref for b in bookings if (ref := b.needs.placed_with_ref)}

    def waiter(self, request: BedRequest, place: int) -> Waiter:
        search = replace(search_for(self._hospital, request, self._moment), moves_in=False)
        alike = self._as_alike(search)
        if alike not in self._found:
            self._found[alike] = self._look(search, replace(alike, ward_id=None))
        return Waiter(place, request, search, alike, *self._found[alike])

    def _look(self, search: Search, anywhere: Search) -> tuple[tuple[Option, ...], tuple[str, ...]]:
        """The options, and the beds that would help. `anywhere`: the wanted ward only ranks."""
        fits = list(Matcher(self._hospital, search, self._known[anywhere]).ranked())
        if search.starts_at <= self._moment.now:
            fits = [fit for fit in fits if _is_ready(self._hospital.beds[fit.bed_id])]
        found = [(search.starts_at, fit) for fit in fits]
        helpful = []
        for bed, why, free_at in self._coming:
            starts_at = max(free_at or search.starts_at, search.starts_at)
            then, alike = (replace(one, starts_at=starts_at) for one in (search, anywhere))
            matcher = Matcher(self._hospital, then, self._known[alike])
            if self._would_help(matcher, alike, bed):
                helpful.append(bed.bed_id)
                if then.starts_at > search.starts_at and (fit := matcher.fit_in(bed)):
                    found.append((then.starts_at, fit._replace(reasons=(why, *fit.reasons))))
        found.sort(key=itemgetter(0))  # stable: of one time the better bed stays first
        return self._ranked(found), tuple(helpful)

    def _ranked(self, found: Iterable[tuple[datetime, Fit]]) -> tuple[Option, ...]:
        rooms: dict[tuple[str, datetime], int] = {}
        options = []
        for starts_at, fit in found:
            bed = self._hospital.beds[fit.bed_id]
            rank = rooms.setdefault((bed.room_id, starts_at), len(rooms))
            options.append(Option(rank, bed, starts_at, fit))
        return tuple(options)

    def _would_help(self, matcher: Matcher, alike: Search, bed: Bed) -> bool:
        known = self._empty[alike]
        if bed.bed_id not in known:
            known[bed.bed_id] = matcher.would_fit_empty(bed)
        return known[bed.bed_id]

    def _as_alike(self, search: Search) -> Search:
        """Who is not in the house, and is not named, is anybody."""
        ref = search.patient_ref
        is_anybody = ref not in self._hospital.of_patient and ref not in self._named
        if is_anybody and not self._hospital.merges:
            ref = ""
        needs = replace(search.needs, priority=None, assumed=())
        return replace(search, needs=needs, patient_ref=ref)


def _is_ready(bed: Bed) -> bool:
    return bed.status is BedStatus.AVAILABLE and bed.is_staffed


def _left(hospital: Hospital, waiters: Sequence[Waiter], chosen: Sequence[Given]) -> list[Left]:
    given = {waiter.place for waiter, _ in chosen}
    who = {option.bed.bed_id: waiter.request.bed_request_id for waiter, option in chosen}
    without = {waiter.alike: waiter for waiter in waiters if not waiter.options}
    why = {alike: _why_none(hospital, waiter) for alike, waiter in without.items()}
    return [
        Left(waiter.request.bed_request_id, why.get(waiter.alike) or _others(waiter, who))
        for waiter in waiters
        if waiter.place not in given
    ]


def _others(waiter: Waiter, who: Mapping[str, str]) -> str:
    """Who gets the beds that would do."""
    others = [who[o.bed.bed_id] for o in waiter.options if o.bed.bed_id in who]
    names = ", ".join([*dict.fromkeys(others)][:MOST_NAMED])
    return f"beds that would do go to {names}, or to whom {names} shuts out"


def _why_none(hospital: Hospital, waiter: Waiter) -> str:
    """What most beds are refused with, of the wanted ward if there is one."""
    ward_id = waiter.request.ward_id
    unfit = Matcher(hospital, waiter.search).all(0)[1]
    of_ward = [one for one in unfit if ward_id in (None, hospital.beds[one.bed_id].ward_id)]
    counts = Counter(
        one.rules[0].value.replace("_", " ") if one.rules else one.detail for one in of_ward
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


class Kind(NamedTuple):
    """Patients of one kind may share a room with the same others; `ref`: of who may be named."""

    rooms_with: str | None
    isolation: Isolation | None
    contact_of: frozenset[str]
    ref: str | None


@dataclass(frozen=True, eq=False)
class Peers:
    """Requests that could be put for each other: of one kind, for the same beds at the same rank;
    in the order of the waiting list."""

    number: int
    kind: Kind
    waiters: tuple[Waiter, ...]


def _peers(hospital: Hospital, waiters: Sequence[Waiter]) -> list[Peers]:
    is_named = any(waiter.search.needs.placed_with_ref for waiter in waiters)
    found = defaultdict(list)
    for waiter in waiters:
        needs, ref = waiter.search.needs, waiter.search.patient_ref
        contact_of = hospital.contact_of(ref)
        kind = Kind(needs.rooms_with, needs.isolation, contact_of, ref if is_named else None)
        if waiter.options:
            beds = frozenset((one.bed.bed_id, one.starts_at, one.rank) for one in waiter.options)
            who = waiter.alike.patient_ref, needs.room_class  # may have an isolation room, or not
            found[kind, who, beds].append(waiter)
    return [Peers(n, kind, tuple(of)) for n, ((kind, *_), of) in enumerate(found.items())]


@dataclass(frozen=True, eq=False)
class Column:
    """Beds of a room that are alike, from one time on, for peers; the best is first. `bed_ids`:
    those beds, named alike in every column of theirs. `most`: so many can have one."""

    peers: Peers
    bed_ids: tuple[str, ...]
    options: tuple[Option, ...]

    @property
    def bed(self) -> Bed:
        return self.options[0].bed

    @property
    def rank(self) -> int:
        return self.options[0].rank

    @property
    def most(self) -> int:
        return min(len(self.peers.waiters), len(self.bed_ids))


Taken = tuple[Waiter, Column]


def _columns(all_peers: Sequence[Peers]) -> list[Column]:
    """Beds of a room are alike if they are options for the same requests from the same times on."""
    options = [(peers, option) for peers in all_peers for option in peers.waiters[0].options]
    of_bed = defaultdict(list)
    for peers, option in options:
        of_bed[option.bed.bed_id].append((peers.number, option.starts_at))
    alike = defaultdict(list)
    for peers, option in options:
        key = (option.bed.room_id, tuple(of_bed[option.bed.bed_id]))
        alike[key, peers.number, option.starts_at].append(option)
    return [
        Column(all_peers[number], tuple(sorted(one.bed.bed_id for one in beds)), tuple(beds))
        for (_, number, _), beds in alike.items()
    ]


def _numbers_by(all_of: Sequence[One], key: Callable[[One], Any]) -> dict[Any, list[int]]:
    found = defaultdict(list)
    for number, one in enumerate(all_of):
        found[key(one)].append(number)
    return found


def _ward_of_isolation_room(column: Column) -> str:
    return column.bed.ward_id if column.bed.room_class == RoomClass.ISOLATION else ""


class Choice:
    """The options as a program of integers. A column stands for peers and beds of a room that are
    alike, and counts how many of the peers get such a bed. Where there are several peers, a column
    of each says whether it is this one who gets a bed."""

    def __init__(self, hospital: Hospital, waiters: Sequence[Waiter], moment: Moment) -> None:
        self._hospital = hospital
        self._waiters = [waiter for waiter in waiters if waiter.options]
        self._moment = moment
        self._peers = _peers(hospital, waiters)
        self._columns = _columns(self._peers)
        self._of_peers = _numbers_by(self._columns, attrgetter("peers.number"))
        self._peers_of = {w.place: peers.number for peers in self._peers for w in peers.waiters}
        self._gets: dict[int, list[int]] = {}
        self._apart: set[tuple[str, frozenset[Kind]]] = set()
        self._ends_at = time.monotonic() + LONGEST
        self._solver = highspy.Highs()  # type: ignore[no-untyped-call]
        self._solver.silent()
        self._solver.setOptionValue("threads", 1)
        self._solver.setOptionValue("mip_rel_gap", 0.0)

    def best(self) -> list[Given]:
        """Of each person at most one, in the order of the waiting list. If there is no time to find
        the best, the best that was found."""
        if not self._columns:
            return []
        self._add_columns([column.most for column in self._columns])
        self._tell_peers_apart()
        self._one_each()
        self._keep_apart()
        self._keep_isolation_rooms()
        self._taken = self._one_after_the_other()
        if self._reach(self._all_and_ranks()) and len(self._taken) < len(self._waiters):
            self._solver.deleteRows(1, np.array([self._solver.getNumRow() - 1], dtype=np.int32))
            for aim in self._aims():
                if not self._reach(aim):
                    break
        return self._beds_of(self._taken)

    def _one_after_the_other(self) -> list[Taken]:
        """As somebody would do it who looks at the list from the top: a proposal to begin with."""
        taken: list[Taken] = []
        persons = set[frozenset[str]]()
        for waiter in sorted(self._waiters, key=lambda one: (self._urgency(one), one.place)):
            person, number = self._person(waiter), self._first_that_is_free(waiter, taken)
            if number is not None and person not in persons:
                persons.add(person)
                taken.append((waiter, self._columns[number]))
        return taken

    def _first_that_is_free(self, waiter: Waiter, taken: Sequence[Taken]) -> int | None:
        columns = self._of_peers[self._peers_of[waiter.place]]
        by_rank = sorted(columns, key=lambda number: self._columns[number].rank)
        return next((number for number in by_rank if self._could_follow(number, taken)), None)

    def _could_follow(self, number: int, taken: Sequence[Taken]) -> bool:
        column = self._columns[number]
        is_kept = self._hospital.house.isolation_rooms_kept and _ward_of_isolation_room(column)
        if is_kept and not self._may_have_it(column):
            return False
        others = [other for _, other in taken if other.bed.room_id == column.bed.room_id]
        if sum(other.bed_ids == column.bed_ids for other in others) >= len(column.bed_ids):
            return False
        return not any(self._are_apart(column, other) for other in others)

    def _are_apart(self, one: Column, other: Column) -> bool:
        return (one.bed.room_id, frozenset({one.peers.kind, other.peers.kind})) in self._apart

    def _beds_of(self, taken: Iterable[Taken]) -> list[Given]:
        """Of beds that are alike, who is first on the list gets the one that ranks first."""
        given: list[Given] = []
        beds: set[str] = set()
        for waiter, column in sorted(taken, key=lambda one: one[0].place):
            left = {*column.bed_ids} - beds
            option = next(option for option in waiter.options if option.bed.bed_id in left)
            beds.add(option.bed.bed_id)
            given.append(Given(waiter, option))
        return given

    def _all_and_ranks(self) -> Weights:
        """Most requests, then the best rooms: where all get one, that is all there is to choose."""
        ranks = self._ranks()
        each = (len(self._waiters) + 1) * max(ranks.values())
        weights = self._weights(dict.fromkeys(self._gets, each))
        return {
            number: weights.get(number, 0) + ranks.get(number, 0) for number in {**weights, **ranks}
        }

    def _aims(self) -> Iterator[Weights]:
        """What is to be most, one after the other."""
        urgency = {waiter.place: self._urgency(waiter) for waiter in self._waiters}
        for each in sorted({*urgency.values()}):
            yield self._weights({place: 1 for place, one in urgency.items() if one == each})
        last = max(urgency)
        yield self._weights({place: last + 1 - place for place in urgency})
        yield self._ranks()

    def _ranks(self) -> Weights:
        """The better the more."""
        worst = max(column.rank for column in self._columns)
        return {number: worst + 1 - column.rank for number, column in enumerate(self._columns)}

    def _weights(self, of_place: Mapping[int, float]) -> Weights:
        """Of who gets a bed."""
        of_all = of_place.items()
        return {number: weight for place, weight in of_all for number in self._gets[place]}

    def _urgency(self, waiter: Waiter) -> int:
        """The priority, as much lower as the patient has waited; nobody comes to be a 1."""
        rank = self._hospital.rank(waiter.request)
        if not rank.is_not_urgent:
            return 1
        step = self._hospital.house.priority_step
        left = math.ceil((rank.due_at - self._moment.now) / step) if step else rank.is_not_urgent
        return min(max(left, 2), 5)

    def _person(self, waiter: Waiter) -> frozenset[str]:
        return frozenset(self._hospital.refs_of(waiter.search.patient_ref))

    def _reach(self, aim: Weights) -> bool:
        """As much of it as is possible, which stays so; False: there was no time for it."""
        columns = np.arange(self._solver.getNumCol(), dtype=np.int32)
        costs = np.array([aim.get(number, 0) for number in range(len(columns))], dtype=float)
        self._solver.changeColsCost(len(columns), columns, costs)
        self._solver.changeObjectiveSense(highspy.ObjSense.kMaximize)
        if not self._is_solved():
            return False
        self._taken = self._taken_in(
            [round(value) for value in self._solver.getSolution().col_value]
        )
        most = round(self._solver.getInfo().objective_function_value)
        self._add_row(most, aim)
        return True

    def _is_solved(self) -> bool:
        """There is always a solution, but the presolve of HiGHS has been seen to fail: then without
        it."""
        for presolve in ("choose", "off"):
            left = max(self._ends_at - time.monotonic(), SHORTEST)
            self._solver.setOptionValue("presolve", presolve)
            self._solver.setOptionValue("time_limit", self._solver.getRunTime() + left)
            self._solver.run()
            status = self._solver.getModelStatus()
            if status in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kTimeLimit):
                return bool(status == highspy.HighsModelStatus.kOptimal)
        return False

    def _taken_in(self, solution: Sequence[int]) -> list[Taken]:
        """Of peers, who is first on the list gets the column that ranks first."""
        taken: list[Taken] = []
        for peers in self._peers:
            numbers = self._of_peers[peers.number]
            columns = [one for n in numbers for one in [self._columns[n]] * solution[n]]
            columns.sort(key=attrgetter("rank"))
            given = (w for w in peers.waiters if any(solution[n] for n in self._gets[w.place]))
            taken.extend(zip(given, columns, strict=True))
        return taken

    def _add_columns(self, most: Sequence[float]) -> int:
        """As many choices between none and so many; gives the first."""
        first, count = self._solver.getNumCol(), len(most)
        self._solver.addVars(count, np.zeros(count), np.array(most, dtype=float))
        columns = np.arange(first, first + count, dtype=np.int32)
        kinds = np.full(count, highspy.HighsVarType.kInteger)
        self._solver.changeColsIntegrality(count, columns, kinds)
        return first

    def _at_most(self, most: float, weights: Weights) -> None:
        self._add_row(-highspy.kHighsInf, weights, most)

    def _add_row(self, least: float, weights: Weights, most: float = highspy.kHighsInf) -> None:
        columns = np.fromiter(weights, dtype=np.int32)
        values = np.fromiter(weights.values(), dtype=float)
        self._solver.addRow(least, most, len(columns), columns, values)

    def _tell_peers_apart(self) -> None:
        """Of peers as many get a bed as there are beds for them. Who has no peers gets none or one
        of the columns."""
        for peers in self._peers:
            columns = self._of_peers[peers.number]
            if len(peers.waiters) == 1:
                self._gets[peers.waiters[0].place] = columns
                continue
            each = {waiter.place: [self._add_columns([1])] for waiter in peers.waiters}
            self._gets |= each
            given = {number: -1.0 for [number] in each.values()}
            self._add_row(0, dict.fromkeys(columns, 1.0) | given, 0)

    def _one_each(self) -> None:
        """Each person one bed, each bed one person."""
        for numbers in _numbers_by(self._waiters, self._person).values():
            gets = [one for number in numbers for one in self._gets[self._waiters[number].place]]
            self._at_most(1, dict.fromkeys(gets, 1.0))
        for beds, columns in _numbers_by(self._columns, attrgetter("bed_ids")).items():
            self._at_most(len(beds), dict.fromkeys(columns, 1.0))

    def _keep_apart(self) -> None:
        """In each room one choice per kind of patient, and no two kinds that exclude each other."""
        for room_id, columns in _numbers_by(self._columns, attrgetter("bed.room_id")).items():
            of_kind = defaultdict(list)
            for number in columns:
                of_kind[self._columns[number].peers.kind].append(number)
            beds = {bed_id for number in columns for bed_id in self._columns[number].bed_ids}
            if len(beds) > 1:
                self._keep_kinds_apart(room_id, of_kind, len(beds))

    def _keep_kinds_apart(self, room_id: str, of_kind: Mapping[Kind, list[int]], beds: int) -> None:
        apart = [
            pair
            for pair in combinations_with_replacement(of_kind, 2)
            if self._exclude(of_kind[pair[0]], of_kind[pair[1]])
        ]
        self._apart |= {(room_id, frozenset(pair)) for pair in apart}
        chosen = {kind: self._add_columns([1]) for kind in dict.fromkeys(chain(*apart))}
        for kind, column in chosen.items():
            most = 1 if (kind, kind) in apart else beds
            self._at_most(0, dict.fromkeys(of_kind[kind], 1.0) | {column: -most})
            for option in of_kind[kind]:
                self._at_most(0, {option: 1.0, column: -self._columns[option].most})
        for one, other in apart:
            if one != other:
                self._at_most(1, {chosen[one]: 1.0, chosen[other]: 1.0})

    def _exclude(self, some: Sequence[int], others: Sequence[int]) -> bool:
        """Whether a patient of the one kind keeps one of the other out of the room."""
        pairs = (
            (Given(one, bed), Given(other, other_bed))
            for a in some
            for b in others
            for one in self._columns[a].peers.waiters
            for other in self._columns[b].peers.waiters
            if one is not other
            for bed in self._columns[a].options
            for other_bed in self._columns[b].options
            if bed.bed is not other_bed.bed
        )
        pair = next(pairs, None)
        return pair is not None and self._excludes(*pair)

    def _excludes(self, one: Given, other: Given) -> bool:
        both = ((one, other), (other, one))
        return any(excludes(self._hospital, self._wish(a), _as_booked(b)) for a, b in both)

    def _wish(self, given: Given) -> Wish:
        search, option = given.waiter.search, given.option
        return Wish(
            option.bed,
            search.patient_ref,
            search.needs,
            option.starts_at,
            option.fit.ends_at,
            self._moment.now,
        )

    def _keep_isolation_rooms(self) -> None:
        """Who needs none gets one only while enough of the ward's are left after all of them, and
        none that is yet to become free."""
        hospital, now = self._hospital, self._moment.now
        kept = hospital.house.isolation_rooms_kept
        for ward_id, columns in _numbers_by(self._columns, _ward_of_isolation_room).items():
            others = [one for one in columns if not self._may_have_it(self._columns[one])]
            if not (ward_id and kept and others):
                continue
            is_used = self._add_columns([1])
            for column in others:
                is_later = self._columns[column].options[0].starts_at > now
                most = self._columns[column].most
                self._at_most(0, {column: 1.0} if is_later else {column: 1.0, is_used: -most})
            left = len(hospital.free_isolation_rooms(ward_id, now, now)) - kept
            most = sum(self._columns[column].most for column in columns)
            self._at_most(most, dict.fromkeys(columns, 1.0) | {is_used: most - left})

    def _may_have_it(self, column: Column) -> bool:
        given = Given(column.peers.waiters[0], column.options[0])
        return may_have_isolation(self._hospital, self._wish(given))


def _as_booked(given: Given) -> tuple[Bed, Booking]:
    search, option = given.waiter.search, given.option
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
