"""The docs that are generated: `python -m cli.docs` writes them, `./snr check` compares them."""

import re
from collections.abc import Callable
from pathlib import Path

from lake.duck import LIVE_BOARD_VIEW, SQL_TYPES, VIEWS, LakeReader, view
from lake.paths import CHECKOUT, Places
from lake.tables import TABLES, Table

HEAD = """# Tables and views

Generated from `lake/tables.py` and `lake/views` by `python -m cli.docs`. Questions that ask them:
[queries](queries/README.md).
"""
FIRST_COMMENT = re.compile(r"^\s*-- (.*)$", re.MULTILINE)


def tables() -> str:
    return "".join((HEAD, *map(_table, TABLES), "\n# Views\n", *_views()))


def _views() -> list[str]:
    """As DuckDB describes them over a lake without tables."""
    reader = LakeReader(Places.from_settings(), tables=())
    statements = {"live_board": LIVE_BOARD_VIEW} | {f"gold.{name}": view(name) for name in VIEWS}
    return [_view(reader, name, statement) for name, statement in statements.items()]


def _view(reader: LakeReader, name: str, statement: str) -> str:
    meaning = "\n".join(FIRST_COMMENT.findall(statement.partition("CREATE")[0]))
    columns = reader.ask(f"DESCRIBE {name}").to_pylist()
    rows = "".join(f"| `{c['column_name']}` | {c['column_type']} |\n" for c in columns)
    return f"\n## {name}\n\n{meaning}\n\n| column | type |\n| --- | --- |\n{rows}"


def _table(table: Table) -> str:
    partition = ", ".join(table.partition_by) or "none"
    rows = "".join(f"| `{c.name}` | {SQL_TYPES[c.type]} | {c.meaning} |\n" for c in table.columns)
    return (
        f"\n## {table.name}\n\n{table.meaning}\n\n"
        f"Key: {', '.join(table.key)}. Partition: {partition}. Owner: the {table.owner}.\n\n"
        f"| column | type | meaning |\n| --- | --- | --- |\n{rows}"
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
