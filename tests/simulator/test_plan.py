"""hospital.toml: read, or refused with the entry that is wrong."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from lake.errors import LakeError
from lake.places import CHECKOUT
from simulator.domain.needs import Needs
from simulator.plan import read_plan

HOUR = timedelta(hours=1)
HOSPITAL = Path(CHECKOUT) / "hospital.toml"


def test_no_two_wards_have_a_room_of_the_same_number() -> None:
    rooms = {bed.room_id for bed in read_plan(HOSPITAL).beds()}
    numbers = Counter(room_id.split("-")[1] for room_id in rooms)
    assert max(numbers.values()) == 1


def test_how_long_a_wait_may_be_is_the_hospitals(tmp_path) -> None:
    house = read_plan(HOSPITAL).house
    usual = (house.arrival_breach, house.decision_breach, house.priority_step)
    assert usual == (4 * HOUR, 12 * HOUR, 4 * HOUR)
    path, text = tmp_path / "hospital.toml", HOSPITAL.read_text()
    for name, hours in (("arrival_breach", 4), ("decision_breach", 12), ("priority_step", 4)):
        text = text.replace(f"{name}_hours = {hours}", f"{name}_hours = {hours + 1.5}")
    path.write_text(text)
    house = read_plan(path).house
    own = (house.arrival_breach, house.decision_breach, house.priority_step)
    assert own == (5.5 * HOUR, 13.5 * HOUR, 5.5 * HOUR)


def test_two_rooms_of_one_number_are_refused_with_their_wards(tmp_path) -> None:
    path = tmp_path / "hospital.toml"
    path.write_text(HOSPITAL.read_text().replace("first_room = 211", "first_room = 205"))
    with pytest.raises(LakeError, match="both W2 and W3 have a room 205") as caught:
        read_plan(path)
    assert "first_room of W3" in caught.value.fix


def test_maternity_takes_who_gives_birth_and_lends_no_bed_to_others() -> None:
    [maternity] = [w.profile for w in read_plan(HOSPITAL).wards if w.specialty == "obstetrics"]
    adult = Needs(sex="female", age_group="adult", level_of_care="ward")
    assert maternity.does_not_take(adult) == ("specialty",)
    assert maternity.does_not_take(replace(adult, specialty="cardiology")) == ("specialty",)
    for age_group in ("adult", "child"):
        mother = replace(adult, specialty="obstetrics", age_group=age_group)
        assert maternity.does_not_take(mother) == ()
    man = replace(adult, specialty="obstetrics", sex="male")
    assert maternity.does_not_take(man) == ("sex",)
