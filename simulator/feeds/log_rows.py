"""What a line of an ADT log can turn out to be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple


class LogRow(NamedTuple):
    line: int
    case_id: str
    event: str
    unit: str
    detail: str
    occurred_at: datetime

    @property
    def says(self) -> tuple[str, str, str, str, datetime]:
        """All but where it stands: rows that say the same are one event."""
        return self[1:]


class Fault(NamedTuple):
    """`other_line`: of the second row, where one reason keeps two from being applied."""

    line: int
    reason: str
    other_line: int | None = None

    @property
    def lines(self) -> tuple[int, ...]:
        return (self.line,) if self.other_line is None else (self.line, self.other_line)


class Duplicate(NamedTuple):
    line: int
    first_line: int


class Remark(NamedTuple):
    """What was done about something odd that is no fault. `line` None: it is about the file."""

    line: int | None
    text: str


@dataclass
class Log:
    """`rows`: in the order of the file. `texts`: of each line that begins a row, as in the file."""

    rows: list[LogRow] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    texts: dict[int, str] = field(default_factory=dict)

    def take(self, row: LogRow | Fault) -> None:
        if isinstance(row, LogRow):
            self.rows.append(row)
        else:
            self.faults.append(row)


def rows_in(faults: list[Fault]) -> int:
    return sum(len(fault.lines) for fault in faults)


def texts_of(faults: list[Fault], texts: Mapping[int, str]) -> list[tuple[int, str, str]]:
    """Line, reason and text of every row that is part of a fault."""
    return [(line, fault.reason, texts.get(line, "")) for fault in faults for line in fault.lines]
