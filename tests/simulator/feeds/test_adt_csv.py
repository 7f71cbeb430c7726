"""Files as the programs of hospitals write them."""

import codecs
import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.duck import LakeReader
from lake.errors import LakeError
from simulator.feeds.adt_csv import read_log
from simulator.feeds.csv_records import records
from simulator.feeds.log_rows import Log
from simulator.feeds.replay_file import check_file, replay_file

HEADER = "case_id,event,unit,detail,occurred_at"
PLAIN = f"""{HEADER}
K1,admission,A,NC,2026-03-01 10:00:00
K1,release,,"home, alone",2026-03-02 09:00:00
"""
BREAKS = f"""{HEADER}
K1,admission,A,NC,2026-03-01 10:00:00
K1,release,,"home
with daughter",2026-03-02 09:00:00
K2,admission,A,NC,2026-03-02 10:00:00
K2,release,,home\u2028alone,2026-03-02 19:00:00
K3,admission,A,NC,2026-03-03 10:00:00
K3,release,,home\x0bx,2026-03-03 19:00:00
K4,admission,A,NC,2026-03-04 10:00:00
K4,release,,"home\x85
\f""after""

noon",2026-03-05 10:00:00
K5,release,,home,2026-03-05 11:00:00
"""


@pytest.fixture
def log(tmp_path: Path):
    def read(content: str | bytes, **names: str) -> Log:
        path = tmp_path / "adt.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_log(path, "UTC", names)

    return read


def test_text_with_line_breaks_of_every_kind_is_read_and_kept(tmp_path, places) -> None:
    path = tmp_path / "adt.csv"
    path.write_bytes(BREAKS.encode())
    summary = replay_file(places, path, "snr")
    assert summary.rows == 9
    assert summary.applied == {"admission": 4, "release": 4}
    assert [fault.line for fault in summary.faults] == [14]  # where K5 stands in the file
    notes = LakeReader(places).ask(
        "SELECT note FROM bronze.bed_events WHERE note IS NOT NULL ORDER BY seq"
    )
    assert notes.column("note").to_pylist() == [
        "home\nwith daughter",
        "home\u2028alone",
        "home\x0bx",
        'home\x85\n\f"after"\n\nnoon',
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_lines_end_as_on_unix_windows_and_old_macs(log, end, last) -> None:
    text = BREAKS.replace("\n", end)
    read = log(text if last else text.removesuffix(end))
    assert (len(read.rows), read.faults) == (9, [])
    assert read.rows[1].detail == f"home{end}with daughter"
    assert [row.line for row in read.rows] == [2, 3, 5, 6, 7, 8, 9, 10, 14]
    assert read.texts[3] == f'K1,release,,"home{end}with daughter",2026-03-02 09:00:00'


@pytest.mark.parametrize(
    "stray",
    [
        'H,admission,"M,NC,2026-03-01 08:30:00',
        'H,release,,"home,2026-03-01 08:30:00',
        '"H,admission,M,NC,2026-03-01 08:30:00',
        'H,release,,"home" with daughter,2026-03-01 08:30:00',
    ],
)
def test_a_stray_quotation_mark_spoils_no_other_line_even_beside_another(log, stray) -> None:
    first, *others = BREAKS.splitlines(keepends=True)
    closing = 'Z,release,,home",2026-03-01 08:40:00\n'
    read = log("".join((first, stray, "\n", *others[:1], stray, "\n", closing, *others[1:])))
    assert [fault.line for fault in read.faults] == [2, 4]
    assert len(read.rows) == 10


def test_a_text_that_is_never_closed_is_not_looked_for_to_the_end_of_the_file(log) -> None:
    lines = "".join(f"words {nth}\n" for nth in range(3_000))
    read = log(f'{PLAIN}K2,release,,"open\n{lines}"')
    assert len(read.rows) == 2
    assert len(read.faults) == 3_002


cell = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@given(st.lists(st.tuples(cell.filter(str.strip), cell, cell), max_size=8))
def test_what_csv_writes_is_read_as_it_was(rows) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, quoting=csv.QUOTE_ALL).writerows(rows)
    lines = [line.decode() for line in file.getvalue().encode().splitlines(keepends=True)]
    found = records(lines, ",", lambda _: False)
    assert [tuple(record.values) for record in found] == rows


@pytest.mark.parametrize(
    "content",
    [
        codecs.BOM_UTF8 + PLAIN.encode(),
        codecs.BOM_UTF16_LE + PLAIN.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + PLAIN.encode("utf-16-be"),
        PLAIN.encode("utf-16-le"),
        PLAIN.encode("utf-16-be"),
        codecs.BOM_UTF32_LE + PLAIN.encode("utf-32-le"),
        f"\n{PLAIN}".encode(),
    ],
    ids=["utf-8 mark", "le mark", "be mark", "le", "be", "utf-32", "blank line first"],
)
def test_files_in_other_encodings_are_recognised(log, content) -> None:
    read = log(content)
    assert (len(read.rows), read.faults, read.remarks) == (2, [], [])


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_lines_that_are_not_utf_8_are_read_as_windows_1252_and_named(log, mark) -> None:
    rows = "K1,admission,M\u00e4nner,NC,2026-03-01 10:00:00\n"
    read = log(mark + HEADER.encode() + b"\n" + rows.encode() + rows.encode("cp1252"))
    assert [row.unit for row in read.rows] == ["M\u00e4nner"] * 2
    assert [(remark.line, "Windows-1252" in remark.text) for remark in read.remarks] == [(3, True)]


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_semicolons_tabs_and_bars_separate_values(log, separator) -> None:
    file = io.StringIO()
    csv.writer(file, delimiter=separator).writerows(csv.reader(PLAIN.splitlines()))
    read = log(file.getvalue())
    assert [row.detail for row in read.rows] == ["NC", "home, alone"]
    assert read.faults == []


def test_a_first_line_in_which_excel_names_its_separator_is_no_row_of_names(log) -> None:
    read = log(f"sep=;\r\n{PLAIN.replace(',', ';').replace('; ', ', ')}")
    assert [row.line for row in read.rows] == [3, 4]


def test_a_file_that_is_no_text_is_refused_on_one_short_line(log) -> None:
    with pytest.raises(LakeError) as caught:
        log(bytes(range(256)) * 100 + b"\x1b[2J")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


def test_columns_in_another_order_beside_others_are_found_by_name(log) -> None:
    read = log(
        "Occurred At,nurse,DETAIL,unit,event,case_id\n"
        '2026-03-01 10:00:00,"O\'Neill, P.",NC,A,admission,K1\n'
        "2026-03-02 10:00:00,,home,,release,K1\n"
        "2026-03-02 10:00:00,home,,release,K1\n"
    )
    assert [(row.case_id, row.event, row.detail) for row in read.rows] == [
        ("K1", "admission", "NC"),
        ("K1", "release", "home"),
    ]
    assert [fault.reason for fault in read.faults] == ["5 values instead of 6"]


def test_columns_with_other_names_are_read_once_they_are_named(log) -> None:
    text = PLAIN.replace("case_id,event,unit", "hadm_id,eventtype,careunit")
    with pytest.raises(LakeError) as caught:
        log(text)
    assert "hadm_id, eventtype, careunit, detail, occurred_at" in str(caught.value)
    assert "--columns 'case_id=hadm_id,event=eventtype,unit=careunit'" in caught.value.fix
    read = log(text, case_id="hadm_id", event="eventtype", unit="careunit")
    assert (len(read.rows), read.faults) == (2, [])


def test_a_name_that_was_given_wins_over_a_column_of_ours(log) -> None:
    text = f"{HEADER},transfer_at\nK1,admission,A,NC,2026-03-01 10:00:00,2026-03-01 11:00:00\n"
    assert log(text, occurred_at="transfer_at").rows[0].occurred_at.hour == 11


def test_a_column_that_was_named_and_is_not_there_is_missing(log) -> None:
    with pytest.raises(LakeError, match="and not what"):
        log(PLAIN, event="what")
    with pytest.raises(LakeError, match="and not remark"):
        log(PLAIN, detail="remark")


def test_a_column_that_is_there_twice_is_refused(log) -> None:
    with pytest.raises(LakeError, match="more than one column unit"):
        log(PLAIN.replace(HEADER, "case_id,event,unit,unit,occurred_at"))


def test_of_two_columns_that_differ_in_case_the_one_called_so_is_meant(log) -> None:
    twice = f"Event,{HEADER}\nx,K1,admission,A,NC,2026-03-01 10:00:00\n"
    assert [row.event for row in log(twice).rows] == ["admission"]


def test_a_log_without_details_is_read_and_told_so(log) -> None:
    read = log("case_id,event,unit,occurred_at\nK1,admission,A,2026-03-01 10:00:00\n")
    assert [row.detail for row in read.rows] == [""]
    assert [remark.text for remark in read.remarks] == [
        "it has no column detail: no bed is known to be for intensive care"
    ]


def test_the_rows_of_every_such_file_add_up(tmp_path) -> None:
    path = tmp_path / "adt.csv"
    path.write_text(BREAKS)
    assert check_file(path, "snr").adds_up
