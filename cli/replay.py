"""`./snr replay FILE`."""

from pathlib import Path

from lake.errors import LakeError
from lake.places import Places
from simulator.feeds.replay_file import Summary, replay_file
from simulator.plan import read_plan
from simulator.settings import ApiSettings


def run(file: Path) -> None:
    plan = read_plan(ApiSettings().hospital_file)
    summary = replay_file(Places.from_settings(), file, plan.hospital_id)
    print(text_of(summary))
    if not summary.applied:
        raise LakeError(
            f"No row of {file} was applied.",
            "Look at the reasons above, mend the file, and replay it into an empty SNR_HOME.",
        )


def text_of(summary: Summary) -> str:
    """Every row of the file, once, in groups that add up."""
    applied = [f"  {count:>7,}  {name}" for name, count in sorted(summary.applied.items())]
    without = [f"  {count:>7,}  {name}" for name, count in sorted(summary.without_bed.items())]
    faults = [f"  line {fault.line}: {fault.reason}" for fault in summary.faults]
    lines = [
        f"{summary.rows:,} rows",
        f"{summary.applied.total():>9,}  applied",
        *(f"  {line}" for line in applied),
        f"{summary.without_bed.total():>9,}  touch no bed",
        *(f"  {line}" for line in without),
        f"{len(summary.faults):>9,}  not applied",
        *(f"  {line}" for line in faults),
    ]
    if not summary.adds_up:
        lines.append("These do not add up: please report this.")
    return "\n".join(lines)
