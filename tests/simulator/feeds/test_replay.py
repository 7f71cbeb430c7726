"""A small made-up log with the defects of the real one, worked out by hand."""

from collections import Counter
from pathlib import Path

import pytest

from lake.duck import LakeReader
from lake.errors import LakeError
from lake.vocabulary import RoomClass
from simulator.feeds.adt_csv import read_log
from simulator.feeds.closed_log import settle
from simulator.feeds.log_rows import Fault
from simulator.feeds.replay_file import Pool, check_file, plan_beds, replay_file

LOG = """case_id,event,unit,detail,occurred_at
A,register,L,,2014-01-01 08:00:00
A,admission,M,NC,2014-01-01 09:00:00
B,admission,M,NC,2014-01-01 09:30:00
A,admission,M,NC,2014-01-01 10:00:00
A,admission,G,IC,2014-01-01 11:00:00
C,release,E,Release A,2014-01-01 11:30:00
A,release,E,Release A,2014-01-01 12:00:00
A,return,?,,2014-02-01 12:00:00
D,admission,M,NC,yesterday
E,admission,M,NC
F,dismissal,M,NC,2014-01-01 12:30:00
G,admission,M,NC,2014-01-01 09:45:00
"""


@pytest.fixture
def log_file(tmp_path: Path) -> Path:
    path = tmp_path / "adt.csv"
    path.write_text(LOG)
    return path


def test_no_row_disappears(log_file, places) -> None:
    summary = replay_file(places, log_file, "snr")
    assert summary.rows == 12
    assert summary.applied == Counter(admission=3, transfer=2, release=1)
    assert summary.without_bed == Counter({"register": 1, "return": 1})
    assert summary.faults == [
        Fault(7, "a release of C, who is in no bed"),
        Fault(10, "occurred_at 'yesterday' is not a time"),
        Fault(11, "4 values instead of 5"),
        Fault(12, "unknown event 'dismissal'"),
    ]
    assert summary.adds_up


def test_the_peak_counts_the_new_bed_before_the_old_one_is_left(log_file) -> None:
    rows = settle(read_log(log_file).rows).rows
    # A, B and G are on M when A moves within M: four beds.
    assert plan_beds(rows) == {Pool("G", RoomClass.ICU): 1, Pool("M", RoomClass.GENERAL): 4}


def test_every_admission_makes_one_stay_and_vacated_beds_are_clean_at_once(
    log_file, places
) -> None:
    replay_file(places, log_file, "snr")
    reader = LakeReader(places)
    stays = reader.ask(
        "SELECT count(DISTINCT stay_id) AS stays, count(DISTINCT spell_id) AS spells"
        " FROM bronze.bed_events WHERE stay_id IS NOT NULL"
    ).to_pylist()
    assert stays == [{"stays": 5, "spells": 3}]
    statuses = reader.ask("SELECT bed_status, count(*) AS n FROM live_board GROUP BY 1 ORDER BY 1")
    assert statuses.to_pylist() == [
        {"bed_status": "available", "n": 3},
        {"bed_status": "occupied", "n": 2},
    ]


def test_the_kind_of_release_is_its_note_and_patients_are_marked(log_file, places) -> None:
    replay_file(places, log_file, "snr")
    [row] = (
        LakeReader(places)
        .ask(
            "SELECT note, disposition, patient_ref, source FROM bronze.bed_events"
            " WHERE event_type = 'patient_discharged'"
        )
        .to_pylist()
    )
    assert row == {
        "note": "Release A",
        "disposition": "other",
        "patient_ref": "REPLAY1-A",
        "source": "replay",
    }


def test_a_lake_with_events_is_not_replayed_into(log_file, places) -> None:
    replay_file(places, log_file, "snr")
    with pytest.raises(LakeError, match="needs an empty one"):
        replay_file(places, log_file, "snr")


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "\0\0", "case_id,event\n"])
def test_another_kind_of_file_is_refused_with_the_columns_it_should_have(tmp_path, content) -> None:
    path = tmp_path / "other.csv"
    path.write_text(content)
    with pytest.raises(LakeError) as caught:
        read_log(path)
    assert "case_id, event, unit, detail, occurred_at" in caught.value.fix


def test_bytes_that_are_no_text_are_reported_and_the_rest_applied(tmp_path, places) -> None:
    path = tmp_path / "adt.csv"
    path.write_bytes(LOG.encode() + b'\xff\xfe\x00,admission,M,NC,2014-01-01 10:00:00\n"open\n')
    summary = replay_file(places, path, "snr")
    assert summary.adds_up
    assert summary.rows == 14
    assert len(summary.faults) == 6


def test_a_stray_quote_spoils_its_own_line_only(tmp_path, places) -> None:
    path = tmp_path / "adt.csv"
    lines = LOG.splitlines()
    lines.insert(2, 'H,admission,"M,NC,2014-01-01 08:30:00')
    path.write_text("\n".join(lines))
    summary = replay_file(places, path, "snr")
    assert summary.rows == 13
    assert summary.adds_up
    assert summary.faults[0].line == 3
    assert summary.applied == Counter(admission=3, transfer=2, release=1)


def test_a_check_says_what_the_replay_says_and_writes_nothing(log_file, places) -> None:
    checked = check_file(log_file, "snr")
    assert [*log_file.parent.iterdir()] == [log_file]
    assert checked == replay_file(places, log_file, "snr")


def test_the_clock_of_the_lake_carries_the_zone_of_the_hospital(log_file, places) -> None:
    summary = replay_file(places, log_file, "snr", "Asia/Kolkata")
    assert summary.time_zone == "Asia/Kolkata"
    told = LakeReader(places).ask(
        "SELECT DISTINCT event_type = 'clock_set' AS is_clock, time_zone FROM bronze.bed_events"
    )
    assert {(row["is_clock"], row["time_zone"]) for row in told.to_pylist()} == {
        (True, "Asia/Kolkata"),
        (False, "Asia/Kolkata"),
    }


def test_cases_that_differ_by_capitals_are_different_patients(tmp_path, places) -> None:
    path = tmp_path / "adt.csv"
    path.write_text(
        "case_id,event,unit,detail,occurred_at\n"
        "k1,admission,A,NC,2026-03-01 10:00:00\n"
        "K1,admission,A,NC,2026-03-01 11:00:00\n"
    )
    assert replay_file(places, path, "snr").applied == Counter(admission=2)
    rows = LakeReader(places).ask("SELECT current_patient_ref AS ref FROM live_board ORDER BY ref")
    assert rows["ref"].to_pylist() == ["REPLAY1-K1", "REPLAY1-K1.2"]
