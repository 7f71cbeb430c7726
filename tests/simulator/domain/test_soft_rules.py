"""Each soft rule by itself, and what an override does about it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lake.vocabulary import BedStatus, Role, Rule
from simulator.domain import commands as c
from simulator.domain.errors import SENTENCES, Forbidden, Refusal
from simulator.domain.house import House, WardProfile
from simulator.domain.needs import NO_ISOLATION, SOURCE, Isolation, Needs
from simulator.domain.overrides import Override
from simulator.domain.principals import unasked
from simulator.domain.rules.suggestions import suggest
from simulator.writer.engine import Context
from tests.simulator.ward import BEDS, MAN, WOMAN, SmallWard, hours

A, B, C, D = BEDS  # A and B share a room
WHY = Override("clinical_need", "needs the monitor in this room")
FEMALE, MALE = WOMAN, MAN
UNSAID = "shares the room, and the patient's sex is not said (needs.placed_with)."
ISOLATED = Needs(sex="female", isolation=SOURCE)
PROTECTED = Needs(sex="female", isolation=Isolation("protective"))


def with_norovirus() -> Needs:
    return Needs(sex="female", isolation=Isolation("source", "norovirus"))


@pytest.fixture
def ward() -> SmallWard:
    return SmallWard()


def rules_broken(ward: SmallWard, command: c.Command) -> list[Rule]:
    try:
        ward.do(command)
    except Refusal as refused:
        return list(refused.rules)
    return []


@pytest.mark.parametrize(
    ("needs", "rule"),
    [
        (Needs(specialty="cardiology"), Rule.WRONG_SPECIALTY),
        (Needs(room_class="icu"), Rule.WRONG_ROOM_CLASS),
    ],
)
def test_a_need_that_the_bed_does_not_meet_is_a_rule(ward, needs, rule) -> None:
    assert rules_broken(ward, c.BookBed(bed_id=A, patient_ref="P-1", needs=needs)) == [rule]
    row = ward.do(c.BookBed(bed_id=A, patient_ref="P-1", needs=needs, override=WHY))
    assert row["override_rules"] == [rule]


def test_what_was_overridden_when_the_bed_was_booked_is_not_asked_again(ward) -> None:
    booked = ward.do(
        c.BookBed(bed_id=A, patient_ref="P-1", needs=Needs(room_class="icu"), override=WHY)
    )
    assert rules_broken(ward, c.AdmitPatient(booking_id=booked["booking_id"])) == []


@pytest.mark.parametrize(
    ("first", "second", "broken"),
    [
        (FEMALE, MALE, [Rule.MIXED_SEX]),
        (FEMALE, FEMALE, []),
        (FEMALE, Needs(sex="unknown"), [Rule.MIXED_SEX]),
        (Needs(), MALE, [Rule.MIXED_SEX]),
        (Needs(), Needs(), [Rule.MIXED_SEX]),
        (Needs(sex="unknown"), Needs(sex="unknown"), [Rule.MIXED_SEX]),
        (Needs(sex="other"), Needs(sex="other"), [Rule.MIXED_SEX]),
        (FEMALE, Needs(sex="other", placed_with="female"), []),
        (FEMALE, Needs(sex="other", placed_with="male"), [Rule.MIXED_SEX]),
        (MALE, Needs(sex="female", placed_with="male"), [Rule.MIXED_SEX]),
        (FEMALE, Needs(sex="male", placed_with="P-1"), [Rule.MIXED_SEX]),
        (FEMALE, Needs(placed_with="P-1"), []),
        (Needs(placed_with="P-2"), MALE, []),
        (Needs(sex="female", placed_with="P-2"), MALE, [Rule.MIXED_SEX]),
        (FEMALE, Needs(placed_with="P-9"), [Rule.MIXED_SEX]),
        (ISOLATED, FEMALE, [Rule.ISOLATION_NEEDED, Rule.CLOSED_TO_ADMISSIONS]),
        (FEMALE, ISOLATED, [Rule.ISOLATION_NEEDED]),
        (ISOLATED, ISOLATED, [Rule.ISOLATION_NEEDED, Rule.CLOSED_TO_ADMISSIONS]),
        (with_norovirus(), with_norovirus(), []),
        (with_norovirus(), ISOLATED, [Rule.ISOLATION_NEEDED, Rule.CLOSED_TO_ADMISSIONS]),
        (ISOLATED, with_norovirus(), [Rule.ISOLATION_NEEDED, Rule.CLOSED_TO_ADMISSIONS]),
        (PROTECTED, FEMALE, [Rule.ISOLATION_NEEDED]),
        (FEMALE, PROTECTED, [Rule.ISOLATION_NEEDED]),
        (PROTECTED, PROTECTED, [Rule.ISOLATION_NEEDED]),
    ],
)
def test_who_may_share_a_room(ward, first, second, broken) -> None:
    ward.do(c.BookBed(bed_id=A, patient_ref="P-1", ends_at=hours(9), admit=True, needs=first))
    assert (
        rules_broken(ward, c.BookBed(bed_id=B, patient_ref="P-2", ends_at=hours(9), needs=second))
        == broken
    )


def test_a_room_is_shared_only_by_those_who_are_there_at_the_same_time(ward) -> None:
    ward.do(c.BookBed(bed_id=A, patient_ref="P-1", ends_at=hours(9), admit=True, needs=FEMALE))
    assert (
        rules_broken(
            ward,
            c.BookBed(
                bed_id=B, patient_ref="P-2", starts_at=hours(9), ends_at=hours(12), needs=MALE
            ),
        )
        == []
    )
    assert (
        rules_broken(ward, c.BookBed(bed_id=D, patient_ref="P-3", ends_at=hours(9), needs=MALE))
        == []
    )


def test_a_neighbour_whose_stay_runs_over_is_still_there(ward) -> None:
    ward.do(c.BookBed(bed_id=A, patient_ref="P-1", ends_at=hours(1), admit=True, needs=FEMALE))
    ward.clock.set(0.0, hours(2))
    assert rules_broken(ward, c.BookBed(bed_id=B, patient_ref="P-2", admit=True, needs=MALE)) == [
        Rule.MIXED_SEX
    ]


def test_a_room_mate_who_is_isolated_later_closes_the_room(ward) -> None:
    ward.do(c.BookBed(bed_id=A, patient_ref="P-1", admit=True, needs=FEMALE))
    ward.do(c.StartIsolation(bed_ids=(A,)))
    assert rules_broken(ward, c.BookBed(bed_id=B, patient_ref="P-2", needs=FEMALE)) == [
        Rule.ISOLATION_NEEDED,
        Rule.CLOSED_TO_ADMISSIONS,
    ]


def test_a_booking_may_not_start_long_ago(ward) -> None:
    ward.clock.set(0.0, hours(5))
    # A person gets at least 15 wall minutes; the clock stands, so it is the configured hour.
    assert rules_broken(
        ward, c.BookBed(bed_id=A, patient_ref="P-1", starts_at=hours(3.9), ends_at=hours(9))
    ) == [Rule.STARTS_IN_PAST]
    assert (
        rules_broken(
            ward, c.BookBed(bed_id=A, patient_ref="P-1", starts_at=hours(4.1), ends_at=hours(9))
        )
        == []
    )


def test_a_dirty_bed_may_be_reserved_and_taken_only_by_override(ward) -> None:
    ward.do(c.MarkBedDirty(bed_id=A))
    booked = ward.do(c.BookBed(bed_id=A, patient_ref="P-1"))["booking_id"]
    assert rules_broken(ward, c.AdmitPatient(booking_id=booked)) == [Rule.BED_NOT_CLEAN]
    assert ward.do(c.AdmitPatient(booking_id=booked, override=WHY))["override_rules"] == [
        "bed_not_clean"
    ]
    assert ward.status(A) == BedStatus.OCCUPIED


def test_a_refusal_names_all_rules_and_one_override_covers_them_in_order(ward) -> None:
    ward.do(c.BookBed(bed_id=A, patient_ref="P-1", starts_at=hours(1), ends_at=hours(9)))
    ward.do(c.MarkBedDirty(bed_id=A))
    wish = c.BookBed(bed_id=A, patient_ref="P-2", admit=True, needs=Needs(specialty="cardiology"))
    broken = [Rule.OVERLAPS_BOOKING, Rule.BED_NOT_CLEAN, Rule.WRONG_SPECIALTY]
    assert rules_broken(ward, wish) == broken
    row = ward.do(
        c.BookBed(
            bed_id=A,
            patient_ref="P-2",
            admit=True,
            needs=Needs(specialty="cardiology"),
            override=WHY,
        )
    )
    assert row["override_rules"] == ["overlaps_booking", "bed_not_clean", "wrong_specialty"]


def test_an_override_that_nothing_needs_leaves_no_record(ward) -> None:
    row = ward.do(c.BookBed(bed_id=A, patient_ref="P-1", override=WHY))
    assert [n for n in ("override_rules", "override_reason_code", "note") if row.get(n)] == []


def test_hard_rules_are_never_overridden(ward) -> None:
    ward.do(c.BookBed(bed_id=A, patient_ref="P-1", admit=True))
    with pytest.raises(Refusal) as refused:
        ward.do(c.BookBed(bed_id=A, patient_ref="P-2", admit=True, override=WHY))
    assert refused.value.rule is Rule.BED_OCCUPIED
    assert not refused.value.can_be_overridden


def test_nobody_overrides_anonymously(ward) -> None:
    ward.do(c.MarkBedDirty(bed_id=A))
    with pytest.raises(Forbidden) as forbidden:
        ward.do_all(
            c.BookBed(bed_id=A, patient_ref="P-1", admit=True, override=WHY), actor="anonymous"
        )
    assert forbidden.value.code == "actor_required"
    assert ward.status(A) == BedStatus.DIRTY


def test_overriding_an_open_stay_ends_it_when_the_new_booking_starts_and_flags_it(ward) -> None:
    stay = ward.do(c.BookBed(bed_id=A, patient_ref="P-1", admit=True))["booking_id"]
    ward.do(
        c.BookBed(bed_id=A, patient_ref="P-2", starts_at=hours(24), ends_at=hours(48), override=WHY)
    )
    cut = ward.engine.hospital.bookings[stay]
    assert (cut.ends_at, cut.is_at_risk, cut.is_stay) == (hours(24), True, True)
    row = ward.do(c.ExpectDischarge(booking_id=stay, expected_at=hours(20)))
    assert (row["ends_at"], row["is_at_risk"]) == (hours(20), False)


def test_the_patient_of_a_displaced_booking_is_on_the_waiting_list(ward) -> None:
    weaker = ward.do(
        c.BookBed(bed_id=A, patient_ref="P-1", starts_at=hours(3), ends_at=hours(9), needs=FEMALE)
    )["booking_id"]
    ward.do(
        c.BookBed(bed_id=A, patient_ref="P-2", starts_at=hours(2), ends_at=hours(4), override=WHY)
    )
    [request] = ward.engine.hospital.waiting_list
    assert (request.patient_ref, request.wanted_from, request.needs) == ("P-1", hours(3), FEMALE)
    assert (request.displaced_booking_id, request.requested_by) == (weaker, "tester")


def test_a_bed_shows_its_override_until_somebody_else_has_reviewed_it(ward) -> None:
    ward.do(c.MarkBedDirty(bed_id=A))
    event_id = ward.do(c.BookBed(bed_id=A, patient_ref="P-1", admit=True, override=WHY))["event_id"]
    assert ward.engine.hospital.beds[A].unreviewed_override_count == 1
    for actor, code in (("tester", "same_actor"), ("anonymous", "actor_required")):
        with pytest.raises(Forbidden) as forbidden:
            ward.do_all(c.ReviewOverride(event_id=event_id), actor=actor)
        assert forbidden.value.code == code
    ward.do_all(c.ReviewOverride(event_id=event_id), actor="matron")
    assert ward.engine.hospital.beds[A].unreviewed_override_count == 0
    assert ward.engine.hospital.overrides == {}


def test_a_reservation_is_at_risk_while_the_stay_before_it_runs_over(ward) -> None:
    ward.do(c.BookBed(bed_id=A, patient_ref="P-1", ends_at=hours(2), admit=True))
    later = ward.do(c.BookBed(bed_id=A, patient_ref="P-2", starts_at=hours(2), ends_at=hours(9)))[
        "booking_id"
    ]
    hospital = ward.engine.hospital
    assert not hospital.is_at_risk(hospital.bookings[later], hours(1.9))
    assert hospital.is_at_risk(hospital.bookings[later], hours(2))


def test_only_beds_that_break_no_rule_are_suggested(ward) -> None:
    """The same room holds a woman, the other ward is free: the same ward comes first."""
    ward.do(c.BookBed(bed_id=B, patient_ref="P-1", admit=True, needs=FEMALE))
    ward.do(c.MarkBedDirty(bed_id=A))
    command = c.BookBed(bed_id=A, patient_ref="P-2", admit=True, needs=MALE)
    broken = rules_broken(ward, command)
    moment = ward.engine.moment(Context("manual", unasked("tester", Role.MANAGER)))
    found = suggest(ward.engine.hospital, command, broken, moment)
    assert [suggestion.bed_id for suggestion in found] == [C, D]
    assert found[0].reason == "same ward, general, nothing booked after, clean now"


def test_a_transfer_that_names_one_need_keeps_the_others(ward) -> None:
    """An isolated man stays both when a room class is asked for."""
    stay = ward.do(c.BookBed(bed_id=D, patient_ref="P-1", admit=True, needs=MALE))["booking_id"]
    ward.do(c.StartIsolation(bed_ids=(D,)))
    ward.do(c.BookBed(bed_id=B, patient_ref="P-2", admit=True, needs=FEMALE))
    move = c.TransferPatient(booking_id=stay, to_bed_id=A, needs=Needs(room_class="general"))
    assert rules_broken(ward, move) == [Rule.MIXED_SEX, Rule.ISOLATION_NEEDED]
    ward.do(c.TransferPatient(booking_id=stay, to_bed_id=C, needs=Needs(isolation=NO_ISOLATION)))
    assert ward.status(C) == BedStatus.OCCUPIED


def test_whoever_is_displaced_by_a_swap_is_told_by_which_booking(ward) -> None:
    one = ward.do(c.BookBed(bed_id=A, patient_ref="P-1", ends_at=hours(20), admit=True))[
        "booking_id"
    ]
    two = ward.do(c.BookBed(bed_id=C, patient_ref="P-2", ends_at=hours(5), admit=True))[
        "booking_id"
    ]
    ward.do(c.BookBed(bed_id=C, patient_ref="P-3", starts_at=hours(5), ends_at=hours(9)))
    rows = ward.do_all(c.SwapPatients(booking_id=one, with_booking_id=two, override=WHY))
    [displaced] = [row for row in rows if row["event_type"] == "booking_displaced"]
    assert displaced["displaced_by_booking_id"] == rows[-1]["booking_id"]


def test_beds_without_staff_are_not_suggested(ward) -> None:
    ward.do(c.UpdateBed(bed_id=C, is_staffed=False))
    ward.do(c.MarkBedDirty(bed_id=A))
    command = c.BookBed(bed_id=A, patient_ref="P-2", admit=True)
    moment = ward.engine.moment(Context("manual", unasked("tester", Role.MANAGER)))
    found = suggest(ward.engine.hospital, command, rules_broken(ward, command), moment)
    assert [suggestion.bed_id for suggestion in found] == [B, D]


def refusal(ward: SmallWard, command: c.Command) -> Refusal:
    with pytest.raises(Refusal) as caught:
        ward.do(command)
    return caught.value


def reserve(ward: SmallWard, start: float, end: float | None, bed_id: str = A, **more) -> str:
    ends_at = None if end is None else hours(end)
    command = c.BookBed(
        bed_id=bed_id, patient_ref="P-9", starts_at=hours(start), ends_at=ends_at, **more
    )
    return ward.do(command)["booking_id"]


def admit(ward: SmallWard, patient: str = "P-9", bed_id: str = A, **more) -> str:
    return ward.do(c.BookBed(bed_id=bed_id, patient_ref=patient, admit=True, **more))["booking_id"]


def wish(start: float, end: float | None, bed_id: str = A, **more) -> c.BookBed:
    ends_at = None if end is None else hours(end)
    return c.BookBed(
        bed_id=bed_id, patient_ref="P-1", starts_at=hours(start), ends_at=ends_at, **more
    )


def told(refused: Refusal) -> str:
    return str(refused).removeprefix(f"{SENTENCES[refused.rule]} ")


def test_bookings_in_the_way_are_named(ward) -> None:
    first, second = reserve(ward, 2, 4), reserve(ward, 5, 7)
    one = refusal(ward, wish(3, 5))
    assert told(one) == f"{first} holds {A}."
    assert [booking.booking_id for booking in one.in_the_way] == [first]
    both = refusal(ward, wish(3, 6))
    assert told(both) == f"{first}, {second} hold {A}."
    assert [booking.booking_id for booking in both.in_the_way] == [first, second]
    assert both.conflicts_with == both.in_the_way[0]


def test_a_stay_in_the_way_says_that_its_end_is_not_known_or_has_passed(ward) -> None:
    open_stay = admit(ward)
    refused = refusal(ward, wish(5, 7))
    since = f"The patient in {A} is there since Mon 02 Mar 2026 08:00"
    assert told(refused) == f"{since}; no end is known."
    assert [booking.booking_id for booking in refused.in_the_way] == [open_stay]

    over = admit(ward, "P-8", bed_id=C, ends_at=hours(2))
    ward.clock.set(0.0, hours(3))
    refused = refusal(ward, wish(3, 7, bed_id=C))
    assert told(refused).startswith(
        f"The patient in {C} is there since Mon 02 Mar 2026 08:00, expected to leave 1 h ago."
    )
    assert [booking.booking_id for booking in refused.in_the_way] == [over]
    assert rules_broken(ward, wish(3.01, 7, bed_id=C)) == []


def test_a_bed_that_is_not_clean_or_not_meant_for_it_says_what_it_is(ward) -> None:
    ward.do(c.MarkBedDirty(bed_id=A))
    unclean = refusal(ward, c.BookBed(bed_id=A, patient_ref="P-1", admit=True))
    assert told(unclean) == f"{A} is dirty."
    needs = Needs(specialty="cardiology", room_class="icu")
    refused = refusal(ward, wish(1, 2, bed_id=B, needs=needs))
    assert told(refused) == (
        f"{B} is general, the need is cardiology. It also breaks wrong_room_class."
    )
    assert refused.rules == (Rule.WRONG_SPECIALTY, Rule.WRONG_ROOM_CLASS)
    of_class = refusal(ward, wish(1, 2, bed_id=B, needs=Needs(room_class="icu")))
    assert told(of_class) == f"{B} is general, the need is icu."


@pytest.mark.parametrize(
    ("theirs", "mine", "detail"),
    [
        (FEMALE, MALE, "is of a female patient."),
        (MALE, FEMALE, "is of a male patient."),
        (
            FEMALE,
            Needs(),
            "shares the room, and the patient's sex is not said (needs.placed_with).",
        ),
        (Needs(), MALE, "is of a patient whose sex is not said."),
        (ISOLATED, FEMALE, "is of a patient who needs isolation."),
        (FEMALE, ISOLATED, "is of a patient who needs none."),
    ],
)
def test_who_shares_the_room_is_named_by_booking_and_bed(ward, theirs, mine, detail) -> None:
    other = reserve(ward, 2, 4, bed_id=B, needs=theirs)
    assert told(refusal(ward, wish(3, 5, needs=mine))) == f"{other} in {B} {detail}"
    assert rules_broken(ward, wish(4, 5, needs=mine)) == []


def test_a_start_in_the_past_is_told_beside_the_hospitals_time(ward) -> None:
    ward.clock.set(0.0, hours(3))
    assert told(refusal(ward, wish(1, 5))) == (
        "It is Mon 02 Mar 2026 11:00, the start is Mon 02 Mar 2026 09:00."
    )


def test_a_refusal_names_every_other_rule(ward) -> None:
    ward.do(c.MarkBedDirty(bed_id=A))
    needs = Needs(specialty="cardiology", room_class="icu")
    refused = refusal(ward, c.BookBed(bed_id=A, patient_ref="P-1", needs=needs, admit=True))
    assert told(refused) == f"{A} is dirty. It also breaks wrong_specialty, wrong_room_class."


def test_a_stay_of_which_the_end_is_known_is_a_booking_like_others(ward) -> None:
    admit(ward, ends_at=hours(4))
    assert rules_broken(ward, wish(3, 5)) == [Rule.OVERLAPS_BOOKING]


def test_what_was_over_before_a_stay_began_is_not_in_its_way(ward) -> None:
    ward.clock.set(0.0, hours(3))
    admit(ward)
    assert rules_broken(ward, wish(1, 2)) == [Rule.STARTS_IN_PAST]


def test_whoever_comes_into_the_room_later_is_not_there_yet(ward) -> None:
    reserve(ward, 5, 6, bed_id=B, needs=FEMALE)
    command = c.BookBed(bed_id=A, patient_ref="P-1", needs=MALE, admit=True, ends_at=hours(2))
    assert rules_broken(ward, command) == []


def test_what_is_typed_in_within_the_grace_is_not_the_past(ward) -> None:
    ward.clock.set(0.0, hours(3))
    grace = ward.engine.moment(Context("manual", unasked("tester", Role.MANAGER))).past_grace
    first = hours(3) - grace
    command = c.BookBed(bed_id=A, patient_ref="P-1", starts_at=first, ends_at=hours(5))
    early = replace(command, starts_at=first - timedelta(microseconds=1))
    assert rules_broken(ward, early) == [Rule.STARTS_IN_PAST]
    assert rules_broken(ward, command) == []


@pytest.mark.parametrize(
    ("admission_type", "broken"),
    [("elective", []), (None, []), ("emergency", [Rule.NOT_TAKEN_BY_WARD])],
)
def test_a_ward_for_planned_admissions_takes_no_emergency(ward, admission_type, broken) -> None:
    planned = WardProfile(admission_types=frozenset({"elective"}))
    ward.engine.hospital.house = House({"W1": planned})
    command = c.BookBed(bed_id=A, patient_ref="P-1", needs=Needs(admission_type=admission_type))
    assert rules_broken(ward, command) == broken
