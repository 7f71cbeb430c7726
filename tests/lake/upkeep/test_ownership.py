import subprocess
import sys
from pathlib import Path

import pytest

from lake.errors import TableOwnedElsewhere
from lake.places import Places
from lake.tables import Owner
from lake.upkeep.ownership import own

HOLD = """
import sys
from lake.upkeep.ownership import own; from lake.places import Places; from lake.tables import Owner
with own(Places({home!r}, ""), Owner.ENGINE, "the first"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def first_holder(places: Places):
    code = HOLD.format(home="").replace("''", f"__import__('pathlib').Path({str(places.home)!r})")
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_owner_is_refused_and_told_who_the_first_is(places, first_holder) -> None:
    with pytest.raises(TableOwnedElsewhere, match="the first"), own(places, Owner.ENGINE, "b"):
        pass


def test_the_lock_is_free_once_its_holder_is_killed(places, first_holder) -> None:
    first_holder.kill()
    first_holder.wait()
    with own(places, Owner.ENGINE, "the second") as path:
        assert "the second" in Path(path).read_text()


def test_owners_do_not_stand_in_each_others_way(places, first_holder) -> None:
    with own(places, Owner.BATCH, "the batch"):
        pass
