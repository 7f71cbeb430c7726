"""What a question costs in memory that stays, and how much the API and the dashboard grow.

The questions are the dashboard's and the API's own, asked by three threads of a lake that another
process writes to meanwhile. The reference beside them is the same through DuckDB's own Delta
reader, as `./snr sql --init` sets it up. `--long`: the whole stack with three viewers, 20 minutes.
"""

import ctypes
import gc
import multiprocessing
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import cycle, islice
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import duckdb
import psutil
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from bench.bronze import BEDS, log, write_log
from bench.stream import say
from bench.viewers import growth_of_the_stack
from dashboard.asking import queries
from lake.arrow import open_or_create
from lake.duck import LakeReader, init_script
from lake.places import Places
from lake.tables import BED_BOARD, BED_EVENTS, TABLES, Table
from simulator.writer import memory
from tests.delta_extension import delta_extension

QUESTIONS = 10_000
OF_REFERENCE = 300
THREADS = 3
WANTED_MB = 5

WARM_UP = 1_000
AT_ONCE = 100
"""Questions that wait for a thread take memory too."""

LOOKS, BETWEEN_LOOKS = 5, 200
"""What threads hold for a moment comes and goes: the least of some looks is what stays."""

HISTORY, COMMITS, DAYS = 23_000, 23, 30
TODAY = date(2026, 1, 30)
EACH_SECONDS = 0.2
COMPACT_EVERY = 20

OF_THE_API = (
    "EVENTS_AFTER", "EVENT_WITH_ITS_REQUEST", "BED_BEFORE", "BOOKING_BEFORE", "ONE_BOOKING",
    "NEWEST_OF_BOOKINGS", "BEDS_AT", "BEDS_BEFORE_WHAT_NEVER_WAS", "OVERRIDES", "REQUESTS",
)  # fmt: skip

GIVEN: dict[str, Any] = memory.EVERY_BOOKING | {
    "after_seq": HISTORY - 50, "until_seq": HISTORY, "seq": HISTORY - 7, "event_type": None,
    "event_id": None, "bed_request_id": None, "reviewed": None, "since": None, "limit": 100,
    "at": datetime(2026, 1, 20, tzinfo=UTC), "now": datetime(2026, 1, 30, 12, tzinfo=UTC),
    "time_zone": "Asia/Kolkata", "ward_ids": [], "most": 20,
    "from_on": TODAY - timedelta(days=6), "until_on": TODAY, "gram_size": 1, "top": 20,
    "level": "ward", "period": "day", "table_name": None, "recorded_from": TODAY, "ward_id": None,
    "bed_text": None, "event_types": [], "is_manual": None, "row_limit": 100,
    "response_goal": 30, "clean_goal": 30, "turn_goal": 60,
}  # fmt: skip

Question = tuple[str, dict[str, Any]]
Ask = Callable[[str, Mapping[str, Any]], object]


def questions() -> list[Question]:
    texts = [text for name, text in vars(queries).items() if name.islower() and name[0] != "_"
             and isinstance(text, str)]  # fmt: skip
    texts += [getattr(memory, name) for name in OF_THE_API]
    return [(text, {n: GIVEN[n] for n in set(re.findall(r"\$(\w+)", text))}) for text in texts]


def write_lake(folder: Path) -> Places:
    """A log, its board, and some rows of a month in every other table."""
    places = Places(folder, str(folder / "lake"))
    write_log(places, HISTORY, files=COMMITS)
    write_board(places, HISTORY)
    for table in TABLES:
        if table not in (BED_EVENTS, BED_BOARD):
            rows = pa.Table.from_pylist([*_any_rows(table)], schema=table.schema)
            write_deltalake(open_or_create(places, table), rows, mode="append")
    return places


def _any_rows(table: Table) -> Iterator[dict[str, Any]]:
    for nth in range(DAYS * 10):
        on = TODAY - timedelta(days=nth % DAYS)
        at = datetime(on.year, on.month, on.day, nth // DAYS, tzinfo=UTC)
        values = {"string": f"W{nth // DAYS}", "bool": True, "int64": nth, "double": 1.5,
                  "date32[day]": on, "timestamp[us, tz=UTC]": at}  # fmt: skip
        yield {column.name: values.get(str(column.type)) for column in table.columns}


def write_board(places: Places, seq: int) -> None:
    """Every bed's newest event, in place of the board before."""
    newest = log(seq - len(BEDS) + 1, len(BEDS), recorded_at=datetime.now(UTC), days=DAYS)
    newest = newest.rename_columns(
        ["last_event_type" if name == "event_type" else name for name in newest.column_names]
    )
    board = newest.select(BED_BOARD.column_names)
    write_deltalake(open_or_create(places, BED_BOARD), board, mode="overwrite")


def write_on(places: Places, ended: Event) -> None:
    """As the engine and the stream do: small commits, files put together, the board overwritten."""
    table, seq = open_or_create(places, BED_EVENTS), HISTORY
    for nth in range(1, sys.maxsize):
        if ended.wait(EACH_SECONDS) or not _has_parent():
            return
        rows = log(seq + 1, 10, recorded_at=datetime.now(UTC), days=DAYS)
        write_deltalake(table, rows, mode="append")
        seq += rows.num_rows
        if nth % 5 == 0:
            write_board(places, seq)
        if nth % COMPACT_EVERY == 0:
            table = DeltaTable(places.table(BED_EVENTS))
            table.optimize.compact()


def _has_parent() -> bool:
    """A bench that was killed leaves no writer behind."""
    parent = multiprocessing.parent_process()
    return parent is not None and parent.is_alive()


@contextmanager
def writer(places: Places) -> Iterator[None]:
    spawn = multiprocessing.get_context("spawn")
    ended = spawn.Event()
    process = spawn.Process(target=write_on, args=(places, ended))
    process.start()
    try:
        yield
    finally:
        ended.set()
        process.join()


def attached(places: Places) -> Ask:
    """The same views over tables that DuckDB's own Delta reader has attached."""
    connection = duckdb.connect()
    script = init_script(places).replace("INSTALL delta;", "")
    script = script.replace("LOAD delta", f"LOAD '{delta_extension()}'")
    for table in TABLES:
        script = script.replace(f"'{table.layer}/{table.stem}'", f"'{places.table(table)}'")
    connection.execute(script)

    def ask(text: str, parameters: Mapping[str, Any]) -> object:
        with connection.cursor() as cursor:
            return cursor.execute(text, dict(parameters)).to_arrow_table()

    return ask


def cost(name: str, ask: Ask, count: int, *, warm_up: int, looks: int) -> float:
    """MB that stay after `count` questions; says what each of them cost."""
    asked = cycle(questions())
    with ThreadPoolExecutor(THREADS) as threads:

        def put(count: int) -> None:
            for _ in range(0, count, AT_ONCE):
                list(threads.map(lambda question: ask(*question) and None, islice(asked, AT_ONCE)))

        def least_mb() -> float:
            return min(_resident_mb(put) for _ in range(looks))

        put(warm_up)
        before, started = least_mb(), time.perf_counter()
        put(count)
        milliseconds = (time.perf_counter() - started) * 1000 / count
        grown = least_mb() - before
    kilobytes = grown * 1000 / count
    say(f"{name:24} {count:>6,}: {milliseconds:7.1f} ms {kilobytes:8.2f} kB each, {grown:6.1f} MB")
    return grown


def _resident_mb(put: Callable[[int], None]) -> float:
    put(BETWEEN_LOOKS)
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)
    return float(psutil.Process().memory_info().rss / 1e6)


def ask_while_it_is_written() -> float:
    with tempfile.TemporaryDirectory() as folder:
        places = write_lake(Path(folder))
        with writer(places):
            ask = LakeReader(places).ask
            grown = cost("questions", ask, QUESTIONS, warm_up=WARM_UP, looks=LOOKS)
            cost("reference: attached", attached(places), OF_REFERENCE, warm_up=AT_ONCE, looks=1)
    say(f"{'':24} wanted: {WANTED_MB} MB at most")
    return grown


def main() -> None:
    grown = ask_while_it_is_written()
    is_right = grown <= WANTED_MB
    if "--long" in sys.argv:
        is_right = growth_of_the_stack() and is_right
    if not is_right:
        sys.exit("Memory is lost.")


if __name__ == "__main__":
    main()
