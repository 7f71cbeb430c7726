"""Several requests placed by one command."""

from copy import deepcopy
from operator import itemgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.vocabulary import EventType, Rule
from simulator.domain import commands as c
from simulator.domain.errors import NotCarriedOut, NotThere, Outdated, Refusal
from simulator.domain.hospital import fold
from simulator.domain.needs import Isolation, Needs
from tests.simulator.ward import BEDS, MAN, WOMAN, SmallWard, hours

A, B, C, D = BEDS
NOROVIRUS = Needs(sex="female", isolation=Isolation("source", "norovirus"))


@pytest.fixture
def ward() -> SmallWard:
    return SmallWard()


def ask(ward: SmallWard, *needs: Needs) -> list[str]:
    """By patients P-1, P-2, ... in the order of what they need."""
    return [
        ward.do(c.RequestBed(patient_ref=f"P-{nth}", needs=of))["bed_request_id"]
        for nth, of in enumerate(needs, 1)
    ]


def pair(ward: SmallWard, request_id: str, bed_id: str, **how) -> c.Pair:
    """As the request is now."""
    known = ward.engine.hospital.requests.get(request_id)
    place = c.PlaceRequest(bed_request_id=request_id, bed_id=bed_id, **how)
    return c.Pair(place=place, seq=known.seq if known else 1)


def place_all(ward: SmallWard, *pairs: c.Pair) -> list[dict]:
    return ward.do_all(c.PlaceAll(pairs=pairs))


def refused(ward: SmallWard, *pairs: c.Pair) -> NotCarriedOut:
    """And nothing of it has happened."""
    before, head = deepcopy(ward.engine.hospital), ward.engine.head_seq
    with pytest.raises(NotCarriedOut) as caught:
        place_all(ward, *pairs)
    assert (ward.engine.hospital, ward.engine.head_seq) == (before, head)
    return caught.value


def test_all_are_placed_in_one_request_in_their_order(ward) -> None:
    first, second = ask(ward, WOMAN, WOMAN)
    rows = place_all(ward, pair(ward, second, A, admit=True), pair(ward, first, C))
    assert [row["event_type"] for row in rows] == [
        EventType.REQUEST_PLACED, EventType.PATIENT_ADMITTED,
        EventType.REQUEST_PLACED, EventType.BED_BOOKED,
    ]  # fmt: skip
    assert len({row["request_id"] for row in rows}) == 1
    assert [row["placed_event_id"] for row in rows[::2]] == [row["event_id"] for row in rows[1::2]]
    assert ward.engine.hospital.requests == {}
    assert fold(ward.rows) == ward.engine.hospital


def test_a_pair_that_is_refused_is_named_and_nothing_happens(ward) -> None:
    first, second = ask(ward, WOMAN, Needs(room_class="icu"))
    error = refused(ward, pair(ward, first, A), pair(ward, second, C))
    assert isinstance(error, Refusal)
    assert (error.rule, error.pair) == (Rule.WRONG_ROOM_CLASS, (1, second))


def test_a_pair_sees_who_shares_the_room_since_the_one_before_it(ward) -> None:
    first, second = ask(ward, WOMAN, MAN)
    error = refused(ward, pair(ward, first, A, admit=True), pair(ward, second, B, admit=True))
    assert isinstance(error, Refusal)
    assert (error.rule, error.pair) == (Rule.MIXED_SEX, (1, second))


def test_one_bed_is_given_twice_at_different_times_only(ward) -> None:
    first, second = ask(ward, WOMAN, WOMAN)
    until_noon = pair(ward, first, A, ends_at=hours(4))
    error = refused(ward, until_noon, pair(ward, second, A, starts_at=hours(3)))
    assert isinstance(error, Refusal)
    assert (error.rule, error.pair) == (Rule.OVERLAPS_BOOKING, (1, second))
    place_all(ward, until_noon, pair(ward, second, A, starts_at=hours(4)))
    assert [b.patient_ref for b in ward.engine.hospital.reservations(A)] == ["P-1", "P-2"]


def test_one_request_is_placed_once(ward) -> None:
    [only] = ask(ward, WOMAN)
    error = refused(ward, pair(ward, only, A), pair(ward, only, C))
    assert isinstance(error, Refusal)
    assert (error.rule, error.pair) == (Rule.ILLEGAL_BOOKING_CHANGE, (1, only))
    assert str(error).endswith("A pair before it has placed this request.")


def test_a_bed_that_is_left_by_a_pair_is_dirty_for_the_next(ward) -> None:
    ward.do(c.BookBed(bed_id=A, patient_ref="P-1", admit=True, needs=WOMAN))
    first, second = ask(ward, WOMAN, WOMAN)
    error = refused(ward, pair(ward, first, C, admit=True), pair(ward, second, A, admit=True))
    assert isinstance(error, Refusal)
    assert (error.rules, error.pair) == ((Rule.BED_NOT_CLEAN,), (1, second))


def test_a_request_that_has_changed_since_it_was_seen_is_not_placed(ward) -> None:
    first, second = ask(ward, WOMAN, WOMAN)
    seen = pair(ward, second, C)
    row = ward.do(c.ChangeRequest(bed_request_id=second, ward_id="W1"))
    error = refused(ward, pair(ward, first, A), seen)
    assert isinstance(error, Outdated)
    assert error.pair == (1, second)
    assert str(error) == f"{second} has changed with event {row['seq']}: look at it again."
    assert place_all(ward, pair(ward, first, A), pair(ward, second, C))


def test_a_request_that_is_not_there_is_named(ward) -> None:
    [first] = ask(ward, WOMAN)
    error = refused(ward, pair(ward, first, A), pair(ward, "R99", B))
    assert isinstance(error, NotThere)
    assert error.pair == (1, "R99")


def test_who_has_left_the_room_by_a_pair_before_is_traced_as_a_contact(ward) -> None:
    for patient_ref, bed_id in (("P-1", A), ("P-2", B)):
        ward.do(c.BookBed(bed_id=bed_id, patient_ref=patient_ref, admit=True, needs=WOMAN))
    first, source = ask(ward, WOMAN, NOROVIRUS)
    ward.clock.set(0.0, hours(1))
    rows = place_all(ward, pair(ward, first, C, admit=True), pair(ward, source, D, admit=True))
    assert rows[-1]["contact_patient_refs"] == ["P-1"]
    [stay] = ward.engine.hospital.of_bed[C]
    assert stay.contact_of == ("norovirus",)


def test_a_patient_of_two_references_is_named_by_the_event_of_the_own_bed(ward) -> None:
    ward.do(c.BookBed(bed_id=A, patient_ref="P-1", admit=True, needs=WOMAN))
    own = ward.do(c.RequestBed(patient_ref="Q-1"))["bed_request_id"]
    ward.do(c.MergePatients(patient_ref="Q-1", into="P-1"))
    other = ward.do(c.RequestBed(patient_ref="P-2", needs=WOMAN))["bed_request_id"]
    rows = place_all(ward, pair(ward, own, C, admit=True), pair(ward, other, D))
    [placed, *_] = [row for row in rows if row["event_type"] == EventType.REQUEST_PLACED]
    [moved] = [row for row in rows if row.get("bed_id") == C]
    assert placed["placed_event_id"] == moved["event_id"]


# Whatever is placed

NEEDS = (WOMAN, MAN, WOMAN, NOROVIRUS, Needs(sex="male", room_class="icu"))
starts = st.none() | st.integers(0, 6).map(hours)
choices = st.tuples(
    st.integers(0, 4), st.sampled_from(BEDS), starts, st.none() | starts, st.booleans()
)


def a_ward_with_five_who_wait() -> tuple[SmallWard, list[str]]:
    """One of them lies in a bed, and another has left one."""
    ward = SmallWard()
    ward.do(c.BookBed(bed_id=A, patient_ref="P-1", admit=True, needs=WOMAN))
    left = ward.do(c.BookBed(bed_id=C, patient_ref="P-2", admit=True, needs=MAN))
    ward.do(c.DischargePatient(booking_id=left["booking_id"], disposition="home"))
    return ward, ask(ward, *NEEDS)


def pairs_of(ward: SmallWard, requests: list[str], chosen: list[tuple]) -> list[c.Pair]:
    return [
        pair(ward, requests[nth], bed, starts_at=None if admit else start, ends_at=end, admit=admit)
        for nth, bed, start, end, admit in chosen
    ]


@given(st.lists(choices, min_size=1, max_size=5, unique_by=itemgetter(0)))
def test_all_are_placed_as_one_by_one_or_none_is_for_the_same_reason(chosen) -> None:
    together, requests = a_ward_with_five_who_wait()
    alone, _ = a_ward_with_five_who_wait()
    pairs = pairs_of(together, requests, chosen)
    reason = refused_alone(alone, pairs)
    if reason is None:
        place_all(together, *pairs)
        assert together.engine.hospital == alone.engine.hospital
        assert fold(together.rows) == together.engine.hospital
    else:
        error = refused(together, *pairs)
        assert (str(error), error.pair) == reason


def refused_alone(ward: SmallWard, pairs: list[c.Pair]) -> tuple[str, tuple[int, str]] | None:
    """Why, and at which of the pairs; None: each is placed."""
    for nth, one in enumerate(pairs):
        try:
            ward.do(one.place)
        except NotCarriedOut as error:
            return str(error), (nth, one.place.bed_request_id)
    return None
