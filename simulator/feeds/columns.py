"""Which column of a log is which: by name, in any order, beside others."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lake.errors import LakeError
from simulator.feeds.csv_records import values_of

COLUMNS = ("case_id", "event", "unit", "detail", "occurred_at")
MAY_BE_ABSENT = "detail"
SEPARATORS = (",", ";", "\t", "|")

Names = Mapping[str, str]
"""The file's name of a column, where it is another."""


@dataclass(frozen=True)
class Header:
    """`place_of`: where each column stands in a row. `width`: how many values a row has."""

    separator: str
    width: int
    place_of: Mapping[str, int]

    def values(self, row: list[str]) -> list[str]:
        """Of the columns, in their order; blanks around them mean nothing."""
        found = {name: row[place] for name, place in self.place_of.items()}
        detail = found.pop("detail", "").strip(" \t")
        return [found[name].strip() if name in found else detail for name in COLUMNS]


def header_of(path: Path, line: str, names: Names) -> Header:
    """Raises LakeError that shows the file's columns where one is missing."""
    separator = max(SEPARATORS, key=lambda one: _fitness(line, one, names))
    there = [value.strip() for value in values_of(line, separator)[0]]
    places = {name: _places(there, names.get(name, name)) for name in COLUMNS}
    twice = [name for name, found in places.items() if len(found) > 1]
    if twice:
        raise LakeError(
            f"{path} has more than one column {', '.join(twice)}.", "Leave one of them in the file."
        )
    missing = [name for name, found in places.items() if not found and _is_needed(name, names)]
    if missing:
        raise _lacks(path, there, missing, names)
    return Header(separator, len(there), {name: at[0] for name, at in places.items() if at})


def _is_needed(name: str, names: Names) -> bool:
    return name != MAY_BE_ABSENT or name in names


def _fitness(line: str, separator: str, names: Names) -> tuple[int, int]:
    there = values_of(line, separator)[0]
    return sum(bool(_places(there, names.get(name, name))) for name in COLUMNS), len(there)


def _places(there: list[str], wanted: str) -> list[int]:
    exact = [at for at, name in enumerate(there) if name == wanted]
    return exact or [at for at, name in enumerate(there) if _plain(name) == _plain(wanted)]


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "_", name.strip()).casefold()


def _lacks(path: Path, there: list[str], missing: list[str], names: Names) -> LakeError:
    known = {_plain(names.get(name, name)) for name in COLUMNS}
    others = [name for name in there if _plain(name) not in known]
    example = ",".join(
        f"{name}={_shown(others[nth : nth + 1], 'NAME')}" for nth, name in enumerate(missing)
    )
    wanted = ", ".join(names.get(name, name) for name in missing)
    return LakeError(
        f"{path} has the columns {_shown(there)}, and not {wanted}.",
        f"An ADT log has {', '.join(COLUMNS)}; say what yours are called, "
        f"as in --columns '{example}'",
    )


def _shown(names: list[str], none: str = "(none)") -> str:
    """On one line of a terminal, also where the file is no text."""
    text = ", ".join(names)[:300] or none
    return "".join(one if one.isprintable() else "\ufffd" for one in text)
