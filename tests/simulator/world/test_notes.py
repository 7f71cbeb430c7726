"""Notes on patients: what may be written of whom."""

from simulator.world.notes import Facts, said_of

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


def test_who_has_just_left_intensive_care_neither_eats_well_nor_walks() -> None:
    weak = said_of(ADULT._replace(is_weak=True))
    assert "Eating and drinking well" in said_of(ADULT)
    assert not {"Eating and drinking well", "Mobilised with physiotherapy"} & {*weak}
    assert "Sat on the edge of the bed with physiotherapy" in weak


def test_nobody_is_ventilated_who_may_leave_intensive_care_soon() -> None:
    intensive = ADULT._replace(is_intensive=True)
    assert "Ventilated, sedation reviewed" in said_of(intensive)
    assert "Ventilated, sedation reviewed" not in said_of(intensive._replace(is_weaning=True))


def test_who_has_just_come_was_not_asleep_all_night() -> None:
    at_night = ADULT._replace(part_of_day="night")
    assert "Asleep at each round" in said_of(at_night)
    assert "Asleep at each round" not in said_of(at_night._replace(has_moved=True))


def test_social_workers_and_therapists_of_speech_are_there_on_weekdays() -> None:
    waits = ADULT._replace(waits_for="care_package")
    assert "Social worker asked for home care" in said_of(waits)
    assert "Social worker asked for home care" not in said_of(waits._replace(is_weekend=True))
