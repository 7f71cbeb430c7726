"""`./snr bench [NAME]`: one file per benchmark in bench/."""

import subprocess
import sys

from lake.errors import LakeError
from lake.paths import CHECKOUT


def run(name: str | None) -> None:
    known = sorted(path.stem for path in (CHECKOUT / "bench").glob("[a-z]*.py"))
    if name and name not in known:
        raise LakeError(f"There is no benchmark {name}.", f"Use one of {', '.join(known)}.")
    for stem in [name] if name else known:
        print(f"== {stem}", flush=True)
        done = subprocess.run([sys.executable, f"bench/{stem}.py"], cwd=CHECKOUT, check=False)
        if done.returncode:
            raise LakeError(f"The benchmark {stem} failed.", "Its output above says why.")
