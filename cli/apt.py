"""Programs that tests need and Debian has."""

import os
import shutil
import subprocess
import sys


def install(*packages: str) -> bool:
    """Whether it was tried: as root, where there is apt."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    print(f"Setting up: installing {packages[0]} with apt ...", file=sys.stderr)
    # A server that is installed does not start by itself in this run level.
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    options = ("--no-install-recommends", "-y", "-qq")
    for arguments in (("update", "-qq"), ("install", *options, *packages)):
        subprocess.run(
            ["apt-get", *arguments], env=environment, stdout=subprocess.DEVNULL, check=False
        )
    return True
