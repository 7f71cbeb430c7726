"""`./snr replay FILE`."""

from difflib import get_close_matches
from pathlib import Path
from zoneinfo import available_timezones

from typer import BadParameter

from lake.errors import LakeError
from lake.places import Places
from simulator.feeds.columns import COLUMNS
from simulator.feeds.faults_csv import name_for, write_faults
from simulator.feeds.log_rows import Duplicate, Fault, Remark, rows_in
from simulator.feeds.replay_file import Summary, check_file, replay_file
from simulator.plan import read_plan
from simulator.settings import ApiSettings

OF_THIS_MACHINE = {"localtime"}
"""Python lists it as a zone; no reader of the lake knows it."""
LISTED = 20
"""Of a kind; a check lists all."""


def run(file: Path, *, time_zone: str | None, columns: str | None, check: bool) -> None:
    plan = read_plan(ApiSettings().hospital_file)
    zone = _zone(time_zone) if time_zone is not None else plan.time_zone
    names = names_of(columns) if columns is not None else {}
    if check:
        summary = check_file(file, plan.hospital_id, zone, names)
        print(text_of(summary, most=None))
        print("Only checked: nothing was written.")
    else:
        places = Places.from_settings()
        summary = replay_file(places, file, plan.hospital_id, zone, names)
        print(text_of(summary))
        if summary.faults:
            print(_where(file, write_faults(file, places.home, summary)))
    if not summary.applied:
        raise LakeError(
            f"No row of {file} was applied.",
            "Look at the reasons above, mend the file, and replay it into an empty SNR_HOME.",
        )


def _zone(name: str) -> str:
    zones = available_timezones() - OF_THIS_MACHINE
    if name not in zones:
        by_case = {zone.casefold(): zone for zone in sorted(zones)}
        near = get_close_matches(name.casefold(), by_case, n=1)
        hint = by_case[near[0]] if near else "Asia/Kolkata or UTC"
        raise BadParameter(f"--time-zone {name!r} is no IANA time zone; did you mean {hint}?")
    return name


def names_of(columns: str) -> dict[str, str]:
    """`case_id=hadm_id,event=what`: the file's names of the columns."""
    pairs = [pair.partition("=") for pair in columns.split(",")]
    names = {ours.strip(): theirs.strip() for ours, _, theirs in pairs}
    wrong = [ours for ours, theirs in names.items() if ours not in COLUMNS or not theirs]
    if wrong or len(names) < len(pairs):
        raise BadParameter(
            f"--columns {columns!r}: write each of {', '.join(COLUMNS)} at most once, "
            "as in case_id=hadm_id,unit=careunit."
        )
    return names


def _where(file: Path, written: Path | None) -> str:
    if written is None:
        return f"{name_for(file)} cannot be written; ./snr replay --check FILE lists all rows."
    return f"The rows that were not applied, with the reasons: {written}"


def text_of(summary: Summary, most: int | None = LISTED) -> str:
    """Every row of the file, once, in groups that add up; of each kind the first `most`."""
    applied = [f"  {count:>7,}  {name}" for name, count in sorted(summary.applied.items())]
    without = [f"  {count:>7,}  {name}" for name, count in sorted(summary.without_bed.items())]
    lines = [
        f"{summary.rows:,} rows; the hospital's time zone is {summary.time_zone}",
        f"{summary.applied.total():>9,}  applied",
        *(f"  {line}" for line in applied),
        f"{summary.without_bed.total():>9,}  touch no bed",
        *(f"  {line}" for line in without),
        f"{len(summary.duplicates):>9,}  duplicates",
        *_listed([_duplicate(one) for one in summary.duplicates], most),
        f"{rows_in(summary.faults):>9,}  not applied",
        *_listed([_fault(one) for one in summary.faults], most),
    ]
    if summary.remarks:
        lines += ["Remarks", *_listed([_remark(one) for one in summary.remarks], most)]
    if not summary.adds_up:
        lines.append("These do not add up: please report this.")
    return "\n".join(lines)


def _listed(texts: list[str], most: int | None) -> list[str]:
    """On one line each, whatever they hold."""
    first = [f"    {' '.join(text.split())}" for text in texts[:most]]
    more = len(texts) - len(first)
    return [*first, f"    ... and {more:,} more: --check lists all"] if more else first


def _duplicate(duplicate: Duplicate) -> str:
    return f"line {duplicate.line}: the same as line {duplicate.first_line}"


def _fault(fault: Fault) -> str:
    lines = " and ".join(str(line) for line in fault.lines)
    return f"line{'s' if len(fault.lines) > 1 else ''} {lines}: {fault.reason}"


def _remark(remark: Remark) -> str:
    return remark.text if remark.line is None else f"line {remark.line}: {remark.text}"
