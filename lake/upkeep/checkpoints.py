"""Where the stream's queries are in the tables that they follow: the checkpoints that Spark writes.

A checkpoint is a folder: who the query is (`metadata`), up to where each batch goes (`offsets`),
and which batches are done (`commits`). None of its files is synced when the power goes.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyarrow import fs

from lake.places import Places

NO_POSITION = "-"
"""What a checkpoint says of a source that has given nothing yet."""

UNFINISHED = "repair_is_unfinished"
"""A file beside the checkpoints, for as long as they are being made anew."""


@dataclass(frozen=True)
class Position:
    """Where a follower that starts again asks for the table: for the commit of this version, or
    (`of_whole_table`) for all that the table held then. `version` None: it cannot be read."""

    query: str
    version: int | None
    of_whole_table: bool = False


def positions_of(places: Places, table_id: str) -> list[Position]:
    """Of every query that follows the table, or may: of a torn checkpoint nobody knows.

    `table_id`: of the table's metadata, by which a checkpoint names its source.
    """
    storage, root = fs.FileSystem.from_uri(places.checkpoints)
    queries = [e for e in listed(storage, root) if e.type is fs.FileType.Directory]
    return [p for q in queries for p in _positions(storage, q, table_id)]


def is_missing(places: Places, query: str) -> bool:
    """Whether the query would start from the beginning."""
    storage, root = fs.FileSystem.from_uri(places.checkpoint(query))
    is_known = storage.get_file_info(f"{root}/metadata").is_file
    return not (is_known and _numbered(storage, f"{root}/offsets"))


def is_torn(places: Places, query: str) -> bool:
    """Whether one of the files that the query reads when it starts again is not whole."""
    storage, root = fs.FileSystem.from_uri(places.checkpoint(query))
    read_again = [
        *_numbered(storage, f"{root}/offsets")[-2:],
        *_numbered(storage, f"{root}/commits")[-1:],
    ]
    try:
        for entry in read_again:
            _lines(storage, entry)
        metadata = storage.get_file_info(f"{root}/metadata")
        return metadata.is_file and not metadata.size
    except ValueError:
        return True


def forget(places: Places, *queries: str) -> None:
    """They start from the beginning, under a new name; `is_repaired` is false until told."""
    storage, root = fs.FileSystem.from_uri(places.checkpoints)
    storage.create_dir(root)
    storage.open_output_stream(f"{root}/{UNFINISHED}").close()
    for query in queries:
        if storage.get_file_info(f"{root}/{query}").type is fs.FileType.Directory:
            storage.delete_dir(f"{root}/{query}")


def is_repaired(places: Places) -> bool:
    storage, root = fs.FileSystem.from_uri(places.checkpoints)
    return not storage.get_file_info(f"{root}/{UNFINISHED}").is_file


def note_repaired(places: Places) -> None:
    storage, root = fs.FileSystem.from_uri(places.checkpoints)
    storage.delete_file(f"{root}/{UNFINISHED}")


def listed(storage: fs.FileSystem, folder: str) -> list[fs.FileInfo]:
    found: list[fs.FileInfo] = storage.get_file_info(fs.FileSelector(folder, allow_not_found=True))
    return found


def _positions(storage: fs.FileSystem, query: fs.FileInfo, table_id: str) -> Iterator[Position]:
    """Before the newest batch, done or not: a query that starts again asks for that once more.

    Where the newest is the first, it asks for the table as it was then.
    """
    batches = _numbered(storage, f"{query.path}/offsets")[-2:]
    if not batches:
        return
    try:
        sources = list(_sources(storage, batches[0]))
    except ValueError:
        yield Position(query.base_name, None)
        return
    for source in sources:
        if source["reservoirId"] == table_id:
            yield _position(query.base_name, source, is_first=len(batches) == 1)


def _position(query: str, source: dict[str, Any], *, is_first: bool) -> Position:
    version: int = source["reservoirVersion"]
    if source.get("isStartingVersion"):  # in the middle of what the table held at first
        return Position(query, version, of_whole_table=True)
    return Position(query, version - is_first, of_whole_table=is_first)


def _sources(storage: fs.FileSystem, batch: fs.FileInfo) -> Iterator[dict[str, Any]]:
    """One line of settings, then one per source."""
    _, *sources = _lines(storage, batch)
    yield from (source for source in sources if source != NO_POSITION)


def _lines(storage: fs.FileSystem, entry: fs.FileInfo) -> list[Any]:
    """What follows the line with the format's version. Raises ValueError if torn."""
    with storage.open_input_stream(entry.path) as file:
        _, *lines = file.read().decode().splitlines()
    return [line if line == NO_POSITION else json.loads(line) for line in lines]


def _numbered(storage: fs.FileSystem, folder: str) -> list[fs.FileInfo]:
    """The folder's batches, oldest first."""
    batches = [e for e in listed(storage, folder) if e.base_name.isdigit()]
    return sorted(batches, key=lambda e: int(e.base_name))
