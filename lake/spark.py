"""Spark: the session, and how it reads, follows and writes Delta tables.

`python -m lake.spark` fetches the jars that it needs into the checkout, once, at set-up; afterwards
Spark starts without a network.
"""

# ruff: noqa: PLC0415 - set-up runs before each command and must not load pyspark

import gc
import os
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import unquote

import pyarrow as pa
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from lake import arrow
from lake.errors import LakeError, TableOwnedElsewhere
from lake.places import CHECKOUT, Places
from lake.tables import Table

if TYPE_CHECKING:
    import subprocess

    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.streaming.readwriter import DataStreamReader
    from pyspark.sql.types import StructType

Rows: TypeAlias = "DataFrame | pa.Table"
"""Where Spark has them, or here."""

JARS = CHECKOUT / ".jars"
DELTA = "4.4.0"
BARE_FILES = "hadoop-bare-naked-local-fs"
PACKAGES = f"io.delta:delta-spark_4.2_2.13:{DELTA},com.globalmentor:{BARE_FILES}:0.1.0"
JAR_NAMES = {
    "delta-spark_4.2_2.13": DELTA,
    "delta-storage": DELTA,
    "delta-kernel-api": DELTA,
    "delta-kernel-defaults": DELTA,
    BARE_FILES: "0.1.0",
}
"""What is fetched, with its version."""
SPARK_BRINGS = (
    "org.antlr:*,org.apache.hadoop:*,org.apache.logging.log4j:*,org.apache.parquet:*,org.slf4j:*,"
    "com.fasterxml.jackson.core:*,com.fasterxml.jackson.datatype:*,com.github.luben:*,"
    "com.google.code.findbugs:*,commons-logging:*,commons-pool:*,io.airlift:*,io.unitycatalog:*,"
    "io.delta:delta-kernel-unitycatalog,javax.annotation:*,org.locationtech.jts:*,"
    "org.roaringbitmap:*,org.xerial.snappy:*"
)
"""What these packages ask for and Spark has, or a lake without Unity Catalog never loads."""


class SparkSettings(BaseSettings):
    """`SNR_SPARK_MASTER`, `SNR_SPARK_MEMORY`: where Spark runs and how large its JVM may grow."""

    model_config = SettingsConfigDict(env_prefix="SNR_")

    master: str = Field("local[2]", validation_alias="SNR_SPARK_MASTER")
    memory: str | None = Field(None, validation_alias="SNR_SPARK_MEMORY")


JAVA_OPTIONS = "-XX:+ExitOnOutOfMemoryError"
"""A JVM without memory is half dead: it ends, another is started."""

LARGE = "-XX:+UseParallelGC"
"""Nobody waits for a single pause of this collector, and it takes a fifth less of two cores than
the one that Java would choose."""

CHECKPOINTS = (
    "org.apache.spark.sql.execution.streaming.checkpointing.FileSystemBasedCheckpointFileManager"
)

SOON = (
    "-XX:+UseSerialGC -XX:MinHeapFreeRatio=20 -XX:MaxHeapFreeRatio=40"
    " -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m"
)
"""With the collector that gives back to the system what it has freed (`give_back`). Without the
second compiler, which takes more time from a start than it gives back to small batches: the
stream's first one came after 39 s instead of 69 on two busy cores. With room for as much code as
the two would have: the 48 MB of one alone are full within a minute, and then nothing more is
compiled."""

STOP_SECONDS = 3


def session(
    app_name: str, settings: SparkSettings | None = None, *, soon: bool = False
) -> "SparkSession":
    """A session for small data on one machine: few partitions, no web pages, UTC.

    `soon`: somebody waits for the first rows more than for many; and those few need less memory.
    """
    from pyspark.sql import SparkSession

    settings = settings or SparkSettings()
    builder = SparkSession.builder.appName(app_name).master(settings.master)
    options = _configuration() | _jars_for(settings.master)
    for key, value in (options | _heap_and_compiler(settings, soon=soon)).items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def _heap_and_compiler(settings: SparkSettings, *, soon: bool) -> dict[str, str]:
    return {
        "spark.driver.memory": settings.memory or ("768m" if soon else "2g"),
        "spark.driver.extraJavaOptions": f"{JAVA_OPTIONS} {SOON if soon else LARGE}",
    }


def stop(spark: "SparkSession") -> None:
    """End the session; one whose JVM was ended at the same time has ended already.

    A JVM that does not end it in time is killed: nobody else may write while it lives.
    """
    ending = threading.Thread(target=_stop, args=(spark,), daemon=True)
    ending.start()
    ending.join(STOP_SECONDS)
    if ending.is_alive():
        kill(spark)


def kill(spark: "SparkSession") -> None:
    """End its JVM at once; afterwards it is gone."""
    if process := _process(spark):
        process.kill()
        process.wait()


def is_alive(spark: "SparkSession") -> bool:
    """Whether the session still works. Spark stops its context, and leaves the JVM, after an error
    in one of its own threads."""
    process = _process(spark)
    if process is None or process.poll() is not None:
        return False
    with suppress(Exception):  # a JVM that does not answer is not alive
        return not spark.sparkContext._jsc.sc().isStopped()
    return False


def _process(spark: "SparkSession") -> "subprocess.Popen[bytes] | None":
    return getattr(spark.sparkContext._gateway, "proc", None)


def _stop(spark: "SparkSession") -> None:
    with suppress(Exception):
        spark.stop()


def _configuration() -> dict[str, str]:
    return {
        # Hadoop starts a `chmod` for each file that it makes; this file system asks the operating
        # system itself, and writes no checksum files: a third of the time for a table of 300 days.
        "spark.hadoop.fs.permissions.umask-mode": "027",  # not the process's
        "spark.hadoop.fs.file.impl": "com.globalmentor.apache.hadoop.fs.NakedLocalFileSystem",
        # These two take it as well, where they would ask Hadoop's other interface, FileContext, and
        # so start five processes for each commit of a table and some for each batch. On a
        # local disk that one looks before it renames too: of two writers neither is safe, and
        # `own` lets one write.
        "spark.delta.logStore.file.impl": "io.delta.storage.LocalLogStore",
        "spark.sql.streaming.checkpointFileManagerClass": CHECKPOINTS,
        # Each column that is named would cost calls to say where; tracebacks know that.
        "spark.python.sql.dataFrameDebugging.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.log.level": "ERROR",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        # Without its pages Spark still keeps the last 1000 jobs and plans for them, in words.
        "spark.ui.retainedJobs": "10",
        "spark.ui.retainedStages": "10",
        "spark.ui.retainedTasks": "100",
        "spark.sql.ui.retainedExecutions": "10",
        "spark.sql.ui.explainMode": "simple",
        "spark.sql.maxPlanStringLength": "2000",
        "spark.scheduler.mode": "FAIR",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.adaptive.enabled": "false",
        # The builds and the stream have more different plans than the 100 that it would remember.
        "spark.sql.codegen.cache.maxEntries": "1000",
        "spark.sql.warehouse.dir": str(Path(tempfile.gettempdir(), "snr-spark-warehouse")),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.sources.partitionOverwriteMode": "static",
        # As Delta defines instants; Spark would write them as INT96, slower and without statistics.
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        # Writing by date without sorting the rows by date first.
        "spark.sql.maxConcurrentOutputFileWriters": "40",
        "spark.sql.streaming.minBatchesToRetain": "20",
        # A batch that waits for Python may never notice that its query is to stop (seen).
        "spark.sql.streaming.stopTimeout": f"{STOP_SECONDS}s",
        # Few rows from here are worked out while it plans, without a job: 0.4 ms for each.
        "spark.sql.execution.arrow.localRelationThreshold": "100KB",
        "spark.databricks.delta.snapshotPartitions": "1",
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
        # A task takes in few files, so that what it writes lies in few days.
        "spark.sql.files.maxPartitionBytes": "8m",
    }


def _jars_for(master: str) -> dict[str, str]:
    """On the class path of this JVM; the executors of a cluster are sent them."""
    jars = [str(jar) for jar in _jars()]
    sent = {} if master.startswith("local") else {"spark.jars": ",".join(jars)}
    return {"spark.driver.extraClassPath": os.pathsep.join(jars)} | sent


def _jar(name: str) -> Path:
    return JARS / f"{name}-{JAR_NAMES[name]}.jar"


def groups() -> dict[str, str]:
    """Whose the fetched jars are."""
    return {name: "com.globalmentor" if name == BARE_FILES else "io.delta" for name in JAR_NAMES}


def missing_jars() -> list[str]:
    return [_jar(name).name for name in JAR_NAMES if not _jar(name).exists()]


def _jars() -> list[Path]:
    if missing := missing_jars():
        raise LakeError(
            f"Files that Spark needs are missing in {JARS}: {', '.join(missing)}.",
            "Remove .venv/.set-up and run ./snr again, with a network: it fetches them.",
        )
    return [_jar(name) for name in JAR_NAMES]


def fetch_jars() -> bool:
    """Whether anything had to be fetched. Spark's own resolver finds the registry by itself."""
    if not missing_jars():
        return False
    from pyspark.sql import SparkSession

    JARS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=JARS) as ivy:
        spark = (
            SparkSession.builder.master("local[1]")
            .config("spark.ui.enabled", "false")
            .config("spark.jars.ivy", ivy)
            .config("spark.jars.packages", PACKAGES)
            .config("spark.jars.excludes", SPARK_BRINGS)
            .getOrCreate()
        )
        spark.stop()
        for name in JAR_NAMES:
            [jar] = Path(ivy, "jars").glob(f"*_{name}-*.jar")
            jar.rename(_jar(name))
    return True


@contextmanager
def hold_in_jvm(spark: "SparkSession", lock: Path) -> Iterator[None]:
    """The JVM holds the file that `own()` yields until it ends, even if this Python is killed.

    The kernel frees a POSIX record lock only when the process that took it is gone, so nobody
    can own the tables while a JVM that lost its Python still writes. It frees it too when that
    process closes the file, however often it had opened it: one JVM opens it once at a time.
    """
    with _held_by(lock):
        file = _jvm(spark).java.io.RandomAccessFile(str(lock), "rw")
        held = file.getChannel().tryLock()
        if held is None:
            file.close()
            raise _still_held(lock)
        try:
            yield
        finally:
            with suppress(Exception):  # a JVM that is gone holds nothing
                held.release()
                file.close()


_held: set[Path] = set()
_holding = threading.Lock()


@contextmanager
def _held_by(lock: Path) -> Iterator[None]:
    with _holding:
        if lock in _held:
            raise _still_held(lock)
        _held.add(lock)
    try:
        yield
    finally:
        with _holding:
            _held.discard(lock)


def _still_held(lock: Path) -> TableOwnedElsewhere:
    return TableOwnedElsewhere(
        f"{lock.name} is held by a Spark process that is still ending.",
        "Wait a few seconds and start again.",
    )


def spark_type(table: Table) -> "StructType":
    """The table's Arrow schema in Spark's words."""
    from pyspark.sql import types

    spark_types: dict[pa.DataType, types.DataType] = {
        pa.string(): types.StringType(),
        pa.bool_(): types.BooleanType(),
        pa.int64(): types.LongType(),
        pa.float64(): types.DoubleType(),
        pa.date32(): types.DateType(),
        pa.timestamp("us", tz="UTC"): types.TimestampType(),
        pa.list_(pa.string()): types.ArrayType(types.StringType()),
    }
    return types.StructType([types.StructField(c.name, spark_types[c.type]) for c in table.columns])


def read(
    spark: "SparkSession", places: Places, table: Table, as_of: int | None = None
) -> "DataFrame":
    """The table as it is, or as its version `as_of` was."""
    reader = spark.read.format("delta")
    if as_of is not None:
        reader = reader.option("versionAsOf", as_of)
    return reader.load(places.table(table))


FILE = "file_uri"
"""Column of a followed table: the file that a row comes from."""


def follow(
    spark: "SparkSession", places: Places, table: Table, options: Mapping[str, str | int]
) -> "DataFrame":
    """The table as a stream of where its rows are: their partition, and `FILE`.

    A micro-batch is read anew, row by row, each time it is looked at; files are read by column
    (`files_of`, `read_files`). Commits that rewrite old rows (a purge) are not followed.
    """
    from pyspark.sql import functions as F

    reader: DataStreamReader = spark.readStream.format("delta").option("skipChangeCommits", "true")
    for key, value in options.items():
        reader = reader.option(key, value)
    rows = reader.load(places.table(table))
    return rows.select(*table.partition_by, F.input_file_name().alias(FILE))


def files_of(batch: "DataFrame") -> list[str]:
    """The files that a micro-batch of a followed table names: its plan knows them, so no job has to
    open each for its name (5 ms a file)."""
    partitions: Any = batch._jdf.queryExecution().toRdd().partitions()
    return sorted({file.urlEncodedPath() for each in partitions for file in each.files()})


def read_files(
    spark: "SparkSession", places: Places, table: Table, files: Iterable[str]
) -> "DataFrame":
    """The rows of these of the table's files, whether or not they still belong to it."""
    reader = spark.read.schema(spark_type(table)).option("basePath", places.table(table))
    paths = [unquote(uri) for uri in files]
    return reader.option("__globPaths__", "false").parquet(*paths).select(*table.column_names)


def to_arrow(rows: "DataFrame", table: Table) -> pa.Table:
    """Few rows, fetched, as the table has them. A commit by Spark takes longer than all that is
    done for them (docs/adr/0015)."""
    return rows.select(*table.column_names).toArrow().cast(table.schema)


def from_arrow(spark: "SparkSession", rows: pa.Table) -> "DataFrame":
    """As one piece: of a table without any Spark cannot tell the types, of many it is slow."""
    whole = rows.combine_chunks() if rows.num_rows else rows.schema.empty_table()
    return spark.createDataFrame(whole)


def append(
    rows: Rows, places: Places, table: Table, *, batch: tuple[str, int] | None = None
) -> None:
    """`batch` is (application, number): the commit says so (`lake.arrow.written_until` finds it),
    even of one without rows. Rows that are here are written from here, others by Spark.

    Delta's own `txnAppId` would do the same, but looks through the table's whole log at each
    append (0.5 s instead of 0.15); a table with one writer needs to look only when that starts.
    """
    told = {"userMetadata": arrow.mark(*batch)} if batch else {}
    if isinstance(rows, pa.Table):
        arrow.append_rows(places, table, rows, told)
    else:
        _write(rows, places, table, "append", told)


def replace(rows: Rows, places: Places, table: Table) -> None:
    """The rows become the whole table; those that are here are written from here."""
    if isinstance(rows, pa.Table):
        arrow.replace(places, table, rows)
    else:
        _write(rows, places, table, "overwrite", {})


def replace_days(
    rows: "DataFrame", places: Places, table: Table, days: Iterable[date], *, is_few: bool = False
) -> None:
    """The rows replace what the table has of these days."""
    [column] = table.partition_by
    listed = ", ".join(f"DATE '{day}'" for day in sorted(days))
    _replace_these(rows, places, table, f"{column} IN ({listed})", is_few)


def replace_dates(
    rows: "DataFrame",
    places: Places,
    table: Table,
    dates: tuple[date, date],
    *,
    with_open: bool = False,
    is_few: bool = False,
) -> None:
    """The rows of these dates (both included) replace what the table has of them.

    A row without a date is still open: `with_open` replaces those too.
    """
    [column] = table.partition_by
    # Delta cannot resolve a BETWEEN here.
    these = f"{column} >= DATE '{dates[0]}' AND {column} <= DATE '{dates[1]}'"
    these = f"({these} OR {column} IS NULL)" if with_open else these
    _replace_these(rows.where(these), places, table, these, is_few)


def _replace_these(
    rows: "DataFrame", places: Places, table: Table, these: str, is_few: bool
) -> None:
    """Of each partition one file."""
    if is_few:
        arrow.replace(places, table, to_arrow(rows, table), these)
    else:
        rows = rows.repartition(2, *table.partition_by)
        _write(rows, places, table, "overwrite", {"replaceWhere": these})


def _write(
    rows: "DataFrame", places: Places, table: Table, mode: str, options: Mapping[str, str | int]
) -> None:
    writer = rows.select(*table.column_names).write.format("delta").mode(mode)
    writer.options(**options).save(places.table(table))


CLEANED_WITHIN_SECONDS = 1.0


def give_back(spark: "SparkSession") -> None:
    """After much work in a session that goes on: Spark keeps what it has computed for as long as
    Python has names for it, and a JVM what it has had (some 200 MB each after 90 days' events)."""
    gc.collect()
    with suppress(Exception):  # its JVM may have ended
        for _ in range(2):  # the first finds out what is no longer named, the second lets go of it
            _jvm(spark).java.lang.System.gc()
            time.sleep(CLEANED_WITHIN_SECONDS)


def _jvm(spark: "SparkSession") -> Any:
    return spark.sparkContext._jvm


if __name__ == "__main__":
    fetch_jars()
