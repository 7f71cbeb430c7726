"""`./snr doctor`: looks at what the stack needs; each finding with its fix."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from cli.settings import StackSettings
from cli.stack import Stack
from cli.up import is_taken
from lake.errors import LakeError
from lake.places import Places
from lake.tables import BED_EVENTS, TABLES

LOW_DISK_BYTES = 2 * 1024**3
PACKAGES = ("fastapi", "deltalake", "pyspark", "delta-spark", "duckdb", "prefect", "streamlit")


class Finding(NamedTuple):
    what: str
    is_good: bool
    detail: str
    fix: str = ""


def run() -> None:
    findings = list(examine(Places.from_settings(), StackSettings()))
    for finding in findings:
        mark = "ok  " if finding.is_good else "BAD "
        print(f"{mark} {finding.what}: {finding.detail}")
        if not finding.is_good:
            print(f"      Fix: {finding.fix}")
    bad = [finding.what for finding in findings if not finding.is_good]
    if bad:
        raise LakeError(f"Something is wrong: {', '.join(bad)}.", "Each fix stands above.")


def examine(places: Places, settings: StackSettings) -> Iterator[Finding]:
    yield _java()
    yield _jars()
    yield from _ports(places, settings)
    yield _disk(places)
    yield Finding("versions", True, ", ".join(f"{name} {version(name)}" for name in PACKAGES))
    yield _lake(places)


def _java() -> Finding:
    java = str(Path(os.environ.get("JAVA_HOME", "/usr")) / "bin" / "java")
    fix = "Install Java 17+, set JAVA_HOME (Debian: apt-get install openjdk-17-jre-headless)."
    try:
        done = subprocess.run([java, "-version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return Finding("Java", False, str(error), fix)
    return Finding("Java", True, done.stderr.splitlines()[0])


def _jars() -> Finding:
    from lake.spark import JARS, missing_jars

    missing = missing_jars()
    fix = "Remove .venv/.set-up and run ./snr again, with a network."
    return Finding("Spark's jars", not missing, ", ".join(missing) or f"in {JARS.name}", fix)


def _ports(places: Places, settings: StackSettings) -> Iterator[Finding]:
    runs = Stack(places, settings).pid is not None
    for name in ("api_port", "dashboard_port", "prefect_port"):
        port = getattr(settings, name)
        fix = f"Stop the program that has it, or set SNR_{name.upper()}."
        detail = "in use by `up`" if runs else "taken" if is_taken(port) else "free"
        yield Finding(f"port {port}", detail != "taken", detail, fix)


def _disk(places: Places) -> Finding:
    folder = next(f for f in (places.home, *places.home.parents) if f.exists())
    free = shutil.disk_usage(folder).free
    writable = os.access(folder, os.W_OK)
    detail = f"{free / 1024**3:.1f} GiB free at {folder}" + ("" if writable else ", not writable")
    fix = "Free some space, or set SNR_HOME to a folder that can be written."
    return Finding("disk", writable and free > LOW_DISK_BYTES, detail, fix)


def _lake(places: Places) -> Finding:
    if not places.exists(BED_EVENTS):
        return Finding("lake", True, f"none yet in {places.lake_url}; ./snr up makes one")
    from lake.duck import LakeReader

    count = "SELECT count(*) AS n, max(seq) AS head FROM bronze.bed_events"
    fix = "See docs/runbook.md, 'The lake cannot be read'."
    try:
        reader = LakeReader(places)
        [row] = reader.ask(count).to_pylist()
        for table in TABLES:  # its log may be whole and its files not
            reader.ask(f"SELECT * FROM {table.name} LIMIT 1")  # noqa: S608 - our own names
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
        return Finding("lake", False, str(error).splitlines()[0], fix)
    for name, cause in reader.broken.items():
        return Finding("lake", False, f"{name}: {cause}", fix)
    return Finding("lake", row["n"] == (row["head"] or 0), f"{row['n']:,} events", fix)
