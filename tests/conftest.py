"""What all tests share: `--long`, and a home of their own for each test that needs one."""

import os
from pathlib import Path

import pytest

from lake.places import Places


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the long tests too")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--long"):
        os.environ.setdefault("SNR_MACHINE_RUNS", "2000")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--long"):
        skip = pytest.mark.skip(reason="runs with --long only")
        for item in items:
            if "long" in item.keywords:
                item.add_marker(skip)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    home = tmp_path / "home"
    return Places(home, str(home / "lake"))
