"""Digests of what came with an idempotency key: whether it came before with the same body.

A body holds private things, and of a few patients and beds a plain digest is guessed soon: it is
keyed by the hospital's secret. Rows of version 1 have a plain one.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any


def request_digest(body: bytes | None, secret: bytes) -> str | None:
    return None if body is None else hmac.new(secret, body, hashlib.sha256).hexdigest()


def is_of(row: Mapping[str, Any], body: bytes, secret: bytes) -> bool:
    """Whether the row was caused by a request with this body."""
    is_first = (row.get("schema_version") or 1) == 1
    digest = hashlib.sha256(body).hexdigest() if is_first else request_digest(body, secret)
    return hmac.compare_digest(row["request_digest"] or "", digest or "")
