"""Every command, in every role, on an own ward and on another one: who may do it."""

from dataclasses import dataclass
from itertools import product
from typing import get_args

import pytest

from lake.vocabulary import Away, Role, Rule
from simulator.domain import commands as c
from simulator.domain.errors import Forbidden, NotThere
from simulator.domain.house import House
from simulator.domain.overrides import Override
from simulator.domain.permissions import (
    ELSEWHERE,
    RIGHT_OF,
    Right,
    may_override,
    must_hold,
    role_for,
)
from simulator.domain.principals import Principal, unasked
from simulator.writer.engine import Context, Source
from tests.simulator.ward import SmallWard, hours, past_event, undoing

WHY = Override("clinical_need", "the only bed with oxygen tonight")


def person(*roles: Role, wards: tuple[str, ...] = ()) -> Principal:
    return Principal("asha", frozenset(roles), frozenset(wards))


CLERK = person(Role.CLERK, wards=("W1",))
MANAGER = person(Role.MANAGER)


@dataclass
class There:
    """What a command may be about, on one ward."""

    bed: str
    stay: str
    reserved: str
    request: str
    event: dict
    patient: str
    lounge: str


class TwoWards:
    """On each a patient in bed, a reservation, a request and an event."""

    def __init__(self) -> None:
        self.ward = SmallWard()
        self.ward.engine.hospital.house = House(lounge_places=9)
        for ward_id, number in (("W1", 109), ("W2", 209)):
            for letter in "AB":
                self.ward.do(
                    c.RegisterBed(
                        bed_id=f"{ward_id}-{number}-{letter}", room_id=f"{ward_id}-{number}",
                        ward_id=ward_id, ward_name=ward_id, specialty="general",
                        room_class="icu",
                    )
                )  # fmt: skip
        self.own, self.other = self._there("W1", 109), self._there("W2", 209)
        self.hospital = self.ward.engine.hospital

    def _there(self, ward_id: str, number: int) -> There:
        bed, free = (f"{ward_id}-{number}-{letter}" for letter in "AB")
        patient = f"P-{number}"
        event = self.ward.do(c.BookBed(bed_id=bed, patient_ref=patient, admit=True))
        reserve = c.BookBed(bed_id=free, patient_ref=f"R-{number}", starts_at=hours(9))
        home = c.BookBed(bed_id=free, patient_ref=f"L-{number}", admit=True)
        home_id = self.ward.do(home)["booking_id"]
        self.ward.do(c.DischargePatient(booking_id=home_id, disposition="home", to_lounge=True))
        self.ward.do(c.MergePatients(patient_ref=f"M-{patient}", into=patient))
        ask = c.RequestBed(patient_ref=f"Q-{number}", ward_id=ward_id)
        return There(
            bed=free,
            stay=event["booking_id"],
            reserved=self.ward.do(reserve)["booking_id"],
            request=self.ward.do(ask)["bed_request_id"],
            event=event,
            patient=patient,
            lounge=home_id,
        )


@pytest.fixture(scope="module")
def two() -> TwoWards:
    return TwoWards()


def work_on(two: TwoWards, there: There) -> list[c.Command]:
    """Everything of the first row of the table."""
    stay, reserved, bed = {"booking_id": there.stay}, {"booking_id": there.reserved}, there.bed
    past = past_event(two.ward.rows, there.event)
    place = c.PlaceRequest(bed_request_id=there.request, bed_id=bed)
    return [
        c.BookBed(bed_id=bed, patient_ref="P-1"),
        c.ChangeReservation(**reserved, bed_id=bed, starts_at=hours(9), ends_at=None),
        c.CancelBooking(**reserved),
        c.AdmitPatient(**reserved),
        c.TransferPatient(**stay, to_bed_id=bed),
        c.SwapPatients(**stay, with_booking_id=there.stay),
        c.ChangeNeeds(**stay, needs=two.hospital.bookings[there.stay].needs),
        c.ExpectDischarge(**stay, expected_at=None),
        c.ProgressStay(**stay, expected_at=None),
        c.GoAway(**stay, away_as=Away.LEAVE),
        c.ComeBack(**stay, away_as=Away.LEAVE),
        c.ConfirmDischarge(**stay),
        c.DischargePatient(**stay, disposition="home"),
        c.LeaveLounge(booking_id=there.lounge),
        c.CancelEvent(event_id=there.event["event_id"], request=(past,)),
        c.CorrectDischarge(
            **stay, disposition="home", died_at=None, discharge=past, disposition_before="died"
        ),
        c.StartIsolation(bed_ids=(bed,)),
        c.EndIsolation(bed_ids=(bed,)),
        c.EndContact(**stay),
        c.MarkBedDirty(bed_id=bed),
        c.StartCleaning(bed_id=bed),
        c.FinishCleaning(bed_id=bed),
        c.StopCleaning(bed_id=bed),
        c.AddNote(bed_id=bed),
        c.RequestBed(patient_ref=there.patient, ward_id=bed[:2]),
        c.ChangeRequest(bed_request_id=there.request),
        place,
        c.PlaceAll(pairs=(c.Pair(place=place, seq=1),)),
        c.WithdrawRequest(bed_request_id=there.request),
        c.MergePatients(patient_ref=there.patient, into="P-77"),
        c.CancelMerge(patient_ref=f"M-{there.patient}"),
    ]


def closing(there: There) -> list[c.Command]:
    return [
        c.CloseBeds(bed_ids=(there.bed,), reason_code="maintenance"),
        c.OpenBeds(bed_ids=(there.bed,)),
        c.CloseAdmissions(bed_ids=(there.bed,), reason_code="norovirus"),
        c.OpenAdmissions(bed_ids=(there.bed,)),
        c.UpdateBed(bed_id=there.bed, is_staffed=False),
    ]


def registering(there: There) -> list[c.Command]:
    bed = {"bed_id": there.bed, "room_id": "x", "ward_id": "W1", "ward_name": "x"}
    return [
        c.RegisterBed(**bed, specialty="x", room_class="icu"),
        c.RetireBed(bed_id=there.bed),
        c.SetClock(speed=1, time_zone="UTC", mode="demo"),
    ]


def of_the_house(there: There) -> list[c.Command]:
    return [c.ExpireBooking(booking_id=there.reserved), c.SettleMerges()]


def review(there: There) -> list[c.Command]:
    return [c.ReviewOverride(event_id="none yet")]


PEOPLE = {
    "viewer": person(Role.VIEWER),
    "clerk": CLERK,
    "clerk without a ward": person(Role.CLERK),
    "manager": MANAGER,
    "admin": person(Role.ADMIN),
    "nobody": person(),
    "clerk and admin": person(Role.CLERK, Role.ADMIN, wards=("W1",)),
    "clerk and manager": person(Role.CLERK, Role.MANAGER, wards=("W1",)),
}
MAY_WORK = {
    ("clerk", "own"), ("clerk and admin", "own"),
    *product(("manager", "clerk and manager"), ("own", "other")),
}  # fmt: skip
MANAGERS = set(product(("manager", "clerk and manager"), ("own", "other")))
ADMINS = set(product(("admin", "clerk and admin"), ("own", "other")))


def may(two: TwoWards, command: c.Command, who: Principal, *, says_why: bool = True) -> bool:
    try:
        role = role_for(two.hospital, command, who, says_why=says_why)
    except (Forbidden, NotThere):
        return False
    assert role in who.roles
    return True


@pytest.mark.parametrize("where", ["own", "other"])
@pytest.mark.parametrize("name", PEOPLE)
def test_each_cell_of_the_table(two, name, where) -> None:
    there, who = getattr(two, where), PEOPLE[name]
    rows = [
        (work_on(two, there), MAY_WORK),
        (closing(there), MANAGERS),
        (review(there), MANAGERS),
        (registering(there), ADMINS),
        (of_the_house(there), set()),
    ]
    for commands, allowed in rows:
        for command in commands:
            assert may(two, command, who) is ((name, where) in allowed), command


def test_the_table_is_of_all_commands_and_so_is_the_test(two) -> None:
    there = two.own
    tried = [
        *work_on(two, there), *closing(there), *review(there), *registering(there),
        *of_the_house(there),
    ]  # fmt: skip
    assert {type(command) for command in tried} == set(RIGHT_OF) == set(get_args(c.Command))


def test_the_house_itself_is_not_asked(two) -> None:
    for command in (*of_the_house(two.other), *registering(two.own), *closing(two.own)):
        assert may(two, command, unasked("system"), says_why=False)


def test_what_takes_a_reason_is_refused_without_one(two) -> None:
    for command in (*closing(two.own), *review(two.own)):
        assert not may(two, command, MANAGER, says_why=False)
    close = c.CloseBeds(bed_ids=(two.own.bed,), reason_code="maintenance", override=WHY)
    assert may(two, close, MANAGER, says_why=False)  # an override says why by itself


def test_a_move_across_wards_takes_a_manager_and_a_reason(two) -> None:
    commands = [
        c.TransferPatient(booking_id=two.own.stay, to_bed_id=two.other.bed),
        c.SwapPatients(booking_id=two.own.stay, with_booking_id=two.other.stay),
    ]
    for command in commands:
        assert may(two, command, MANAGER)
        assert not may(two, command, MANAGER, says_why=False)
        assert not may(two, command, CLERK)
        assert may(two, command, person(Role.CLERK, wards=("W1", "W2")), says_why=False)


# A patient of one ward who is to come to another


@pytest.fixture
def ward() -> SmallWard:
    ward = SmallWard()
    ward.do(c.BookBed(bed_id="W2-201-A", patient_ref="P-1", admit=True))
    return ward


def as_clerk(ward: SmallWard, command: c.Command, *wards: str) -> dict:
    who = person(Role.CLERK, wards=wards)
    return ward.engine.stage(command, Context(Source.MANUAL, who))[-1]


def test_a_clerk_asks_for_a_bed_elsewhere_and_the_clerk_of_that_ward_places_it(ward) -> None:
    ask = c.RequestBed(patient_ref="P-1", ward_id="W1")
    asked = as_clerk(ward, ask, "W2")["bed_request_id"]
    place = c.PlaceRequest(bed_request_id=asked, bed_id="W1-101-A")
    with pytest.raises(Forbidden, match="W1 is none of your wards"):
        as_clerk(ward, place, "W2")
    placed = as_clerk(ward, place, "W1")
    assert placed["role"] == "clerk"
    moved = as_clerk(ward, c.AdmitPatient(booking_id=_booking(ward, "W1-101-A")), "W1")
    assert (moved["patient_ref"], moved["bed_id"]) == ("P-1", "W1-101-A")


def _booking(ward: SmallWard, bed_id: str) -> str:
    return ward.engine.hospital.reservations(bed_id)[0].booking_id


def test_nobody_fetches_a_patient_from_another_ward_without_a_request(ward) -> None:
    book = c.BookBed(bed_id="W1-101-A", patient_ref="P-1", starts_at=hours(1))
    booked = as_clerk(ward, book, "W1")
    admit = c.AdmitPatient(booking_id=booked["booking_id"])
    with pytest.raises(Forbidden, match=ELSEWHERE):
        as_clerk(ward, admit, "W1")


@pytest.mark.parametrize("wanted", ["W1", "W2", None])
def test_for_a_patient_of_another_ward_that_ward_asks(ward, wanted) -> None:
    """Who asked for an own bed would fetch the patient alone."""
    with pytest.raises(Forbidden, match=ELSEWHERE):
        as_clerk(ward, c.RequestBed(patient_ref="P-1", ward_id=wanted), "W1")


def test_who_asked_for_a_bed_elsewhere_keeps_a_hold_on_it(ward) -> None:
    """Of a patient who is nowhere yet."""
    asked = as_clerk(ward, c.RequestBed(patient_ref="P-5", ward_id="W2"), "W1")["bed_request_id"]
    other = Principal("ravi", frozenset({Role.CLERK}), frozenset({"W9"}))
    withdraw = c.WithdrawRequest(bed_request_id=asked)
    with pytest.raises(NotThere):
        ward.engine.stage(withdraw, Context(Source.MANUAL, other))
    as_clerk(ward, withdraw, "W1")


def test_a_request_for_any_ward_belongs_to_the_ward_where_the_patient_lies(ward) -> None:
    asked = as_clerk(ward, c.RequestBed(patient_ref="P-1"), "W2")["bed_request_id"]
    with pytest.raises(NotThere):
        as_clerk_named(ward, "ravi", c.WithdrawRequest(bed_request_id=asked), "W1")
    as_clerk_named(ward, "ravi", c.WithdrawRequest(bed_request_id=asked), "W2")


def as_clerk_named(ward: SmallWard, name: str, command: c.Command, *wards: str) -> dict:
    who = Principal(name, frozenset({Role.CLERK}), frozenset(wards))
    return ward.engine.stage(command, Context(Source.MANUAL, who))[-1]


def test_of_several_placements_the_one_elsewhere_is_named_like_one_that_never_was(ward) -> None:
    asked = as_clerk(ward, c.RequestBed(patient_ref="P-1", ward_id="W2"), "W2")["bed_request_id"]
    told = []
    for request in (asked, "R999"):
        place = c.PlaceRequest(bed_request_id=request, bed_id="W1-101-A")
        command = c.PlaceAll(pairs=(c.Pair(place=place, seq=ward.rows[-1]["seq"]),))
        with pytest.raises(NotThere) as gone:
            as_clerk_named(ward, "ravi", command, "W1")
        told.append((str(gone.value).replace(request, "?"), gone.value.pair[0]))
    assert told[0] == told[1]


@pytest.mark.parametrize(("own", "may_undo"), [("W1", False), ("W2", False), ("W3", None)])
def test_a_move_from_ward_to_ward_is_undone_by_a_manager(ward, own, may_undo) -> None:
    moved = ward.do(c.TransferPatient(booking_id="B5", to_bed_id="W1-101-A"), hours(1))
    undo = undoing(ward.rows, moved["event_id"])
    if may_undo is None:
        with pytest.raises(NotThere):
            as_clerk(ward, undo, own)
        return
    with pytest.raises(Forbidden, match="A manager undoes"):
        as_clerk(ward, undo, own)
    ward.engine.stage(undo, Context(Source.MANUAL, MANAGER))


def test_nobody_merges_or_parts_patients_of_another_ward(ward) -> None:
    ward.do(c.RequestBed(patient_ref="Q-1", ward_id="W2"))
    for merge in (
        c.MergePatients(patient_ref="P-1", into="P-77"),
        c.MergePatients(patient_ref="P-77", into="Q-1"),
    ):
        with pytest.raises(Forbidden, match=ELSEWHERE):
            as_clerk(ward, merge, "W1")
    ward.do(c.MergePatients(patient_ref="P-88", into="Q-1"))
    for ref in ("P-88", "P-99"):
        with pytest.raises(NotThere, match="merged into no other"):
            as_clerk(ward, c.CancelMerge(patient_ref=ref), "W1")


@pytest.mark.parametrize(
    "command",
    [
        c.DischargePatient(booking_id="B5", disposition="home"),
        c.TransferPatient(booking_id="B5", to_bed_id="W1-101-A"),
        c.SwapPatients(booking_id="B5", with_booking_id="B5"),
        c.CancelBooking(booking_id="B5"),
    ],
)
def test_a_booking_of_another_ward_is_as_if_it_had_never_been(ward, command) -> None:
    assert ward.engine.hospital.bookings.keys() == {"B5"}
    with pytest.raises(NotThere) as there:
        as_clerk(ward, command, "W1")
    unknown = type(command)(
        **{
            name: value.replace("B5", "B999") if isinstance(value, str) else value
            for name in command.__dataclass_fields__
            for value in [getattr(command, name)]
        }
    )
    with pytest.raises(NotThere) as nowhere:
        as_clerk(ward, unknown, "W1")
    assert str(there.value) == str(nowhere.value).replace("B999", "B5")


# Overrides


def test_a_clerk_sets_aside_only_what_the_hospital_lists(ward) -> None:
    ward.engine.hospital.house = House(clerks_override=frozenset({Rule.BED_NOT_CLEAN}))
    ward.do(c.MarkBedDirty(bed_id="W1-101-A"))
    dirty = c.BookBed(bed_id="W1-101-A", patient_ref="P-2", admit=True, override=WHY)
    assert as_clerk(ward, dirty, "W1")["override_rules"] == ["bed_not_clean"]
    ward.do(c.BookBed(bed_id="W1-102-A", patient_ref="P-3"))
    taken = c.BookBed(bed_id="W1-102-A", patient_ref="P-4", override=WHY)
    with pytest.raises(Forbidden, match="A manager may override this"):
        as_clerk(ward, taken, "W1")


def test_who_may_override_what() -> None:
    listed = frozenset({Rule.BED_NOT_CLEAN})
    assert may_override(CLERK, [Rule.BED_NOT_CLEAN], listed)
    assert not may_override(CLERK, [Rule.BED_NOT_CLEAN, Rule.MIXED_SEX], listed)
    assert may_override(MANAGER, [Rule.MIXED_SEX], listed)
    assert not may_override(person(Role.VIEWER, Role.ADMIN), [Rule.BED_NOT_CLEAN], listed)


def test_a_right_is_held_or_not_whatever_it_is_about() -> None:
    must_hold(Right.REGISTER, person(Role.ADMIN))
    with pytest.raises(Forbidden, match="admin may"):
        must_hold(Right.REGISTER, MANAGER)
