"""The right bed on the page Book: what the matcher answers, as a clerk picks from it."""

from datetime import timedelta
from time import monotonic

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.acting import desk
from lake.places import Places
from lake.vocabulary import BookingState, Rule
from simulator.wire import answers as w
from tests.dashboard.lake_rows import NOON, bed_event, clock_set, write_events
from tests.dashboard.played_api import PlayedApi
from tests.dashboard.test_pages import BOOKED, PAGES, act_on, open_page

pytestmark = pytest.mark.timeout(60)

BEDS = ("W1-101-A", "W1-101-B", "W2-201-A", "W2-201-B", "W10-701-A")
FREE_FOR_11_HOURS = ["same ward", "general", "free until Tue 07:30 (11 h, less than usual)"]
FOUND = w.FoundBeds(
    items=[
        w.FitBed(bed_id="W2-201-A", reasons=FREE_FOR_11_HOURS, free_hours=11.0, ends_at=None),
        w.FitBed(bed_id="W10-701-A", reasons=["on W10"], free_hours=None, ends_at=None),
    ],
    unfit=[w.UnfitBed(bed_id="W1-101-B", rules=[Rule.MIXED_SEX], detail="room has men")],
    unsure=[
        w.UnsureBed(bed_id="W1-101-A", detail="occupied; nobody has said until when"),
        w.UnsureBed(bed_id="W1-109-Z", detail="of a bed that the lake does not have yet"),
    ],
)
SEARCH = "POST /beds/search"
CHOSEN = "booked_bed_id"


@pytest.fixture
def ward(places: Places, api: PlayedApi) -> PlayedApi:
    taken = {"current_booking_id": "bk-1", "current_patient_ref": "P-1001"}
    events = [
        bed_event(n, bed_id, "occupied" if n == 2 else "available", **(taken if n == 2 else {}))
        for n, bed_id in enumerate(BEDS, start=2)
    ]
    write_events(places, [clock_set(1), *events])
    api.ready(head_seq=6)
    api.answers[SEARCH] = (200, FOUND)
    api.answers["POST /bookings"] = (201, BOOKED)
    return api


def open_for(sex: str = "female", age: str = "adult") -> AppTest:
    page = open_page("book")
    page.button_group(key="wish-sex").select(sex).run()
    return page.button_group(key="wish-age").select(age).run()


def offered(page: AppTest) -> list[str]:
    return page.selectbox(key=CHOSEN).options


def best(bed_id: str, key: str = CHOSEN) -> str:
    return f"{key}-best-{bed_id}"


def test_the_best_bed_is_booked_in_five_actions(ward: PlayedApi) -> None:
    page = open_for()
    page.session_state["actor"] = "Asha"
    page.text_input[0].set_value("P-2002").run()
    assert page.button(key=best("W2-201-A")).label == (
        "**W2-201-A** same ward, general, free until Tue 07\\:30 (11 h, less than usual)"
    )
    page.button(key=best("W2-201-A")).click().run()
    next(one for one in page.button if one.label == "Book").click().run()

    [sent] = ward.sent("POST /bookings")
    assert (sent["bed_id"], sent["patient_ref"]) == ("W2-201-A", "P-2002")
    assert ward.sent(SEARCH)[-1] == ward.sent(SEARCH)[-2] == {
        "needs": {"sex": "female", "age_group": "adult"}, "limit": 1000, "patient_ref": "P-2002",
    }  # fmt: skip
    named = {route for route, headers, _ in ward.requests if "X-Actor" in headers}
    assert named == {"POST /bookings"}


@pytest.mark.usefixtures("ward")
def test_all_beds_are_listed_as_they_rank_and_those_that_do_not_fit_with_the_reason() -> None:
    assert offered(open_for()) == [
        "W2-201-A · same ward, general, free until Tue 07:30 (11 h, less than usual)",
        "W10-701-A · on W10",
        "W1-101-A · ? occupied; nobody has said until when",
        "W1-101-B · ✕ room has men",
    ]


def test_a_bed_that_does_not_fit_says_so_and_can_be_booked_all_the_same(ward: PlayedApi) -> None:
    page = open_for()
    page.text_input[0].set_value("P-2002").run()
    page.selectbox(key=CHOSEN).select("W1-101-A").run()
    assert "**W1-101-A** may not be free by then" in page.warning[0].value
    page.selectbox(key=CHOSEN).select("W1-101-B").run()
    assert page.warning[0].value == "**W1-101-B** does not fit: room has men."
    next(one for one in page.button if one.label == "Book").click().run()

    assert ward.sent("POST /bookings")[0]["bed_id"] == "W1-101-B"
    assert not page.warning  # of the bed that has just been booked


@pytest.mark.usefixtures("ward")
def test_why_a_bed_does_not_fit_is_found_by_the_bed_or_by_the_reason() -> None:
    page = open_for()
    assert "Why not ...? 2 other beds" in [box.label for box in page.expander]
    assert [*page.dataframe[0].value["bed_id"]] == ["W1-101-A", "W1-101-B"]
    for typed in ("101-b", "Men"):
        page.text_input(key=f"{CHOSEN}-why-not").set_value(typed).run()
        assert [*page.dataframe[0].value["detail"]] == ["room has men"]


def test_the_matcher_is_asked_once_until_something_changes_or_ten_seconds_pass(
    ward: PlayedApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page("book")
    page.button_group(key="wish-sex").select("female").run()
    assert ward.sent(SEARCH) == []  # the age group is not known
    page.button_group(key="wish-age").select("adult").run()
    page.run().run()
    assert len(ward.sent(SEARCH)) == 1
    page.button_group(key="wish-age").select("older").run().run()
    assert len(ward.sent(SEARCH)) == 2
    monkeypatch.setattr(desk, "monotonic", lambda: monotonic() + 11)
    page.run().run()
    assert len(ward.sent(SEARCH)) == 3


@pytest.mark.parametrize("is_known", [True, False])
def test_without_the_matcher_the_beds_are_those_of_the_lake(ward: PlayedApi, is_known) -> None:
    """Whether the page knows already that the API is silent, or learns it now."""
    if is_known:
        ward.silence()
    ward.answers.pop(SEARCH, None)
    page = open_for()
    assert [one.split(" · ")[0] for one in offered(page)] == [
        "W1-101-B", "W2-201-A", "W2-201-B", "W10-701-A", "W1-101-A",
    ]  # fmt: skip
    assert not [one for one in page.button if one.key and "best" in one.key]
    assert bool(ward.sent(SEARCH)) is not is_known
    told = [one.value for one in page.caption if one.value.startswith("These beds are not ranked.")]
    assert bool(told) is not is_known


def test_the_ward_that_is_chosen_is_wanted_or_that_of_the_bed_that_was_clicked(
    ward: PlayedApi,
) -> None:
    page = AppTest.from_file(str(PAGES / "book.py"), default_timeout=30)
    page.query_params["bed_id"] = "W10-701-A"
    page.run()
    page.button_group(key="wish-sex").select("female").run()
    page.button_group(key="wish-age").select("adult").run()
    assert ward.sent(SEARCH)[-1]["ward_id"] == "W10"
    assert page.selectbox(key=CHOSEN).value == "W10-701-A"
    assert page.button(key=best("W10-701-A")).icon == ":material/radio_button_checked:"
    assert page.button(key=best("W2-201-A")).icon == ":material/radio_button_unchecked:"

    next(one for one in page.selectbox if one.label == "Ward").select("W2").run()
    assert ward.sent(SEARCH)[-1]["ward_id"] == "W2"
    assert len(offered(page)) == 4  # wanted, not the only one


def test_the_time_and_the_needs_are_asked_for_too(ward: PlayedApi) -> None:
    page = open_for()
    page.radio[0].set_value("later").run()
    page.radio[1].set_value("open").run()
    next(one for one in page.selectbox if one.label == "Level of care").select("step_down").run()
    asked = ward.sent(SEARCH)[-1]
    assert asked["starts_at"] == (NOON + timedelta(minutes=30)).isoformat().replace("+00:00", "Z")
    assert asked["ends_at"] is None
    assert asked["needs"]["level_of_care"] == "step_down"


def test_the_room_class_narrows_what_was_found(ward: PlayedApi, places: Places) -> None:
    write_events(places, [bed_event(7, "W10-701-A", "available", room_class="private")])
    ward.ready(head_seq=7)
    page = open_for()
    next(one for one in page.selectbox if one.label == "Room class").select("private").run()
    assert offered(page) == ["W10-701-A · on W10"]
    assert "Why not" not in " ".join(box.label for box in page.expander)


def test_a_newborn_is_looked_for_beside_its_mother(ward: PlayedApi, places: Places) -> None:
    write_events(places, [bed_event(7, "W2-201-A", "available", is_cot=True)])
    ward.ready(head_seq=7)
    page = open_for(age="neonate")
    page.button(key=best("W2-201-A")).click().run()
    page.text_input(key="mother").set_value("P-1001").run().run()
    assert ward.sent(SEARCH)[-1]["mother_ref"] == "P-1001"


def test_where_no_bed_would_do_it_is_said(ward: PlayedApi) -> None:
    ward.answers[SEARCH] = (200, FOUND.model_copy(update={"items": []}))
    assert open_for().warning[0].value.startswith("No bed would do without breaking a rule.")


def test_a_patient_is_transferred_to_the_best_bed_by_one_click(ward: PlayedApi) -> None:
    ward.answers["POST /bookings/bk-1/transfer"] = (201, BOOKED)
    page = act_on(open_page("book"), "W1-101-A", "Transfer")
    assert ward.sent(SEARCH) == [{"patient_ref": "P-1001", "ward_id": "W1", "limit": 1000}]
    assert not [one for one in page.selectbox(key="transfer_to_bed_id").options if "101-A" in one]
    page.button(key=best("W2-201-A", "transfer_to_bed_id")).click().run()
    page.button[-1].click().run()
    assert ward.sent("POST /bookings/bk-1/transfer") == [{"to_bed_id": "W2-201-A"}]
    next(one for one in page.selectbox if one.label == "To ward").select("W10").run()
    assert ward.sent(SEARCH)[-1]["ward_id"] == "W10"


def test_without_the_matcher_a_patient_is_transferred_to_a_free_bed(ward: PlayedApi) -> None:
    del ward.answers[SEARCH]
    page = act_on(open_page("book"), "W1-101-A", "Transfer")
    ids = [one.split(" · ")[0] for one in page.selectbox(key="transfer_to_bed_id").options]
    assert ids == [*BEDS[1:]]


def test_a_discharge_says_that_the_patient_has_left(ward: PlayedApi) -> None:
    ended = BOOKED.model_copy(update={"state": BookingState.COMPLETED, "bed_id": "W1-101-A"})
    ward.answers["POST /bookings/bk-1/discharge"] = (200, ended)
    page = act_on(open_page("book"), "W1-101-A", "Discharge")
    page.button[-1].click().run()
    told = "The patient has left **W1-101-A**: booking `bk-7` has ended."
    assert page.success[0].value == told


@pytest.mark.usefixtures("ward")
def test_a_bed_that_was_clicked_stays_chosen_and_another_one_can_be() -> None:
    page = open_for()
    page.button(key=best("W2-201-A")).click().run().run()
    [listed] = [one for one in page.selectbox if one.label == "Bed (best first)"]
    assert listed.value == "W2-201-A"
    page.button(key=best("W10-701-A")).click().run().run()
    [listed] = [one for one in page.selectbox if one.label == "Bed (best first)"]
    assert listed.value == "W10-701-A"
    listed.select("W1-101-B").run().run()
    assert page.warning[0].value.startswith("**W1-101-B** does not fit")


def test_a_transfer_begins_without_the_bed_of_the_one_before(ward: PlayedApi) -> None:
    page = act_on(open_page("book"), "W1-101-A", "Transfer")
    page.button(key=best("W2-201-A", "transfer_to_bed_id")).click().run()
    page.button_group(key="act-W1-101-A").select("Write a note").run()
    page.button_group(key="act-W1-101-A").select("Transfer").run()
    assert [one.value for one in page.selectbox if one.label == "Bed (best first)"] == [None, None]
    assert ward.sent("POST /bookings/bk-1/transfer") == []
