from pathlib import Path

import pytest

from simulator.access.gate import Gate
from tests.simulator.people import Clock, gate_in


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(tmp_path: Path, clock: Clock) -> Gate:
    return gate_in(tmp_path, clock)
