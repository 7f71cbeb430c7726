"""Rules for a log that is closed: what comes later in it is known when a row is read.

A feed that is still running cannot know it, and never drops an admission.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from simulator.feeds.log_rows import Duplicate, Fault, LogRow

BED_TOUCHED = ("admission", "release")
WRITTEN_LATE = timedelta(hours=24)
"""So long after its release an admission still belongs to it."""


class Settled(NamedTuple):
    rows: list[LogRow]
    duplicates: list[Duplicate]
    faults: list[Fault]


def settle(rows: Iterable[LogRow]) -> Settled:
    """The rows to apply, in the order to apply them: of time, of equal times of line.

    Of one case at one instant an admission comes before a release.
    """
    once, duplicates = _once(rows)
    faults = list(_released_before_admission(once))
    left_out = {line for fault in faults for line in fault.lines}
    left = [row for row in once if row.line not in left_out]
    return Settled(_in_order(left), duplicates, faults)


def _once(rows: Iterable[LogRow]) -> tuple[list[LogRow], list[Duplicate]]:
    first: dict[tuple[str, str, str, str, datetime], LogRow] = {}
    duplicates = []
    for row in rows:
        known = first.setdefault(row.says, row)
        if known is not row:
            duplicates.append(Duplicate(row.line, known.line))
    return list(first.values()), duplicates


def _of_cases(rows: Iterable[LogRow]) -> Iterator[list[LogRow]]:
    """Each case's rows that touch a bed, in order of time and line."""
    cases: dict[str, list[LogRow]] = defaultdict(list)
    for row in sorted(rows, key=attrgetter("occurred_at", "line")):
        if row.event in BED_TOUCHED:
            cases[row.case_id].append(row)
    yield from cases.values()


def _released_before_admission(rows: Iterable[LogRow]) -> Iterator[Fault]:
    """A case's only admission, with its release before it and nothing after it."""
    for case in _of_cases(rows):
        *before, last = case
        if not before or last.event != "admission" or before[-1].event != "release":
            continue
        is_only = all(row.event == "release" for row in before)
        ahead = last.occurred_at - before[-1].occurred_at
        if is_only and timedelta(0) < ahead <= WRITTEN_LATE:
            line, other_line = sorted((before[-1].line, last.line))
            yield Fault(line, _why(before[-1], last), other_line)


def _why(release: LogRow, admission: LogRow) -> str:
    return (
        f"{release.case_id} is released (line {release.line}) before the only admission "
        f"(line {admission.line}); neither is applied"
    )


def _in_order(rows: Sequence[LogRow]) -> list[LogRow]:
    """A case's rows of one instant change places only among themselves."""
    ordered = sorted(rows, key=attrgetter("occurred_at", "line"))
    place_of = {row.line: place for place, row in enumerate(ordered)}
    for case in _of_cases(rows):
        for instant in _moved(case):
            places = sorted(place_of[row.line] for row in instant)
            for place, row in zip(places, instant, strict=True):
                ordered[place] = row
    return ordered


def _moved(case: list[LogRow]) -> Iterator[list[LogRow]]:
    """A case's rows of each instant, in the order to apply them."""
    instants = [list(group) for _, group in groupby(case, key=attrgetter("occurred_at"))]
    is_in_bed = False
    for instant, later in zip(instants, [*instants[1:], []], strict=True):
        ordered = sorted(instant, key=attrgetter("event", "line"))
        if is_in_bed and _comes_back(instant, later):
            ordered.sort(key=lambda row: (row.event != "release", row.line))
        is_in_bed = ordered[-1].event == "admission"
        yield ordered


def _comes_back(instant: list[LogRow], later: list[LogRow]) -> bool:
    """Whether who is released and admitted at one instant is released once more after it."""
    events = {row.event for row in instant}
    return len(events) > 1 and bool(later) and all(row.event == "release" for row in later)
