"""The batch tables of a range of hospital dates, out of silver.bed_events.

What happened before the range is read from silver.carried_events: the cost of a range does not
grow with the history before it.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from flows.batch.plan import DAY, Dates, Log, carried_monday
from flows.runs.table_runs import TableRun
from flows.transforms.bed_states import bed_states
from flows.transforms.bed_status_spans import bed_status_spans
from flows.transforms.bed_stays import bed_stays
from flows.transforms.beds import beds
from flows.transforms.bookings import bookings
from flows.transforms.breaches import breach_spans, breaches
from flows.transforms.carried_events import OF_A_BREACH, SINCE, carried_events, of_the_log
from flows.transforms.census_hourly import census_hourly
from flows.transforms.reservations import reservations
from flows.transforms.room_daily import room_daily
from flows.transforms.turnaround import turnaround
from flows.transforms.ward_daily import ward_daily
from lake import spark as lake
from lake.arrow import rows_written, version
from lake.errors import LakeError
from lake.places import Places
from lake.tables import (
    BED_STATUS_SPANS,
    BED_STAYS,
    BEDS,
    BOOKINGS,
    BREACHES,
    CARRIED_EVENTS,
    CARRIED_NAMES,
    CENSUS_HOURLY,
    ROOM_DAILY,
    SILVER_BED_EVENTS,
    TURNAROUND,
    WARD_DAILY,
    Table,
)

AT_ONCE = 2

TABLES = (CENSUS_HOURLY, WARD_DAILY, ROOM_DAILY, BEDS, BED_STATUS_SPANS, BED_STAYS, BOOKINGS,
          TURNAROUND, BREACHES, CARRIED_EVENTS)  # fmt: skip
"""In the order in which they are built: what the charts wait for comes first."""


class GivenUp(LakeError):
    """Nobody waits for the build any more: its run was cancelled, or has died."""


def build_dates(
    spark: SparkSession,
    places: Places,
    log: Log,
    dates: Dates,
    is_given_up: Callable[[], bool] = lambda: False,
) -> list[TableRun]:
    """Builds all tables for these dates.

    What is open goes with the last dates: it may have ended on any of them.
    Raises GivenUp between two tables.
    """
    rows, sources, in_count = _rows(spark, places, log, dates)
    is_few = log.has_few([dates])

    def build(table: Table) -> TableRun:
        if is_given_up():
            raise GivenUp("The build was given up.", "Run it again: ./snr build.")
        run = TableRun(
            hospital_id=log.hospital_id,
            table_name=table.name,
            from_on=dates[0],
            to_on=dates[1],
            version_read=log.version,
            sources=sources,
            in_count=in_count,
        )
        is_last = dates[1] >= log.last_on
        _replace(places, table, rows[table.name], run, is_last=is_last, is_few=is_few)
        return run

    # Spark plans each table on one core: the other one has the next in the meantime.
    with ThreadPoolExecutor(AT_ONCE) as workers:
        return list(workers.map(build, (table for table in TABLES if table.name in rows)))


def _replace(
    places: Places, table: Table, rows: DataFrame, run: TableRun, *, is_last: bool, is_few: bool
) -> None:
    started = time.monotonic()
    before = version(places, table)
    assert run.from_on is not None  # noqa: S101 - a build is of dates
    assert run.to_on is not None  # noqa: S101 - a build is of dates
    # What is carried stands for what was before its Monday.
    later = DAY if table == CARRIED_EVENTS else timedelta()
    dates = (run.from_on + later, run.to_on + later)
    with_open = _has_open_rows(table) and is_last
    lake.replace_dates(rows, places, table, dates, with_open=with_open, is_few=is_few)
    run.version_written = version(places, table)
    run.out_count = rows_written(places, table, before)
    run.seconds = time.monotonic() - started
    run.finished_at = datetime.now(UTC)


def _has_open_rows(table: Table) -> bool:
    return table.partition_by == ("ended_on",)


def _rows(
    spark: SparkSession, places: Places, log: Log, dates: Dates
) -> tuple[dict[str, DataFrame], list[str], int]:
    """What each table holds of these dates (and perhaps more), of what, and of how many events.

    What several tables are made of is computed once, and then a plan's beginning: Spark's plans of
    the whole way take longer than the work of a day.
    """
    shortened, sources = _shortened_log(spark, places, log, dates)
    events = shortened.localCheckpoint()
    states = bed_states(events).localCheckpoint()
    spans = bed_status_spans(states)
    since, until = _day_begins(dates[0]), log.until(dates[1])
    rooms = room_daily(events, spans, until=until, since=since).localCheckpoint()
    rows = {
        CENSUS_HOURLY.name: census_hourly(states, reservations(events), until=until, since=since),
        WARD_DAILY.name: ward_daily(rooms),
        ROOM_DAILY.name: rooms,
        BEDS.name: beds(states),
        BED_STATUS_SPANS.name: spans,
        BED_STAYS.name: bed_stays(events),
        BOOKINGS.name: bookings(events),
        TURNAROUND.name: turnaround(spans),
    }
    broken = breach_spans(events, states, until=until)
    if _has_a_monday(dates[0] + DAY, dates[1] + DAY):
        broken = broken.localCheckpoint()
        carried = carried_events(events, states, broken, until_on=dates[1] + DAY)
        rows[CARRIED_EVENTS.name] = carried
    rows[BREACHES.name] = breaches(broken)
    return rows, sources, events.count()


def _has_a_monday(first: date, last: date) -> bool:
    return (last - first).days >= (7 - first.weekday()) % 7


def _shortened_log(
    spark: SparkSession, places: Places, log: Log, dates: Dates
) -> tuple[DataFrame, list[str]]:
    """The events of these dates, and of the two days on which a bed may be vacated of who died on
    them; what matters of those before; and what says later that one of them never was."""
    silver = lake.read(spark, places, SILVER_BED_EVENTS, log.version).select(*CARRIED_NAMES)
    silver = of_the_log(silver)
    sources = [f"{SILVER_BED_EVENTS.name}@{log.version}"]
    on, last_on = F.col("occurred_on"), dates[1] + 2 * DAY
    monday = carried_monday(places, log, dates[0])
    events = silver.where(on <= F.lit(last_on))
    if monday:
        carried = lake.read(spark, places, CARRIED_EVENTS)
        carried = carried.where(F.col("carried_on") == F.lit(monday)).select(
            *CARRIED_NAMES, *SINCE, *OF_A_BREACH, "carried_as"
        )
        events = events.where(on >= F.lit(monday)).unionByName(carried)
        sources.append(f"{CARRIED_EVENTS.name}@{version(places, CARRIED_EVENTS)}")
    if last_on < log.last_on:
        later = silver.where(on > F.lit(last_on)).where("corrects_event_id IS NOT NULL")
        events = events.unionByName(later)
    return events, sources


def _day_begins(day: date) -> datetime:
    """Early enough for the day's first hour in any time zone."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - DAY
