"""What a power cut left half-written, of which nothing was ever acknowledged: it is set aside."""

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import structlog

from lake.errors import TableNotReadable
from lake.places import Places
from lake.tables import BED_EVENTS, Table
from simulator.writer.disk import actions, fsync

MOST_UNSYNCED_COMMITS = 2

log = structlog.get_logger()


def set_aside_torn_files(places: Places, table: Table) -> None:
    set_aside_torn_checkpoint(places, table)
    # A clean-up writes two commits in a row before it is synced.
    for _ in range(MOST_UNSYNCED_COMMITS):
        if set_aside_torn_commit(places, table) is None:
            break


def set_aside_torn_checkpoint(places: Places, table: Table = BED_EVENTS) -> None:
    """Move the newest checkpoint away if it cannot be read; the commits that it covers are there:
    none is dropped before its checkpoint has been safe on disk for a while."""
    log_folder = Path(places.table(table)) / "_delta_log"
    checkpoints = sorted(log_folder.glob("*.checkpoint.parquet"))
    pointer = log_folder / "_last_checkpoint"
    if checkpoints and not _is_readable(checkpoints[-1]):
        _set_aside(places, checkpoints[-1])
        pointer.unlink(missing_ok=True)
    elif pointer.exists() and not _names_a_version(pointer):
        pointer.unlink()
    else:
        return
    fsync(log_folder)


def _is_readable(checkpoint: Path) -> bool:
    try:
        pq.read_metadata(checkpoint)
    except (pa.ArrowException, OSError):
        return False
    return True


def _names_a_version(pointer: Path) -> bool:
    try:
        return isinstance(json.loads(pointer.read_text())["version"], int)
    except (ValueError, KeyError, TypeError):
        return False


def set_aside_torn_commit(places: Places, table: Table = BED_EVENTS) -> Path | None:
    """Move the newest commit away if a crash left it empty, torn, or without its data.

    Such a commit was never acknowledged: the answer waits for the sync.
    """
    root = Path(places.table(table))
    commits = sorted((root / "_delta_log").glob("*.json"))
    if not commits or _is_whole(root, commits[-1]):
        return None
    torn = commits[-1]
    if len(commits) == 1:
        raise TableNotReadable(
            f"The first commit of {table.name} is damaged, so the log has no schema.",
            f"Nothing was ever acknowledged: remove {root} and start again.",
        )
    return _set_aside(places, torn)


def _set_aside(places: Places, torn: Path) -> Path:
    aside = places.home / "set_aside" / f"{torn.parents[1].name}-{torn.name}"
    aside.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(torn, aside)
    fsync(torn.parent)
    log.warning("set aside a torn file that nobody was promised", file=str(aside))
    return aside


def _is_whole(root: Path, commit: Path) -> bool:
    try:
        done = actions(commit)
        adds = [action["add"] for action in done if "add" in action]
        return bool(done) and all(
            (root / add["path"]).stat().st_size == add["size"] for add in adds
        )
    except (ValueError, FileNotFoundError, KeyError, TypeError):
        return False
