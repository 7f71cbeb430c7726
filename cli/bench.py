"""`./snr bench [NAME]`: one file per benchmark in bench/."""

import os
import subprocess
import sys

from typer import BadParameter

from cli.stack import ALLOCATORS
from lake.errors import LakeError
from lake.places import CHECKOUT


def run(name: str | None, *, long: bool) -> None:
    """`long` is for those that know it."""
    files = (CHECKOUT / "bench").glob("*.py")
    known = sorted(path.stem for path in files if "def main(" in path.read_text())
    if name and name not in known:
        raise BadParameter(f"There is no benchmark {name}; use one of {', '.join(known)}.")
    for stem in [name] if name else known:
        print(f"== {stem}", flush=True)
        command = [sys.executable, "-m", f"bench.{stem}", *(["--long"] if long else [])]
        # As `up` gives it to its processes; a bench that signs in says so.
        environment = ALLOCATORS | {"SNR_AUTH": "off"} | os.environ
        done = subprocess.run(command, cwd=CHECKOUT, env=environment, check=False)
        if done.returncode:
            raise LakeError(f"The benchmark {stem} failed.", "Its output above says why.")
