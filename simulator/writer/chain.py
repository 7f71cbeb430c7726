"""The hash chain of the log: each row's hash covers the row and the hash before it.

`patient_ref` and `note` enter as salted digests, so that a later purge can put the digest in the
place of the content and the chain still holds. The salt is the hospital's secret.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex
from typing import Any

import orjson

from lake.errors import LakeError

PRIVATE_COLUMNS = ("patient_ref", "current_patient_ref", "next_patient_ref", "note")
PURGED = "purged:"
FIRST_HASH = "0" * 64


def link(previous_hash: str, row: Mapping[str, Any], salt: bytes) -> str:
    """`chain_hash` of a row whose other columns are filled; null columns do not count."""
    public = {
        name: value for name, value in row.items() if value is not None and name != "chain_hash"
    }
    for name in PRIVATE_COLUMNS:
        if name in public:
            public[name] = private_digest(public[name], row["event_id"], salt)
    body = orjson.dumps(public, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)
    return hashlib.sha256(previous_hash.encode() + body).hexdigest()


def private_digest(value: str, event_id: str, salt: bytes) -> str:
    """Salted digest of one value, or the digest that a purge has put in its place."""
    if value.startswith(PURGED):
        return value.removeprefix(PURGED)
    return hashlib.sha256(salt + event_id.encode() + value.encode()).hexdigest()


def read_or_make_salt(folder: Path) -> bytes:
    """Raises LakeError for a salt that was lost: without it the chain cannot be checked."""
    path = folder / "chain_salt"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_safely(path, token_hex(16))
    salt = path.read_text().encode()
    if not salt:
        raise LakeError(f"{path} is empty.", "Restore it from a backup (docs/runbook.md).")
    return salt


def _write_safely(path: Path, text: str) -> None:
    """On disk, whole and for its owner only, before it has its name."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.write(file, text.encode())
    os.fsync(file)
    os.close(file)
    new.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
