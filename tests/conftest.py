"""What all tests share: which of them a run takes, how long each may take, a Spark, a home.

What a test needs is read from its fixtures, so no list of tests has to be kept: whoever asks for
`jvm` (as `spark` does) or for `stack` is marked so, and nobody else finds a Java.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import structlog
from hypothesis import settings

from lake.places import Places

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NEEDS = ("jvm", "stack")
SLOW = "fuzzer"
JAVA_HOME = os.environ.get("JAVA_HOME")
SECONDS = 300
SECONDS_WITH_JVM = 1200
"""Of one test with the fixtures that it is the first to need; many times what it takes, so that it
ends a dead loop and not a slow machine."""

os.environ["SNR_AUTH"] = "off"  # tests of signing in say otherwise

settings.register_profile("quick", max_examples=60, deadline=None, print_blob=True)
settings.register_profile("ci", settings.get_profile("quick"), max_examples=200)
settings.register_profile("long", settings.get_profile("quick"), max_examples=2000)
settings.load_profile("quick")  # another: --hypothesis-profile

structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)
"""Plain, as the processes log: to draw every value of every frame takes a second or two for each
failure that a test brings about."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the long tests too (-m long: alone)")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Before pytest looks at `-m`."""
    with_long = config.getoption("--long") or "long" in config.option.markexpr
    for item in items:
        asked = getattr(item, "fixturenames", ())
        needed = [name for name in NEEDS if name in asked]
        for name in (*needed, *([SLOW] if SLOW in asked else [])):
            item.add_marker(name)
        if not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SECONDS_WITH_JVM if needed else SECONDS))
        if item.get_closest_marker("long") and not with_long:
            item.add_marker(pytest.mark.skip(reason="runs with --long only"))
    items.sort(key=lambda item: item.get_closest_marker("takes_long") is None)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test that starts Spark without saying so fails, wherever it runs."""
    if any(item.get_closest_marker(name) for name in NEEDS):
        os.environ.pop("JAVA_HOME", None)
        if JAVA_HOME:
            os.environ["JAVA_HOME"] = JAVA_HOME
    else:
        os.environ["JAVA_HOME"] = os.devnull


@pytest.fixture(scope="session")
def jvm() -> None:
    """For a test that starts a JVM, here or in another process."""


@pytest.fixture(scope="session")
def spark(jvm: None) -> Iterator["SparkSession"]:
    """One for all tests of a process."""
    from lake.spark import session

    spark = session("tests", soon=True)
    # Of a few rows it is faster to interpret a plan than to compile it; the stack compiles.
    spark.conf.set("spark.sql.shuffle.partitions", "1")
    spark.conf.set("spark.sql.files.openCostInBytes", "262144")  # small files: few tasks
    spark.conf.set("spark.sql.codegen.wholeStage", "false")
    spark.conf.set("spark.sql.codegen.factoryMode", "NO_CODEGEN")
    yield spark
    spark.stop()


@pytest.fixture
def places(tmp_path: Path) -> Places:
    home = tmp_path / "home"
    return Places(home, str(home / "lake"))
