"""Digests of what came with an idempotency key: whether it came before with the same body.

A body holds private things, and of a few patients and beds a plain digest is guessed soon: it is
keyed by the hospital's secret. Rows of version 1 have a plain one.
"""

import hashlib
import hmac


def request_digest(body: bytes | None, secret: bytes) -> str | None:
    return None if body is None else hmac.new(secret, body, hashlib.sha256).hexdigest()


def is_of(digest: str | None, body: bytes, secret: bytes, schema_version: int | None) -> bool:
    """Whether this is the digest of the body, as rows of this version have it."""
    is_first = (schema_version or 1) == 1
    expected = hashlib.sha256(body).hexdigest() if is_first else request_digest(body, secret)
    return hmac.compare_digest(digest or "", expected or "")
