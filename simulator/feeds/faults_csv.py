"""The rows of a log that were not applied, as a CSV file to mend them from."""

import csv
from pathlib import Path

from simulator.feeds.log_rows import texts_of
from simulator.feeds.replay_file import Summary

HEADER = ("line", "reason", "row")


def name_for(log: Path) -> str:
    return f"{log.stem}.faults.csv"


def write_faults(log: Path, home: Path, summary: Summary) -> Path | None:
    """Beside the log, or in `home` where nobody may write there; None where neither can be."""
    for folder in (log.resolve().parent, home):
        path = folder / name_for(log)
        try:
            _write(path, summary)
        except OSError:
            continue
        return path
    return None


def _write(path: Path, summary: Summary) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(texts_of(summary.faults, summary.texts))
