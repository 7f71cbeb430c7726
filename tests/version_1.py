"""The lake of version 1 that the tests keep: a copy of it, and what was said of it then."""

import json
import shutil
from pathlib import Path
from typing import Any

from lake.places import Places

KEPT = Path(__file__).parent / "lake_of_version_1"
ANSWERS: dict[str, Any] = json.loads((KEPT / "answers.json").read_text())
NUMBERS = {path.stem: path for path in sorted((KEPT / "numbers").glob("*.parquet"))}


def copied_to(places: Places) -> Places:
    for part in ("lake", "secrets"):
        shutil.copytree(KEPT / part, places.home / part)
    return places
