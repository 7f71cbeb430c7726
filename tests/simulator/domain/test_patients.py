"""Combinations of what wards do: leave, lending, death, corrections, merges, closings."""

from datetime import datetime, timedelta

import pytest

from lake.vocabulary import Away, Rule
from simulator.domain import commands as c
from simulator.domain.errors import Refusal
from simulator.domain.hospital import fold
from simulator.domain.overrides import Override
from simulator.writer.engine import Row
from tests.simulator.ward import BEDS, WOMAN, SmallWard, discharge_correction, hours, undoing

A, B, C, D = BEDS
OVERRIDE = Override("clinical_need", "no other bed in the house")


def admit(ward: SmallWard, bed: str, patient: str, **more) -> str:
    more = {"needs": WOMAN} | more
    row = ward.do(c.BookBed(bed_id=bed, patient_ref=patient, admit=True, **more))
    return row["booking_id"]


def reserve(ward: SmallWard, bed: str, patient: str, start: float, end: float) -> str:
    command = c.BookBed(
        bed_id=bed, patient_ref=patient, starts_at=hours(start), ends_at=hours(end), needs=WOMAN
    )
    return ward.do(command)["booking_id"]


def leave(booking: str) -> c.GoAway:
    return c.GoAway(booking_id=booking, away_as=Away.LEAVE)


def back(booking: str) -> c.ComeBack:
    return c.ComeBack(booking_id=booking, away_as=Away.LEAVE)


def discharge(booking: str, disposition: str = "home") -> c.DischargePatient:
    return c.DischargePatient(booking_id=booking, disposition=disposition)


def refused(ward: SmallWard, command: c.Command, at: datetime | None = None) -> Refusal:
    with pytest.raises(Refusal) as caught:
        ward.do_at(command, at) if at else ward.do(command)
    assert fold(ward.rows) == ward.engine.hospital
    return caught.value


def waiting(ward: SmallWard) -> list[str]:
    return [request.patient_ref for request in ward.engine.hospital.waiting_list]


def state(ward: SmallWard, booking: str) -> str:
    return [row for row in ward.rows if row.get("booking_id") == booking][-1]["booking_state"]


def correct(ward: SmallWard, booking: str, disposition: str, died: datetime | None = None) -> Row:
    return ward.do(discharge_correction(ward.rows, booking, disposition, died))


# Leave and lending


def test_who_is_on_leave_is_not_admitted_to_the_own_bed_once_more(ward) -> None:
    stay = admit(ward, A, "P-1", ends_at=hours(20))
    later = reserve(ward, A, "P-1", 30, 40)
    ward.do(leave(stay))
    for command in (
        c.BookBed(bed_id=A, patient_ref="P-1", admit=True, override=OVERRIDE),
        c.AdmitPatient(booking_id=later, override=OVERRIDE),
        c.TransferPatient(booking_id=stay, to_bed_id=A, override=OVERRIDE),
    ):
        assert refused(ward, command).rule is Rule.BED_OCCUPIED


def test_a_swap_takes_a_patient_on_leave_along(ward) -> None:
    one, other = admit(ward, A, "P-1"), admit(ward, C, "P-2")
    ward.do(leave(one))
    rows = ward.do_all(c.SwapPatients(booking_id=one, with_booking_id=other))
    assert len(rows) == 4
    assert ward.beds_of_patients() == {"P-1": C, "P-2": A}
    assert ward.engine.hospital.stay_on_leave(C) is not None
    assert waiting(ward) == []
    ward.do(undoing(ward.rows, rows[-1]["event_id"]), hours(1))
    assert ward.beds_of_patients() == {"P-1": A, "P-2": C}


def test_a_bed_is_not_lent_for_a_time_before_the_leave(ward) -> None:
    stay = admit(ward, A, "P-1")
    ward.do(leave(stay), hours(4))
    ward.clock.set(0.0, hours(6))
    lend = c.BookBed(bed_id=A, patient_ref="P-2", admit=True, override=OVERRIDE)
    refusal = refused(ward, lend, hours(1))
    assert (refusal.rule, refusal.earliest_at) == (Rule.BEFORE_LAST_EVENT, hours(4))
    ward.do(back(stay), hours(7))
    ward.clock.set(0.0, hours(9))
    assert refused(ward, leave(stay), hours(5)).earliest_at == hours(7)
    assert refused(ward, discharge(stay), hours(3)).earliest_at == hours(7)


def test_a_move_that_is_cancelled_leaves_the_leave_as_it_is_now(ward) -> None:
    stay = admit(ward, A, "P-1")
    ward.do(leave(stay), hours(1))
    moved = ward.do(c.TransferPatient(booking_id=stay, to_bed_id=C), hours(2))
    ward.do(back(moved["booking_id"]), hours(3))
    progress = c.ProgressStay(
        booking_id=moved["booking_id"], expected_at=None, needs_bed=False, waits_for="family"
    )
    ward.do(progress)
    ward.do(undoing(ward.rows, moved["event_id"]), hours(4))
    assert ward.engine.hospital.stay_on_leave(A) is None
    assert ward.engine.hospital.booking(stay).progress.waits_for == "family"


def test_a_spell_whose_bed_was_lent_is_over_when_nobody_waits_for_it_any_more(ward) -> None:
    stay = admit(ward, A, "P-1")
    ward.do(leave(stay))
    ward.do(c.BookBed(bed_id=A, patient_ref="P-2", admit=True, override=OVERRIDE), hours(1))
    [request] = ward.engine.hospital.waiting_list
    assert request.bed_was_lent
    ward.do(c.WithdrawRequest(bed_request_id=request.bed_request_id), hours(2))
    again = ward.do(c.BookBed(bed_id=C, patient_ref="P-1", admit=True), hours(300))
    assert again["event_type"] == "patient_admitted"
    assert fold(ward.rows) == ward.engine.hospital


def test_whoever_comes_back_to_any_bed_waits_no_more_for_the_lent_one(ward) -> None:
    stay = admit(ward, A, "P-1")
    ward.do(leave(stay))
    ward.do(c.BookBed(bed_id=A, patient_ref="P-2", admit=True, override=OVERRIDE), hours(1))
    back_in = ward.do(c.BookBed(bed_id=D, patient_ref="P-1", admit=True), hours(2))
    assert back_in["event_type"] == "patient_transferred"
    assert waiting(ward) == []


def test_the_bed_of_an_isolated_patient_is_not_lent_without_being_cleaned(ward) -> None:
    stay = admit(ward, C, "P-1")
    ward.do(c.StartIsolation(bed_ids=(C,)))
    ward.do(leave(stay))
    refusal = refused(ward, c.BookBed(bed_id=C, patient_ref="P-2", admit=True))
    assert refusal.rules == (Rule.BED_NOT_CLEAN, Rule.BED_KEPT_FOR_LEAVE)


# Death and corrections


@pytest.fixture
def said_dead(ward) -> tuple[SmallWard, str, str]:
    """P-1 was in A; D was reserved from hour 48 on, which a wrong death ended and a correction
    brought back."""
    stay = admit(ward, A, "P-1", ends_at=hours(4))
    kept = reserve(ward, D, "P-1", 48, 60)
    ward.do(discharge(stay, "died"), hours(4))
    correct(ward, stay, "home")
    assert state(ward, kept) == "reserved"
    return ward, stay, kept


def test_a_second_correction_leaves_what_was_restored_as_it_has_become(said_dead) -> None:
    ward, stay, kept = said_dead
    ward.do(c.AdmitPatient(booking_id=kept), hours(48))
    correct(ward, stay, "other_hospital")
    assert state(ward, kept) == "active"
    ward.do(discharge(kept), hours(50))
    correct(ward, stay, "home")
    assert state(ward, kept) == "completed"


def test_what_somebody_cancelled_since_stays_cancelled(said_dead) -> None:
    ward, stay, kept = said_dead
    ward.do(c.CancelBooking(booking_id=kept))
    correct(ward, stay, "other")
    died = [r for r in ward.rows if r["event_type"] == "patient_discharged"][-1]
    ward.do(undoing(ward.rows, died["event_id"]))
    assert state(ward, kept) == "cancelled"


def test_two_reservations_that_meet_by_now_are_not_both_restored(said_dead) -> None:
    ward, stay, kept = said_dead
    ward.do(c.CancelBooking(booking_id=kept))
    second = reserve(ward, D, "P-1", 50, 70)
    correct(ward, stay, "died")
    row = correct(ward, stay, "home")
    assert (state(ward, kept), state(ward, second)) == ("cancelled", "reserved")
    assert row.get("lost_booking_ids") is None


def test_what_a_correction_ended_comes_back_with_the_cancelled_discharge(ward) -> None:
    stay = admit(ward, A, "P-1", ends_at=hours(4))
    left = ward.do(discharge(stay), hours(4))
    kept = reserve(ward, D, "P-1", 48, 60)
    correct(ward, stay, "died")
    correct(ward, stay, "died", hours(3))
    assert state(ward, kept) == "cancelled"
    ward.do(undoing(ward.rows, left["event_id"]))
    assert state(ward, kept) == "reserved"


def test_an_earlier_discharge_that_is_corrected_brings_nobody_back_to_life(ward) -> None:
    first = admit(ward, A, "P-1")
    ward.do(discharge(first), hours(1))
    second = admit(ward, B, "P-1")
    ward.do(discharge(second, "died"), hours(2))
    correct(ward, first, "other_hospital")
    refusal = refused(ward, c.BookBed(bed_id=C, patient_ref="P-1", admit=True))
    assert refusal.rule is Rule.PATIENT_HAS_DIED


def test_a_death_is_cancelled_although_it_ended_a_reservation_of_the_same_bed(ward) -> None:
    stay = admit(ward, A, "P-1", ends_at=hours(24))
    kept = reserve(ward, A, "P-1", 48, 60)
    died = ward.do(discharge(stay, "died"), hours(3))
    ward.do(undoing(ward.rows, died["event_id"]))
    assert (ward.status(A), state(ward, stay), state(ward, kept)) == (
        "occupied", "active", "reserved",
    )  # fmt: skip


def test_nobody_waits_twice_when_a_move_is_cancelled(ward) -> None:
    stay = admit(ward, A, "P-1")
    ward.do(c.RequestBed(patient_ref="P-1", ward_id="W2"))
    moved = ward.do(c.TransferPatient(booking_id=stay, to_bed_id=D), hours(1))
    ward.do(c.RequestBed(patient_ref="P-1", ward_id="W1"))
    ward.do(undoing(ward.rows, moved["event_id"]), hours(2))
    assert waiting(ward) == ["P-1"]


def test_a_request_ends_no_earlier_than_it_was_made(ward) -> None:
    ward.clock.set(0.0, hours(5))
    request = ward.do(c.RequestBed(patient_ref="P-1"))["bed_request_id"]
    for command in (
        c.WithdrawRequest(bed_request_id=request),
        c.PlaceRequest(bed_request_id=request, bed_id=A, admit=True),
    ):
        refusal = refused(ward, command, hours(2))
        assert (refusal.rule, refusal.earliest_at) == (Rule.BEFORE_LAST_EVENT, hours(5))


def test_an_own_reservation_that_a_longer_stay_displaces_puts_nobody_on_the_waiting_list(
    ward,
) -> None:
    stay = admit(ward, A, "P-1", ends_at=hours(4))
    later = reserve(ward, A, "P-1", 10, 20)
    ward.do(c.ExpectDischarge(booking_id=stay, expected_at=hours(12), override=OVERRIDE))
    assert (state(ward, later), waiting(ward)) == ("displaced", [])


def test_a_request_for_after_the_stay_is_none_of_the_spell_whenever_that_is_said(ward) -> None:
    admit(ward, A, "P-1", ends_at=hours(4))
    request = ward.do(c.RequestBed(patient_ref="P-1", wanted_from=hours(2)))
    assert request["spell_id"] is not None
    changed = c.ChangeRequest(bed_request_id=request["bed_request_id"], wanted_from=hours(9))
    assert ward.do(changed)["spell_id"] is None


# Merges


def merge(ward: SmallWard, ref: str, into: str, *, can_wait: bool = False) -> Row:
    return ward.do(c.MergePatients(patient_ref=ref, into=into, can_wait=can_wait))


def test_merges_that_waited_are_settled_one_after_the_other(ward) -> None:
    stays = {ref: admit(ward, bed, ref) for ref, bed in (("P-1", A), ("P-2", B), ("P-3", C))}
    merge(ward, "P-1", "P-2", can_wait=True)
    merge(ward, "P-3", "P-2", can_wait=True)
    assert refused(ward, c.MergePatients(patient_ref="P-2", into="P-1", can_wait=True)).rule is (
        Rule.ILLEGAL_BOOKING_CHANGE
    )
    ward.do(discharge(stays["P-2"]), hours(1))
    ward.do(c.SettleMerges())
    refused(ward, c.SettleMerges())
    pending = [one.is_pending for one in ward.engine.hospital.merges.values()]
    assert sorted(pending) == [False, True]


def test_a_merge_into_somebody_who_has_died_ends_what_was_planned(ward) -> None:
    dead = admit(ward, A, "P-2")
    kept = reserve(ward, B, "P-1", 30, 40)
    ward.do(c.RequestBed(patient_ref="P-1"))
    ward.do(discharge(dead, "died"), hours(1))
    merge(ward, "P-1", "P-2")
    assert (state(ward, kept), waiting(ward)) == ("cancelled", [])


def test_a_discharge_is_not_cancelled_of_a_person_who_has_died_since(ward) -> None:
    one = admit(ward, A, "P-1")
    left = ward.do(discharge(one), hours(1))
    other = admit(ward, B, "P-2")
    ward.do(discharge(other, "died"), hours(2))
    merge(ward, "P-1", "P-2")
    assert refused(ward, undoing(ward.rows, left["event_id"])).rule is Rule.PATIENT_HAS_DIED


# Closed to admissions


def test_an_admission_before_the_closing_is_entered_late(ward) -> None:
    ward.do(c.CloseAdmissions(bed_ids=(A, B), reason_code="norovirus"), hours(4))
    ward.clock.set(0.0, hours(6))
    late = c.BookBed(bed_id=A, patient_ref="P-1", admit=True)
    assert refused(ward, late, hours(5)).rule is Rule.CLOSED_TO_ADMISSIONS
    ward.do_at(late, hours(2))
    assert ward.status(A) == "occupied"


def test_nothing_opens_by_itself_when_the_planned_end_has_passed(ward) -> None:
    close = c.CloseAdmissions(bed_ids=(A, B), reason_code="norovirus", until_at=hours(5))
    ward.do(close)
    reserve(ward, A, "P-1", 6, 9)
    ward.clock.set(0.0, hours(6))
    assert ward.display(B) == "closed"
    refusal = refused(ward, c.BookBed(bed_id=B, patient_ref="P-2", admit=True, needs=WOMAN))
    assert refusal.rule is Rule.CLOSED_TO_ADMISSIONS


def test_a_closed_room_is_still_closed_when_its_only_bed_is_registered_again(ward) -> None:
    ward.do(c.CloseAdmissions(bed_ids=(C,), reason_code="flood"))
    ward.do(c.RetireBed(bed_id=C), hours(1))
    ward.do(
        c.RegisterBed(
            bed_id=C, room_id="W1-102", ward_id="W1", ward_name="Ward W1",
            specialty="general", room_class="general",
        ),
        hours(1) + timedelta(minutes=5),
    )  # fmt: skip
    assert ward.display(C) == "closed"
