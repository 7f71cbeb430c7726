"""What a commit is on a local disk, and syncing it: delta-rs does not."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lake.errors import WriteLost


def commit_file(root: Path, version: int) -> Path:
    return root / "_delta_log" / f"{version:020d}.json"


def added_files(root: Path, commit: Path) -> Iterable[Path]:
    for action in actions(commit):
        if "add" in action:
            yield root / action["add"]["path"]


def actions(commit: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in commit.read_text().splitlines()]


def fsync(path: Path) -> None:
    """Raises WriteLost: the kernel tells of a lost write once, so asking again proves nothing."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        raise WriteLost(
            f"The disk did not keep {path.name}: {error.strerror}.",
            "Check the disk, then start again; what was not answered may be missing.",
        ) from error
    finally:
        os.close(handle)


def write_safely(path: Path, text: str) -> None:
    """On disk, whole and for its owner only, before it has its name."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.write(file, text.encode())
    os.close(file)
    fsync(new)
    new.rename(path)
    fsync(path.parent)
