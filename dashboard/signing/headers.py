"""Headers that browsers heed: what a page may load and run, and who may frame it."""

import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import streamlit as st
from secure import Secure
from secure.headers import (
    ContentSecurityPolicy,
    CrossOriginOpenerPolicy,
    PermissionsPolicy,
    ReferrerPolicy,
    StrictTransportSecurity,
    XContentTypeOptions,
    XFrameOptions,
)

from dashboard.drawing import pulse
from lake.reach import Reach

STREAMLITS_PAGE = Path(st.__file__).with_name("static") / "index.html"
SCRIPT = re.compile(r"<script\b[^>]*>(.+?)</script>", re.DOTALL)


def headers(reach: Reach) -> Secure:
    return Secure(
        csp=content_security_policy(),
        coop=CrossOriginOpenerPolicy().same_origin(),
        hsts=StrictTransportSecurity() if reach.is_public else None,
        permissions=PermissionsPolicy().geolocation().camera().microphone(),
        referrer=ReferrerPolicy().same_origin(),  # without any, forms would name no origin
        xcto=XContentTypeOptions().nosniff(),
        xfo=XFrameOptions().deny(),
    )


def content_security_policy() -> ContentSecurityPolicy:
    """The strictest with which Streamlit's pages work: docs/security.md gives the reason of each
    exception from "only what comes from here"."""
    return (
        ContentSecurityPolicy()
        .default_src("'self'")
        .script_src("'self'", *scripts_in_pages(), "'wasm-unsafe-eval'")
        .style_src("'self'", "'unsafe-inline'")
        .img_src("'self'", "data:")
        .font_src("'self'", "data:")
        .connect_src("'self'")
        .worker_src("'self'")
        .object_src("'none'")
        .base_uri("'none'")
        .frame_ancestors("'none'")
        .form_action("'self'")
    )


def scripts_in_pages() -> Iterator[str]:
    """Digests of those that stand in a page itself: Streamlit's own, and ours. No others run."""
    for page in (STREAMLITS_PAGE.read_text(encoding="utf-8"), pulse.WATCH, pulse.WATCH_WHO):
        for script in SCRIPT.findall(page):
            digest = b64encode(sha256(script.encode()).digest()).decode()
            yield f"'sha256-{digest}'"
