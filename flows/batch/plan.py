"""What a build has to do: looked up in the lake, before a JVM is started for it or in vain."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import structlog
from deltalake import DeltaTable

from lake.arrow import live_files
from lake.duck import LakeReader
from lake.errors import LakeError
from lake.places import Places
from lake.tables import (
    CARRIED_EVENTS,
    CENSUS_HOURLY,
    SILVER_BED_EVENTS,
    TABLE_RUNS_BATCH,
    TABLES,
    Owner,
    Table,
)

logger = structlog.get_logger()

DAY = timedelta(days=1)
DAYS_AT_ONCE = 184
"""A longer range is built in parts of this length: each is whole before the next begins."""

MANY_EVENTS = 300_000

OF_DATES = tuple(t for t in TABLES if t.owner is Owner.BATCH and t.partition_by)

Dates = tuple[date, date]
"""Hospital dates, both included."""


class ImpossibleDates(LakeError):
    pass


@dataclass(frozen=True)
class Log:
    """What a version of silver.bed_events holds; `now` is the last `occurred_at`."""

    version: int
    hospital_id: str
    first_on: date
    last_on: date
    now: datetime
    high_seq: int
    event_counts: dict[date, int] = field(default_factory=dict)

    def has_few(self, parts: Iterable[Dates]) -> bool:
        """Whether there are few events in these dates."""
        counts = (
            count
            for first, last in parts
            for day, count in self.event_counts.items()
            if first <= day <= last
        )
        return sum(counts) < MANY_EVENTS

    def until(self, last_on: date) -> datetime:
        """The instant up to which a range that ends on this date looks: past its midnight."""
        past = datetime(last_on.year, last_on.month, last_on.day, tzinfo=UTC) + 3 * DAY
        return min(self.now, past)


@dataclass(frozen=True)
class Run:
    """Who builds, what is told how many percent are built, and what says that it is given up. A
    run that is tried again goes on after the parts that it has finished."""

    name: str = "by hand"
    flow_run_id: str | None = None
    progress: Callable[[float], None] = lambda _: None
    is_given_up: Callable[[], bool] = lambda: False


BY_HAND = Run()


@dataclass(frozen=True)
class Plan:
    """`notes` say what is left out, and why.

    `is_all`: with the last part all is built that this version of the log touches. `is_little`:
    few events have to be read for it.
    """

    log: Log | None = None
    parts: list[Dates] = field(default_factory=list)
    finished: set[Dates] = field(default_factory=set)
    is_all: bool = False
    is_little: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def left(self) -> list[Dates]:
        return [part for part in self.parts if part not in self.finished]


def plan(places: Places, from_on: date | None, to_on: date | None, by: Run) -> Plan:
    """The dates that were asked for, and those that are new: what was open may have ended since.

    Without dates: those that events since the last build touch.
    """
    found = read_log(places)
    if found is None:
        return Plan(notes=["The log has no events yet: nothing to build."])
    asked, notes = asked_dates(found, from_on, to_on)
    if asked is None and (from_on or to_on):
        return Plan(notes=notes)
    last = None if _lacks_columns(places) else _last_build(places)
    new = _touched(places, found, last)
    if asked is None and new is None:
        return Plan(notes=notes or ["No events since the last build."])
    parts = in_parts(dates for dates in (asked, new) if dates)
    reads = [
        (carried_monday(places, found, first) or found.first_on, last) for first, last in parts
    ]
    return Plan(
        found,
        parts,
        _finished(places, by),
        is_all=new is not None,
        is_little=found.has_few(reads),
        notes=notes,
    )


def _lacks_columns(places: Places) -> bool:
    """Whether a table was built before it had all the columns that it has now: all dates are built
    anew."""
    for table in OF_DATES:
        if places.exists(table):
            there = {field.name for field in DeltaTable(places.table(table)).schema().fields}
            if not there.issuperset(table.column_names):
                return True
    return False


def refuse_wrong_order(from_on: date | None, to_on: date | None) -> None:
    if from_on and to_on and to_on < from_on:
        raise ImpossibleDates(f"to_on {to_on} lies before from_on {from_on}.", "Swap them.")


def read_log(places: Places) -> Log | None:
    """None while there are no events.

    Of dates and numbers the table's own statistics know the answer, whatever the history's length.
    """
    if not places.exists(SILVER_BED_EVENTS):
        return None
    handle = DeltaTable(places.table(SILVER_BED_EVENTS))
    files = pa.table(handle.get_add_actions(flatten=True)).to_pylist()
    files = [file for file in files if file.get("num_records") != 0]
    if not files:
        return None
    if any(file.get("max.seq") is None for file in files):
        raise LakeError(
            f"A file of {SILVER_BED_EVENTS.name} says nothing of the rows in it.",
            "./snr stream --repair takes in from the log what is missing.",
        )
    days = [file["partition.occurred_on"] for file in files]
    counts: Counter[date] = Counter()
    for day, file in zip(days, files, strict=True):
        counts[day] += file.get("num_records") or 0
    of_last_day = pc.field("occurred_on") == pc.scalar(max(days))
    rows = handle.to_pyarrow_dataset().to_table(["hospital_id", "occurred_at"], of_last_day)
    newest = rows.sort_by("occurred_at").to_pylist()[-1]
    return Log(
        handle.version(),
        newest["hospital_id"],
        min(days),
        max(days),
        newest["occurred_at"].astimezone(UTC),
        max(file["max.seq"] for file in files),
        dict(counts),
    )


def asked_dates(
    log: Log, from_on: date | None, to_on: date | None
) -> tuple[Dates | None, list[str]]:
    """The dates that were asked for and that the log has, None without any; which were left out."""
    notes = []
    if from_on and from_on < log.first_on:
        notes.append(f"Left out: dates before the log's first, {log.first_on}.")
    if to_on and to_on > log.last_on:
        notes.append(f"Left out: dates after the hospital's now, {log.last_on}.")
    if from_on is None and to_on is None:
        return None, notes
    first, last = max(from_on or log.first_on, log.first_on), min(to_on or log.last_on, log.last_on)
    return (first, last) if first <= last else None, notes


def in_parts(ranges: Iterable[Dates]) -> list[Dates]:
    """The ranges, joined where they meet, in parts that are built one after the other."""
    joined: list[Dates] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + DAY:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return [part for whole in joined for part in _parts(*whole)]


def _parts(first: date, last: date) -> Iterable[Dates]:
    while first <= last:
        part = min(first + timedelta(days=DAYS_AT_ONCE - 1), last)
        yield first, part
        first = part + DAY


def carried_monday(places: Places, log: Log, first_on: date) -> date | None:
    """The newest Monday, not after the date, from which on the log can be read; None: read all."""
    if not places.exists(CARRIED_EVENTS):
        return None
    mondays = (date.fromisoformat(day) for day in live_files(places, CARRIED_EVENTS) if day)
    return max((day for day in mondays if log.first_on < day <= first_on), default=None)


def _touched(places: Places, log: Log, last: tuple[int, date] | None) -> Dates | None:
    """The dates that may differ since the last build: from the earliest day of what came since,
    or was undone by it, or was not over then; what changes a day changes those after it.

    With the day before: an event at midnight belongs to its bed-days.
    """
    if last is None:
        return log.first_on, log.last_on
    version, built_until = last
    first = _changed_from(places, version)
    if first == date.max:
        return None
    return max(min(first, built_until), log.first_on + DAY) - DAY, log.last_on


LAST_BUILD = f"""
    SELECT version_read, to_on FROM {TABLE_RUNS_BATCH.name}
    WHERE seq_until IS NOT NULL AND to_on IS NOT NULL ORDER BY finished_at DESC LIMIT 1
"""  # noqa: S608 - our own names
FINISHED = f"""
    SELECT from_on, to_on, version_read FROM {TABLE_RUNS_BATCH.name}
    WHERE run_id = $run_id AND table_name = '{CENSUS_HOURLY.name}'
"""  # noqa: S608 - our own names
"""The runs of a part are written down together: one of its tables stands for all."""
DAYS_OF = f"""
    SELECT min(CASE WHEN died_at < occurred_at THEN (died_at AT TIME ZONE 'UTC')::DATE - 1
        ELSE occurred_on END) AS first_on FROM {SILVER_BED_EVENTS.name}
    WHERE list_contains($event_ids, event_id) OR list_contains($event_ids, corrects_event_id)
"""  # noqa: S608 - our own names


def _asked(places: Places, table: Table, sql: str, **parameters: Any) -> list[dict[str, Any]]:
    """Raises LakeError where the table cannot be read: to a reader of the board it would be empty,
    and everything would be built anew."""
    reader = LakeReader(places, tables=(table,))
    rows: list[dict[str, Any]] = reader.ask(sql, parameters).to_pylist()
    if why := reader.broken.get(table.name):
        raise LakeError(f"{table.name} cannot be read: {why}", "./snr doctor looks for the cause.")
    return rows


def _last_build(places: Places) -> tuple[int, date] | None:
    """The version of the log up to which all dates were built, and the hospital's date then."""
    found = _asked(places, TABLE_RUNS_BATCH, LAST_BUILD)
    return (found[0]["version_read"], found[0]["to_on"]) if found else None


def _changed_from(places: Places, version: int) -> date:
    """The earliest date that what came since this version of the log touches; the last of all dates
    where nothing came, the first where that is not known any more."""
    new = _added_since(places, version)
    if new is None:
        return date.min
    days = [day for day in new["occurred_on"].unique().to_pylist() if day]
    earlier = new["died_at"].filter(pc.less(new["died_at"], new["occurred_at"]))
    # In whatever zone: a death counts on its own day.
    days += [at.date() - DAY for at in earlier.unique().to_pylist()]
    undone = [event_id for event_id in new["corrects_event_id"].unique().to_pylist() if event_id]
    if undone:
        [row] = _asked(places, SILVER_BED_EVENTS, DAYS_OF, event_ids=undone)
        days += [row["first_on"]] if row["first_on"] else []
    return min(days, default=date.max)


def _added_since(places: Places, version: int) -> pa.Table | None:
    """Day, correction and death of each row appended after this version of the log; None where the
    table no longer knows, or has files no longer. Rows that were only moved about are not new.

    The table has `delta.enableChangeDataFeed`.
    """
    handle = DeltaTable(places.table(SILVER_BED_EVENTS))
    columns = ["occurred_on", "corrects_event_id", "occurred_at", "died_at"]
    if handle.version() <= version:
        return SILVER_BED_EVENTS.schema.empty_table().select(columns)
    try:
        return pa.table(handle.load_cdf(version + 1, columns=columns).read_all())
    except Exception as error:  # noqa: BLE001 - of no class of its own: commits or files are gone
        reason = str(error).partition("\n")[0]
        logger.warning("a table no longer knows what is new", since=version, reason=reason)
        return None


def _finished(places: Places, by: Run) -> set[Dates]:
    """The parts that this run has built before it was tried again, and that nothing that came
    since touches; the stream goes on meanwhile."""
    if by.flow_run_id is None:
        return set()
    built = _asked(places, TABLE_RUNS_BATCH, FINISHED, run_id=by.flow_run_id)
    versions = {row["version_read"] for row in built}
    changed_from = {version: _changed_from(places, version) for version in versions}
    # Of a day after the part only its midnight belongs to it.
    return {
        (row["from_on"], row["to_on"])
        for row in built
        if row["to_on"] + DAY < changed_from[row["version_read"]]
    }
