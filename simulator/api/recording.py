"""What the API records besides changes (`writer/audit.py`): refusals, and whose patients it shows.

Of whoever has signed in, and of services; what is shown is recorded first. Each route that shows
patients is named here, or the application does not start.
"""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute

from lake.vocabulary import AuditType, canonical_ref
from simulator.access.gate import Caller
from simulator.access.sessions import Session
from simulator.api.doors import Door, door_of
from simulator.domain.errors import (
    Forbidden,
    NotCarriedOut,
    NotReady,
    NotThere,
    Outdated,
    Refusal,
)
from simulator.domain.hospital import Hospital
from simulator.domain.principals import Principal
from simulator.wire.access import digest_of
from simulator.writer.audit import Entry, Trail

LOOKS: Mapping[str, AuditType] = {
    "GET /beds": AuditType.BOARD_SHOWN,
    "GET /beds/{bed_id}": AuditType.BED_SHOWN,
    "POST /beds/search": AuditType.SEARCH_SHOWN,
    "GET /events": AuditType.SEARCH_SHOWN,
    "GET /events/stream": AuditType.EVENTS_FOLLOWED,
    "GET /bookings": AuditType.SEARCH_SHOWN,
    "GET /bookings/{booking_id}": AuditType.PATIENT_SHOWN,
    "GET /patients/{ref}": AuditType.PATIENT_SHOWN,
    "GET /lounge": AuditType.SEARCH_SHOWN,
    "GET /requests": AuditType.SEARCH_SHOWN,
    "GET /requests/{bed_request_id}": AuditType.PATIENT_SHOWN,
    "POST /requests/match": AuditType.SEARCH_SHOWN,
    "GET /overrides": AuditType.SEARCH_SHOWN,
}
OF_NO_PATIENT = {"GET /wards", "GET /clock", "GET /hospital", "GET /simulator", "GET /glass"}

REFUSED = (Refusal, Forbidden, NotThere, Outdated)
NAMES = ("ward_id", "bed_id", "booking_id", "bed_request_id", "patient_ref")
ELSE = {"bed_id": "to_bed_id"}
"""Of a command that names no bed but where to."""
LONGEST = 64


def way_of(route: APIRoute) -> str:
    """Its method and template. Raises LookupError for one that shows patients and is not here."""
    way = f"{''.join(sorted(route.methods or ()))} {route.path}"
    if (
        door_of(route) in (Door.BOARD, Door.SCREEN, Door.PATIENTS)
        and way not in LOOKS.keys() | OF_NO_PATIENT
    ):
        raise LookupError(f"{way} is shown to whom? Name it in simulator/api/recording.py.")
    return way


async def record_look(request: Request, way: str, who: Principal, hospital: Hospital) -> None:
    """That patients are about to be shown, if any are for these eyes. Raises what `Trail.record`
    raises."""
    trail, kind = trail_of(request), LOOKS.get(way)
    if trail is None or kind is None or not (who.is_manager or who.has_wards):
        return
    asked = await _asked_for(request)
    entry = _entry(kind, request, way, asked)
    if kind is AuditType.BOARD_SHOWN and "at" in asked:  # of wards that may be none any more
        await trail.record_once(replace(entry, event_type=AuditType.SEARCH_SHOWN))
    elif kind is AuditType.BOARD_SHOWN:
        await trail.record_once(
            *(
                replace(entry, ward_id=ward_id, detail=None)
                for ward_id in wards_shown(who, hospital, asked.get("ward_id"))
            )
        )
    else:
        await trail.record_once(entry)


async def record_refusal(request: Request, error: NotCarriedOut) -> None:
    """Of who has signed in, by a rule or by a right; what cannot be meant is not recorded. Raises
    what `Trail.record` raises."""
    trail = trail_of(request)
    if trail is None or "caller" not in request.scope or "route" not in request.scope:
        return
    if not isinstance(error, REFUSED):
        return
    route = request.scope["route"]
    is_change = door_of(route) in (Door.COMMAND, Door.REGISTER)
    kind = AuditType.CHANGE_REFUSED if is_change else AuditType.READ_REFUSED
    asked = dict(request.path_params) | _named(error.command)
    entry = _entry(kind, request, way_of(route), asked, code=_code(error))
    if is_change:
        await trail.record(entry)
    else:
        await trail.record_once(entry)


async def record_glass_shown(request: Request, patient_refs: Iterable[str]) -> None:
    """Raises what `Trail.record` raises."""
    if (trail := trail_of(request)) is not None:
        way = way_of(request.scope["route"])
        entries = [
            _entry(AuditType.PATIENT_SHOWN, request, way, {"patient_ref": ref})
            for ref in patient_refs
        ]
        await trail.record_once(*entries)


async def record_glass(
    request: Request, kind: AuditType, patient_ref: str, reason_code: str, reason: str
) -> None:
    """That it is about to be broken, or was reviewed. Raises what `Trail.record` raises, and
    NotReady where nothing is recorded."""
    trail = trail_of(request)
    if trail is None:
        raise NotReady("Nothing is recorded here, so the glass stays whole.")
    entry = _entry(kind, request, way_of(request.scope["route"]), {"patient_ref": patient_ref})
    await trail.record(replace(entry, reason_code=reason_code, reason=reason))


def count_unsigned(trail: Trail | None, address: str) -> None:
    """Somebody who has not signed in was turned away."""
    if trail is not None:
        trail.count(Entry(AuditType.UNSIGNED_REFUSED, address=address))


def count_refused(trail: Trail | None, caller: Caller, scope: Mapping[str, Any], code: str) -> None:
    """Somebody was turned away before any route; what is asked each second by what is set up
    wrongly is a row a minute."""
    if trail is not None:
        asked = f"{scope['method']} {scope['path']}"
        entry = entry_by(AuditType.READ_REFUSED, caller.who, caller.session, asked)
        trail.count(replace(entry, code=code))


def trail_of(request: Request) -> Trail | None:
    """None: nobody signs in here."""
    trail: Trail | None = request.app.state.trail
    return trail


def entry_by(kind: AuditType, who: Principal, session: Session | None, asked: str) -> Entry:
    """`session` None: a token's."""
    return Entry(
        kind,
        actor=who.actor,
        roles=" ".join(sorted(who.roles)),
        session_id=session.session_id if session else None,
        asked=asked,
    )


def _entry(
    kind: AuditType,
    request: Request,
    asked_what: str,
    asked: Mapping[str, Any],
    code: str | None = None,
) -> Entry:
    caller: Caller = request.scope["caller"]
    ref = _word(asked.get("patient_ref") or asked.get("ref"))
    return replace(
        entry_by(kind, caller.who, caller.session, asked_what),
        code=code,
        ward_id=_word(asked.get("ward_id")),
        bed_id=_word(asked.get("bed_id")),
        booking_id=_word(asked.get("booking_id")),
        bed_request_id=_word(asked.get("bed_request_id")),
        patient_ref=canonical_ref(ref) if ref else None,
        detail=digest_of({name: asked[name] for name in sorted(asked.keys() - set(NAMES))}),
    )


def wards_shown(who: Principal, hospital: Hospital, wanted: str | None = None) -> list[str]:
    """Whose patients a board shows."""
    own = who.sees_wards
    every = sorted({bed.ward_id for bed in hospital.registered_beds}) if own is None else own
    return [ward_id for ward_id in every if wanted in (None, ward_id)]


async def _asked_for(request: Request) -> dict[str, Any]:
    """By path, parameters and, of a search, body."""
    asked: dict[str, Any] = dict(request.path_params) | dict(request.query_params)
    if (last_seen := request.headers.get("last-event-id")) is not None:
        asked["last_event_id"] = last_seen
    if request.method == "POST":
        with suppress(ValueError):
            said = json.loads(await request.body())
            asked |= said if isinstance(said, dict) else {}
    return asked


def _named(command: object) -> dict[str, Any]:
    return {
        name: getattr(command, name, None) or getattr(command, ELSE.get(name, ""), None)
        for name in NAMES
    }


def _word(value: object) -> str | None:
    return value[:LONGEST] if isinstance(value, str) and value else None


def _code(error: NotCarriedOut) -> str:
    return " ".join(error.rules) if isinstance(error, Refusal) else error.code
