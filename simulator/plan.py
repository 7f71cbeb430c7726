"""hospital.toml: the beds of the hospital and the assumptions of the simulated one."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from string import ascii_uppercase
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from lake.errors import LakeError
from lake.vocabulary import RoomClass
from simulator.domain.commands import RegisterBed


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rooms(_Part):
    """`rooms` rooms of one class with `beds` beds each."""

    room_class: RoomClass
    rooms: int = Field(ge=1, le=99)
    beds: int = Field(ge=1, le=26)


class Ward(_Part):
    """`stay_days`: mean and standard deviation of the lognormal length of stay."""

    ward_id: str = Field(pattern=r"^[A-Za-z0-9]{1,8}$")
    name: str
    specialty: str
    first_room: int = Field(ge=1, le=9999)
    rooms: tuple[Rooms, ...]
    stay_days: tuple[float, float]
    occupancy_percent: float = Field(gt=0, lt=100)
    emergency_share: float = Field(0.68, ge=0, le=1)
    takes_outliers: bool = True

    @property
    def room_numbers(self) -> range:
        return range(self.first_room, self.first_room + sum(group.rooms for group in self.rooms))

    def beds(self) -> Iterator[RegisterBed]:
        groups = [group for group in self.rooms for _ in range(group.rooms)]
        for number, group in zip(self.room_numbers, groups, strict=True):
            yield from self._beds_of_room(number, group)

    def _beds_of_room(self, number: int, group: Rooms) -> Iterator[RegisterBed]:
        for letter in ascii_uppercase[: group.beds]:
            yield RegisterBed(
                bed_id=f"{self.ward_id}-{number}-{letter}",
                room_id=f"{self.ward_id}-{number}",
                ward_id=self.ward_id,
                ward_name=self.name,
                specialty=self.specialty,
                room_class=group.room_class.value,
            )


class Assumptions(_Part):
    """Shares of the simulated hospital that have no published source."""

    isolation_share: float
    reservation_no_show_share: float
    reservation_cancelled_share: float
    transfer_share: float
    note_per_stay_day: float
    closed_bed_share: float
    closure_hours: float
    weekend_discharge_factor: float
    death_share: float
    other_hospital_share: float
    response_minutes: tuple[float, float]
    clean_minutes: tuple[float, float]
    isolation_clean_factor: float
    wait_hours_before_diversion: float
    demand_factor: float
    request_share: float
    wait_hours_before_override: float
    override_share: float
    override_reviewed_share: float
    correction_share: float
    discharge_confirmed_share: float


class HospitalPlan(_Part):
    hospital_id: str = Field(pattern=r"^[a-z0-9_-]{1,32}$")
    name: str
    time_zone: str
    wards: tuple[Ward, ...]
    assumptions: Assumptions

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError(f"{zone} is not an IANA time zone")
        return zone

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
