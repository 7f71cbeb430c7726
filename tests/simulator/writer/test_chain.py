import hashlib
from itertools import pairwise
from pathlib import Path

import pytest

from lake.errors import LakeError
from lake.tables import BED_EVENTS, PRIVATE_COLUMNS
from lake.vocabulary import Role, Source
from simulator.domain import commands as c
from simulator.domain.principals import unasked
from simulator.writer import chain
from simulator.writer.chain import read_or_make_salt
from simulator.writer.digests import is_of, request_digest
from simulator.writer.engine import Context
from tests.simulator.ward import BEDS, SmallWard

SECRET = b"salt"


def busy_ward() -> SmallWard:
    ward = SmallWard()
    ward.do(c.BookBed(bed_id=BEDS[0], patient_ref="MRN-1", admit=True))
    context = Context(
        Source.MANUAL, unasked("tester", Role.MANAGER), note="no visitors; asked for by the family"
    )
    ward.rows += ward.engine.stage(c.AddNote(bed_id=BEDS[0]), context)
    return ward


def fault(rows: list[dict]) -> str:
    return chain.check(rows, SECRET).fault


def test_the_chain_holds_over_what_the_engine_writes() -> None:
    rows = busy_ward().rows
    assert chain.check(rows, SECRET) == chain.Checked(len(rows), 0, rows[-1]["chain_hash"])


def test_a_changed_a_missing_and_a_swapped_row_break_the_chain() -> None:
    rows = busy_ward().rows
    assert "seq 1: the row is not what was written" in fault(
        [rows[0] | {"actor": "another"}, *rows[1:]]
    )
    assert "seq 2 is missing" in fault([rows[0], *rows[2:]])
    assert "seq 1 is missing" in fault([rows[1], rows[0], *rows[2:]])


@pytest.mark.parametrize("column", ["patient_ref", "current_patient_ref"])
def test_private_content_that_was_changed_breaks_it_too(column) -> None:
    rows = busy_ward().rows
    [admitted] = [row for row in rows if row["event_type"] == "patient_admitted"]
    changed = [row | {column: "MRN-2"} if row is admitted else row for row in rows]
    assert f"seq {admitted['seq']}: its private content" in fault(changed)


def purged(row: dict) -> dict:
    return row | dict.fromkeys(PRIVATE_COLUMNS[2])


def test_the_chain_holds_after_private_content_and_its_salt_are_destroyed() -> None:
    rows = [purged(row) for row in busy_ward().rows]
    assert "MRN-1" not in str(rows)
    assert "visitors" not in str(rows)
    checked = chain.check(rows, SECRET)
    assert (checked.fault, checked.purged_count) == ("", 2)


def test_content_without_its_salt_is_no_purge() -> None:
    rows = [row | {"private_salt": None} for row in busy_ward().rows]
    assert "private content is not what was written" in fault(rows)


def test_what_is_left_of_a_purge_tells_nobody_whose_it_was() -> None:
    """The same patient and bed, admitted twice: no digest comes twice, so none can be tried out."""
    rows = [row for _ in range(2) for row in busy_ward().rows if row.get("private_digest")]
    assert len({row["private_digest"] for row in rows}) == len(rows) == 4
    assert all(row["private_salt"] != other["private_salt"] for row, other in pairwise(rows))


def test_every_patient_reference_and_all_words_are_private() -> None:
    names = {column.name for column in BED_EVENTS.columns}
    words = ("patient_ref", "patient_refs", "reason", "note", "organism", "infection", "contact_of")
    texts = {name for name in names if name.endswith(words)}
    assert {*texts, "private_salt"} == set(PRIVATE_COLUMNS[2])


def test_a_digest_of_a_body_is_keyed_and_that_of_an_older_row_is_known() -> None:
    body = b'{"patient_ref":"MRN-1"}'
    plain = hashlib.sha256(body).hexdigest()
    keyed = request_digest(body, SECRET)
    assert keyed not in (plain, request_digest(body, b"another"))
    assert is_of(keyed, body, SECRET, 2)
    assert is_of(plain, body, SECRET, 1)
    assert not is_of(plain, body, SECRET, 2)
    assert not is_of(plain, b"other", SECRET, 1)


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
