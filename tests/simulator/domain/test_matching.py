"""Whatever the hospital is like: a ranked bed can be booked, an unfit one is refused as it says."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from random import Random

import pytest

from lake.vocabulary import AgeGroup, Away, BedStatus, LevelOfCare, Role, Rule, Source
from simulator.domain import commands as c
from simulator.domain.decisions.decide import decide
from simulator.domain.errors import Refusal
from simulator.domain.hospital import Hospital
from simulator.domain.needs import SOURCE, Isolation, Needs
from simulator.domain.principals import unasked
from simulator.domain.rules.matching import Fit, Matcher, Search, Unfit, natural
from simulator.domain.rules.suggestions import search_for
from simulator.plan import RoomRules, Rooms, Ward
from simulator.writer.clock import HospitalClock, wall_now
from simulator.writer.engine import Context, Engine
from tests.simulator.ward import HOUR, MAN, MORNING, WOMAN, hours
from tests.simulator.world.runs import START, an_engine, plan, simulate

WHO = Context(Source.MANUAL, unasked("tester", Role.MANAGER))
NOW = START + timedelta(days=3, hours=10)
ADULT = Needs(sex="female", age_group="adult", level_of_care="ward")


@cache
def lived_in() -> Engine:
    """A hospital after three days, with beds closed, unstaffed, on leave and booked ahead."""
    engine = an_engine()
    simulate(5, 3, engine)
    engine.clock.set(0.0, NOW)
    chance, hospital = Random(1), engine.hospital  # noqa: S311 - the same each time
    for bed in chance.sample(sorted(hospital.beds), 200):
        for command in _disturbances(hospital, bed, chance):
            try:
                engine.stage(command, WHO)
            except Refusal:
                continue
    return engine


def _clock(at: datetime) -> HospitalClock:
    return HospitalClock(at, wall_now(), 0.0, "UTC")


def _disturbances(hospital: Hospital, bed_id: str, chance: Random) -> list[c.Command]:
    bed, stay = hospital.beds[bed_id], hospital.current_booking(bed_id)
    starts_at = NOW + HOUR * chance.choice((1, 3, 6, 15, 40, 100))
    needs = replace(ADULT, sex=chance.choice(("female", "male")), specialty=bed.specialty)
    ahead = c.BookBed(
        bed_id=bed_id,
        patient_ref=f"AHEAD-{bed_id}1",
        starts_at=starts_at,
        ends_at=starts_at + HOUR * 30,
        needs=needs,
    )
    if stay and chance.random() < 0.5:
        leave = c.DischargePatient(booking_id=stay.booking_id, disposition="home")
        clean = [c.StartCleaning(bed_id=bed_id), c.FinishCleaning(bed_id=bed_id)]
        comes = replace(
            ahead, patient_ref=f"IN-{bed_id}1", starts_at=None, ends_at=None, assumes_end=True
        )
        then = chance.choice(([], [], [ahead], [replace(comes, admit=True)]))
        return [leave, *clean, *then]
    others: list[c.Command] = [
        c.UpdateBed(bed_id=bed_id, is_staffed=False),
        c.CloseBeds(bed_ids=(bed_id,), reason_code="equipment", until_at=NOW + HOUR * 9),
        c.MarkBedDirty(bed_id=bed_id),
        c.CloseAdmissions(bed_ids=(bed_id,), reason_code="norovirus"),
        c.StartIsolation(bed_ids=(bed_id,), isolation=Isolation(organism="norovirus")),
    ]
    if stay:
        others.append(c.GoAway(booking_id=stay.booking_id, away_as=Away.LEAVE))
        others.append(c.ExpectDischarge(booking_id=stay.booking_id, expected_at=starts_at))
        others.append(c.ExpectDischarge(booking_id=stay.booking_id, expected_at=None))
    return [ahead] if chance.random() < 0.4 else [chance.choice(others)]


def searches() -> list[Search]:
    chance = Random(2)  # noqa: S311 - the same each time
    found = []
    for _ in range(60):
        starts_at = NOW + HOUR * chance.choice((0, 0, 0, 2, 12, 50, 400))
        ends_in = chance.choice((None, None, 3, 20, 90))
        needs = Needs(
            sex=chance.choice(("female", "male", "other", None)),
            age_group=str(chance.choice([*AgeGroup])),
            level_of_care=str(chance.choice([*LevelOfCare, LevelOfCare.WARD])),
            isolation=chance.choice((None, None, None, SOURCE, Isolation(organism="norovirus"))),
            specialty=chance.choice((None, None, None, "cardiology", "obstetrics")),
            features=chance.choice(((), (), ("monitored",))),
        )
        found.append(
            Search(
                needs=needs,
                starts_at=starts_at,
                now=NOW,
                ends_at=starts_at + HOUR * ends_in if ends_in else None,
                assumes_end=chance.random() < 0.8,
                moves_in=starts_at == NOW,
                patient_ref="NEW-1",
                ward_id=chance.choice((None, "W1", "W9")),
            )
        )
    return found


def booked_at_once(search: Search, bed_id: str) -> tuple[Rule, ...]:
    """What the booking of the bed is refused with; empty: it is accepted."""
    command = c.BookBed(
        bed_id=bed_id,
        patient_ref=search.patient_ref,
        starts_at=None if search.moves_in else search.starts_at,
        ends_at=search.ends_at,
        admit=search.moves_in,
        needs=search.needs,
        assumes_end=search.assumes_end,
    )
    engine = lived_in()
    try:
        decide(engine.hospital, command, engine.moment(WHO))
    except Refusal as refusal:
        return tuple(refusal.rules) or (refusal.rule,)
    return ()


@pytest.mark.parametrize("search", searches())
def test_a_ranked_bed_is_accepted_and_an_unfit_one_refused_as_it_says(search: Search) -> None:
    fits, others = Matcher(lived_in().hospital, search).all(1000)
    assert {fit.bed_id: booked_at_once(search, fit.bed_id) for fit in fits} == {
        fit.bed_id: () for fit in fits
    }
    assert {one.bed_id: one.rules for one in others} == {
        one.bed_id: booked_at_once(search, one.bed_id) for one in others
    }
    registered = {bed.bed_id for bed in lived_in().hospital.registered_beds}
    assert {one.bed_id for one in (*fits, *others)} == registered


def test_the_searches_find_beds_and_meet_every_rule() -> None:
    """Or else the test above would show little."""
    looked = [Matcher(lived_in().hospital, search).all(1000) for search in searches()]
    met = {rule for _, others in looked for one in others for rule in one.rules}
    assert sum(len(fits) for fits, _ in looked) > 200
    assert any(not one.rules for _, others in looked for one in others)
    assert met >= {
        Rule.BED_OCCUPIED,
        Rule.BED_CLOSED,
        Rule.OVERLAPS_BOOKING,
        Rule.OVERLAPS_OPEN_STAY,
        Rule.BED_NOT_CLEAN,
        Rule.WRONG_SPECIALTY,
        Rule.WRONG_ROOM_CLASS,
        Rule.MIXED_SEX,
        Rule.ISOLATION_NEEDED,
        Rule.CLOSED_TO_ADMISSIONS,
        Rule.NOT_TAKEN_BY_WARD,
        Rule.BED_NOT_STAFFED,
        Rule.BED_KEPT_FOR_LEAVE,
        Rule.KEPT_FOR_ISOLATION,
    }


def test_an_end_that_is_left_out_is_the_one_that_the_booking_gets() -> None:
    engine = lived_in()
    search = Search(needs=ADULT, starts_at=NOW, now=NOW, moves_in=True, patient_ref="NEW-1")
    fits, _ = Matcher(engine.hospital, search).all(1000)
    assert any(fit.free_hours and fit.free_hours < 24 for fit in fits)
    for fit in fits:
        command = c.BookBed(
            bed_id=fit.bed_id, patient_ref="NEW-1", admit=True, needs=ADULT, assumes_end=True
        )
        [*_, change] = decide(engine.hospital, command, engine.moment(WHO))
        assert change.booking is not None
        assert (change.booking.ends_at, change.booking.is_end_assumed) == (fit.ends_at, True)


# What follows is of a hospital made for the test: three wards, with a day's usual stay on each.

STAY = (1.0, 1.0)


def small_house(*wards: Ward, **rules: int) -> Engine:
    rules_of_rooms = RoomRules.model_validate(rules)
    made = plan().model_copy(update={"wards": wards, "room_rules": rules_of_rooms})
    engine = Engine("snr", Hospital(house=made.house), _clock(MORNING), b"salt")
    for bed in made.beds():
        engine.stage(bed, WHO)
    return engine


def a_ward(number: int, *rooms: Rooms, specialty: str = "general_medicine", **more) -> Ward:
    given = {
        "ward_id": f"W{number}",
        "name": f"Ward {number}",
        "specialty": specialty,
        "first_room": number * 100 + 1,
        "rooms": rooms,
        "stay_days": STAY,
        "occupancy_percent": 50,
    }
    return Ward.model_validate(given | more)


def rooms(room_class: str, count: int = 1, beds: int = 1, **more) -> Rooms:
    return Rooms(room_class=room_class, rooms=count, beds=beds, **more)


def look(engine: Engine, needs: Needs, **more) -> tuple[list[Fit], dict[str, Unfit]]:
    now = engine.clock.now()
    search = Search(needs=needs, starts_at=now, now=now, moves_in=True, patient_ref="NEW-1")
    fits, others = Matcher(engine.hospital, replace(search, **more)).all(100)
    return fits, {one.bed_id: one for one in others}


def order(engine: Engine, needs: Needs, **more) -> list[str]:
    return [fit.bed_id for fit in look(engine, needs, **more)[0]]


def test_ids_sort_as_people_count() -> None:
    bay = rooms("general")
    engine = small_house(a_ward(10, bay), a_ward(2, bay), a_ward(9, bay))
    assert order(engine, ADULT) == ["W2-201-A", "W9-901-A", "W10-1001-A"]
    assert natural("W2-9-B") < natural("W2-10-A") < natural("W10-1-A")
    assert natural("2") < natural("²")  # a digit that is no number


def test_the_wanted_ward_comes_first_then_what_a_ward_is_for_and_the_specialty() -> None:
    bay = rooms("general")
    step_down = {"levels_of_care": ["ward", "step_down"]}
    engine = small_house(
        a_ward(1, bay, specialty="cardiology", takes=step_down),
        a_ward(2, bay, specialty="urology"),
        a_ward(3, bay, specialty="obstetrics", takes={"sexes": ["female"]}),
    )
    assert order(engine, ADULT) == ["W2-201-A", "W1-101-A", "W3-301-A"]
    assert order(engine, ADULT, ward_id="W3") == ["W3-301-A", "W2-201-A", "W1-101-A"]
    assert order(engine, ADULT, specialty="cardiology")[0] == "W2-201-A"
    assert order(engine, replace(ADULT, specialty="obstetrics")) == ["W3-301-A"]


def test_features_are_left_for_who_needs_them() -> None:
    engine = small_house(
        a_ward(1, rooms("general", features=("monitored",))), a_ward(2, rooms("general"))
    )
    assert order(engine, ADULT) == ["W2-201-A", "W1-101-A"]
    fits, unfit = look(engine, replace(ADULT, features=("monitored",)))
    assert [fit.bed_id for fit in fits] == ["W1-101-A"]
    assert "monitored" in fits[0].reasons[1]
    assert unfit["W2-201-A"].detail == "not monitored"


def test_a_bed_that_is_free_for_the_night_is_had_until_it_is_booked() -> None:
    engine = small_house(a_ward(1, rooms("general", 2)), a_ward(2, rooms("general")))
    for bed_id, after in (("W1-101-A", 11), ("W1-102-A", 2)):
        engine.stage(_reserved(bed_id, after), WHO)
    [other, night], unfit = look(engine, ADULT)
    assert (night.bed_id, night.free_hours, night.ends_at) == ("W1-101-A", 11, hours(11))
    assert night.reasons[2] == "free until 19:00 (11 h, less than usual)"
    assert (other.bed_id, other.free_hours, other.ends_at) == ("W2-201-A", None, hours(24))
    assert unfit["W1-102-A"] == Unfit(
        "W1-102-A", (Rule.OVERLAPS_BOOKING,), "booked from 10:00: 2 h free"
    )
    command = c.BookBed(
        bed_id="W1-101-A", patient_ref="NEW-1", admit=True, needs=ADULT, assumes_end=True
    )
    engine.stage(command, WHO)
    stay, reserved = engine.hospital.of_bed["W1-101-A"]
    assert (stay.ends_at, stay.is_end_assumed, stay.is_at_risk) == (hours(11), True, True)
    assert engine.hospital.is_at_risk(reserved, hours(0))


def test_a_bay_in_which_somebody_is_to_come_tomorrow_is_had_for_the_night_too() -> None:
    """A man is to come into the bay; a woman has the other bed of it until then."""
    engine = small_house(a_ward(1, rooms("general", beds=2)))
    engine.stage(replace(_reserved("W1-101-B", 11), needs=MAN), WHO)
    fits, _ = look(engine, ADULT)
    assert [(fit.bed_id, fit.free_hours, fit.ends_at) for fit in fits] == [
        ("W1-101-A", 11, hours(11)),
        ("W1-101-B", 11, hours(11)),
    ]
    [both, _], _ = look(engine, replace(ADULT, sex="male"))
    assert (both.bed_id, both.free_hours) == ("W1-101-A", None)
    _, said = look(engine, ADULT, ends_at=hours(20))
    assert said["W1-101-A"].rules == (Rule.MIXED_SEX,)
    booked = c.BookBed(
        bed_id="W1-101-A", patient_ref="NEW-1", admit=True, needs=ADULT, assumes_end=True
    )
    engine.stage(booked, WHO)
    stay = engine.hospital.current_booking("W1-101-A")
    assert (stay.ends_at, stay.is_at_risk) == (hours(11), True)


def test_who_comes_to_the_bed_that_is_reserved_takes_the_reservation_up() -> None:
    engine = small_house(a_ward(1, rooms("general")))
    own = c.BookBed(bed_id="W1-101-A", patient_ref="NEW-1", starts_at=hours(1), ends_at=hours(9))
    engine.stage(replace(own, needs=ADULT), WHO)
    [fit] = look(engine, ADULT)[0]
    assert fit.ends_at == hours(9)
    come = c.BookBed(
        bed_id="W1-101-A", patient_ref="NEW-1", admit=True, needs=ADULT, assumes_end=True
    )
    engine.stage(come, WHO)
    assert engine.hospital.current_booking("W1-101-A").ends_at == hours(9)


@pytest.mark.parametrize("said", [90, 3, None])
def test_a_patient_in_bed_is_moved_to_a_bed_that_is_ranked(said: int | None) -> None:
    """Whether an end of the stay was said, has passed, or is open; the other bed is booked."""
    engine = small_house(a_ward(1, rooms("general", 3)))
    ends_at = hours(said) if said else None
    stay = c.BookBed(bed_id="W1-101-A", patient_ref="NEW-1", admit=True, ends_at=ends_at)
    booking_id = engine.stage(replace(stay, needs=ADULT), WHO)[-1]["booking_id"]
    engine.stage(_reserved("W1-102-A", 20), WHO)
    engine.clock.set(0.0, hours(5))
    request = c.RequestBed(patient_ref="NEW-1", needs=ADULT)
    request_id = engine.stage(request, WHO)[-1]["bed_request_id"]
    moment = engine.moment(WHO)
    search = search_for(engine.hospital, engine.hospital.requests[request_id], moment)
    fits, others = Matcher(engine.hospital, search).all(10)
    moved = {fit.bed_id: _moved(engine, booking_id, fit.bed_id) for fit in fits}
    assert moved == {"W1-103-A": ()}
    refused = {one.bed_id: _moved(engine, booking_id, one.bed_id) for one in others}
    assert refused["W1-102-A"] == (Rule.OVERLAPS_BOOKING,)


def _moved(engine: Engine, booking_id: str, bed_id: str) -> tuple[Rule, ...]:
    command = c.TransferPatient(booking_id=booking_id, to_bed_id=bed_id)
    try:
        decide(engine.hospital, command, engine.moment(WHO))
    except Refusal as refusal:
        return tuple(refusal.rules) or (refusal.rule,)
    return ()


def _reserved(bed_id: str, after: float) -> c.BookBed:
    return c.BookBed(
        bed_id=bed_id, patient_ref=f"R-{bed_id}", starts_at=hours(after), ends_at=hours(after + 9)
    )


def test_empty_bays_are_left_for_either_sex_where_the_house_fills_rooms() -> None:
    wards = (a_ward(1, rooms("general", 2, 2)),)
    for fills_rooms, first in ((0, "W1-101-A"), (1, "W1-102-B")):
        engine = small_house(*wards, fills_rooms=fills_rooms)
        stay = c.BookBed(bed_id="W1-102-A", patient_ref="P-1", admit=True, needs=ADULT)
        engine.stage(stay, WHO)
        assert order(engine, ADULT)[0] == first


def test_surge_beds_come_after_the_others() -> None:
    engine = small_house(a_ward(1, rooms("general", 2)))
    surge = c.RegisterBed(
        bed_id="W1-100-A",
        room_id="W1-100",
        ward_id="W1",
        ward_name="Ward 1",
        specialty="general_medicine",
        room_class="general",
        is_temporary=True,
    )
    engine.stage(surge, WHO)
    assert order(engine, ADULT) == ["W1-101-A", "W1-102-A", "W1-100-A"]


def test_side_rooms_come_last_for_who_needs_none_and_first_for_who_does() -> None:
    engine = small_house(
        a_ward(1, rooms("isolation", 2), rooms("general", beds=2)), a_ward(2, rooms("general"))
    )
    fits, _ = look(engine, ADULT)
    assert [fit.bed_id for fit in fits] == [
        "W1-103-A",
        "W1-103-B",
        "W2-201-A",
        "W1-101-A",
        "W1-102-A",
    ]
    assert fits[3].reasons[-1] == "keep for isolation: 2 of 2 left"
    isolated = replace(ADULT, isolation=SOURCE)
    assert order(engine, isolated) == ["W1-101-A", "W1-102-A", "W2-201-A", "W1-103-A", "W1-103-B"]


def test_isolation_rooms_come_after_the_other_side_rooms_for_who_needs_none() -> None:
    engine = small_house(
        a_ward(1, rooms("isolation", 2), rooms("private")), a_ward(2, rooms("deluxe"))
    )
    assert order(engine, ADULT) == ["W1-103-A", "W2-201-A", "W1-101-A", "W1-102-A"]


def test_the_last_isolation_rooms_are_kept_for_who_needs_isolation() -> None:
    engine = small_house(a_ward(1, rooms("isolation", 2)), isolation_rooms_kept=1)
    assert order(engine, ADULT) == ["W1-101-A", "W1-102-A"]
    engine.stage(c.BookBed(bed_id="W1-101-A", patient_ref="P-1", admit=True, needs=ADULT), WHO)
    fits, unfit = look(engine, ADULT)
    assert (fits, unfit["W1-102-A"].rules) == ([], (Rule.KEPT_FOR_ISOLATION,))
    assert unfit["W1-102-A"].detail == "kept for isolation: 0 besides it free, 1 wanted"
    assert order(engine, replace(ADULT, isolation=SOURCE)) == ["W1-102-A"]
    assert order(engine, replace(ADULT, room_class="isolation")) == ["W1-102-A"]


def test_why_a_bed_will_not_do_is_said_in_few_words() -> None:
    engine = small_house(a_ward(1, rooms("general", 5, 2), takes={"age_groups": ["adult"]}))
    for bed_id, needs in (("W1-101-A", MAN), ("W1-102-A", WOMAN)):
        engine.stage(
            c.BookBed(
                bed_id=bed_id, patient_ref=f"P-{bed_id}", admit=True, needs=needs, ends_at=hours(3)
            ),
            WHO,
        )
    engine.stage(c.StartIsolation(bed_ids=("W1-102-A",)), WHO)
    engine.stage(c.UpdateBed(bed_id="W1-103-A", is_staffed=False), WHO)
    engine.stage(c.MarkBedDirty(bed_id="W1-103-B"), WHO)
    engine.stage(c.CloseBeds(bed_ids=("W1-104-A",), reason_code="equipment"), WHO)
    closed = c.CloseAdmissions(bed_ids=("W1-105-A", "W1-105-B"), reason_code="staff_sickness")
    engine.stage(closed, WHO)
    _, unfit = look(engine, WOMAN)
    assert {bed_id[3:]: one.detail for bed_id, one in unfit.items()} == {
        "101-A": "occupied, expected to leave 11:00",
        "101-B": "room has men",
        "102-A": "occupied, expected to leave 11:00",
        "102-B": "room has a patient who needs isolation (isolation); room is isolated",
        "103-A": "unstaffed",
        "103-B": "dirty",
        "104-A": "closed: equipment",
        "105-A": "room takes nobody new: staff sickness",
        "105-B": "room takes nobody new: staff sickness",
    }
    _, unfit = look(engine, replace(WOMAN, age_group="child"))
    assert unfit["W1-104-B"].detail == "does not take this age group (child)"


def test_whose_end_is_only_assumed_is_never_counted_as_leaving() -> None:
    engine = small_house(a_ward(1, rooms("general", 2)))
    said = c.BookBed(bed_id="W1-101-A", patient_ref="P-1", admit=True, ends_at=hours(5))
    engine.stage(said, WHO)
    assumed = replace(said, bed_id="W1-102-A", patient_ref="P-2", ends_at=None, assumes_end=True)
    engine.stage(assumed, WHO)
    fits, others = look(engine, ADULT, starts_at=hours(30), moves_in=False)
    [fit] = fits
    assert (fit.bed_id, fit.reasons[-1]) == ("W1-101-A", "occupied, expected to leave 13:00")
    assert others["W1-102-A"] == Unfit("W1-102-A", (), "occupied; nobody has said until when")
    assert engine.hospital.beds["W1-101-A"].status is BedStatus.OCCUPIED
