"""Notes on patients: what may be written of whom."""

from simulator.world.notes import Facts

ADULT = Facts(
    age_group="adult",
    specialty="urology",
    is_intensive=False,
    organism=None,
    is_isolated=False,
    part_of_day="morning",
    waits_for=None,
    is_dying=False,
    has_come=False,
)


def test_newborns_the_dying_and_who_is_in_intensive_care_do_not_fall() -> None:
    assert ADULT.can_fall
    assert ADULT._replace(age_group="child").can_fall
    assert not ADULT._replace(age_group="neonate").can_fall
    assert not ADULT._replace(is_dying=True).can_fall
    assert not ADULT._replace(is_intensive=True).can_fall
