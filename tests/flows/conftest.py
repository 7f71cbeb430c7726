from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lake.paths import Places
from lake.spark import session


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    spark = session("tests", soon=True)
    yield spark
    spark.stop()


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path, str(tmp_path / "lake"))
