"""Sharing commits, waiting for the disk, and what happens when storage fails."""

import asyncio

import pytest

from lake.duck import LakeReader
from lake.errors import LakeError, StaleWriter
from lake.vocabulary import Role, Source
from simulator.domain import commands as c
from simulator.domain.errors import Refusal, StorageUnavailable
from simulator.domain.hospital import fold
from simulator.domain.principals import unasked
from simulator.writer.engine import Context
from simulator.writer.memory import ask
from tests.simulator.api_client import make_desk

BEDS = ("W1-101-A", "W1-101-B", "W1-102-A", "W1-102-B")
PERSON = Context(Source.MANUAL, unasked("tester", Role.MANAGER))


@pytest.fixture
async def desk(places):
    desk = make_desk(places)
    await desk.open()
    yield desk
    await desk.close()


async def test_requests_that_come_together_share_a_commit(desk) -> None:
    sizes = []
    append = desk.commit.event_log.append
    desk.commit.event_log.append = lambda rows: (sizes.append(len(rows)), append(rows))
    await asyncio.gather(*(desk.carry_out(c.AddNote(bed_id=bed), PERSON) for bed in BEDS * 10))
    assert sum(sizes) == 40
    assert len(sizes) <= 3


async def test_no_answer_comes_before_its_rows_are_on_disk(desk) -> None:
    durable_at_answer = []

    async def note(bed_id: str) -> None:
        [row] = await desk.carry_out(c.AddNote(bed_id=bed_id), PERSON)
        durable_at_answer.append(desk.commit.durable_seq >= row["seq"])

    await asyncio.gather(*(note(bed) for bed in BEDS * 5))
    assert durable_at_answer == [True] * 5 * len(BEDS)


async def test_a_refusal_waits_for_the_booking_that_it_names(desk) -> None:
    first = asyncio.create_task(
        desk.carry_out(c.BookBed(bed_id=BEDS[0], patient_ref="P-1"), PERSON)
    )
    await asyncio.sleep(0)
    with pytest.raises(Refusal) as caught:
        await desk.carry_out(c.BookBed(bed_id=BEDS[0], patient_ref="P-2"), PERSON)
    [booked] = await first
    assert caught.value.conflicts_with.booking_id == booked["booking_id"]
    assert desk.commit.durable_seq >= booked["seq"]


async def test_a_commit_that_fails_is_refused_and_leaves_no_trace(desk) -> None:
    event_log = desk.commit.event_log
    append = event_log.append

    def fails(rows):
        event_log.append = append
        raise OSError("disk full")

    head = desk.commit.durable_seq
    event_log.append = fails
    with pytest.raises(StorageUnavailable):
        await desk.carry_out(c.BookBed(bed_id=BEDS[0], patient_ref="P-1"), PERSON)
    while desk.commit.is_broken:
        await asyncio.sleep(0.01)
    [row] = await desk.carry_out(c.BookBed(bed_id=BEDS[0], patient_ref="P-2"), PERSON)
    assert row["seq"] == head + 1


async def test_a_commit_that_landed_although_it_failed_counts(desk) -> None:
    event_log = desk.commit.event_log
    append = event_log.append

    def lands_and_fails(rows):
        event_log.append = append
        head = event_log.head_seq
        append(rows)
        event_log.head_seq = head
        raise OSError("the answer was lost")

    event_log.append = lands_and_fails
    [row] = await desk.carry_out(c.BookBed(bed_id=BEDS[0], patient_ref="P-1"), PERSON)
    assert row["seq"] == desk.commit.durable_seq
    while desk.commit.is_broken:
        await asyncio.sleep(0.01)
    with pytest.raises(Refusal):
        await desk.carry_out(c.BookBed(bed_id=BEDS[0], patient_ref="P-2"), PERSON)


async def test_a_restart_finds_the_state_that_a_full_fold_gives(places) -> None:
    desk = make_desk(places, simulator=True, history_days=10)
    await desk.open()
    await desk.carry_out(c.AddNote(bed_id=BEDS[0]), PERSON)
    await desk.close()
    again = make_desk(places)
    await again.open()
    rows = ask(LakeReader(places), "SELECT * FROM bronze.bed_events ORDER BY seq")
    folded, restored = fold(rows), again.engine.hospital
    assert folded.beds == restored.beds
    assert folded.bookings == restored.bookings
    assert again.engine.head_hash == rows[-1]["chain_hash"]
    assert len(rows) > 100
    await again.close()


async def test_a_lake_of_another_hospital_is_refused_with_both_names(places) -> None:
    first = make_desk(places)
    await first.open()
    await first.close()
    other = make_desk(places)
    other.plan = other.plan.model_copy(update={"hospital_id": "elsewhere"})
    with pytest.raises(LakeError, match=r"of the hospital snr.*elsewhere"):
        await other.open()


async def test_hospital_time_of_a_demo_goes_on_after_the_last_event(places) -> None:
    desk = make_desk(places, simulator=True)
    await desk.open()
    latest = desk.clock.now()
    await desk.close()
    again = make_desk(places, simulator=True)
    await again.open()
    assert again.mode == "demo"
    assert (again.clock.now() - latest).total_seconds() < 60 * 60
    assert again.clock.now() >= max(
        bed.last_event_at for bed in again.engine.hospital.beds.values()
    )
    await again.close()


async def test_followers_get_each_row_once_and_in_order(desk) -> None:
    seen = []

    async def follow() -> None:
        async for row in desk.commit.follow(desk.commit.durable_seq):
            seen.append(row["seq"])  # noqa: PERF401 - each as it comes

    head = desk.commit.durable_seq
    follower = asyncio.create_task(follow())
    for _ in range(3):
        await asyncio.gather(*(desk.carry_out(c.AddNote(bed_id=bed), PERSON) for bed in BEDS))
    while len(seen) < 12:
        await asyncio.sleep(0.01)
    follower.cancel()
    assert seen == list(range(head + 1, head + 13))


async def test_upkeep_that_fails_does_not_stop_the_booking(desk) -> None:
    def fails() -> None:
        raise OSError("no room for a checkpoint")

    desk.commit.event_log.maintain = fails
    for _ in range(3):
        await desk.carry_out(c.AddNote(bed_id=BEDS[0]), PERSON)


async def test_another_writer_ends_this_one_with_the_cause(desk) -> None:
    def finds_another() -> None:
        raise StaleWriter("stale_writer: somebody else", "Stop it.")

    desk.commit.event_log.maintain = finds_another
    await desk.carry_out(c.AddNote(bed_id=BEDS[0]), PERSON)
    while not desk.commit.fatal:
        await asyncio.sleep(0.01)
    with pytest.raises(StorageUnavailable, match="stale_writer"):
        await desk.carry_out(c.AddNote(bed_id=BEDS[0]), PERSON)


async def test_a_follower_does_not_spin_between_the_disk_and_the_news(desk) -> None:
    desk.commit.event_log.head_seq += 1  # on disk, not yet published
    follower = asyncio.create_task(anext(desk.commit.follow(desk.engine.head_seq)))
    await asyncio.wait_for(asyncio.sleep(0.05), timeout=2)
    assert not follower.done()
    follower.cancel()
    desk.commit.event_log.head_seq -= 1


async def test_a_restore_that_fails_is_tried_again(desk, monkeypatch) -> None:
    event_log, restore = desk.commit.event_log, desk.commit.restore
    append = event_log.append

    def fails(rows):
        event_log.append = append
        raise OSError("disk full")

    failures = [OSError("still away")]

    def fails_once():
        if failures:
            raise failures.pop()
        return restore()

    monkeypatch.setattr("simulator.writer.group_commit.RETRY_SECONDS", 0.01)
    event_log.append, desk.commit.restore = fails, fails_once
    with pytest.raises(StorageUnavailable):
        await desk.carry_out(c.BookBed(bed_id=BEDS[0], patient_ref="P-1"), PERSON)
    while desk.commit.is_broken:
        await asyncio.sleep(0.01)
    await desk.carry_out(c.BookBed(bed_id=BEDS[0], patient_ref="P-2"), PERSON)
