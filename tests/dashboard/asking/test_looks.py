"""Whose patients a page shows is told first; what nobody has recorded is not shown."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.asking import ask, looks, queries
from dashboard.whose import Whose
from lake.places import Places
from lake.sight import Sight
from simulator.client import Shown
from simulator.wire import access as w
from tests.dashboard.lake_rows import NOON, bed_event, write_events
from tests.dashboard.played_api import PlayedApi

LOOKS = "POST /session/looks"


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Whose:
    looks._told.clear()
    who = w.Who(
        session_id="s-1", name="mara", roles=("manager",), wards=(), sees=None, acting=(), may={},
        is_demo=False, is_locked=False, is_proved=True,
        ends_at=datetime.now(UTC) + timedelta(hours=1),
    )  # fmt: skip
    found = Whose("secret", who)
    monkeypatch.setattr(ask, "whose", lambda: found)
    monkeypatch.setattr(ask, "sight_of", lambda who: who.sight)
    return found


@pytest.fixture
def two_wards(places: Places) -> None:
    there = {"current_patient_ref": "P-1", "current_stay_id": "s1"}
    write_events(
        places,
        [
            bed_event(1, "W1-101-A", "occupied", **there),
            bed_event(2, "W2-101-A", "occupied", **there | {"current_patient_ref": "P-2"}),
            bed_event(3, "W3-101-A", "available"),
        ],
    )


def refs() -> list[str | None]:
    return [row["current_patient_ref"] for row in ask.rows(queries.beds, now=NOON)]


def test_a_board_is_told_once_a_session_by_ward(
    two_wards: None, api: PlayedApi, manager: Whose
) -> None:
    api.answers[LOOKS] = (200, w.Recorded(count=2))
    for _ in range(3):
        assert refs() == ["P-1", "P-2", None]
    [told] = api.sent(LOOKS)
    assert told == {"shown": "board_shown", "asked": "beds", "ward_ids": ["W1", "W2"],
                    "detail": None}  # fmt: skip


@pytest.mark.parametrize("is_silent", [True, False])
def test_what_is_not_recorded_is_not_shown_and_is_once_it_can_be(
    two_wards: None, api: PlayedApi, manager: Whose, is_silent: bool
) -> None:
    if not is_silent:
        api.refuse(LOOKS, 503, "storage_unavailable", "The lake takes no rows now.")
    assert refs() == [None, None, None]
    api.answers[LOOKS] = (200, w.Recorded(count=2))
    assert refs() == ["P-1", "P-2", None]


def test_who_sees_nobody_tells_nothing(
    two_wards: None, api: PlayedApi, manager: Whose, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ask, "sight_of", lambda _: Sight())
    assert refs() == [None, None, None]
    assert not api.sent(LOOKS)


def test_a_search_is_told_again_after_a_while_and_an_export_each_time(
    api: PlayedApi, manager: Whose, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.answers[LOOKS] = (200, w.Recorded(count=1))
    for bed in ("", "101", "101"):
        assert looks.are_recorded(manager, Shown.SEARCH, "updates", ["W1"], bed)
    assert [told["detail"] for told in api.sent(LOOKS)] == ["", "101"]
    for _ in range(2):
        assert looks.are_recorded(manager, Shown.EXPORT, "kpis.csv", [])
    assert len(api.sent(LOOKS)) == 4
    monkeypatch.setattr(looks, "SAME_LOOK_SECONDS", 0.0)
    assert looks.are_recorded(manager, Shown.SEARCH, "updates", ["W1"], "101")
    assert len(api.sent(LOOKS)) == 5


def test_another_search_is_another_look_and_a_later_moment_of_it_is_not(
    two_wards: None, api: PlayedApi, manager: Whose
) -> None:
    api.answers[LOOKS] = (200, w.Recorded(count=1))
    question = (
        "SELECT ward_id, current_patient_ref FROM live_board "
        "WHERE bed_id LIKE $bed AND $now IS NOT NULL ORDER BY bed_id"
    )
    for bed, minutes in (("%101-A", 0), ("%101-A", 1), ("W%", 1)):
        [found, *_] = ask.rows(question, bed=bed, now=NOON + timedelta(minutes=minutes))
        assert found["current_patient_ref"] == "P-1"
    assert [told["ward_ids"] for told in api.sent(LOOKS)] == [["W1", "W2"]] * 2
    first, second = (told["detail"] for told in api.sent(LOOKS))
    assert first != second
