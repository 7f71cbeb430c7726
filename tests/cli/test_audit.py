"""`./snr audit verify`: what is found in either log, and what signed checkpoints add to a chain."""

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from cli import audit
from lake.errors import LakeError
from lake.places import Places
from lake.tables import AUDIT_EVENTS, BED_EVENTS, Table
from lake.vocabulary import AuditType
from simulator.writer import chain
from simulator.writer.audit import Entry, Trail
from simulator.writer.clock import wall_now
from simulator.writer.event_log import stored_rows
from simulator.writer.vouching import FILE, PRIVATE_KEY, PUBLIC_KEY, Vouching
from tests.simulator.api_client import make_desk

LOGS = pytest.mark.parametrize("table", [BED_EVENTS, AUDIT_EVENTS], ids=lambda table: table.stem)


async def written(home: Path, times: int) -> None:
    """A small hospital with an audit; each time a few rows more, and a checkpoint after them."""
    places = Places(home, str(home / "lake"))
    for _ in range(times):
        desk, trail = make_desk(places), Trail(places, "snr")
        await desk.open()
        await trail.open()
        for ref in ("P-1", "P-2", "P-3"):
            await trail.record(
                Entry(AuditType.PATIENT_SHOWN, actor="asha", patient_ref=ref, asked="GET /patients")
            )
        logs = {BED_EVENTS.name: desk.commit.engine, AUDIT_EVENTS.name: trail.commit.engine}
        heads = {name: (one.head_seq, one.head_hash) for name, one in logs.items()}
        await trail.close()
        await desk.close()
        vouching = Vouching(places.signed_checkpoints, places.secrets, "snr")
        assert vouching.vouch(wall_now(), heads)


@pytest.fixture
async def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    await written(tmp_path, 2)
    monkeypatch.setenv("SNR_HOME", str(tmp_path))
    monkeypatch.delenv("SNR_LAKE_URL", raising=False)
    return tmp_path


def rewritten(home: Path, table: Table, rows: list[dict]) -> None:
    """By somebody who may write the files, and says that the writer came just as far."""
    places = Places(home, str(home / "lake"))
    folder = places.table(table)
    properties = DeltaTable(folder).transaction_version("booking-engine")
    shutil.rmtree(folder)
    data = pa.Table.from_pylist(rows, schema=table.schema)
    write_deltalake(folder, data, partition_by=["event_date"])
    log = Path(folder, "_delta_log", f"{0:020d}.json")
    last = rows[-1]["seq"] if rows else properties
    mark = {"txn": {"appId": "booking-engine", "version": last, "lastUpdated": 0}}
    log.write_text(log.read_text().rstrip("\n") + "\n" + json.dumps(mark) + "\n")


def linked(rows: list[dict], places: Places) -> list[dict]:
    """The chain made anew over all of it, as whoever knows this code can."""
    secret, before = chain.read_or_make_salt(places.secrets), chain.FIRST_HASH
    for seq, row in enumerate(rows, 1):
        row["seq"] = seq
        before = row["chain_hash"] = chain.link(before, row, secret)
    return rows


def rows_of(home: Path, table: Table) -> list[dict]:
    return list(stored_rows(Places(home, str(home / "lake")), table))


async def test_both_logs_hold_and_rows_after_the_newest_checkpoint_are_unvouched(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    audit.verify(None)
    told = capsys.readouterr().out
    assert "2 checkpoints" in told
    assert "nothing vouches" not in told
    trail = Trail(Places(home, str(home / "lake")), "snr")
    await trail.open()
    await trail.record(Entry(AuditType.SIGNED_IN, actor="asha"))
    await trail.close()
    audit.verify(None)
    assert "1 after the newest checkpoint" in capsys.readouterr().out


@LOGS
async def test_an_edit_a_removal_and_another_order_break_the_chain(
    home: Path, table: Table
) -> None:
    rows = rows_of(home, table)
    edited = [dict(row) for row in rows]
    edited[1]["actor" if table is AUDIT_EVENTS else "bed_id"] = "somebody else"
    exchanged = [dict(row) for row in rows]
    exchanged[1]["seq"], exchanged[2]["seq"] = exchanged[2]["seq"], exchanged[1]["seq"]
    without = [*rows[:1], *rows[2:]]
    for tampered in (edited, exchanged, without):
        rewritten(home, table, tampered)
        with pytest.raises(LakeError, match=f"{table.name} holds for 1 rows and breaks at seq"):
            audit.verify(None)


@LOGS
async def test_a_log_that_was_written_anew_or_cut_with_its_mark_is_found_by_the_checkpoints(
    home: Path, table: Table
) -> None:
    places = Places(home, str(home / "lake"))
    rows = rows_of(home, table)
    rewritten(home, table, rows[:-1])
    with pytest.raises(LakeError, match=f"{table.name} ends at"):
        audit.verify(None)
    anew = [dict(row) for row in rows]
    anew[0]["hospital_id"] = "another"
    rewritten(home, table, linked(anew, places))
    with pytest.raises(LakeError, match=f"{table.name} was written anew"):
        audit.verify(None)
    shutil.rmtree(places.table(table))
    with pytest.raises(LakeError, match=f"{table.name} is gone"):
        audit.verify(None)


async def test_a_private_word_that_was_changed_is_found(home: Path) -> None:
    rows = rows_of(home, AUDIT_EVENTS)
    rows[0]["patient_ref"] = "P-99"
    rewritten(home, AUDIT_EVENTS, rows)
    with pytest.raises(LakeError, match="private content is not what was written"):
        audit.verify(None)


async def test_an_audit_that_was_wiped_is_found(home: Path) -> None:
    """Of the log's rows the private content may be purged; of the audit's it is the evidence."""
    rows = rows_of(home, AUDIT_EVENTS)
    rows[0] |= dict.fromkeys(chain.PRIVATE_CONTENT) | {"private_salt": None}
    rewritten(home, AUDIT_EVENTS, [dict(row) for row in rows])
    with pytest.raises(LakeError, match="1 rows without their private content"):
        audit.verify(None)


async def test_where_checkpoints_are_said_to_be_none_is_a_fault(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = home / "signed_checkpoints"
    kept = home / "kept.pem"
    shutil.move(folder / PUBLIC_KEY, kept)
    shutil.rmtree(folder)
    audit.verify(None)
    assert "nothing outside the lake vouches for it" in capsys.readouterr().out
    with pytest.raises(LakeError, match="has no checkpoint, and there should be some"):
        audit.verify(kept)
    monkeypatch.setenv("SNR_CHECKPOINT_DIR", str(tmp_path / "elsewhere"))
    with pytest.raises(LakeError, match="elsewhere has no checkpoint"):
        audit.verify(None)


async def test_the_public_key_is_beside_what_it_signed_and_nobody_elses(home: Path) -> None:
    public = home / "signed_checkpoints" / PUBLIC_KEY
    before = public.read_bytes()
    public.unlink()
    await written(home, 1)
    assert public.read_bytes() == before
    (home / "secrets" / PRIVATE_KEY).unlink()
    public.unlink()
    with pytest.raises(LakeError, match="is gone"):
        await written(home, 1)


async def test_no_other_hospital_signs_in_the_same_folder(home: Path, tmp_path: Path) -> None:
    other = Vouching(home / "signed_checkpoints", tmp_path / "other_secrets", "other")
    file = home / "signed_checkpoints" / FILE
    before = file.read_bytes()
    with pytest.raises(LakeError):
        other.vouch(wall_now(), {BED_EVENTS.name: (1, "0" * 64)})
    Vouching(tmp_path / "elsewhere", tmp_path / "other_secrets", "other").vouch(
        wall_now(), {BED_EVENTS.name: (1, "0" * 64)}
    )
    with pytest.raises(LakeError, match="signed with another key"):
        other.vouch(wall_now(), {BED_EVENTS.name: (2, "0" * 64)})
    assert file.read_bytes() == before


async def test_checkpoints_that_were_changed_removed_or_signed_by_another_are_found(
    home: Path,
) -> None:
    folder = home / "signed_checkpoints"
    file = folder / FILE
    first, second = file.read_text().splitlines(keepends=True)
    for tampered, what in (
        (first.replace('"seq":', '"seq":1') + second, "1 of .* is not what was signed"),
        (second, "1 of .* comes after another one"),
        (first + first, "2 of .* comes after another one"),
    ):
        file.write_text(tampered)
        with pytest.raises(LakeError, match=f"Checkpoint {what}"):
            audit.verify(None)
    file.write_text(first + second)
    kept = home / "kept.pem"
    shutil.copy(folder / PUBLIC_KEY, kept)
    (home / "secrets" / PRIVATE_KEY).unlink()
    (folder / PUBLIC_KEY).unlink()
    file.unlink()
    await written(home, 1)
    audit.verify(None)
    with pytest.raises(LakeError, match="is not what was signed"):
        audit.verify(kept)


async def test_half_a_line_is_no_checkpoint_and_the_next_one_takes_its_place(home: Path) -> None:
    file = home / "signed_checkpoints" / FILE
    whole = file.read_bytes()
    file.write_bytes(whole + b'{"heads":')
    audit.verify(None)
    await written(home, 1)
    audit.verify(None)
    assert len(file.read_bytes().splitlines()) == 3


async def test_a_key_that_was_lost_is_said(home: Path) -> None:
    (home / "secrets" / PRIVATE_KEY).unlink()
    with pytest.raises(LakeError, match="is gone"):
        await written(home, 1)


async def test_the_key_is_its_owners_alone(home: Path) -> None:
    assert (home / "secrets" / PRIVATE_KEY).stat().st_mode & 0o777 == 0o600


async def test_the_list_says_who_was_shown_whom(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    audit.show("asha", "P-2", 10)
    told = capsys.readouterr().out
    assert told.count("patient_shown") == 2
    assert "P-3" not in told
