"""The stream's and the builds' work by one lent session, as the flows ask for it."""

import dataclasses
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import date
from functools import partial
from multiprocessing.connection import Client
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from flows import driver, stream_bookings
from flows.batch.gold_tables import GivenUp
from flows.batch.plan import Run
from flows.build_gold import build, run
from flows.session.lend import lending
from flows.session.wire import Asked
from flows.stream import following
from flows.stream.supervision import Ending, RunProcess, noted_process
from lake import arrow
from lake import spark as lake
from lake.errors import TableOwnedElsewhere
from lake.places import Places
from lake.spark import read
from lake.tables import (
    CENSUS_HOURLY,
    INT,
    SILVER_BED_EVENTS,
    TABLE_RUNS_BATCH,
    WARD_DAILY,
    Column,
    Owner,
)
from lake.upkeep.ownership import own
from tests.flows.bed_log import event, rows_of, write_bronze
from tests.flows.test_build_gold import board_catches_up, three_days
from tests.lake.lake_rows import write

PATIENCE_SECONDS = 60


@pytest.fixture
def socket(spark: SparkSession, places: Places, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the tests' session is lent; nobody may start another one."""

    def started(*_: object, **__: object) -> None:
        raise AssertionError("a session of its own")

    with tempfile.TemporaryDirectory(prefix="snr") as folder:
        path = Path(folder) / "spark"
        monkeypatch.setenv("SNR_SPARK_SOCKET", str(path))
        monkeypatch.setattr("lake.spark.session", started)
        works = {
            "stream_bookings": partial(driver.stream, spark, places),
            "streamed": partial(driver.streamed, places),
            "build_gold": partial(driver.build, spark, places),
        }
        with lending(path, works):
            yield path


def is_free(places: Places, owner: Owner) -> bool:
    try:
        with own(places, owner, "the test"):
            return True
    except TableOwnedElsewhere:
        return False


def until(question: "partial[bool]") -> None:
    limit = time.monotonic() + PATIENCE_SECONDS
    while not question():
        assert time.monotonic() < limit
        time.sleep(0.1)


@pytest.mark.usefixtures("socket")
def test_a_build_by_the_lent_session_and_one_before_it_that_was_given_up(
    spark: SparkSession, places: Places
) -> None:
    write_bronze(places, three_days())
    board_catches_up(spark, places)
    looks = iter([False, True])
    with pytest.raises(GivenUp):
        build(spark, places, by=Run(is_given_up=lambda: next(looks, True)))
    assert rows_of(read(spark, places, TABLE_RUNS_BATCH), "table_name") == []

    heard: list[float] = []
    built = run(places, by=Run("a run", "its-id", heard.append))
    assert {r.table_name for r in built.runs} >= {WARD_DAILY.name, CENSUS_HOURLY.name}
    first, last = date(2026, 1, 5), date(2026, 1, 8)
    assert {(r.run_name, r.run_id, r.from_on, r.to_on) for r in built.runs} == {
        ("a run", "its-id", first, last)
    }
    assert read(spark, places, CENSUS_HOURLY).count() == 67
    assert heard == [100.0]
    assert is_free(places, Owner.BATCH)
    assert run(places).notes == ["No events since the last build."]


def test_the_stream_goes_on_until_its_flow_has_gone_and_the_session_stays(
    spark: SparkSession, places: Places, socket: Path
) -> None:
    write_bronze(places, [event(1)])
    this = RunProcess.this("a-run")
    arguments = {"once": False, "run_name": "a run", "process": this.__dict__}
    with Client(str(socket), family="AF_UNIX") as flow:
        asked = Asked(work="stream_bookings", arguments=arguments)
        flow.send_bytes(asked.model_dump_json().encode())
        until(partial(_has_rows, spark, places))
        assert noted_process(places) == this
        assert not is_free(places, Owner.STREAM)
        with pytest.raises(TableOwnedElsewhere, match="stream_bookings, run a run"):
            stream_bookings._by_the_lent_session(
                once=True, run_name="another", should_end=lambda: None, process=this
            )
    until(partial(is_free, places, Owner.STREAM))
    assert list(spark.streams.active) == []

    write_bronze(places, [event(2)])
    ended = stream_bookings._by_the_lent_session(
        once=True, run_name="catches up", should_end=lambda: None, process=this
    )
    assert ended is None
    assert read(spark, places, SILVER_BED_EVENTS).count() == 2
    shown = {row["table"]: row["events"] for row in stream_bookings._told("catches up")}
    assert shown[SILVER_BED_EVENTS.name] == 1


def _has_rows(spark: SparkSession, places: Places) -> bool:
    return places.exists(SILVER_BED_EVENTS) and read(spark, places, SILVER_BED_EVENTS).count() > 0


@pytest.mark.usefixtures("socket")
def test_a_cancelled_stream_says_why_it_ended(spark: SparkSession, places: Places) -> None:
    write_bronze(places, [event(1)])

    def has_taken_in() -> Ending | None:
        return Ending.CANCELLED if _has_rows(spark, places) else None

    ended = stream_bookings._by_the_lent_session(
        once=False, run_name="a run", should_end=has_taken_in,
        process=RunProcess.this("a-run"),
    )  # fmt: skip
    assert ended is Ending.CANCELLED
    assert is_free(places, Owner.STREAM)


class Streams:
    def __init__(self, left: list[str] | Exception) -> None:
        self._left = left

    @property
    def active(self) -> list[str]:
        if isinstance(self._left, Exception):
            raise self._left
        return self._left


@pytest.mark.parametrize(
    ("left", "is_killed"), [([], False), (["a query"], True), (OSError("no answer"), True)]
)
def test_a_query_that_does_not_stop_or_is_not_known_ends_with_its_jvm(
    left: list[str] | Exception, is_killed: bool
) -> None:
    killed = threading.Event()
    jvm = SimpleNamespace(kill=killed.set, wait=lambda: None)
    context = SimpleNamespace(_gateway=SimpleNamespace(proc=jvm))
    session = SimpleNamespace(streams=Streams(left), sparkContext=context)
    following._leave_nothing_running(session)
    assert killed.is_set() is is_killed


def test_without_its_jvm_the_process_ends_before_others_may_write(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    was_free: list[bool] = []
    monkeypatch.setattr(lake, "hold_in_jvm", lambda *_: nullcontext())
    monkeypatch.setattr(lake, "is_alive", lambda _: False)
    monkeypatch.setattr(
        following, "end_process", lambda: was_free.append(is_free(places, Owner.STREAM))
    )
    session = SimpleNamespace(streams=Streams([]))
    with following._writing(places, "a run", lent=session):
        pass
    assert was_free == [False]


def test_a_stream_that_is_cancelled_before_there_is_a_session_is_cancelled(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNR_SPARK_SOCKET", str(places.home / "none"))
    ended = stream_bookings._by_the_lent_session(
        once=False, run_name="a run", should_end=lambda: Ending.CANCELLED,
        process=RunProcess.this("a-run"),
    )  # fmt: skip
    assert ended is Ending.CANCELLED


@pytest.mark.usefixtures("jvm")
def test_a_jvm_holds_a_lock_once(spark: SparkSession, places: Places) -> None:
    """It would lose it by closing a file that it had opened for the second time."""
    with own(places, Owner.BATCH, "the test") as lock, lake.hold_in_jvm(spark, lock):
        with pytest.raises(TableOwnedElsewhere), lake.hold_in_jvm(spark, lock):
            pass
        spark.sparkContext._jvm.System.gc()
        assert not _is_free_for_another_process(lock)
    assert _is_free_for_another_process(lock)


def _is_free_for_another_process(lock: Path) -> bool:
    asks = "import fcntl, sys; fcntl.lockf(open(sys.argv[1], 'a'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    asked = subprocess.run(
        [sys.executable, "-c", asks, str(lock)], capture_output=True, check=False
    )
    return asked.returncode == 0


def test_a_column_that_only_an_earlier_version_had_is_null_in_new_rows(places: Places) -> None:
    earlier = dataclasses.replace(
        WARD_DAILY, columns=(*WARD_DAILY.columns, Column("gone_count", INT, "Of a version before"))
    )
    row = dict.fromkeys(WARD_DAILY.column_names) | {"census_on": date(2026, 1, 5), "ward_id": "A"}
    write(places, earlier, [row | {"gone_count": 3}])
    rows = pa.Table.from_pylist([row | {"ward_id": "B"}], schema=WARD_DAILY.schema)
    arrow.replace(places, WARD_DAILY, rows, "census_on = DATE '2026-01-05'")
    arrow.append_rows(places, WARD_DAILY, rows, {})
    found = arrow.open_or_create(places, WARD_DAILY).to_pyarrow_table().to_pylist()
    assert [(r["ward_id"], r["gone_count"]) for r in found] == [("B", None)] * 2


def test_a_flow_that_only_waits_for_the_stream_loads_no_engine() -> None:
    loaded = "import sys, flows.stream_bookings; print(*sys.modules)"
    modules = subprocess.run(
        [sys.executable, "-c", loaded], check=True, capture_output=True, text=True
    ).stdout.split()
    assert "prefect" in modules
    assert not {"pyspark", "duckdb", "deltalake"} & set(modules)
