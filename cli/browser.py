"""A Chromium for the browser tests: the system's, else apt's, else Playwright's own."""

import os
import shutil
import subprocess
import sys

from lake.errors import LakeError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OWN = "playwright"
"""What `find_or_install` gives when Playwright's own browser is to be used."""


def find_or_install() -> str:
    """Path of a Chromium, or `playwright`. Raises LakeError where there is none to be had."""
    return _on_path() or _from_apt() or _from_playwright()


def _on_path() -> str | None:
    found = (shutil.which(name) for name in NAMES)
    return next((path for path in found if path), None)


def _from_apt() -> str | None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    print("Setting up: installing Chromium with apt ...", file=sys.stderr)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    options = ("--no-install-recommends", "-y", "-qq")
    for arguments in (("update", "-qq"), ("install", *options, "chromium", "fonts-dejavu-core")):
        subprocess.run(
            ["apt-get", *arguments], env=environment, stdout=subprocess.DEVNULL, check=False
        )
    return _on_path()


def _from_playwright() -> str:
    print("Setting up: fetching Playwright's Chromium ...", file=sys.stderr)
    done = subprocess.run(
        [sys.executable, "-m", "playwright", "install", "chromium"], stdout=sys.stderr, check=False
    )
    if done.returncode:
        raise LakeError(
            "The browser tests need a Chromium, and none could be installed.",
            "Install one (Debian: apt-get install chromium) and run ./snr test again.",
        )
    return OWN
