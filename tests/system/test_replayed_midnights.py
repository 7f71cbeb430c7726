"""A log of a hospital that is not in UTC, counted in SQL: its nights are the hospital's."""

from pathlib import Path

import pytest

from flows.verify_lake import OF_THE_BATCH, Recount
from lake.duck import LakeReader
from lake.places import Places
from lake.tables import WARD_DAILY
from simulator.feeds.replay_file import replay_file

HEADER = "case_id,event,unit,detail,occurred_at"
WITH_OFFSETS = f"""{HEADER}
K1,admission,A,NC,2026-03-01T22:00:00+05:30
K1,release,,home,2026-03-02T03:00:00+05:30
K2,admission,A,NC,2026-03-03T01:00:00+05:30
K2,release,,home,2026-03-03T06:30:00+05:30
K3,admission,A,NC,2026-03-04T12:00:00+05:30
K3,release,,home,2026-03-05T12:00:00+05:30
K4,admission,A,NC,2026-03-08T12:00:00+05:30
K4,release,,home,2026-03-09T12:00:00+05:30
"""
IN_WALL_TIME = WITH_OFFSETS.replace("+05:30", "")
EVERY_EVENT = 2**62
NIGHTS = {"2026-03-01": 1, "2026-03-02": 0, "2026-03-04": 1, "2026-03-08": 1}


def occupied_bed_days(places: Places) -> dict[str, int]:
    with LakeReader(places).workspace() as sql:
        recount = Recount(sql)
        recount.read_log(EVERY_EVENT)
        for table in OF_THE_BATCH.tables:
            recount.count_again(table)
        rows = sql.execute(
            f"SELECT census_on, occupied_bed_days FROM recount_{WARD_DAILY.stem}"
        ).fetchall()
    return {str(on): days for on, days in rows}


@pytest.mark.parametrize("log", [WITH_OFFSETS, IN_WALL_TIME], ids=["offsets", "wall time"])
def test_bed_days_of_a_replayed_log_are_counted_at_the_hospitals_midnight(
    tmp_path: Path, places: Places, log: str
) -> None:
    (tmp_path / "adt.csv").write_text(log)
    replay_file(places, tmp_path / "adt.csv", "snr", "Asia/Kolkata")
    found = occupied_bed_days(places)
    assert {on: found[on] for on in NIGHTS} == NIGHTS
