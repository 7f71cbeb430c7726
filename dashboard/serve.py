"""`python -m dashboard.serve`: the dashboard's server, Streamlit's pages behind a door of its own.

Where nobody signs in the door stands open.
"""

import sys
from pathlib import Path

import streamlit as st
from pydantic import ValidationError
from pydantic_settings import SettingsError
from starlette.middleware import Middleware

from dashboard.settings import DashboardSettings
from dashboard.signing.door import SafeHeaders, SignedInOnly
from dashboard.signing.routes import Routes
from dashboard.whose import sessions

APP = Path(__file__).with_name("app.py")

OPTIONS = {
    "server.address": "127.0.0.1",
    "server.headless": True,
    "server.fileWatcherType": "none",
    "runner.postScriptGC": False,  # all that lives, each 2 s: a quarter of its time
    "browser.gatherUsageStats": False,
}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # without any, forms would name no origin
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def app(settings: DashboardSettings) -> st.App:
    if not settings.asks_who:
        return st.App(APP, middleware=[Middleware(SafeHeaders, headers=HEADERS)])
    known = sessions(settings.api_url)
    return st.App(
        APP,
        routes=Routes(settings, known).all(),
        middleware=[
            Middleware(SafeHeaders, headers=HEADERS),
            Middleware(SignedInOnly, settings=settings, sessions=known),
        ],
    )


def main() -> int:
    try:
        settings = DashboardSettings()
    except (ValidationError, SettingsError) as error:
        sys.stderr.write(f"A setting is wrong: {error}\n")
        return 1
    app(settings).run(config={**OPTIONS, "server.port": settings.dashboard_port})
    return 0


if __name__ == "__main__":
    sys.exit(main())
