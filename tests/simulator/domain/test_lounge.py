"""The discharge lounge: it frees the bed, and knows who is there."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lake.vocabulary import BedStatus, Rule
from simulator.domain import commands as c
from simulator.domain.errors import InvalidRequest, NotThere, Refusal
from tests.simulator.ward import WOMAN, SmallWard, hours, undoing

A, B, C = "W1-101-A", "W1-101-B", "W1-102-A"


@pytest.fixture
def ward() -> SmallWard:
    made = SmallWard()
    made.engine.hospital.house = replace(made.engine.hospital.house, lounge_places=1)
    return made


def admitted(ward: SmallWard, bed_id: str, patient: str, **more) -> str:
    command = c.BookBed(bed_id=bed_id, patient_ref=patient, admit=True, **more)
    return ward.do(command)["booking_id"]


def to_lounge(ward: SmallWard, booking_id: str, disposition: str = "home") -> str:
    command = c.DischargePatient(booking_id=booking_id, disposition=disposition, to_lounge=True)
    return ward.do(command)["event_id"]


def in_lounge(ward: SmallWard) -> list[str]:
    return [one.patient_ref for one in ward.engine.hospital.in_lounge(ward.clock.now())]


def test_the_bed_is_left_and_the_patient_is_in_the_lounge_until_somebody_says_otherwise(
    ward,
) -> None:
    booking_id = admitted(ward, A, "P-1")
    to_lounge(ward, booking_id)
    assert ward.status(A) == BedStatus.DIRTY
    assert in_lounge(ward) == ["P-1"]
    row = ward.do(c.LeaveLounge(booking_id=booking_id), hours(2))
    assert (row["event_type"], row["patient_ref"], row.get("bed_id")) == (
        "lounge_left",
        "P-1",
        None,
    )
    assert in_lounge(ward) == []
    with pytest.raises(NotThere):
        ward.do(c.LeaveLounge(booking_id=booking_id))


def test_a_full_lounge_takes_nobody_and_the_patient_stays_in_bed(ward) -> None:
    to_lounge(ward, admitted(ward, A, "P-1", needs=WOMAN))
    other = admitted(ward, C, "P-2")
    with pytest.raises(Refusal) as refused:
        to_lounge(ward, other)
    assert refused.value.rule is Rule.LOUNGE_FULL
    assert ward.status(C) == BedStatus.OCCUPIED
    ward.clock.set(0.0, hours(13))  # nobody stays the night
    to_lounge(ward, other)
    assert in_lounge(ward) == ["P-2"]


def test_who_has_died_or_is_isolated_does_not_go_there(ward) -> None:
    booking_id = admitted(ward, A, "P-1")
    with pytest.raises(InvalidRequest):
        to_lounge(ward, booking_id, "died")
    ward.do(c.StartIsolation(bed_ids=(A,)))
    with pytest.raises(InvalidRequest):
        to_lounge(ward, booking_id)


def test_who_is_in_a_bed_again_is_in_the_lounge_no_more(ward) -> None:
    to_lounge(ward, admitted(ward, A, "P-1"))
    admitted(ward, C, "P-1")
    assert in_lounge(ward) == []


def test_a_discharge_that_never_was_takes_the_patient_out_of_the_lounge(ward) -> None:
    event_id = to_lounge(ward, admitted(ward, A, "P-1"))
    ward.do(undoing(ward.rows, event_id))
    assert (in_lounge(ward), ward.status(A)) == ([], BedStatus.OCCUPIED)


def test_nobody_leaves_before_coming(ward) -> None:
    booking_id = admitted(ward, A, "P-1")
    ward.clock.set(0.0, hours(3))
    to_lounge(ward, booking_id)
    with pytest.raises(Refusal) as refused:
        ward.do_at(c.LeaveLounge(booking_id=booking_id), hours(3) - timedelta(minutes=1))
    assert refused.value.rule is Rule.BEFORE_LAST_EVENT
