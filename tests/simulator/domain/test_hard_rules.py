"""What a hard rule says: the case in words, and the booking that is in the way."""

from dataclasses import replace

import pytest

from lake.vocabulary import BedStatus, BookingState, Disposition, Rule
from simulator.domain import commands as c
from simulator.domain.errors import SENTENCES, Refusal
from simulator.domain.rules import hard
from tests.simulator.ward import BEDS, MORNING, SmallWard, hours

A, B, *_ = BEDS


@pytest.fixture
def ward() -> SmallWard:
    """A patient is in the first bed from hour 1 on."""
    ward = SmallWard()
    ward.do(c.BookBed(bed_id=A, patient_ref="MRN-1", admit=True), at=hours(1))
    return ward


def refused(rule: Rule, detail: str, check, *arguments) -> Refusal:
    with pytest.raises(Refusal) as caught:
        check(*arguments)
    assert caught.value.rule is rule
    assert str(caught.value) == f"{SENTENCES[rule]} {detail}"
    return caught.value


def test_what_is_later_is_told_with_its_instant(ward) -> None:
    hospital = ward.engine.hospital
    bed = hospital.bed(A)
    refused(
        Rule.BEFORE_LAST_EVENT, f"The newest event of {A} is of 2026-03-02 09:00:00 UTC.",
        hard.not_before_last_event, bed, hours(0.99),
    )  # fmt: skip
    hard.not_before_last_event(bed, hours(1))
    refused(
        Rule.BEFORE_LAST_EVENT, "Every bed has had events since 2026-03-02 08:00:00 UTC.",
        hard.not_before_the_register, hospital, hours(-0.01),
    )  # fmt: skip
    hard.not_before_the_register(hospital, MORNING)


def test_a_closed_bed_says_why_and_until_when(ward) -> None:
    closed = replace(
        ward.engine.hospital.bed(B), status=BedStatus.CLOSED, closed_reason_code="repair"
    )
    refused(Rule.BED_CLOSED, f"{B} is closed: repair.", hard.not_closed, closed, hours(9))
    refused(Rule.BED_CLOSED, f"{B} is closed: repair.", hard.vacant, ward.engine.hospital, closed)

    for_a_time = replace(closed, closed_until_at=hours(4))
    told = f"{B} is closed until 2026-03-02 12:00 UTC: repair."
    refused(Rule.BED_CLOSED, told, hard.not_closed, for_a_time, hours(3.99))
    hard.not_closed(for_a_time, hours(4))


def test_whoever_is_in_the_bed_is_named_by_the_booking(ward) -> None:
    hospital = ward.engine.hospital
    stay = hospital.current_booking(A)
    for check in (hard.vacant, hard.nobody_in):
        refusal = refused(Rule.BED_OCCUPIED, f"{A} is occupied.", check, hospital, hospital.bed(A))
        assert refusal.conflicts_with == stay
    assert stay is not None
    assert stay.patient_ref == "MRN-1"


def test_a_patient_elsewhere_is_named_with_the_bed_or_with_when_they_left_it(ward) -> None:
    hospital = ward.engine.hospital
    refusal = refused(
        Rule.PATIENT_IN_OTHER_BED, f"MRN-1 is in {A}; a transfer moves a patient.",
        hard.in_no_other_bed, hospital, "MRN-1", B, hours(1),
    )  # fmt: skip
    assert refusal.conflicts_with == hospital.current_booking(A)
    hard.in_no_other_bed(hospital, "MRN-1", A, hours(1))

    stay = hospital.current_booking(A)
    ward.do(
        c.DischargePatient(booking_id=stay.booking_id, disposition=Disposition.HOME), at=hours(2)
    )
    refused(
        Rule.PATIENT_IN_OTHER_BED, "MRN-1 left a bed only at 2026-03-02 10:00:00 UTC.",
        hard.in_no_other_bed, ward.engine.hospital, "MRN-1", B, hours(1.99),
    )  # fmt: skip
    hard.in_no_other_bed(ward.engine.hospital, "MRN-1", B, hours(2))


def test_a_booking_in_another_state_says_which(ward) -> None:
    stay = ward.engine.hospital.current_booking(A)
    told = f"{stay.booking_id} is active; only a booking that is reserved can be cancelled."
    refusal = refused(
        Rule.ILLEGAL_BOOKING_CHANGE, told, hard.in_state, stay, BookingState.RESERVED, "cancelled"
    )
    assert refusal.conflicts_with == stay
    hard.in_state(stay, BookingState.ACTIVE, "discharged")
