"""What a patient needs of a bed, and with whom the patient may share a room."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from lake.vocabulary import IsolationKind, Sex

SEXES = frozenset({Sex.FEMALE.value, Sex.MALE.value})
"""By which rooms are told apart."""


@dataclass(frozen=True, slots=True)
class Isolation:
    """`kind` None: it was said that none is needed. `organism`: what a source carries, if named."""

    kind: str | None = IsolationKind.SOURCE.value
    organism: str | None = None

    def __bool__(self) -> bool:
        return self.kind is not None

    def with_given(self, other: "Isolation") -> "Isolation":
        """An organism that is known stays known."""
        is_unnamed = self.is_source and other.is_source and other.organism is None
        return self if is_unnamed else other

    @property
    def is_source(self) -> bool:
        return self.kind == IsolationKind.SOURCE


SOURCE = Isolation()
NO_ISOLATION = Isolation(None)


@dataclass(frozen=True, slots=True)
class Needs:
    """None, or no features: no matter, or not said.

    `assumed`: names of those that nobody said, so that the usual stands for them. `placed_with`, of
    a patient whose sex is not female or male: whose room the patient is placed in, or the reference
    of one patient to share with.
    """

    specialty: str | None = None
    room_class: str | None = None
    isolation: Isolation | None = None
    sex: str | None = None
    priority: int | None = None
    age_group: str | None = None
    level_of_care: str | None = None
    admission_type: str | None = None
    features: tuple[str, ...] = ()
    placed_with: str | None = None
    assumed: tuple[str, ...] = ()

    @property
    def rooms_with(self) -> str | None:
        """The sex whose rooms the patient may share; None: not said."""
        if self.sex in SEXES:
            return self.sex
        return self.placed_with if self.placed_with in SEXES else None

    @property
    def placed_with_ref(self) -> str | None:
        """The patient to share with; of whom the sex is known, that alone tells."""
        is_told = self.sex in SEXES or self.placed_with in SEXES
        return None if is_told else self.placed_with

    def with_given(self, other: "Needs") -> "Needs":
        """What the other says where it says something; the rest stays. What is assumed gives way
        to what is known."""
        given = {f.name: getattr(other, f.name) for f in fields(other) if f.name != "assumed"}
        said = {
            name: value
            for name, value in given.items()
            if value not in (None, ()) and not (name in other.assumed and getattr(self, name))
        }
        if self.isolation and "isolation" in said:
            said["isolation"] = self.isolation.with_given(said["isolation"])
        assumed = {*self.assumed} - said.keys() | {name for name in other.assumed if name in said}
        return replace(self, **said, assumed=tuple(sorted(assumed)))

    def as_columns(self) -> dict[str, Any]:
        columns = {
            "patient_sex": self.sex,
            "need_specialty": self.specialty,
            "need_room_class": self.room_class,
            "need_isolation": None if self.isolation is None else bool(self.isolation),
            "priority": self.priority,
        }
        return columns | {name: value for name, value in self._rarer.items() if value is not None}

    @property
    def _rarer(self) -> dict[str, Any]:
        return {
            "age_group": self.age_group,
            "level_of_care": self.level_of_care,
            "admission_type": self.admission_type,
            "need_features": [*self.features] or None,
            "assumed_needs": [*self.assumed] or None,
            "isolation_kind": self.isolation.kind if self.isolation else None,
            "isolation_organism": self.isolation.organism if self.isolation else None,
            "placed_with_sex": self.placed_with if self.placed_with in SEXES else None,
            "placed_with_patient_ref": None if self.placed_with in SEXES else self.placed_with,
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Needs":
        return cls(
            specialty=row.get("need_specialty"),
            room_class=row.get("need_room_class"),
            isolation=_isolation_in(row),
            sex=row.get("patient_sex"),
            priority=row.get("priority"),
            age_group=row.get("age_group"),
            level_of_care=row.get("level_of_care"),
            admission_type=row.get("admission_type"),
            features=tuple(row.get("need_features") or ()),
            placed_with=row.get("placed_with_sex") or row.get("placed_with_patient_ref"),
            assumed=tuple(row.get("assumed_needs") or ()),
        )


def _isolation_in(row: Mapping[str, Any]) -> Isolation | None:
    """A row that does not name the kind is of the time when there was one."""
    is_needed = row.get("need_isolation")
    if not is_needed:
        return None if is_needed is None else NO_ISOLATION
    kind = row.get("isolation_kind") or IsolationKind.SOURCE.value
    return Isolation(kind, row.get("isolation_organism"))
