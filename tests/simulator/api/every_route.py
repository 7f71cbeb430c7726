"""Every route of the API with a body that it takes, and a house in which all may be tried."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from lake.vocabulary import Role, Rule
from simulator.access.tokens import Scope
from simulator.domain.changes import Change
from simulator.domain.decisions.decide import decide
from simulator.domain.errors import Refusal
from simulator.domain.hospital import Hospital
from tests.simulator.api.test_sign_in import OTHERS, OWN, House, made
from tests.simulator.people import WORD, header

WHY = {"reason_code": "maintenance", "reason": "the lamp over the bed"}
NEW_BED = {
    "bed_id": "{ward}-109-A", "room_id": "{ward}-109", "ward_id": "{ward}", "ward_name": "x",
    "specialty": "x", "room_class": "general",
}  # fmt: skip
PAIR = {"bed_request_id": "{request}", "bed_id": "{free}", "seq": 1}

ROUTES: dict[str, tuple[str, dict[str, Any] | None]] = {  # what it is, and a body that it takes
    "GET /health/live": ("open", None),
    "GET /health/ready": ("open", None),
    "GET /openapi.json": ("open", None),
    "POST /sign-in": ("open", {"name": "nobody", "password": "x"}),
    "POST /sign-in/pin": ("open", {"name": "nobody"}),
    "POST /sign-in/names": ("open", {"device_secret": "x"}),
    "GET /docs": ("signed", None),
    "GET /docs/oauth2-redirect": ("signed", None),
    "GET /redoc": ("signed", None),
    "GET /metrics": ("meter", None),
    "GET /beds": ("board", None),
    "GET /beds/{bed}": ("board", None),
    "POST /beds/search": ("board", {}),
    "GET /wards": ("board", None),
    "GET /clock": ("board", None),
    "GET /hospital": ("board", None),
    "GET /simulator": ("board", None),
    "GET /events": ("board", None),
    "GET /events/stream": ("board", None),
    "GET /bookings": ("list", None),
    "GET /requests": ("list", None),
    "POST /requests/match": ("list", {}),
    "GET /lounge": ("list", None),
    "GET /overrides": ("list", None),
    "GET /bookings/{stay}": ("patient", None),
    "GET /requests/{request}": ("patient", None),
    "GET /patients/{patient}": ("patient", None),
    "GET /glass": ("list", None),
    "POST /patients/{patient}/glass": (
        "break",
        {"reason_code": "emergency", "reason": "found in the lift"},
    ),
    "POST /glass/{glass}/review": ("review", {"note": "as it should be"}),
    "POST /bookings": ("on bed", {"bed_id": "{free}", "patient_ref": "NEW-1"}),
    "POST /bookings/{booking}/change": ("on patient", {"ends_at": None}),
    "POST /bookings/{booking}/cancel": ("on patient", {}),
    "POST /bookings/{booking}/admit": ("on patient", {}),
    "POST /bookings/{stay}/transfer": ("on patient", {"to_bed_id": "{free}"}),
    "POST /bookings/{stay}/swap": ("on patient", {"with_booking_id": "{stay}"}),
    "POST /bookings/{stay}/progress": ("on patient", {"needs_bed": False}),
    "POST /bookings/{stay}/leave/start": ("on patient", {}),
    "POST /bookings/{stay}/leave/end": ("on patient", {}),
    "POST /bookings/{stay}/absence/start": ("on patient", {}),
    "POST /bookings/{stay}/absence/end": ("on patient", {}),
    "POST /bookings/{stay}/contact/end": ("on patient", {}),
    "POST /bookings/{stay}/discharge/confirm": ("on patient", {}),
    "POST /bookings/{stay}/discharge": ("on patient", {}),
    "POST /bookings/{left}/discharge/correct": ("on patient", {"disposition": "other"}),
    "POST /bookings/{left}/lounge/leave": ("on patient", {}),
    "POST /events/{event}/cancel": ("on patient", {}),
    "POST /patients/{patient}/merge": ("on bed", {"into": "NEW-2"}),
    "POST /patients/{merged}/merge/cancel": ("on patient", {}),
    "POST /requests": ("ask", {"patient_ref": "NEW-1", "ward_id": "{ward}"}),
    "POST /requests/{request}/change": ("on patient", {"ward_id": "{ward}"}),
    "POST /requests/{request}/place": ("on patient", {"bed_id": "{free}"}),
    "POST /requests/{request}/withdraw": ("on patient", {}),
    "POST /requests/place-all": ("on patient", {"pairs": [PAIR]}),
    "POST /beds/{free}/notes": ("on bed", {"note": "x"}),
    "POST /beds/{free}/dirty": ("on bed", {}),
    "POST /beds/{free}/cleaning/start": ("on bed", {}),
    "POST /beds/{free}/cleaning/finish": ("on bed", {}),
    "POST /beds/{free}/cleaning/stop": ("on bed", {}),
    "POST /beds/{bed}/isolation/start": ("on bed", {}),
    "POST /beds/{bed}/isolation/end": ("on bed", {}),
    "POST /rooms/{room}/isolation/start": ("on bed", {}),
    "POST /rooms/{room}/isolation/end": ("on bed", {}),
    "POST /beds/{free}/update": ("manage", {"is_staffed": False, "note": "x"}),
    "POST /beds/{free}/close": ("manage", WHY),
    "POST /beds/{free}/open": ("manage", WHY),
    "POST /rooms/{room}/close": ("manage", WHY),
    "POST /rooms/{room}/open": ("manage", WHY),
    "POST /rooms/{room}/admissions/close": ("manage", WHY),
    "POST /rooms/{room}/admissions/open": ("manage", WHY),
    "POST /wards/{ward}/close": ("manage", WHY),
    "POST /wards/{ward}/open": ("manage", WHY),
    "POST /wards/{ward}/admissions/close": ("manage", WHY),
    "POST /wards/{ward}/admissions/open": ("manage", WHY),
    "POST /overrides/{event}/review": ("manage", {"note": "seen"}),
    "POST /beds": ("run", NEW_BED),
    "POST /beds/{free}/retire": ("run", {}),
    "PUT /simulator": ("run", {"running": False, "speed": 60, "seed": 1}),
}
OF_A_SESSION: dict[str, dict[str, Any] | None] = {
    "GET /session": None,
    "POST /session/touch": None,
    "POST /session/lock": None,
    "POST /session/end": None,
    "POST /session/looks": {"shown": "board_shown", "asked": "beds", "ward_ids": ["W1"]},
    "POST /session/prove": {"password": WORD},
    "PUT /session/password": {"password": WORD, "new_password": "another long walk home"},
    "PUT /session/pin": {"pin": "4821", "device_secret": "{device}"},
}
DECIDED = Rule.LOUNGE_FULL
"""What everything that is let by is refused with."""
NOTHING_TO_DO = ("wrong_mode", Rule.ILLEGAL_STATUS_CHANGE)
"""What is said before, of a room without closed beds or a hospital that is not simulated."""


NOT_TRIED = {"GET /events/stream", "GET /docs", "GET /docs/oauth2-redirect", "GET /redoc",
             "GET /openapi.json", "POST /session/end", "POST /session/lock"}  # fmt: skip
"""They end the session that asks, or never answer, or are documents."""


def template_of(way: str) -> str:
    """As the API's own document calls it."""
    names = {"{bed}": "{bed_id}", "{free}": "{bed_id}", "{stay}": "{booking_id}",
             "{booking}": "{booking_id}", "{left}": "{booking_id}", "{room}": "{room_id}",
             "{request}": "{bed_request_id}", "{event}": "{event_id}", "{ward}": "{ward_id}",
             "{glass}": "{glass_id}",
             "{patient}": "{ref}", "{merged}": "{ref}"}  # fmt: skip
    for ours, theirs in names.items():
        way = way.replace(ours, theirs)
    return way


@dataclass
class Gated(House):
    """With a token of each kind, and more that lies there on both wards. What is let by comes as
    far as what the hospital decides, and no further: nothing changes."""

    device: str = "x"

    def filled(self, part: Any, ward_id: str) -> Any:
        """With the ids of the ward in their places."""
        if isinstance(part, str):
            return part.format(**self.there(ward_id))
        if isinstance(part, dict):
            return {name: self.filled(value, ward_id) for name, value in part.items()}
        return [self.filled(one, ward_id) for one in part] if isinstance(part, list) else part

    def there(self, ward_id: str) -> dict[str, str]:
        patient = OWN if ward_id == "W1" else OTHERS
        return {
            "ward": ward_id, "room": f"{ward_id}-102", "bed": f"{ward_id}-101-A",
            "free": f"{ward_id}-102-B", "patient": patient, "merged": f"{patient}-M",
            "device": self.device, "glass": "g1",
        } | {
            what: self.ids[f"{what} {ward_id}"]
            for what in ("stay", "booking", "request", "event", "left")
        }  # fmt: skip

    async def fill_more(self) -> None:
        self.desk.engine.hospital.house = replace(self.desk.engine.hospital.house, lounge_places=9)
        for ward_id, patient in (("W1", OWN), ("W2", OTHERS)):
            body = {"bed_id": f"{ward_id}-102-B", "patient_ref": f"{patient}-L", "admit": True}
            body |= {"needs": {"sex": "female"}}
            answer = await self.post("manager", "/bookings", body)
            left = self.ids[f"left {ward_id}"] = answer.json()["booking_id"]
            path, home = f"/bookings/{left}/discharge", {"disposition": "home", "to_lounge": True}
            assert (await self.post("manager", path, home)).is_success
            merge = f"/patients/{patient}-M/merge"
            assert (await self.post("manager", merge, {"into": patient})).is_success
        scopes = {"reading": Scope.READ, "writing": Scope.WRITE, "metering": Scope.METRICS}
        for name, scope in scopes.items():
            secret = self.gate.tokens.add(name, Role.MANAGER, scopes=[scope])
            self.secrets[f"{name} token"] = secret

    async def call(self, who: str, way: str, ward_id: str) -> httpx.Response:
        method, path = self.filled(way, ward_id).split()
        _, body = ROUTES.get(way) or ("", OF_A_SESSION[way])
        secret = self.secrets.get(who.removesuffix(" elsewhere"))
        headers = {"authorization": header(secret)} if secret else {}
        more = {} if body is None else {"json": self.filled(body, ward_id)}
        return await self.api.request(method, path, headers=headers, **more)


def compact(house: House) -> None:
    """What is asked of the log is answered sooner from one file than from many."""
    house.desk._event_log.compact(datetime.now(UTC).date())


async def gated_in(home: Path, *, is_recorded: bool = False) -> AsyncIterator[Gated]:
    async for one in made(home, is_recorded=is_recorded):
        house = Gated(**vars(one))
        await house.fill_more()
        compact(house)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("simulator.writer.engine.decide", _refusing(house))
            patch.setattr("simulator.api.routes.events._stream", _no_events)
            yield house


async def _no_events(*_: Any) -> AsyncIterator[dict[str, str]]:
    """A stream that ends."""
    for nothing in ():
        yield nothing


def _refusing(house: Gated) -> Callable[..., list[Change]]:
    def refuse(hospital: Hospital, *rest: Any) -> list[Change]:
        if hospital is house.desk.engine.hospital:
            raise Refusal(DECIDED)
        return decide(hospital, *rest)

    return refuse
