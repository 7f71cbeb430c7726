"""Who gets which bed: no proposal is better by a search of all of them, and each can be booked."""

from dataclasses import replace
from datetime import timedelta
from itertools import product
from random import Random

import highspy
import pytest

from simulator.domain import commands as c
from simulator.domain.decisions.decide import decide
from simulator.domain.errors import Refusal
from simulator.domain.hospital import Hospital
from simulator.domain.needs import SOURCE, Isolation, Needs
from simulator.domain.rules.proposal import Pair, Proposal, Waiter, propose, waiters_for
from simulator.writer.engine import Engine
from tests.simulator.domain.test_matching import (
    ADULT,
    WHO,
    a_ward,
    lived_in,
    rooms,
    small_house,
)
from tests.simulator.ward import hours

MAN = replace(ADULT, sex="male")


def ask(engine: Engine, patient: str, needs: Needs, ward_id: str | None = None, **more) -> str:
    command = c.RequestBed(patient_ref=patient, ward_id=ward_id, needs=needs, **more)
    return engine.stage(command, WHO)[-1]["bed_request_id"]


def look(engine: Engine) -> Proposal:
    return propose(engine.hospital, engine.moment(WHO))


def given(proposal: Proposal) -> dict[str, str]:
    return {pair.bed_request_id: pair.bed_id for pair in proposal.items}


def placed(
    engine: Engine, hospital: Hospital, request: str, bed: str, starts_at
) -> Hospital | None:
    """The hospital after it; None: it is refused."""
    command = c.PlaceRequest(
        bed_request_id=request, bed_id=bed, starts_at=starts_at, assumes_end=True
    )
    moment = engine.moment(WHO)
    moment = replace(moment, next_seq=moment.next_seq + len(hospital.bookings))
    try:
        changes = decide(hospital, command, moment)
    except Refusal:
        return None
    after = hospital.copy()
    for change in changes:
        after.apply(change.bed, change.booking)
    after.requests.pop(request)
    return after


def booked_in_order(engine: Engine, pairs: list[Pair]) -> bool:
    hospital: Hospital | None = engine.hospital
    for pair in pairs:
        hospital = hospital and placed(
            engine, hospital, pair.bed_request_id, pair.bed_id, pair.starts_at
        )
    return hospital is not None


def worth(waiters: list[Waiter], taken: dict[int, int]) -> tuple[int, ...]:
    """As the proposal is told to be best: per priority, by the list, by the rank of the beds."""
    priorities = [waiters[place].request.needs.priority for place in taken]
    counts = [priorities.count(priority) for priority in (1, 2, 3, 4, 5)]
    return (*counts, sum(len(waiters) - place for place in taken), -sum(taken.values()))


def best_of_all(engine: Engine, waiters: list[Waiter]) -> tuple[int, ...]:
    """Each way of giving beds, one request after the other, as the engine accepts it."""

    def from_here(place: int, hospital: Hospital, taken: dict[int, int]) -> tuple[int, ...]:
        if place == len(waiters):
            return worth(waiters, taken)
        waiter = waiters[place]
        found = [from_here(place + 1, hospital, taken)]
        for option in waiter.options:
            after = placed(
                engine,
                hospital,
                waiter.request.bed_request_id,
                option.bed.bed_id,
                option.starts_at,
            )
            if after:
                found.append(from_here(place + 1, after, taken | {place: option.rank}))
        return max(found)

    return from_here(0, engine.hospital, {})


def random_ward(seed: int, *, also_later: bool = False) -> Engine:
    chance = Random(seed)  # noqa: S311 - the same each time
    engine = small_house(
        a_ward(1, rooms("general", 2, 2), rooms("private")),
        a_ward(2, rooms("general", beds=2), specialty="cardiology"),
    )
    beds = sorted(engine.hospital.beds)
    for bed_id in chance.sample(beds, 2):
        needs = replace(ADULT, sex=chance.choice(("female", "male")))
        stay = c.BookBed(bed_id=bed_id, patient_ref=f"P-{bed_id}", admit=True, needs=needs)
        ends_at = chance.choice((hours(2), hours(50), None))
        try:
            engine.stage(replace(stay, ends_at=ends_at), WHO)
        except Refusal:
            continue
    for number in range(chance.choice((3, 4))):
        isolation = chance.choice((None, None, None, SOURCE, Isolation(organism="influenza")))
        needs = replace(
            ADULT,
            sex=chance.choice(("female", "male", None)),
            isolation=isolation,
            priority=chance.choice((1, 2, 3)),
            specialty=chance.choice((None, None, "cardiology")),
        )
        later = chance.choice((None, None, hours(10))) if also_later else None
        ask(engine, f"NEW-{number}", needs, chance.choice((None, "W1")), wanted_from=later)
    return engine


@pytest.mark.parametrize("seed", range(25))
def test_no_way_of_giving_beds_is_better(seed: int) -> None:
    engine = random_ward(seed)
    proposal = look(engine)
    waiters = waiters_for(engine.hospital, engine.moment(WHO))
    places = {waiter.request.bed_request_id: waiter for waiter in waiters}
    taken = {}
    for pair in proposal.items:
        waiter = places[pair.bed_request_id]
        [rank] = [o.rank for o in waiter.options if o.bed.bed_id == pair.bed_id]
        taken[waiter.place] = rank
    assert worth(waiters, taken) == best_of_all(engine, waiters)
    assert booked_in_order(engine, proposal.items)
    assert len(proposal.items) + len(proposal.left) == len(waiters)


def test_a_proposal_for_a_whole_hospital_is_accepted_in_order() -> None:
    engine = lived_in()
    chance = Random(3)  # noqa: S311 - the same each time
    wards = ("W1", "W2", "W3", "W4", "W5", "W6", None)
    for number, (sex, level) in enumerate(product(("female", "male"), range(15))):
        isolation = SOURCE if level == 0 else None
        needs = replace(ADULT, sex=sex, isolation=isolation, priority=level % 5 + 1)
        if f"WAITS-{number}" not in {r.patient_ref for r in engine.hospital.requests.values()}:
            ask(engine, f"WAITS-{number}", needs, chance.choice(wards))
    proposal = look(engine)
    assert len(proposal.items) > 10
    assert booked_in_order(engine, proposal.items)


@pytest.mark.parametrize("seed", range(100, 160))
def test_whatever_is_wanted_when_each_bed_is_given_once_and_accepted(seed: int) -> None:
    engine = random_ward(seed, also_later=True)
    proposal = look(engine)
    beds = [pair.bed_id for pair in proposal.items]
    assert len(beds) == len({*beds})
    assert booked_in_order(engine, proposal.items)


def test_a_bed_is_given_once_whether_it_is_wanted_now_or_later() -> None:
    engine = small_house(a_ward(1, rooms("general", beds=2)))
    ahead = c.BookBed(bed_id="W1-101-A", patient_ref="P-1", starts_at=hours(30), ends_at=hours(40))
    engine.stage(replace(ahead, needs=ADULT), WHO)
    for number in range(4):
        wanted_from = None if number % 2 else hours(10)
        ask(engine, f"NEW-{number}", ADULT, wanted_from=wanted_from)
    proposal = look(engine)
    assert sorted(pair.bed_id for pair in proposal.items) == ["W1-101-A", "W1-101-B"]
    assert booked_in_order(engine, proposal.items)


def test_one_person_with_two_references_gets_one_bed() -> None:
    engine = small_house(a_ward(1, rooms("general", 3)))
    for patient in ("ONE-1", "ONE-2", "NEW-3"):
        ask(engine, patient, ADULT)
    engine.stage(c.MergePatients(patient_ref="ONE-1", into="ONE-2"), WHO)
    proposal = look(engine)
    assert len(proposal.items) == 2
    assert booked_in_order(engine, proposal.items)


def test_of_a_person_with_two_references_the_more_urgent_request_gets_the_bed() -> None:
    """Although all would get the bed that ranks first for them if the other one did."""
    engine = small_house(a_ward(1, rooms("general")), a_ward(2, rooms("general")))
    urgent = replace(ADULT, priority=1)
    wanted = {ask(engine, "ONE-1", urgent, "W1"), ask(engine, "NEW-2", urgent, "W1")}
    ask(engine, "ONE-2", replace(ADULT, priority=3), "W2")
    engine.stage(c.MergePatients(patient_ref="ONE-1", into="ONE-2"), WHO)
    assert set(given(look(engine))) == wanted


def test_who_could_be_put_for_each_other_are_told_by_the_list() -> None:
    """Five alike for three beds: the most urgent get one, and the first of them the best."""
    engine = small_house(a_ward(1, rooms("general", 2)), a_ward(2, rooms("general")))
    asked = [
        ask(engine, f"NEW-{number}", replace(ADULT, priority=priority), "W1")
        for number, priority in enumerate((3, 2, 3, 1, 2))
    ]
    assert given(look(engine)) == {
        asked[3]: "W1-101-A",
        asked[1]: "W1-102-A",
        asked[4]: "W2-201-A",
    }


def test_where_the_presolve_fails_the_best_is_found_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Failing(highspy.Highs):
        def getModelStatus(self) -> highspy.HighsModelStatus:  # noqa: N802 - as HiGHS names it
            is_off = self.getOptionValue("presolve")[1] == "off"
            found = super().getModelStatus()
            return found if is_off else highspy.HighsModelStatus.kSolveError

    monkeypatch.setattr("simulator.domain.rules.proposal.highspy.Highs", Failing)
    engine = small_house(a_ward(1, rooms("general", beds=2)))
    ask(engine, "NEW-1", MAN)
    women = {ask(engine, f"NEW-{n}", ADULT) for n in (2, 3)}
    assert set(given(look(engine))) == women


def test_who_has_waited_for_days_comes_to_be_as_urgent_as_who_has_just_come() -> None:
    engine = small_house(a_ward(1, rooms("general")))
    first = ask(engine, "NEW-1", replace(ADULT, priority=3))
    engine.clock.set(0.0, hours(72))
    ask(engine, "NEW-2", replace(ADULT, priority=2))
    assert set(given(look(engine))) == {first}
    urgent = ask(engine, "NEW-3", replace(ADULT, priority=1))
    assert set(given(look(engine))) == {urgent}


def test_without_time_the_list_is_walked_from_the_top(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.domain.rules.proposal.Choice._reach", lambda *_: False)
    for seed in range(25):
        engine = random_ward(seed)
        proposal = look(engine)
        assert booked_in_order(engine, proposal.items)
        assert proposal.items or not any(w.options for w in waiters_for_all(engine))


def waiters_for_all(engine: Engine) -> list[Waiter]:
    return waiters_for(engine.hospital, engine.moment(WHO))


def test_two_who_exclude_each_other_are_not_sent_to_one_empty_bay() -> None:
    engine = small_house(a_ward(1, rooms("general", beds=2)))
    woman, man = ask(engine, "NEW-1", ADULT), ask(engine, "NEW-2", MAN)
    proposal = look(engine)
    assert given(proposal) == {woman: "W1-101-A"}
    assert [(one.bed_request_id, one.in_the_way) for one in proposal.left] == [
        (man, f"beds that would do go to {woman}, or to whom {woman} shuts out")
    ]


def test_a_bay_goes_to_those_of_whom_more_are_let_in() -> None:
    """The man is first on the list, and of the same priority; two women are more."""
    engine = small_house(a_ward(1, rooms("general", beds=2)))
    ask(engine, "NEW-1", MAN)
    women = {ask(engine, f"NEW-{n}", ADULT) for n in (2, 3)}
    assert set(given(look(engine))) == women


def test_a_patient_of_priority_1_comes_before_any_number_of_others() -> None:
    engine = small_house(a_ward(1, rooms("general", beds=2)))
    for number in (2, 3):
        ask(engine, f"NEW-{number}", replace(ADULT, priority=2))
    urgent = ask(engine, "NEW-1", replace(MAN, priority=1))
    assert set(given(look(engine))) == {urgent}


def test_two_with_infections_that_are_not_named_share_no_room() -> None:
    engine = small_house(a_ward(1, rooms("general", beds=2)))
    for number in (1, 2):
        ask(engine, f"NEW-{number}", replace(ADULT, isolation=SOURCE))
    assert len(look(engine).items) == 1
    alike = small_house(a_ward(1, rooms("general", beds=2)))
    for number in (1, 2):
        ask(alike, f"NEW-{number}", replace(ADULT, isolation=Isolation(organism="influenza")))
    assert len(look(alike).items) == 2


def test_isolation_rooms_are_left_for_who_needs_them() -> None:
    engine = small_house(a_ward(1, rooms("isolation", 3)), isolation_rooms_kept=1)
    for number in range(3):
        ask(engine, f"NEW-{number}", ADULT)
    proposal = look(engine)
    assert len(proposal.items) == 2
    assert booked_in_order(engine, proposal.items)
    isolated = ask(engine, "NEW-9", replace(ADULT, isolation=SOURCE, priority=1))
    assert isolated in given(look(engine))


def test_a_bed_that_will_be_free_is_proposed_from_then_with_what_speaks_for_it() -> None:
    engine = small_house(a_ward(1, rooms("general", 3)))
    for bed_id, ends_at in (("W1-101-A", hours(3)), ("W1-102-A", hours(30)), ("W1-103-A", None)):
        stay = c.BookBed(
            bed_id=bed_id,
            patient_ref=f"P-{bed_id}",
            admit=True,
            needs=ADULT,
            ends_at=ends_at,
            assumes_end=ends_at is None,
        )
        booking_id = engine.stage(stay, WHO)[-1]["booking_id"]
        if ends_at == hours(3):
            engine.stage(c.ConfirmDischarge(booking_id=booking_id), WHO)
    one, other = ask(engine, "NEW-1", ADULT), ask(engine, "NEW-2", ADULT)
    proposal = look(engine)
    [pair] = proposal.items
    assert (pair.bed_request_id, pair.bed_id) == (one, "W1-101-A")
    assert pair.starts_at == hours(3) + timedelta(hours=1)
    assert pair.reasons[0] == "discharge confirmed for 11:00"
    assert booked_in_order(engine, proposal.items)
    assert [left.bed_request_id for left in proposal.left] == [other]


def test_the_bed_that_would_help_the_most_urgent_is_named_first() -> None:
    """A dirty bed in a bay of men, and a discharge in a bay of women."""
    engine = small_house(a_ward(1, rooms("general", 2, 2)))
    for bed_id, needs in (
        ("W1-101-A", MAN),
        ("W1-101-B", MAN),
        ("W1-102-A", ADULT),
        ("W1-102-B", ADULT),
    ):
        stay = c.BookBed(bed_id=bed_id, patient_ref=f"P-{bed_id}", admit=True, needs=needs)
        booking_id = engine.stage(replace(stay, ends_at=hours(90)), WHO)[-1]["booking_id"]
        if bed_id == "W1-101-B":
            engine.stage(c.DischargePatient(booking_id=booking_id, disposition="home"), WHO)
        if bed_id == "W1-102-B":
            engine.stage(c.ConfirmDischarge(booking_id=booking_id), WHO)
            leaves = c.ExpectDischarge(booking_id=booking_id, expected_at=hours(20))
            engine.stage(leaves, WHO)
    man = ask(engine, "NEW-1", replace(MAN, priority=2))
    woman = ask(engine, "NEW-2", replace(ADULT, priority=1))
    pending = look(engine).pending
    assert [(one.bed_id, one.is_for) for one in pending] == [
        ("W1-102-B", (woman,)),
        ("W1-101-B", (man,)),
    ]
    assert pending[1].why == "is dirty"
    assert pending[1].free_at == hours(1)


def test_who_is_left_is_told_what_is_in_the_way() -> None:
    engine = small_house(a_ward(1, rooms("general", beds=2)), a_ward(2, rooms("general")))
    stay = c.BookBed(bed_id="W1-101-A", patient_ref="P-1", admit=True, needs=MAN)
    engine.stage(replace(stay, ends_at=hours(90)), WHO)
    engine.stage(c.CloseBeds(bed_ids=("W2-201-A",), reason_code="equipment"), WHO)
    ask(engine, "NEW-1", ADULT, "W1")
    [left] = look(engine).left
    assert left.in_the_way == "W1: overlaps booking (1), mixed sex (1)"


def test_who_is_wanted_for_later_waits_for_no_bed_now() -> None:
    engine = small_house(a_ward(1, rooms("general")))
    ask(engine, "NEW-1", ADULT, wanted_from=hours(48))
    tomorrow = ask(engine, "NEW-2", ADULT, wanted_from=hours(20))
    proposal = look(engine)
    assert [(pair.bed_request_id, pair.starts_at) for pair in proposal.items] == [
        (tomorrow, hours(20))
    ]
    assert not proposal.left


def test_nobody_in_a_bed_is_sent_to_it_again() -> None:
    engine = small_house(a_ward(1, rooms("general", 2)))
    stay = c.BookBed(bed_id="W1-101-A", patient_ref="NEW-1", admit=True, needs=ADULT)
    engine.stage(replace(stay, ends_at=hours(90)), WHO)
    request_id = ask(engine, "NEW-1", ADULT)
    assert given(look(engine)) == {request_id: "W1-102-A"}
