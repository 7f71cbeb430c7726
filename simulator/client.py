"""The booking API for programs: typed, over HTTP, knowing only the wire and the words.

ClientError
├── Refused       the API answered no; carries the rule, its sentence and what would do instead
└── Unreachable   the API did not answer; whether a change was made is not known
    └── NotSent   nothing was sent: nothing was changed
"""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self, TypeVar
from urllib.parse import quote
from uuid import uuid4

import httpx
from pydantic import BaseModel, ValidationError

from lake.vocabulary import Disposition, RequestState
from simulator.wire.access import (
    Broken,
    BrokenGlass,
    Device,
    GlassReview,
    Look,
    Names,
    NewGlass,
    NewPin,
    PinSignIn,
    Proof,
    Recorded,
    Shown,
    SignedIn,
    SignIn,
    Who,
    digest_of,
)
from simulator.wire.answers import (
    Alternative,
    Bed,
    BedAnswer,
    BedRequest,
    BedRequestWithBeds,
    BedsAnswer,
    Booking,
    BookingAnswer,
    Change,
    Clock,
    Conflict,
    DischargeAnswer,
    Event,
    FitBed,
    FoundBeds,
    Hospital,
    InLounge,
    IsolationAnswer,
    Lounge,
    LoungeAnswer,
    MergeAnswer,
    Page,
    PairNotPlaced,
    Patient,
    PendingBed,
    PlacementsAnswer,
    Problem,
    Proposal,
    ProposedBed,
    Ready,
    RequestAnswer,
    ReviewAnswer,
    Simulator,
    Ward,
)
from simulator.wire.answers import Override as OverrideRecord
from simulator.wire.bodies import (
    BedSearch,
    Body,
    BookingChange,
    Cancellation,
    Closing,
    Correction,
    Discharge,
    DischargeCorrection,
    Isolation,
    IsolationStart,
    Matching,
    Merge,
    Needs,
    NewBedRequest,
    NewBooking,
    Newborn,
    NewNote,
    Opening,
    Override,
    Overriding,
    Pair,
    Placement,
    Placements,
    Progress,
    RequestChange,
    Simulation,
    Staffing,
    Swap,
    Transfer,
    Withdrawal,
    Write,
)
from simulator.wire.names import actor_name, patient_ref

__all__ = [
    "Alternative",
    "Bed",
    "BedRequest",
    "BedRequestWithBeds",
    "BedSearch",
    "Booking",
    "BookingAnswer",
    "BookingChange",
    "BookingClient",
    "Broken",
    "Change",
    "ClientError",
    "Clock",
    "Closing",
    "Conflict",
    "Device",
    "DischargeAnswer",
    "DischargeCorrection",
    "Event",
    "FitBed",
    "FoundBeds",
    "Hospital",
    "InLounge",
    "Isolation",
    "IsolationStart",
    "Look",
    "Lounge",
    "Needs",
    "NewBedRequest",
    "NewBooking",
    "NewGlass",
    "NewPin",
    "Newborn",
    "NotSent",
    "Opening",
    "Override",
    "OverrideRecord",
    "Pair",
    "PairNotPlaced",
    "Patient",
    "PendingBed",
    "PinSignIn",
    "Placement",
    "Placements",
    "PlacementsAnswer",
    "Progress",
    "Proof",
    "Proposal",
    "ProposedBed",
    "Readiness",
    "Refused",
    "RequestChange",
    "Shown",
    "SignIn",
    "SignedIn",
    "Simulation",
    "Simulator",
    "Unreachable",
    "Ward",
    "Who",
    "actor_name",
    "digest_of",
    "patient_ref",
]

TIMEOUT = httpx.Timeout(5.0, connect=1.0)


class ClientError(Exception):
    """The request was not carried out, as far as this client knows."""


class Refused(ClientError):
    """`code` is the rule, or another of the API's problem codes. `rules`: all that the request
    breaks; an override may go against them if `can_be_overridden`. `pair`: of several requests, the
    one that was not placed."""

    def __init__(self, problem: Problem) -> None:
        self.status = problem.status
        self.code = problem.code
        self.detail = problem.detail
        self.conflicts_with = problem.conflicts_with
        self.in_the_way = problem.in_the_way
        self.alternatives = problem.alternatives
        self.rules = problem.rules
        self.can_be_overridden = problem.can_be_overridden
        self.pair = problem.pair
        super().__init__(self.detail)


class Unreachable(ClientError):
    """A change may have been made all the same: look before doing it again."""


class NotSent(Unreachable):
    """Nobody took the request: nothing was changed."""


@dataclass(frozen=True)
class Readiness:
    """`status` is ok, degraded, or why it is not ready; `head_seq` is null until it is."""

    is_ready: bool
    status: str
    head_seq: int | None


JSON = {"Content-Type": "application/json"}

UNTOUCHED = {"not_ready", "overloaded"}
"""Codes of 503 with which the API has not begun."""

Answer = TypeVar("Answer", bound=BaseModel)
Item = TypeVar("Item")


class BookingClient:
    """One actor's access to one hospital. Every method raises Refused and Unreachable; an `actor`
    whose name cannot travel is NotSent. `secret`: of a session or a service's token, where people
    sign in; it says who acts."""

    def __init__(
        self,
        base_url: str,
        actor: str = "",
        *,
        secret: str = "",
        timeout: httpx.Timeout = TIMEOUT,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        # Names are not always ASCII, headers are: they travel as UTF-8 bytes.
        headers = {b"X-Actor": _sendable(actor).encode()} if actor else {}
        if secret:
            headers[b"Authorization"] = f"Bearer {secret}".encode()
        self._http = httpx.Client(
            base_url=base_url,
            headers=headers,
            timeout=timeout,
            transport=transport,
            trust_env=False,  # the proxy of an office network does not know 127.0.0.1
        )
        self._seen_seq: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def if_unchanged(self, seen_seq: int) -> "BookingClient":
        """The same access, for writes about one bed whose newest event had this `seq` when it was
        looked at: refused (412) if the bed has changed since."""
        careful = copy(self)
        careful._seen_seq = seen_seq
        return careful

    def session(self) -> Who:
        """Whose session the secret opens; refused (401) where it opens none."""
        return self._get(Who, "/session")

    def sign_in(self, wish: SignIn, address: str = "") -> SignedIn:
        return _read(SignedIn, self._tell("POST", "/sign-in", wish, address))

    def sign_in_with_pin(self, wish: PinSignIn, address: str = "") -> SignedIn:
        return _read(SignedIn, self._tell("POST", "/sign-in/pin", wish, address))

    def names_on(self, device: Device) -> list[str]:
        """Who can sign in with a PIN on that device."""
        return [*_read(Names, self._tell("POST", "/sign-in/names", device)).names]

    def touch(self) -> Who:
        """Somebody is there: the session is not idle."""
        return _read(Who, self._send("POST", "/session/touch"))

    def lock(self) -> Who:
        return _read(Who, self._send("POST", "/session/lock"))

    def end_session(self) -> Who:
        return _read(Who, self._send("POST", "/session/end"))

    def prove(self, proof: Proof) -> Who:
        return _read(Who, self._tell("POST", "/session/prove", proof))

    def look(self, look: Look) -> Recorded:
        """What is about to be shown; it may once this is answered."""
        return _read(Recorded, self._tell("POST", "/session/looks", look))

    def set_pin(self, pin: NewPin) -> Who:
        return _read(Who, self._tell("PUT", "/session/pin", pin))

    def beds(
        self,
        *,
        ward_id: str | None = None,
        status: str | None = None,
        at: datetime | None = None,
    ) -> list[Bed]:
        """Now, or as they were `at` a past hospital instant."""
        return self._list(Page[Bed], "/beds", ward_id=ward_id, status=status, at=at)

    def bed(self, bed_id: str) -> Bed:
        return self._get(Bed, f"/beds/{_id(bed_id)}")

    def wards(self) -> list[Ward]:
        return self._list(Page[Ward], "/wards")

    def hospital(self) -> Hospital:
        return self._get(Hospital, "/hospital")

    def clock(self) -> Clock:
        return self._get(Clock, "/clock")

    def events(
        self, *, after_seq: int = 0, limit: int = 100, bed_id: str | None = None
    ) -> list[Event]:
        """The first `limit` events after `after_seq`, oldest first."""
        filters = {"after_seq": after_seq, "limit": limit, "bed_id": bed_id}
        return self._get(Page[Event], "/events", **filters).items

    def bookings(
        self,
        *,
        bed_id: str | None = None,
        ward_id: str | None = None,
        state: str | None = None,
        patient_ref: str | None = None,
        at: datetime | None = None,
    ) -> list[Booking]:
        filters = {"bed_id": bed_id, "ward_id": ward_id, "state": state, "patient_ref": patient_ref}
        return self._list(Page[Booking], "/bookings", **filters, at=at)

    def booking(self, booking_id: str) -> Booking:
        return self._get(Booking, f"/bookings/{_id(booking_id)}")

    def search(self, wish: BedSearch) -> FoundBeds:
        return self._post(FoundBeds, "/beds/search", wish)

    def book(self, wish: NewBooking) -> BookingAnswer:
        return self._post(BookingAnswer, "/bookings", wish)

    def cancel(self, booking_id: str, *, reason_code: str | None = None) -> BookingAnswer:
        return self._act(booking_id, "cancel", Cancellation(**_given(reason_code=reason_code)))

    def change(self, booking_id: str, change: BookingChange) -> BookingAnswer:
        """What the change does not set stays as it is; `ends_at=None`: open."""
        return self._act(booking_id, "change", change)

    def admit(
        self, booking_id: str, *, override: Override | None = None, note: str | None = None
    ) -> BookingAnswer:
        return self._act(booking_id, "admit", Overriding(**_given(override=override, note=note)))

    def transfer(
        self,
        booking_id: str,
        to_bed_id: str,
        *,
        needs: Needs | None = None,
        newborns: list[Newborn] | None = None,
        override: Override | None = None,
        note: str | None = None,
    ) -> BookingAnswer:
        """The new booking, of the same spell."""
        given = _given(needs=needs, newborns=newborns, override=override, note=note)
        body = Transfer(to_bed_id=to_bed_id, **given)
        return self._act(booking_id, "transfer", body)

    def swap(
        self, booking_id: str, with_booking_id: str, *, override: Override | None = None
    ) -> BookingAnswer:
        """The new booking of the first patient."""
        body = Swap(with_booking_id=with_booking_id, **_given(override=override))
        return self._act(booking_id, "swap", body)

    def progress(self, booking_id: str, progress: Progress) -> BookingAnswer:
        return self._act(booking_id, "progress", progress)

    def start_leave(self, booking_id: str) -> BookingAnswer:
        return self._act(booking_id, "leave/start", Write())

    def end_leave(self, booking_id: str) -> BookingAnswer:
        return self._act(booking_id, "leave/end", Write())

    def start_absence(self, booking_id: str) -> BookingAnswer:
        return self._act(booking_id, "absence/start", Write())

    def end_absence(self, booking_id: str) -> BookingAnswer:
        return self._act(booking_id, "absence/end", Write())

    def confirm_discharge(self, booking_id: str) -> BookingAnswer:
        return self._act(booking_id, "discharge/confirm", Write())

    def discharge(
        self,
        booking_id: str,
        *,
        disposition: Disposition | None = None,
        died_at: datetime | None = None,
        to_lounge: bool | None = None,
        newborns: list[Newborn] | None = None,
    ) -> BookingAnswer:
        given = _given(
            disposition=disposition, died_at=died_at, to_lounge=to_lounge, newborns=newborns
        )
        return self._act(booking_id, "discharge", Discharge(**given))

    def lounge(self) -> Lounge:
        return self._get(Lounge, "/lounge")

    def leave_lounge(self, booking_id: str) -> LoungeAnswer:
        return self._post(LoungeAnswer, f"/bookings/{_id(booking_id)}/lounge/leave", Write())

    def correct_discharge(
        self, booking_id: str, correction: DischargeCorrection
    ) -> DischargeAnswer:
        path = f"/bookings/{_id(booking_id)}/discharge/correct"
        return self._post(DischargeAnswer, path, correction)

    def cancel_event(self, event_id: str, *, note: str | None = None) -> BookingAnswer:
        """Undoes an admission, a transfer or a discharge that never was."""
        body = Correction(**_given(note=note))
        return self._post(BookingAnswer, f"/events/{_id(event_id)}/cancel", body)

    def overrides(
        self, *, since: datetime | None = None, reviewed: bool | None = None
    ) -> list[OverrideRecord]:
        return self._list(Page[OverrideRecord], "/overrides", since=since, reviewed=reviewed)

    def review_override(self, event_id: str, *, note: str | None = None) -> ReviewAnswer:
        body = Write(**_given(note=note))
        return self._post(ReviewAnswer, f"/overrides/{_id(event_id)}/review", body)

    def requests(
        self, *, state: RequestState | None = None, ward_id: str | None = None
    ) -> list[BedRequest]:
        """Those that wait, ranked, unless another state is asked for."""
        return self._list(Page[BedRequest], "/requests", state=state, ward_id=ward_id)

    def requests_with_beds(self, *, ward_id: str | None = None) -> list[BedRequestWithBeds]:
        """Those that wait, ranked, each with up to three beds that would do."""
        return self._list(Page[BedRequestWithBeds], "/requests", with_beds=True, ward_id=ward_id)

    def request(self, bed_request_id: str) -> BedRequestWithBeds:
        return self._get(BedRequestWithBeds, f"/requests/{_id(bed_request_id)}")

    def request_bed(self, wish: NewBedRequest) -> RequestAnswer:
        return self._post(RequestAnswer, "/requests", wish)

    def change_request(self, bed_request_id: str, change: RequestChange) -> RequestAnswer:
        return self._post(RequestAnswer, f"/requests/{_id(bed_request_id)}/change", change)

    def match_requests(self) -> Proposal:
        """A bed for all who wait; nothing is booked by it."""
        return self._post(Proposal, "/requests/match", Matching())

    def place_request(self, bed_request_id: str, placement: Placement) -> BookingAnswer:
        return self._post(BookingAnswer, f"/requests/{_id(bed_request_id)}/place", placement)

    def place_all(self, placements: Placements) -> PlacementsAnswer:
        """All of them, or none. Raises Refused with the `pair` that was not."""
        return self._post(PlacementsAnswer, "/requests/place-all", placements)

    def withdraw_request(
        self, bed_request_id: str, *, reason_code: str | None = None
    ) -> RequestAnswer:
        body = Withdrawal(**_given(reason_code=reason_code))
        return self._post(RequestAnswer, f"/requests/{_id(bed_request_id)}/withdraw", body)

    def mark_dirty(self, bed_id: str, *, note: str | None = None) -> BedAnswer:
        return self._post(BedAnswer, f"/beds/{_id(bed_id)}/dirty", Write(**_given(note=note)))

    def start_cleaning(self, bed_id: str) -> BedAnswer:
        return self._post(BedAnswer, f"/beds/{_id(bed_id)}/cleaning/start", Write())

    def finish_cleaning(self, bed_id: str) -> BedAnswer:
        return self._post(BedAnswer, f"/beds/{_id(bed_id)}/cleaning/finish", Write())

    def stop_cleaning(self, bed_id: str) -> BedAnswer:
        return self._post(BedAnswer, f"/beds/{_id(bed_id)}/cleaning/stop", Write())

    def close_bed(self, bed_id: str, closing: Closing) -> BedAnswer:
        return self._post(BedAnswer, f"/beds/{_id(bed_id)}/close", closing)

    def open_bed(self, bed_id: str, opening: Opening) -> BedAnswer:
        return self._post(BedAnswer, f"/beds/{_id(bed_id)}/open", opening)

    def close_room_to_admissions(self, room_id: str, closing: Closing) -> BedsAnswer:
        return self._post(BedsAnswer, f"/rooms/{_id(room_id)}/admissions/close", closing)

    def open_room_to_admissions(self, room_id: str, opening: Opening) -> BedsAnswer:
        return self._post(BedsAnswer, f"/rooms/{_id(room_id)}/admissions/open", opening)

    def close_ward_to_admissions(self, ward_id: str, closing: Closing) -> BedsAnswer:
        return self._post(BedsAnswer, f"/wards/{_id(ward_id)}/admissions/close", closing)

    def open_ward_to_admissions(self, ward_id: str, opening: Opening) -> BedsAnswer:
        return self._post(BedsAnswer, f"/wards/{_id(ward_id)}/admissions/open", opening)

    def patient(self, patient_ref: str) -> Patient:
        """All that is known of the person, under each of the references."""
        return self._get(Patient, f"/patients/{_id(patient_ref)}")

    def glass(self) -> list[Broken]:
        """Of a clerk what is open now, of a manager what is to be reviewed."""
        return self._get(BrokenGlass, "/glass").items

    def break_glass(self, patient_ref: str, why: NewGlass) -> Broken:
        return _read(Broken, self._tell("POST", f"/patients/{_id(patient_ref)}/glass", why))

    def review_glass(self, glass_id: str, note: str) -> Broken:
        body = GlassReview(note=note)
        return _read(Broken, self._tell("POST", f"/glass/{_id(glass_id)}/review", body))

    def merge_patients(self, patient_ref: str, into: str) -> MergeAnswer:
        return self._post(MergeAnswer, f"/patients/{_id(patient_ref)}/merge", Merge(into=into))

    def cancel_merge(self, patient_ref: str) -> MergeAnswer:
        return self._post(MergeAnswer, f"/patients/{_id(patient_ref)}/merge/cancel", Write())

    def start_isolation(
        self, bed_id: str, isolation: IsolationStart | None = None
    ) -> IsolationAnswer:
        body = isolation or IsolationStart()
        return self._post(IsolationAnswer, f"/beds/{_id(bed_id)}/isolation/start", body)

    def end_contact(self, booking_id: str) -> BookingAnswer:
        return self._post(BookingAnswer, f"/bookings/{_id(booking_id)}/contact/end", Write())

    def end_isolation(self, bed_id: str) -> BedAnswer:
        return self._post(BedAnswer, f"/beds/{_id(bed_id)}/isolation/end", Write())

    def set_staffed(self, bed_id: str, *, is_staffed: bool) -> BedAnswer:
        return self._post(BedAnswer, f"/beds/{_id(bed_id)}/update", Staffing(is_staffed=is_staffed))

    def close_ward(self, ward_id: str, closing: Closing) -> BedsAnswer:
        return self._post(BedsAnswer, f"/wards/{_id(ward_id)}/close", closing)

    def open_ward(self, ward_id: str, opening: Opening) -> BedsAnswer:
        return self._post(BedsAnswer, f"/wards/{_id(ward_id)}/open", opening)

    def add_note(self, bed_id: str, note: str) -> BedAnswer:
        return self._post(BedAnswer, f"/beds/{_id(bed_id)}/notes", NewNote(note=note))

    def simulator(self) -> Simulator:
        return self._get(Simulator, "/simulator")

    def set_simulator(self, wish: Simulation) -> Simulator:
        response = self._send("PUT", "/simulator", content=_json(wish), headers=JSON)
        return _read(Simulator, response)

    def ready(self) -> Readiness:
        """Not ready is an answer too, not a refusal."""
        response = self._send("GET", "/health/ready")
        if not response.is_success:
            detail = _problem(response).detail
            return Readiness(is_ready=False, status=detail, head_seq=None)
        ready = _read(Ready, response)
        return Readiness(is_ready=True, status=ready.status, head_seq=ready.head_seq)

    def _act(self, booking_id: str, what: str, body: Body) -> BookingAnswer:
        return self._post(BookingAnswer, f"/bookings/{_id(booking_id)}/{what}", body)

    def _post(self, kind: type[Answer], path: str, body: Body) -> Answer:
        """Sent a second time with the same key, if the network swallowed the first."""
        headers = JSON | {"Idempotency-Key": str(uuid4())}
        if self._seen_seq is not None:
            headers["If-Match"] = f'"{self._seen_seq}"'
        request = {"content": _json(body), "headers": headers}
        try:
            response = self._send_change(path, request)
        except NotSent:
            response = self._send_change(path, request)
        except Unreachable as unknown:
            try:
                response = self._send_change(path, request)
            except NotSent:  # of the first it is still not known
                raise unknown from None
        return _read(kind, response)

    def _send_change(self, path: str, request: Mapping[str, Any]) -> httpx.Response:
        """Raises Unreachable too for an answer that does not tell whether the change was made."""
        response = self._send("POST", path, **request)
        if response.is_server_error and (problem := _problem(response)).code not in UNTOUCHED:
            raise Unreachable(problem.detail)
        return response

    def _tell(self, method: str, path: str, body: Body, address: str = "") -> httpx.Response:
        """What is no change of the hospital. `address`: of whom this client speaks for."""
        headers = JSON | ({"X-Client-Address": address} if address else {})
        return self._send(method, path, content=_json(body), headers=headers)

    def _get(self, kind: type[Answer], path: str, **query: Any) -> Answer:
        return _read(kind, self._send("GET", path, params=_sent(query)))

    def _list(self, kind: type[Page[Item]], path: str, **query: Any) -> list[Item]:
        """Every page of a list."""
        items: list[Item] = []
        cursor: str | None = None
        while True:
            page = self._get(kind, path, **query, limit=1000, after=cursor)
            items += page.items
            cursor = page.next
            if cursor is None:
                return items

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **request)
        except httpx.ConnectError as error:
            raise NotSent("The booking API is not running.") from error
        except httpx.TransportError as error:
            raise Unreachable(f"The booking API does not answer ({error}).") from error


def _read(kind: type[Answer], response: httpx.Response) -> Answer:
    """Raises Refused for a problem, Unreachable for an answer of another API than ours."""
    if not response.is_success:
        raise Refused(_problem(response))
    try:
        return kind.model_validate_json(response.content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        told = f"{response.request.url.path}: {where}: {first['msg']}"
        raise Unreachable(f"The booking API answers in a way that is not known ({told}).") from None


def _problem(response: httpx.Response) -> Problem:
    try:
        return Problem.model_validate_json(response.content)
    except ValidationError:
        status = response.status_code
        return Problem(status=status, code=str(status), detail=response.reason_phrase)


def _json(body: Body) -> str:
    """What was set, and nothing else: what is left out keeps its meaning."""
    return body.model_dump_json(exclude_unset=True)


def _id(text: str) -> str:
    """In a path, where an id may hold what means something there."""
    return quote(text, safe="")


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _sent(query: Mapping[str, Any]) -> dict[str, Any]:
    """What was given, instants as UTC with Z."""
    return {name: _plain(value) for name, value in _given(**query).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value


def _sendable(actor: str) -> str:
    try:
        return actor_name(actor)
    except ValueError as wrong:
        raise NotSent(str(wrong)) from None
