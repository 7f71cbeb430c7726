"""`./snr audit`: what the audit holds, and whether it and the log are what was written."""

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table as Shown

from lake.duck import LakeReader
from lake.errors import LakeError
from lake.places import Places
from lake.tables import AUDIT_EVENTS, BED_EVENTS, Table
from simulator.settings import ApiSettings
from simulator.writer import chain
from simulator.writer.event_log import last_written_seq, stored_rows
from simulator.writer.vouching import Checkpoint, checkpoints_in

LOGS = (BED_EVENTS, AUDIT_EVENTS)
FIX = "Somebody has changed the lake behind its writer: docs/runbook.md says what to do."
IDS = ("ward_id", "bed_id", "booking_id", "bed_request_id", "patient_ref")
NEWEST = f"""
    SELECT recorded_at, event_type, actor, asked, code, ward_id, bed_id, booking_id,
        bed_request_id, patient_ref, "count"
    FROM {AUDIT_EVENTS.name}
    WHERE ($actor IS NULL OR actor = $actor)
        AND ($patient_ref IS NULL OR patient_ref = $patient_ref)
    ORDER BY seq DESC
    LIMIT $most
"""  # noqa: S608 - the table's own name


def verify(key: Path | None) -> None:
    """Raises LakeError where a row was edited, removed or put elsewhere, in either log, or a
    checkpoint is not what was signed."""
    places = Places.from_settings()
    folder = ApiSettings().checkpoint_dir or places.signed_checkpoints
    checkpoints = checkpoints_in(folder, key)
    faults = []
    if checkpoints:
        newest = checkpoints[-1].recorded_at
        print(f"{len(checkpoints):,} checkpoints, the newest of {newest:%Y-%m-%d %H:%M} UTC")
    elif key or ApiSettings().checkpoint_dir:
        faults.append(f"{folder} has no checkpoint, and there should be some.")
    else:
        print(f"{folder} has no checkpoint: nothing outside the lake vouches for it.")
    faults += [fault for table in LOGS for fault in _faults(places, table, checkpoints)]
    if faults:
        raise LakeError(" ".join(faults), FIX)


def _faults(places: Places, table: Table, checkpoints: Sequence[Checkpoint]) -> list[str]:
    said = [one.heads[table.name] for one in checkpoints if table.name in one.heads]
    vouched = max((seq for seq, _ in said), default=0)
    if not places.exists(table):
        return [f"{table.name} is gone; a checkpoint is of its row {vouched:,}."] if said else []
    written = last_written_seq(places, table)  # first: its writer goes on beside this
    secret = chain.read_or_make_salt(places.secrets)
    checked = chain.check(stored_rows(places, table), secret, wanted={seq for seq, _ in said})
    if checked.fault:
        return [f"{table.name} holds for {checked.row_count:,} rows and breaks at {checked.fault}."]
    if checked.row_count < max(written, vouched):
        end = max(written, vouched)
        return [f"{table.name} ends at {checked.row_count:,}; it had come to {end:,}."]
    for seq, chain_hash in said:
        if seq and checked.hashes[seq] != chain_hash:
            return [f"{table.name} was written anew: its row {seq:,} is not the one of then."]
    if checked.purged_count and table is AUDIT_EVENTS:
        return [f"{table.name} has {checked.purged_count:,} rows without their private content."]
    purged = f", {checked.purged_count:,} of them purged" if checked.purged_count else ""
    unvouched = checked.row_count - vouched
    after = f", {unvouched:,} after the newest checkpoint: nothing vouches for those yet"
    print(f"{table.name:22} {checked.row_count:>10,} rows hold{purged}{after if unvouched else ''}")
    return []


def show(actor: str | None, patient_ref: str | None, most: int) -> None:
    """The newest first."""
    places = Places.from_settings()
    if not places.exists(AUDIT_EVENTS):
        raise LakeError(
            "There is no audit in this lake.", "It is kept where people sign in: ./snr up."
        )
    reader = LakeReader(places, [AUDIT_EVENTS])
    found = reader.ask(NEWEST, {"actor": actor, "patient_ref": patient_ref, "most": most})
    table = Shown("recorded at", "what", "who", "asked", "code", "of")
    for row in found.to_pylist():
        of = (row[name] for name in IDS)
        times = f" x {row['count']}" if row["count"] != 1 else ""
        table.add_row(
            f"{row['recorded_at']:%Y-%m-%d %H:%M:%S}",
            row["event_type"] + times,
            row["actor"],
            row["asked"],
            row["code"],
            " ".join(filter(None, of)),
        )
    Console(soft_wrap=True, file=sys.stdout).print(table)
