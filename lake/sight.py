"""Whose patients an answer shows: private columns are null in all rows of other wards.

Answers are masked, not the tables below them: how many patients lie in a bay of the wrong sex is a
number for all, and is counted by their references.
"""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from lake.tables import TABLES

PRIVATE = frozenset(
    column.name for table in TABLES for column in table.columns if column.is_private
)
"""A question gives what is private by the name that its table has for it."""


@dataclass(frozen=True)
class Sight:
    """All patients, or those of some wards, or none."""

    sees_all: bool = False
    wards: frozenset[str] = frozenset()


def seen(answer: pa.Table, sight: Sight) -> pa.Table:
    """The answer for these eyes; rows without a ward are for those who see all."""
    private = [name for name in answer.column_names if name in PRIVATE]
    if sight.sees_all or not private:
        return answer
    is_own = _is_of(answer, sight.wards)
    for name in private:
        place, column = answer.column_names.index(name), answer[name]
        masked = pc.if_else(is_own, column, pa.scalar(None, column.type))
        answer = answer.set_column(place, answer.schema.field(name), masked)
    return answer


def wards_shown(answer: pa.Table, sight: Sight) -> frozenset[str | None]:
    """Whose patients, or words, these eyes would see in it; None: of no ward. Empty: of nobody."""
    private = [name for name in answer.column_names if name in PRIVATE]
    every = pa.array([True] * answer.num_rows, pa.bool_())
    own = every if sight.sees_all else _is_of(answer, sight.wards)
    found: set[str | None] = set()
    for name in private:
        is_shown = pc.and_(own, pc.is_valid(answer[name]))
        if "ward_id" in answer.column_names:
            found |= set(pc.unique(answer["ward_id"].filter(is_shown)).to_pylist())
        elif pc.any(is_shown).as_py():
            found.add(None)
    return frozenset(found)


def _is_of(answer: pa.Table, wards: frozenset[str]) -> pa.Array:
    if "ward_id" not in answer.column_names:
        return pa.array([False] * answer.num_rows, pa.bool_())
    return pc.is_in(answer["ward_id"], pa.array(sorted(wards), pa.string()))
