"""What is kept instead of passwords, PINs, session ids and tokens.

A password is hashed with Argon2id, which costs 64 MiB and about a fifth of a second (RFC 9106,
second recommendation, as pwdlib's defaults are). What the machine itself has drawn is long enough
for a plain SHA-256.
"""

import hashlib
import secrets
from functools import cached_property

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from simulator.domain.errors import InvalidRequest

SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 200
SHORTEST_PIN, LONGEST_PIN = 4, 12
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that are taken for others as they are typed."""


class Hashes:
    """Of passwords and PINs."""

    def __init__(self, hasher: Argon2Hasher | None = None) -> None:
        self._argon2 = PasswordHash((hasher or Argon2Hasher(),))

    def of(self, word: str) -> str:
        return self._argon2.hash(word)

    def are_equal(self, word: str, kept: str | None) -> bool:
        """Takes as long where nothing was kept: nobody learns by it which names there are."""
        is_equal = self._argon2.verify(word, kept or self._of_nobody)
        return is_equal and kept is not None

    @cached_property
    def _of_nobody(self) -> str:
        return self.of(secrets.token_hex())


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def drawn(kind: str) -> str:
    """A session id, a token or a device's secret: 256 bits, with a mark of what it is."""
    return f"snr_{kind}_{secrets.token_urlsafe(32)}"


def one_time_password() -> str:
    """Sixty bits, to be read out and typed."""
    letters = "".join(secrets.choice(LETTERS) for _ in range(12))
    return "-".join((letters[:4], letters[4:8], letters[8:]))


def fit_password(word: str, name: str) -> str:
    """Raises InvalidRequest. NIST SP 800-63B: length counts, composition does not."""
    if not SHORTEST_PASSWORD <= len(word) <= LONGEST_PASSWORD:
        raise InvalidRequest(f"new_password: {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.")
    if len(set(word)) < 4 or name in word.lower():
        raise InvalidRequest("new_password: too easy to guess; it may not hold your name.")
    return word


def fit_pin(pin: str) -> str:
    """Raises InvalidRequest."""
    if not (pin.isascii() and pin.isdigit() and SHORTEST_PIN <= len(pin) <= LONGEST_PIN):
        raise InvalidRequest(f"pin: {SHORTEST_PIN} to {LONGEST_PIN} digits.")
    if len(set(pin)) == 1:
        raise InvalidRequest("pin: not one digit alone.")
    return pin
