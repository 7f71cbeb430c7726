"""How long the batch tables of a year of a 2,000-bed hospital take, and one day's of them.

The reference is the same tables counted by DuckDB in the same run (flows/recounts).
"""

import logging
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import write_deltalake
from pyspark.sql import SparkSession

from bench import bronze
from bench.stream import say, timed
from flows.build_gold import build
from flows.verify_lake import OF_THE_BATCH, Recount
from lake import spark as lake
from lake.arrow import open_or_create
from lake.duck import LakeReader
from lake.places import Places
from lake.tables import SILVER_BED_EVENTS

EVENTS_A_YEAR = 1_200_000
DAYS = 365
ZONE = "Asia/Kolkata"
BEDS = [
    f"W{ward}-{room}-{bed}" for ward in range(1, 41) for room in range(201, 226) for bed in "AB"
]


def silver(folder: Path, days: int) -> Places:
    """The first `days` of the year, as the stream would have taken them in."""
    places = Places(folder, str(folder / "lake"))
    count = EVENTS_A_YEAR * days // DAYS
    recorded_at = datetime.now(UTC) - timedelta(hours=1)
    span = DAYS * 1_000_000 / EVENTS_A_YEAR
    rows = bronze.log(1, count, recorded_at=recorded_at, days=span, beds=BEDS)
    local = pc.local_timestamp(rows["occurred_at"].cast(pa.timestamp("us", ZONE)))
    rows = rows.append_column("occurred_on", local.cast(pa.date32()))
    handle = open_or_create(places, SILVER_BED_EVENTS)
    write_deltalake(handle, rows.select(SILVER_BED_EVENTS.column_names), mode="append")
    return places


def a_day(spark: SparkSession, places: Places, days: int) -> float:
    """Of the second time: of work, not of a JVM that has not done it before."""
    day = date(2026, 1, 1) + timedelta(days=days - 10)
    build(spark, places, day, day)
    return timed(lambda: build(spark, places, day, day))


def in_duckdb(places: Places) -> float:
    with LakeReader(places).workspace() as sql:
        sql.execute("CREATE OR REPLACE VIEW bronze.bed_events AS FROM silver.bed_events")
        recount = Recount(sql)
        return timed(lambda: _recount(recount))


def _recount(recount: Recount) -> None:
    recount.read_log(EVENTS_A_YEAR)
    for table in OF_THE_BATCH.tables:
        recount.count_again(table)


def main() -> None:
    logging.getLogger("py4j").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        year, quarter = silver(Path(folder, "year"), DAYS), silver(Path(folder, "quarter"), 91)
        spark = lake.session("bench gold")
        try:
            build(spark, quarter)  # the JVM has done all of it once
            whole = timed(lambda: build(spark, year))
            say(f"a year of 2,000 beds, all tables        {whole:>8.1f} s  (90)")
            duck = in_duckdb(year)
            say(f"the same in DuckDB, nothing written     {duck:>8.1f} s  ({whole / duck:.1f} x)")
            of_year, of_quarter = (a_day(spark, p, d) for p, d in ((year, DAYS), (quarter, 91)))
            say(f"one day of that year                    {of_year:>8.1f} s  (10)")
            say(f"of one day after a quarter of it        {of_year / of_quarter:>8.2f} x  (1)")
        finally:
            lake.stop(spark)


if __name__ == "__main__":
    main()
