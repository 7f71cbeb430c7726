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

from lake.vocabulary import Role, Rule
from simulator.domain import commands as c
from simulator.domain.errors import (
    Forbidden,
    NotThere,
    no_open_booking,
    none_in_lounge,
    none_waits,
)
from simulator.domain.hospital import Hospital
from simulator.domain.principals import Principal
from simulator.domain.requests import BedRequest

ELSEWHERE = "elsewhere in the hospital"


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
        for touched in _touched(hospital, command):
            touched.must_be_of(who)
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


@dataclass(frozen=True, slots=True)
class _Touched:
    """Something that a command is about. `wards`: that it belongs to, one of them must be the
    clerk's own; None: it belongs to all. `otherwise`: what a clerk of other wards is told."""

    wards: frozenset[str] | None
    otherwise: Forbidden | NotThere

    def must_be_of(self, who: Principal) -> None:
        if self.wards is not None and not any(who.owns(ward_id) for ward_id in self.wards):
            raise self.otherwise


def _touched(hospital: Hospital, command: c.Command) -> Iterator[_Touched]:
    """All of it; what does not exist is for the rules to refuse."""
    if isinstance(command, c.PlaceAll):
        for pair in command.pairs:
            yield from _touched(hospital, pair.place)
        return
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
        wards = frozenset({hospital.beds[booking.bed_id].ward_id})
        yield _Touched(wards, no_open_booking(booking.booking_id))


def _of_request(hospital: Hospital, bed_request_id: str | None) -> Iterator[_Touched]:
    if request := hospital.requests.get(bed_request_id or ""):
        gone = none_waits(request.bed_request_id)
        yield _Touched(wards_of_request(hospital, request), gone)


def _of_patient(
    hospital: Hospital, patient_ref: str, wanted: str | None = None
) -> Iterator[_Touched]:
    """Where the patient lies or has a bed reserved, or the ward that is wanted."""
    places = {
        hospital.beds[booking.bed_id].ward_id for booking in hospital.bookings_of(patient_ref)
    }
    if places:
        refused = Forbidden("not_permitted", f"The patient is {ELSEWHERE}.")
        yield _Touched(frozenset({*places, *([wanted] if wanted else [])}), refused)


def _comes_from(hospital: Hospital, command: c.AdmitPatient) -> Iterator[_Touched]:
    """Who lies on another ward is let go by its clerk: with a request."""
    booking = hospital.bookings.get(command.booking_id)
    stay = hospital.stay_of(booking.patient_ref) if booking else None
    if stay and booking and not booking.bed_request_id:
        refused = Forbidden("not_permitted", f"The patient is {ELSEWHERE}; ask for a bed first.")
        yield _Touched(frozenset({hospital.beds[stay.bed_id].ward_id}), refused)


def _of_event(_: Hospital, command: c.CancelEvent) -> Iterator[_Touched]:
    gone = NotThere(f"There is no event {command.event_id}.")
    for event in command.request:
        yield _Touched(frozenset({event.bed_before.ward_id}), gone)


def _of_discharge(_: Hospital, command: c.CorrectDischarge) -> Iterator[_Touched]:
    gone = NotThere(f"There is no booking {command.booking_id}.")
    yield _Touched(frozenset({command.discharge.bed_before.ward_id}), gone)


def _in_lounge(hospital: Hospital, command: c.LeaveLounge) -> Iterator[_Touched]:
    for one in hospital.lounge.values():
        if one.booking_id == command.booking_id:
            yield _Touched(frozenset({one.ward_id}), none_in_lounge(command.booking_id))


def _who_asks(hospital: Hospital, command: c.RequestBed) -> Iterator[_Touched]:
    return _of_patient(hospital, command.patient_ref, command.ward_id)


def _both(hospital: Hospital, command: c.MergePatients) -> Iterator[_Touched]:
    yield from _of_patient(hospital, command.patient_ref)
    yield from _of_patient(hospital, command.into)


def _who_was_merged(hospital: Hospital, command: c.CancelMerge) -> Iterator[_Touched]:
    return _of_patient(hospital, command.patient_ref)


BESIDES: Mapping[type, Callable[[Hospital, Any], Iterator[_Touched]]] = {
    c.CancelEvent: _of_event,
    c.CorrectDischarge: _of_discharge,
    c.AdmitPatient: _comes_from,
    c.LeaveLounge: _in_lounge,
    c.RequestBed: _who_asks,
    c.MergePatients: _both,
    c.CancelMerge: _who_was_merged,
}
"""What commands are about besides what they name by an id."""


def wards_of_request(hospital: Hospital, request: BedRequest) -> frozenset[str] | None:
    """Where the patient is, and the wanted one; None: any will do."""
    if request.ward_id is None:
        return None
    stay = hospital.stay_of(request.patient_ref)
    here = {hospital.beds[stay.bed_id].ward_id} if stay else set()
    return frozenset({request.ward_id, *here})


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
    return hospital.beds[booking.bed_id].ward_id != bed.ward_id
