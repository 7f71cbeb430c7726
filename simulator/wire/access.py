"""What signing in sends and is answered."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, SecretStr

from simulator.wire.answers import Answer
from simulator.wire.bodies import Body

Word = Annotated[SecretStr, Field(max_length=200)]
Secret = Annotated[SecretStr, Field(max_length=100)]


class SignIn(Body):
    """`new_password`: beside one that was for once. `device_secret`: of a device that somebody has
    signed in on before."""

    name: Annotated[str, Field(max_length=60)]
    password: Word
    new_password: Word | None = None
    device_secret: Secret | None = None


class PinSignIn(Body):
    name: Annotated[str, Field(max_length=60)]
    pin: Word
    device_secret: Secret


class Proof(Body):
    password: Word


class NewPassword(Body):
    password: Word
    new_password: Word


class NewPin(Body):
    pin: Word
    device_secret: Secret


class Device(Body):
    device_secret: Secret


class ActingRole(Answer):
    role: str
    until_at: datetime


class Who(Answer):
    """Whose session it is. `wards`: a clerk's own. `is_proved`: the password was given within the
    last five minutes. `ends_at`: when the session ends, whatever is done in it."""

    session_id: str
    name: str
    roles: tuple[str, ...]
    wards: tuple[str, ...]
    acting: tuple[ActingRole, ...]
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
