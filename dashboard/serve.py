"""`python -m dashboard.serve`: the dashboard's server, Streamlit's pages behind a door of its own.

Where nobody signs in the door stands open.
"""

import os
import sys
from pathlib import Path

import streamlit as st
from pydantic import ValidationError
from pydantic_settings import SettingsError
from secure import Secure
from secure.headers import (
    ContentSecurityPolicy,
    CrossOriginOpenerPolicy,
    PermissionsPolicy,
    ReferrerPolicy,
    XContentTypeOptions,
    XFrameOptions,
)
from secure.middleware import SecureASGIMiddleware
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from dashboard.settings import DashboardSettings
from dashboard.signing.door import SignedInOnly
from dashboard.signing.routes import Routes
from dashboard.whose import sessions
from lake.auth import LOOPBACK

APP = Path(__file__).with_name("app.py")

OPTIONS = {
    "server.address": "127.0.0.1",
    "server.headless": True,
    "server.fileWatcherType": "none",
    "runner.postScriptGC": False,  # all that lives, each 2 s: a quarter of its time
    "browser.gatherUsageStats": False,
}
HEADERS = Secure(
    # Streamlit's pages run scripts and styles of their own in the page (st.html, its themes), its
    # charts compile theirs, its workers and pictures come as blobs, and some icons as data.
    csp=ContentSecurityPolicy()
    .default_src("'self'")
    .script_src("'self'", "'unsafe-inline'", "'unsafe-eval'", "blob:")
    .style_src("'self'", "'unsafe-inline'")
    .img_src("'self'", "data:", "blob:")
    .font_src("'self'", "data:")
    .connect_src("'self'")
    .worker_src("'self'", "blob:")
    .object_src("'none'")
    .frame_ancestors("'none'")
    .form_action("'self'"),
    coop=CrossOriginOpenerPolicy().same_origin(),
    permissions=PermissionsPolicy().geolocation().camera().microphone(),
    referrer=ReferrerPolicy().same_origin(),  # without any, forms would name no origin
    xcto=XContentTypeOptions().nosniff(),
    xfo=XFrameOptions().deny(),
)
OUTSIDE = [
    Middleware(SecureASGIMiddleware, secure=HEADERS),
    Middleware(TrustedHostMiddleware, allowed_hosts=[*LOOPBACK], www_redirect=False),
]


def app(settings: DashboardSettings) -> st.App:
    if not settings.asks_who:
        return st.App(APP, middleware=OUTSIDE)
    known = sessions(settings.api_url)
    return st.App(
        APP,
        routes=Routes(settings, known).all(),
        middleware=[
            *OUTSIDE,
            Middleware(SignedInOnly, settings=settings, sessions=known),
        ],
    )


def main() -> int:
    try:
        settings = DashboardSettings()
    except (ValidationError, SettingsError) as error:
        sys.stderr.write(f"A setting is wrong: {error}\n")
        return 1
    # uvicorn believes who connects from this machine what address a browser has: that are all.
    os.environ["FORWARDED_ALLOW_IPS"] = "none"
    app(settings).run(config={**OPTIONS, "server.port": settings.dashboard_port})
    return 0


if __name__ == "__main__":
    sys.exit(main())
