"""Every number that version 1 gave of its lake is given of it today."""

from pathlib import Path

import duckdb
import pytest
from pyspark.sql import SparkSession

from flows import build_gold
from flows.stream import following
from lake.duck import LakeReader
from lake.places import Places
from lake.tables import TABLES
from tests.version_1 import NUMBERS, copied_to

KEYS = {table.name: table.key for table in TABLES}


@pytest.fixture(scope="module")
def rebuilt(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Places:
    home = tmp_path_factory.mktemp("version_1") / "home"
    places = copied_to(Places(home, str(home / "lake")))
    following.catch_up(spark, places)
    build_gold.build(spark, places)
    return places


def rows_of(places: Places, table: str, columns: list[str]) -> list[tuple]:
    known = OF_THEN.get(table, "true")
    key = ", ".join(KEYS[table])
    asked = f"SELECT {', '.join(columns)} FROM {table} WHERE {known} ORDER BY {key}"
    return [tuple(row.values()) for row in LakeReader(places).ask(asked).to_pylist()]


def then(path: Path, columns: list[str], key: tuple[str, ...]) -> list[tuple]:
    with duckdb.connect() as sql:
        sql.execute("SET TimeZone = 'UTC'")
        names = (ONE_SPELLING if name == "patient_ref" else name for name in columns)
        asked = f"SELECT {', '.join(names)} FROM '{path}' ORDER BY {', '.join(key)}"
        return [tuple(row.values()) for row in sql.execute(asked).to_arrow_table().to_pylist()]


ONE_SPELLING = "upper(patient_ref) AS patient_ref"
"""Read in capitals since."""
OTHERWISE = {"gold.census_hourly": {"reserved_count", "available_count"}}
"""Counted otherwise since: by every open reservation, not by the one that was next."""
OF_THEN = {"silver.carried_events": "carried_as NOT IN ('override', 'breach')"}
"""The rows that version 1 had; overrides are carried since, for the breaches that they explain."""
KEYS_SINCE = {"silver.carried_events": {"breach"}}
"""Part of the key since; a row of version 1 says nothing of it, so that there is one still."""


@pytest.mark.long
@pytest.mark.parametrize("table", [*NUMBERS])
def test_a_table_is_what_it_was(rebuilt: Places, table: str) -> None:
    with duckdb.connect() as sql:
        columns = sql.execute(f"DESCRIBE FROM '{NUMBERS[table]}'").fetchall()
    [known] = [known for known in TABLES if known.name == table]
    both = [c[0] for c in columns if c[0] in known.column_names]
    both = [name for name in both if name not in OTHERWISE.get(table, ())]
    key = tuple(name for name in known.key if name in both)
    assert set(known.key) - set(key) <= KEYS_SINCE.get(table, set())
    assert rows_of(rebuilt, table, both) == then(NUMBERS[table], both, key)


@pytest.mark.long
def test_the_census_has_as_many_free_beds_and_more_of_them_are_reserved(rebuilt: Places) -> None:
    columns = ["ward_id", "census_at", "available_count", "reserved_count"]
    key = KEYS["gold.census_hourly"]
    now = rows_of(rebuilt, "gold.census_hourly", columns)
    before = then(NUMBERS["gold.census_hourly"], columns, key)
    assert [row[2] + row[3] for row in now] == [row[2] + row[3] for row in before]
    assert all(new[3] >= old[3] for new, old in zip(now, before, strict=True))
