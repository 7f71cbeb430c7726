"""Who may share a room, once more and as simply as it can be said; for the oracle of beds."""

from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Who:
    """What was said of a patient. `isolation`: kind (None: none is needed) and organism."""

    room_class: str | None = None
    level: str | None = None
    sex: str | None = None
    placed: str | None = None
    isolation: tuple[str | None, str | None] | None = None

    def then(self, other: "Who") -> "Who":
        said = {f.name: getattr(other, f.name) for f in fields(other)}
        return replace(self, **{name: value for name, value in said.items() if value is not None})

    @property
    def room(self) -> str | None:
        """Whose room: women's or men's."""
        return next((one for one in (self.sex, self.placed) if one in ("female", "male")), None)

    @property
    def names(self) -> str | None:
        """Whom to share with, of who has no room of their own."""
        return None if self.room else self.placed

    def is_as(self, other: "Who") -> bool:
        return replace(self, isolation=None) == replace(other, isolation=None)


def of_needs(needs: Any) -> Who:
    asked = needs.isolation
    isolation = None if asked is None else (asked.kind, asked.organism)
    return Who(needs.room_class, needs.level_of_care, needs.sex, needs.placed_with, isolation)


def of_row(row: dict[str, Any]) -> Who:
    kind, organism = row.get("isolation_kind"), row.get("isolation_organism")
    isolation = (kind, organism) if row["need_isolation"] is not None else None
    placed = row.get("placed_with_sex") or row.get("placed_with_patient_ref")
    sex, level = row["patient_sex"], row.get("level_of_care")
    return Who(row["need_room_class"], level, sex, placed, isolation)


class Carrier(NamedTuple):
    """Somebody in a room: what they have or were exposed to."""

    kind: str | None
    organism: str | None
    infections: frozenset[str]


def carrier(who: Who, spell: str, exposed_to: frozenset[str]) -> Carrier:
    kind, organism = who.isolation or (None, None)
    return Carrier(
        kind, organism, exposed_to | ({organism or spell} if kind == "source" else set())
    )


def may_be_beside(one: Carrier, other: Carrier) -> bool:
    return "protective" not in (one.kind, other.kind) and one.infections == other.infections


def are_alike(one: Carrier, other: Carrier) -> bool:
    """Both have the same, and it is named."""
    is_named = one.organism is not None and one.organism == other.organism
    return is_named and one.kind == other.kind == "source"
