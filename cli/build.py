"""`./snr build`: through Prefect when its server answers, else the plain function."""

import sys
from datetime import date

from typer import BadParameter

from cli import prefect_runs
from lake.places import Places


def run(from_on: str | None, to_on: str | None) -> None:
    first, last = _date("--from", from_on), _date("--to", to_on)
    if first and last and last < first:
        raise BadParameter(f"--to {last} lies before --from {first}; swap them.")
    if prefect_runs.server_answers():
        notes = prefect_runs.run("build_gold", {"from_on": from_on, "to_on": to_on})
    else:
        from flows.build_gold import run as build

        notes = build(Places.from_settings(), first, last).told
    for note in notes:
        print(note, file=sys.stderr)


def _date(option: str, text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadParameter(f"{option} {text} is not a date like 2026-11-24.") from None
