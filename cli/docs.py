"""The docs that are generated: `python -m cli.docs` writes them, `./snr check` compares them."""

import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from lake.duck import SQL_TYPES, VIEWS, LakeReader, view
from lake.errors import LakeError
from lake.live import (
    BOARD_AT_MACRO,
    BREACHES_AT_MACRO,
    LIVE_BOARD_VIEW,
    LIVE_BOOKINGS_VIEW,
    LIVE_BREACHES_VIEW,
)
from lake.places import CHECKOUT, Places
from lake.tables import BED_BOARD, TABLES, Table

HEAD = """# Tables and views

Generated from `lake/tables.py` and `lake/views` by `python -m cli.docs`. Questions that ask them:
[queries](queries/README.md).
"""
COLUMNS = "| column | type | meaning |\n| --- | --- | --- |\n"


def tables() -> str:
    return "".join((HEAD, *map(_table, TABLES), "\n# Views\n", *_views()))


def _views() -> list[str]:
    """As DuckDB describes them over a lake without tables."""
    with TemporaryDirectory() as nowhere:
        reader = LakeReader(Places(Path(nowhere), nowhere))
    statements = {
        "live_board": LIVE_BOARD_VIEW,
        "live_bookings": LIVE_BOOKINGS_VIEW,
        "board_at(now())": BOARD_AT_MACRO,
        "breaches_at(now())": BREACHES_AT_MACRO,
        "live_breaches": LIVE_BREACHES_VIEW,
        **{f"gold.{name}": view(name) for name in VIEWS},
    }
    meanings = {table.name: {c.name: c.meaning for c in table.columns} for table in TABLES}
    meanings["live_board"] = meanings[BED_BOARD.name]
    return [_view(reader, name, text, meanings) for name, text in statements.items()]


def _view(reader: LakeReader, name: str, text: str, meanings: dict[str, dict[str, str]]) -> str:
    """A column means what the view's first comments say, else what it means where it comes from.

    Adds the view to the `meanings`. Raises LakeError for a column that nothing gives a meaning.
    """
    head, _, statement = text.partition("CREATE")
    comments = [line.strip().removeprefix("-- ") for line in head.strip().splitlines()]
    columns = {
        c["column_name"]: c["column_type"] for c in reader.ask(f"DESCRIBE FROM {name}").to_pylist()
    }
    own: dict[str, str] = meanings.get(name, {})
    known: dict[str, str] = {}
    for source in [
        source for source in meanings if re.search(rf"\b{re.escape(source)}", statement)
    ]:
        known |= meanings[source]
    known |= own
    said = [comment.partition(": ") for comment in comments]
    known |= {column: meaning for column, _, meaning in said if column in columns}
    meanings[name] = known
    if unknown := [column for column in columns if column not in known]:
        raise LakeError(
            f"Nobody says what {', '.join(unknown)} of {name} mean.",
            "Add a line `-- column: meaning` for each above the view's CREATE.",
        )
    purpose = "\n".join(
        c for c, (column, *_) in zip(comments, said, strict=True) if column not in columns
    )
    rows = "".join(
        f"| `{column}` | {kind} | {known[column]} |\n" for column, kind in columns.items()
    )
    return f"\n## {name}\n\n{purpose}\n\n{COLUMNS}{rows}"


def _table(table: Table) -> str:
    partition = ", ".join(table.partition_by) or "none"
    rows = "".join(f"| `{c.name}` | {SQL_TYPES[c.type]} | {c.meaning} |\n" for c in table.columns)
    return (
        f"\n## {table.name}\n\n{table.meaning}\n\n"
        f"Key: {', '.join(table.key)}. Partition: {partition}. Owner: the {table.owner}.\n\n"
        f"{COLUMNS}{rows}"
    )


GENERATED: dict[Path, Callable[[], str]] = {Path("docs/tables.md"): tables}


def stale() -> list[str]:
    """Generated files that differ from what would be generated now."""
    return [str(path) for path, text in GENERATED.items() if _read(path) != text()]


def _read(path: Path) -> str:
    full = CHECKOUT / path
    return full.read_text() if full.exists() else ""


def main() -> None:
    for path, text in GENERATED.items():
        (CHECKOUT / path).write_text(text())


if __name__ == "__main__":
    main()
