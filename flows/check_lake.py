"""Whether the lake holds what it promises: each check is a question for the rows that break it.

The questions are in flows/checks, one file each, answered by DuckDB; what no question can see (the
files of the tables, the positions of those who follow them) is looked at here.
"""

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.resources import files
from typing import Any

import duckdb
from prefect import flow

from flows.batch.lock import own_batch_tables
from flows.runs.artifacts import show_table
from lake.arrow import append, live_files, table_id, version
from lake.duck import LakeReader
from lake.errors import LakeError
from lake.places import Places
from lake.sight import PRIVATE
from lake.tables import (
    AUDIT_EVENTS,
    BED_EVENTS,
    CHECK_RESULTS,
    QUARANTINE,
    SILVER_BED_EVENTS,
    TABLES,
    Table,
)
from lake.upkeep.retention import unreadable_followers

MOST_EXAMPLES = 20
MOST_FILES = 50
"""Live files that a partition of a table may have."""

MADE_WITHIN = timedelta(hours=1)
"""By then the stream and the first build have made every table of a new log."""

MAY_BE_MISSING = (CHECK_RESULTS, AUDIT_EVENTS)
"""The first run makes the one; the other is made once people sign in, and that it is gone is for
`./snr audit verify` to find."""

FOLLOWED = (BED_EVENTS, SILVER_BED_EVENTS)
OF_TABLE = re.compile(r"^-- table: (\S+)$", re.MULTILINE)
A_TABLE = re.compile(r"\b(?:bronze|silver|gold)\.\w+")


Row = dict[str, Any]


class CheckFailed(LakeError):
    pass


@dataclass(frozen=True)
class Check:
    """`promise`: what holds where no row breaks it. `question` yields the rows that break it; it is
    asked once all tables that it `needs` are there."""

    name: str
    table_name: str
    promise: str
    question: str = ""

    @property
    def needs(self) -> set[str]:
        return set(A_TABLE.findall(self.question))


@dataclass(frozen=True)
class Result:
    """One check of one run; the fields are the columns of gold.check_results."""

    hospital_id: str | None
    checked_at: datetime
    check_name: str
    table_name: str
    is_ok: bool
    failed_count: int
    detail: str
    promise: str
    table_version: int | None
    seconds: float
    examples: list[str] = field(default_factory=list)


def checks() -> Iterator[Check]:
    folder = files("flows").joinpath("checks")
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        question = file.read_text(encoding="utf-8")
        [table_name] = OF_TABLE.findall(question)
        comments = question.partition("\nWITH")[0].partition("\nSELECT")[0].splitlines()[1:]
        promise = " ".join(line.removeprefix("-- ") for line in comments)
        yield Check(file.name.removesuffix(".sql"), table_name, promise, question)
    for table in TABLES:
        if table == QUARANTINE:  # what came three times is there twice
            continue
        promise = f"No two rows have the same {', '.join(table.key)}."
        yield Check(f"key_is_unique:{table.name}", table.name, promise, _repeated_keys(table))


def _repeated_keys(table: Table) -> str:
    key = ", ".join(table.key)
    return (
        f"SELECT {key}, count(*) AS row_count FROM {table.name} "  # noqa: S608 - our own names
        "GROUP BY ALL HAVING count(*) > 1"
    )


def run(places: Places) -> list[Result]:
    """All checks whose tables are there; the results are kept in gold.check_results."""
    if not places.exists(BED_EVENTS):
        return []
    with own_batch_tables(places, "check_lake"):
        results = list(_Checking(places).results())
        _keep(places, results)
        return results


class _Checking:
    """One run of all checks."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._now = datetime.now(UTC)
        self._hospital_id: str | None = None
        self._versions = {table.name: version(places, table) for table in TABLES
                          if places.exists(table)}  # fmt: skip

    def results(self) -> Iterator[Result]:
        there = [table for table in TABLES if table.name in self._versions]
        with LakeReader(self._places).workspace() as sql:
            log = sql.execute(f"SELECT min(hospital_id), min(recorded_at) FROM {BED_EVENTS.name}")  # noqa: S608 - our name
            [(self._hospital_id, begun_at)] = log.fetchall()
            if begun_at and self._now - begun_at > MADE_WITHIN:
                yield from (
                    self._is_there(table) for table in TABLES if table not in MAY_BE_MISSING
                )
            for check in checks():
                if check.needs <= self._versions.keys():
                    yield self._result(check, partial(self._ask, sql, check))
        yield from map(self._few_files, there)
        yield from (self._followers_can_read_on(table) for table in FOLLOWED if table in there)

    def _result(self, check: Check, broken_by: Callable[[], list[Row]]) -> Result:
        started = time.monotonic()
        broken = broken_by()
        return Result(
            hospital_id=self._hospital_id,
            checked_at=self._now,
            check_name=check.name,
            table_name=check.table_name,
            is_ok=not broken,
            failed_count=len(broken),
            detail=f"{check.name}: broken by {len(broken)}. {check.promise}" if broken else "",
            promise=check.promise,
            table_version=self._versions.get(check.table_name),
            seconds=time.monotonic() - started,
            examples=[json.dumps(row, default=str) for row in broken[:MOST_EXAMPLES]],
        )

    def _ask(self, sql: duckdb.DuckDBPyConnection, check: Check) -> list[Row]:
        given = {"now": self._now} if "$now" in check.question else {}
        rows: list[Row] = sql.execute(check.question, given).to_arrow_table().to_pylist()
        return rows

    def _is_there(self, table: Table) -> Result:
        """A table that is not there fails no other check: nobody could ask it."""
        promise = "The table is there an hour after the log began."
        is_there = table.name in self._versions
        return self._result(
            Check(f"is_there:{table.name}", table.name, promise),
            lambda: [] if is_there else [{"table_name": table.name}],
        )

    def _few_files(self, table: Table) -> Result:
        promise = f"No partition of the table has more than {MOST_FILES} live files."
        return self._result(
            Check(f"few_files:{table.name}", table.name, promise),
            lambda: [
                {"partition": partition, "file_count": files.count}
                for partition, files in live_files(self._places, table).items()
                if files.count > MOST_FILES
            ],
        )

    def _followers_can_read_on(self, table: Table) -> Result:
        promise = "Whoever follows the table finds every commit that it has not read yet."
        return self._result(
            Check(f"followers_can_read_on:{table.name}", table.name, promise),
            lambda: [
                {"follower": who}
                for who in unreadable_followers(self._places, table, table_id(self._places, table))
            ],
        )


def _keep(places: Places, results: Iterable[Result]) -> None:
    append(places, CHECK_RESULTS, (asdict(result) for result in results))


@flow(
    name="check_lake",
    flow_run_name=lambda: f"check_lake {datetime.now(UTC):%Y-%m-%d %H:%M}",
    description=__doc__,
)
def check_lake() -> None:
    """Fails when a check does; the rows that break it are in an artifact and in
    gold.check_results."""
    results = run(Places.from_settings())
    show_table("checks", [shown(result) for result in results], _told(results))
    broken = [result for result in results if not result.is_ok]
    show_table(
        "broken-checks",
        [{"check": r.check_name} | _shown_row(e) for r in broken for e in r.examples],
        f"Up to {MOST_EXAMPLES} rows of each check that broke." if broken else "No check broke.",
    )
    if broken:
        raise CheckFailed(
            " ".join(result.detail for result in broken),
            "See the artifact of this run, and gold.check_results.",
        )


def _shown_row(example: str) -> Row:
    """Prefect keeps it: without what is private."""
    return {name: value for name, value in json.loads(example).items() if name not in PRIVATE}


def _told(results: list[Result]) -> str:
    seconds = sum(result.seconds for result in results)
    return f"{len(results)} checks in {seconds:.1f} s; each counts the rows that break it."


def shown(result: Result) -> Row:
    """A row of the artifact."""
    return {
        "check": result.check_name,
        "table": result.table_name,
        "version": result.table_version,
        "ok": result.is_ok,
        "rows": result.failed_count,
        "promise": result.promise,
        "seconds": round(result.seconds, 3),
    }
