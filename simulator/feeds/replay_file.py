"""Opens an empty lake for a replay: the parts of the desk that need no server."""

from pathlib import Path

from lake.duck import LakeReader
from lake.errors import LakeError
from lake.places import Places
from lake.tables import Owner
from lake.upkeep.ownership import own
from simulator.domain.commands import Command
from simulator.domain.hospital import Hospital
from simulator.feeds.adt_csv import TIME_ZONE, Replay, Summary, read_log
from simulator.world.first_events import BulkWriter
from simulator.writer import chain
from simulator.writer.clock import HospitalClock, wall_now
from simulator.writer.engine import Context, Engine, Row
from simulator.writer.event_log import EventLog
from simulator.writer.memory import remember


def replay_file(places: Places, path: Path, hospital_id: str) -> Summary:
    """Feed the log into an empty lake. Raises LakeError where the lake has events."""
    rows, faults, count = read_log(path)
    with own(places, Owner.ENGINE, "a replay"):
        event_log = EventLog(places)
        event_log.open()
        if remember(LakeReader(places)).head_seq:
            raise LakeError(
                f"The lake in {places.home} has events, and a replay needs an empty one.",
                "Name another folder: SNR_HOME=/path/to/empty ./snr replay FILE",
            )
        start = rows[0].occurred_at if rows else wall_now()
        clock = HospitalClock(start, wall_now(), 0.0, TIME_ZONE)
        salt = chain.read_or_make_salt(places.secrets)
        writer = BulkWriter(Engine(hospital_id, Hospital(), clock, salt), event_log)

        def carry_out(command: Command, context: Context) -> list[Row]:
            clock.set(0.0, context.occurred_at)
            return writer.carry_out(command, context)

        summary = Replay(rows, faults, count).run(carry_out)
        writer.flush()
    return summary
