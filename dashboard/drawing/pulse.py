"""The page's own watch over the server: pulse.js greys what is shown once the beats stay away."""

from datetime import datetime
from pathlib import Path

BEAT_SECONDS = 10
"""Some beats may be lost before the page takes the server for silent (pulse.js)."""

WATCH = f"<script>{Path(__file__).with_name('pulse.js').read_text(encoding='utf-8')}</script>"


def beat(at: datetime) -> str:
    return f'<i hidden data-beat="{at.isoformat()}"></i>'
