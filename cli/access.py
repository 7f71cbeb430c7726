"""What `./snr user` and `./snr token` work on: the file of the hospital's home.

Whoever owns the file may change it, with no sign-in and beside a running API.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from lake.errors import LakeError
from lake.places import Places
from lake.vocabulary import Role
from simulator.access.gate import Gate
from simulator.domain.errors import NotCarriedOut
from simulator.writer.clock import wall_now


@contextmanager
def gate() -> Iterator[Gate]:
    """Raises LakeError for what cannot be done."""
    opened = Gate.at(Places.from_settings().people, wall_now)
    try:
        yield opened
    except NotCarriedOut as error:
        raise LakeError(
            str(error), "./snr user list and ./snr token list show what there is."
        ) from None
    finally:
        opened.store.close()


def role(word: str) -> Role:
    """Raises LakeError."""
    try:
        return Role(word.strip().lower())
    except ValueError:
        names = ", ".join(one for one in Role if one is not Role.SYSTEM)
        raise LakeError(f"There is no role {ascii(word)[:40]}.", f"One of: {names}.") from None
