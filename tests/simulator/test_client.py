"""The client against an API that is played by a function."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import pytest

from lake.vocabulary import BookingState
from simulator.client import (
    BookingChange,
    BookingClient,
    NewBooking,
    NotSent,
    Pair,
    PairNotPlaced,
    Placements,
    Refused,
    Unreachable,
)

IST = timezone(timedelta(hours=5, minutes=30))

BOOKED = {
    "booking_id": "bk-1",
    "bed_id": "W3-204-A",
    "state": "reserved",
    "starts_at": "2024-03-04T12:00:00Z",
    "ends_at": None,
    "stay_id": None,
    "spell_id": "sp-1",
    "seq": 7,
    "what_comes_later": True,
}

CLEANING = {"bed_id": "W3-204-A", "bed_status": "cleaning", "seq": 8}
READ = {
    **BOOKED,
    "ward_id": "W3",
    "patient_ref": "P-1001",
    "source": "manual",
    "is_discharge_confirmed": False,
    "is_at_risk": False,
    "displaced_by_booking_id": None,
    "bed_request_id": None,
    "needs": {"sex": "female"},
}

WISH = NewBooking(bed_id="W3-204-A", patient_ref="P-1001")


def client(answer: Callable[[httpx.Request], httpx.Response], actor: str = "") -> BookingClient:
    return BookingClient("http://api", actor, transport=httpx.MockTransport(answer))


def test_a_booking_comes_back_typed_with_aware_instants() -> None:
    booking = client(lambda _: httpx.Response(201, json=BOOKED)).book(WISH)

    assert booking.state is BookingState.RESERVED
    assert booking.starts_at.utcoffset() == timedelta(0)
    assert (booking.ends_at, booking.seq) == (None, 7)


def test_a_booking_sends_what_was_given_and_instants_as_utc() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(201, json=BOOKED)

    client(answer, "Asha").book(
        NewBooking(
            bed_id="W3-204-A",
            patient_ref="P-1001",
            ends_at=datetime(2024, 3, 5, 9, tzinfo=IST),
            admit=True,
        )
    )

    assert json.loads(seen[0].content) == {
        "bed_id": "W3-204-A",
        "patient_ref": "P-1001",
        "ends_at": "2024-03-05T03:30:00Z",
        "admit": True,
    }
    assert seen[0].headers["X-Actor"] == "Asha"


def test_who_waits_is_asked_for_with_beds_in_one_call() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, json={"items": [], "next": None})

    assert client(answer).requests_with_beds() == []
    assert asked == ["http://api/requests?with_beds=true&limit=1000"]


def test_of_several_placements_the_one_that_was_refused_is_named() -> None:
    sent: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append((request.url.path, json.loads(request.content)))
        pair = {"index": 1, "bed_request_id": "R8"}
        problem = {"status": 409, "code": "mixed_sex", "detail": "pairs.1, R8: no", "pair": pair}
        return httpx.Response(409, json=problem)

    pairs = [Pair(bed_request_id=f"R{n}", bed_id=f"W1-101-{n}", seq=n) for n in (7, 8)]
    with pytest.raises(Refused) as caught:
        client(answer).place_all(Placements(pairs=pairs))
    assert caught.value.pair == PairNotPlaced(index=1, bed_request_id="R8")
    [(path, body)] = sent
    assert path == "/requests/place-all"
    assert body["pairs"][1] == {"bed_request_id": "R8", "bed_id": "W1-101-8", "seq": 8}


def test_several_placements_come_back_typed_in_their_order() -> None:
    placed = {"seq": 9, "bookings": [BOOKED, BOOKED | {"booking_id": "bk-2"}]}
    pairs = [Pair(bed_request_id="R7", bed_id="W1-101-A", seq=7)]
    done = client(lambda _: httpx.Response(201, json=placed)).place_all(Placements(pairs=pairs))
    assert [booking.booking_id for booking in done.bookings] == ["bk-1", "bk-2"]


def test_a_name_that_is_not_ascii_travels_as_utf8() -> None:
    seen: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(dict(request.headers.raw)[b"X-Actor"])
        return httpx.Response(200, json=BOOKED)

    client(answer, "आशा").admit("bk-1")

    assert seen == ["आशा".encode()]


@pytest.mark.parametrize("typed", ["Asha ", " Asha", "\tAsha\n", "\u00a0Asha\u00a0"])
def test_blanks_around_a_name_do_not_travel(typed: str) -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["X-Actor"])
        return httpx.Response(201, json=BOOKED)

    client(answer, typed).book(WISH)

    assert seen == ["Asha"]


@pytest.mark.parametrize("typed", ["As\nha", "Asha\u200b", "A\x00", " ", "A" * 101, "\ud83d"])
def test_a_name_that_cannot_travel_is_not_sent_and_says_so(typed: str) -> None:
    with pytest.raises(NotSent, match="name"):
        client(lambda _: httpx.Response(201, json=BOOKED), typed)


def test_a_lost_post_is_sent_once_more_with_the_same_key() -> None:
    keys: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) == 1:
            raise httpx.ReadTimeout("too slow")
        return httpx.Response(200, json=BOOKED)

    client(answer).cancel("bk-1")

    assert len(keys) == 2
    assert keys[0] == keys[1]


def played(*answers: httpx.Response | Exception) -> BookingClient:
    left = list(answers)

    def answer(_: httpx.Request) -> httpx.Response:
        following = left.pop(0)
        if isinstance(following, Exception):
            raise following
        return following

    return client(answer)


def problem(status: int, code: str) -> httpx.Response:
    return httpx.Response(status, json={"status": status, "code": code, "detail": "It says why."})


LOST, NOT_RUNNING = httpx.ReadError("cut"), httpx.ConnectError("refused")
AWAY = problem(503, "storage_unavailable")


@pytest.mark.parametrize(
    "answers",
    [
        (LOST, NOT_RUNNING),  # it died after it had taken the first
        (LOST, LOST),
        (AWAY, NOT_RUNNING),
        (AWAY, AWAY),
        (NOT_RUNNING, AWAY),
        (problem(500, "internal_error"), problem(500, "internal_error")),
        (httpx.Response(502), httpx.Response(502)),
    ],
)
def test_a_change_that_may_have_been_made_is_not_told_as_not_made(answers) -> None:
    with pytest.raises(Unreachable) as caught:
        played(*answers).book(WISH)
    assert not isinstance(caught.value, NotSent)


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ((NOT_RUNNING, NOT_RUNNING), NotSent),
        ((NOT_RUNNING, problem(503, "not_ready")), Refused),
        ((problem(503, "overloaded"),), Refused),
        ((problem(409, "bed_occupied"),), Refused),
    ],
)
def test_a_change_that_was_not_made_is_told_so(answers, error) -> None:
    with pytest.raises(error):
        played(*answers).book(WISH)


def test_what_an_answer_left_open_the_same_key_settles() -> None:
    assert played(AWAY, httpx.Response(201, json=BOOKED)).book(WISH).booking_id == "bk-1"


def test_an_id_stays_one_part_of_the_path() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path.decode())
        return httpx.Response(200, json=CLEANING)

    client(answer).start_cleaning("W1/close#?x")
    assert asked == ["/beds/W1%2Fclose%23%3Fx/cleaning/start"]


def test_two_actions_have_two_keys() -> None:
    keys: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        return httpx.Response(200, json=CLEANING)

    api = client(answer)
    api.start_cleaning("W3-204-A")
    api.start_cleaning("W3-204-A")

    assert keys[0] != keys[1]


def test_a_refusal_carries_the_rule_the_booking_in_the_way_and_alternatives() -> None:
    problem = {
        "status": 409,
        "code": "overlaps_booking",
        "detail": "The bed is booked for a part of this time.",
        "conflicts_with": {
            "booking_id": "bk-9",
            "bed_id": "W3-204-A",
            "starts_at": "2024-03-04T12:00:00Z",
            "ends_at": "2024-03-05T12:00:00Z",
        },
        "alternatives": [{"bed_id": "W3-205-B", "reason": "same ward, free and clean"}],
    }

    with pytest.raises(Refused) as refusal:
        client(lambda _: httpx.Response(409, json=problem)).book(
            NewBooking(bed_id="W3-204-A", patient_ref="P-1")
        )

    assert refusal.value.code == "overlaps_booking"
    assert str(refusal.value) == problem["detail"]
    assert refusal.value.conflicts_with is not None
    assert refusal.value.conflicts_with.booking_id == "bk-9"
    assert [a.bed_id for a in refusal.value.alternatives] == ["W3-205-B"]


def test_a_refusal_that_is_not_json_still_says_something() -> None:
    with pytest.raises(Refused, match="Bad Gateway"):
        client(lambda _: httpx.Response(502, text="<html>")).clock()


def test_a_silent_api_is_unreachable() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(Unreachable):
        client(answer).clock()


def test_not_ready_is_an_answer() -> None:
    problem = {"status": 503, "code": "not_ready", "detail": "The hospital is being opened."}

    readiness = client(lambda _: httpx.Response(503, json=problem)).ready()

    assert (readiness.is_ready, readiness.head_seq) == (False, None)
    assert readiness.status == "The hospital is being opened."


def test_a_list_is_read_to_its_last_page() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        page = request.url.params.get("after")
        item = {**READ, "booking_id": page or "bk-1"}
        return httpx.Response(200, json={"items": [item], "next": None if page else "bk-2"})

    assert [b.booking_id for b in client(answer).bookings()] == ["bk-1", "bk-2"]


def test_a_write_about_a_bed_that_was_seen_says_which_state_was_seen() -> None:
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json=CLEANING)

    api = client(answer)
    api.if_unchanged(7).start_cleaning("W3-204-A")
    api.start_cleaning("W3-204-A")
    assert [request.headers.get("If-Match") for request in sent] == ['"7"', None]


def test_an_answer_that_is_not_known_is_told_by_its_place() -> None:
    with pytest.raises(Unreachable, match=r"/clock: hospital_at: Field required"):
        client(lambda _: httpx.Response(200, json={"speed": 1.0})).clock()


def test_what_a_change_does_not_set_is_not_sent_and_an_end_that_is_taken_away_is() -> None:
    sent: list[object] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(json.loads(request.content))
        return httpx.Response(200, json=BOOKED)

    client(answer).change("bk-1", BookingChange(ends_at=None))

    assert sent == [{"ends_at": None}]
