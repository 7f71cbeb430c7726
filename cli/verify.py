"""`./snr verify`: every curated table counted again from the event log, in a second way."""

import sys

from flows.verify_lake import Compared, NotBuiltYet, verify
from lake.errors import LakeError
from lake.places import Places

NOTHING = (
    "Nothing to count: no table has been made of the log yet (./snr up does, or ./snr stream)."
)


def run() -> None:
    """Raises LakeError where a table differs, NotBuiltYet where none that was counted does."""
    differing: list[str] = []
    count = 0
    try:
        for compared in verify(Places.from_settings()):
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


def _told(compared: Compared) -> str:
    said = f"{compared.table_name:26} {compared.row_count:>10,} rows  "
    if compared.is_equal:
        return said + "equal"
    head = f"{compared.missing_count:,} missing or different, {compared.extra_count:,} not expected"
    return "\n".join([said + head, *(f"  {line}" for line in compared.first)])
