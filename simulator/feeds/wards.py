"""Ids of wards for the names that a hospital gives its units."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from hashlib import sha256

LONGEST = 25
"""So that an id of 32 has room for the room and the bed: `-0001-A`."""
OF_NO_LETTERS = "Unit"
MARK = 6


def is_a_name(unit: str) -> bool:
    return any(character.isalnum() for character in unit)


def ward_name(unit: str) -> str:
    return f"Unit {unit}" if _is_plain(unit) else unit


def ward_ids(units: Iterable[str]) -> Mapping[str, str]:
    """Of each unit an id of its own, also where only the case of letters differs.

    It is the name, as far as an id can hold it. Where another unit has a better claim to that, a
    mark made of the name is added. The order of the units means nothing.
    """
    names = sorted(set(units))
    claims = _claims(names)
    ids = {name: _slug(name) for name in names if _has_its_own(name, claims)}
    taken = {one.casefold() for one in ids.values()}
    for name in names:
        if name not in ids:
            ids[name] = _marked(name, taken)
            taken.add(ids[name].casefold())
    return ids


def _claims(names: Iterable[str]) -> dict[str, list[int]]:
    claims: dict[str, list[int]] = {}
    for name in names:
        claims.setdefault(_slug(name).casefold(), []).append(_claim(name))
    return claims


def _has_its_own(name: str, claims: Mapping[str, list[int]]) -> bool:
    """Plain names always have; of others the one with the best claim, if there is one."""
    if not _slug(name):
        return False
    best = claims[_slug(name).casefold()]
    return _is_plain(name) or (min(best) == _claim(name) and best.count(_claim(name)) == 1)


def _claim(name: str) -> int:
    """The smaller, the better: the name is an id, is one with dashes, or has to be changed."""
    if _is_plain(name):
        return 0
    return 1 if _slug(name) == name else 2


def _is_plain(name: str) -> bool:
    return name.isalnum() and name.isascii() and len(name) <= LONGEST


def _slug(name: str) -> str:
    """Its letters and digits without accents, other characters as dashes; may be empty."""
    plain = unicodedata.normalize("NFKD", name).replace("ß", "ss")
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    return re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:LONGEST].strip("-")


def _marked(name: str, taken: set[str]) -> str:
    """The mark is as long as it has to be to differ from those taken."""
    digest = sha256(name.encode()).hexdigest()
    for length in range(MARK, LONGEST):
        head = (_slug(name) or OF_NO_LETTERS)[: LONGEST - length - 1].strip("-")
        marked = f"{head}-{digest[:length]}".strip("-")
        if marked.casefold() not in taken:
            return marked
    raise AssertionError(f"no id for {name}")
