"""`./snr stream`: the live stream's own work where it runs, else through Prefect, else here."""

import sys
import time

from cli import prefect_runs
from flows.stream.pace import PaceSettings
from lake.duck import LakeReader
from lake.places import Places

LOOK_EVERY_SECONDS = 0.5

HEAD = "SELECT coalesce(max(seq), 0) AS seq FROM bronze.bed_events"
TAKEN_IN = """
    SELECT greatest((SELECT coalesce(max(seq), 0) FROM silver.bed_events),
                    (SELECT coalesce(max(seq), 0) FROM silver.quarantine)) AS seq
"""


def run(*, once: bool, repair: bool = False) -> None:
    places = Places.from_settings()
    PaceSettings()
    if repair:
        _mend(places)
        return
    if once and _live_stream_catches_up(places):
        return
    if prefect_runs.server_answers():
        prefect_runs.run("stream_bookings", {"once": once})
    else:
        from flows.stream import following

        following.run(places, once=once)


def _mend(places: Places) -> None:
    """Here, not through Prefect: what runs there could only fail. `up` starts the stream after."""
    from flows.stream import following

    print("Reading the whole log once more ...", file=sys.stderr)
    following.mend(places)
    print(
        "The checkpoints are good again. Beside `up` the stream starts by itself.", file=sys.stderr
    )


def _live_stream_catches_up(places: Places) -> bool:
    """Wait until a stream that runs has taken in all that is there now; false where none runs."""
    from flows.stream.supervision import noted_process

    reader = LakeReader(places)
    head = _seq(reader, HEAD)
    told = False
    while (process := noted_process(places)) and not process.is_gone:
        if _seq(reader, TAKEN_IN) >= head:
            return True
        if not told:
            print("The live stream is catching up ...", file=sys.stderr)
            told = True
        time.sleep(LOOK_EVERY_SECONDS)
    return False


def _seq(reader: LakeReader, question: str) -> int:
    return int(reader.ask(question).to_pylist()[0]["seq"])
