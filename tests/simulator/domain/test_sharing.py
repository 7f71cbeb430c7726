"""Who shares a room, and who was exposed: the sexes, isolation and its contacts."""

import pytest

from lake.vocabulary import Away, Rule
from simulator.domain import commands as c
from simulator.domain.errors import Refusal
from simulator.domain.hospital import Hospital, fold
from simulator.domain.house import House
from simulator.domain.needs import NO_ISOLATION, SOURCE, Isolation, Needs
from simulator.domain.overrides import Override
from tests.simulator.ward import BEDS, MAN, WOMAN, SmallWard, hours, undoing

A, B, C, D = BEDS  # A and B share a room
NOROVIRUS = Isolation("source", "norovirus")
WHY = Override("clinical_need", "the only bed with oxygen tonight")


def admit(ward: SmallWard, bed: str, patient: str, needs: Needs = WOMAN, **more) -> str:
    command = c.BookBed(bed_id=bed, patient_ref=patient, admit=True, needs=needs, **more)
    return ward.do(command)["booking_id"]


def rules(ward: SmallWard, command: c.Command) -> list[Rule]:
    with pytest.raises(Refusal) as refusal:
        ward.do(command)
    return [*refusal.value.rules]


def register(ward: SmallWard, bed_id: str, room_class: str = "general") -> None:
    ward_id = bed_id.split("-", maxsplit=1)[0]
    ward.do(
        c.RegisterBed(
            bed_id=bed_id, room_id=bed_id[:-2], ward_id=ward_id, ward_name=f"Ward {ward_id}",
            specialty="general", room_class=room_class,
        )
    )  # fmt: skip


def contacts(ward: SmallWard) -> dict[str, tuple[str, ...]]:
    stays = ward.engine.hospital.bookings.values()
    return {stay.patient_ref: stay.contact_of for stay in stays if stay.contact_of}


def isolate(ward: SmallWard, bed: str, isolation: Isolation = SOURCE) -> list[dict]:
    return ward.do_all(c.StartIsolation(bed_ids=(bed,), isolation=isolation))


# Men and women in intensive care


@pytest.fixture
def unit(ward: SmallWard) -> SmallWard:
    """Two beds of one room of intensive care."""
    for letter in "AB":
        register(ward, f"W5-501-{letter}", "icu")
    return ward


ICU_A, ICU_B = "W5-501-A", "W5-501-B"


def no_longer(booking: str) -> c.ProgressStay:
    return c.ProgressStay(booking_id=booking, expected_at=None, needs_level_of_care=False)


def right_of(ward: SmallWard, bed: str) -> object:
    hospital = ward.engine.hospital
    return hospital.bed_columns(hospital.bed(bed), ward.clock.now()).get(
        "current_single_sex_from_at"
    )


def test_men_and_women_share_intensive_care_until_four_hours_after_it_is_no_longer_needed(
    unit,
) -> None:
    woman = admit(unit, ICU_A, "P-1")
    assert right_of(unit, ICU_A) is None
    admit(unit, ICU_B, "P-2", MAN)
    unit.do(no_longer(woman), hours(2))
    assert right_of(unit, ICU_A) == hours(6)
    assert right_of(unit, ICU_B) is None


@pytest.mark.parametrize(("at", "broken"), [(5.9, []), (6, [Rule.MIXED_SEX])])
def test_then_no_man_is_put_beside_her(unit, at, broken) -> None:
    unit.do(no_longer(admit(unit, ICU_A, "P-1")), hours(2))
    unit.clock.set(0.0, hours(at))
    man = c.BookBed(bed_id=ICU_B, patient_ref="P-2", admit=True, needs=MAN)
    assert (rules(unit, man) if broken else unit.do(man) and []) == broken


@pytest.mark.parametrize(("at", "broken"), [(5.9, []), (6, [Rule.MIXED_SEX])])
def test_nor_is_she_put_beside_a_man(unit, at, broken) -> None:
    woman = admit(unit, ICU_A, "P-1")
    unit.do(no_longer(woman), hours(2))
    register(unit, "W5-502-A", "icu")
    register(unit, "W5-502-B", "icu")
    admit(unit, "W5-502-A", "P-2", MAN)
    unit.clock.set(0.0, hours(at))
    move = c.TransferPatient(booking_id=woman, to_bed_id="W5-502-B")
    assert (rules(unit, move) if broken else unit.do(move) and []) == broken


def test_a_ward_may_say_otherwise_than_the_class_of_the_room(unit) -> None:
    unit.engine.hospital.house = House(mixed_room_classes=frozenset())
    admit(unit, ICU_A, "P-1")
    man = c.BookBed(bed_id=ICU_B, patient_ref="P-2", admit=True, needs=MAN)
    assert rules(unit, man) == [Rule.MIXED_SEX]


def test_what_is_now_known_of_a_patient_in_bed_is_no_rule(ward) -> None:
    unknown = admit(ward, A, "P-1", Needs(sex="unknown"))
    woman = c.BookBed(bed_id=B, patient_ref="P-2", admit=True, needs=WOMAN)
    assert rules(ward, woman) == [Rule.MIXED_SEX]
    ward.do(c.ChangeNeeds(booking_id=unknown, needs=Needs(placed_with="female")))
    ward.do(woman)
    row = ward.do(c.ChangeNeeds(booking_id=unknown, needs=Needs(placed_with="male")))
    assert (row["event_type"], row["current_rooms_with"]) == ("booking_changed", "male")


def test_isolation_is_not_a_thing_that_becomes_known(ward) -> None:
    stay = admit(ward, A, "P-1")
    given = c.ChangeNeeds(booking_id=stay, needs=Needs(isolation=SOURCE))
    assert rules(ward, given) == [Rule.ILLEGAL_STATUS_CHANGE]
    isolate(ward, A)
    row = ward.do(c.ChangeNeeds(booking_id=stay, needs=Needs(isolation=NOROVIRUS)))
    assert row["current_infection"] == "norovirus"


# Contacts


def test_contacts_are_who_shared_the_room_in_the_last_48_hours_wherever_they_lie_now(ward) -> None:
    gone = admit(ward, B, "P-1")  # left the room too long ago
    source = admit(ward, A, "P-9")
    ward.do(c.DischargePatient(booking_id=gone, disposition="home"), hours(1))
    ward.do(c.StartCleaning(bed_id=B))
    ward.do(c.FinishCleaning(bed_id=B))
    ward.clock.set(0.0, hours(2))
    moved = admit(ward, B, "P-2")
    ward.do(c.TransferPatient(booking_id=moved, to_bed_id=D), hours(10))
    ward.do(c.StartCleaning(bed_id=B))
    ward.do(c.FinishCleaning(bed_id=B))
    left = admit(ward, B, "P-3")
    ward.do(c.DischargePatient(booking_id=left, disposition="home"), hours(20))
    ward.do(c.StartCleaning(bed_id=B))
    ward.do(c.FinishCleaning(bed_id=B))
    admit(ward, B, "P-4")
    ward.clock.set(0.0, hours(49))
    *marked, isolated = isolate(ward, A, NOROVIRUS)
    assert isolated["contact_patient_refs"] == ["P-2", "P-3", "P-4"]
    assert sorted((row["event_type"], row["patient_ref"]) for row in marked) == [
        ("contact_started", "P-2"),
        ("contact_started", "P-4"),
    ]
    assert contacts(ward) == {"P-2": ("norovirus",), "P-4": ("norovirus",)}
    assert ward.engine.hospital.booking(source).contact_of == ()
    assert fold(ward.rows) == ward.engine.hospital


@pytest.mark.parametrize(("organism", "found"), [("norovirus", ["P-2"]), ("flu", [])])
def test_the_hours_are_those_of_the_organism(ward, organism, found) -> None:
    ward.engine.hospital.house = House(contact_windows={"norovirus": hours(72) - hours(0)})
    admit(ward, A, "P-9")
    left = admit(ward, B, "P-2")
    ward.do(c.DischargePatient(booking_id=left, disposition="home"), hours(1))
    ward.clock.set(0.0, hours(60))
    row = isolate(ward, A, Isolation("source", organism))[-1]
    assert (row.get("contact_patient_refs") or []) == found


def test_a_contact_stays_one_through_moves_until_it_is_ended(ward) -> None:
    contact = admit(ward, B, "P-2")
    admit(ward, A, "P-9")
    isolate(ward, A, NOROVIRUS)
    moved = ward.do(c.TransferPatient(booking_id=contact, to_bed_id=C), hours(1))["booking_id"]
    assert contacts(ward) == {"P-2": ("norovirus",)}
    ended = ward.do(c.EndContact(booking_id=moved))
    assert (ended["event_type"], ended.get("contact_of")) == ("contact_ended", None)
    assert contacts(ward) == {}
    assert rules(ward, c.EndContact(booking_id=moved)) == [Rule.ILLEGAL_BOOKING_CHANGE]


def test_who_never_left_the_room_was_exposed_all_the_same(ward) -> None:
    contact = admit(ward, B, "P-2")
    moved = ward.do(c.TransferPatient(booking_id=contact, to_bed_id=C), hours(1))
    admit(ward, A, "P-9")
    isolate(ward, A, NOROVIRUS)  # never shared a room with P-2
    assert contacts(ward) == {}
    ward.do(undoing(ward.rows, moved["event_id"]))
    assert contacts(ward) == {"P-2": ("norovirus",)}


@pytest.mark.parametrize(
    ("organisms", "broken"),
    [(("norovirus", "norovirus"), []), (("norovirus", "flu"), [Rule.ISOLATION_NEEDED])],
    ids=["of one organism", "of two"],
)
def test_contacts_share_a_room_with_contacts_of_the_same_only(ward, organisms, broken) -> None:
    """P-1 lay beside one source, P-2 beside another."""
    register(ward, "W1-102-B")
    for bed, source_bed, patient in ((B, A, "P-1"), ("W1-102-B", C, "P-2")):
        admit(ward, bed, patient)
        admit(ward, source_bed, f"X-{patient[-1]}")
    for bed, organism in zip((A, C), organisms, strict=True):
        isolate(ward, bed, Isolation("source", organism))
    source = ward.engine.hospital.stay_of("X-1").booking_id
    ward.do(c.DischargePatient(booking_id=source, disposition="home"), hours(1))
    ward.do(c.StartCleaning(bed_id=A))
    ward.do(c.FinishCleaning(bed_id=A))
    stay = ward.engine.hospital.stay_of("P-2").booking_id
    move = c.TransferPatient(booking_id=stay, to_bed_id=A)
    assert (rules(ward, move) if broken else ward.do(move) and []) == broken


def test_nobody_else_is_put_beside_a_contact(ward) -> None:
    admit(ward, B, "P-2")
    source = admit(ward, A, "P-9")
    isolate(ward, A)
    ward.do(c.TransferPatient(booking_id=source, to_bed_id=C), hours(1))
    ward.do(c.StartCleaning(bed_id=A))
    ward.do(c.FinishCleaning(bed_id=A))
    healthy = c.BookBed(bed_id=A, patient_ref="P-3", admit=True, needs=WOMAN)
    assert rules(ward, healthy) == [Rule.ISOLATION_NEEDED]


def test_a_contact_that_was_moved_away_is_not_moved_back_to_the_source(ward) -> None:
    contact = admit(ward, B, "P-2")
    admit(ward, A, "P-9")
    isolate(ward, A, NOROVIRUS)
    moved = ward.do(c.TransferPatient(booking_id=contact, to_bed_id=C), hours(1))["booking_id"]
    ward.do(c.StartCleaning(bed_id=B))
    ward.do(c.FinishCleaning(bed_id=B))
    back = c.TransferPatient(booking_id=moved, to_bed_id=B)
    assert rules(ward, back) == [Rule.CLOSED_TO_ADMISSIONS]


def test_the_room_takes_the_same_named_organism_only(ward) -> None:
    admit(ward, A, "P-9", Needs(sex="female", isolation=NOROVIRUS))
    same = Needs(sex="female", isolation=NOROVIRUS)
    ward.do(c.BookBed(bed_id=B, patient_ref="P-2", admit=True, needs=same))
    assert contacts(ward) == {}


def test_who_is_put_beside_a_source_by_override_is_a_contact(ward) -> None:
    admit(ward, A, "P-9", Needs(sex="female", isolation=NOROVIRUS))
    row = ward.do(c.BookBed(bed_id=B, patient_ref="P-2", admit=True, needs=WOMAN, override=WHY))
    assert row["override_rules"] == ["isolation_needed", "closed_to_admissions"]
    assert contacts(ward) == {"P-2": ("norovirus",)}


def test_a_source_that_is_moved_into_a_room_exposes_who_is_there_and_was_there_before(ward) -> None:
    admit(ward, B, "P-2")
    source = admit(ward, A, "P-9")
    admit(ward, D, "P-3")
    register(ward, "W2-201-B")
    move = c.TransferPatient(
        booking_id=source, to_bed_id="W2-201-B", needs=Needs(isolation=NOROVIRUS), override=WHY
    )
    ward.do(move, hours(1))
    assert contacts(ward) == {"P-2": ("norovirus",), "P-3": ("norovirus",)}


def test_protective_isolation_makes_no_contacts_and_leaves_a_dirty_bed(ward) -> None:
    admit(ward, B, "P-2")
    stay = admit(ward, A, "P-9")
    rows = isolate(ward, A, Isolation("protective"))
    assert [row["event_type"] for row in rows] == ["isolation_started"]
    assert ward.status(A) == "isolated"
    gone = ward.do(c.DischargePatient(booking_id=stay, disposition="home"), hours(1))
    assert ward.status(A) == "dirty"
    ward.do(undoing(ward.rows, gone["event_id"]))
    assert (ward.status(A), ward.engine.hospital.booking(stay).needs.isolation) == (
        "isolated",
        Isolation("protective"),
    )


def test_an_unnamed_source_is_known_by_its_spell_and_its_bed_is_contaminated(ward) -> None:
    stay = admit(ward, A, "P-9")
    admit(ward, B, "P-2")
    spell = ward.engine.hospital.booking(stay).spell_id
    isolate(ward, A)
    assert contacts(ward) == {"P-2": (spell,)}
    ward.do(c.DischargePatient(booking_id=stay, disposition="home"), hours(1))
    assert ward.status(A) == "contaminated"


def test_the_end_of_isolation_is_said_of_the_stay_too(ward) -> None:
    stay = admit(ward, A, "P-9", Needs(sex="female", isolation=NOROVIRUS))
    row = ward.do(c.EndIsolation(bed_ids=(A,)))
    assert (row["need_isolation"], row.get("isolation_kind")) == (False, None)
    ward.do(c.BookBed(bed_id=B, patient_ref="P-2", admit=True, needs=WOMAN))
    assert not ward.engine.hospital.isolation_of(ward.engine.hospital.booking(stay))


def test_a_stay_is_traced_from_the_log_alone(ward) -> None:
    admit(ward, A, "P-9")
    left = admit(ward, B, "P-2")
    ward.do(c.DischargePatient(booking_id=left, disposition="home"), hours(1))
    again: Hospital = fold(ward.rows)
    assert again.lately == ward.engine.hospital.lately != {}


def on_leave(booking: str) -> c.GoAway:
    return c.GoAway(booking_id=booking, away_as=Away.LEAVE)


def test_who_lent_the_bed_to_a_source_has_no_stay_here_and_comes_back_as_a_contact(ward) -> None:
    away = admit(ward, A, "P-1")
    admit(ward, B, "P-9")
    isolate(ward, B, NOROVIRUS)
    ward.do(on_leave(away), hours(1))
    source = Needs(sex="female", isolation=NOROVIRUS)
    ward.do(c.BookBed(bed_id=A, patient_ref="P-2", admit=True, needs=source, override=WHY))
    assert ward.beds_of_patients() == {"P-2": A, "P-9": B}
    [request] = ward.engine.hospital.requests
    ward.engine.hospital = fold(ward.rows)
    ward.do(c.PlaceRequest(bed_request_id=request, bed_id=C, admit=True), hours(2))
    assert contacts(ward) == {"P-1": ("norovirus",)}


def test_isolation_is_as_it_is_now_whatever_was_reserved(ward) -> None:
    """A reservation said that none is needed; one said that it is."""
    admit(ward, A, "P-1")
    said = Needs(sex="female", isolation=NO_ISOLATION)
    kept = ward.do(
        c.BookBed(bed_id=C, patient_ref="P-1", needs=said, starts_at=hours(1), ends_at=hours(9))
    )["booking_id"]
    isolate(ward, A, NOROVIRUS)
    ward.do(c.AdmitPatient(booking_id=kept), hours(1))
    assert ward.status(C) == "isolated"
    assert ward.engine.hospital.stay_of("P-1").needs.isolation == NOROVIRUS


def test_an_organism_that_is_known_stays_known_and_a_new_one_is_told_to_the_contacts(ward) -> None:
    stay = admit(ward, A, "P-9")
    admit(ward, B, "P-2")
    isolate(ward, A)
    named = ward.do(c.ChangeNeeds(booking_id=stay, needs=Needs(isolation=NOROVIRUS)), hours(1))
    assert named["contact_patient_refs"] == ["P-2"]
    assert contacts(ward) == {"P-2": ("norovirus",)}
    ward.do(c.ChangeNeeds(booking_id=stay, needs=Needs(isolation=SOURCE)))
    assert ward.engine.hospital.booking(stay).needs.isolation == NOROVIRUS


def test_who_was_discharged_in_error_beside_a_source_is_a_contact(ward) -> None:
    stay = admit(ward, B, "P-2")
    admit(ward, A, "P-9")
    gone = ward.do(c.DischargePatient(booking_id=stay, disposition="home"), hours(1))
    isolate(ward, A, NOROVIRUS)
    ward.do(undoing(ward.rows, gone["event_id"]), hours(2))
    assert contacts(ward) == {"P-2": ("norovirus",)}


def test_a_source_that_was_admitted_in_error_exposed_nobody(ward) -> None:
    admit(ward, B, "P-2")
    source = Needs(sex="female", isolation=NOROVIRUS)
    came = ward.do(c.BookBed(bed_id=A, patient_ref="P-9", admit=True, needs=source, override=WHY))
    assert contacts(ward) == {"P-2": ("norovirus",)}
    ward.do(undoing(ward.rows, came["event_id"]), hours(1))
    assert contacts(ward) == {}


def test_isolation_that_is_written_down_late_exposes_who_came_in_between(ward) -> None:
    admit(ward, A, "P-9")
    ward.clock.set(0.0, hours(3))
    admit(ward, B, "P-2")
    ward.clock.set(0.0, hours(5))
    ward.do_at(c.StartIsolation(bed_ids=(A,), isolation=NOROVIRUS), hours(2))
    assert contacts(ward) == {"P-2": ("norovirus",)}


def test_isolation_that_begins_with_a_transfer_names_who_has_left(ward) -> None:
    left = admit(ward, B, "P-2")
    source = admit(ward, A, "P-9")
    ward.do(c.DischargePatient(booking_id=left, disposition="home"), hours(1))
    move = c.TransferPatient(booking_id=source, to_bed_id=C, needs=Needs(isolation=NOROVIRUS))
    assert ward.do(move, hours(2))["contact_patient_refs"] == ["P-2"]


def test_two_sources_that_are_not_named_expose_each_other(ward) -> None:
    admit(ward, A, "P-1")
    two = admit(ward, B, "P-2")
    ward.do(c.StartIsolation(bed_ids=(A, B)), hours(1))
    ward.do(c.EndIsolation(bed_ids=(B,)))
    spell = ward.engine.hospital.stay_of("P-1").spell_id
    assert ward.engine.hospital.booking(two).contact_of == (spell,)


def test_who_was_exposed_to_more_is_not_put_beside_one_of_it(ward) -> None:
    contact = admit(ward, B, "P-2")
    admit(ward, A, "P-9")
    isolate(ward, A, NOROVIRUS)
    admit(ward, C, "P-8", Needs(sex="female", isolation=Isolation("source", "influenza")))
    register(ward, "W1-102-B")
    move = c.TransferPatient(booking_id=contact, to_bed_id="W1-102-B", override=WHY)
    moved = ward.do(move, hours(1))["booking_id"]
    assert contacts(ward) == {"P-2": ("influenza", "norovirus")}
    ward.do(c.StartCleaning(bed_id=B))
    ward.do(c.FinishCleaning(bed_id=B))
    back = c.TransferPatient(booking_id=moved, to_bed_id=B)
    assert rules(ward, back) == [Rule.ISOLATION_NEEDED, Rule.CLOSED_TO_ADMISSIONS]


def test_after_a_move_to_another_ward_intensive_care_is_needed_again(unit) -> None:
    stay = admit(unit, ICU_A, "P-1", Needs(sex="female", level_of_care="intensive"))
    unit.do(no_longer(stay), hours(1))
    there = unit.do(c.TransferPatient(booking_id=stay, to_bed_id=C), hours(2))
    assert (there["level_of_care"], there.get("care_not_needed_since_at")) == ("ward", None)
    unit.do(c.StartCleaning(bed_id=ICU_A))
    unit.do(c.FinishCleaning(bed_id=ICU_A))
    needs = Needs(level_of_care="intensive")
    again = c.TransferPatient(booking_id=there["booking_id"], to_bed_id=ICU_A, needs=needs)
    unit.do(again, hours(40))
    assert right_of(unit, ICU_A) is None


def test_what_was_exposed_before_a_wrong_admission_stays_so(ward) -> None:
    admit(ward, B, "P-2")
    first = admit(ward, A, "P-3")
    isolate(ward, A, NOROVIRUS)
    ward.do(c.DischargePatient(booking_id=first, disposition="home"), hours(1))
    source = Needs(sex="female", isolation=NOROVIRUS)
    came = ward.do(c.BookBed(bed_id=A, patient_ref="P-1", admit=True, needs=source, override=WHY))
    ward.do(undoing(ward.rows, came["event_id"]), hours(2))
    assert contacts(ward) == {"P-2": ("norovirus",)}


def test_a_transfer_that_never_was_exposed_nobody(ward) -> None:
    """Neither whom the source met, nor who met a source; wherever they lie by now."""
    source = admit(ward, C, "P-9", Needs(sex="female", isolation=NOROVIRUS))
    mate = admit(ward, B, "P-2")
    moved = ward.do(c.TransferPatient(booking_id=source, to_bed_id=A, override=WHY), hours(1))
    ward.do(c.TransferPatient(booking_id=mate, to_bed_id=D), hours(2))
    assert contacts(ward) == {"P-2": ("norovirus",)}
    ward.do(undoing(ward.rows, moved["event_id"]))
    assert contacts(ward) == {}
    register(ward, "W1-102-B")
    stay = ward.engine.hospital.stay_of("P-2").booking_id
    beside = ward.do(
        c.TransferPatient(booking_id=stay, to_bed_id="W1-102-B", override=WHY), hours(3)
    )
    assert contacts(ward) == {"P-2": ("norovirus",)}
    ward.do(undoing(ward.rows, beside["event_id"]))
    assert contacts(ward) == {}


def test_a_name_is_given_to_the_contacts_of_that_patient_alone(ward) -> None:
    one = admit(ward, A, "P-1")
    admit(ward, B, "P-2")
    isolate(ward, A, Isolation("source", "mrsa"))
    register(ward, "W1-102-B")
    admit(ward, C, "P-3")
    admit(ward, "W1-102-B", "P-4")
    isolate(ward, C, Isolation("source", "mrsa"))
    ward.do(c.ChangeNeeds(booking_id=one, needs=Needs(isolation=Isolation("source", "vre"))))
    assert contacts(ward) == {"P-2": ("mrsa", "vre"), "P-4": ("mrsa",)}


def test_who_is_no_contact_any_more_is_none_by_a_move_within_the_room(ward) -> None:
    admit(ward, A, "P-1")
    mate = admit(ward, B, "P-2")
    isolate(ward, A, NOROVIRUS)
    ward.do(c.EndContact(booking_id=mate))
    one = ward.engine.hospital.stay_of("P-1").booking_id
    ward.do(c.SwapPatients(booking_id=one, with_booking_id=mate, override=WHY), hours(1))
    assert contacts(ward) == {}


def test_what_a_contact_was_exposed_to_has_its_name_once_the_source_has(ward) -> None:
    source = admit(ward, A, "P-1", Needs(isolation=SOURCE))
    against_the_rule = c.BookBed(bed_id=B, patient_ref="P-2", admit=True, override=WHY)
    ward.do(against_the_rule, hours(1))
    assert contacts(ward) == {"P-2": (ward.engine.hospital.booking(source).spell_id,)}
    ward.do(c.ChangeNeeds(booking_id=source, needs=Needs(isolation=NOROVIRUS)), hours(2))
    assert contacts(ward) == {"P-2": ("norovirus",)}


def test_an_outlier_is_moved_within_the_ward_but_to_no_third_one(ward: SmallWard) -> None:
    register(ward, "W9-901-A")
    register(ward, "W9-902-A")
    register(ward, "W8-801-A")
    stay = admit(ward, "W9-901-A", "P-1")
    ward.do(c.ChangeNeeds(booking_id=stay, needs=Needs(specialty="urology")))
    third = c.TransferPatient(booking_id=stay, to_bed_id="W8-801-A")
    assert rules(ward, third) == [Rule.WRONG_SPECIALTY]
    moved = ward.do(c.TransferPatient(booking_id=stay, to_bed_id="W9-902-A"))
    other = c.TransferPatient(
        booking_id=moved["booking_id"], to_bed_id="W9-901-A", needs=Needs(specialty="cardiology")
    )
    assert Rule.WRONG_SPECIALTY in rules(ward, other)
