"""The waiting list of the simulated hospital, and what happens to who is on it."""

from datetime import timedelta
from itertools import pairwise

import pytest

from lake.vocabulary import LevelOfCare, Role, Source
from simulator.domain import commands as c
from simulator.domain.hospital import Hospital
from simulator.domain.needs import Isolation, Needs
from simulator.domain.overrides import Override
from simulator.domain.principals import unasked
from simulator.domain.requests import BedRequest
from simulator.world.people import People
from simulator.writer.engine import Context
from tests.simulator.world.figures import Row
from tests.simulator.world.runs import SHORT, START, Run, lived, opened, plan, world_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STEP = plan().house.priority_step
SOMEBODY = Context(Source.MANUAL, unasked("tester", Role.MANAGER))


def overtaken(rows: list[Row]) -> list[tuple[str, str]]:
    """Who was given a bed of the ward that somebody more urgent like them waited for; rooms for
    isolation are only for who has waited long."""
    waiting: dict[str, BedRequest] = {}
    found = []
    for row, following in pairwise(rows):
        request_id = row.get("bed_request_id")
        if row["event_type"] in {"bed_requested", "request_changed"}:
            waiting[request_id] = BedRequest.from_row(row)
        elif row["event_type"] in {"request_placed", "request_withdrawn"}:
            served = waiting.pop(request_id, None)
            is_usual = following.get("room_class") != "isolation"
            is_own = served and not served.spell_id and following.get("ward_id") == served.ward_id
            if served and is_own and is_usual:
                found += [
                    (request_id, other.bed_request_id)
                    for other in waiting.values()
                    if is_like(other, served) and other.rank(STEP) < served.rank(STEP)
                ]
    return found


def is_like(one: BedRequest, other: BedRequest) -> bool:
    """Emergencies, for whom the same beds will do."""
    kinds = {one.needs.admission_type, other.needs.admission_type}
    return (
        kinds == {"emergency"}
        and not (one.spell_id or one.needs.isolation or other.needs.isolation)
        and (
            one.ward_id,
            one.needs.sex,
        )
        == (other.ward_id, other.needs.sex)
    )


def test_a_bed_that_becomes_free_is_given_to_the_most_urgent_whom_it_suits() -> None:
    assert overtaken(lived(*SHORT).rows) == []


def test_a_bed_that_is_booked_for_tomorrow_is_used_tonight() -> None:
    soon = [
        row
        for row in lived(*SHORT).rows
        if row["event_type"] == "bed_booked"
        and row.get("admission_type") == "emergency"
        and row["ends_at"] - row["starts_at"] < DAY
        and "Bed found" in row["note"]
    ]
    assert soon


def test_patients_step_down_come_back_to_their_ward_and_make_room() -> None:
    notes = {
        row["note"] for row in lived(*SHORT).rows if row["event_type"] == "patient_transferred"
    }
    assert {
        "Stepped down from intensive care, handover given",
        "Moved back to the ward of the specialty",
        "Moved to a side room for isolation",
        "Moved into a bay, room for one needed for another patient",
        "Isolation over, moved out of the side room",
    } <= notes


def restarted() -> Run:
    """After five days by another world, which knows only what the hospital shows."""
    run = opened()
    world = world_of(run, 31)
    world.open_doors(START)
    run.live(world, 24 * 5)
    while not run.engine.hospital.requests:
        run.live(world, 1)
    again = world_of(run, "31:again")
    again.resume(run.end)
    run.live(again, 24 * 5)
    return run


def test_a_restart_takes_up_who_waits_who_is_booked_and_who_lies_there() -> None:
    run = restarted()
    waiting = run.engine.hospital.requests.values()
    assert all(request.requested_at > START + 7 * DAY for request in waiting)
    passed = [b for b in run.engine.hospital.bookings.values() if b.runs_over(run.end - DAY)]
    assert passed == []
    missed = [
        booking
        for booking in run.engine.hospital.bookings.values()
        if not booking.is_stay and booking.starts_at < run.end - 4 * HOUR
    ]
    assert missed == []


def test_what_a_person_has_taken_over_is_left_alone() -> None:
    run = opened()
    world = world_of(run, 32)
    world.open_doors(START)
    run.live(world, 2)
    stays = [b for b in run.engine.hospital.bookings.values() if b.is_stay and b.ends_at]
    stay = min(stays, key=lambda stay: stay.ends_at)
    expected_at = run.end + HOUR
    command = c.ExpectDischarge(booking_id=stay.booking_id, expected_at=expected_at)
    run.execute(command, run.end, SOMEBODY)
    run.live(world, 24 * 15)
    taken_over = [row for row in run.rows if row.get("patient_ref") == stay.patient_ref]
    assert taken_over[-1]["actor"] == "tester"
    assert run.engine.hospital.stay_of(stay.patient_ref)


def begun(seed: int, days: int) -> tuple[Run, People]:
    run = opened()
    world = world_of(run, seed)
    world.open_doors(START)
    run.live(world, 24 * days)
    return run, world


def past_intensive_care(run: Run, world: People) -> BedRequest:
    """The first of whom a ward is asked for."""
    while True:
        for request in run.engine.hospital.waiting_list:
            if request.spell_id and request.needs == Needs(level_of_care="ward", priority=2):
                return request
        run.live(world, 1)


@pytest.mark.parametrize("is_restarted", [False, True])
def test_whose_request_for_a_ward_a_person_withdraws_is_asked_for_again(is_restarted) -> None:
    run, world = begun(3, 5)
    request = past_intensive_care(run, world)
    withdraw = c.WithdrawRequest(bed_request_id=request.bed_request_id)
    run.execute(withdraw, run.end, SOMEBODY)
    if is_restarted:
        world = world_of(run, "3:again")
        world.resume(run.end)
    before = len(run.rows)
    run.live(world, 3)
    asked = [row for row in run.rows[before:] if row["event_type"] == "bed_requested"]
    assert request.patient_ref in {row["patient_ref"] for row in asked}


INTENSIVE = "W8"


def all_ask_for_side_rooms(run: Run, **execute) -> set[str]:
    """Who is in intensive care; gives their references."""
    stays = [run.engine.hospital.current_booking(bed) for bed in run.engine.hospital.beds]
    refs = {s.patient_ref for s in stays if s and s.needs_now.level_of_care == "intensive"}
    needs = Needs(isolation=Isolation(organism="mrsa"), priority=1)
    for ref in sorted(refs):
        run.execute(
            c.RequestBed(patient_ref=ref, ward_id=INTENSIVE, needs=needs), run.end, **execute
        )
    return refs


def test_who_waits_for_a_side_room_as_intensive_care_ends_goes_to_a_ward() -> None:
    run, world = begun(4, 2)
    refs = all_ask_for_side_rooms(run)
    run.live(world, 24 * 6)
    changed = {
        row["patient_ref"]
        for row in run.rows
        if row["event_type"] == "request_changed" and row["level_of_care"] == LevelOfCare.WARD
    }
    assert changed & refs
    since = [
        stay.progress.care_not_needed_since
        for ref in refs
        if (stay := run.engine.hospital.stay_of(ref))
        and run.engine.hospital.beds[stay.bed_id].ward_id == INTENSIVE
    ]
    assert all(at is None or at > run.end - DAY for at in since)


def test_what_a_person_asks_for_is_not_changed() -> None:
    run, world = begun(4, 2)
    refs = all_ask_for_side_rooms(run, context=SOMEBODY)
    run.live(world, 24 * 3)
    changed = [row for row in run.rows if row["event_type"] == "request_changed"]
    assert not refs & {row["patient_ref"] for row in changed}
    assert {request.requested_by for request in run.engine.hospital.waiting_list} >= {"tester"}


def test_what_a_person_has_taken_off_the_list_is_forgotten() -> None:
    run, world = begun(3, 1)
    withdrawn = set()
    while len(withdrawn) < 3:
        run.live(world, 1)
        for request_id in [*run.engine.hospital.requests]:
            command = c.WithdrawRequest(bed_request_id=request_id)
            run.execute(command, run.end, SOMEBODY)
            withdrawn.add(request_id)
    run.live(world, 3)
    assert not withdrawn & world._waiting._patients.keys()


def in_breach(hospital: Hospital) -> set[str]:
    """Rooms of one sex in which men and women lie."""
    sexes: dict[str, set[str | None]] = {}
    for stay in hospital.bookings.values():
        bed = hospital.beds[stay.bed_id]
        if stay.is_stay and not (
            bed.is_cot or hospital.house.mixes_sexes(bed.ward_id, bed.room_class)
        ):
            sexes.setdefault(bed.room_id, set()).add(stay.needs.sex)
    return {room_id for room_id, of in sexes.items() if len(of) > 1}


def mixed_by_override(run: Run) -> str | None:
    """Somebody is put into the first bay of the other sex with a clean bed; gives the bay."""
    hospital = run.engine.hospital
    for bed in hospital.registered_beds:
        mates = [hospital.current_booking(mate.bed_id) for mate in hospital.room_mates(bed)]
        sexes = {stay.needs.sex for stay in mates if stay}
        if bed.ward_id not in {"W1", "W5"} or bed.status != "available" or len(sexes) != 1:
            continue
        needs = Needs(
            sex="male" if sexes == {"female"} else "female",
            age_group="adult",
            level_of_care="ward",
            admission_type="emergency",
        )
        command = c.BookBed(
            bed_id=bed.bed_id,
            patient_ref="MIXED-1",
            ends_at=run.end + 9 * DAY,
            admit=True,
            needs=needs,
            override=Override("no_other_bed", "Nowhere else tonight"),
        )
        if run.execute(command, run.end):
            return bed.room_id
    return None


@pytest.mark.parametrize("seed", [6, 7])
def test_a_bay_of_men_and_women_is_one_no_more_once_a_bed_is_free(seed: int) -> None:
    run, world = begun(seed, 4)
    while not (room_id := mixed_by_override(run)):
        run.live(world, 1)
    assert room_id in in_breach(run.engine.hospital)
    run.live(world, 24 * 3)
    assert room_id not in in_breach(run.engine.hospital)
    assert "Moved, so that men and women share no room" in {row.get("note") for row in run.rows}
