"""The page's own watch over the server: pulse.js greys what is shown once the beats stay away."""

from datetime import datetime
from pathlib import Path

BEAT_SECONDS = 10
"""Some beats may be lost before the page takes the server for silent (pulse.js)."""


def _script(name: str) -> str:
    return f"<script>{Path(__file__).with_name(name).read_text(encoding='utf-8')}</script>"


WATCH = _script("pulse.js")
WATCH_WHO = _script("watch.js")
"""Over who is at the page: it is left once the session is over, and locked when nobody is there."""


def beat(at: datetime) -> str:
    return f'<i hidden data-beat="{at.isoformat()}"></i>'
