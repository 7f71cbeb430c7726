"""The booking API for programs: typed, over HTTP, knowing only the words.

ClientError
├── Refused       the API answered no; carries the rule, its sentence and what would do instead
└── Unreachable   the API did not answer; whether a change was made is not known
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, Self, TypeVar, get_type_hints
from uuid import uuid4

import httpx

from lake.vocabulary import BedStatus, BookingState, DisplayStatus, Disposition, EventType

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
    """`code` is the rule, or another of the API's problem codes."""

    def __init__(self, problem: Mapping[str, Any], status: int) -> None:
        self.status = status
        self.code = str(problem.get("code", status))
        self.detail = str(problem.get("detail") or problem.get("title") or self.code)
        conflict = problem.get("conflicts_with")
        self.conflicts_with = _read(Conflict, conflict) if conflict else None
        self.alternatives = [_read(Alternative, a) for a in problem.get("alternatives") or ()]
        super().__init__(self.detail)


class Unreachable(ClientError):
    """A change may have been made all the same: look before doing it again."""


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
    closed_reason_code: str | None
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
    seq: int | None


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
    """One actor's access to one hospital. Every method raises Refused and Unreachable."""

    def __init__(
        self,
        base_url: str,
        actor: str = "",
        *,
        timeout: httpx.Timeout = TIMEOUT,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        # Names are not always ASCII, headers are: they travel as UTF-8 bytes.
        headers = {b"X-Actor": actor.encode()} if actor else {}
        self._http = httpx.Client(
            base_url=base_url,
            headers=headers,
            timeout=timeout,
            transport=transport,
            trust_env=False,  # the proxy of an office network does not know 127.0.0.1
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def beds(self, *, ward_id: str | None = None, status: str | None = None) -> list[Bed]:
        return self._list(Bed, "/beds", ward_id=ward_id, status=status)

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
        self, *, bed_id: str | None = None, state: str | None = None, patient_ref: str | None = None
    ) -> list[Booking]:
        return self._list(Booking, "/bookings", bed_id=bed_id, state=state, patient_ref=patient_ref)

    def booking(self, booking_id: str) -> Booking:
        return _read(Booking, self._get(f"/bookings/{booking_id}"))

    def book(self, wish: NewBooking) -> Booking:
        return self._booking("/bookings", **asdict(wish))

    def cancel(self, booking_id: str, *, reason_code: str | None = None) -> Booking:
        return self._booking(f"/bookings/{booking_id}/cancel", reason_code=reason_code)

    def admit(self, booking_id: str) -> Booking:
        return self._booking(f"/bookings/{booking_id}/admit")

    def transfer(self, booking_id: str, to_bed_id: str) -> Booking:
        """The new booking, of the same spell."""
        return self._booking(f"/bookings/{booking_id}/transfer", to_bed_id=to_bed_id)

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

    def close_bed(
        self, bed_id: str, *, reason_code: str, reason: str, until_at: datetime | None = None
    ) -> Change:
        return self._change(
            f"/beds/{bed_id}/close", reason_code=reason_code, reason=reason, until_at=until_at
        )

    def open_bed(self, bed_id: str, *, reason_code: str, reason: str) -> Change:
        return self._change(f"/beds/{bed_id}/open", reason_code=reason_code, reason=reason)

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
        request = {"json": _sent(body), "headers": {"Idempotency-Key": str(uuid4())}}
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
    """What was given, instants as UTC with Z."""
    return {name: _plain(value) for name, value in values.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value


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
}


def _kinds(answer: type[Any]) -> dict[str, Any]:
    hints = get_type_hints(answer)
    return {field.name: hints[field.name] for field in fields(answer)}
