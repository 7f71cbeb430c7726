"""What users report of other systems, again and again; here each is a test."""

from lake.vocabulary import BedStatus, BookingState, DisplayStatus, Rule
from simulator.domain import commands as c
from simulator.domain.errors import Refusal
from simulator.domain.overrides import Override
from tests.simulator.ward import BEDS, WOMAN, SmallWard, hours

A, B, *_ = BEDS


def refusal(ward: SmallWard, command: c.Command) -> Refusal:
    try:
        ward.do(command)
    except Refusal as refused:
        return refused
    raise AssertionError(f"{command} was accepted")


def test_a_reservation_is_not_stored_on_top_of_a_patient_whose_stay_has_no_end() -> None:
    ward = SmallWard()
    stay = ward.do(c.BookBed(bed_id=A, patient_ref="P-1", admit=True))
    refused = refusal(
        ward, c.BookBed(bed_id=A, patient_ref="P-2", starts_at=hours(72), ends_at=hours(96))
    )
    assert refused.rule is Rule.OVERLAPS_OPEN_STAY
    assert refused.conflicts_with.booking_id == stay["booking_id"]


def test_a_stay_that_ends_before_a_later_reservation_is_not_refused_because_of_it() -> None:
    ward = SmallWard()
    ward.do(c.BookBed(bed_id=A, patient_ref="P-2", starts_at=hours(72), ends_at=hours(96)))
    assert (
        ward.do(c.BookBed(bed_id=A, patient_ref="P-1", ends_at=hours(72), admit=True))[
            "booking_state"
        ]
        == "active"
    )


def test_reserved_beds_are_counted_as_reserved() -> None:
    ward = SmallWard()
    ward.do(c.BookBed(bed_id=A, patient_ref="P-1", starts_at=hours(1.5), ends_at=hours(9)))
    assert ward.display(A) == DisplayStatus.RESERVED


def test_a_confirmed_discharge_does_not_free_the_bed_before_the_patient_leaves() -> None:
    ward = SmallWard()
    stay = ward.do(c.BookBed(bed_id=A, patient_ref="P-1", ends_at=hours(2), admit=True))[
        "booking_id"
    ]
    ward.do(c.ConfirmDischarge(booking_id=stay))
    assert ward.status(A) == BedStatus.OCCUPIED
    assert (
        refusal(ward, c.BookBed(bed_id=A, patient_ref="P-2", admit=True)).rule is Rule.BED_OCCUPIED
    )
    ward.do(c.DischargePatient(booking_id=stay, disposition="home"))
    assert ward.status(A) == BedStatus.DIRTY


def test_whether_a_bed_is_free_is_checked_for_every_way_into_it() -> None:
    ward = SmallWard()
    ward.do(c.BookBed(bed_id=A, patient_ref="P-1", admit=True, needs=WOMAN))
    there = ward.do(c.BookBed(bed_id=B, patient_ref="P-2", admit=True, needs=WOMAN))["booking_id"]
    reserved = ward.do(
        c.BookBed(
            bed_id=BEDS[2], patient_ref="P-3", starts_at=hours(1), ends_at=hours(3), needs=WOMAN
        )
    )
    ways = [
        c.BookBed(bed_id=A, patient_ref="P-4", admit=True, needs=WOMAN),
        c.BookBed(bed_id=A, patient_ref="P-4", starts_at=hours(5), needs=WOMAN),
        c.TransferPatient(booking_id=there, to_bed_id=A),
        c.ChangeReservation(
            booking_id=reserved["booking_id"], bed_id=A, starts_at=hours(1), ends_at=hours(3)
        ),
    ]
    for way in ways:
        assert refusal(ward, way).rule in (Rule.BED_OCCUPIED, Rule.OVERLAPS_OPEN_STAY)


def test_the_stored_status_is_always_that_of_the_assignments() -> None:
    """Each row carries both, written at once: neither can be changed without the other."""
    ward = SmallWard()
    stay = ward.do(c.BookBed(bed_id=A, patient_ref="P-1", admit=True))["booking_id"]
    ward.do(c.TransferPatient(booking_id=stay, to_bed_id=B))
    for row in ward.rows:
        holds = row["bed_status"] in ("occupied", "isolated")
        assert holds == (row.get("current_booking_id") is not None)


def test_an_override_is_possible_and_leaves_a_trace() -> None:
    ward = SmallWard()
    weaker = ward.do(c.BookBed(bed_id=A, patient_ref="P-1", starts_at=hours(1), ends_at=hours(9)))[
        "booking_id"
    ]
    override = Override("clinical_need", "needs the monitor in this room")
    row = ward.do(
        c.BookBed(
            bed_id=A, patient_ref="P-2", starts_at=hours(2), ends_at=hours(4), override=override
        )
    )
    [displaced] = [r for r in ward.rows if r["event_type"] == "booking_displaced"]
    assert (row["override_rules"], row["displaced_booking_ids"]) == (["overlaps_booking"], [weaker])
    assert (row["override_reason_code"], row["override_reason"], row["actor"]) == (
        "clinical_need",
        "needs the monitor in this room",
        "tester",
    )
    assert displaced["booking_state"] == BookingState.DISPLACED
    assert displaced["displaced_by_booking_id"] == row["booking_id"]
