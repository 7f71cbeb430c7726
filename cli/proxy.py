"""An nginx for the tests behind a proxy: the system's, else apt's."""

import os
import shutil

from cli import apt
from lake.errors import LakeError

PATH = os.defpath + os.pathsep + "/usr/sbin"
"""Where a server is that is not everybody's to start."""


def find_or_install() -> str:
    """Raises LakeError where there is none to be had."""
    found = _find() or (apt.install("nginx-light") and _find())
    if not found:
        raise LakeError(
            "The tests behind a proxy need nginx, and it could not be installed.",
            "Install it (Debian: apt-get install nginx-light) and run ./snr test again.",
        )
    return found


def _find() -> str | None:
    return shutil.which("nginx") or shutil.which("nginx", path=PATH)
