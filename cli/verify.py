"""`./snr verify`: every curated table counted again from the event log, in a second way."""

import sys

from flows.verify_lake import Compared, NotBuiltYet, verify
from lake.errors import LakeError
from lake.places import Places
from lake.tables import BED_EVENTS
from simulator.writer import chain
from simulator.writer.event_log import last_written_seq, stored_rows

PURGED = (
    "Rows are without their private content. No command takes it out yet: if nobody knows who did, "
    "docs/runbook.md says what to do."
)
NOTHING = (
    "Nothing to count: no table has been made of the log yet (./snr up does, or ./snr stream)."
)


def run() -> None:
    """Raises LakeError where a table differs, NotBuiltYet where none that was counted does."""
    places = Places.from_settings()
    check_chain(places)
    differing: list[str] = []
    count = 0
    try:
        for compared in verify(places):
            print(_told(compared), flush=True)
            count += 1
            if not compared.is_equal:
                differing.append(compared.table_name)
    except NotBuiltYet as early:
        if not differing:
            raise
        print(early, file=sys.stderr)
    if differing:
        raise LakeError(
            f"These tables differ from the event log: {', '.join(differing)}.",
            "./snr build builds the batch tables again; docs/runbook.md says how the others are.",
        )
    print(f"{count} tables have been counted again." if count else NOTHING, file=sys.stderr)


def check_chain(places: Places) -> None:
    """Raises LakeError where the log is not what was written."""
    if not places.exists(BED_EVENTS):
        return
    written = last_written_seq(places)  # first: an engine beside it goes on writing
    checked = chain.check(stored_rows(places), chain.read_or_make_salt(places.secrets))
    if checked.fault:
        raise LakeError(
            f"The chain of the log holds for {checked.row_count:,} rows and breaks at "
            f"{checked.fault}.",
            "Somebody has changed the log behind its writer: docs/runbook.md says what to do.",
        )
    if checked.row_count < written:
        raise LakeError(
            f"The log ends at seq {checked.row_count:,}; its writer had come to {written:,}.",
            "Somebody has cut off its end: docs/runbook.md says what to do.",
        )
    if checked.purged_count:
        print(PURGED, file=sys.stderr)
    purged = f", {checked.purged_count:,} of them purged" if checked.purged_count else ""
    print(
        f"{BED_EVENTS.name:26} {checked.row_count:>10,} rows  the chain holds{purged}", flush=True
    )


def _told(compared: Compared) -> str:
    said = f"{compared.table_name:26} {compared.row_count:>10,} rows  "
    if compared.is_equal:
        return said + "equal"
    head = f"{compared.missing_count:,} missing or different, {compared.extra_count:,} not expected"
    return "\n".join([said + head, *(f"  {line}" for line in compared.first)])
