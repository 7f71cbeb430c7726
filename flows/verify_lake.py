"""Recounts every curated table from the event log in a second way: DuckDB and SQL, no Spark.

The questions are in flows/recounts, one file per table. They are asked of the events that the table
had taken in, so that a stream and a schedule that go on are no difference. Builds wait meanwhile.
"""

# ruff: noqa: S608 - names of our own tables and columns, no input

import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import duckdb
import pyspark
from deltalake.exceptions import DeltaError

from flows.batch.lock import own_batch_tables
from flows.phrases import read_phrases
from lake.arrow import row_count
from lake.duck import LakeReader
from lake.errors import LakeError
from lake.places import Places
from lake.tables import (
    AUDIT_EVENTS,
    BED_BOARD,
    BED_EVENTS,
    CHECK_RESULTS,
    QUARANTINE,
    SCHEMA_VERSION,
    SILVER_BED_EVENTS,
    TABLE_RUNS_BATCH,
    TABLE_RUNS_STREAM,
    TABLES,
    Owner,
    Table,
)
from lake.vocabulary import (
    OF_A_BOOKING,
    OF_A_STAY,
    RESERVED_AHEAD_MINUTES,
    WITHOUT_A_BED,
    EventType,
)

MOST_SHOWN = 5
SETTLES_IN = timedelta(minutes=2)
"""The stream counts the texts of a day again some seconds after an event: younger days may lag."""

STOP_WORDS = "org/apache/spark/ml/feature/stopwords/english.txt"
"""What Spark leaves out of the terms, in its own jar."""

NOT_A_WORD = re.compile(r"[\W_]+")
NOT_RECOUNTED = {"quarantined_at", "detail"}
"""Columns that say when and in which words, not what."""


class NotBuiltYet(LakeError):
    pass


class WithoutRecount(LakeError):
    """A table that nobody counts again would pass for verified."""


@dataclass(frozen=True)
class Compared:
    """One table; `missing` rows are only in the recount, `extra` rows only in the table."""

    table_name: str
    row_count: int
    missing_count: int = 0
    extra_count: int = 0
    first: list[str] = field(default_factory=list)

    @property
    def is_equal(self) -> bool:
        return not (self.missing_count or self.extra_count)


def verify(places: Places) -> Iterator[Compared]:
    """One after the other; tables that nothing has been written to yet are left out.

    Raises NotBuiltYet before the batch tables if they do not know of events put through again,
    WithoutRecount if a table of the lake has neither a recount nor a reason for having none.
    """
    _refuse_without_recount(TABLES)
    if not places.exists(SILVER_BED_EVENTS):
        return
    with own_batch_tables(places, "verify"), LakeReader(places).workspace() as sql:
        sql.execute(UNSETTLED, {"settled_at": datetime.now(UTC) - SETTLES_IN})
        recount = Recount(sql)
        for group in GROUPS:
            high_seq = recount.stands_at(group)
            if high_seq is not None:
                if group is OF_THE_BATCH:
                    _refuse_if_more_came(places, sql)
                recount.read_log(high_seq)
                yield from map(recount.compared, group.tables)


def _refuse_without_recount(tables: Iterable[Table]) -> None:
    forgotten = [
        table.name
        for table in tables
        if table.name not in WITHOUT_RECOUNT and not _recount_of(table.stem).is_file()
    ]
    if forgotten:
        raise WithoutRecount(
            f"No recount of {', '.join(forgotten)}.",
            "Add flows/recounts/<table>.sql, or say in WITHOUT_RECOUNT why it has none.",
        )


def _recount_of(question: str) -> Traversable:
    return files("flows").joinpath("recounts", f"{question}.sql")


def _refuse_if_more_came(places: Places, sql: duckdb.DuckDBPyConnection) -> None:
    """Events that are put through again have a low `seq`: that alone does not tell of them."""
    [(seq_until, version)] = sql.execute(NEWEST_BUILD).fetchall()
    try:
        built = row_count(places, SILVER_BED_EVENTS, version)
    except DeltaError:  # the log no longer knows that version
        return
    now = sql.execute(f"SELECT count(*) FROM {SILVER_BED_EVENTS.name} WHERE seq <= {seq_until}")
    if now.fetchall() != [(built,)]:
        raise NotBuiltYet(
            "Events were put through again since the last build: the batch tables lack them.",
            "Run ./snr build, then ./snr verify again.",
        )


NEWEST_BUILD = f"""
    SELECT max(seq_until), max_by(version_read, finished_at)
    FROM {TABLE_RUNS_BATCH.name} WHERE seq_until IS NOT NULL
"""
UNSETTLED = """
    CREATE TEMP TABLE unsettled AS
    SELECT DISTINCT (occurred_at AT TIME ZONE coalesce(time_zone, 'UTC'))::DATE AS on_day
    FROM bronze.bed_events WHERE recorded_at > $settled_at
"""


@dataclass(frozen=True)
class Group:
    """Tables that one process writes, and the question up to which event they have come."""

    tables: tuple[Table, ...]
    stands_at: str


WITHOUT_RECOUNT = {
    BED_EVENTS.name: "the log itself; its hash chain shows what was changed",
    AUDIT_EVENTS.name: "a log too; ./snr audit verify follows its chain",
    CHECK_RESULTS.name: "what checks found when they ran",
    TABLE_RUNS_STREAM.name: "what the stream did and when",
    TABLE_RUNS_BATCH.name: "what builds did and when",
}


def _of(owner: Owner, *, apart_from: Iterable[Table] = ()) -> tuple[Table, ...]:
    left_out = {*WITHOUT_RECOUNT, *(table.name for table in apart_from)}
    return tuple(table for table in TABLES if table.owner == owner and table.name not in left_out)


OF_THE_LOG = Group(
    (SILVER_BED_EVENTS, QUARANTINE),
    """SELECT greatest((SELECT max(seq) FROM silver.bed_events),
                       (SELECT max(seq) FROM silver.quarantine))""",
)
OF_THE_STREAM = Group(_of(Owner.STREAM, apart_from=OF_THE_LOG.tables), "SELECT max(seq) FROM board")
OF_THE_BATCH = Group(_of(Owner.BATCH), "SELECT max(seq_until) FROM gold.table_runs_batch")
GROUPS = (OF_THE_LOG, OF_THE_STREAM, OF_THE_BATCH)
RECOUNTED = tuple(table for group in GROUPS for table in group.tables)


class Recount:
    """Holds the log up to one event, and what is counted from it, in temporary tables."""

    def __init__(self, sql: duckdb.DuckDBPyConnection) -> None:
        self._sql = sql
        self._parameters: dict[str, Any] = {}

    def stands_at(self, group: Group) -> int | None:
        """Up to which event the tables have taken the log in."""
        self._sql.execute(f"CREATE OR REPLACE TEMP TABLE board AS FROM {BED_BOARD.name}")
        [(seq,)] = self._sql.execute(group.stands_at).fetchall()
        return None if seq is None else int(seq)

    def read_log(self, high_seq: int) -> None:
        self._parameters = _given() | {"high_seq": high_seq}
        self._keep("checked", "checked")
        self._keep("events", "bed_events")
        [(now, zone)] = self._sql.execute(
            "SELECT max(occurred_at), max_by(coalesce(time_zone, 'UTC'), seq) FROM events"
        ).fetchall()
        self._parameters |= {"now": now, "zone": zone}
        for base in ("standing", "states", "texts"):
            self._keep(base, base)

    def count_again(self, table: Table) -> str:
        """Gives the name of the temporary table with the answer."""
        recount = f"recount_{table.stem}"
        self._keep(recount, table.stem)
        return recount

    def compared(self, table: Table) -> Compared:
        recount = self.count_again(table)
        columns = [name for name in table.column_names if name not in NOT_RECOUNTED]
        listed, scope = ", ".join(columns), self._scope(table)
        there = "board" if table == BED_BOARD else table.name
        counted = f"SELECT {listed} FROM {recount} WHERE {scope}"
        found = f"SELECT {listed} FROM {there} WHERE {scope}"
        missing, extra = f"{counted} EXCEPT ALL {found}", f"{found} EXCEPT ALL {counted}"
        row_count, missing_count, extra_count = (
            self._one(f"SELECT count(*) FROM ({rows})") for rows in (found, missing, extra)
        )
        differs = missing_count or extra_count
        first = self._differences(table, columns, missing, extra) if differs else []
        return Compared(table.name, row_count, missing_count, extra_count, first)

    def _scope(self, table: Table) -> str:
        """Which rows can be compared while the stream goes on."""
        if table in OF_THE_LOG.tables:
            return f"(seq <= {self._parameters['high_seq']} OR seq IS NULL)"
        if table in OF_THE_STREAM.tables and table != BED_BOARD:
            return "window_on NOT IN (SELECT on_day FROM unsettled)"
        return "true"

    def _differences(self, table: Table, columns: list[str], missing: str, extra: str) -> list[str]:
        """The first rows that differ, by key: what is counted and what is there."""
        key = [name for name in table.key if name in columns and name != "hospital_id"]
        rows = self._sql.execute(f"""
            SELECT * FROM (SELECT 'missing' AS side, * FROM ({missing})
                           UNION ALL SELECT 'extra', * FROM ({extra}))
            ORDER BY {", ".join(key)} LIMIT {4 * MOST_SHOWN}
        """).to_arrow_table().to_pylist()  # fmt: skip
        sides: dict[tuple[Any, ...], dict[str, dict[str, Any]]] = {}
        for row in rows:
            sides.setdefault(tuple(row[name] for name in key), {})[row.pop("side")] = row
        return [_told(key, of_key, both) for of_key, both in [*sides.items()][:MOST_SHOWN]]

    def _keep(self, name: str, question: str) -> None:
        text = _recount_of(question).read_text(encoding="utf-8")
        used = {key: value for key, value in self._parameters.items() if f"${key}" in text}
        self._sql.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {text}", used)

    def _one(self, question: str) -> int:
        [(answer,)] = self._sql.execute(question).fetchall()
        return int(answer)


def _told(key: list[str], of_key: tuple[Any, ...], both: dict[str, dict[str, Any]]) -> str:
    where = ", ".join(f"{name} {_plain(value)}" for name, value in zip(key, of_key, strict=True))
    counted, found = both.get("missing"), both.get("extra")
    if counted is None or found is None:
        return f"{where}: {'not in the log' if counted is None else 'not in the table'}"
    differing = (
        f"{name} is {_plain(found[name])}, recounted {_plain(counted[name])}"
        for name in counted
        if counted[name] != found[name]
    )
    return f"{where}: {'; '.join(differing)}"


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _given() -> dict[str, Any]:
    """What the questions need to know besides the log."""
    phrases = [(flag, phrase) for flag, all_ in read_phrases().items() for phrase in all_]
    return {
        "schema_version": SCHEMA_VERSION,
        "event_types": [*EventType],
        "of_a_bed": [*set(EventType) - WITHOUT_A_BED],
        "of_a_booking": [*OF_A_BOOKING],
        "of_a_stay": [*OF_A_STAY],
        "reserved_ahead_minutes": RESERVED_AHEAD_MINUTES,
        "stop_words": _stop_words(),
        "flags": [flag for flag, _ in phrases],
        "phrases": [" ".join(NOT_A_WORD.sub(" ", p.lower()).split()) for _, p in phrases],
    }


def _stop_words() -> list[str]:
    [jar] = Path(pyspark.__path__[0], "jars").glob("spark-mllib_*.jar")
    with zipfile.ZipFile(jar) as words:
        return words.read(STOP_WORDS).decode().split()
