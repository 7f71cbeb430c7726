"""Who may do what: one table of rights by role, and for each command the right that it takes.

Asked where commands are staged, so that whoever sends one passes it: people over HTTP, feeds, the
simulated hospital.

A clerk acts on own wards. What belongs to other wards is not there for a clerk, as if it had never
been: a booking, a request and an event by their ids; a bed is known to all, and so is refused.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Any

from lake.vocabulary import EventType, Role, Rule, canonical_ref
from simulator.domain import commands as c
from simulator.domain.bookings import Booking
from simulator.domain.errors import (
    Forbidden,
    NotThere,
    no_open_booking,
    none_in_lounge,
    none_waits,
    not_merged,
)
from simulator.domain.hospital import Hospital
from simulator.domain.principals import Principal
from simulator.domain.requests import BedRequest

ELSEWHERE = "elsewhere in the hospital"
ITS_WARD_ASKS = f"The patient is {ELSEWHERE}: its ward asks."


class Right(StrEnum):
    """A row of the table."""

    WORK = auto()
    """Bookings, patients, cleaning, isolation, notes, requests and corrections."""
    MOVE_ACROSS_WARDS = auto()
    OVERRIDE_LISTED = auto()
    """Of the soft rules that hospital.toml lists for clerks."""
    OVERRIDE = auto()
    CLOSE = auto()
    """Beds, rooms and wards closed and opened, staffed or not."""
    REVIEW = auto()
    REGISTER = auto()
    """Beds registered and retired; the clock and the simulated hospital."""
    BREAK_GLASS = auto()
    """A patient of another ward looked at, for an hour."""
    KEEP_HOUSE = auto()
    """What nobody asks for: no-shows, merges that waited."""


class Reach(StrEnum):
    OWN_WARDS = auto()
    ALL = auto()
    WITH_REASON = auto()
    """Everywhere, if it is said why."""


ADMIN = {Role.ADMIN: Reach.ALL}
TABLE: Mapping[Right, Mapping[Role, Reach]] = {
    Right.WORK: {Role.CLERK: Reach.OWN_WARDS, Role.MANAGER: Reach.ALL},
    Right.MOVE_ACROSS_WARDS: {Role.MANAGER: Reach.WITH_REASON},
    Right.OVERRIDE_LISTED: {Role.CLERK: Reach.OWN_WARDS, Role.MANAGER: Reach.WITH_REASON},
    Right.OVERRIDE: {Role.MANAGER: Reach.WITH_REASON},
    Right.CLOSE: {Role.MANAGER: Reach.WITH_REASON},
    Right.REVIEW: {Role.MANAGER: Reach.WITH_REASON},
    Right.BREAK_GLASS: {Role.CLERK: Reach.ALL},
    Right.REGISTER: ADMIN,
    Right.KEEP_HOUSE: {},
}
"""Whoever is not named in a row may not. An override says why by itself."""

RIGHT_OF: Mapping[type, Right] = {
    **dict.fromkeys(
        (
            c.BookBed, c.ChangeReservation, c.CancelBooking, c.AdmitPatient, c.TransferPatient,
            c.SwapPatients, c.ChangeNeeds, c.ExpectDischarge, c.ProgressStay, c.GoAway, c.ComeBack,
            c.ConfirmDischarge, c.DischargePatient, c.LeaveLounge, c.CancelEvent,
            c.CorrectDischarge, c.StartIsolation, c.EndIsolation, c.EndContact, c.MarkBedDirty,
            c.StartCleaning, c.FinishCleaning, c.StopCleaning, c.AddNote, c.RequestBed,
            c.ChangeRequest, c.PlaceRequest, c.PlaceAll, c.WithdrawRequest, c.MergePatients,
            c.CancelMerge,
        ),
        Right.WORK,
    ),
    **dict.fromkeys(
        (c.CloseBeds, c.OpenBeds, c.CloseAdmissions, c.OpenAdmissions, c.UpdateBed), Right.CLOSE
    ),
    **dict.fromkeys((c.RegisterBed, c.RetireBed, c.SetClock), Right.REGISTER),
    **dict.fromkeys((c.ExpireBooking, c.SettleMerges), Right.KEEP_HOUSE),
    c.ReviewOverride: Right.REVIEW,
}  # fmt: skip


def role_for(hospital: Hospital, command: c.Command, who: Principal, *, says_why: bool) -> Role:
    """The role in which the principal may do this. Raises Forbidden, and NotThere for what is none
    of a clerk's."""
    if who.may_all:
        return next(iter(who.roles))
    right = RIGHT_OF[type(command)]
    role, reach = _reach(right, who)
    if reach is Reach.OWN_WARDS:
        _must_be_own(hospital, command, who)
    elif right is Right.WORK and _goes_across(hospital, command):
        role, reach = _reach(Right.MOVE_ACROSS_WARDS, who)
    says_why = says_why or getattr(command, "override", None) is not None
    if reach is Reach.WITH_REASON and not says_why:
        raise Forbidden("not_permitted", "Say why, in a note: this takes a reason.")
    return role


def takes_proof(command: c.Command) -> bool:
    """Whether a person gives the password for it: not what somebody does who finds a page open."""
    is_admins = RIGHT_OF[type(command)] is Right.REGISTER
    return is_admins or getattr(command, "override", None) is not None


def rights_of(who: Principal) -> dict[Right, Reach]:
    """The widest that each of the roles gives."""
    found: dict[Right, Reach] = {}
    for right in TABLE:
        with suppress(Forbidden):
            found[right] = _reach(right, who)[1]
    return found


def must_hold(right: Right, who: Principal) -> None:
    """Somewhere at least. Raises Forbidden."""
    if not who.may_all:
        _reach(right, who)


def may_override(who: Principal, rules: Iterable[Rule], listed: frozenset[Rule]) -> bool:
    """`listed`: the soft rules that a clerk may set aside, as hospital.toml says."""
    if who.may_all or TABLE[Right.OVERRIDE].keys() & who.roles:
        return True
    return bool(TABLE[Right.OVERRIDE_LISTED].keys() & who.roles) and set(rules) <= listed


def _reach(right: Right, who: Principal) -> tuple[Role, Reach]:
    """The widest of the principal's roles. Raises Forbidden."""
    found = {role: reach for role, reach in TABLE[right].items() if role in who.roles}
    for reach in (Reach.ALL, Reach.WITH_REASON, Reach.OWN_WARDS):
        for role, has in found.items():
            if has is reach:
                return role, reach
    may = " or ".join(role.value for role in TABLE[right]) or "nobody"
    needed = right.value.replace("_", " ")
    raise Forbidden("not_permitted", f"Your role does not allow this ({needed}): {may} may.")


def _must_be_own(hospital: Hospital, command: c.Command, who: Principal) -> None:
    """Of several placements the one that is not is named, as where a rule refuses it."""
    if not isinstance(command, c.PlaceAll):
        for touched in _touched(hospital, command):
            touched.must_be_of(who)
        return
    for nth, pair in enumerate(command.pairs):
        try:
            _must_be_own(hospital, pair.place, who)
        except (Forbidden, NotThere) as error:
            error.pair = (nth, pair.place.bed_request_id)
            raise


@dataclass(frozen=True, slots=True)
class _Touched:
    """Something that a command is about. `wards`: that it belongs to, one of them must be the
    clerk's own; None: it belongs to all. `asked_by`: whose it is wherever it belongs to.
    `otherwise`: what a clerk of other wards is told."""

    wards: frozenset[str] | None
    otherwise: Forbidden | NotThere
    asked_by: str | None = None

    def must_be_of(self, who: Principal) -> None:
        if self.wards is None or self.asked_by == who.actor:
            return
        if not any(who.owns(ward_id) for ward_id in self.wards):
            raise self.otherwise


def _touched(hospital: Hospital, command: c.Command) -> Iterator[_Touched]:
    """All of it; what does not exist is for the rules to refuse."""
    yield from _named(hospital, command)
    if besides := BESIDES.get(type(command)):
        yield from besides(hospital, command)


def _named(hospital: Hospital, command: c.Command) -> Iterator[_Touched]:
    """What the command names by an id: the secret first, then the beds that all know."""
    if not isinstance(command, OF_WHAT_HAS_ENDED):
        for name in ("booking_id", "with_booking_id"):
            yield from _of_booking(hospital, getattr(command, name, None))
    yield from _of_request(hospital, getattr(command, "bed_request_id", None))
    for bed_id in _beds(command):
        yield from _of_bed(hospital, bed_id)


OF_WHAT_HAS_ENDED = (c.LeaveLounge, c.CorrectDischarge)


def _beds(command: c.Command) -> Iterator[str]:
    for name in ("bed_id", "to_bed_id"):
        if bed_id := getattr(command, name, None):
            yield bed_id
    yield from getattr(command, "bed_ids", ())
    for newborn in getattr(command, "newborns", ()):
        if newborn.to_bed_id:
            yield newborn.to_bed_id


def _of_bed(hospital: Hospital, bed_id: str) -> Iterator[_Touched]:
    if bed := hospital.beds.get(bed_id):
        refused = Forbidden("not_permitted", f"{bed.ward_id} is none of your wards.")
        yield _Touched(frozenset({bed.ward_id}), refused)


def _of_booking(hospital: Hospital, booking_id: str | None) -> Iterator[_Touched]:
    booking = hospital.bookings.get(booking_id or "")
    if booking:
        wards = frozenset({_ward_of(hospital, booking)})
        yield _Touched(wards, no_open_booking(booking.booking_id))


def _of_request(hospital: Hospital, bed_request_id: str | None) -> Iterator[_Touched]:
    if request := hospital.requests.get(bed_request_id or ""):
        gone = none_waits(request.bed_request_id)
        yield _Touched(wards_of_request(hospital, request), gone, request.requested_by)


def wards_of_patient(hospital: Hospital, patient_ref: str) -> frozenset[str]:
    """Where the patient lies, waits to be fetched, has a bed reserved or is wanted."""
    wanted = {r.ward_id for r in hospital.requests_of(patient_ref) if r.ward_id}
    return _wards_with_beds(hospital, patient_ref) | wanted


def _wards_with_beds(hospital: Hospital, patient_ref: str) -> frozenset[str]:
    places = {_ward_of(hospital, booking) for booking in hospital.bookings_of(patient_ref)}
    refs = hospital.refs_of(patient_ref)
    places |= {one.ward_id for one in hospital.lounge.values() if one.patient_ref in refs}
    return frozenset(places)


def _all_own(
    hospital: Hospital, patient_ref: str, otherwise: Forbidden | NotThere
) -> Iterator[_Touched]:
    """Of a patient who has beds each ward must be the clerk's own: to have asked for one is not
    enough."""
    in_beds = _wards_with_beds(hospital, patient_ref)
    for ward_id in sorted(in_beds):
        yield _Touched(frozenset({ward_id}), otherwise)
    wanted = wards_of_patient(hospital, patient_ref)
    if wanted and not in_beds:
        yield _Touched(wanted, otherwise)


def _comes_from(hospital: Hospital, command: c.AdmitPatient) -> Iterator[_Touched]:
    """Who lies on another ward is let go by its clerk: with a request."""
    booking = hospital.bookings.get(command.booking_id)
    stay = hospital.stay_of(booking.patient_ref) if booking else None
    if stay and booking and not _was_asked_there(hospital, booking.bed_request_id, stay):
        refused = Forbidden("not_permitted", f"The patient is {ELSEWHERE}; ask for a bed first.")
        yield _Touched(frozenset({_ward_of(hospital, stay)}), refused)


def _of_event(_: Hospital, command: c.CancelEvent) -> Iterator[_Touched]:
    """Of an admission or a discharge its own ward; of a transfer both ends, as of every move."""
    gone = NotThere(f"There is no event {command.event_id}.")
    ends = [event.bed_before.ward_id for event in command.request]
    named = next(e.bed_before.ward_id for e in command.request if e.event_id == command.event_id)
    is_move = any(e.event_type == EventType.PATIENT_TRANSFERRED for e in command.request)
    yield _Touched(frozenset(ends if is_move else [named]), gone)
    for ward_id in ends if is_move else ():
        refused = Forbidden("not_permitted", "A manager undoes a move from ward to ward.")
        yield _Touched(frozenset({ward_id}), refused)


def _of_discharge(_: Hospital, command: c.CorrectDischarge) -> Iterator[_Touched]:
    gone = NotThere(f"There is no booking {command.booking_id}.")
    yield _Touched(frozenset({command.discharge.bed_before.ward_id}), gone)


def _in_lounge(hospital: Hospital, command: c.LeaveLounge) -> Iterator[_Touched]:
    for one in hospital.lounge.values():
        if one.booking_id == command.booking_id:
            yield _Touched(frozenset({one.ward_id}), none_in_lounge(command.booking_id))


def _who_asks(hospital: Hospital, command: c.RequestBed) -> Iterator[_Touched]:
    """For who lies on a ward its own clerk asks: so nobody fetches a patient alone."""
    if stay := hospital.stay_of(command.patient_ref):
        refused = Forbidden("not_permitted", ITS_WARD_ASKS)
        yield _Touched(frozenset({_ward_of(hospital, stay)}), refused)


def _lets_go(hospital: Hospital, command: c.PlaceRequest | c.ChangeRequest) -> Iterator[_Touched]:
    """Who lies on a ward goes where its clerk asked, while the patient was there: not where
    somebody asked before, and nobody else aims it at another ward."""
    request = hospital.requests.get(command.bed_request_id)
    aimed_at = command.ward_id if isinstance(command, c.ChangeRequest) else None
    if request:
        wards = _wards_that_fetch(hospital, request, aimed_at)
        yield _Touched(wards, Forbidden("not_permitted", ITS_WARD_ASKS))


def may_fetch(hospital: Hospital, request: BedRequest, who: Principal) -> bool:
    """Whether a clerk may place it, if in an own bed."""
    wards = _wards_that_fetch(hospital, request)
    return who.is_manager or wards is None or any(map(who.owns, wards))


def _wards_that_fetch(
    hospital: Hospital, request: BedRequest, aimed_at: str | None = None
) -> frozenset[str] | None:
    """None: the patient lies nowhere."""
    stay = hospital.stay_of(request.patient_ref)
    if stay is None:
        return None
    is_asked = request.displaced_booking_id is None and aimed_at in (None, request.ward_id)
    is_asked = is_asked and _was_asked_there(hospital, request.bed_request_id, stay)
    wanted = {request.ward_id} if request.ward_id and is_asked else set()
    return frozenset({_ward_of(hospital, stay)} | wanted)


def _was_asked_there(hospital: Hospital, bed_request_id: str | None, stay: Booking) -> bool:
    """Whether a request was made since the patient came to the ward, by the order of the log: what
    time somebody gives to an event is no matter."""
    return _number(bed_request_id) > _came_to_the_ward(hospital, stay)


def _came_to_the_ward(hospital: Hospital, stay: Booking) -> int:
    refs, ward_id = hospital.refs_of(stay.patient_ref), _ward_of(hospital, stay)
    began = _number(stay.spell_id)
    came = _number(stay.stay_id) or _number(stay.booking_id)
    earlier = (
        (_number(stay_id), one.room_id)
        for stay_id, one in hospital.lately.items()
        if one.patient_ref in refs
    )
    for number, room_id in sorted(earlier, reverse=True):
        wards = {hospital.beds[bed_id].ward_id for bed_id in hospital.in_room.get(room_id, ())}
        if number < began or wards != {ward_id}:
            break
        came = number
    return came


def _number(one: str | None) -> int:
    """Of the event that made it; ids are a letter and that."""
    number = (one or "")[1:]
    return int(number) if number.isdecimal() else 0


def _both(hospital: Hospital, command: c.MergePatients) -> Iterator[_Touched]:
    for ref in (command.patient_ref, command.into):
        refused = Forbidden("not_permitted", f"The patient is {ELSEWHERE}.")
        yield from _all_own(hospital, canonical_ref(ref), refused)


def _who_was_merged(hospital: Hospital, command: c.CancelMerge) -> Iterator[_Touched]:
    """Nobody else learns that there is a merge, or with whom."""
    if merge := hospital.merges.get(canonical_ref(command.patient_ref)):
        touched = [t for ref in sorted(merge.refs) for t in _all_own(hospital, ref, not_merged())]
        yield from touched or [_Touched(frozenset(), not_merged())]


BESIDES: Mapping[type, Callable[[Hospital, Any], Iterator[_Touched]]] = {
    c.CancelEvent: _of_event,
    c.CorrectDischarge: _of_discharge,
    c.AdmitPatient: _comes_from,
    c.LeaveLounge: _in_lounge,
    c.RequestBed: _who_asks,
    c.PlaceRequest: _lets_go,
    c.ChangeRequest: _lets_go,
    c.MergePatients: _both,
    c.CancelMerge: _who_was_merged,
}
"""What commands are about besides what they name by an id."""


def wards_of_request(hospital: Hospital, request: BedRequest) -> frozenset[str] | None:
    """Where the patient is, and the wanted one; None: nowhere yet, and any will do."""
    stay = hospital.stay_of(request.patient_ref)
    here = {_ward_of(hospital, stay)} if stay else set()
    wanted = {request.ward_id} if request.ward_id else set()
    return frozenset(here | wanted) or None


def _goes_across(hospital: Hospital, command: c.Command) -> bool:
    """Whether a patient changes wards by it, with no request of a ward for that."""
    match command:
        case c.TransferPatient(booking_id=booking_id, to_bed_id=bed_id):
            return _are_apart(hospital, booking_id, bed_id)
        case c.SwapPatients(booking_id=booking_id, with_booking_id=other_id):
            other = hospital.bookings.get(other_id)
            return other is not None and _are_apart(hospital, booking_id, other.bed_id)
        case c.AdmitPatient(booking_id=booking_id):
            booking = hospital.bookings.get(booking_id)
            stay = hospital.stay_of(booking.patient_ref) if booking else None
            if booking is None or stay is None or booking.bed_request_id:
                return False
            return _are_apart(hospital, stay.booking_id, booking.bed_id)
    return False


def _are_apart(hospital: Hospital, booking_id: str, bed_id: str) -> bool:
    booking, bed = hospital.bookings.get(booking_id), hospital.beds.get(bed_id)
    if booking is None or bed is None:
        return False
    return _ward_of(hospital, booking) != bed.ward_id


def _ward_of(hospital: Hospital, booking: Booking) -> str:
    return hospital.beds[booking.bed_id].ward_id
