"""Who waits for a bed, as the page shows it."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dashboard import theme
from dashboard.drawing import waits
from dashboard.times import Here
from lake.vocabulary import RequestState
from simulator.wire import answers as w
from tests.dashboard.lake_rows import NOON

HOUR = timedelta(hours=1)
HERE = Here(NOON, ZoneInfo("Asia/Kolkata"))  # Monday 17:30


def request(**said: Any) -> w.BedRequest:
    known = {
        "bed_request_id": "R7",
        "state": RequestState.WAITING,
        "patient_ref": "P-77",
        "ward_id": None,
        "needs": w.Needs(),
        "wanted_from": NOON - 2 * HOUR,
        "requested_at": NOON - 2 * HOUR,
        "decided_at": NOON - 2 * HOUR,
        "requested_by": "sister.1",
        "displaced_booking_id": None,
        "booking_id": None,
        "bed_id": None,
        "in_bed_at": None,
        "boarding_minutes": 120.0,
        "seq": 3,
    }
    return w.BedRequest.model_validate(known | said)


def test_the_headline_says_who_how_urgent_where_and_what_is_needed() -> None:
    needs = w.Needs(specialty="general_medicine", sex="female", level_of_care="ward", priority=2)
    shown = waits.headline(request(needs=needs, waits_in="emergency_department", ward_id="W3"))
    assert shown == ("**P-77** · priority 2 · emergency department · W3 · general medicine, female")


def test_a_higher_level_of_care_is_told() -> None:
    needs = w.Needs(level_of_care="step_down", sex="male")
    assert waits.headline(request(needs=needs)).endswith("step down, male")


def test_a_priority_that_nobody_said_is_marked() -> None:
    for needs in (w.Needs(priority=3, assumed=("priority",)), w.Needs()):
        shown = waits.headline(request(needs=needs))
        assert "priority 3 (assumed) · place not said · any ward · no special needs" in shown


@pytest.mark.parametrize(
    ("left", "told"),
    [
        (3 * HOUR + timedelta(minutes=5), " from arrival: 3 h 05 left"),
        (timedelta(minutes=25), "△ from arrival: 25 min left"),
        (-1.5 * HOUR, "▲ from arrival: 1 h 30 over"),
        (timedelta(), "▲ from arrival: 0 s over"),
    ],
)
def test_a_clock_says_in_words_and_by_a_sign_how_much_is_left(left, told) -> None:
    shown = waits.clocks(request(arrival_breach_at=NOON + left), HERE)
    assert f">{told}<" in shown
    assert "from decision" not in shown


def test_the_levels_of_a_clock_all_differ_and_can_be_read() -> None:
    levels = [theme.clock_level(hours * HOUR) for hours in (-1, 0.5, 2)]
    assert len({level.sign for level in levels}) == len({level.colour for level in levels}) == 3


def test_both_clocks_that_run_are_shown() -> None:
    both = request(arrival_breach_at=NOON - HOUR, decision_breach_at=NOON + 9 * HOUR)
    shown = waits.clocks(both, HERE)
    assert "waits 2 h 00" in shown
    assert "▲ from arrival: 1 h 00 over" in shown
    assert "from decision: 9 h 00 left" in shown


def test_who_is_not_to_come_yet_does_not_wait_yet() -> None:
    ahead = request(wanted_from=NOON + 3 * HOUR)
    assert waits.is_early(ahead, NOON)
    assert "not before 20:30" in waits.clocks(ahead, HERE)


def test_the_story_tells_what_was_said_and_nothing_else() -> None:
    assert waits.story(request(), HERE) == "asked for by sister.1"
    said = request(
        arrived_at=NOON - 3 * HOUR,
        decided_at=NOON - HOUR,
        expected_stay_hours=36.0,
        displaced_booking_id="B7",
    )
    assert waits.story(said, HERE) == (
        "arrived 14:30, decided 16:30, expected stay 1 d 12 h, asked for by sister.1, "
        "displaced by an override"
    )


def test_the_page_counts_who_waits_too_long() -> None:
    late, fine = request(is_breached=True), request()
    assert waits.overdue([fine]) == ""
    assert waits.overdue([fine, late]) == "▲ 1 waits longer than may be"
    assert waits.overdue([late, late]) == "▲ 2 wait longer than may be"


@pytest.mark.parametrize(
    ("minutes", "told"), [(-1, "now"), (5, "now"), (6, "from 17:36"), (960, "from Tue 09:30")]
)
def test_a_bed_that_is_free_now_is_so_while_the_page_is_looked_at(minutes: int, told: str) -> None:
    starts_at = NOON + timedelta(minutes=minutes)
    pair = w.ProposedBed(
        bed_request_id="R7", bed_id="W1-101-B", starts_at=starts_at, reasons=[], seq=3
    )
    assert waits.from_when(pair, HERE) == told
