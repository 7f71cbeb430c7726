"""Signed checkpoints: outside the lake it is written down, each hour, where its logs ended.

A chain shows what was changed between two rows, not that all of it was written anew, nor that its
end was cut off. A checkpoint (`seq`, chain hash, time; Ed25519, RFC 8032) of a folder that whoever
changes the lake cannot write shows both. A line of `checkpoints.jsonl` each; every line names the
one before it.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from lake.errors import LakeError
from simulator.writer.disk import fsync, write_safely

FILE, PUBLIC_KEY, PRIVATE_KEY = "checkpoints.jsonl", "public_key.pem", "checkpoint_key.pem"
FIRST = "0" * 64
OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z

Head = tuple[int, str]
"""`seq` and chain hash of a table's newest row."""


@dataclass(frozen=True)
class Checkpoint:
    """`heads` by the table's name."""

    hospital_id: str
    recorded_at: datetime
    heads: Mapping[str, Head]


@dataclass
class Vouching:
    """One hospital's hand that signs. `folder`: SNR_CHECKPOINT_DIR; `secrets`: where its key is."""

    folder: Path
    secrets: Path
    hospital_id: str

    def __post_init__(self) -> None:
        self._heads: Mapping[str, Head] = {}

    def vouch(self, at: datetime, heads: Mapping[str, Head]) -> bool:
        """Sign where the logs end; whether there was anything new. Raises OSError and LakeError."""
        if heads == self._heads:
            return False
        key = self._key()
        file = self.folder / FILE
        said = {
            "hospital_id": self.hospital_id,
            "recorded_at": at,
            "heads": {name: {"seq": seq, "chain_hash": end} for name, (seq, end) in heads.items()},
            "previous": _digest(_last_line(file)),
        }
        content = orjson.dumps(said, option=OPTIONS)
        said |= {"signature": key.sign(content).hex()}
        _append(file, orjson.dumps(said, option=OPTIONS) + b"\n")
        self._heads = dict(heads)
        return True

    def _key(self) -> Ed25519PrivateKey:
        """Made at the first checkpoint. Raises LakeError for one that was lost, and for a folder
        that another hospital signs in."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path, public = self.secrets / PRIVATE_KEY, self.folder / PUBLIC_KEY
        if not path.exists():
            if public.exists() or (self.folder / FILE).exists():
                raise LakeError(
                    f"{path} is gone, and {self.folder} has checkpoints that it signed.",
                    "Restore it from a backup, or move that folder away and begin anew.",
                )
            self.secrets.mkdir(parents=True, exist_ok=True, mode=0o700)
            new = Ed25519PrivateKey.generate()
            pem = new.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            write_safely(path, pem.decode())
        key = load_pem_private_key(path.read_bytes(), None)
        assert isinstance(key, Ed25519PrivateKey)  # noqa: S101 - made above
        own = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        if not public.exists():
            write_safely(public, own.decode())
        elif public.read_bytes() != own:
            raise LakeError(
                f"The checkpoints in {self.folder} are signed with another key.",
                "Each hospital has a folder of its own: set another SNR_CHECKPOINT_DIR.",
            )
        return key


def checkpoints_in(folder: Path, key: Path | None = None) -> list[Checkpoint]:
    """All of them, the oldest first; none where there is no such file. `key`: the public key, where
    it is kept elsewhere. Raises LakeError for one that is not what was signed, or comes after
    another than it says."""
    file = folder / FILE
    if not file.exists():
        return []
    public = _public_key(key or folder / PUBLIC_KEY)
    return list(_checked(file, public))


def _checked(file: Path, public: Ed25519PublicKey) -> Iterator[Checkpoint]:
    before = b""
    for nth, line in enumerate(_lines(file), 1):
        said = _said(line)
        signature = said.pop("signature", "")
        try:
            public.verify(bytes.fromhex(str(signature)), orjson.dumps(said, option=OPTIONS))
        except (InvalidSignature, ValueError):
            raise _not_ours(file, nth, "is not what was signed") from None
        if said["previous"] != _digest(before):
            raise _not_ours(file, nth, "comes after another one than it says")
        before = line
        heads = {name: (head["seq"], head["chain_hash"]) for name, head in said["heads"].items()}
        yield Checkpoint(said["hospital_id"], datetime.fromisoformat(said["recorded_at"]), heads)


def _public_key(path: Path) -> Ed25519PublicKey:
    """Raises LakeError."""
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise LakeError(f"{path} is no public key: {error}", "Restore it from a backup.") from None
    if not isinstance(key, Ed25519PublicKey):
        raise LakeError(f"{path} is no key of Ed25519.", "Restore it from a backup.")
    return key


def _said(line: bytes) -> dict[str, Any]:
    try:
        said = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}


def _lines(file: Path) -> list[bytes]:
    """A last one without its end was never said: the power went."""
    return [line for line in file.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]


def _last_line(file: Path) -> bytes:
    return next(reversed(_lines(file)), b"") if file.exists() else b""


def _digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest() if line else FIRST


def _append(file: Path, line: bytes) -> None:
    is_new = not file.exists()
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o640)
    try:
        whole = sum(map(len, _lines(file)))
        os.ftruncate(handle, whole)
        os.lseek(handle, whole, os.SEEK_SET)
        os.write(handle, line)
    finally:
        os.close(handle)
    fsync(file)
    if is_new:
        fsync(file.parent)


def _not_ours(file: Path, nth: int, what: str) -> LakeError:
    return LakeError(
        f"Checkpoint {nth} of {file} {what}.",
        "Somebody has changed the checkpoints: compare with a copy (docs/runbook.md).",
    )
