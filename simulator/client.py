"""The booking API for programs: typed, over HTTP, knowing only the words.

ClientError
├── Refused       the API answered no; carries the rule, its sentence and what would do instead
└── Unreachable   the API did not answer; whether a change was made is not known
    └── NotSent   there was no API to ask: nothing was changed
"""

from collections.abc import Mapping
from copy import copy
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, Required, Self, TypedDict, TypeVar, Unpack, get_type_hints
from uuid import uuid4

import httpx

from lake.vocabulary import (
    BedStatus,
    BookingState,
    DisplayStatus,
    Disposition,
    EventType,
    OverrideReason,
    RequestState,
)
from simulator.wire.names import actor_name

__all__ = ["actor_name"]

TIMEOUT = httpx.Timeout(5.0, connect=1.0)


class ClientError(Exception):
    """The request was not carried out, as far as this client knows."""


@dataclass(frozen=True)
class Conflict:
    """The booking in the way."""

    booking_id: str
    bed_id: str
    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True)
class Alternative:
    bed_id: str
    reason: str


class Refused(ClientError):
    """`code` is the rule, or another of the API's problem codes. `rules`: all that the request
    breaks; an override may go against them if `can_be_overridden`."""

    def __init__(self, problem: Mapping[str, Any], status: int) -> None:
        self.status = status
        self.code = str(problem.get("code", status))
        self.detail = str(problem.get("detail") or problem.get("title") or self.code)
        conflict = problem.get("conflicts_with")
        self.conflicts_with = _read(Conflict, conflict) if conflict else None
        in_the_way = problem.get("in_the_way") or ([conflict] if conflict else [])
        self.in_the_way = [_read(Conflict, one) for one in in_the_way]
        self.alternatives = [_read(Alternative, a) for a in problem.get("alternatives") or ()]
        self.rules = [str(rule) for rule in problem.get("rules") or ()]
        self.can_be_overridden = bool(problem.get("can_be_overridden"))
        super().__init__(self.detail)


class Unreachable(ClientError):
    """A change may have been made all the same: look before doing it again."""


class NotSent(Unreachable):
    """Nobody took the request: nothing was changed."""


@dataclass(frozen=True)
class Bed:
    bed_id: str
    room_id: str
    ward_id: str
    ward_name: str
    specialty: str
    room_class: str
    is_staffed: bool
    bed_status: BedStatus
    display_status: DisplayStatus
    status_since_at: datetime
    current_booking_id: str | None
    current_patient_ref: str | None
    expected_discharge_at: datetime | None
    next_booking_id: str | None
    next_starts_at: datetime | None
    next_ends_at: datetime | None
    next_is_at_risk: bool
    closed_reason_code: str | None
    closed_until_at: datetime | None
    unreviewed_override_count: int
    seq: int


@dataclass(frozen=True)
class Ward:
    ward_id: str
    ward_name: str
    specialty: str


@dataclass(frozen=True)
class Clock:
    hospital_at: datetime
    wall_at: datetime
    speed: float
    running: bool
    time_zone: str


@dataclass(frozen=True)
class Event:
    seq: int
    event_id: str
    event_type: EventType
    occurred_at: datetime
    recorded_at: datetime
    ward_id: str | None
    bed_id: str | None
    booking_id: str | None
    source: str
    actor: str | None
    note: str | None


@dataclass(frozen=True)
class Booking:
    """`seq` is null where the booking was only read."""

    booking_id: str
    bed_id: str
    patient_ref: str | None
    state: BookingState
    starts_at: datetime
    ends_at: datetime | None
    stay_id: str | None
    spell_id: str | None
    is_discharge_confirmed: bool | None
    is_at_risk: bool | None
    seq: int | None


@dataclass(frozen=True)
class Override:
    """Goes against soft rules: why, as a code and in at least ten characters."""

    reason_code: OverrideReason
    reason: str


class Closing(TypedDict, total=False):
    """`until_at` is planned only; with an override what is booked until then is displaced."""

    reason_code: Required[str]
    reason: Required[str]
    until_at: datetime | None
    override: Override | None


@dataclass(frozen=True)
class OverrideRecord:
    """`replace_by`: who has to find another bed for what was displaced."""

    event_id: str
    rules: list[str]
    bed_id: str
    booking_id: str | None
    actor: str
    reason_code: str
    reason: str
    occurred_at: datetime
    displaced_booking_ids: list[str]
    replace_by: str | None
    reviewed_by: str | None


@dataclass(frozen=True)
class BedRequest:
    """A need without a bed; `boarding_minutes` run until the patient is in bed."""

    bed_request_id: str
    state: RequestState
    patient_ref: str
    ward_id: str | None
    needs: Mapping[str, Any]
    wanted_from: datetime
    requested_at: datetime
    requested_by: str
    displaced_booking_id: str | None
    boarding_minutes: float | None
    suggestions: list[Mapping[str, Any]] | None


@dataclass(frozen=True)
class NewBooking:
    """What a booking asks for; `starts_at` null: now, `ends_at` null: open."""

    bed_id: str
    patient_ref: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    admit: bool | None = None
    needs: Mapping[str, Any] | None = None
    note: str | None = None
    override: Override | None = None


@dataclass(frozen=True)
class Change:
    """An accepted change of a bed."""

    seq: int


@dataclass(frozen=True)
class Simulator:
    running: bool
    speed: float
    seed: int


@dataclass(frozen=True)
class Readiness:
    """`status` is ok, degraded, or why it is not ready; `head_seq` is null until it is."""

    is_ready: bool
    status: str
    head_seq: int | None


class BookingClient:
    """One actor's access to one hospital. Every method raises Refused and Unreachable; an `actor`
    whose name cannot travel is NotSent."""

    def __init__(
        self,
        base_url: str,
        actor: str = "",
        *,
        timeout: httpx.Timeout = TIMEOUT,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        # Names are not always ASCII, headers are: they travel as UTF-8 bytes.
        headers = {b"X-Actor": _sendable(actor).encode()} if actor else {}
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

    def if_unchanged(self, bed: Bed) -> "BookingClient":
        """The same access, for writes about this bed: refused (412) if it has changed since."""
        careful = copy(self)
        careful._seen_seq = bed.seq
        return careful

    def beds(
        self,
        *,
        ward_id: str | None = None,
        status: str | None = None,
        at: datetime | None = None,
    ) -> list[Bed]:
        """Now, or as they were `at` a past hospital instant."""
        return self._list(Bed, "/beds", ward_id=ward_id, status=status, at=at)

    def bed(self, bed_id: str) -> Bed:
        return _read(Bed, self._get(f"/beds/{bed_id}"))

    def wards(self) -> list[Ward]:
        return self._list(Ward, "/wards")

    def clock(self) -> Clock:
        return _read(Clock, self._get("/clock"))

    def events(
        self, *, after_seq: int = 0, limit: int = 100, bed_id: str | None = None
    ) -> list[Event]:
        """The first `limit` events after `after_seq`, oldest first."""
        page = self._get("/events", after_seq=after_seq, limit=limit, bed_id=bed_id)
        return [_read(Event, item) for item in page["items"]]

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
        return self._list(Booking, "/bookings", **filters, at=at)

    def booking(self, booking_id: str) -> Booking:
        return _read(Booking, self._get(f"/bookings/{booking_id}"))

    def book(self, wish: NewBooking) -> Booking:
        return self._booking("/bookings", **asdict(wish))

    def cancel(self, booking_id: str, *, reason_code: str | None = None) -> Booking:
        return self._booking(f"/bookings/{booking_id}/cancel", reason_code=reason_code)

    def change(self, booking_id: str, *, override: Override | None = None, **to: Any) -> Booking:
        """`to`: `bed_id`, `starts_at`, `ends_at`; what is not given stays, `ends_at=None`: open."""
        return self._booking(f"/bookings/{booking_id}/change", keep=to, override=override)

    def admit(self, booking_id: str, *, override: Override | None = None) -> Booking:
        return self._booking(f"/bookings/{booking_id}/admit", override=override)

    def transfer(
        self, booking_id: str, to_bed_id: str, *, override: Override | None = None
    ) -> Booking:
        """The new booking, of the same spell."""
        path = f"/bookings/{booking_id}/transfer"
        return self._booking(path, to_bed_id=to_bed_id, override=override)

    def swap(
        self, booking_id: str, with_booking_id: str, *, override: Override | None = None
    ) -> Booking:
        """The new booking of the first patient."""
        path = f"/bookings/{booking_id}/swap"
        return self._booking(path, with_booking_id=with_booking_id, override=override)

    def confirm_discharge(self, booking_id: str) -> Booking:
        return self._booking(f"/bookings/{booking_id}/discharge/confirm")

    def cancel_event(self, event_id: str, *, note: str | None = None) -> Booking:
        """Undoes an admission, a transfer or a discharge that never was."""
        return self._booking(f"/events/{event_id}/cancel", note=note)

    def overrides(
        self, *, since: datetime | None = None, reviewed: bool | None = None
    ) -> list[OverrideRecord]:
        return self._list(OverrideRecord, "/overrides", since=since, reviewed=reviewed)

    def review_override(self, event_id: str, *, note: str | None = None) -> Change:
        return self._change(f"/overrides/{event_id}/review", note=note)

    def requests(
        self, *, state: RequestState | None = None, ward_id: str | None = None
    ) -> list[BedRequest]:
        """Those that wait, ranked, unless another state is asked for."""
        return self._list(BedRequest, "/requests", state=state, ward_id=ward_id)

    def request(self, bed_request_id: str) -> BedRequest:
        """With the beds that would do."""
        return _read(BedRequest, self._get(f"/requests/{bed_request_id}"))

    def request_bed(
        self,
        patient_ref: str,
        *,
        ward_id: str | None = None,
        needs: Mapping[str, Any] | None = None,
        wanted_from: datetime | None = None,
    ) -> str:
        """The id of the request."""
        body = {"ward_id": ward_id, "needs": needs, "wanted_from": wanted_from}
        return str(self._post("/requests", patient_ref=patient_ref, **body)["bed_request_id"])

    def place_request(
        self,
        bed_request_id: str,
        bed_id: str,
        *,
        ends_at: datetime | None = None,
        admit: bool | None = None,
        override: Override | None = None,
    ) -> Booking:
        path = f"/requests/{bed_request_id}/place"
        return self._booking(path, bed_id=bed_id, ends_at=ends_at, admit=admit, override=override)

    def withdraw_request(self, bed_request_id: str, *, reason_code: str | None = None) -> Change:
        return self._change(f"/requests/{bed_request_id}/withdraw", reason_code=reason_code)

    def discharge(self, booking_id: str, *, disposition: Disposition | None = None) -> Booking:
        return self._booking(f"/bookings/{booking_id}/discharge", disposition=disposition)

    def mark_dirty(self, bed_id: str, *, note: str | None = None) -> Change:
        return self._change(f"/beds/{bed_id}/dirty", note=note)

    def start_cleaning(self, bed_id: str) -> Change:
        return self._change(f"/beds/{bed_id}/cleaning/start")

    def finish_cleaning(self, bed_id: str) -> Change:
        return self._change(f"/beds/{bed_id}/cleaning/finish")

    def stop_cleaning(self, bed_id: str) -> Change:
        return self._change(f"/beds/{bed_id}/cleaning/stop")

    def close_bed(self, bed_id: str, **closing: Unpack[Closing]) -> Change:
        return self._change(f"/beds/{bed_id}/close", **closing)

    def open_bed(self, bed_id: str, *, reason_code: str, reason: str) -> Change:
        return self._change(f"/beds/{bed_id}/open", reason_code=reason_code, reason=reason)

    def start_isolation(self, bed_id: str) -> Change:
        return self._change(f"/beds/{bed_id}/isolation/start")

    def end_isolation(self, bed_id: str) -> Change:
        return self._change(f"/beds/{bed_id}/isolation/end")

    def set_staffed(self, bed_id: str, *, is_staffed: bool) -> Change:
        return self._change(f"/beds/{bed_id}/update", is_staffed=is_staffed)

    def close_ward(self, ward_id: str, **closing: Unpack[Closing]) -> Change:
        return self._change(f"/wards/{ward_id}/close", **closing)

    def open_ward(self, ward_id: str, *, reason_code: str, reason: str) -> Change:
        return self._change(f"/wards/{ward_id}/open", reason_code=reason_code, reason=reason)

    def add_note(self, bed_id: str, note: str) -> Change:
        return self._change(f"/beds/{bed_id}/notes", note=note)

    def simulator(self) -> Simulator:
        return _read(Simulator, self._get("/simulator"))

    def set_simulator(self, wish: Simulator) -> Simulator:
        return _read(Simulator, _answer(self._send("PUT", "/simulator", json=asdict(wish))))

    def ready(self) -> Readiness:
        """Not ready is an answer too, not a refusal."""
        response = self._send("GET", "/health/ready")
        body = _body(response)
        if not response.is_success:
            return Readiness(is_ready=False, status=str(body.get("detail")), head_seq=None)
        return Readiness(is_ready=True, status=body["status"], head_seq=body["head_seq"])

    def _booking(self, path: str, **body: Any) -> Booking:
        return _read(Booking, self._post(path, **body))

    def _change(self, path: str, **body: Any) -> Change:
        return _read(Change, self._post(path, **body))

    def _post(self, path: str, **body: Any) -> dict[str, Any]:
        """Sent a second time with the same key, if the network swallowed the first."""
        headers = {"Idempotency-Key": str(uuid4())}
        if self._seen_seq is not None:
            headers["If-Match"] = f'"{self._seen_seq}"'
        request = {"json": _sent(body), "headers": headers}
        try:
            response = self._send("POST", path, **request)
        except Unreachable:
            response = self._send("POST", path, **request)
        return _answer(response)

    def _get(self, path: str, **query: Any) -> dict[str, Any]:
        return _answer(self._send("GET", path, params=_sent(query)))

    def _list(self, item: type["Answer"], path: str, **query: Any) -> list["Answer"]:
        """Every page of a list."""
        items: list[Answer] = []
        cursor: str | None = None
        while True:
            page = self._get(path, **query, limit=1000, after=cursor)
            items += [_read(item, entry) for entry in page["items"]]
            cursor = page.get("next")
            if cursor is None:
                return items

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **request)
        except httpx.ConnectError as error:
            raise NotSent("The booking API is not running.") from error
        except httpx.TransportError as error:
            raise Unreachable(f"The booking API does not answer ({error}).") from error


def _answer(response: httpx.Response) -> dict[str, Any]:
    body = _body(response)
    if not response.is_success:
        raise Refused(body, response.status_code)
    return body


def _body(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        body = None
    return body if isinstance(body, dict) else {"detail": response.reason_phrase}


def _sent(values: Mapping[str, Any]) -> dict[str, Any]:
    """What was given, instants as UTC with Z; of `keep` also what is null."""
    kept = values.get("keep") or {}
    given = {n: v for n, v in values.items() if n != "keep" and v is not None}
    return {name: _plain(value) for name, value in (given | kept).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Override):
        return asdict(value)
    return value


def _sendable(actor: str) -> str:
    try:
        return actor_name(actor)
    except ValueError as wrong:
        raise NotSent(str(wrong)) from None


Answer = TypeVar("Answer")


def _read(answer: type[Answer], body: Mapping[str, Any]) -> Answer:
    """The fields that this client knows; what the API adds later is passed over."""
    return answer(**{name: _parsed(kind, body.get(name)) for name, kind in _kinds(answer).items()})


def _parsed(kind: Any, value: Any) -> Any:
    if value is None or kind not in _PARSERS:
        return value
    return _PARSERS[kind](value)


_PARSERS: dict[Any, Any] = {
    datetime: datetime.fromisoformat,
    datetime | None: datetime.fromisoformat,
    BedStatus: BedStatus,
    DisplayStatus: DisplayStatus,
    BookingState: BookingState,
    EventType: EventType,
    RequestState: RequestState,
}


def _kinds(answer: type[Any]) -> dict[str, Any]:
    hints = get_type_hints(answer)
    return {field.name: hints[field.name] for field in fields(answer)}
