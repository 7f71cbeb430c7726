"""Where those are who wait, since when, how long that may last, and in which order they come."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.domain import commands as c
from simulator.domain.errors import InvalidRequest, NotYet
from simulator.domain.hospital import fold
from simulator.domain.house import House, WardProfile
from simulator.domain.needs import Needs
from simulator.domain.requests import BedRequest
from tests.simulator.ward import BEDS, HOUR, MORNING, SmallWard, hours, undoing

A, B, C, D = BEDS
HOUSE = House()
SAID = {"waits_in": "emergency_department", "arrived_at": hours(-3), "decided_at": hours(-1)}


@pytest.fixture
def ward() -> SmallWard:
    return SmallWard()


def asked(ward: SmallWard, patient_ref: str = "P-1", **said) -> BedRequest:
    row = ward.do(c.RequestBed(patient_ref=patient_ref, **said))
    return ward.engine.hospital.request(row["bed_request_id"])


def a_request(number: int = 1, priority: int | None = None, **said) -> BedRequest:
    made = {"wanted_from": MORNING, "requested_at": MORNING} | said
    return BedRequest(
        bed_request_id=f"R{number}",
        patient_ref=f"P-{number}",
        ward_id=None,
        needs=Needs(priority=priority),
        requested_by="tester",
        **made,
    )


def test_a_request_says_where_the_patient_is_and_since_when(ward) -> None:
    request = asked(ward, **SAID, expected_stay_hours=36.5)
    row = ward.rows[-1]
    assert {name: row[name] for name in SAID} == SAID
    assert row["expected_stay_hours"] == 36.5
    assert {name: getattr(request, name) for name in SAID} == SAID
    assert (request.expected_stay_hours, request.seq) == (36.5, row["seq"])
    assert fold(ward.rows).requests == {request.bed_request_id: request}


def test_what_nobody_said_is_in_no_column(ward) -> None:
    request = asked(ward)
    assert not {*SAID, "expected_stay_hours"} & ward.rows[-1].keys()
    assert (request.waits_in, request.arrived_at, request.decided) == (None, None, MORNING)


def test_a_change_says_more_and_keeps_the_rest(ward) -> None:
    request = asked(ward, **SAID)
    said = {
        "waits_in": "theatre",
        "arrived_at": hours(-4),
        "decided_at": hours(-2),
        "expected_stay_hours": 8.0,
    }
    for name, value in said.items():
        ward.do(c.ChangeRequest(bed_request_id=request.bed_request_id, **{name: value}))
        changed = ward.engine.hospital.request(request.bed_request_id)
        request = replace(request, **{name: value})
        assert changed == request


def test_nothing_was_decided_or_arrived_in_the_future(ward) -> None:
    for said in ({"decided_at": hours(1)}, {"arrived_at": hours(1)}):
        with pytest.raises(NotYet, match=f"{next(iter(said))}: it is 2026-03-02 08:00:00 UTC"):
            asked(ward, **said)


def test_nobody_is_admitted_before_coming(ward) -> None:
    with pytest.raises(InvalidRequest, match="decided_at: lies before arrived_at"):
        asked(ward, arrived_at=hours(-1), decided_at=hours(-2))
    request = asked(ward, arrived_at=hours(-1))
    with pytest.raises(InvalidRequest, match="decided_at: lies before arrived_at"):
        ward.do(c.ChangeRequest(bed_request_id=request.bed_request_id, decided_at=hours(-2)))


def test_who_lies_in_a_bed_waits_on_the_ward_or_in_theatre(ward) -> None:
    for waits_in, where in ((None, "ward"), ("emergency_department", "ward"), ("theatre",) * 2):
        assert a_request(waits_in=waits_in).where(is_in_bed=True) == where
        assert a_request(waits_in=waits_in).where(is_in_bed=False) == waits_in


# Clocks: 4 hours from arrival, 12 from the decision (NHS England)


def test_the_clock_from_arrival_runs_in_the_emergency_department_only() -> None:
    here = {"arrived_at": hours(1)}
    in_emergency = a_request(waits_in="emergency_department", **here)
    assert in_emergency.clocks(HOUSE, is_in_bed=False).arrival_breach_at == hours(5)
    for request in (a_request(waits_in="clinic", **here), a_request(**here)):
        assert request.clocks(HOUSE, is_in_bed=False).arrival_breach_at is None
    assert in_emergency.clocks(HOUSE, is_in_bed=True).arrival_breach_at is None
    unsaid = a_request(waits_in="emergency_department")
    assert unsaid.clocks(HOUSE, is_in_bed=False).arrival_breach_at is None


def test_the_clock_from_the_decision_runs_for_who_has_no_bed_and_is_not_elective() -> None:
    decided = a_request(decided_at=hours(-1))
    assert decided.clocks(HOUSE, is_in_bed=False) == (None, hours(11))
    assert a_request().clocks(HOUSE, is_in_bed=False) == (None, hours(12))
    assert decided.clocks(HOUSE, is_in_bed=True) == (None, None)
    elective = replace(decided, needs=Needs(admission_type="elective"))
    assert elective.clocks(HOUSE, is_in_bed=False) == (None, None)


def test_who_is_asked_for_ahead_is_late_only_after_the_bed_was_wanted() -> None:
    ahead = a_request(wanted_from=hours(24))
    assert ahead.clocks(HOUSE, is_in_bed=False).decision_breach_at == hours(36)
    here = replace(ahead, waits_in="clinic")
    assert here.clocks(HOUSE, is_in_bed=False).decision_breach_at == hours(12)


def test_a_breach_begins_with_the_instant_of_its_clock() -> None:
    clocks = a_request().clocks(HOUSE, is_in_bed=False)
    assert [clocks.are_breached(hours(hour)) for hour in (11.9, 12, 13)] == [False, True, True]


def test_the_hours_of_the_clocks_are_the_houses() -> None:
    house = House(arrival_breach=HOUR, decision_breach=2 * HOUR)
    request = a_request(waits_in="emergency_department", arrived_at=MORNING)
    assert request.clocks(house, is_in_bed=False) == (hours(1), hours(2))


# The order


def ranked(*requests: BedRequest, step: float = 4) -> list[str]:
    by_rank = sorted(requests, key=lambda request: request.rank(HOUR * step))
    return [request.bed_request_id for request in by_rank]


def since(hour: float, number: int, priority: int) -> BedRequest:
    return a_request(number, priority, wanted_from=hours(hour), requested_at=hours(hour))


def test_a_wait_of_four_hours_weighs_as_much_as_a_step_of_priority() -> None:
    later = since(4, 1, priority=2)
    assert ranked(later, since(-0.1, 2, priority=3)) == ["R2", "R1"]
    assert ranked(since(0.1, 3, priority=3), later) == ["R1", "R3"]


def test_without_weight_the_one_who_waits_longest_comes_first() -> None:
    assert ranked(since(0, 1, priority=2), since(-1, 2, priority=5), step=0) == ["R2", "R1"]


def test_a_priority_that_nobody_said_counts_as_three() -> None:
    urgent, unsaid, low = a_request(1, 2), a_request(2), a_request(3, 4)
    assert ranked(low, unsaid, urgent) == ["R1", "R2", "R3"]
    assert unsaid.rank(HOUR)[:2] == a_request(2, 3).rank(HOUR)[:2]


def test_of_two_that_weigh_alike_the_one_that_was_asked_for_first_comes_first() -> None:
    """A step of priority and four hours; then the ids, so that no two ranks are the same."""
    earlier, later = since(0, 2, priority=3), since(4, 1, priority=2)
    assert ranked(later, earlier) == ["R2", "R1"]
    assert ranked(a_request(4), a_request(3)) == ["R3", "R4"]


def test_the_wait_counts_from_the_decision_if_that_is_later_than_the_time_wanted() -> None:
    decided_late = a_request(1, wanted_from=hours(-9), decided_at=hours(1))
    assert ranked(decided_late, a_request(2)) == ["R2", "R1"]
    assert ranked(a_request(3, wanted_from=hours(2)), decided_late) == ["R1", "R3"]


def test_whose_bed_was_lent_comes_before_others_but_not_before_a_one() -> None:
    lent = a_request(1, priority=4, bed_was_lent=True)
    assert ranked(a_request(2, 2, wanted_from=hours(-50)), lent, a_request(3, 1)) == [
        "R3", "R1", "R2",
    ]  # fmt: skip


instants = st.floats(-2000, 2000).map(hours)
requests = st.builds(
    a_request,
    number=st.integers(1, 10**6),
    priority=st.sampled_from([None, 1, 2, 3, 4, 5]),
    wanted_from=instants,
    decided_at=st.none() | instants,
    bed_was_lent=st.booleans(),
)


@given(st.lists(requests, max_size=20), st.floats(0, 720))
def test_ageing_never_passes_a_one(listed: list[BedRequest], step: float) -> None:
    listed.sort(key=lambda request: request.rank(timedelta(hours=step)))
    is_one = [request.priority == 1 for request in listed]
    assert is_one == sorted(is_one, reverse=True)


# The bed that is given


def test_a_placed_request_lasts_as_long_as_is_expected_and_nobody_has_said_an_end(ward) -> None:
    ward.engine.hospital.house = House({"W1": WardProfile(usual_stay=24 * HOUR)})
    request = asked(ward, expected_stay_hours=36.0)
    place = c.PlaceRequest(bed_request_id=request.bed_request_id, bed_id=A, assumes_end=True)
    booked = ward.do(place)
    assert (booked["ends_at"], booked["is_end_assumed"]) == (hours(36), True)


def test_an_end_that_is_said_counts_more_than_the_expected_stay(ward) -> None:
    request = asked(ward, expected_stay_hours=36.0)
    place = c.PlaceRequest(bed_request_id=request.bed_request_id, bed_id=A, ends_at=hours(5))
    booked = ward.do(place)
    assert (booked["ends_at"], booked.get("is_end_assumed")) == (hours(5), None)


@pytest.mark.parametrize(
    ("ends_at", "moved_until", "is_assumed"), [(None, 36, True), (hours(90), 90, None)]
)
def test_an_inpatient_who_moves_keeps_the_end_that_was_said(
    ward, ends_at, moved_until, is_assumed
) -> None:
    ward.do(c.BookBed(bed_id=A, patient_ref="P-1", ends_at=ends_at, admit=True))
    request = asked(ward, expected_stay_hours=36.0)
    place = c.PlaceRequest(
        bed_request_id=request.bed_request_id, bed_id=D, admit=True, assumes_end=True
    )
    moved = ward.do(place)
    assert (moved["ends_at"], moved.get("is_end_assumed")) == (hours(moved_until), is_assumed)


def test_who_came_by_mistake_waits_again_as_before(ward) -> None:
    request = asked(ward, **SAID, expected_stay_hours=36.5)
    ward.do(c.PlaceRequest(bed_request_id=request.bed_request_id, bed_id=A, admit=True))
    ward.do(undoing(ward.rows, ward.rows[-1]["event_id"]))
    again = ward.engine.hospital.request(request.bed_request_id)
    assert again == request
    assert again.seq > request.seq


# Outliers


def test_the_row_of_a_bed_names_the_specialty_of_its_patient(ward) -> None:
    admitted = ward.do(c.BookBed(bed_id=A, patient_ref="P-1", admit=True))
    assert "current_need_specialty" not in admitted
    known = c.ChangeNeeds(booking_id=admitted["booking_id"], needs=Needs(specialty="cardiology"))
    assert ward.do(known)["current_need_specialty"] == "cardiology"
