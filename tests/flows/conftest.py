from pathlib import Path

import pytest

from lake.places import Places


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path, str(tmp_path / "lake"))
