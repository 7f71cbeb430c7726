"""What a run leaves behind to look at in Prefect's pages."""

from collections.abc import Sequence
from typing import Any

from prefect.artifacts import create_markdown_artifact, create_table_artifact


def show_table(key: str, rows: Sequence[dict[str, Any]], note: str = "") -> None:
    """A table, or the note alone where there are no rows. Only inside a flow run."""
    if rows:
        create_table_artifact(key=key, table=list(rows), description=note or None)
    else:
        create_markdown_artifact(key=key, markdown=note or "Nothing to do.")
