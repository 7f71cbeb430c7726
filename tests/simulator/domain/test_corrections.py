"""Admissions, transfers and discharges that never were."""

from datetime import timedelta

import pytest

from lake.vocabulary import BedStatus, BookingState, Rule
from simulator.domain import commands as c
from simulator.domain.errors import Refusal
from simulator.domain.needs import SOURCE, Needs
from simulator.domain.overrides import Override
from simulator.writer.engine import Row
from tests.simulator.ward import BEDS, SmallWard, hours, undoing

A, B, C, D = BEDS
WHY = Override("record_correction", "entered for the wrong bed")


@pytest.fixture
def ward() -> SmallWard:
    return SmallWard()


def undo(ward: SmallWard, event: Row) -> Row:
    ward.clock.set(0.0, ward.clock.now() + timedelta(minutes=5))
    return ward.do(undoing(ward.rows, event["event_id"]))


def refused(ward: SmallWard, event: Row) -> Rule:
    with pytest.raises(Refusal) as caught:
        undo(ward, event)
    return caught.value.rule


def test_a_cancelled_admission_gives_the_bed_back_as_it_was(ward) -> None:
    admitted = ward.do(c.BookBed(bed_id=A, patient_ref="P-1", admit=True))
    row = undo(ward, admitted)
    assert (row["event_type"], row["corrects_event_id"]) == (
        "admission_cancelled",
        admitted["event_id"],
    )
    assert (ward.status(A), row["booking_state"]) == (BedStatus.AVAILABLE, BookingState.CANCELLED)
    assert ward.engine.hospital.stay_of("P-1") is None


def test_a_cancelled_admission_into_a_dirty_bed_leaves_it_dirty(ward) -> None:
    ward.do(c.MarkBedDirty(bed_id=A))
    undo(ward, ward.do(c.BookBed(bed_id=A, patient_ref="P-1", admit=True, override=WHY)))
    assert ward.status(A) == BedStatus.DIRTY
    ward.do(c.StartCleaning(bed_id=A))
    ward.do(c.FinishCleaning(bed_id=A))


def test_a_cancelled_admission_is_reserved_again_if_its_time_is_still_free(ward) -> None:
    booked = ward.do(c.BookBed(bed_id=A, patient_ref="P-1", starts_at=hours(1), ends_at=hours(9)))[
        "booking_id"
    ]
    ward.clock.set(0.0, hours(1))
    row = undo(ward, ward.do(c.AdmitPatient(booking_id=booked)))
    assert (row["booking_state"], row["starts_at"], row["ends_at"]) == (
        BookingState.RESERVED,
        hours(1),
        hours(9),
    )
    assert ward.do(c.AdmitPatient(booking_id=booked))["booking_state"] == BookingState.ACTIVE


@pytest.mark.parametrize("cleaned", ["", "started", "finished"])
@pytest.mark.parametrize("isolated", [False, True])
def test_a_cancelled_discharge_puts_the_patient_back_however_far_the_cleaning_was(
    ward, cleaned, isolated
) -> None:
    stay = ward.do(
        c.BookBed(
            bed_id=A,
            patient_ref="P-1",
            admit=True,
            needs=Needs(isolation=SOURCE if isolated else None),
        )
    )
    gone = ward.do(c.DischargePatient(booking_id=stay["booking_id"], disposition="home"))
    if cleaned:
        ward.do(c.StartCleaning(bed_id=A))
    if cleaned == "finished":
        ward.do(c.FinishCleaning(bed_id=A))
    row = undo(ward, gone)
    assert ward.status(A) == (BedStatus.ISOLATED if isolated else BedStatus.OCCUPIED)
    assert (row["booking_id"], row["stay_id"], row["booking_state"]) == (
        stay["booking_id"],
        stay["stay_id"],
        "active",
    )
    assert row["admitted_at"] == stay["admitted_at"]


def test_a_discharge_is_not_cancelled_once_somebody_else_has_had_the_bed(ward) -> None:
    stay = ward.do(c.BookBed(bed_id=A, patient_ref="P-1", admit=True))
    gone = ward.do(c.DischargePatient(booking_id=stay["booking_id"], disposition="home"))
    ward.do(c.StartCleaning(bed_id=A))
    ward.do(c.FinishCleaning(bed_id=A))
    other = ward.do(c.BookBed(bed_id=A, patient_ref="P-2", admit=True))
    assert refused(ward, gone) is Rule.BED_OCCUPIED
    ward.do(c.DischargePatient(booking_id=other["booking_id"], disposition="home"))
    assert refused(ward, gone) is Rule.BED_OCCUPIED


def test_somebody_else_entered_by_mistake_does_not_count(ward) -> None:
    stay = ward.do(c.BookBed(bed_id=A, patient_ref="P-1", admit=True))
    gone = ward.do(c.DischargePatient(booking_id=stay["booking_id"], disposition="home"))
    undo(ward, ward.do(c.BookBed(bed_id=A, patient_ref="P-2", admit=True, override=WHY)))
    assert undo(ward, gone)["current_patient_ref"] == "P-1"


def test_a_discharge_is_not_cancelled_while_the_patient_is_in_another_bed(ward) -> None:
    stay = ward.do(c.BookBed(bed_id=A, patient_ref="P-1", admit=True))
    gone = ward.do(c.DischargePatient(booking_id=stay["booking_id"], disposition="home"))
    ward.do(c.BookBed(bed_id=B, patient_ref="P-1", admit=True))
    assert refused(ward, gone) is Rule.PATIENT_IN_OTHER_BED


def test_what_was_reserved_since_a_discharge_stands_and_puts_the_stay_at_risk(ward) -> None:
    stay = ward.do(c.BookBed(bed_id=A, patient_ref="P-1", ends_at=hours(40), admit=True))
    gone = ward.do(c.DischargePatient(booking_id=stay["booking_id"], disposition="home"))
    ward.do(c.BookBed(bed_id=A, patient_ref="P-2", starts_at=hours(8), ends_at=hours(20)))
    row = undo(ward, gone)
    assert (row["ends_at"], row["is_at_risk"]) == (hours(8), True)


@pytest.mark.parametrize("row_named", [0, 1])
def test_cancelling_either_row_of_a_transfer_cancels_both(ward, row_named) -> None:
    stay = ward.do(c.BookBed(bed_id=A, patient_ref="P-1", admit=True))
    moved = ward.do_all(c.TransferPatient(booking_id=stay["booking_id"], to_bed_id=C))
    undo(ward, moved[row_named])
    assert (ward.status(A), ward.status(C)) == (BedStatus.OCCUPIED, BedStatus.AVAILABLE)
    [booking] = ward.engine.hospital.bookings.values()
    assert (booking.booking_id, booking.stay_id) == (stay["booking_id"], stay["stay_id"])
    assert refused(ward, moved[1 - row_named]) is Rule.ALREADY_CANCELLED


def test_a_transfer_is_not_cancelled_once_the_patient_has_moved_on(ward) -> None:
    stay = ward.do(c.BookBed(bed_id=A, patient_ref="P-1", admit=True))
    moved = ward.do(c.TransferPatient(booking_id=stay["booking_id"], to_bed_id=C))
    ward.do(c.TransferPatient(booking_id=moved["booking_id"], to_bed_id=D))
    assert refused(ward, moved) is Rule.ILLEGAL_BOOKING_CHANGE


def test_two_patients_swap_beds_in_one_go_and_back(ward) -> None:
    one = ward.do(c.BookBed(bed_id=A, patient_ref="P-1", admit=True))
    two = ward.do(c.BookBed(bed_id=C, patient_ref="P-2", admit=True, needs=Needs(isolation=SOURCE)))
    swapped = ward.do_all(
        c.SwapPatients(booking_id=one["booking_id"], with_booking_id=two["booking_id"])
    )
    assert ward.beds_of_patients() == {"P-1": C, "P-2": A}
    assert (ward.status(A), ward.status(C)) == (BedStatus.ISOLATED, BedStatus.OCCUPIED)
    assert swapped[-1]["patient_ref"] == "P-1"
    assert {row["request_id"] for row in swapped} == {swapped[0]["request_id"]}
    undo(ward, swapped[0])
    assert ward.beds_of_patients() == {"P-1": A, "P-2": C}
    assert (ward.status(A), ward.status(C)) == (BedStatus.OCCUPIED, BedStatus.ISOLATED)


def test_an_event_is_cancelled_once(ward) -> None:
    admitted = ward.do(c.BookBed(bed_id=A, patient_ref="P-1", admit=True))
    undo(ward, admitted)
    assert refused(ward, admitted) is Rule.ALREADY_CANCELLED


def test_what_is_no_admission_transfer_or_discharge_is_undone_in_other_ways(ward) -> None:
    booked = ward.do(c.BookBed(bed_id=A, patient_ref="P-1"))
    assert refused(ward, booked) is Rule.ILLEGAL_BOOKING_CHANGE


def test_a_back_dated_admission_may_not_lie_in_a_stay_elsewhere(ward) -> None:
    ward.do(c.BookBed(bed_id=A, patient_ref="P-1", admit=True))
    ward.clock.set(0.0, hours(5))
    [stay] = ward.engine.hospital.bookings
    ward.do(c.DischargePatient(booking_id=stay, disposition="home"))
    ward.clock.set(0.0, hours(6))
    with pytest.raises(Refusal) as caught:
        ward.do_at(c.BookBed(bed_id=C, patient_ref="P-1", admit=True), hours(4))
    assert caught.value.rule is Rule.PATIENT_IN_OTHER_BED
    assert ward.do_at(c.BookBed(bed_id=C, patient_ref="P-1", admit=True), hours(5))[
        "admitted_at"
    ] == hours(5)


def test_a_discharge_is_not_cancelled_after_a_stay_elsewhere_since(ward) -> None:
    """The patient would have been in two beds."""
    stay = ward.do(c.BookBed(bed_id=A, patient_ref="P-1", admit=True))
    gone = ward.do(c.DischargePatient(booking_id=stay["booking_id"], disposition="home"), hours(1))
    there = ward.do(c.BookBed(bed_id=C, patient_ref="P-1", admit=True), hours(2))
    ward.do(c.DischargePatient(booking_id=there["booking_id"], disposition="home"), hours(3))
    assert refused(ward, gone) is Rule.PATIENT_IN_OTHER_BED


def test_who_came_from_the_waiting_list_by_mistake_waits_again(ward) -> None:
    request = ward.do(c.RequestBed(patient_ref="P-1", needs=Needs(priority=2)))["bed_request_id"]
    undo(ward, ward.do(c.PlaceRequest(bed_request_id=request, bed_id=A, admit=True)))
    [waiting] = ward.engine.hospital.waiting_list
    assert (waiting.patient_ref, waiting.needs.priority) == ("P-1", 2)
    assert waiting.displaced_booking_id is None


def test_a_bed_is_not_registered_for_a_time_that_nobody_remembers(ward) -> None:
    new = c.RegisterBed(
        bed_id="W1-109-A",
        room_id="W1-109",
        ward_id="W1",
        ward_name="Ward W1",
        specialty="general",
        room_class="general",
    )
    ward.clock.set(0.0, hours(5))
    with pytest.raises(Refusal) as caught:
        ward.do_at(new, hours(-1))
    assert caught.value.rule is Rule.BEFORE_LAST_EVENT
