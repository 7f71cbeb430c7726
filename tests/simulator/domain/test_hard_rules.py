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
    told = f"{A} is what it is since Mon 02 Mar 2026 09:00: that is the earliest time that will do."
    refusal = refused(
        Rule.BEFORE_LAST_EVENT, told, hard.not_before, hospital, bed, hours(1), hours(0.99)
    )
    assert refusal.earliest_at == hours(1)
    hard.not_before(hospital, bed, hours(1), hours(1))
    refused(
        Rule.BEFORE_LAST_EVENT, "Every bed has had events since Mon 02 Mar 2026 08:00.",
        hard.not_before_the_register, hospital, hours(-0.01),
    )  # fmt: skip
    hard.not_before_the_register(hospital, MORNING)


def test_a_closed_bed_says_why_and_until_when(ward) -> None:
    hospital = ward.engine.hospital
    closed = replace(hospital.bed(B), status=BedStatus.CLOSED, closed_reason_code="repair")
    told = f"{B} is closed: repair."
    refused(Rule.BED_CLOSED, told, hard.not_closed, hospital, closed, hours(9))
    refused(Rule.BED_CLOSED, told, hard.vacant, hospital, closed, hours(2))

    for_a_time = replace(closed, closed_until_at=hours(4))
    told = f"{B} is closed until Mon 02 Mar 2026 12:00: repair."
    refused(Rule.BED_CLOSED, told, hard.not_closed, hospital, for_a_time, hours(3.99))
    hard.not_closed(hospital, for_a_time, hours(4))


LATE = "Discharge the patient (at what time?), or take another bed."
SINCE = f"The patient in {A} is there since Mon 02 Mar 2026 09:00"


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        (None, f"{SINCE}; no end is known."),
        (100, f"{SINCE}, expected to leave on Fri 06 Mar 2026 12:00."),
        (2, f"{SINCE}, expected to leave 1 h ago. {LATE}"),
        (2.5, f"{SINCE}, expected to leave within the last hour. {LATE}"),
    ],
)
def test_whoever_is_in_the_bed_is_told_by_the_stay_and_named_by_the_booking(
    ward, ends, told
) -> None:
    stay = ward.engine.hospital.current_booking(A)
    expected = ends and hours(ends)
    ward.do(c.ExpectDischarge(booking_id=stay.booking_id, expected_at=expected))
    hospital = ward.engine.hospital
    stay = hospital.current_booking(A)
    for check in (hard.vacant, hard.nobody_in):
        refusal = refused(Rule.BED_OCCUPIED, told, check, hospital, hospital.bed(A), hours(3))
        assert refusal.conflicts_with == stay
    assert stay is not None
    assert stay.patient_ref == "MRN-1"


def test_a_patient_elsewhere_is_named_with_the_bed_or_with_when_they_left_it(ward) -> None:
    hospital = ward.engine.hospital
    refusal = refused(
        Rule.PATIENT_IN_OTHER_BED, f"It is {A}; a transfer moves a patient.",
        hard.in_no_other_bed, hospital, "MRN-1", B, hours(1),
    )  # fmt: skip
    assert refusal.conflicts_with == hospital.current_booking(A)
    hard.in_no_other_bed(hospital, "MRN-1", A, hours(1))

    stay = hospital.current_booking(A)
    ward.do(
        c.DischargePatient(booking_id=stay.booking_id, disposition=Disposition.HOME), at=hours(2)
    )
    told = (
        "The patient left it only on Mon 02 Mar 2026 10:00: that is the earliest time that will do."
    )
    refusal = refused(
        Rule.PATIENT_IN_OTHER_BED, told, hard.in_no_other_bed, ward.engine.hospital, "MRN-1", B,
        hours(1.99),
    )  # fmt: skip
    assert refusal.earliest_at == hours(2)
    hard.in_no_other_bed(ward.engine.hospital, "MRN-1", B, hours(2))


def test_a_booking_in_another_state_says_which(ward) -> None:
    stay = ward.engine.hospital.current_booking(A)
    told = f"{stay.booking_id} is active; only a booking that is reserved can be cancelled."
    refusal = refused(
        Rule.ILLEGAL_BOOKING_CHANGE, told, hard.in_state, stay, BookingState.RESERVED, "cancelled"
    )
    assert refusal.conflicts_with == stay
    hard.in_state(stay, BookingState.ACTIVE, "discharged")
