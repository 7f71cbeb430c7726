"""Each page as a file, against a small lake and a played API."""

import datetime as dt
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lake.places import Places
from lake.tables import (
    BREACHES,
    CENSUS_HOURLY,
    CHECK_RESULTS,
    QUARANTINE,
    TABLE_RUNS_BATCH,
    TURNAROUND,
    UPDATE_VOLUME,
    WARD_DAILY,
)
from lake.vocabulary import BedStatus, BookingState, EventType, RequestState
from simulator.wire import answers as w
from tests.dashboard.lake_rows import NOON, bed_event, clock_set, write, write_events
from tests.dashboard.played_api import PlayedApi, page_of

PAGES = Path(__file__).parents[2] / "dashboard" / "app_pages"

pytestmark = pytest.mark.timeout(60)

BOOKED = w.BookingAnswer(
    booking_id="bk-7",
    bed_id="W1-101-B",
    state=BookingState.RESERVED,
    starts_at=NOON,
    ends_at=None,
    stay_id=None,
    spell_id="sp-7",
    seq=5,
)

CLEANING_STARTED = w.Event(
    seq=9,
    event_id="e-9",
    event_type=EventType.CLEANING_STARTED,
    occurred_at=NOON,
    recorded_at=NOON,
    ward_id="W1",
    bed_id="W1-102-A",
    booking_id=None,
    source="manual",
    actor="Ravi",
    reason_code=None,
    reason=None,
    override_reason=None,
    note=None,
)
WAITS = w.BedRequestWithBeds(
    bed_request_id="R7",
    state=RequestState.WAITING,
    patient_ref="P-77",
    ward_id=None,
    needs=w.Needs(sex="female", priority=1),
    wanted_from=NOON - timedelta(hours=1),
    requested_at=NOON - timedelta(hours=1),
    requested_by="sister.1",
    displaced_booking_id=None,
    booking_id=None,
    bed_id=None,
    in_bed_at=None,
    boarding_minutes=60.0,
    seq=3,
    suggestions=[],
)
OVERRIDDEN = w.Override(
    event_id="e-1",
    event_type=EventType.PATIENT_ADMITTED,
    rules=["mixed_sex"],
    bed_id="W1-101-A",
    booking_id="bk-7",
    actor="sister.1",
    reason_code="no_other_bed",
    reason="the only clean bed tonight",
    occurred_at=NOON - timedelta(hours=1),
    displaced_booking_ids=["bk-3"],
    replace_by="sister.1",
    reviewed_by=None,
    reviewed_at=None,
    seq=4,
)


def open_page(name: str) -> AppTest:
    page = AppTest.from_file(str(PAGES / f"{name}.py"), default_timeout=30).run()
    assert not page.exception
    return page


def html(page: AppTest) -> str:
    return "\n".join(element.proto.body for element in page.get("html"))


@pytest.fixture
def ward(places: Places, api: PlayedApi) -> PlayedApi:
    write_events(
        places,
        [
            clock_set(1),
            bed_event(
                2,
                "W1-101-A",
                "occupied",
                event_type="patient_admitted",
                current_booking_id="bk-1",
                current_patient_ref="P-1001",
                patient_ref="P-1001",
                expected_discharge_at=NOON + timedelta(hours=20),
                note="tea taken",
            ),
            bed_event(3, "W1-101-B", "available"),
            bed_event(4, "W1-102-A", "dirty", source="manual", actor="Asha"),
        ],
    )
    api.ready(head_seq=4)
    return api


@pytest.mark.usefixtures("ward")
def test_the_board_shows_every_bed_and_no_data_age() -> None:
    shown = html(open_page("board"))

    assert "17:30" in shown
    assert "P-1001" in shown
    assert "out Tue 13:30" in shown
    assert shown.count('class="bed ') == 3
    assert "● 0 s" in shown
    assert "out of date" not in shown


@pytest.mark.usefixtures("ward")
def test_the_board_can_be_searched_by_patient() -> None:
    page = open_page("board")
    page.text_input[0].set_value("p-1001").run()

    assert html(page).count('class="bed ') == 1


def test_a_board_without_the_api_says_that_it_may_be_out_of_date(ward: PlayedApi) -> None:
    ward.silence()

    shown = html(open_page("board"))

    assert "Statuses may be out of date" in shown
    assert "unknown" in shown
    assert "P-1001" in shown
    assert '<div class="wards stale">' in shown


APP = PAGES.parent / "app.py"


@pytest.mark.usefixtures("ward")
def test_a_name_that_cannot_travel_is_refused_where_it_is_typed() -> None:
    page = AppTest.from_file(str(APP), default_timeout=30).run()
    page.text_input(key="actor").set_value("Asha\u200b").run()
    assert [error.value for error in page.error] == [
        "A name cannot hold the character U+200B; type it again."
    ]
    page.text_input(key="actor").set_value("Asha ").run()
    assert not page.error
    assert "recorded as “Asha”" in html(page)


def test_an_action_under_such_a_name_is_told_as_not_done(ward: PlayedApi) -> None:
    page = AppTest.from_file(str(PAGES / "book.py"), default_timeout=30)
    page.session_state["actor"] = "Asha\u200b"
    page.run()
    page.text_input[0].set_value("P-2002").run()
    page.selectbox(key="booked_bed_id").select("W1-101-B").run()
    page.button[0].click().run()
    assert "Not done" in page.error[0].value
    assert not [route for route, _, _ in ward.requests if route.startswith("POST")]


def test_a_bed_chosen_on_the_board_is_chosen_in_the_form(ward: PlayedApi) -> None:
    ward.answers["POST /bookings"] = (201, BOOKED)
    page = AppTest.from_file(str(PAGES / "book.py"), default_timeout=30)
    page.query_params["bed_id"] = "W1-101-B"
    page.run()

    assert page.selectbox(key="booked_bed_id").value == "W1-101-B"

    page.text_input[0].set_value("P-2002").run()
    page.button[0].click().run()

    assert ward.sent("POST /bookings")[0]["bed_id"] == "W1-101-B"


def test_a_chosen_bed_stays_chosen_when_its_status_changes(ward: PlayedApi, places: Places) -> None:
    page = open_page("book")
    page.selectbox(key="acted_bed_id").select("W1-102-A").run()
    write_events(places, [bed_event(5, "W1-102-A", "available")])
    ward.ready(head_seq=5)
    page.run()

    assert page.selectbox(key="acted_bed_id").value == "W1-102-A"
    assert "Available, since" in html(page)


def test_the_board_marks_a_bay_of_men_and_women(ward: PlayedApi, places: Places) -> None:
    admitted = NOON - timedelta(hours=3)
    stays = [
        bed_event(
            seq,
            bed_id,
            "occupied",
            event_type="patient_admitted",
            current_stay_id=f"s{seq}",
            current_patient_ref=f"P-{seq}",
            current_rooms_with=sex,
            current_single_sex_from_at=admitted,
            admitted_at=admitted,
        )
        for seq, bed_id, sex in ((5, "W1-101-A", "female"), (6, "W1-101-B", "male"))
    ]
    write_events(places, stays)
    ward.ready(head_seq=6)
    assert html(open_page("board")).count("⚠ mixed sex") == 2


def test_a_silent_api_turns_the_age_red_at_once(ward: PlayedApi) -> None:
    page = open_page("board")
    ward.silence()
    time.sleep(1.1)  # all sessions share one look a second
    page.run()

    assert '<div class="age stale">' in html(page)
    assert "out of date" not in html(page)


def test_a_board_that_misses_events_is_as_old_as_the_first_of_them(ward: PlayedApi) -> None:
    ward.ready(head_seq=9)
    missing = w.Event(
        seq=5,
        event_id="e",
        event_type=EventType.NOTE_ADDED,
        occurred_at=NOON,
        recorded_at=NOON,
        ward_id=None,
        bed_id=None,
        booking_id=None,
        source="manual",
        actor=None,
        reason_code=None,
        reason=None,
        override_reason=None,
        note=None,
    )
    ward.answers["GET /events"] = (200, page_of(missing))

    shown = html(open_page("board"))

    assert "Updates reach this page late" in shown
    assert '<div class="age stale">' in shown


@pytest.mark.parametrize("name", ["board", "book", "waiting", "activity", "trends", "data"])
@pytest.mark.usefixtures("places")
def test_every_page_opens_on_an_empty_lake_while_the_hospital_is_set_up(
    name: str, api: PlayedApi
) -> None:
    api.refuse("GET /health/ready", 503, "not_ready", "The hospital is being set up.")

    told = "The booking API is not ready: The hospital is being set up."
    assert told in html(open_page(name))


def test_a_booking_is_made_and_told(ward: PlayedApi) -> None:
    ward.answers["POST /bookings"] = (201, BOOKED)
    page = open_page("book")
    page.text_input[0].set_value("P-2002").run()
    page.selectbox(key="booked_bed_id").select("W1-101-B").run()
    page.button[0].click().run()

    assert ward.sent("POST /bookings") == [
        {"bed_id": "W1-101-B", "patient_ref": "P-2002", "admit": False}
    ]
    assert "bk-7" in page.success[0].value
    assert "W1-101-B" in page.success[0].value


def test_a_refusal_shows_its_reason_and_an_alternative_can_be_taken(ward: PlayedApi) -> None:
    in_the_way = w.Conflict(booking_id="bk-3", bed_id="W1-101-B", starts_at=NOON, ends_at=None)
    ward.refuse(
        "POST /bookings",
        409,
        "overlaps_booking",
        "The bed is booked for a part of this time.",
        conflicts_with=in_the_way,
        in_the_way=[in_the_way],
        alternatives=[w.Alternative(bed_id="W1-103-A", reason="free and clean")],
    )
    page = open_page("book")
    page.text_input[0].set_value("P-2002").run()
    page.selectbox(key="booked_bed_id").select("W1-101-B").run()
    page.button[0].click().run()

    assert "booked for a part of this time" in page.error[0].value
    assert any("bk-3" in text.value for text in page.markdown)

    ward.answers["POST /bookings"] = (201, BOOKED.model_copy(update={"bed_id": "W1-103-A"}))
    page.button(key="instead-W1-103-A").click().run()

    assert ward.sent("POST /bookings")[-1]["bed_id"] == "W1-103-A"
    assert "W1-103-A" in page.success[0].value


def test_a_refusal_is_overridden_by_somebody_with_a_name_and_a_reason(ward: PlayedApi) -> None:
    ward.refuse(
        "POST /bookings",
        409,
        "mixed_sex",
        "A patient of another sex has a bed in this room at that time.",
        rules=["mixed_sex"],
        can_be_overridden=True,
    )
    page = open_page("book")
    page.session_state["actor"] = "sister.1"
    page.text_input[0].set_value("P-2002").run()
    page.selectbox(key="booked_bed_id").select("W1-101-B").run()
    page.button[0].click().run()
    assert page.button(key="book-go").disabled

    page.selectbox(key="book-code").select("no_other_bed").run()
    page.text_area(key="book-text").set_value("the only clean bed tonight").run()
    ward.answers["POST /bookings"] = (201, BOOKED)
    page.button(key="book-go").click().run()

    assert ward.sent("POST /bookings")[-1]["override"] == {
        "reason_code": "no_other_bed",
        "reason": "the only clean bed tonight",
    }
    assert "bk-7" in page.success[0].value


def test_a_request_that_waits_is_placed_and_an_override_reviewed(ward: PlayedApi) -> None:
    beds = [w.Alternative(bed_id="W1-101-B", reason="same ward")]
    with_beds = WAITS.model_copy(update={"suggestions": beds})
    ward.answers["GET /requests"] = (200, page_of(with_beds))
    ward.answers["GET /overrides"] = (200, page_of(OVERRIDDEN))
    ward.answers["POST /requests/R7/place"] = (201, BOOKED)
    ward.answers["POST /overrides/e-1/review"] = (200, w.ReviewAnswer(event_id="e-1", seq=9))

    page = open_page("waiting")
    assert any("P-77" in text.value for text in page.markdown)
    page.button(key="R7-W1-101-B").click().run()
    assert ward.sent("POST /requests/R7/place") == [{"bed_id": "W1-101-B", "admit": True}]

    page.button(key="review-e-1").click().run()
    assert ward.sent("POST /overrides/e-1/review") == [{}]
    assert "update 9" in page.success[0].value


def test_a_name_is_refused_before_it_is_sent(ward: PlayedApi) -> None:
    page = open_page("book")
    page.selectbox(key="booked_bed_id").select("W1-101-B").run()
    page.text_input[0].set_value("Mary").run()

    assert "not the patient's name" in page.warning[0].value
    assert page.button[0].disabled
    assert ward.sent("POST /bookings") == []


def test_the_acts_of_a_bed_are_those_that_its_status_allows(ward: PlayedApi) -> None:
    ward.answers["POST /beds/W1-102-A/cleaning/start"] = (
        200,
        w.BedAnswer(bed_id="W1-102-A", bed_status=BedStatus.CLEANING, seq=5),
    )
    page = open_page("book")
    page.selectbox(key="acted_bed_id").select("W1-102-A").run()
    acts = page.button_group(key="act-W1-102-A")

    assert acts.options[0] == "Start cleaning"

    acts.select("Start cleaning").run()
    page.button[-1].click().run()

    assert ward.sent("POST /beds/W1-102-A/cleaning/start") == [{}]
    assert "update 5" in page.success[0].value


def test_the_second_clerk_is_told_what_happened_to_the_bed_meanwhile(ward: PlayedApi) -> None:
    ward.refuse(
        "POST /beds/W1-102-A/cleaning/start", 412, "precondition_failed", "The newest event is 9."
    )
    words = {"reason_code": "equipment", "reason": "a burst pipe", "note": "after the plumber"}
    started = CLEANING_STARTED.model_copy(update=words | {"override_reason": "no other room"})
    ward.answers["GET /events"] = (200, page_of(started))
    page = open_page("book")
    page.selectbox(key="acted_bed_id").select("W1-102-A").run()
    page.button_group(key="act-W1-102-A").select("Start cleaning").run()
    page.button[-1].click().run()

    [sent] = [asked for asked in ward.requests if asked[0].startswith("POST")]
    assert sent[1]["If-Match"] == '"4"'
    assert "W1-102-A has changed since you looked" in page.error[0].value
    told = [text.value for text in page.markdown]
    assert (
        "- 17:30 cleaning started, Ravi: equipment; a burst pipe; no other room; after the plumber"
    ) in told


def test_an_override_is_offered_for_the_bed_that_is_chosen_and_says_what_it_does(
    ward: PlayedApi,
) -> None:
    ward.refuse(
        "POST /beds/W1-102-A/cleaning/start", 409, "overlaps_booking", "The bed is booked.",
        rules=["overlaps_booking"], can_be_overridden=True,
    )  # fmt: skip
    page = open_page("book")
    page.selectbox(key="acted_bed_id").select("W1-102-A").run()
    page.button_group(key="act-W1-102-A").select("Start cleaning").run()
    page.button[-1].click().run()
    assert page.error[0].value.startswith("**Not done: Start cleaning, W1-102-A.**")
    assert [box.label for box in page.expander][-1] == (
        "Override against overlaps booking: Start cleaning, W1-102-A"
    )

    page.selectbox(key="acted_bed_id").select("W1-101-B").run()

    assert not page.error
    assert not [box for box in page.expander if box.label.startswith("Override")]


def act_on(page: AppTest, bed_id: str, act: str) -> AppTest:
    page.selectbox(key="acted_bed_id").select(bed_id).run()
    return page.button_group(key=f"act-{bed_id}").select(act).run()


def test_sex_and_age_group_come_first_and_travel_with_the_wish(ward: PlayedApi) -> None:
    ward.answers["POST /bookings"] = (201, BOOKED)
    page = open_page("book")
    assert [group.label for group in page.button_group][:2] == ["Sex", "Age group"]
    page.button_group(key="wish-sex").select("female").run()
    page.button_group(key="wish-age").select("older").run()
    page.text_input[0].set_value("P-2002").run()
    page.selectbox(key="booked_bed_id").select("W1-101-B").run()
    page.button[0].click().run()

    [sent] = ward.sent("POST /bookings")
    assert sent["needs"] == {"sex": "female", "age_group": "older"}
    assert "ends_at" not in sent  # the ward's usual stay

    page.radio[1].set_value("open").run()
    page.button[0].click().run()
    assert ward.sent("POST /bookings")[1]["ends_at"] is None


def test_isolation_is_started_of_a_kind_and_with_an_organism(ward: PlayedApi) -> None:
    answer = w.IsolationAnswer(seq=9, bed_id="W1-101-A", bed_status=BedStatus.ISOLATED)
    ward.answers["POST /beds/W1-101-A/isolation/start"] = (200, answer)
    page = act_on(open_page("book"), "W1-101-A", "Start isolation")
    page.selectbox(key="act-isolation").select("source").run()
    page.text_input(key="act-organism").set_value("C. difficile").run()
    page.button[-1].click().run()

    assert ward.sent("POST /beds/W1-101-A/isolation/start") == [
        {"kind": "source", "organism": "c_difficile"}
    ]


def test_what_becomes_known_of_a_patient_is_told(ward: PlayedApi) -> None:
    ward.answers["POST /bookings/bk-1/change"] = (200, BOOKED)
    page = act_on(open_page("book"), "W1-101-A", "Say more of the patient")
    page.button_group(key="known-sex").select("male").run()
    page.button[-1].click().run()

    assert ward.sent("POST /bookings/bk-1/change") == [{"needs": {"sex": "male"}}]


def test_a_mother_leaves_with_the_newborn_that_is_chosen(ward: PlayedApi, places: Places) -> None:
    ward.answers["POST /bookings/bk-1/discharge"] = (200, BOOKED)
    cot = {"is_cot": True, "current_patient_ref": "N-1", "current_booking_id": "B7"}
    write_events(places, [bed_event(5, "W1-101-C", "occupied", room_id="W1-101", **cot)])
    ward.ready(head_seq=5)
    page = act_on(open_page("book"), "W1-101-A", "Discharge")
    page.button_group[-1].select("N-1").run()
    page.button[-1].click().run()

    [sent] = ward.sent("POST /bookings/bk-1/discharge")
    assert sent["newborns"] == [{"patient_ref": "N-1", "disposition": "home"}]


def test_an_api_that_has_stopped_says_why_on_every_page(ward: PlayedApi) -> None:
    why = "stale_writer: another process has written to the lake."
    ward.refuse("GET /health/ready", 503, "storage_unavailable", why)
    time.sleep(1.1)  # all sessions share one look a second
    shown = html(open_page("board"))

    assert f"The booking API is not ready: {why}" in shown
    assert "API not ready" in shown


def test_a_click_on_a_bed_that_has_gone_is_answered(ward: PlayedApi) -> None:
    """Between the look and the click the bed was given away: the request suggests another."""
    beds = [w.Alternative(bed_id="W1-101-B", reason="same ward")]
    ward.answers["GET /requests"] = (200, page_of(WAITS.model_copy(update={"suggestions": beds})))
    ward.answers["GET /overrides"] = (200, page_of())
    page = open_page("waiting")
    ward.answers["GET /requests"] = (200, page_of(WAITS))
    ward.refuse("POST /requests/R7/place", 409, "bed_occupied", "There is a patient in this bed.")

    page.button(key="R7-W1-101-B").click().run()

    assert "There is a patient in this bed" in page.error[0].value
    assert len(ward.sent("POST /requests/R7/place")) == 1


def test_the_waiting_list_says_how_many_it_does_not_show(ward: PlayedApi) -> None:
    many = [WAITS.model_copy(update={"bed_request_id": f"R{n}"}) for n in range(24)]
    ward.answers["GET /requests"] = (200, page_of(*many))
    ward.answers["GET /overrides"] = (200, page_of())
    page = open_page("waiting")

    assert page.subheader[0].value == "Waiting for a bed: 24"
    assert any("first 20 of 24" in caption.value for caption in page.caption)


PROPOSED = w.Proposal(
    items=[
        w.ProposedBed(
            bed_request_id="R7",
            bed_id="W1-101-B",
            starts_at=NOON,
            reasons=["same ward", "clean now"],
            seq=3,
        )
    ],
    left=[w.LeftRequest(bed_request_id="R8", in_the_way="beds that would do go to R7")],
    pending=[w.PendingBed(bed_id="W1-102-A", why="is dirty", free_at=NOON, is_for=["R8", "R9"])],
)


def test_beds_are_proposed_for_all_and_reserved_in_one_call(ward: PlayedApi) -> None:
    ward.answers["GET /requests"] = (200, page_of(WAITS))
    ward.answers["GET /overrides"] = (200, page_of())
    ward.answers["POST /requests/match"] = (200, PROPOSED)
    ward.answers["POST /requests/place-all"] = (201, w.PlacementsAnswer(seq=9, bookings=()))
    page = open_page("waiting")
    assert not page.checkbox
    next(one for one in page.button if one.label == "Propose beds for all").click().run()

    assert page.checkbox[0].label == ("**P-77 (priority 1) → W1-101-B** now: same ward, clean now")
    told = [caption.value for caption in page.caption]
    assert "No bed: R8. beds that would do go to R7" in told
    assert "**W1-102-A** is dirty, free about 17:30: for R8 and 1 more" in told
    next(one for one in page.button if one.label == "Reserve 1 bed").click().run()

    [sent] = ward.sent("POST /requests/place-all")
    [pair] = sent["pairs"]
    assert (pair["bed_request_id"], pair["bed_id"], pair["seq"]) == ("R7", "W1-101-B", 3)
    assert pair["starts_at"] is None  # now, whenever it is pressed
    assert not page.checkbox


def test_a_pair_that_is_not_wanted_is_left_out(ward: PlayedApi) -> None:
    ward.answers["GET /requests"] = (200, page_of(WAITS))
    ward.answers["GET /overrides"] = (200, page_of())
    ward.answers["POST /requests/match"] = (200, PROPOSED)
    page = open_page("waiting")
    next(one for one in page.button if one.label == "Propose beds for all").click().run()
    page.checkbox[0].uncheck().run()
    assert next(one for one in page.button if one.label == "Reserve 0 beds").disabled


def test_who_is_in_the_discharge_lounge_is_seen_and_leaves_by_a_click(ward: PlayedApi) -> None:
    ward.answers["GET /requests"] = (200, page_of())
    ward.answers["GET /overrides"] = (200, page_of())
    there = w.InLounge(
        booking_id="B3", patient_ref="P-5", ward_id="W1", since_at=NOON, disposition="home"
    )
    ward.answers["GET /lounge"] = (200, w.Lounge(places=10, items=[there]))
    ward.answers["POST /bookings/B3/lounge/leave"] = (200, w.LoungeAnswer(booking_id="B3", seq=9))
    page = open_page("waiting")
    assert "Discharge lounge: 1 of 10" in [one.value for one in page.subheader]
    page.button(key="lounge-B3").click().run()
    assert len(ward.sent("POST /bookings/B3/lounge/leave")) == 1


def test_the_waiting_list_is_asked_for_once_however_many_wait(ward: PlayedApi) -> None:
    many = [WAITS.model_copy(update={"bed_request_id": f"R{n}"}) for n in range(9)]
    ward.answers["GET /requests"] = (200, page_of(*many))
    ward.answers["GET /overrides"] = (200, page_of())
    open_page("waiting")

    asked = [route for route, *_ in ward.requests if route.startswith("GET /requests")]
    assert asked == ["GET /requests"]


def test_a_bed_is_asked_for_by_the_reference_alone(ward: PlayedApi) -> None:
    page = waiting_page(ward)
    assert page.button(key="request-go").disabled
    page.text_input(key="request-ref").set_value("P-88").run()
    page.button(key="request-go").click().run()

    assert ward.sent("POST /requests") == [{"patient_ref": "P-88"}]


def test_a_bed_is_asked_for_with_all_that_is_known(ward: PlayedApi) -> None:
    page = waiting_page(ward)
    page.text_input(key="request-ref").set_value("P-88").run()
    page.button_group(key="request-waits-in").select("emergency_department").run()
    page.button_group(key="request-priority").select(2).run()
    page.time_input(key="request-arrived").set_value(dt.time(17, 0)).run()
    page.time_input(key="request-decided").set_value(dt.time(17, 20)).run()
    page.number_input(key="request-stay").set_value(1.5).run()
    page.selectbox(key="request-ward").select("W1").run()
    page.button(key="request-go").click().run()

    assert ward.sent("POST /requests") == [
        {
            "patient_ref": "P-88",
            "waits_in": "emergency_department",
            "arrived_at": "2024-03-04T11:30:00Z",
            "decided_at": "2024-03-04T11:50:00Z",
            "expected_stay_hours": 36.0,
            "ward_id": "W1",
            "needs": {"priority": 2},
        }
    ]


def waiting_page(ward: PlayedApi) -> AppTest:
    ward.answers["GET /requests"] = (200, page_of())
    ward.answers["GET /overrides"] = (200, page_of())
    ward.answers["POST /requests"] = (201, w.RequestAnswer(bed_request_id="R8", seq=9))
    return open_page("waiting")


def test_what_somebody_typed_is_shown_as_text(ward: PlayedApi) -> None:
    """An image of elsewhere would tell elsewhere who looks at this page, and when."""
    image = "![seen](https://elsewhere.example/pixel.png)"
    asked = WAITS.model_copy(update={"requested_by": image, "patient_ref": image})
    overridden = {"actor": image, "reason": image, "replace_by": image}
    ward.answers["GET /requests"] = (200, page_of(asked))
    ward.answers["GET /overrides"] = (200, page_of(OVERRIDDEN.model_copy(update=overridden)))
    page = open_page("waiting")

    shown = "\n".join(text.value for text in [*page.markdown, *page.caption])
    assert shown.count("elsewhere.example") == 5
    assert image not in shown


@pytest.mark.usefixtures("ward")
def test_every_page_has_a_pulse_that_the_browser_watches() -> None:
    page = AppTest.from_file(str(APP), default_timeout=30).run()
    assert "snrPulse" in html(page)
    [before] = re.findall(r'data-beat="([^"]+)"', html(page))
    page.run()
    [after] = re.findall(r'data-beat="([^"]+)"', html(page))
    assert before != after


@pytest.mark.usefixtures("ward")
def test_activity_lists_updates_newest_first_and_marks_manual_ones() -> None:
    shown = html(open_page("activity"))

    assert shown.index("W1-102-A") < shown.index("W1-101-B") < shown.index("W1-101-A")
    assert shown.count('class="manual"') == 1
    assert "tea taken" in shown


def open_trends(section: str) -> AppTest:
    page = open_page("trends")
    page.button_group(key="section").select(section).run()
    assert not page.exception
    return page


@pytest.mark.usefixtures("ward")
def test_trends_say_that_they_are_being_built() -> None:
    page = open_page("trends")

    assert len(page.info) == 4
    assert all("Building" in note.value for note in page.info)
    assert "Building" in open_trends("Key figures").info[0].value


@pytest.mark.usefixtures("ward")
@pytest.mark.parametrize(("section", "empty"), [("Turnaround", 3), ("Breaches", 1), ("Updates", 5)])
def test_sections_without_numbers_say_so(section: str, empty: int) -> None:
    page = open_trends(section)

    assert [note.value for note in page.info] == ["Nothing in these days."] * empty


DAY = NOON.date()


@pytest.fixture
def counted(ward: PlayedApi, places: Places) -> PlayedApi:
    """One day of one ward: 9 of 10 beds used, 3 cases."""
    counts = {
        "available_bed_days": 10, "occupied_bed_days": 9, "admission_count": 3,
        "discharge_count": 3, "death_count": 0, "case_count": 3,
    }  # fmt: skip
    snr = {"hospital_id": "snr", "ward_id": "W1"}
    write(places, WARD_DAILY, [snr | {"census_on": DAY} | counts])
    write(places, CENSUS_HOURLY, [snr | {"census_on": DAY, "census_at": NOON, "occupied_count": 9}])
    write(places, UPDATE_VOLUME, [
        snr | {"window_at": NOON, "window_on": DAY, "is_manual": manual, "update_count": 2,
               "character_count": 50}
        for manual in (True, False)
    ])  # fmt: skip
    write(places, BREACHES, [
        snr | {"stay_id": "s1", "patient_ref": "P-1001", "breach": "mixed_sex", "from_at": NOON,
               "room_id": "W1-101", "bed_id": "W1-101-A"}
    ])  # fmt: skip
    write(places, TURNAROUND, [
        snr | {"bed_id": "W1-101-A", "dirty_at": NOON, "ended_on": DAY, "response_minutes": 20.0,
               "clean_minutes": 35.0, "turn_minutes": 55.0}
    ])  # fmt: skip
    return ward


@pytest.mark.usefixtures("counted")
def test_key_figures_are_a_table_a_chart_and_a_file() -> None:
    page = open_trends("Key figures")

    [table] = page.dataframe
    shown = table.value.iloc[0]
    assert (shown["unit_name"], shown["occupancy_percent"]) == ("whole hospital", 90.0)
    assert shown["alos_days"] == 3.0
    columns = [*table.value.columns]
    assert columns[columns.index("alos_days") + 1] == "median_stay_days"
    assert len(page.get("vega_lite_chart")) == 1
    assert len(page.get("download_button")) == 1


@pytest.mark.usefixtures("counted")
def test_key_figures_can_be_had_of_wards_per_day() -> None:
    page = open_trends("Key figures")
    page.button_group[1].select("Wards").run()
    page.button_group[2].select("per day").run()

    shown = page.dataframe[0].value.iloc[0]
    assert (shown["unit_name"], shown["period_on"]) == ("W1", DAY)


@pytest.mark.usefixtures("counted")
def test_a_ward_without_numbers_leaves_the_charts_empty(places: Places) -> None:
    write_events(places, [bed_event(5, "W2-201-A", "available")])
    page = open_page("trends")
    assert len(page.get("vega_lite_chart")) == 4

    page.multiselect[0].set_value(["W2"]).run()

    assert len(page.get("vega_lite_chart")) == 0


@pytest.mark.usefixtures("counted")
@pytest.mark.parametrize(("section", "drawn"), [("Turnaround", 3), ("Breaches", 1), ("Updates", 2)])
def test_each_section_draws_what_has_been_counted(section: str, drawn: int) -> None:
    assert len(open_trends(section).get("vega_lite_chart")) == drawn


@pytest.fixture
def failing(ward: PlayedApi, places: Places) -> PlayedApi:
    at = datetime.now(UTC) - timedelta(minutes=5)
    write(places, CHECK_RESULTS, [
        {"checked_at": at, "check_name": name, "table_name": "gold.bed_board", "is_ok": ok,
         "failed_count": 0 if ok else 3, "promise": "No bed is there twice.",
         "examples": [] if ok else ['{"bed_id": "W1-1-A"}']}
        for name, ok in (("bed_id_is_unique", False), ("board_is_fresh", True))
    ])  # fmt: skip
    write(places, TABLE_RUNS_BATCH, [
        {"run_name": "by hand", "table_name": "gold.ward_daily", "finished_at": at,
         "version_written": 4, "sources": ["silver.bed_events@7"], "seconds": 1.0}
    ])  # fmt: skip
    write(places, QUARANTINE, [
        {"event_id": "e9", "rule": "unknown_bed", "detail": "No bed W9", "quarantined_at": at}
    ])  # fmt: skip
    return ward


@pytest.mark.usefixtures("failing")
def test_the_page_data_tells_of_checks_runs_lineage_and_quarantine() -> None:
    page = open_page("data")
    shown = html(page)

    assert shown.index("bed id is unique") < shown.index("board is fresh")
    assert "No bed is there twice." in shown
    assert "{&#34;bed_id&#34;: &#34;W1-1-A&#34;}" in shown
    assert "gold.ward_daily" in shown
    assert "No bed W9" in shown
    [graph] = page.get("graphviz_chart")
    assert '"silver.bed_events" -> "gold.ward_daily"' in graph.proto.spec


@pytest.mark.usefixtures("failing")
def test_the_runs_of_one_table_can_be_looked_at() -> None:
    page = open_page("data")
    page.selectbox[0].select("gold.ward_daily").run()

    assert not page.exception
    assert "gold.ward_daily" in html(page)


@pytest.mark.usefixtures("failing")
def test_a_failed_check_is_told_on_every_page_with_a_way_to_it() -> None:
    app = AppTest.from_file(str(PAGES.parent / "app.py"), default_timeout=30).run()

    assert not app.exception
    [link] = app.get("page_link")
    assert "bed id is unique" in link.proto.label
    assert link.proto.page == "data"


@pytest.mark.usefixtures("ward")
def test_without_a_failed_check_nothing_is_told() -> None:
    app = AppTest.from_file(str(PAGES.parent / "app.py"), default_timeout=30).run()

    assert not app.get("page_link")


@pytest.mark.usefixtures("ward")
def test_the_app_opens_on_the_board_with_its_ribbons() -> None:
    app = AppTest.from_file(str(PAGES.parent / "app.py"), default_timeout=30).run()

    assert not app.exception
    assert "Simulated data" in html(app)
    assert "Nobody signs in" in html(app)
