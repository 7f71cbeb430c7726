"""What each route asks of whoever calls: every one is named here, or the application does not
start.

What a command asks is for `domain/permissions.py`, as it is staged; what of an answer is shown, for
`sight.py`.
"""

from enum import StrEnum, auto

from fastapi.routing import APIRoute

from simulator.access.gate import Caller
from simulator.access.tokens import Scope
from simulator.domain.errors import Forbidden
from simulator.domain.permissions import Right, must_hold
from simulator.domain.principals import Principal


class Door(StrEnum):
    OPEN = auto()
    """Nobody has to have signed in."""
    SESSION = auto()
    """Whose session it is, locked or not."""
    BOARD = auto()
    """Whoever has signed in; patients are shown to those who may see them."""
    SCREEN = auto()
    """As the board, and for screens that nobody signs in to."""
    PATIENTS = auto()
    """Whoever sees the patients of a ward at least."""
    COMMAND = auto()
    REGISTER = auto()
    METRICS = auto()
    """A service whose token is for that."""

    @property
    def scope(self) -> Scope:
        """What a token must be for."""
        if self is Door.METRICS:
            return Scope.METRICS
        return Scope.WRITE if self in (Door.COMMAND, Door.REGISTER) else Scope.READ

    def let_in(self, who: Principal) -> None:
        """Raises Forbidden."""
        if self is Door.PATIENTS and not (who.is_manager or who.has_wards):
            raise Forbidden("not_permitted", "Your role shows no patients.")
        if self is Door.REGISTER:
            must_hold(Right.REGISTER, who)

    def let_in_a_service(self, caller: Caller) -> None:
        """Raises Forbidden."""
        if self is Door.METRICS and caller.session is not None:
            raise Forbidden("not_permitted", "Metrics are for services: ./snr token add.")
        if self is Door.SCREEN and Scope.SCREEN in caller.scopes:
            return
        caller.must_have(self.scope)


DOORS = {
    Door.OPEN: ("GET /health/live", "GET /health/ready", "POST /sign-in", "POST /sign-in/pin",
                "POST /sign-in/names"),
    Door.SESSION: (
        "GET /session", "POST /session/touch", "POST /session/lock", "POST /session/prove",
        "POST /session/looks",
        "POST /session/end", "PUT /session/password", "PUT /session/pin",
    ),
    Door.BOARD: (
        "GET /beds/{bed_id}", "POST /beds/search", "GET /hospital", "GET /simulator",
        "GET /events",
    ),
    Door.SCREEN: ("GET /beds", "GET /wards", "GET /clock", "GET /events/stream"),
    Door.PATIENTS: (
        "GET /bookings", "GET /bookings/{booking_id}", "GET /patients/{ref}", "GET /lounge",
        "GET /requests", "GET /requests/{bed_request_id}", "POST /requests/match",
        "GET /overrides", "GET /glass",
    ),
    Door.METRICS: ("GET /metrics",),
    Door.REGISTER: ("PUT /simulator",),
    Door.COMMAND: (
        "POST /beds", "POST /beds/{bed_id}/update", "POST /beds/{bed_id}/retire",
        "POST /beds/{bed_id}/dirty", "POST /beds/{bed_id}/cleaning/start",
        "POST /beds/{bed_id}/cleaning/finish", "POST /beds/{bed_id}/cleaning/stop",
        "POST /beds/{bed_id}/isolation/start", "POST /beds/{bed_id}/isolation/end",
        "POST /beds/{bed_id}/close", "POST /beds/{bed_id}/open", "POST /beds/{bed_id}/notes",
        "POST /rooms/{room_id}/close", "POST /rooms/{room_id}/open",
        "POST /rooms/{room_id}/admissions/close", "POST /rooms/{room_id}/admissions/open",
        "POST /rooms/{room_id}/isolation/start", "POST /rooms/{room_id}/isolation/end",
        "POST /wards/{ward_id}/close", "POST /wards/{ward_id}/open",
        "POST /wards/{ward_id}/admissions/close", "POST /wards/{ward_id}/admissions/open",
        "POST /bookings", "POST /bookings/{booking_id}/change",
        "POST /bookings/{booking_id}/cancel", "POST /bookings/{booking_id}/admit",
        "POST /bookings/{booking_id}/transfer", "POST /bookings/{booking_id}/swap",
        "POST /bookings/{booking_id}/progress", "POST /bookings/{booking_id}/leave/start",
        "POST /bookings/{booking_id}/leave/end", "POST /bookings/{booking_id}/absence/start",
        "POST /bookings/{booking_id}/absence/end", "POST /bookings/{booking_id}/contact/end",
        "POST /bookings/{booking_id}/discharge/confirm", "POST /bookings/{booking_id}/discharge",
        "POST /bookings/{booking_id}/lounge/leave",
        "POST /bookings/{booking_id}/discharge/correct", "POST /events/{event_id}/cancel",
        "POST /requests", "POST /requests/{bed_request_id}/change",
        "POST /requests/{bed_request_id}/place", "POST /requests/place-all",
        "POST /requests/{bed_request_id}/withdraw", "POST /patients/{ref}/merge",
        "POST /patients/{ref}/merge/cancel", "POST /overrides/{event_id}/review",
        "POST /patients/{ref}/glass", "POST /glass/{glass_id}/review",
    ),
}  # fmt: skip
DOOR_OF = {way: door for door, ways in DOORS.items() for way in ways}


def door_of(route: APIRoute) -> Door:
    """Raises LookupError for a route that nobody has thought of."""
    method = "".join(sorted(route.methods or ()))
    way = f"{method} {route.path}"
    if way not in DOOR_OF:
        raise LookupError(f"{way} is behind no door: name it in simulator/api/doors.py.")
    return DOOR_OF[way]


def _paths(door: Door) -> frozenset[str]:
    return frozenset(way.split()[1] for way in DOORS[door])


OPEN_PATHS = _paths(Door.OPEN) | {"/openapi.json"}
SESSION_PATHS = _paths(Door.SESSION)
METRICS_PATHS = _paths(Door.METRICS)
STREAM_PATHS = frozenset({"/events/stream"})
