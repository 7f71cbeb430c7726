"""What a run leaves behind to look at in Prefect's pages."""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, cast
from uuid import UUID

from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactUpdate


def show_table(key: str, rows: Sequence[dict[str, Any]], note: str = "") -> None:
    """A table, or the note alone where there are no rows. Only inside a flow run."""
    if rows:
        create_table_artifact(key=key, table=list(rows), description=note or None)
    else:
        create_markdown_artifact(key=key, markdown=note or "Nothing to do.")


def show_lineage(key: str, edges: Mapping[str, Iterable[str]]) -> None:
    """Of each table that a run wrote, what it was made from; all as name@version."""
    lines = [f"- `{table}` ← {', '.join(f'`{s}`' for s in of)}" for table, of in edges.items()]
    create_markdown_artifact(key=key, markdown="\n".join(["### Lineage", "", *lines]))


class LiveTable:
    """A table that is drawn anew while the run goes on. Made inside a flow run, drawn from any
    thread. A server that is away is no reason for the run to stop."""

    def __init__(self, key: str, means: str) -> None:
        self._id: UUID | None = None
        with suppress(Exception):
            self._id = cast("UUID", create_table_artifact(table=[], key=key, description=means))

    def __call__(self, rows: Sequence[dict[str, Any]]) -> None:
        if self._id is not None:
            with suppress(Exception), get_client(sync_client=True) as client:
                client.update_artifact(self._id, ArtifactUpdate(data=json.dumps(rows)))


class Progress:
    """How far a run is, in percent. Only inside a flow run."""

    def __init__(self, key: str, means: str) -> None:
        self._id = cast("UUID", create_progress_artifact(0, key=key, description=means))

    def __call__(self, percent: float) -> None:
        update_progress_artifact(self._id, progress=percent)
