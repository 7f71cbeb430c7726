"""The waiting list; beds, rooms and wards that close; surge beds."""

import pytest

from lake.vocabulary import BedStatus, Role, Rule
from simulator.domain import commands as c
from simulator.domain.errors import NotThere, Refusal
from simulator.domain.needs import Needs
from simulator.domain.overrides import Override
from simulator.domain.principals import unasked
from simulator.domain.rules.suggestions import suggest_for
from simulator.writer.engine import Context
from tests.simulator.ward import BEDS, SmallWard, hours

A, B, C, D = BEDS
WHY = Override("patient_safety", "water is coming through the ceiling")


@pytest.fixture
def ward() -> SmallWard:
    return SmallWard()


def refused(ward: SmallWard, command: c.Command) -> Refusal:
    with pytest.raises(Refusal) as caught:
        ward.do(command)
    return caught.value


def test_the_waiting_list_is_ranked_by_urgency_then_by_time(ward) -> None:
    ward.do(c.RequestBed(patient_ref="P-1", needs=Needs(priority=3)))
    ward.do(c.RequestBed(patient_ref="P-2", needs=Needs(priority=1), wanted_from=hours(2)))
    ward.do(c.RequestBed(patient_ref="P-3", needs=Needs(priority=1), wanted_from=hours(1)))
    ward.do(c.RequestBed(patient_ref="P-4"))
    ranked = [request.patient_ref for request in ward.engine.hospital.waiting_list]
    assert ranked == ["P-3", "P-2", "P-1", "P-4"]


def test_a_placed_request_is_a_booking_for_its_patient_and_needs(ward) -> None:
    needs = Needs(sex="female", priority=2)
    request = ward.do(c.RequestBed(patient_ref="P-1", ward_id="W1", needs=needs))["bed_request_id"]
    placed, admitted = ward.do_all(c.PlaceRequest(bed_request_id=request, bed_id=A, admit=True))
    assert (placed["event_type"], admitted["event_type"]) == ("request_placed", "patient_admitted")
    assert admitted["bed_request_id"] == placed["bed_request_id"] == request
    assert (admitted["patient_ref"], admitted["patient_sex"]) == ("P-1", "female")
    assert ward.engine.hospital.waiting_list == []
    with pytest.raises(NotThere):
        ward.do(c.WithdrawRequest(bed_request_id=request))


def test_a_placed_request_obeys_the_rules_of_a_booking(ward) -> None:
    request = ward.do(c.RequestBed(patient_ref="P-1", needs=Needs(room_class="icu")))[
        "bed_request_id"
    ]
    assert (
        refused(ward, c.PlaceRequest(bed_request_id=request, bed_id=A)).rule
        is Rule.WRONG_ROOM_CLASS
    )
    assert [r.bed_request_id for r in ward.engine.hospital.waiting_list] == [request]


def wanted(ward: SmallWard, **columns) -> str:
    return ward.do(c.RequestBed(patient_ref="P-1", **columns))["bed_request_id"]


def test_a_request_knows_when_and_by_whom_it_was_asked_for(ward) -> None:
    ward.clock.set(0.0, hours(3))
    request = ward.engine.hospital.request(wanted(ward, wanted_from=hours(5)))
    assert (request.requested_at, request.wanted_from) == (hours(3), hours(5))
    assert request.requested_by == "tester"


@pytest.mark.parametrize(
    ("wanted_from", "place", "starts_at"),
    [
        (hours(5), {}, hours(5)),  # reserved for when the bed is wanted
        (hours(1), {}, hours(3)),  # but not for the past
        (hours(5), {"starts_at": hours(6)}, hours(6)),
        (hours(5), {"admit": True}, hours(3)),
    ],
)
def test_a_request_is_placed_for_the_time_that_is_wanted(
    ward, wanted_from, place, starts_at
) -> None:
    request = wanted(ward, wanted_from=wanted_from)
    ward.clock.set(0.0, hours(3))
    booked = ward.do(c.PlaceRequest(bed_request_id=request, bed_id=A, ends_at=hours(9), **place))
    assert (booked["starts_at"], booked["ends_at"]) == (starts_at, hours(9))


def test_a_request_is_placed_against_a_rule_with_an_override(ward) -> None:
    request = wanted(ward, needs=Needs(room_class="icu"))
    rows = ward.do_all(c.PlaceRequest(bed_request_id=request, bed_id=A, override=WHY))
    assert rows[-1]["override_rules"] == [Rule.WRONG_ROOM_CLASS]


def test_a_request_that_is_withdrawn_waits_no_more(ward) -> None:
    other = ward.do(c.RequestBed(patient_ref="P-2"))["bed_request_id"]
    row = ward.do(c.WithdrawRequest(bed_request_id=wanted(ward)))
    assert (row["event_type"], row["patient_ref"]) == ("request_withdrawn", "P-1")
    assert [r.bed_request_id for r in ward.engine.hospital.waiting_list] == [other]


def test_nobody_waits_twice(ward) -> None:
    first = ward.do(c.RequestBed(patient_ref="P-1"))["bed_request_id"]
    refusal = refused(ward, c.RequestBed(patient_ref="P-1"))
    assert refusal.rule is Rule.ALREADY_WAITING
    assert f"The request is {first}." in str(refusal)


def test_the_beds_suggested_for_a_request_are_in_its_ward_first(ward) -> None:
    request_id = ward.do(c.RequestBed(patient_ref="P-1", ward_id="W2", needs=Needs(sex="male")))[
        "bed_request_id"
    ]
    request = ward.engine.hospital.requests[request_id]
    moment = ward.engine.moment(Context("manual", unasked("tester", Role.MANAGER)))
    found = suggest_for(ward.engine.hospital, request, moment)
    assert [suggestion.bed_id for suggestion in found] == [D, A, B]


def test_what_is_booked_in_a_ward_that_closes_is_listed_and_moved_or_displaced(ward) -> None:
    first = ward.do(c.BookBed(bed_id=A, patient_ref="P-1", starts_at=hours(5), ends_at=hours(9)))[
        "booking_id"
    ]
    second = ward.do(c.BookBed(bed_id=C, patient_ref="P-2", starts_at=hours(6), ends_at=hours(9)))[
        "booking_id"
    ]
    command = c.CloseBeds(bed_ids=(A, B, C), reason_code="flood")
    booked = [booking.booking_id for booking in refused(ward, command).in_the_way]
    assert booked == [first, second]
    assert ward.status(B) == BedStatus.AVAILABLE
    rows = ward.do_all(c.CloseBeds(bed_ids=(A, B, C), reason_code="flood", override=WHY))
    assert [ward.status(bed) for bed in (A, B, C)] == [BedStatus.CLOSED] * 3
    [record] = [row for row in rows if row.get("override_rules")]
    assert record["displaced_booking_ids"] == [first, second]
    assert {r.patient_ref for r in ward.engine.hospital.waiting_list} == {"P-1", "P-2"}


def test_what_is_booked_for_after_the_closing_is_not_in_its_way(ward) -> None:
    ward.do(c.BookBed(bed_id=A, patient_ref="P-1", starts_at=hours(24), ends_at=hours(48)))
    row = ward.do(c.CloseBeds(bed_ids=(A,), reason_code="maintenance", until_at=hours(20)))
    assert (row["closed_until_at"], row["closed_reason_code"]) == (hours(20), "maintenance")
    assert (
        refused(
            ward, c.BookBed(bed_id=A, patient_ref="P-2", starts_at=hours(10), ends_at=hours(12))
        ).rule
        is Rule.BED_CLOSED
    )
    assert (
        ward.do(c.BookBed(bed_id=A, patient_ref="P-2", starts_at=hours(20), ends_at=hours(24)))[
            "booking_state"
        ]
        == "reserved"
    )


def test_a_room_with_a_patient_in_it_does_not_close_in_part(ward) -> None:
    ward.do(c.BookBed(bed_id=B, patient_ref="P-1", admit=True))
    assert (
        refused(ward, c.CloseBeds(bed_ids=(A, B), reason_code="flood", override=WHY)).rule
        is Rule.BED_OCCUPIED
    )
    assert ward.status(A) == BedStatus.AVAILABLE


def test_a_surge_bed_comes_and_goes(ward) -> None:
    surge = c.RegisterBed(
        bed_id="W1-101-X",
        room_id="W1-101",
        ward_id="W1",
        ward_name="Ward W1",
        specialty="general",
        room_class="general",
        is_staffed=False,
        is_temporary=True,
    )
    row = ward.do(surge)
    assert (row["is_temporary"], row["is_staffed"]) == (True, False)
    assert ward.do(c.UpdateBed(bed_id="W1-101-X", is_staffed=True))["is_staffed"] is True
    booked = ward.do(c.BookBed(bed_id="W1-101-X", patient_ref="P-1", starts_at=hours(1)))[
        "booking_id"
    ]
    assert refused(ward, c.RetireBed(bed_id="W1-101-X")).in_the_way[0].booking_id == booked
    ward.do(c.RetireBed(bed_id="W1-101-X", override=WHY))
    assert refused(ward, c.BookBed(bed_id="W1-101-X", patient_ref="P-2")).rule is Rule.UNKNOWN_BED


def test_a_reservation_changes_bed_and_time_in_one_go(ward) -> None:
    booked = ward.do(c.BookBed(bed_id=A, patient_ref="P-1", starts_at=hours(1), ends_at=hours(5)))[
        "booking_id"
    ]
    left, changed = ward.do_all(
        c.ChangeReservation(booking_id=booked, bed_id=C, starts_at=hours(2), ends_at=hours(6))
    )
    assert (left["bed_id"], left.get("next_booking_id"), left.get("booking_id")) == (A, None, None)
    assert (changed["bed_id"], changed["next_booking_id"]) == (C, booked)
    assert (
        ward.do(c.BookBed(bed_id=A, patient_ref="P-2", starts_at=hours(1), ends_at=hours(5)))[
            "booking_state"
        ]
        == "reserved"
    )


def test_a_stay_moves_only_by_transfer(ward) -> None:
    stay = ward.do(c.BookBed(bed_id=A, patient_ref="P-1", ends_at=hours(5), admit=True))[
        "booking_id"
    ]
    command = c.ChangeReservation(booking_id=stay, bed_id=C, starts_at=hours(0), ends_at=hours(5))
    assert refused(ward, command).rule is Rule.ILLEGAL_BOOKING_CHANGE


def test_retiring_a_bed_ends_the_reservations_whose_time_has_passed(ward) -> None:
    passed = ward.do(c.BookBed(bed_id=A, patient_ref="P-1", starts_at=hours(1), ends_at=hours(2)))[
        "booking_id"
    ]
    ward.clock.set(0.0, hours(3))
    rows = ward.do_all(c.RetireBed(bed_id=A))
    assert [(row["event_type"], row.get("booking_id")) for row in rows] == [
        ("booking_expired", passed),
        ("bed_retired", None),
    ]
    assert ward.engine.hospital.bookings == {}


def test_every_displaced_booking_comes_back_to_the_waiting_list(ward) -> None:
    """Also beside a request that the patient has for another reason."""
    ward.do(c.RequestBed(patient_ref="P-1", ward_id="W2", wanted_from=hours(90)))
    lost = ward.do(c.BookBed(bed_id=A, patient_ref="P-1", starts_at=hours(1), ends_at=hours(5)))[
        "booking_id"
    ]
    ward.do(
        c.BookBed(bed_id=A, patient_ref="P-2", starts_at=hours(1), ends_at=hours(5), override=WHY)
    )
    displaced = [r.displaced_booking_id for r in ward.engine.hospital.waiting_list]
    assert displaced == [lost, None]


def test_the_bed_that_lost_a_booking_shows_the_override_of_the_closing(ward) -> None:
    ward.do(c.BookBed(bed_id=A, patient_ref="P-1", starts_at=hours(5), ends_at=hours(9)))
    ward.do_all(c.CloseBeds(bed_ids=(A, B), reason_code="flood", override=WHY))
    beds = ward.engine.hospital.beds
    assert [beds[bed].unreviewed_override_count for bed in (A, B)] == [1, 0]


def test_a_bed_that_comes_back_still_shows_what_nobody_has_reviewed(ward) -> None:
    ward.do(c.MarkBedDirty(bed_id=A))
    record = ward.do(c.BookBed(bed_id=A, patient_ref="P-1", admit=True, override=WHY))
    ward.do(c.DischargePatient(booking_id=record["booking_id"], disposition="home"))
    ward.do(c.RetireBed(bed_id=A))
    ward.do(
        c.RegisterBed(
            bed_id=A,
            room_id="W1-101",
            ward_id="W1",
            ward_name="Ward W1",
            specialty="general",
            room_class="general",
        )
    )
    ward.do_all(c.ReviewOverride(event_id=record["event_id"]), actor="matron")
    assert ward.engine.hospital.beds[A].unreviewed_override_count == 0


def test_all_rows_of_a_command_show_the_bed_as_the_command_left_it(ward) -> None:
    ward.do(c.BookBed(bed_id=A, patient_ref="P-1", starts_at=hours(5), ends_at=hours(9)))
    for row in ward.do_all(c.BookBed(bed_id=A, patient_ref="P-2", admit=True, override=WHY)):
        if row.get("bed_id"):
            assert (row["bed_status"], row["current_patient_ref"]) == ("occupied", "P-2")
