"""`./snr sql` reads the lake and nothing else, however it is asked."""

from pathlib import Path

import pytest

from cli.sql import _answer
from lake.duck import LakeReader
from lake.errors import QueryRefused
from lake.places import Places
from lake.tables import BED_BOARD, BED_EVENTS
from tests.lake.lake_rows import write
from tests.payloads import CANARY, COUNT, digests, payloads


@pytest.fixture
def outside(tmp_path: Path, places: Places) -> Path:
    """A small lake, secrets beside it, and a file that is none of its business."""
    write(places, BED_EVENTS, [{"seq": 1, "event_id": "e1", "event_type": "clock_set"}])
    write(places, BED_BOARD, [{"bed_id": "W1-101-A"}])
    (places.home / "secrets").mkdir()
    file = tmp_path / "outside.csv"
    for one in (file, places.home / "secrets/chain_salt", places.home / "secrets/people.sqlite"):
        one.write_text(f"word\n{CANARY}\n")
    return file


def test_no_statement_reads_beside_the_lake_or_changes_a_file(
    outside: Path, places: Places, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    reader = LakeReader(places)
    reader.lock()
    before = digests(outside.parent)
    answered = []
    for payload in payloads(places, outside, COUNT):
        try:
            _answer(reader, payload, "csv")
            answered.append(payload)
        except QueryRefused:
            continue
    told = capsysbinary.readouterr()
    assert digests(outside.parent) == before
    assert CANARY.encode() not in told.out + told.err
    assert b"root:" not in told.out + told.err
    assert len(answered) < COUNT / 4, answered
    _answer(reader, "SELECT bed_id FROM gold.bed_board", "csv")
    assert capsysbinary.readouterr().out == b'"bed_id"\n"W1-101-A"\n'
    assert reader.ask("SELECT count(*) AS n FROM bronze.bed_events").to_pylist() == [{"n": 1}]
