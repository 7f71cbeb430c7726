"""`./snr test`: makes sure of a browser, then runs pytest."""

import os
import subprocess
import sys

from cli import browser
from lake.places import CHECKOUT

BESIDE_EACH_OTHER = "--numprocesses=logical --maxprocesses=4 --dist=loadfile --ignore=tests/system"
"""Each of these processes may start a Spark of its own. The system tests have the machine for
themselves: they ask how soon things come back."""

ALL = (BESIDE_EACH_OTHER.split(), ["tests/system"])


def run(arguments: list[str], *, long: bool) -> None:
    """All tests, or what the arguments say in one process of pytest."""
    environment = os.environ | {"SNR_BROWSER": browser.find_or_install(), "DO_NOT_TRACK": "1"}
    command = [sys.executable, "-m", "pytest", *(["--long"] if long else [])]
    failed = 0
    for chosen in [arguments] if arguments else ALL:
        done = subprocess.run([*command, *chosen], cwd=CHECKOUT, env=environment, check=False)
        failed = failed or done.returncode
    if failed:
        sys.exit(failed)
