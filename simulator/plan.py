"""hospital.toml: the beds of the hospital and the assumptions of the simulated one."""

import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from string import ascii_uppercase
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from lake.errors import LakeError
from lake.vocabulary import (
    SOFT_RULES,
    AdmissionType,
    AgeGroup,
    LevelOfCare,
    RoomClass,
    Rule,
    Sex,
)
from simulator.domain.commands import RegisterBed
from simulator.domain.house import House, WardProfile


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rooms(_Part):
    """`rooms` rooms of one class with `beds` beds each, and as many `cots` beside them."""

    room_class: RoomClass
    rooms: int = Field(ge=1, le=99)
    beds: int = Field(ge=1, le=20)
    cots: int = Field(0, ge=0, le=6)
    features: tuple[str, ...] = ()


class Takes(_Part):
    """Whom a ward takes; `sexes`, `admission_types` and `specialties` left out: any."""

    age_groups: tuple[AgeGroup, ...] = (AgeGroup.ADULT, AgeGroup.OLDER)
    sexes: tuple[Sex, ...] = ()
    admission_types: tuple[AdmissionType, ...] = ()
    specialties: tuple[str, ...] = ()
    levels_of_care: tuple[LevelOfCare, ...] = (LevelOfCare.WARD,)


class Ward(_Part):
    """`stay_days`: mean and standard deviation of the lognormal length of stay; the mean is also
    the end that is assumed where nobody says one. A ward that does not take outliers takes its own
    specialty only. `mixes_sexes` left out: as the class of the room says. `counts_cots`: as beds of
    the census. `death_share`: of those who leave the ward; left out: as the assumptions say."""

    ward_id: str = Field(pattern=r"^[A-Za-z0-9]{1,8}$")
    name: str
    specialty: str
    first_room: int = Field(ge=1, le=9999)
    rooms: tuple[Rooms, ...]
    stay_days: tuple[float, float]
    occupancy_percent: float = Field(gt=0, lt=100)
    emergency_share: float = Field(0.68, ge=0, le=1)
    death_share: float | None = Field(None, ge=0, le=1)
    takes_outliers: bool = True
    takes: Takes = Takes()
    mixes_sexes: bool | None = None
    counts_cots: bool = False

    @property
    def profile(self) -> WardProfile:
        own_only = () if self.takes_outliers else (self.specialty,)
        return WardProfile(
            age_groups=frozenset(group.value for group in self.takes.age_groups),
            sexes=frozenset(sex.value for sex in self.takes.sexes),
            admission_types=frozenset(kind.value for kind in self.takes.admission_types),
            specialties=frozenset(self.takes.specialties or own_only),
            levels_of_care=frozenset(level.value for level in self.takes.levels_of_care),
            mixes_sexes=self.mixes_sexes,
            usual_stay=timedelta(days=self.stay_days[0]),
            specialty=self.specialty,
        )

    @property
    def room_numbers(self) -> range:
        return range(self.first_room, self.first_room + sum(group.rooms for group in self.rooms))

    @property
    def bed_count(self) -> int:
        """Without cots."""
        return sum(group.rooms * group.beds for group in self.rooms)

    @property
    def takes_cots(self) -> bool:
        return any(group.cots for group in self.rooms)

    def beds(self) -> Iterator[RegisterBed]:
        """With cots: the last letters of their rooms."""
        groups = [group for group in self.rooms for _ in range(group.rooms)]
        for number, group in zip(self.room_numbers, groups, strict=True):
            yield from self._beds_of_room(number, group)

    def _beds_of_room(self, number: int, group: Rooms) -> Iterator[RegisterBed]:
        letters = ascii_uppercase[: group.beds + group.cots]
        for place, letter in enumerate(letters):
            is_cot = place >= group.beds
            yield RegisterBed(
                bed_id=f"{self.ward_id}-{number}-{letter}",
                room_id=f"{self.ward_id}-{number}",
                ward_id=self.ward_id,
                ward_name=self.name,
                specialty=self.specialty,
                room_class=group.room_class.value,
                features=() if is_cot else group.features,
                is_cot=is_cot,
                is_off_census=is_cot and not self.counts_cots,
            )


class AgeGroups(_Part):
    """The age in years at which each group begins; a neonate is younger than a child."""

    child: float = Field(28 / 365.25, ge=0)
    adult: float = 18.0
    older: float = 65.0

    @model_validator(mode="after")
    def _are_in_order(self) -> "AgeGroups":
        if not self.child < self.adult < self.older:
            raise ValueError("child, adult and older begin one after the other")
        return self


class RoomRules(_Part):
    """Who may share a room. `contact_hours_of`: per organism, where it is not `contact_hours`."""

    mixed_sex_room_classes: tuple[RoomClass, ...] = (RoomClass.ICU,)
    single_sex_after_hours: float = Field(4, ge=0)
    contact_hours: float = Field(48, ge=0, le=24 * 30)
    contact_hours_of: dict[str, Annotated[float, Field(ge=0, le=24 * 30)]] = {}
    isolation_rooms_kept: int = Field(0, ge=0, le=99)
    fills_rooms: bool = False
    least_free_hours: float = Field(4, ge=0, le=24 * 30)


class ByAge(_Part):
    """A number for children (newborns too), adults and older people."""

    child: float
    adult: float
    older: float

    def of(self, age_group: str | None) -> float:
        if age_group in {AgeGroup.CHILD, AgeGroup.NEONATE}:
            return self.child
        return self.older if age_group == AgeGroup.OLDER else self.adult


class Waiting(_Part):
    """When a wait for a bed is a breach, from the arrival in the emergency department and from the
    decision to admit; and how long a wait weighs as much as one step of priority."""

    arrival_breach_hours: float = Field(4, gt=0, le=24 * 30)
    decision_breach_hours: float = Field(12, gt=0, le=24 * 30)
    priority_step_hours: float = Field(4, ge=0, le=24 * 30)


class DischargeLounge(_Part):
    places: int = Field(0, ge=0, le=200)


class Overrides(_Part):
    """`clerks`: the soft rules that a clerk may set aside on own wards; a manager may all."""

    clerks: tuple[Rule, ...] = ()

    @field_validator("clerks")
    @classmethod
    def _are_soft(cls, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        for rule in rules:
            if rule not in SOFT_RULES:
                raise ValueError(f"{rule} is no soft rule: nobody sets it aside")
        return rules


class Assumptions(_Part):
    """What the simulated hospital rests on and no source says. `request_share` means nothing any
    more, and stands in older files."""

    request_share: float | None = None
    isolation_share: float
    infection_found_share: float = 0.0
    other_age_share: float = 0.45
    neonate_share: float = 0.1
    young_mother_share: float = 0.02
    older_stay_factor: float = Field(1.0, gt=0, lt=2)
    birth_share: float = 0.0
    reservation_no_show_share: float
    reservation_cancelled_share: float
    transfer_share: float
    note_per_stay_day: float
    falls_per_1000_days: ByAge = ByAge(child=1.5, adult=4.5, older=10.0)
    closed_bed_share: float
    closure_hours: float
    weekend_discharge_factor: float
    death_share: float
    older_death_factor: float = Field(1.0, gt=0, lt=2)
    other_hospital_share: float
    step_down_share: float = 0.93
    delay_share: ByAge = ByAge(child=0.05, adult=0.15, older=0.45)
    response_minutes: tuple[float, float]
    clean_minutes: tuple[float, float]
    isolation_clean_factor: float
    handover_minutes: tuple[float, float, float] = (32.0, 50.0, 72.0)
    hours_before_outlying: tuple[float, float] = (1.0, 2.0)
    wait_hours_before_diversion: float
    wait_hours_before_retrieval: float = Field(3.0, gt=0)
    demand_factor: float
    wait_hours_before_override: float
    override_share: float
    override_reviewed_share: float
    correction_share: float
    discharge_confirmed_share: float
    lounge_share: float = 0.0
    days_between_outbreaks: float = Field(24.0, gt=0)
    days_between_rushes: float = Field(14.0, gt=0)
    rush_emergencies: int = Field(0, ge=0)
    lists_filled_by: float = Field(0.0, ge=0, le=10)
    ambulances_sent_by: float = Field(0.0, ge=0, le=10)
    waiting_before_surge: int = Field(6, ge=1)
    surge_rooms: tuple[int, int] = (2, 2)

    def of_age(self, factor: float, age_group: str | None) -> float:
        """A factor of older people, and what it leaves for the others of a ward for grown-ups."""
        share = self.other_age_share
        is_older = age_group == AgeGroup.OLDER
        return factor if is_older else (1 - share * factor) / (1 - share)


class HospitalPlan(_Part):
    hospital_id: str = Field(pattern=r"^[a-z0-9_-]{1,32}$")
    name: str
    time_zone: str
    wards: tuple[Ward, ...]
    assumptions: Assumptions
    age_groups: AgeGroups = AgeGroups()
    room_rules: RoomRules = RoomRules()
    discharge_lounge: DischargeLounge = DischargeLounge()
    waiting: Waiting = Waiting()
    overrides: Overrides = Overrides()

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError(f"{zone} is not an IANA time zone")
        return zone

    @property
    def house(self) -> House:
        rules = self.room_rules
        of_organisms = rules.contact_hours_of.items()
        return House(
            wards={ward.ward_id: ward.profile for ward in self.wards},
            mixed_room_classes=frozenset(one.value for one in rules.mixed_sex_room_classes),
            single_sex_after=timedelta(hours=rules.single_sex_after_hours),
            contact_window=timedelta(hours=rules.contact_hours),
            contact_windows={name: timedelta(hours=hours) for name, hours in of_organisms},
            least_free=timedelta(hours=rules.least_free_hours),
            isolation_rooms_kept=rules.isolation_rooms_kept,
            fills_rooms=rules.fills_rooms,
            lounge_places=self.discharge_lounge.places,
            features=frozenset(
                name for ward in self.wards for group in ward.rooms for name in group.features
            ),
            arrival_breach=timedelta(hours=self.waiting.arrival_breach_hours),
            decision_breach=timedelta(hours=self.waiting.decision_breach_hours),
            priority_step=timedelta(hours=self.waiting.priority_step_hours),
            clerks_override=frozenset(self.overrides.clerks),
        )

    def beds(self) -> list[RegisterBed]:
        return [bed for ward in self.wards for bed in ward.beds()]


def read_plan(path: Path) -> HospitalPlan:
    """Raises LakeError that says where the file is wrong."""
    try:
        plan = HospitalPlan.model_validate(tomllib.loads(path.read_text()))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise LakeError(f"{path} cannot be read: {error}", "Correct the file.") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise LakeError(f"{path}: {where}: {first['msg']}", "Correct that entry.") from None
    _refuse_two_rooms_of_one_number(path, plan)
    return plan


def _refuse_two_rooms_of_one_number(path: Path, plan: HospitalPlan) -> None:
    """People say the number alone."""
    ward_of: dict[int, Ward] = {}
    for ward in plan.wards:
        for number in ward.room_numbers:
            other = ward_of.setdefault(number, ward)
            if other is not ward:
                raise LakeError(
                    f"{path}: both {other.ward_id} and {ward.ward_id} have a room {number}.",
                    f"Change first_room of {ward.ward_id}: numbers are unique in the hospital.",
                )
