"""The macros say what the vocabulary and the domain say."""

from itertools import product

import pytest

from lake.duck import LakeReader
from lake.vocabulary import SHOWN_AS, BedStatus, DisplayStatus, display_status
from simulator.domain.rules.matching import natural


def test_every_bed_status_is_listed_with_what_it_shows() -> None:
    assert set(SHOWN_AS) == set(BedStatus)


@pytest.mark.parametrize(
    ("bed_status", "is_reserved"), [*product([*BedStatus, "haunted", None], [True, False])]
)
def test_the_macro_shows_what_the_vocabulary_says(places, bed_status, is_reserved) -> None:
    answer = LakeReader(places).ask(
        "SELECT display_status($bed_status, $is_reserved) AS shown",
        {"bed_status": bed_status, "is_reserved": is_reserved},
    )
    assert answer["shown"].to_pylist() == [display_status(bed_status, is_reserved=is_reserved)]


def test_ids_are_ordered_as_people_count(places) -> None:
    ids = ["ICU", "W1", "W2-9-A", "W2-9-B", "W2-10-A", "W10-1-A", "W-1"]
    answer = LakeReader(places).ask(
        "SELECT unnest($ids) AS id ORDER BY natural_order(id)", {"ids": ids[::-1]}
    )
    assert answer["id"].to_pylist() == sorted(ids, key=natural) == ids


@pytest.mark.parametrize("is_reserved", [True, False])
def test_what_nobody_listed_is_never_free(is_reserved) -> None:
    assert display_status("haunted", is_reserved=is_reserved) is DisplayStatus.CLOSED
