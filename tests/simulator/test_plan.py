"""hospital.toml: read, or refused with the entry that is wrong."""

from collections import Counter
from pathlib import Path

import pytest

from lake.errors import LakeError
from lake.places import CHECKOUT
from simulator.plan import read_plan

HOSPITAL = Path(CHECKOUT) / "hospital.toml"


def test_no_two_wards_have_a_room_of_the_same_number() -> None:
    rooms = {bed.room_id for bed in read_plan(HOSPITAL).beds()}
    numbers = Counter(room_id.split("-")[1] for room_id in rooms)
    assert max(numbers.values()) == 1


def test_two_rooms_of_one_number_are_refused_with_their_wards(tmp_path) -> None:
    path = tmp_path / "hospital.toml"
    path.write_text(HOSPITAL.read_text().replace("first_room = 211", "first_room = 205"))
    with pytest.raises(LakeError, match="both W2 and W3 have a room 205") as caught:
        read_plan(path)
    assert "first_room of W3" in caught.value.fix
