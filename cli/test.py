"""`./snr test`: makes sure of a browser, then runs pytest."""

import os
import subprocess
import sys

from cli import browser
from lake.paths import CHECKOUT


def run(arguments: list[str], *, long: bool) -> None:
    chosen = arguments or ["tests"]
    environment = os.environ | {"SNR_BROWSER": browser.find_or_install(), "DO_NOT_TRACK": "1"}
    flags = ["--long"] if long else []
    command = [sys.executable, "-m", "pytest", *flags, *chosen]
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, check=False)
    if done.returncode:
        sys.exit(done.returncode)
