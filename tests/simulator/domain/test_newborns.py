"""Newborns in cots beside their mothers, and what becomes of them when she moves or leaves."""

from dataclasses import replace

import pytest

from lake.vocabulary import Away, Role, Rule, Source
from simulator.domain import commands as c
from simulator.domain.errors import InvalidRequest, Refusal
from simulator.domain.hospital import fold
from simulator.domain.needs import SOURCE, Needs
from simulator.domain.overrides import Override
from simulator.domain.principals import unasked
from simulator.domain.rules.suggestions import suggest
from simulator.writer.engine import Context
from tests.simulator.ward import WOMAN, SmallWard, hours, undoing

BED, OTHER_BED, COT, OTHER_COT = (f"W8-801-{letter}" for letter in "ABCD")
NEXT_BED, NEXT_COT = "W8-802-A", "W8-802-B"
GENERAL = "W2-201-A"
BOY = Needs(sex="male", age_group="neonate")
WHY = Override("clinical_need", "no place beside the mother tonight")


@pytest.fixture
def ward() -> SmallWard:
    """With a maternity ward: a room of two beds and two cots, one of a bed and a cot."""
    ward = SmallWard()
    for bed_id in (BED, OTHER_BED, COT, OTHER_COT, NEXT_BED, NEXT_COT):
        is_cot = bed_id in (COT, OTHER_COT, NEXT_COT)
        register = c.RegisterBed(
            bed_id=bed_id, room_id=bed_id[:-2], ward_id="W8", ward_name="Maternity",
            specialty="obstetrics", room_class="general", is_cot=is_cot, is_off_census=is_cot,
        )  # fmt: skip
        ward.do(register)
    return ward


def admit(ward: SmallWard, bed_id: str, patient: str, needs: Needs = WOMAN, **more) -> str:
    command = c.BookBed(bed_id=bed_id, patient_ref=patient, admit=True, needs=needs, **more)
    return ward.do(command)["booking_id"]


def born(ward: SmallWard, cot: str = COT, patient: str = "N-1", mother: str = "P-1") -> str:
    return admit(ward, cot, patient, BOY, mother_ref=mother)


def refused(ward: SmallWard, command: c.Command) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        ward.do(command)
    return refusal.value


def test_a_newborn_boy_lies_beside_his_mother_and_another_woman(ward) -> None:
    admit(ward, BED, "P-1")
    admit(ward, OTHER_BED, "P-2")
    born(ward)
    assert ward.beds_of_patients() == {"P-1": BED, "P-2": OTHER_BED, "N-1": COT}
    third = c.BookBed(bed_id=OTHER_COT, patient_ref="N-2", admit=True, needs=BOY, mother_ref="P-2")
    ward.do(third)


@pytest.mark.parametrize(
    ("needs", "mother"),
    [(BOY, None), (BOY, "P-9"), (WOMAN, "P-1"), (BOY, "P-3")],
    ids=["without a mother", "of a mother who is not here", "an adult", "of a mother elsewhere"],
)
def test_a_cot_takes_nobody_else(ward, needs, mother) -> None:
    admit(ward, BED, "P-1")
    admit(ward, GENERAL, "P-3")
    command = c.BookBed(bed_id=COT, patient_ref="N-1", admit=True, needs=needs, mother_ref=mother)
    assert refused(ward, command).rules[-1] is Rule.NOT_TAKEN_BY_WARD


def test_newborns_go_along_into_cots_of_the_new_room_and_back_with_the_correction(ward) -> None:
    mother = admit(ward, NEXT_BED, "P-1")
    born(ward, NEXT_COT)
    moved = ward.do(c.TransferPatient(booking_id=mother, to_bed_id=BED))
    assert ward.beds_of_patients() == {"P-1": BED, "N-1": COT}
    ids = {b.booking_id for b in ward.engine.hospital.bookings.values()}
    assert len(ids) == 2
    assert ward.status(NEXT_COT) == "dirty"
    ward.do(undoing(ward.rows, moved["event_id"]))
    assert ward.beds_of_patients() == {"P-1": NEXT_BED, "N-1": NEXT_COT}
    assert (ward.status(BED), ward.status(COT)) == ("available", "available")
    assert fold(ward.rows) == ward.engine.hospital


def test_twins_go_along_together(ward) -> None:
    mother = admit(ward, BED, "P-1")
    born(ward)
    born(ward, OTHER_COT, "N-2")
    refusal = refused(ward, c.TransferPatient(booking_id=mother, to_bed_id=NEXT_BED))
    assert refusal.rule is Rule.ILLEGAL_BOOKING_CHANGE
    assert "Say where the newborn" in str(refusal)
    said = (c.Newborn(patient_ref="n-2", to_bed_id=NEXT_COT),
            c.Newborn(patient_ref="N-1", disposition="other_hospital"))  # fmt: skip
    ward.do(c.TransferPatient(booking_id=mother, to_bed_id=NEXT_BED, newborns=said))
    assert ward.beds_of_patients() == {"P-1": NEXT_BED, "N-2": NEXT_COT}
    ward.do(c.StartCleaning(bed_id=OTHER_COT))
    ward.do(c.FinishCleaning(bed_id=OTHER_COT))
    back = ward.engine.hospital.stay_of("P-1").booking_id
    ward.do(c.TransferPatient(booking_id=back, to_bed_id=OTHER_BED), hours(1))
    assert ward.beds_of_patients() == {"P-1": OTHER_BED, "N-2": OTHER_COT}


def test_a_move_within_the_room_leaves_the_newborn_where_it_is(ward) -> None:
    mother = admit(ward, BED, "P-1")
    born(ward)
    ward.do(c.TransferPatient(booking_id=mother, to_bed_id=OTHER_BED))
    assert ward.beds_of_patients() == {"P-1": OTHER_BED, "N-1": COT}


@pytest.mark.parametrize("disposition", ["home", "died"])
def test_a_mother_who_leaves_is_not_discharged_before_the_newborns_place_is_said(
    ward, disposition
) -> None:
    mother = admit(ward, BED, "P-1")
    born(ward)
    gone = c.DischargePatient(booking_id=mother, disposition=disposition)
    assert refused(ward, gone).rule is Rule.ILLEGAL_BOOKING_CHANGE
    stays = c.Newborn(patient_ref="N-1", to_bed_id=COT)
    ward.do(c.DischargePatient(booking_id=mother, disposition=disposition, newborns=(stays,)))
    assert ward.beds_of_patients() == {"N-1": COT}


def test_both_go_home_and_each_discharge_can_be_cancelled(ward) -> None:
    mother = admit(ward, BED, "P-1")
    born(ward)
    home = c.Newborn(patient_ref="N-1", disposition="home")
    gone = ward.do_all(c.DischargePatient(booking_id=mother, disposition="home", newborns=(home,)))
    assert [row["event_type"] for row in gone] == ["patient_discharged"] * 2
    assert ward.beds_of_patients() == {}
    for row in reversed(gone):
        ward.do(undoing(ward.rows, row["event_id"]))
    assert ward.beds_of_patients() == {"P-1": BED, "N-1": COT}


def test_a_newborn_is_moved_to_a_bed_of_another_ward_only_if_that_takes_it(ward) -> None:
    mother = admit(ward, BED, "P-1")
    born(ward)
    admit(ward, "W1-101-A", "P-5")
    place = c.Newborn(patient_ref="N-1", to_bed_id="W1-101-B")
    gone = c.TransferPatient(booking_id=mother, to_bed_id=GENERAL, newborns=(place,))
    assert refused(ward, gone).rule is Rule.MIXED_SEX
    ward.do(
        c.TransferPatient(booking_id=mother, to_bed_id=GENERAL, newborns=(place,), override=WHY)
    )
    assert ward.beds_of_patients() == {"P-1": GENERAL, "N-1": "W1-101-B", "P-5": "W1-101-A"}


def test_a_newborn_who_is_not_there_is_an_error(ward) -> None:
    mother = admit(ward, BED, "P-1")
    stranger = c.Newborn(patient_ref="N-9", to_bed_id=COT)
    with pytest.raises(InvalidRequest, match="lies in no cot beside this mother"):
        ward.do(c.DischargePatient(booking_id=mother, disposition="home", newborns=(stranger,)))


def test_an_admission_is_not_cancelled_under_a_newborn(ward) -> None:
    admit(ward, BED, "P-1")
    came = ward.rows[-1]["event_id"]
    born(ward)
    assert refused(ward, undoing(ward.rows, came)).rule is Rule.ILLEGAL_BOOKING_CHANGE


def test_a_mother_with_a_newborn_does_not_swap_into_another_room(ward) -> None:
    mother = admit(ward, BED, "P-1")
    other = admit(ward, NEXT_BED, "P-2")
    born(ward)
    swap = c.SwapPatients(booking_id=mother, with_booking_id=other)
    assert refused(ward, swap).rule is Rule.ILLEGAL_BOOKING_CHANGE


def test_a_newborn_of_an_isolated_mother_lies_beside_her_and_was_exposed(ward) -> None:
    admit(ward, BED, "P-1", Needs(sex="female", isolation=SOURCE))
    born(ward)
    spell = ward.engine.hospital.stay_of("P-1").spell_id
    assert ward.engine.hospital.stay_of("N-1").contact_of == (spell,)


# What other doors would do to a newborn


def test_a_mothers_bed_is_not_lent_under_her_newborn(ward) -> None:
    mother = admit(ward, BED, "P-1")
    born(ward)
    ward.do(c.GoAway(booking_id=mother, away_as=Away.LEAVE))
    lend = c.BookBed(bed_id=BED, patient_ref="P-5", admit=True, needs=WOMAN, override=WHY)
    assert refused(ward, lend).rule is Rule.ILLEGAL_BOOKING_CHANGE


def test_a_transfer_is_not_undone_under_a_newborn_that_came_since(ward) -> None:
    mother = admit(ward, BED, "P-1")
    moved = ward.do(c.TransferPatient(booking_id=mother, to_bed_id=NEXT_BED), hours(1))
    born(ward, NEXT_COT)
    assert refused(ward, undoing(ward.rows, moved["event_id"])).rule is Rule.ILLEGAL_BOOKING_CHANGE


def test_no_newborn_is_corrected_into_a_cot_without_its_mother(ward) -> None:
    mother = admit(ward, BED, "P-1")
    born(ward)
    home = c.Newborn(patient_ref="N-1", disposition="home")
    gone = ward.do_all(c.DischargePatient(booking_id=mother, disposition="home", newborns=(home,)))
    [of_newborn] = [row for row in gone if row["patient_ref"] == "N-1"]
    back = undoing(ward.rows, of_newborn["event_id"])
    assert refused(ward, back).rule is Rule.ILLEGAL_BOOKING_CHANGE


def test_a_reserved_cot_is_not_taken_once_the_mother_has_left(ward) -> None:
    mother = admit(ward, BED, "P-1")
    kept = ward.do(
        c.BookBed(bed_id=COT, patient_ref="N-1", needs=BOY, mother_ref="P-1", ends_at=hours(9))
    )["booking_id"]
    ward.do(c.DischargePatient(booking_id=mother, disposition="home"), hours(1))
    assert refused(ward, c.AdmitPatient(booking_id=kept)).rule is Rule.NOT_TAKEN_BY_WARD


def test_a_newborn_keeps_its_mother_from_cot_to_bed_and_back(ward) -> None:
    mother = admit(ward, BED, "P-1")
    child = born(ward)
    bed = ward.do(c.TransferPatient(booking_id=child, to_bed_id=GENERAL), hours(1))["booking_id"]
    ward.do(c.TransferPatient(booking_id=bed, to_bed_id=OTHER_COT), hours(2))
    gone = c.DischargePatient(booking_id=mother, disposition="home")
    assert refused(ward, gone).rule is Rule.ILLEGAL_BOOKING_CHANGE


@pytest.mark.parametrize("to", [NEXT_COT, COT])
def test_two_newborns_are_not_put_into_one_cot(ward, to) -> None:
    mother = admit(ward, BED, "P-1")
    born(ward)
    born(ward, OTHER_COT, "N-2")
    said = tuple(c.Newborn(patient_ref=ref, to_bed_id=to) for ref in ("N-1", "N-2"))
    move = c.TransferPatient(booking_id=mother, to_bed_id=NEXT_BED, newborns=said, override=WHY)
    refused(ward, move)
    assert ward.beds_of_patients() == {"P-1": BED, "N-1": COT, "N-2": OTHER_COT}


@pytest.mark.parametrize(
    ("prepare", "rule"),
    [
        (c.MarkBedDirty(bed_id=NEXT_COT), Rule.BED_NOT_CLEAN),
        (c.UpdateBed(bed_id=NEXT_COT, is_staffed=False), Rule.BED_NOT_STAFFED),
    ],
)
def test_a_cot_that_is_named_is_a_bed_like_others(ward, prepare, rule) -> None:
    mother = admit(ward, BED, "P-1")
    born(ward)
    ward.do(prepare)
    there = c.Newborn(patient_ref="N-1", to_bed_id=NEXT_COT)
    move = c.TransferPatient(booking_id=mother, to_bed_id=NEXT_BED, newborns=(there,))
    assert refused(ward, move).rules == (rule,)
    made = ward.do_all(replace(move, override=WHY))
    assert [row["override_rules"] for row in made if row.get("override_rules")] == [[rule]]


def test_what_hangs_on_a_newborn_who_dies_with_the_mothers_discharge_ends(ward) -> None:
    mother = admit(ward, BED, "P-1")
    born(ward)
    ward.do(c.RequestBed(patient_ref="N-1", needs=BOY))
    died = c.Newborn(patient_ref="N-1", disposition="died")
    ward.do(c.DischargePatient(booking_id=mother, disposition="home", newborns=(died,)), hours(1))
    assert ward.engine.hospital.requests == {}


def test_two_patients_who_are_displaced_wait_under_two_ids(ward) -> None:
    mother = admit(ward, BED, "P-1")
    born(ward)
    for bed, patient, needs in ((NEXT_BED, "P-7", WOMAN), (GENERAL, "N-8", BOY)):
        ward.do(
            c.BookBed(
                bed_id=bed, patient_ref=patient, needs=needs, starts_at=hours(1), ends_at=hours(9)
            )
        )
    there = c.Newborn(patient_ref="N-1", to_bed_id=GENERAL)
    move = c.TransferPatient(booking_id=mother, to_bed_id=NEXT_BED, newborns=(there,), override=WHY)
    ward.do(move)
    waiting = {r.patient_ref: r.bed_request_id for r in ward.engine.hospital.requests.values()}
    assert waiting.keys() == {"P-7", "N-8"}
    assert len({*waiting.values()}) == 2
    assert fold(ward.rows) == ward.engine.hospital


def test_a_reference_of_a_mother_lets_no_adult_in(ward) -> None:
    admit(ward, "W1-101-A", "P-1", Needs(sex="female", isolation=SOURCE))
    adult = c.BookBed(
        bed_id="W1-101-B", patient_ref="P-2", admit=True, needs=WOMAN, mother_ref="P-1"
    )
    assert refused(ward, adult).rule is Rule.ISOLATION_NEEDED
    with pytest.raises(InvalidRequest, match="own reference"):
        ward.do(replace(adult, mother_ref="p-2"))


def test_isolation_that_begins_with_the_mothers_move_exposes_her_newborn(ward) -> None:
    mother = admit(ward, BED, "P-1")
    born(ward)
    ward.do(
        c.TransferPatient(booking_id=mother, to_bed_id=NEXT_BED, needs=Needs(isolation=SOURCE)),
        hours(1),
    )
    newborn = ward.engine.hospital.stay_of("N-1")
    assert newborn.bed_id == NEXT_COT
    assert newborn.contact_of == (ward.engine.hospital.stay_of("P-1").spell_id,)


def test_the_cot_beside_the_mother_is_offered_to_a_newborn(ward) -> None:
    admit(ward, BED, "P-1")
    born(ward)
    twin = c.BookBed(bed_id=COT, patient_ref="N-2", admit=True, needs=BOY, mother_ref="P-1")
    refused(ward, twin)
    moment = ward.engine.moment(Context(Source.MANUAL, unasked("tester", Role.MANAGER)))
    offered = suggest(ward.engine.hospital, twin, (Rule.BED_OCCUPIED,), moment)
    assert offered[0].bed_id == OTHER_COT


def test_a_cot_that_was_retired_is_a_cot_again(ward) -> None:
    ward.do(c.RetireBed(bed_id=COT), hours(1))
    again = c.RegisterBed(
        bed_id=COT, room_id="W8-801", ward_id="W8", ward_name="Maternity",
        specialty="obstetrics", room_class="general",
    )  # fmt: skip
    row = ward.do(again, hours(2))
    assert (row["is_cot"], row["is_off_census"]) == (True, True)


def test_a_newborn_is_not_put_into_the_bed_that_its_mother_leaves(ward) -> None:
    mother = admit(ward, BED, "P-1")
    born(ward)
    there = c.Newborn(patient_ref="N-1", to_bed_id=BED)
    move = c.TransferPatient(booking_id=mother, to_bed_id=NEXT_BED, newborns=(there,), override=WHY)
    assert refused(ward, move).rule is Rule.ILLEGAL_BOOKING_CHANGE


def test_what_is_undone_of_the_mother_is_not_undone_of_the_newborn(ward) -> None:
    mother = admit(ward, BED, "P-1")
    born(ward)
    ward.do(c.RequestBed(patient_ref="N-1", needs=BOY))
    died = c.Newborn(patient_ref="N-1", disposition="died")
    gone = ward.do(
        c.DischargePatient(booking_id=mother, disposition="home", newborns=(died,)), hours(1)
    )
    ward.do(undoing(ward.rows, gone["event_id"]))
    assert ward.beds_of_patients() == {"P-1": BED}
    assert ward.engine.hospital.requests == {}


def test_a_newborn_who_has_died_waits_for_no_bed(ward) -> None:
    """Its reservation is displaced by the mother's own move."""
    mother = admit(ward, BED, "P-1")
    born(ward)
    kept = c.BookBed(
        bed_id=NEXT_BED, patient_ref="N-1", needs=BOY, starts_at=hours(1), ends_at=hours(9),
        override=WHY,
    )  # fmt: skip
    ward.do(kept)
    died = c.Newborn(patient_ref="N-1", disposition="died")
    ward.do(
        c.TransferPatient(booking_id=mother, to_bed_id=NEXT_BED, newborns=(died,), override=WHY)
    )
    assert ward.engine.hospital.requests == {}
    assert fold(ward.rows) == ward.engine.hospital


def test_what_is_said_of_a_newborn_is_done_also_within_the_room(ward) -> None:
    mother = admit(ward, BED, "P-1")
    born(ward)
    home = c.Newborn(patient_ref="N-1", disposition="home")
    ward.do(c.TransferPatient(booking_id=mother, to_bed_id=OTHER_BED, newborns=(home,)))
    assert ward.beds_of_patients() == {"P-1": OTHER_BED}


def test_the_request_of_a_newborn_is_placed_by_its_own_move(ward) -> None:
    mother = admit(ward, BED, "P-1")
    born(ward)
    ward.do(c.RequestBed(patient_ref="N-1", ward_id="W8", needs=BOY))
    rows = ward.do_all(c.TransferPatient(booking_id=mother, to_bed_id=NEXT_BED))
    [placed] = [row for row in rows if row["event_type"] == "request_placed"]
    [arrival] = [row for row in rows if row["event_id"] == placed["placed_event_id"]]
    assert (arrival["patient_ref"], rows[-1]["patient_ref"]) == ("N-1", "P-1")
