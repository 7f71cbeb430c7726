"""The docs that are generated: `python -m cli.docs` writes them, `./snr check` compares them."""

from collections.abc import Callable
from pathlib import Path

from lake.duck import SQL_TYPES
from lake.paths import CHECKOUT
from lake.tables import TABLES, Table


def tables() -> str:
    head = "# Tables\n\nGenerated from `lake/tables.py` by `python -m cli.docs`.\n"
    return head + "".join(_table(table) for table in TABLES)


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
