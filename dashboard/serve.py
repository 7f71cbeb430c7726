"""`python -m dashboard.serve`: the dashboard's server, Streamlit's pages behind a door of its own.

Where nobody signs in the door stands open.
"""

import os
import sys
from pathlib import Path

import streamlit as st
from pydantic import ValidationError
from pydantic_settings import SettingsError
from secure.middleware import SecureASGIMiddleware
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from dashboard.settings import DashboardSettings
from dashboard.signing.door import SignedInOnly
from dashboard.signing.headers import headers
from dashboard.signing.routes import Routes
from dashboard.whose import sessions
from lake import logs
from lake.reach import FromTheProxy, Reach

APP = Path(__file__).with_name("app.py")

OPTIONS = {
    "server.headless": True,
    "server.fileWatcherType": "none",
    "runner.postScriptGC": False,  # all that lives, each 2 s: a quarter of its time
    "browser.gatherUsageStats": False,
}


def outside(reach: Reach) -> list[Middleware]:
    """What each request passes before the door."""
    through = [Middleware(FromTheProxy, proxy=reach.proxy)] if reach.proxy else []
    return [
        *through,
        Middleware(SecureASGIMiddleware, secure=headers(reach)),
        Middleware(TrustedHostMiddleware, allowed_hosts=reach.hosts, www_redirect=False),
    ]


def app(settings: DashboardSettings) -> st.App:
    if not settings.asks_who:
        return st.App(APP, middleware=outside(settings))
    known = sessions(settings.api_url)
    return st.App(
        APP,
        routes=Routes(settings, known).all(),
        middleware=[
            *outside(settings),
            Middleware(SignedInOnly, settings=settings, sessions=known),
        ],
    )


def main() -> int:
    logs.without_quotes()
    try:
        settings = DashboardSettings()
    except (ValidationError, SettingsError) as error:
        sys.stderr.write(f"A setting is wrong: {error}\n")
        return 1
    # uvicorn believes who connects from this machine what address a browser has: that are all.
    os.environ["FORWARDED_ALLOW_IPS"] = "none"
    where = {"server.address": settings.bind, "server.port": settings.dashboard_port}
    app(settings).run(config=OPTIONS | where)
    return 0


if __name__ == "__main__":
    sys.exit(main())
