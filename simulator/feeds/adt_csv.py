"""An ADT log as CSV (case_id, event, unit, detail, occurred_at): read without losing a row."""

import csv
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from lake.errors import LakeError

COLUMNS = ["case_id", "event", "unit", "detail", "occurred_at"]
NO_BED_TOUCHED = ("register", "return")
CASE_ID = re.compile(r"[A-Za-z0-9._-]{1,56}")


class LogRow(NamedTuple):
    line: int
    case_id: str
    event: str
    unit: str
    detail: str
    occurred_at: datetime


class Fault(NamedTuple):
    line: int
    reason: str


def read_log(path: Path) -> tuple[list[LogRow], list[Fault], int]:
    """Rows in order of time (of equal times, of line), what is wrong, and how many rows there are.

    Raises LakeError where the file is not there or has other columns.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig", errors="replace")
    except OSError as error:
        raise LakeError(f"{path} cannot be read: {error.strerror}.", "Name a CSV file.") from None
    lines = text.splitlines()
    header = _values(lines[0]) if lines else []
    if header != COLUMNS:
        raise LakeError(
            f"{path} has the columns {', '.join(header) or '(none)'}.",
            f"An ADT log has {', '.join(COLUMNS)}.",
        )
    rows: list[LogRow] = []
    faults: list[Fault] = []
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        parsed = _parse(number, _values(line))
        if isinstance(parsed, LogRow):
            rows.append(parsed)
        else:
            faults.append(parsed)
    return (
        sorted(rows, key=lambda row: (row.occurred_at, row.line)),
        faults,
        len(rows) + len(faults),
    )


def _values(line: str) -> list[str]:
    """Each line by itself, so that a stray quote spoils no other; none where it cannot be read."""
    try:
        return next(csv.reader([line.replace("\0", "\ufffd")], strict=True), [])
    except csv.Error:
        return []


def _parse(line: int, values: list[str]) -> LogRow | Fault:
    if len(values) != len(COLUMNS):
        wrong = f"{len(values)} values instead of {len(COLUMNS)}"
        return Fault(line, wrong if values else "not CSV: a quotation mark is not closed")
    case_id, event, unit, detail, occurred_at = (value.strip() for value in values)
    if event not in (*NO_BED_TOUCHED, "admission", "release"):
        return Fault(line, f"unknown event {event!r}")
    if not CASE_ID.fullmatch(case_id):
        return Fault(line, f"case_id {case_id!r} is not an identifier")
    if event == "admission" and not (unit.isalnum() and unit.isascii()):
        return Fault(line, f"an admission to unit {unit!r}")
    try:
        at = datetime.fromisoformat(occurred_at)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return Fault(line, f"occurred_at {occurred_at!r} is not a time")
    return LogRow(line, case_id, event, unit, detail, at)
