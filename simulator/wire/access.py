"""What signing in sends and is answered."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from lake.vocabulary import GlassReason
from simulator.wire.answers import Answer
from simulator.wire.bodies import Body

LONGEST_WORD, LONGEST_SECRET = 200, 100


class SignIn(Body):
    """`new_password`: beside one that was for once, or that is to be changed. `device_secret`: of a
    device that somebody has signed in on before."""

    name: Annotated[str, Field(max_length=60)]
    password: str = Field(max_length=LONGEST_WORD, repr=False)
    new_password: str | None = Field(None, max_length=LONGEST_WORD, repr=False)
    device_secret: str | None = Field(None, max_length=LONGEST_SECRET, repr=False)


class PinSignIn(Body):
    name: Annotated[str, Field(max_length=60)]
    pin: str = Field(max_length=LONGEST_WORD, repr=False)
    device_secret: str = Field(max_length=LONGEST_SECRET, repr=False)


class Proof(Body):
    password: str = Field(max_length=LONGEST_WORD, repr=False)


class NewPassword(Body):
    password: str = Field(max_length=LONGEST_WORD, repr=False)
    new_password: str = Field(max_length=LONGEST_WORD, repr=False)


class NewPin(Body):
    pin: str = Field(max_length=LONGEST_WORD, repr=False)
    device_secret: str = Field(max_length=LONGEST_SECRET, repr=False)


class Device(Body):
    device_secret: str = Field(max_length=LONGEST_SECRET, repr=False)


class Shown(StrEnum):
    """How somebody is shown patients, or takes data away."""

    BOARD = "board_shown"
    SEARCH = "search_shown"
    EXPORT = "data_exported"


class Look(Body):
    """What a page is about to show: `asked` is its question, `ward_ids` those whose patients it
    shows, `detail` what `digest_of` makes of the rest."""

    shown: Shown
    asked: str = Field(max_length=64)
    ward_ids: tuple[Annotated[str, Field(max_length=64)], ...] = Field(max_length=500)
    detail: str | None = Field(None, max_length=64)


def digest_of(asked: Mapping[str, Any]) -> str | None:
    """16 hex digits of what else was asked (another page, another instant is another look); None
    where nothing was."""
    if not asked:
        return None
    return hashlib.sha256(repr(sorted(asked.items())).encode()).hexdigest()[:16]


class NewGlass(Body):
    """Why a patient of another ward is looked at; both are told to managers."""

    reason_code: GlassReason
    reason: str = Field(min_length=10, max_length=500)


class GlassReview(Body):
    """`note`: what the reviewer found."""

    note: str = Field(min_length=1, max_length=500)


class Broken(Answer):
    """`until_at`: the patient is shown till then."""

    glass_id: str
    name: str
    patient_ref: str
    reason_code: str
    reason: str
    broken_at: datetime
    until_at: datetime
    reviewed_by: str | None
    reviewed_at: datetime | None


class BrokenGlass(Answer):
    items: list[Broken]


class Recorded(Answer):
    """How many rows it was."""

    count: int


class ActingRole(Answer):
    role: str
    until_at: datetime


class Who(Answer):
    """Whose session it is. `wards`: a clerk's own. `sees`: those whose patients are shown; null:
    all. `may`: what the roles allow, and where (own_wards, all, with_reason). `is_proved`: the
    password was given within the last five minutes. `is_demo`: of a simulated hospital. `ends_at`:
    when the session ends, whatever is done in it."""

    session_id: str
    name: str
    roles: tuple[str, ...]
    wards: tuple[str, ...]
    sees: tuple[str, ...] | None
    acting: tuple[ActingRole, ...]
    may: dict[str, str]
    is_demo: bool
    is_locked: bool
    is_proved: bool
    ends_at: datetime


class SignedIn(Answer):
    """`secret`: what each further request carries (`Authorization: Bearer ...`). `device_secret`:
    what a PIN is good beside; kept by the device, never shown."""

    secret: str
    device_secret: str
    session: Who


class Names(Answer):
    names: tuple[str, ...]
