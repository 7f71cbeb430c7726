"""The house rules: whom each ward takes, where the sexes may mix, how long contacts are traced.

They come from hospital.toml and stand beside the state: no event changes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lake.vocabulary import RoomClass
from simulator.domain.needs import Needs

ANY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class WardProfile:
    """Whom a ward takes; an empty set: anybody. `specialties`: a patient whose specialty was not
    said is of none of them. `mixes_sexes` None: as the room class says. `usual_stay`: how long
    patients stay, where nobody says otherwise; None: an end is never assumed."""

    age_groups: frozenset[str] = ANY
    sexes: frozenset[str] = ANY
    admission_types: frozenset[str] = ANY
    specialties: frozenset[str] = ANY
    levels_of_care: frozenset[str] = ANY
    mixes_sexes: bool | None = None
    usual_stay: timedelta | None = None

    def does_not_take(self, needs: Needs) -> tuple[str, ...]:
        """What of the patient the ward does not take. Of age, sex, way of coming and level of care,
        what was not said speaks against no ward."""
        said = (
            ("age_group", self.age_groups, needs.age_group),
            ("sex", self.sexes, needs.rooms_with or needs.sex),
            ("admission_type", self.admission_types, needs.admission_type),
            ("level_of_care", self.levels_of_care, needs.level_of_care),
        )
        reasons = [name for name, taken, has in said if taken and has and has not in taken]
        if self.specialties and needs.specialty not in self.specialties:
            reasons.append("specialty")
        return tuple(reasons)


TAKES_ANYBODY = WardProfile()


@dataclass(frozen=True, slots=True)
class House:
    """`single_sex_after`: how long after a level of care is no longer needed a patient has a right
    to a room of one sex where they may mix. `contact_window`: for how long before an isolation who
    shared the room is a contact, and of which organism otherwise. `features`: the words that
    beds and needs may use; empty: any. `arrival_breach`, `decision_breach`: within what time a
    patient is to have a bed. `priority_step`: how long a wait weighs as much as a step of
    priority."""

    wards: Mapping[str, WardProfile] = field(default_factory=dict)
    mixed_room_classes: frozenset[str] = frozenset({RoomClass.ICU.value})
    single_sex_after: timedelta = timedelta(hours=4)
    contact_window: timedelta = timedelta(hours=48)
    contact_windows: Mapping[str, timedelta] = field(default_factory=dict)
    features: frozenset[str] = ANY
    arrival_breach: timedelta = timedelta(hours=4)
    decision_breach: timedelta = timedelta(hours=12)
    priority_step: timedelta = timedelta(hours=4)

    def ward(self, ward_id: str) -> WardProfile:
        return self.wards.get(ward_id, TAKES_ANYBODY)

    def mixes_sexes(self, ward_id: str, room_class: str) -> bool:
        of_ward = self.ward(ward_id).mixes_sexes
        return room_class in self.mixed_room_classes if of_ward is None else of_ward

    def window(self, organism: str | None) -> timedelta:
        return self.contact_windows.get(organism or "", self.contact_window)

    @property
    def longest_window(self) -> timedelta:
        return max([self.contact_window, *self.contact_windows.values()])

    def assumed_end(self, ward_id: str, starts_at: datetime) -> datetime | None:
        """When a patient of that ward usually leaves; None: that is not known."""
        usual = self.ward(ward_id).usual_stay
        return starts_at + usual if usual else None
