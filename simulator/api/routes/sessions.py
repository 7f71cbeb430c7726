"""Signing in, by password or by PIN; the session: looked at, locked, proved, ended.

What is slow on purpose (Argon2) runs in two threads of its own, so that no flood of sign-ins takes
the machine from those who book.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import Response

from lake.vocabulary import AuditType
from simulator.access.errors import (
    NotSignedIn,
    PasswordNeeded,
    TooManyAttempts,
    WrongPassword,
)
from simulator.access.gate import Gate
from simulator.access.sessions import LONGEST, Session
from simulator.access.sessions import SignedIn as Opened
from simulator.api.answers import json_of
from simulator.api.attempts import Attempts
from simulator.api.call import LimitedRoute
from simulator.api.hashing import Claimant, HashingPlaces
from simulator.api.problems import PROBLEMS
from simulator.api.recording import entry_by, trail_of
from simulator.domain.errors import NotCarriedOut, NotThere, TryAgain
from simulator.domain.permissions import rights_of
from simulator.wire import access as w
from simulator.writer.audit import Entry

Answer = TypeVar("Answer")

HASHING = ThreadPoolExecutor(2, thread_name_prefix="hashing")
"""Each hash takes 64 MiB."""

router = APIRouter(tags=["sessions"], responses=PROBLEMS, route_class=LimitedRoute)


def gate_of(request: Request) -> Gate:
    """Raises NotThere where nobody signs in."""
    gate: Gate | None = request.app.state.gate
    if gate is None:
        raise NotThere("Nobody signs in here: SNR_AUTH is off.")
    return gate


def address_of(request: Request) -> str:
    """Of the browser: a service that has shown its token is believed whom it speaks for."""
    with suppress(NotCarriedOut):
        caller = gate_of(request).caller(request.headers.get("authorization"))
        if caller.is_dashboard and (told := request.headers.get("x-client-address")):
            return told[:64]
    return request.client.host if request.client else ""


def _attempts(request: Request) -> Attempts:
    attempts: Attempts = request.app.state.attempts
    return attempts


def _known_as(session: Session) -> str:
    """In counts: the device, however many sessions a PIN opens on it."""
    return session.device or session.session_id


def _session(request: Request) -> Session:
    return gate_of(request).session(request.headers.get("authorization"))


async def _hashing(request: Request, work: Callable[[], Answer], known_name: str = "") -> Answer:
    """Raises Overloaded where too many wait for it already."""
    places: HashingPlaces = request.app.state.hashing
    with places.one_for(_claimant(request, known_name)):
        return await asyncio.get_running_loop().run_in_executor(HASHING, work)


def _must_have_room(request: Request, known_name: str = "") -> None:
    """Before an attempt is counted: one that was not tried is none. Raises Overloaded."""
    places: HashingPlaces = request.app.state.hashing
    places.must_have_room(_claimant(request, known_name))


def _claimant(request: Request, known_name: str) -> Claimant:
    """`known_name`: of who has signed in on this device before."""
    if known_name:
        return Claimant(known_name.strip().lower(), is_known=True)
    with suppress(NotSignedIn):
        return Claimant(_session(request).person.name, is_known=True)
    return Claimant(address_of(request), is_known=False)


@router.post("/sign-in", status_code=201, response_model=w.SignedIn)
async def sign_in(request: Request, body: w.SignIn) -> Response:
    """With name and password."""
    gate = gate_of(request)
    _must_be_recordable(request)
    known = gate.sessions.known_device(body.device_secret, body.name)
    known_name = body.name if known else ""
    _must_have_room(request, known_name)
    attempt = _attempts(request).of(body.name, address_of(request), known)
    with _failures(request, body.name), attempt:
        opened = await _hashing(
            request,
            lambda: gate.sessions.sign_in(
                body.name,
                body.password,
                body.new_password,
                body.device_secret,
            ),
            known_name,
        )
    if body.new_password is not None:
        await _record(request, AuditType.PASSWORD_CHANGED, opened.session)
    await _record(request, AuditType.SIGNED_IN, opened.session)
    return _signed_in(gate, opened)


@router.post("/sign-in/pin", status_code=201, response_model=w.SignedIn)
async def sign_in_with_pin(request: Request, body: w.PinSignIn) -> Response:
    """With a PIN, on a device where the person has signed in with the password within 12 hours.
    Nobody guesses a device's secret: where it is not known nothing is hashed, whoever is named."""
    gate, name = gate_of(request), body.name.strip().lower()
    with _failures(request, body.name):
        if name not in gate.sessions.names_on(body.device_secret):
            raise NotSignedIn("Sign in with your password on this device.")
        opened = await _hashing(
            request,
            lambda: gate.sessions.sign_in_with_pin(body.device_secret, name, body.pin),
            known_name=name,
        )
    await _record(request, AuditType.SIGNED_IN, opened.session)
    return _signed_in(gate, opened)


@router.post("/sign-in/names", response_model=w.Names)
async def names(request: Request, body: w.Device) -> Response:
    """Who may sign in with a PIN on this device."""
    known = gate_of(request).sessions.names_on(body.device_secret)
    return json_of(w.Names(names=tuple(known)))


@router.get("/session", response_model=w.Who)
async def session(request: Request) -> Response:
    """Whose it is, locked or not."""
    return json_of(_who(gate_of(request), _session(request)))


@router.post("/session/touch", response_model=w.Who)
async def touch(request: Request) -> Response:
    """Somebody is at the device: it is not idle. A locked session stays locked."""
    gate, session = gate_of(request), _session(request)
    if not session.is_locked:
        await asyncio.to_thread(gate.sessions.touch, session)
    return json_of(_who(gate, session))


@router.post("/session/lock", response_model=w.Who)
async def lock(request: Request) -> Response:
    """Nothing more is shown or done in it until its password is given, or a PIN opens another."""
    gate = gate_of(request)
    await asyncio.to_thread(gate.sessions.lock, _session(request))
    gate.forget()
    return json_of(_who(gate, _session(request)))


@router.post("/session/prove", response_model=w.Who)
async def prove(request: Request, body: w.Proof) -> Response:
    """The password once more: opens a locked session, and for five minutes what asks for it."""
    gate, session = gate_of(request), _session(request)
    password = body.password
    _must_have_room(request)
    attempt = _attempts(request).of(session.person.name, "", _known_as(session))
    with _failures(request, session.person.name), attempt:
        await _hashing(request, lambda: gate.sessions.prove(session, password))
    gate.forget()
    return json_of(_who(gate, _session(request)))


@router.post("/session/end", response_model=w.Who)
async def end(request: Request) -> Response:
    """Sign out: answers with what has ended."""
    gate, session = gate_of(request), _session(request)
    await asyncio.to_thread(gate.sessions.end, session)
    gate.forget()
    with suppress(TryAgain):  # whoever leaves has left
        await _record(request, AuditType.SIGNED_OUT, session)
    return json_of(_who(gate, session))


@router.put("/session/password", status_code=201, response_model=w.SignedIn)
async def change_password(request: Request, body: w.NewPassword) -> Response:
    """Ends all that is open of the person, and begins anew."""
    gate, session = gate_of(request), _session(request)
    _must_be_recordable(request)
    _must_have_room(request)
    password, new = body.password, body.new_password
    attempt = _attempts(request).of(session.person.name, "", _known_as(session))
    with _failures(request, session.person.name), attempt:
        opened = await _hashing(
            request, lambda: gate.sessions.change_password(session, password, new)
        )
    await _record(request, AuditType.PASSWORD_CHANGED, opened.session)
    return _signed_in(gate, opened)


@router.put("/session/pin", response_model=w.Who)
async def set_pin(request: Request, body: w.NewPin) -> Response:
    """For this device; takes the password of a moment ago."""
    gate, session = gate_of(request), _session(request)
    _must_be_open(session)
    if not session.is_proved_at(gate.clock()):
        raise PasswordNeeded
    device, pin = body.device_secret, body.pin
    await _hashing(request, lambda: gate.sessions.set_pin(session, device, pin))
    return json_of(_who(gate, session))


@router.post("/session/looks", response_model=w.Recorded)
async def look(request: Request, body: w.Look) -> Response:
    """What a page of the dashboard is about to show; once this is answered it may."""
    session, trail = _session(request), trail_of(request)
    _must_be_open(session)
    who, entries = session.person.principal, []
    kind = AuditType(body.shown.value)
    entry = entry_by(kind, who, session, f"page: {body.asked}")
    if body.shown is w.Shown.EXPORT:
        entries = [entry]
    elif who.is_manager or who.has_wards:
        own = who.sees_wards  # of a manager, wards that have no bed any more too
        shown = {*body.ward_ids} if own is None else {*body.ward_ids} & {*own}
        wards: list[str | None] = [*sorted(shown)] or ([] if body.ward_ids else [None])
        entries = [replace(entry, ward_id=ward_id, detail=body.detail) for ward_id in wards]
    if trail is not None and body.shown is w.Shown.EXPORT:
        await trail.record(*entries)
    elif trail is not None:
        await trail.record_once(*entries)
    return json_of(w.Recorded(count=len(entries)))


def _must_be_open(session: Session) -> None:
    """Raises NotSignedIn."""
    if session.is_locked:
        raise NotSignedIn("The session is locked.")


def _must_be_recordable(request: Request) -> None:
    """Raises NotReady and StorageUnavailable."""
    if (trail := trail_of(request)) is not None:
        trail.must_be_open()


async def _record(request: Request, kind: AuditType, session: Session) -> None:
    """Raises what `Trail.record` raises."""
    if (trail := trail_of(request)) is not None:
        asked = f"{request.method} {request.url.path}"
        entry = entry_by(kind, session.person.principal, session, asked)
        await trail.record(replace(entry, address=address_of(request)))


@contextmanager
def _failures(request: Request, name: str) -> Iterator[None]:
    """Counted by who it was to be, if there is such a person: a name that is none may be a
    password."""
    try:
        yield
    except (WrongPassword, NotSignedIn, TooManyAttempts):
        person = gate_of(request).people.find(name.strip().lower())
        if (trail := trail_of(request)) is not None:
            trail.count(
                Entry(
                    AuditType.SIGN_IN_FAILED,
                    actor=person.name if person else None,
                    address=address_of(request),
                    asked=f"{request.method} {request.url.path}",
                )
            )
        raise


def _signed_in(gate: Gate, opened: Opened) -> Response:
    gate.forget()
    answer = w.SignedIn(
        secret=opened.secret, device_secret=opened.device_secret, session=_who(gate, opened.session)
    )
    return json_of(answer, 201)


def _who(gate: Gate, session: Session) -> w.Who:
    person = session.person
    return w.Who(
        session_id=session.session_id,
        name=person.name,
        roles=tuple(sorted(person.roles)),
        wards=tuple(sorted(person.wards)),
        sees=None if (seen := person.principal.sees_wards) is None else tuple(seen),
        may={right.value: reach.value for right, reach in rights_of(person.principal).items()},
        acting=tuple(w.ActingRole(role=role, until_at=until) for role, until in person.acting),
        is_demo=person.is_demo,
        is_locked=session.is_locked,
        is_proved=session.is_proved_at(gate.clock()),
        ends_at=session.started_at + LONGEST,
    )
