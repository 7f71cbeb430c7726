"""A Chromium for the browser tests: the system's, else apt's, else Playwright's own."""

import shutil
import subprocess
import sys

from cli import apt
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
    return _on_path() if apt.install("chromium", "fonts-dejavu-core") else None


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
