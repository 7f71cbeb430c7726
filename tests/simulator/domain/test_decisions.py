"""The rules, one sentence each."""

import pytest

from lake.vocabulary import Role, Rule, Source
from simulator.domain import commands as c
from simulator.domain.errors import NotThere, NotYet, Refusal
from simulator.domain.needs import SOURCE, Needs
from simulator.domain.principals import unasked
from simulator.writer.engine import Context
from tests.simulator.ward import BEDS, WOMAN, SmallWard, hours

A, B, C, OTHER_WARD = BEDS


def admit(ward: SmallWard, bed_id: str = A, patient: str = "MRN-1", **more) -> str:
    more = {"needs": WOMAN} | more
    return ward.do(c.BookBed(bed_id=bed_id, patient_ref=patient, admit=True, **more))["booking_id"]


def reserve(
    ward: SmallWard, start: float, end: float | None, bed_id: str = A, patient: str = "MRN-9"
) -> str:
    ends_at = None if end is None else hours(end)
    return ward.do(
        c.BookBed(
            bed_id=bed_id,
            patient_ref=patient,
            starts_at=hours(start),
            ends_at=ends_at,
            needs=WOMAN,
        )
    )["booking_id"]


def refused(ward: SmallWard, command: c.Command, rule: Rule) -> Refusal:
    rows, state = len(ward.rows), ward.engine.hospital.beds.copy()
    with pytest.raises(Refusal) as caught:
        ward.do(command)
    assert caught.value.rule is rule
    assert len(ward.rows) == rows
    assert ward.engine.hospital.beds == state
    return caught.value


def test_a_booking_makes_a_reservation(ward) -> None:
    row = ward.do(c.BookBed(bed_id=A, patient_ref="MRN-1", starts_at=hours(5), ends_at=hours(9)))
    assert (row["event_type"], row["booking_state"]) == ("bed_booked", "reserved")
    assert (row["next_starts_at"], row["next_ends_at"]) == (hours(5), hours(9))
    assert row["bed_status"] == "available"


def test_an_unknown_bed_cannot_be_booked(ward) -> None:
    refused(ward, c.BookBed(bed_id="W9-999-Z", patient_ref="MRN-1"), Rule.UNKNOWN_BED)


def test_overlapping_bookings_are_refused_and_the_one_in_the_way_is_named(ward) -> None:
    first = reserve(ward, 2, 4)
    for start, end in ((1, 3), (3, 5), (1, 5), (2.5, 3), (0, None)):
        command = c.BookBed(
            bed_id=A,
            patient_ref="MRN-1",
            starts_at=hours(start),
            ends_at=hours(end) if end else None,
        )
        refusal = refused(ward, command, Rule.OVERLAPS_BOOKING)
        assert refusal.conflicts_with.booking_id == first


def test_intervals_that_only_touch_do_not_overlap(ward) -> None:
    reserve(ward, 2, 4)
    reserve(ward, 4, 6)
    reserve(ward, 1, 2)


def test_an_interval_that_ends_before_it_starts_is_refused(ward) -> None:
    refused(
        ward,
        c.BookBed(bed_id=A, patient_ref="MRN-1", starts_at=hours(4), ends_at=hours(4)),
        Rule.EMPTY_INTERVAL,
    )


def test_no_bed_holds_two_patients(ward) -> None:
    stay = admit(ward, ends_at=hours(4))
    refusal = refused(ward, c.BookBed(bed_id=A, patient_ref="MRN-2", admit=True), Rule.BED_OCCUPIED)
    assert refusal.conflicts_with.booking_id == stay


def test_no_patient_is_in_two_beds(ward) -> None:
    admit(ward)
    refused(ward, c.BookBed(bed_id=B, patient_ref="MRN-1", admit=True), Rule.PATIENT_IN_OTHER_BED)


def test_a_patient_in_a_bed_may_have_a_reservation_elsewhere(ward) -> None:
    admit(ward)
    ward.do(c.BookBed(bed_id=B, patient_ref="MRN-1", starts_at=hours(5), ends_at=hours(9)))


def test_an_open_stay_overlaps_everything_after_its_start(ward) -> None:
    admit(ward)
    command = c.BookBed(bed_id=A, patient_ref="MRN-2", starts_at=hours(500), ends_at=hours(501))
    refused(ward, command, Rule.OVERLAPS_OPEN_STAY)


def test_a_bed_can_be_booked_from_the_expected_discharge_on(ward) -> None:
    admit(ward, ends_at=hours(4))
    refused(
        ward,
        c.BookBed(bed_id=A, patient_ref="MRN-2", starts_at=hours(3), ends_at=hours(5)),
        Rule.OVERLAPS_BOOKING,
    )
    ward.do(c.BookBed(bed_id=A, patient_ref="MRN-2", starts_at=hours(4), ends_at=hours(5)))


def test_nothing_starts_by_now_in_a_bed_whose_stay_runs_over(ward) -> None:
    admit(ward, ends_at=hours(2))
    ward.clock.set(0.0, hours(3))
    refused(
        ward,
        c.BookBed(bed_id=A, patient_ref="MRN-2", starts_at=hours(3), ends_at=hours(5)),
        Rule.OVERLAPS_OPEN_STAY,
    )
    ward.do(c.BookBed(bed_id=A, patient_ref="MRN-2", starts_at=hours(4), ends_at=hours(5)))


def test_a_dirty_bed_may_be_reserved_but_not_taken(ward) -> None:
    stay = admit(ward)
    ward.do(c.DischargePatient(booking_id=stay, disposition="home"))
    refused(ward, c.BookBed(bed_id=A, patient_ref="MRN-2", admit=True), Rule.BED_NOT_CLEAN)
    booking = ward.do(c.BookBed(bed_id=A, patient_ref="MRN-2"))["booking_id"]
    refused(ward, c.AdmitPatient(booking_id=booking), Rule.BED_NOT_CLEAN)
    ward.do(c.StartCleaning(bed_id=A))
    refused(ward, c.AdmitPatient(booking_id=booking), Rule.BED_NOT_CLEAN)
    ward.do(c.FinishCleaning(bed_id=A))
    assert ward.do(c.AdmitPatient(booking_id=booking))["bed_status"] == "occupied"


def test_a_closed_bed_takes_neither_patient_nor_booking(ward) -> None:
    ward.do(c.CloseBeds(bed_ids=(A,), reason_code="maintenance"))
    refused(ward, c.BookBed(bed_id=A, patient_ref="MRN-1", admit=True), Rule.BED_CLOSED)
    refused(
        ward,
        c.BookBed(bed_id=A, patient_ref="MRN-1", starts_at=hours(5), ends_at=hours(6)),
        Rule.BED_CLOSED,
    )


def test_an_occupied_bed_is_not_closed_and_one_in_cleaning_neither(ward) -> None:
    stay = admit(ward)
    refused(ward, c.CloseBeds(bed_ids=(A,), reason_code="maintenance"), Rule.BED_OCCUPIED)
    ward.do(c.DischargePatient(booking_id=stay, disposition="home"))
    ward.do(c.StartCleaning(bed_id=A))
    refused(ward, c.CloseBeds(bed_ids=(A,), reason_code="maintenance"), Rule.ILLEGAL_STATUS_CHANGE)


def test_a_bed_with_a_reservation_is_neither_closed_nor_retired(ward) -> None:
    reserve(ward, 5, 6)
    refused(ward, c.CloseBeds(bed_ids=(A,), reason_code="maintenance"), Rule.OVERLAPS_BOOKING)
    refused(ward, c.RetireBed(bed_id=A), Rule.OVERLAPS_BOOKING)


def test_a_bed_opens_as_what_it_was_before(ward) -> None:
    ward.do(c.MarkBedDirty(bed_id=A))
    ward.do(c.CloseBeds(bed_ids=(A,), reason_code="maintenance"))
    assert ward.do(c.OpenBeds(bed_ids=(A,)))["bed_status"] == "dirty"


def test_admission_moves_the_start_of_the_booking_to_itself(ward) -> None:
    booking = reserve(ward, 2, 9)
    row = ward.do(c.AdmitPatient(booking_id=booking), at=hours(3))
    assert (row["starts_at"], row["ends_at"], row["admitted_at"]) == (hours(3), hours(9), hours(3))
    assert row["current_booking_id"] == booking
    assert row["expected_discharge_at"] == hours(9)


def test_an_early_admission_is_checked_for_the_time_it_adds(ward) -> None:
    first, second = reserve(ward, 2, 4), reserve(ward, 4, 6)
    refusal = refused(ward, c.AdmitPatient(booking_id=second), Rule.OVERLAPS_BOOKING)
    assert refusal.conflicts_with.booking_id == first


def test_a_reservation_that_has_passed_is_admitted_as_an_open_one_from_now(ward) -> None:
    booking = reserve(ward, 1, 2)
    row = ward.do(c.AdmitPatient(booking_id=booking), at=hours(3))
    assert (row["starts_at"], row["ends_at"]) == (hours(3), None)


def test_isolation_makes_the_bed_isolated_and_then_contaminated(ward) -> None:
    stay = admit(ward, needs=Needs(isolation=SOURCE))
    assert ward.status(A) == "isolated"
    ward.do(c.DischargePatient(booking_id=stay, disposition="home"))
    assert ward.status(A) == "contaminated"
    ward.do(c.StartCleaning(bed_id=A))
    assert ward.do(c.StopCleaning(bed_id=A))["bed_status"] == "contaminated"


def test_isolation_starts_and_ends_during_a_stay(ward) -> None:
    admit(ward)
    assert ward.do(c.StartIsolation(bed_ids=(A,)))["bed_status"] == "isolated"
    assert ward.do(c.EndIsolation(bed_ids=(A,)))["bed_status"] == "occupied"
    refused(ward, c.StartIsolation(bed_ids=(B,)), Rule.ILLEGAL_STATUS_CHANGE)


def test_a_discharge_leaves_a_dirty_bed_and_a_completed_booking(ward) -> None:
    stay = admit(ward)
    row = ward.do(c.DischargePatient(booking_id=stay, disposition="died"))
    assert (row["bed_status"], row["booking_state"], row["disposition"]) == (
        "dirty",
        "completed",
        "died",
    )
    assert row.get("current_patient_ref") is None


def test_a_transfer_is_one_command_with_a_row_for_each_bed(ward) -> None:
    stay = admit(ward, ends_at=hours(9))
    before = len(ward.rows)
    arrived = ward.do(c.TransferPatient(booking_id=stay, to_bed_id=OTHER_WARD), at=hours(2))
    left = ward.rows[before]
    assert len(ward.rows) == before + 2
    assert left["request_id"] == arrived["request_id"]
    assert (left["bed_id"], left["bed_status"], left["booking_state"]) == (A, "dirty", "completed")
    assert (arrived["bed_id"], arrived["bed_status"], arrived["booking_state"]) == (
        OTHER_WARD,
        "occupied",
        "active",
    )
    assert arrived["spell_id"] == left["spell_id"]
    assert arrived["stay_id"] != left["stay_id"]
    assert (arrived["admitted_at"], arrived["ends_at"]) == (hours(2), hours(9))


def test_a_transfer_into_a_taken_dirty_closed_or_reserved_bed_is_refused(ward) -> None:
    stay = admit(ward)
    admit(ward, B, "MRN-2")
    refused(ward, c.TransferPatient(booking_id=stay, to_bed_id=B), Rule.BED_OCCUPIED)
    refused(ward, c.TransferPatient(booking_id=stay, to_bed_id=A), Rule.BED_OCCUPIED)
    ward.do(c.MarkBedDirty(bed_id=C))
    refused(ward, c.TransferPatient(booking_id=stay, to_bed_id=C), Rule.BED_NOT_CLEAN)
    ward.do(c.CloseBeds(bed_ids=(C,), reason_code="maintenance"))
    refused(ward, c.TransferPatient(booking_id=stay, to_bed_id=C), Rule.BED_CLOSED)
    reserve(ward, 3, 4, OTHER_WARD)
    refused(ward, c.TransferPatient(booking_id=stay, to_bed_id=OTHER_WARD), Rule.OVERLAPS_BOOKING)


@pytest.mark.parametrize("command", [c.CancelBooking, c.ExpireBooking, c.AdmitPatient])
def test_a_stay_is_neither_cancelled_nor_expired_nor_admitted_again(ward, command) -> None:
    refused(ward, command(booking_id=admit(ward)), Rule.ILLEGAL_BOOKING_CHANGE)


def test_a_reservation_is_neither_discharged_nor_transferred(ward) -> None:
    booking = reserve(ward, 2, 4)
    refused(
        ward,
        c.DischargePatient(booking_id=booking, disposition="home"),
        Rule.ILLEGAL_BOOKING_CHANGE,
    )
    refused(ward, c.TransferPatient(booking_id=booking, to_bed_id=B), Rule.ILLEGAL_BOOKING_CHANGE)


def test_a_cancelled_reservation_frees_its_time(ward) -> None:
    booking = reserve(ward, 2, 4)
    assert ward.do(c.CancelBooking(booking_id=booking))["booking_state"] == "cancelled"
    reserve(ward, 2, 4)
    with pytest.raises(NotThere):
        ward.do(c.CancelBooking(booking_id=booking))


def test_what_is_written_down_late_may_lie_before_a_note_but_not_before_the_beds_status(
    ward,
) -> None:
    ward.do(c.MarkBedDirty(bed_id=A), at=hours(3))
    ward.do(c.AddNote(bed_id=B), at=hours(3))
    context = Context(Source.MANUAL, unasked("tester", Role.MANAGER), occurred_at=hours(2))
    with pytest.raises(Refusal) as caught:
        ward.engine.stage(c.StartCleaning(bed_id=A), context)
    assert caught.value.rule is Rule.BEFORE_LAST_EVENT
    assert caught.value.earliest_at == hours(3)
    ward.engine.stage(c.MarkBedDirty(bed_id=B), context)


def test_nothing_happens_after_now(ward) -> None:
    with pytest.raises(NotYet):
        ward.engine.stage(
            c.AddNote(bed_id=A),
            Context(Source.MANUAL, unasked("tester", Role.MANAGER), occurred_at=hours(1)),
        )


def test_a_registered_bed_is_not_registered_again_until_it_is_retired(ward) -> None:
    again = c.RegisterBed(
        bed_id=A,
        room_id="W1-101",
        ward_id="W1",
        ward_name="Ward W1",
        specialty="general",
        room_class="general",
    )
    refused(ward, again, Rule.BED_EXISTS)
    ward.do(c.RetireBed(bed_id=A))
    refused(ward, c.AddNote(bed_id=A), Rule.UNKNOWN_BED)
    ward.do(again)
    assert ward.status(A) == "available"


def test_display_statuses_follow_the_order_of_the_design(ward) -> None:
    assert ward.display(A) == "available"
    booking = reserve(ward, 2, 4)
    assert ward.display(A) == "reserved"
    reserve(ward, 2.1, 4, B, patient="P-2")
    assert ward.display(B) == "available"
    ward.do(c.AdmitPatient(booking_id=booking))
    assert ward.display(A) == "occupied"
    ward.do(c.DischargePatient(booking_id=booking, disposition="home"))
    assert ward.display(A) == "dirty"
    ward.do(c.StartCleaning(bed_id=A))
    assert ward.display(A) == "dirty"
    ward.do(c.CloseBeds(bed_ids=(C,), reason_code="maintenance"))
    assert ward.display(C) == "closed"
