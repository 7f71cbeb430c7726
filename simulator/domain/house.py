"""The house rules: whom each ward takes, where the sexes may mix, how long contacts are traced.

They come from hospital.toml and stand beside the state: no event changes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lake.vocabulary import AgeGroup, LevelOfCare, RoomClass, Rule
from simulator.domain.needs import Needs

ANY: frozenset[str] = frozenset()
LEVELS = [level.value for level in LevelOfCare]
"""The lowest first."""


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
    specialty: str | None = None

    def does_not_take(self, needs: Needs) -> tuple[str, ...]:
        """What of the patient the ward does not take. Of age, sex, way of coming and level of care,
        what was not said speaks against no ward."""
        reasons = []
        if self.age_groups and needs.age_group and needs.age_group not in self.age_groups:
            reasons.append("age_group")
        if self.sexes and (sex := needs.rooms_with or needs.sex) and sex not in self.sexes:
            reasons.append("sex")
        admission_type, level_of_care = needs.admission_type, needs.level_of_care
        if self.admission_types and admission_type and admission_type not in self.admission_types:
            reasons.append("admission_type")
        if self.levels_of_care and level_of_care and level_of_care not in self.levels_of_care:
            reasons.append("level_of_care")
        if self.specialties and needs.specialty not in self.specialties:
            reasons.append("specialty")
        return tuple(reasons)

    def is_for_others(self, needs: Needs) -> int:
        """How far the ward is meant for other patients, although it takes this one."""
        if needs.specialty is not None and needs.specialty == self.specialty:
            return 0
        level = LEVELS.index(needs.level_of_care or LevelOfCare.WARD)
        higher = max((LEVELS.index(taken) for taken in self.levels_of_care), default=level) - level
        is_for_young = bool(self.age_groups) and AgeGroup.ADULT not in self.age_groups
        is_for_some = bool(self.sexes or self.admission_types)
        return max(higher, 0) + is_for_some + (is_for_young and needs.age_group is None)


TAKES_ANYBODY = WardProfile()


@dataclass(frozen=True, slots=True)
class House:
    """`single_sex_after`: how long after a level of care is no longer needed a patient has a right
    to a room of one sex where they may mix. `contact_window`: for how long before an isolation who
    shared the room is a contact, and of which organism otherwise. `features`: the words that
    beds and needs may use; empty: any. `least_free`: a bed that is booked sooner is given to nobody
    before. `isolation_rooms_kept`: free rooms that each ward keeps for isolation. `turn_time`: how
    long a bed takes to be clean. `match_ahead`: how far a proposal looks. `fills_rooms`: rooms with
    somebody in them rank before empty bays. `lounge_places`: of the discharge lounge.
    `arrival_breach`, `decision_breach`: within what time a patient is to have a bed.
    `priority_step`: how long a wait weighs as much as a step of priority. `clerks_override`: the
    soft rules that a clerk may set aside."""

    wards: Mapping[str, WardProfile] = field(default_factory=dict)
    mixed_room_classes: frozenset[str] = frozenset({RoomClass.ICU.value})
    single_sex_after: timedelta = timedelta(hours=4)
    contact_window: timedelta = timedelta(hours=48)
    contact_windows: Mapping[str, timedelta] = field(default_factory=dict)
    features: frozenset[str] = ANY
    least_free: timedelta = timedelta(hours=4)
    isolation_rooms_kept: int = 0
    fills_rooms: bool = False
    lounge_places: int = 0
    turn_time: timedelta = timedelta(minutes=60)
    match_ahead: timedelta = timedelta(hours=24)
    arrival_breach: timedelta = timedelta(hours=4)
    decision_breach: timedelta = timedelta(hours=12)
    priority_step: timedelta = timedelta(hours=4)
    clerks_override: frozenset[Rule] = frozenset()

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

    def until(
        self, usual: datetime | None, following: datetime, since: datetime
    ) -> datetime | None:
        """Until when a bed is had that is booked before the usual end; None: it is not worth it."""
        if usual is None or usual <= following or following - since < self.least_free:
            return None
        return following

    def assumed_end(self, ward_id: str, starts_at: datetime) -> datetime | None:
        """When a patient of that ward usually leaves; None: that is not known."""
        usual = self.ward(ward_id).usual_stay
        return starts_at + usual if usual else None
