"""`./snr replay` as who has a log types it."""

import csv
from pathlib import Path

import pytest

from cli.replay import LISTED, text_of
from lake.duck import LakeReader
from simulator.feeds.log_rows import Duplicate, Fault, Remark
from simulator.feeds.replay_file import Summary
from tests.cli.test_commands import has_cause_and_fix, snr_here
from tests.simulator.feeds.test_replay import LOG

ODD = f'{LOG}H,release,E,"with, a comma ""and"" marks",2014-01-02 09:00:00\n'


@pytest.fixture
def adt(tmp_path: Path) -> Path:
    path = tmp_path / "logs" / "adt.csv"
    path.parent.mkdir()
    path.write_text(ODD)
    return path


def test_a_check_prints_what_the_replay_prints_and_makes_nothing(adt, places) -> None:
    checked = snr_here(places.home, "replay", str(adt), "--check")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert [*adt.parent.iterdir()] == [adt]
    assert not places.home.exists()
    replayed = snr_here(places.home, "replay", str(adt))
    assert checked.stdout.splitlines()[:-1] == replayed.stdout.splitlines()[:-1]


def test_rows_that_were_not_applied_are_in_a_file_beside_the_log(adt, places) -> None:
    done = snr_here(places.home, "replay", str(adt))
    path = adt.with_name("adt.faults.csv")
    assert done.stdout.splitlines()[-1].endswith(str(path))
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["line", "reason", "row"]
    assert ["11", "4 values instead of 5", "E,admission,M,NC"] in rows
    assert rows[-1] == ["14", "a release of H, who is in no bed", ODD.splitlines()[-1]]
    assert len(rows) == 1 + 5


def test_both_rows_of_one_fault_are_in_the_file(adt, places) -> None:
    adt.write_text(f"{LOG}J,release,E,,2014-01-10 12:00:00\nJ,admission,G,NC,2014-01-10 23:10:00\n")
    snr_here(places.home, "replay", str(adt))
    with adt.with_name("adt.faults.csv").open(newline="") as file:
        rows = list(csv.reader(file))[-2:]
    assert [row[0] for row in rows] == ["14", "15"]
    assert rows[0][1] == rows[1][1]


def test_where_nobody_may_write_beside_the_log_the_file_is_in_the_home(adt, places) -> None:
    adt.with_name("adt.faults.csv").mkdir()
    done = snr_here(places.home, "replay", str(adt))
    assert str(places.home / "adt.faults.csv") in done.stdout
    assert (places.home / "adt.faults.csv").is_file()


def test_where_the_file_can_be_nowhere_that_is_said(adt, places) -> None:
    adt.with_name("adt.faults.csv").mkdir()
    (places.home / "adt.faults.csv").mkdir(parents=True)
    done = snr_here(places.home, "replay", str(adt))
    assert done.returncode == 0
    assert "adt.faults.csv cannot be written" in done.stdout


def test_a_log_without_faults_leaves_no_file(adt, places) -> None:
    adt.write_text("".join(LOG.splitlines(keepends=True)[:4]))
    done = snr_here(places.home, "replay", str(adt))
    assert done.returncode == 0
    assert [*adt.parent.iterdir()] == [adt]


def test_times_are_of_the_zone_of_hospital_toml_or_of_the_one_that_is_named(adt, places) -> None:
    checked = snr_here(places.home, "replay", str(adt), "--check")
    assert "the hospital's time zone is Asia/Kolkata" in checked.stdout
    done = snr_here(places.home, "replay", str(adt), "--time-zone", "America/New_York")
    assert "the hospital's time zone is America/New_York" in done.stdout
    [row] = (
        LakeReader(places)
        .ask("SELECT time_zone, occurred_at FROM bronze.bed_events WHERE event_type = 'clock_set'")
        .to_pylist()
    )
    assert row["time_zone"] == "America/New_York"
    assert f"{row['occurred_at']:%H:%M}" == "13:00"  # the first row is of 08:00, in winter


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--time-zone", "asia/kolkatta"], "did you mean Asia/Kolkata?"),
        (["--time-zone", ""], "no IANA time zone"),
        (["--time-zone", "+05:30"], "no IANA time zone"),
        (["--time-zone", "localtime"], "no IANA time zone"),
        (["--columns", "case=hadm_id"], "case_id=hadm_id"),
        (["--columns", "case_id="], "case_id=hadm_id"),
        (["--columns", "unit=a,unit=b"], "at most once"),
        (["--columns", ""], "case_id=hadm_id"),
    ],
)
def test_options_that_say_nothing_are_exit_2_with_what_to_say(adt, places, arguments, told) -> None:
    done = snr_here(places.home, "replay", str(adt), *arguments)
    assert (done.returncode, told in done.stderr, done.stdout) == (2, True, "")
    assert not places.home.exists()


def test_columns_with_other_names_are_asked_for_and_taken(adt, places) -> None:
    adt.write_text(ODD.replace("case_id,event", "hadm_id,eventtype"))
    refused = snr_here(places.home, "replay", str(adt))
    has_cause_and_fix(refused, "hadm_id, eventtype, unit, detail, occurred_at")
    assert "--columns 'case_id=hadm_id,event=eventtype'" in refused.stderr
    names = "case_id=hadm_id,event=eventtype"
    done = snr_here(places.home, "replay", str(adt), "--columns", names, "--check")
    assert done.returncode == 0
    assert "13 rows" in done.stdout


def test_a_check_of_a_log_of_which_nothing_applies_fails_like_the_replay(adt, places) -> None:
    adt.write_text("".join(LOG.splitlines(keepends=True)[:2]))
    done = snr_here(places.home, "replay", str(adt), "--check")
    assert (done.returncode, "No row of" in done.stderr) == (1, True)


def test_of_many_faults_the_first_are_listed_and_all_are_counted() -> None:
    faults = [Fault(nth, "odd") for nth in range(2, 5_002)]
    summary = Summary(rows=5_000, faults=faults)
    listed = text_of(summary).splitlines()
    assert sum("odd" in line for line in listed) == LISTED
    assert "    5,000  not applied" in listed
    assert listed[-1] == "    ... and 4,980 more: --check lists all"
    assert sum("odd" in line for line in text_of(summary, most=None).splitlines()) == 5_000


def test_duplicates_pairs_and_remarks_are_named_on_one_line_each() -> None:
    summary = Summary(
        rows=4,
        duplicates=[Duplicate(3, 2)],
        faults=[Fault(4, "released\nbefore", 9)],
        remarks=[Remark(None, "mixed"), Remark(7, "moved")],
    )
    text = text_of(summary)
    assert "        1  duplicates\n    line 3: the same as line 2\n" in text
    assert "        2  not applied\n    lines 4 and 9: released before\n" in text
    assert "\n    mixed\n    line 7: moved\n" in text
    assert "do not add up" in text  # four rows, three told
    summary.rows = 3
    assert "do not add up" not in text_of(summary)
