"""Whether the lake holds what it promises: each check is a question for the rows that break it.

The questions are in flows/checks, one file each, answered by DuckDB; what no question can see (the
files of the tables, the positions of those who follow them) is looked at here.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

import duckdb
import pyarrow as pa
from deltalake import write_deltalake
from prefect import flow

from flows.artifacts import show_table
from flows.batch_lock import own_batch_tables
from lake.arrow import files_per_partition, open_or_create, table_id
from lake.duck import LakeReader
from lake.errors import LakeError
from lake.paths import Places
from lake.retention import unreadable_followers
from lake.tables import BED_EVENTS, CHECK_RESULTS, QUARANTINE, SILVER_BED_EVENTS, TABLES, Table

MOST_EXAMPLES = 20
MOST_FILES = 50
"""Live files that a partition of a table may have."""

MADE_WITHIN = timedelta(hours=1)
"""By then the stream and the first build have made every table of a new log."""

FOLLOWED = (BED_EVENTS, SILVER_BED_EVENTS)
OF_TABLE = re.compile(r"^-- table: (\S+)$", re.MULTILINE)
A_TABLE = re.compile(r"\b(?:bronze|silver|gold)\.\w+")


class CheckFailed(LakeError):
    pass


@dataclass(frozen=True)
class Check:
    """`question` yields the rows that break it; asked once all tables that it `needs` are there."""

    name: str
    table_name: str
    question: str

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
    examples: list[str] = field(default_factory=list)


def checks() -> Iterator[Check]:
    folder = files("flows").joinpath("checks")
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        question = file.read_text(encoding="utf-8")
        [table_name] = OF_TABLE.findall(question)
        yield Check(file.name.removesuffix(".sql"), table_name, question)
    for table in TABLES:
        if table == QUARANTINE:  # what came three times is there twice
            continue
        yield Check(f"key_is_unique:{table.name}", table.name, _repeated_keys(table))


def _repeated_keys(table: Table) -> str:
    key = ", ".join(table.key)
    return (
        f"SELECT {key}, count(*) AS row_count FROM {table.name} "  # noqa: S608 - our own names
        "GROUP BY ALL HAVING count(*) > 1"
    )


def run(places: Places) -> list[Result]:
    """All checks whose tables are there; the results are kept in gold.check_results."""
    with own_batch_tables(places, "check_lake"):
        results = list(_results(places))
        if results:
            _keep(places, results)
        return results


def _results(places: Places) -> Iterator[Result]:
    there = {table.name for table in TABLES if places.exists(table)}
    if BED_EVENTS.name not in there:
        return
    checked_at = datetime.now(UTC)
    with LakeReader(places).workspace() as sql:
        log = sql.execute(f"SELECT min(hospital_id), min(recorded_at) FROM {BED_EVENTS.name}")  # noqa: S608
        [(hospital_id, begun_at)] = log.fetchall()
        if begun_at and checked_at - begun_at > MADE_WITHIN:
            yield from _tables_are_there(hospital_id, checked_at, there)
        for check in checks():
            if check.needs <= there:
                broken = _ask(sql, check.question, checked_at)
                yield _result(hospital_id, checked_at, check.name, check.table_name, broken)
    for table in (table for table in TABLES if table.name in there):
        many = [
            {"partition": partition, "file_count": count}
            for partition, count in files_per_partition(places, table).items()
            if count > MOST_FILES
        ]
        yield _result(hospital_id, checked_at, f"few_files:{table.name}", table.name, many)
    for table in (table for table in FOLLOWED if table.name in there):
        lost = unreadable_followers(places, table, table_id(places, table))
        name, rows = f"followers_can_read_on:{table.name}", [{"follower": who} for who in lost]
        yield _result(hospital_id, checked_at, name, table.name, rows)


def _tables_are_there(
    hospital_id: str | None, checked_at: datetime, there: set[str]
) -> Iterator[Result]:
    """A table that is not there fails no other check: nobody could ask it."""
    for table in (table for table in TABLES if table != CHECK_RESULTS):
        missing = [] if table.name in there else [{"table_name": table.name}]
        yield _result(hospital_id, checked_at, f"is_there:{table.name}", table.name, missing)


def _ask(sql: duckdb.DuckDBPyConnection, question: str, now: datetime) -> list[dict[str, Any]]:
    given = {"now": now} if "$now" in question else {}
    rows: list[dict[str, Any]] = sql.execute(question, given).to_arrow_table().to_pylist()
    return rows


def _result(
    hospital_id: str | None,
    checked_at: datetime,
    name: str,
    table_name: str,
    broken: list[dict[str, Any]],
) -> Result:
    examples = [json.dumps(row, default=str) for row in broken[:MOST_EXAMPLES]]
    detail = f"{len(broken)} rows of {table_name} break {name}" if broken else ""
    return Result(
        hospital_id, checked_at, name, table_name, not broken, len(broken), detail, examples
    )


def _keep(places: Places, results: Iterable[Result]) -> None:
    rows = pa.Table.from_pylist([asdict(result) for result in results], schema=CHECK_RESULTS.schema)
    write_deltalake(open_or_create(places, CHECK_RESULTS), rows, mode="append")


@flow(
    name="check_lake",
    flow_run_name=lambda: f"check_lake {datetime.now(UTC):%Y-%m-%d %H:%M}",
    description=__doc__,
)
def check_lake() -> None:
    """Fails when a check does; the rows that break it are in an artifact and in
    gold.check_results."""
    results = run(Places.from_settings())
    show_table(
        "checks",
        [
            {"check": r.check_name, "table": r.table_name, "ok": r.is_ok, "rows": r.failed_count}
            for r in results
        ],
        f"{len(results)} checks; each counts the rows that break it.",
    )
    broken = [result for result in results if not result.is_ok]
    show_table(
        "broken-checks",
        [{"check": r.check_name} | json.loads(example) for r in broken for example in r.examples],
        f"Up to {MOST_EXAMPLES} rows of each check that broke." if broken else "No check broke.",
    )
    if broken:
        raise CheckFailed(
            "; ".join(result.detail for result in broken),
            "See the artifact of this run, and gold.check_results.",
        )
