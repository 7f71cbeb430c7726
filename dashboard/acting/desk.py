"""Acting at the desk: asks the booking API in the name of whoever sits there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import streamlit as st
from pydantic import ValidationError

from dashboard.acting.legal import Act
from dashboard.asking.board import Bed
from dashboard.settings import DashboardSettings
from dashboard.whose import device_secret, forget_whose, whose
from simulator.client import (
    BedSearch,
    BookingChange,
    BookingClient,
    Change,
    ClientError,
    Closing,
    Event,
    FoundBeds,
    Hospital,
    NewBedRequest,
    NewBooking,
    NewPin,
    NotSent,
    Opening,
    Override,
    Pair,
    Placement,
    Placements,
    Progress,
    Proof,
    Refused,
    Unreachable,
    actor_name,
)


@dataclass(frozen=True)
class Outcome:
    """What became of the last action; one of `done`, `refused` and `unreachable` is set.

    `what` was to be done, in words; `bed_id`: to which bed, of an act on one. `against_rules`: the
    same once more, with an override. `meanwhile`: what has happened to the bed since it was looked
    at, where that is why the action was refused.
    """

    what: str = ""
    bed_id: str | None = None
    wish: NewBooking | None = None
    done: Change | None = None
    refused: Refused | None = None
    unreachable: Unreachable | None = None
    against_rules: "Callable[[Override], Outcome] | None" = None
    meanwhile: tuple[Event, ...] = ()


NOTHING_YET = Outcome()
WHOSE_CLIENT = "whose_client"


def typed_name() -> tuple[str, str]:
    """The name of whoever sits there, and why it cannot be used; both empty: none was given."""
    typed = st.session_state.get("actor") or ""
    try:
        return (actor_name(typed), "") if typed.strip() else ("", "")
    except ValueError as problem:
        return "", str(problem)


def actor() -> str:
    """Who answers for what is done here; empty: nobody has said."""
    me = whose()
    return me.who.name if me else typed_name()[0]


def prove(password: str) -> str:
    """The password once more, for what asks for it; gives what is wrong, or nothing."""
    try:
        _own_client().prove(Proof(password=password))
    except (ClientError, ValidationError) as error:
        return error.detail if isinstance(error, Refused) else "The password could not be checked."
    forget_whose()
    return ""


def set_pin(pin: str) -> str:
    """For this device; gives what is wrong, or nothing."""
    try:
        _own_client().set_pin(NewPin(pin=pin, device_secret=device_secret()))
    except (ClientError, ValidationError) as error:
        return error.detail if isinstance(error, Refused) else "The PIN could not be set."
    return ""


def client() -> BookingClient:
    """Raises NotSent where a name was given that cannot be used, or nobody is signed in."""
    if DashboardSettings().asks_who:
        return _own_client()
    name, problem = typed_name()
    if problem:
        raise NotSent(problem)
    return _client(DashboardSettings().api_url, name)


def reading() -> BookingClient:
    """For looking only: where nobody signs in, in nobody's name."""
    if DashboardSettings().asks_who:
        return _own_client()
    return _client(DashboardSettings().api_url, "")


def _own_client() -> BookingClient:
    """Of whoever is signed in on this page."""
    found = whose()
    if found is None:
        raise NotSent("You are signed out. Sign in again.")
    if WHOSE_CLIENT not in st.session_state or st.session_state[WHOSE_CLIENT][0] != found.secret:
        mine = BookingClient(DashboardSettings().api_url, secret=found.secret)
        st.session_state[WHOSE_CLIENT] = found.secret, mine
    own: BookingClient = st.session_state[WHOSE_CLIENT][1]
    return own


@st.cache_data(show_spinner=False, ttl=600)
def _hospital(api_url: str) -> Hospital:
    token = DashboardSettings().dashboard_token.get_secret_value()
    with BookingClient(api_url, secret=token) as service:
        return service.hospital()


def hospital() -> Hospital | None:
    """What hospital.toml says; None while the API does not answer."""
    try:
        return _hospital(DashboardSettings().api_url)
    except ClientError:
        return None


@st.cache_resource(show_spinner=False, max_entries=200)
def _client(api_url: str, actor: str) -> BookingClient:
    return BookingClient(api_url, actor)


@dataclass(frozen=True)
class _Search:
    """What was asked, when, and what came of it."""

    asked: str
    at: float
    answer: FoundBeds | ClientError


SEARCHES = "searches"
SEARCH_AGAIN_SECONDS = 10


def find_beds(key: str, wish: BedSearch) -> FoundBeds | ClientError:
    """In nobody's name; asked again when the wish of that key is another one, after a change from
    this desk, and every ten seconds."""
    known: dict[str, _Search] = st.session_state.setdefault(SEARCHES, {})
    asked, now = wish.model_dump_json(exclude_unset=True), monotonic()
    last = known.get(key)
    if last is None or last.asked != asked or now - last.at >= SEARCH_AGAIN_SECONDS:
        known[key] = _Search(asked, now, _search(wish))
    return known[key].answer


def _search(wish: BedSearch) -> FoundBeds | ClientError:
    try:
        return reading().search(wish)
    except ClientError as error:
        return error


def book(wish: NewBooking) -> Outcome:
    return replace(
        _attempt(f"Book {wish.bed_id} for {wish.patient_ref}", lambda api: api.book(wish)),
        wish=wish,
        against_rules=lambda override: book(wish.model_copy(update={"override": override})),
    )


def act(chosen: Act, details: dict[str, Any], bed: Bed, seen_seq: int) -> Outcome:
    """`details` are what the wire calls them; `seen_seq`: the newest event that was seen.
    Done only if the beds are still what was looked at; a note harms nobody."""
    bed_id, current, following = bed["bed_id"], bed["current_booking_id"], bed["next_booking_id"]
    room_id = bed["room_id"]
    calls: dict[Act, Callable[[BookingClient], Change]] = {
        Act.ADMIT: lambda api: api.admit(following, **details),
        Act.CANCEL: lambda api: api.cancel(following, **details),
        Act.DISCHARGE: lambda api: api.discharge(current, **details),
        Act.EXPECT: lambda api: api.change(current, BookingChange(**details)),
        Act.PROGRESS: lambda api: api.progress(current, Progress(**details)),
        Act.START_LEAVE: lambda api: api.start_leave(current),
        Act.END_LEAVE: lambda api: api.end_leave(current),
        Act.START_ABSENCE: lambda api: api.start_absence(current),
        Act.END_ABSENCE: lambda api: api.end_absence(current),
        Act.CONFIRM: lambda api: api.confirm_discharge(current),
        Act.KNOWN: lambda api: api.change(current, BookingChange(**details)),
        Act.START_ISOLATION: lambda api: api.start_isolation(bed_id, **details),
        Act.END_CONTACT: lambda api: api.end_contact(current),
        Act.END_ISOLATION: lambda api: api.end_isolation(bed_id),
        Act.TRANSFER: lambda api: api.transfer(current, **details),
        Act.START_CLEANING: lambda api: api.start_cleaning(bed_id),
        Act.FINISH_CLEANING: lambda api: api.finish_cleaning(bed_id),
        Act.STOP_CLEANING: lambda api: api.stop_cleaning(bed_id),
        Act.MARK_DIRTY: lambda api: api.mark_dirty(bed_id, **details),
        Act.CLOSE: lambda api: api.close_bed(bed_id, Closing(**details)),
        Act.OPEN: lambda api: api.open_bed(bed_id, Opening(**details)),
        Act.CLOSE_ROOM: lambda api: api.close_room_to_admissions(room_id, Closing(**details)),
        Act.OPEN_ROOM: lambda api: api.open_room_to_admissions(room_id, Opening(**details)),
        Act.NOTE: lambda api: api.add_note(bed_id, **details),
    }
    seen = None if chosen is Act.NOTE else (bed_id, seen_seq)
    return replace(
        _attempt(f"{chosen}, {bed_id}", calls[chosen], seen),
        bed_id=bed_id,
        against_rules=lambda override: act(chosen, details | {"override": override}, bed, seen_seq),
    )


def request_bed(wish: NewBedRequest) -> Outcome:
    return _attempt(f"Ask for a bed for {wish.patient_ref}", lambda api: api.request_bed(wish))


def place(bed_request_id: str, bed_id: str, admit: bool) -> Outcome:
    placement = Placement(bed_id=bed_id, admit=admit)
    what = f"{'Admit to' if admit else 'Reserve'} {bed_id}"
    return _attempt(what, lambda api: api.place_request(bed_request_id, placement))


def place_all(pairs: Sequence[Pair]) -> Outcome:
    what = f"Reserve {', '.join(pair.bed_id for pair in pairs)}"
    placements = Placements(pairs=list(pairs))
    return _attempt(what, lambda api: api.place_all(placements))


def leave_lounge(booking_id: str) -> Outcome:
    what = "Left the discharge lounge"
    return _attempt(what, lambda api: api.leave_lounge(booking_id))


def withdraw(bed_request_id: str) -> Outcome:
    return _attempt(
        f"Withdraw {bed_request_id}",
        lambda api: api.withdraw_request(bed_request_id, reason_code="not_needed"),
    )


def review(event_id: str, note: str | None = None) -> Outcome:
    return _attempt("Review an override", lambda api: api.review_override(event_id, note=note))


def _meanwhile(bed_id: str, seen_seq: int) -> tuple[Event, ...]:
    try:
        return tuple(reading().events(after_seq=seen_seq, bed_id=bed_id))
    except ClientError:
        return ()


def _attempt(
    what: str, action: Callable[[BookingClient], Change], seen: tuple[str, int] | None = None
) -> Outcome:
    """`seen`: the bed that was looked at, and the newest `seq` that was seen."""
    outcome = Outcome(what)
    st.session_state.pop(SEARCHES, None)  # beds are not what they were
    try:
        api = client()
        return replace(outcome, done=action(api.if_unchanged(seen[1]) if seen else api))
    except Refused as refusal:
        has_changed = seen is not None and refusal.code == "precondition_failed"
        meanwhile = _meanwhile(*seen) if seen and has_changed else ()
        return replace(outcome, refused=refusal, meanwhile=meanwhile)
    except Unreachable as silence:
        return replace(outcome, unreachable=silence)
    except ValidationError as error:  # more than travels: a text that is too long, say
        first = error.errors(include_url=False)[0]
        return replace(outcome, unreachable=NotSent(f"{first['loc'][-1]}: {first['msg']}."))
