"""An ADT log as CSV (case_id, event, unit, detail, occurred_at): read without losing a row."""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from lake.errors import LakeError
from simulator.feeds.columns import Header, Names, header_of
from simulator.feeds.csv_records import Record, lines_of, records
from simulator.feeds.log_rows import Fault, Log, LogRow, Remark
from simulator.feeds.wall_times import WallTimes
from simulator.feeds.wards import is_a_name

NO_BED_TOUCHED = ("register", "return")
EVENTS = (*NO_BED_TOUCHED, "admission", "release")
BEFORE_NAMES = re.compile(r'\s*|"?sep=.?"?\s*')
"""Blank lines, and the one in which Excel says what separates the values."""
CASE_ID = re.compile(r"[A-Za-z0-9._-]{1,56}")


def read_log(path: Path, time_zone: str = "UTC", names: Names | None = None) -> Log:
    """Every row of the file, or what is wrong with it.

    Raises LakeError where the file is not there or lacks a column.
    """
    lines, in_windows_1252 = lines_of(_content(path))
    first = next((at for at, line in enumerate(lines) if not BEFORE_NAMES.fullmatch(line)), 0)
    header = header_of(path, lines[first].rstrip("\r\n") if lines else "", names or {})
    times = WallTimes(time_zone)
    log = Log()
    for record in _rows(lines, first, header):
        log.texts[record.line] = record.text
        log.take(_parsed(record, header, times))
    log.remarks = [*_about_the_file(header, in_windows_1252), *times.about_the_file()]
    log.remarks += times.remarks
    return log


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise LakeError(f"{path} cannot be read: {error.strerror}.", "Name a CSV file.") from None


def _rows(lines: list[str], first: int, header: Header) -> Iterator[Record]:
    def is_row(values: list[str]) -> bool:
        return len(values) == header.width and _event(header.values(values)[1]) in EVENTS

    below = ["" for _ in lines[: first + 1]] + lines[first + 1 :]
    return records(below, header.separator, is_row)


def _about_the_file(header: Header, in_windows_1252: list[int]) -> Iterator[Remark]:
    if "detail" not in header.place_of:
        yield Remark(None, "it has no column detail: no bed is known to be for intensive care")
    if in_windows_1252:
        count = len(in_windows_1252)
        told = f"the first of {count:,} that are not UTF-8 and were read as Windows-1252"
        yield Remark(in_windows_1252[0], told)


def _event(value: str) -> str:
    return value.lower()


def _parsed(record: Record, header: Header, times: WallTimes) -> LogRow | Fault:
    line, values = record.line, record.values
    if len(values) != header.width:
        wrong = f"{len(values)} values instead of {header.width}"
        return Fault(line, wrong if values else "not CSV: a quotation mark is not closed")
    case_id, event, unit, detail, occurred_at = header.values(values)
    if _event(event) not in EVENTS:
        return Fault(line, f"unknown event {event!r}")
    if not CASE_ID.fullmatch(case_id):
        return Fault(line, f"case_id {case_id!r} is not an identifier")
    if _event(event) == "admission" and not is_a_name(unit):
        return Fault(line, f"an admission to unit {unit!r}")
    try:
        at = times.instant(line, case_id, occurred_at)
    except (ValueError, OverflowError):
        return Fault(line, f"occurred_at {occurred_at!r} is not a time")
    return LogRow(line, case_id, _event(event), unicodedata.normalize("NFC", unit), detail, at)
