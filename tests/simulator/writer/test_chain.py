from pathlib import Path

import pytest

from lake.errors import LakeError
from simulator.domain import commands as c
from simulator.domain.commands import AddNote
from simulator.writer import chain
from simulator.writer.chain import PURGED, link, private_digest, read_or_make_salt
from tests.simulator.ward import BEDS, SmallWard

SALT = b"salt"


def holds(rows: list[dict]) -> bool:
    previous = chain.FIRST_HASH
    for row in rows:
        if link(previous, row, SALT) != row["chain_hash"]:
            return False
        previous = row["chain_hash"]
    return True


def busy_ward() -> SmallWard:
    ward = SmallWard()
    ward.do(c.BookBed(bed_id=BEDS[0], patient_ref="MRN-1", admit=True))
    ward.do(AddNote(bed_id=BEDS[0]))
    return ward


def test_the_chain_holds_over_what_the_engine_writes() -> None:
    assert holds(busy_ward().rows)


def test_a_changed_a_missing_and_a_swapped_row_break_the_chain() -> None:
    rows = busy_ward().rows
    assert not holds([rows[0] | {"actor": "another"}, *rows[1:]])
    assert not holds([rows[0], *rows[2:]])
    assert not holds([rows[1], rows[0], *rows[2:]])


def test_the_chain_still_holds_after_private_content_is_purged() -> None:
    rows = busy_ward().rows
    purged = [
        row
        | {
            name: PURGED + private_digest(row[name], row["event_id"], SALT)
            for name in chain.PRIVATE_COLUMNS
            if row.get(name)
        }
        for row in rows
    ]
    assert "MRN-1" not in str(purged)
    assert holds(purged)


def test_the_same_patient_has_another_digest_in_each_row() -> None:
    assert private_digest("MRN-1", "e1", SALT) != private_digest("MRN-1", "e2", SALT)


def test_the_salt_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    salt = read_or_make_salt(tmp_path / "secrets")
    assert read_or_make_salt(tmp_path / "secrets") == salt
    assert (tmp_path / "secrets" / "chain_salt").stat().st_mode & 0o777 == 0o600


def test_the_salt_is_its_owners_alone_and_never_empty(tmp_path: Path) -> None:
    salt = read_or_make_salt(tmp_path)
    path = tmp_path / "chain_salt"
    assert read_or_make_salt(tmp_path) == salt != b""
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("")
    with pytest.raises(LakeError, match="is empty"):
        read_or_make_salt(tmp_path)
