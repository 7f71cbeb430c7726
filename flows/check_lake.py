"""Whether the lake holds what it promises; each check counts the rows that break it."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from prefect import flow
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from flows.artifacts import show_table
from flows.batch_lock import batch_session
from lake import spark as lake
from lake.arrow import ensure
from lake.errors import LakeError
from lake.paths import Places
from lake.tables import (
    BED_BOARD,
    BED_EVENTS,
    BED_STAYS,
    BOOKINGS,
    CENSUS_HOURLY,
    CHECK_RESULTS,
    QUARANTINE,
    SILVER_BED_EVENTS,
    Table,
)
from lake.vocabulary import DisplayStatus

BOARD_MAY_LAG_SECONDS = 60


class CheckFailed(LakeError):
    pass


@dataclass(frozen=True)
class Check:
    """`broken` yields a frame with one row: how many rows break the check."""

    name: str
    table: Table
    needs: tuple[Table, ...]
    broken: Callable[..., DataFrame]
    means: str


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


def missing_seqs(silver: DataFrame, quarantined: DataFrame) -> DataFrame:
    """Every `seq` up to the highest is valid or set aside."""
    seqs = silver.select("seq").union(quarantined.select("seq")).where("seq IS NOT NULL")
    return seqs.select(F.coalesce(F.max("seq"), F.lit(0)) - F.count_distinct("seq"))


def repeated(*key: str) -> Callable[[DataFrame], DataFrame]:
    """Rows beyond the first of their key."""
    return lambda rows: rows.select(F.count("*") - F.count_distinct(*key))


def stays_without_booking(stays: DataFrame, bookings: DataFrame) -> DataFrame:
    return stays.join(bookings, "booking_id", "left_anti").select(F.count("*"))


def uneven_hours(census: DataFrame) -> DataFrame:
    """Hours whose five display counts are not the registered beds."""
    shown = sum((F.col(f"{status}_count") for status in DisplayStatus), F.lit(0))
    return census.where(shown != F.col("bed_count")).select(F.count("*"))


def late_rows(log: DataFrame, board: DataFrame) -> DataFrame:
    """Events of beds older than a minute that the board has not taken in."""
    shown = board.agg(F.coalesce(F.max("seq"), F.lit(0)).alias("shown_seq"))
    settled = log.where("bed_id IS NOT NULL").where(
        F.col("recorded_at")
        < F.current_timestamp() - F.expr(f"INTERVAL {BOARD_MAY_LAG_SECONDS} SECONDS")
    )
    return settled.crossJoin(F.broadcast(shown)).where("seq > shown_seq").select(F.count("*"))


CHECKS = (
    Check("seq_is_gapless", SILVER_BED_EVENTS, (SILVER_BED_EVENTS, QUARANTINE), missing_seqs,
          "seq numbers that are neither valid nor set aside"),
    Check("event_id_is_unique", SILVER_BED_EVENTS, (SILVER_BED_EVENTS,), repeated("event_id"),
          "events that came before"),
    Check("bed_id_is_unique", BED_BOARD, (BED_BOARD,), repeated("hospital_id", "bed_id"),
          "beds that are on the board twice"),
    Check("stay_has_a_booking", BED_STAYS, (BED_STAYS, BOOKINGS), stays_without_booking,
          "stays without a booking"),
    Check("display_counts_add_up", CENSUS_HOURLY, (CENSUS_HOURLY,), uneven_hours,
          "ward hours whose five counts are not the registered beds"),
    Check("board_is_fresh", BED_BOARD, (BED_EVENTS, BED_BOARD), late_rows,
          f"events older than {BOARD_MAY_LAG_SECONDS} s that the board lacks"),
)  # fmt: skip


def run(places: Places) -> list[Result]:
    with batch_session(places, "check_lake") as spark:
        return check(spark, places)


def check(spark: SparkSession, places: Places) -> list[Result]:
    """Checks whose tables are there; the results are kept in gold.check_results."""
    results = list(_results(spark, places))
    if results:
        ensure(places, CHECK_RESULTS)
        values = [tuple(asdict(result).values()) for result in results]
        rows = spark.createDataFrame(values, lake.spark_type(CHECK_RESULTS)).coalesce(1)
        lake.append(rows, places, CHECK_RESULTS)
    return results


def _results(spark: SparkSession, places: Places) -> Iterator[Result]:
    checked_at = datetime.now(UTC)
    hospital_id = _hospital_id(spark, places)
    for one in CHECKS:
        if not all(places.exists(table) for table in one.needs):
            continue
        [row] = one.broken(*(lake.read(spark, places, table) for table in one.needs)).collect()
        detail = f"{row[0]} {one.means}" if row[0] else ""
        yield Result(hospital_id, checked_at, one.name, one.table.name, row[0] == 0, row[0], detail)


def _hospital_id(spark: SparkSession, places: Places) -> str | None:
    if not places.exists(BED_BOARD):
        return None
    row = lake.read(spark, places, BED_BOARD).select("hospital_id").first()
    return row[0] if row else None


@flow(
    name="check_lake",
    flow_run_name="check_lake",
    description="Checks that the lake holds what it promises; a check that breaks fails the run.",
)
def check_lake() -> None:
    results = run(Places.from_settings())
    rows = [
        {"check": r.check_name, "table": r.table_name, "ok": r.is_ok, "found": r.detail}
        for r in results
    ]
    show_table("checks", rows, "Each check counts the rows that break it.")
    if broken := [result.detail for result in results if not result.is_ok]:
        raise CheckFailed(
            "; ".join(broken), "See the artifact of this run, and gold.check_results."
        )
