"""The waiting list of the simulated hospital, and what happens to who is on it."""

from datetime import timedelta
from itertools import pairwise

from lake.vocabulary import Role, Source
from simulator.domain import commands as c
from simulator.domain.requests import BedRequest
from simulator.writer.engine import Context
from tests.simulator.world.figures import Row
from tests.simulator.world.runs import SHORT, START, Run, lived, opened, plan, world_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STEP = plan().house.priority_step
SOMEBODY = Context(Source.MANUAL, "tester", Role.MANAGER)


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
