from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dashboard import theme
from dashboard.acting import legal
from dashboard.acting.legal import Act
from dashboard.asking import board
from dashboard.drawing import tiles
from dashboard.times import Here
from lake.tables import BED_BOARD
from lake.vocabulary import BedStatus, DisplayStatus
from tests.dashboard.lake_rows import NOON, bed_event

HOUR = timedelta(hours=1)
HERE = Here(NOON, ZoneInfo("Asia/Kolkata"))


def bed(bed_id: str, display_status: str, **columns: Any) -> board.Bed:
    bed_status = columns.pop("bed_status", display_status)
    known = bed_event(1, bed_id, bed_status, **columns)
    asked = ("is_beside_a_source", "is_outlier", "next_is_at_risk", "breaches", "breach_since_at")
    nothing = dict.fromkeys([*BED_BOARD.column_names, *asked])
    more = {name: columns[name] for name in columns if name in nothing}
    return {**nothing, **known, **more, "display_status": display_status}


WARD = [
    bed("W1-101-A", "occupied", current_patient_ref="P-1001", specialty="cardiology"),
    bed("W1-101-B", "available", room_class="private"),
    bed("W1-102-A", "available", is_staffed=False),
    bed("W1-102-B", "closed"),
    bed("W2-201-A", "reserved", bed_status="available"),
]


def test_the_five_statuses_add_up_to_the_registered_beds() -> None:
    count = board.counts(WARD)

    assert {str(status): n for status, n in count.by_status.items()} == {
        "closed": 1,
        "occupied": 1,
        "dirty": 0,
        "reserved": 1,
        "available": 2,
    }
    assert sum(count.by_status.values()) == count.registered == 5


def test_staffed_beds_are_those_staffed_and_not_closed() -> None:
    assert board.counts(WARD).staffed == 3


def test_occupancy_is_of_the_staffed_beds_and_unknown_without_any() -> None:
    assert board.counts(WARD).occupancy == pytest.approx(1 / 3)
    without_staff = [WARD[0] | {"is_staffed": False}, WARD[2]]
    assert board.counts(without_staff).occupancy == 1
    assert board.counts([]).occupancy is None


@pytest.mark.parametrize(
    ("chosen", "shown"),
    [
        (board.Filter(), 5),
        (board.Filter(ward_id="W2"), 1),
        (board.Filter(status="available"), 2),
        (board.Filter(specialty="cardiology"), 1),
        (board.Filter(room_class="private"), 1),
        (board.Filter(text=" p-100 "), 1),
        (board.Filter(text="102"), 2),
        (board.Filter(ward_id="W2", status="available"), 0),
    ],
)
def test_a_filter_shows_only_what_fits(chosen: board.Filter, shown: int) -> None:
    assert sum(len(ward.beds) for ward in board.wards(WARD, chosen)) == shown


def test_a_filtered_ward_still_counts_all_its_beds() -> None:
    [ward] = board.wards(WARD, board.Filter(text="P-1001"))

    assert ward.counts.registered == 4


def test_free_beds_are_free_clean_and_staffed() -> None:
    assert [free["bed_id"] for free in board.free_beds(WARD, board.Filter())] == ["W1-101-B"]


def test_a_tile_tells_its_status_by_sign_and_word() -> None:
    for status, look in theme.LOOKS.items():
        shown = tiles.tile(bed("W1-101-A", status), HERE)

        assert look.sign in shown
        assert tiles.status_word(bed("W1-101-A", status)) in shown


def test_a_tile_says_more_where_the_bed_says_more() -> None:
    assert "Cleaning" in tiles.tile(bed("W1-101-A", "dirty", bed_status="cleaning"), HERE)


def test_a_tile_escapes_what_the_lake_holds() -> None:
    shown = tiles.tile(bed("W1-101-A", "occupied", current_patient_ref="<script>1"), HERE)

    assert "<script>" not in shown
    assert "&lt;script&gt;1" in shown


def test_the_signs_and_colours_of_the_statuses_all_differ() -> None:
    assert set(theme.LOOKS) == set(DisplayStatus)
    for part in ("sign", "word", "strong", "pale"):
        assert len({getattr(look, part) for look in theme.LOOKS.values()}) == len(DisplayStatus)


def test_dark_text_on_every_pale_colour_has_a_contrast_above_7() -> None:
    for look in theme.LOOKS.values():
        assert contrast(theme.INK, look.pale) > 7
        assert contrast(look.strong, look.pale) > 3


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    ("text", "is_fine"),
    [
        ("P-10293", True),
        ("a1b", True),
        ("7" * 64, True),
        ("7" * 65, False),
        ("a1", False),
        ("Mary", False),
        ("Mary 1", False),
        ("P-१२३", False),
        ("", False),
    ],
)
def test_a_patient_reference_is_explained_before_the_api_refuses_it(
    text: str, is_fine: bool
) -> None:
    assert (legal.patient_ref_problem(text) is None) == is_fine


@pytest.mark.parametrize(
    ("bed_status", "acts"),
    [
        (BedStatus.OCCUPIED, {Act.DISCHARGE, Act.TRANSFER, Act.START_ISOLATION, Act.NOTE}),
        (BedStatus.ISOLATED, {Act.DISCHARGE, Act.TRANSFER, Act.END_ISOLATION, Act.NOTE}),
        (BedStatus.DIRTY, {Act.START_CLEANING, Act.CLOSE, Act.NOTE}),
        (BedStatus.CONTAMINATED, {Act.START_CLEANING, Act.CLOSE, Act.NOTE}),
        (BedStatus.CLEANING, {Act.FINISH_CLEANING, Act.STOP_CLEANING, Act.NOTE}),
        (BedStatus.AVAILABLE, {Act.MARK_DIRTY, Act.CLOSE, Act.NOTE}),
        (BedStatus.CLOSED, {Act.OPEN, Act.NOTE}),
    ],
)
def test_each_status_offers_what_is_legal(bed_status: BedStatus, acts: set[Act]) -> None:
    possible = set(legal.legal_acts(bed("W1-101-A", "available", bed_status=bed_status)))
    assert possible == acts | {Act.CLOSE_ROOM}


def test_a_room_that_takes_nobody_new_is_opened_and_shows_it_on_each_of_its_beds() -> None:
    here = Here(NOON, ZoneInfo("UTC"))
    why = {"room_closed_reason_code": "norovirus"}
    taken = bed("W1-101-A", "occupied", current_patient_ref="P-1", **why)
    empty = bed("W1-101-B", "closed", bed_status="dirty", **why)
    assert Act.OPEN_ROOM in legal.legal_acts(taken)
    assert Act.CLOSE_ROOM not in legal.legal_acts(taken)
    for shut in (taken, empty):
        assert "Closed to admissions" in tiles.tile(shut, here)
    assert "norovirus" in tiles.tile(empty, here)
    assert "Closed to admissions" not in tiles.tile(WARD[1], here)


def test_a_stay_has_an_expected_discharge_that_is_confirmed_once() -> None:
    stay = bed("W1-101-A", "occupied", bed_status="occupied", current_booking_id="bk-1")
    assert {Act.EXPECT, Act.CONFIRM} <= set(legal.legal_acts(stay))
    confirmed = stay | {"current_is_discharge_confirmed": True}
    assert Act.CONFIRM not in legal.legal_acts(confirmed)


def test_a_patient_who_is_away_comes_back_and_is_marked() -> None:
    here = Here(NOON, ZoneInfo("UTC"))
    stay = bed("W1-101-A", "occupied", current_booking_id="bk-1", current_patient_ref="P-1")
    away = stay | {"leave_since_at": NOON}
    assert {Act.START_LEAVE, Act.START_ABSENCE} <= set(legal.legal_acts(stay))
    assert Act.END_LEAVE in legal.legal_acts(away)
    assert not {Act.START_LEAVE, Act.START_ABSENCE, Act.END_ABSENCE} & {*legal.legal_acts(away)}
    assert Act.END_ABSENCE in legal.legal_acts(stay | {"absence_since_at": NOON})
    assert "On leave" in tiles.tile(away, here)
    assert "On leave" not in tiles.tile(stay, here)


def test_an_override_shows_on_its_bed_and_a_reservation_at_risk_is_marked() -> None:
    here = Here(NOON, ZoneInfo("UTC"))
    plain = tiles.tile(WARD[0], here)
    marked = tiles.tile(
        WARD[0] | {"unreviewed_override_count": 1, "next_is_at_risk": True, "next_starts_at": NOON},
        here,
    )
    assert "Override, not reviewed yet" in marked
    assert "runs over" in marked
    assert "not reviewed" not in plain


def test_a_reservation_can_be_cancelled_and_in_a_free_bed_admitted() -> None:
    reserved = {"next_booking_id": "bk-1", "next_starts_at": NOON}
    free = bed("W1-101-A", "reserved", bed_status="available", **reserved)
    taken = bed("W1-101-A", "occupied", **reserved)

    assert {Act.ADMIT, Act.CANCEL} <= set(legal.legal_acts(free))
    assert Act.ADMIT not in legal.legal_acts(taken)
    assert Act.CANCEL in legal.legal_acts(taken)


def test_free_beds_are_offered_first() -> None:
    shown = [str(free["display_status"]) for free in legal.free_first(WARD)]

    assert shown == ["available", "available", "reserved", "occupied", "closed"]


def test_what_the_ward_must_know_of_a_bed_is_marked_and_told() -> None:
    """A contact, a patient whom the ward does not take, a room with an isolated patient, a cot."""
    odd = bed(
        "W1-103-A",
        "occupied",
        current_patient_ref="P-7",
        current_patient_sex="female",
        current_age_group="child",
        current_contact_of=["norovirus"],
        current_not_taken_as=["age_group"],
        features=["negative_pressure"],
    )
    shown = tiles.tile(odd, HERE)
    assert "Contact of an infection" in shown
    assert "does not take such patients" in shown
    told = tiles.card(odd, HERE)
    assert "female, child" in told
    assert "age group" in told
    assert "negative pressure" in told
    assert "norovirus" not in shown + told
    beside = bed("W1-103-B", "available", is_beside_a_source=True)
    assert "a patient in the room is isolated" in tiles.tile(beside, HERE)
    cot = bed("W1-103-C", "available", is_cot=True, is_off_census=True)
    assert "cot" in tiles.tile(cot, HERE)
    assert board.free_beds([beside, cot], board.Filter()) == []
    assert board.counts([odd, beside, cot]).registered == 2


def test_a_room_in_breach_is_told_on_its_tile_and_since_when() -> None:
    mixed = bed("W1-103-A", "occupied", breaches=["mixed_sex"], breach_since_at=NOON - 3 * HOUR)
    assert "⚠ mixed sex" in tiles.tile(mixed, HERE)
    assert "in breach since" in tiles.tile(mixed, HERE)
    assert "mixed sex" in tiles.card(mixed, HERE)
    assert "⚠" not in tiles.tile(bed("W1-103-B", "occupied"), HERE)
    exposed = bed("W1-103-C", "occupied", breaches=["isolation"], breach_since_at=NOON)
    assert "⚠ shares with isolation" in tiles.tile(exposed, HERE)


def test_a_reserved_bed_is_free_since_not_reserved_since() -> None:
    kept = bed("W1-103-A", "reserved", status_since_at=NOON - 5 * HOUR)
    assert "free since" in tiles.card(kept, HERE)
    assert ", since" not in tiles.card(kept, HERE)
    assert "free since" in tiles.tile(kept, HERE)
    assert HERE.since(NOON - 5 * HOUR) not in tiles.tile(kept, HERE)
    dirty = bed("W1-103-B", "dirty", status_since_at=NOON - 5 * HOUR)
    assert HERE.since(NOON - 5 * HOUR) in tiles.tile(dirty, HERE)


def test_an_outlier_is_told_on_its_tile_and_can_be_looked_for() -> None:
    far = bed(
        "W1-103-A",
        "occupied",
        current_patient_ref="P-7",
        current_need_specialty="general_surgery",
        is_outlier=True,
    )
    assert ">outlier: general surgery<" in tiles.tile(far, HERE)
    assert "outlier" not in tiles.tile(WARD[0], HERE)
    assert "outlier: general surgery" in tiles.tile(far, HERE).split('title="')[1].split('"')[0]
    assert "<th>Outlier</th>" in tiles.card(far, HERE)
    [ward] = board.wards([*WARD, far], board.Filter(is_outlier=True))
    assert [one["bed_id"] for one in ward.beds] == ["W1-103-A"]


def test_an_end_that_nobody_has_said_is_no_overdue_one() -> None:
    stay = {"current_patient_ref": "P-7", "current_is_end_assumed": True}
    passed = bed("W1-103-A", "occupied", expected_discharge_at=NOON - HOUR, **stay)
    assert not board.is_overdue(passed, NOON)
    assert "out: ask" in tiles.tile(passed, HERE)
    ahead = bed("W1-103-A", "occupied", expected_discharge_at=NOON + HOUR, **stay)
    assert "usually" in tiles.tile(ahead, HERE)
    assert "nobody has said" in tiles.card(ahead, HERE)


def test_of_a_patient_of_another_ward_the_tile_tells_all_but_who_it_is() -> None:
    """To eyes that do not see the reference the bed is as taken, and as reserved, as to others."""
    coming = {"next_starts_at": NOON + HOUR, "room_class": "private"}
    kept = bed("W2-201-A", "reserved", bed_status="available", **coming)
    assert "None" not in tiles.tile(kept, HERE) + tiles.card(kept, HERE)
    assert ">private<" in tiles.tile(kept, HERE)
    stay = {"expected_discharge_at": NOON + HOUR, "is_staffed": False, "is_beside_a_source": True}
    for status in ("occupied", "isolated"):
        taken = bed("W2-201-B", "occupied", bed_status=status, **stay)
        mine = bed("W2-201-B", "occupied", bed_status=status, current_patient_ref="P-7", **stay)
        told, told_mine = tiles.tile(taken, HERE), tiles.tile(mine, HERE)
        assert "out 18:30" in told
        assert "not staffed" not in told
        assert "Takes nobody new" not in told
        assert told_mine.replace("P-7", "") == told.replace("general", "")
