"""What an earlier run of the simulated hospital has left, and another world finishes."""

from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from lake.vocabulary import BedStatus, Role, Source
from simulator.domain import commands as c
from simulator.domain.hospital import Hospital
from simulator.domain.needs import Isolation
from simulator.domain.principals import unasked
from simulator.world.people import People
from simulator.writer.engine import Context
from tests.simulator.world.runs import HOUR, START, Run, opened, plan, world_of

SOMEBODY = Context(Source.MANUAL, unasked("tester", Role.MANAGER))
LATER = START + timedelta(days=2)


def lived_until(holds: Callable[[Hospital], Collection[Any]], seed: int) -> Run:
    run = opened()
    world = world_of(run, seed)
    world.open_doors(START)
    run.live(world, 30)
    while not holds(run.engine.hospital):
        run.live(world, 1)
    return run


def restarted(run: Run) -> People:
    world = world_of(run, "again", days_between_outbreaks=999.0)
    world.resume(run.end)
    return world


def test_contacts_are_cleared_although_a_restart_came_between() -> None:
    run = lived_until(lambda hospital: hospital.beds, 41)
    hospital = run.engine.hospital
    for bed in [*hospital.registered_beds]:
        if bed.status is BedStatus.OCCUPIED and not hospital.is_single(bed):
            isolation = Isolation(organism="influenza")
            run.execute(c.StartIsolation(bed_ids=(bed.bed_id,), isolation=isolation), run.end)
            run.execute(c.EndIsolation(bed_ids=(bed.bed_id,)), run.end)
        if len(hospital.exposed) > 2:
            break
    refs = {hospital.bookings[booking_id].patient_ref for booking_id in hospital.exposed}
    world = restarted(run)
    before = len(run.rows)
    run.live(world, 24 * 4)
    ended = {"contact_ended", "patient_discharged"}
    assert refs == {
        row["patient_ref"]
        for row in run.rows[before:]
        if row["event_type"] in ended and row["patient_ref"] in refs
    }
    assert "contact_ended" in {row["event_type"] for row in run.rows[before:]}


def test_who_is_in_the_lounge_leaves_it_but_for_whom_a_person_has_sent() -> None:
    run = lived_until(lambda hospital: hospital.in_lounge(hospital_now(hospital)), 42)
    hospital = run.engine.hospital
    own = {one.patient_ref for one in hospital.in_lounge(run.end)}
    stay = next(s for s in hospital.bookings.values() if s.is_stay and not hospital.isolation_of(s))
    sent = c.DischargePatient(booking_id=stay.booking_id, disposition="home", to_lounge=True)
    run.execute(sent, run.end, SOMEBODY)
    world = restarted(run)
    before = len(run.rows)
    run.live(world, 4)
    left = {r["patient_ref"] for r in run.rows[before:] if r["event_type"] == "lounge_left"}
    assert own <= left
    assert stay.patient_ref not in left


def hospital_now(hospital: Hospital):
    return max(bed.last_event_at for bed in hospital.beds.values())


def close_bay(run: Run, room_id: str, until_at) -> None:
    beds = tuple(bed.bed_id for bed in run.engine.hospital.beds_of_room(room_id))
    command = c.CloseAdmissions(bed_ids=beds, reason_code="norovirus", until_at=until_at)
    run.execute(command, run.end)


def test_a_closed_bay_opens_when_it_was_to_open() -> None:
    run = lived_until(lambda hospital: hospital.beds, 43)
    until_at = run.end + 60 * HOUR
    close_bay(run, "W1-101", until_at)
    world = restarted(run)
    run.live(world, 24 * 4)
    [at] = {
        row["occurred_at"]
        for row in run.rows
        if row["event_type"] == "admissions_opened" and row["room_id"] == "W1-101"
    }
    assert until_at <= at <= until_at + 24 * HOUR


def test_a_closed_bay_that_is_there_no_more_opens_for_nobody() -> None:
    run = lived_until(lambda hospital: hospital.beds, 44)
    place = {"ward_id": "W1", "ward_name": "w", "specialty": "cardiology", "room_class": "general"}
    run.execute(c.RegisterBed(bed_id="W1-999-A", room_id="W1-999", **place), run.end)
    close_bay(run, "W1-999", run.end + HOUR)
    world = restarted(run)
    run.execute(c.RetireBed(bed_id="W1-999-A"), run.end)
    run.live(world, 48)
    assert run.engine.hospital.beds["W1-999-A"].is_retired


def in_cleaning(hospital: Hospital) -> list[str]:
    return [bed.bed_id for bed in hospital.beds.values() if bed.status is BedStatus.CLEANING]


def test_cleaning_that_nobody_finishes_is_over_after_a_few_hours() -> None:
    run = lived_until(in_cleaning, 45)
    cleaned = in_cleaning(run.engine.hospital)
    for bed_id in cleaned:
        run.execute(c.AddNote(bed_id=bed_id), run.end, SOMEBODY)
    world = restarted(run)
    before = len(run.rows)
    run.live(world, 5)
    rows = [row for row in run.rows[before:] if row["event_type"] == "cleaning_finished"]
    assert {*cleaned} <= {row["bed_id"] for row in rows}


def test_who_was_met_in_bed_goes_home_by_day() -> None:
    run = lived_until(lambda hospital: hospital.beds, 43)
    run.end = START + timedelta(days=1, hours=19)  # half past midnight in the hospital
    world = restarted(run)
    before = len(run.rows)
    run.live(world, 30)
    zone = ZoneInfo(plan().time_zone)
    hours = {
        row["occurred_at"].astimezone(zone).hour
        for row in run.rows[before:]
        if row["event_type"] == "patient_discharged" and row["disposition"] == "home"
    }
    assert hours
    assert hours <= {*range(7, 22)}
