import pytest

from tests.simulator.ward import SmallWard


@pytest.fixture
def ward() -> SmallWard:
    return SmallWard()
