"""The first start of a demo, also one that was interrupted."""

from datetime import timedelta

import pytest

from lake.duck import LakeReader
from simulator.world.people import People
from simulator.writer.clock import wall_now
from simulator.writer.memory import ask
from tests.simulator.api_client import make_desk

DAY = timedelta(days=1)


async def test_a_first_start_that_was_interrupted_is_finished_by_the_next(
    places, monkeypatch
) -> None:
    monkeypatch.setattr("simulator.writer.bulk.ROWS_PER_COMMIT", 20)
    advance = People.advance

    def interrupted(people: People, until) -> None:
        advance(people, until - 3 * DAY)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(People, "advance", interrupted)
        desk = make_desk(places, simulator=True, history_days=5)
        with pytest.raises(KeyboardInterrupt):
            desk._prepare()
    desk = make_desk(places, simulator=True, history_days=5)
    await desk.open()
    assert abs(desk.clock.now() - wall_now()) < timedelta(hours=1)
    await desk.close()
    days = ask(
        LakeReader(places),
        "SELECT DISTINCT occurred_at::DATE AS day FROM bronze.bed_events"
        " WHERE event_type = 'note_added'",
    )
    assert len(days) >= 5
