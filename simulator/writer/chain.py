"""The hash chain of the log: each row's hash covers the row and the hash before it.

What is private (`PRIVATE_COLUMNS`, per version of the row) enters it by a digest only, so that it
can be destroyed later and the chain still holds.

Version 2: `private_digest` covers the row's private columns and `private_salt`, which is random for
each row. Without the salt nobody can try out whom the digest could be of.
Version 1: each private column enters as a digest salted with the hospital's secret; a purge put the
digest in the place of the content.
"""

import hashlib
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any

import orjson

from lake.errors import LakeError
from lake.tables import PRIVATE_COLUMNS, SCHEMA_VERSION
from simulator.writer.disk import write_safely

PURGED = "purged:"
FIRST_HASH = "0" * 64
OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z

PRIVATE_CONTENT = [name for name in PRIVATE_COLUMNS[SCHEMA_VERSION] if name != "private_salt"]
NOT_LINKED = {version: {*names, "chain_hash"} for version, names in PRIVATE_COLUMNS.items()}

Row = Mapping[str, Any]


def link(previous_hash: str, row: Row, secret: bytes) -> str:
    """`chain_hash` of a row whose other columns are filled; null columns do not count.

    `secret`: the hospital's, for rows of version 1.
    """
    version = row.get("schema_version") or 1
    left_out = NOT_LINKED[version]
    public = {n: value for n, value in row.items() if value is not None and n not in left_out}
    if version == 1:
        private = ((n, row[n]) for n in PRIVATE_COLUMNS[1] if row.get(n) is not None)
        public |= {n: first_digest(value, row["event_id"], secret) for n, value in private}
    return hashlib.sha256(previous_hash.encode() + orjson.dumps(public, option=OPTIONS)).hexdigest()


def sealed(row: Row) -> dict[str, str]:
    """The digest and the salt of a new row's private columns; nothing where it has none."""
    private = _private(row)
    if not private:
        return {}
    salt = token_hex(16)
    return {"private_salt": salt, "private_digest": _digest(private, salt)}


def private_digest(row: Row, salt: str) -> str:
    return _digest(_private(row), salt)


def _digest(private: dict[str, Any], salt: str) -> str:
    content = orjson.dumps(private, option=OPTIONS)
    return hashlib.sha256(salt.encode() + content).hexdigest()


def _private(row: Row) -> dict[str, Any]:
    return {name: row[name] for name in PRIVATE_CONTENT if row.get(name) is not None}


def first_digest(value: str, event_id: str, secret: bytes) -> str:
    """Of version 1: the digest of one value, or that which a purge has put in its place."""
    if value.startswith(PURGED):
        return value.removeprefix(PURGED)
    return hashlib.sha256(secret + event_id.encode() + value.encode()).hexdigest()


@dataclass(frozen=True)
class Checked:
    """How far a chain holds: `row_count` rows in order of `seq`, `fault` what is wrong after them
    (empty: nothing), `purged_count` rows without their private content."""

    row_count: int
    purged_count: int
    last_hash: str
    fault: str = ""
    hashes: Mapping[int, str] = field(default_factory=dict)
    """Of the rows that were asked for."""


def check(rows: Iterable[Row], secret: bytes, wanted: Container[int] = ()) -> Checked:
    """Rows from the first on, in order of `seq`, as they are stored. `wanted`: the `seq` of those
    whose hash is told."""
    count, purged, previous = 0, 0, FIRST_HASH
    hashes: dict[int, str] = {}
    for row in rows:
        fault = _fault(previous, row, count + 1, secret)
        if fault:
            return Checked(count, purged, previous, f"seq {row['seq']}: {fault}", hashes)
        count, previous = count + 1, row["chain_hash"]
        if count in wanted:
            hashes[count] = previous
        purged += _is_purged(row)
    return Checked(count, purged, previous, hashes=hashes)


def _fault(previous: str, row: Row, expected_seq: int, secret: bytes) -> str:
    if row["seq"] != expected_seq:
        is_further = row["seq"] is not None and row["seq"] > expected_seq
        return f"seq {expected_seq} is missing before it" if is_further else "it has no such place"
    if (row.get("schema_version") or 1) not in PRIVATE_COLUMNS:
        return f"its version {row['schema_version']} is newer than this code"
    if link(previous, row, secret) != row.get("chain_hash"):
        return "the row is not what was written, or comes after another"
    if (row.get("schema_version") or 1) == 1 or _is_purged(row):
        return ""
    digest = row.get("private_digest")
    if not _private(row):
        return "its private content is gone, its salt is not" if digest else ""
    salt = row.get("private_salt")
    is_right = salt is not None and private_digest(row, salt) == digest
    return "" if is_right else "its private content is not what was written"


def _is_purged(row: Row) -> bool:
    if (row.get("schema_version") or 1) == 1:
        return any(str(row.get(name) or "").startswith(PURGED) for name in PRIVATE_COLUMNS[1])
    has_digest = row.get("private_digest") is not None
    return has_digest and row.get("private_salt") is None and not _private(row)


def read_or_make_salt(folder: Path) -> bytes:
    """Raises LakeError for a salt that was lost: without it the chain cannot be checked."""
    path = folder / "chain_salt"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_safely(path, token_hex(16))
    salt = path.read_text().encode()
    if not salt:
        raise LakeError(f"{path} is empty.", "Restore it from a backup (docs/runbook.md).")
    return salt
