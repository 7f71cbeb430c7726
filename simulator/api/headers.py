"""Headers that browsers heed: what an answer may load, and who may frame it."""

from typing import Any

from secure import Secure
from secure.headers import (
    ContentSecurityPolicy,
    CrossOriginOpenerPolicy,
    CrossOriginResourcePolicy,
    ReferrerPolicy,
    XContentTypeOptions,
    XFrameOptions,
)
from secure.middleware import SecureASGIMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

DOCS = ("/docs", "/redoc")
"""Swagger's page begins with a script of its own, in the page."""


def _headers(policy: ContentSecurityPolicy) -> Secure:
    return Secure(
        csp=policy.frame_ancestors("'none'").base_uri("'none'").form_action("'none'"),
        coop=CrossOriginOpenerPolicy().same_origin(),
        corp=CrossOriginResourcePolicy().same_origin(),
        referrer=ReferrerPolicy().no_referrer(),
        xcto=XContentTypeOptions().nosniff(),
        xfo=XFrameOptions().deny(),
    )


NOTHING = _headers(ContentSecurityPolicy().default_src("'none'"))
OWN_PAGES = _headers(
    ContentSecurityPolicy()
    .default_src("'none'")
    .script_src("'self'", "'unsafe-inline'")
    .style_src("'self'", "'unsafe-inline'")
    .img_src("'self'", "data:")
    .font_src("'self'")
    .connect_src("'self'")
)


class SafeHeaders:
    """Answers are data: a browser loads nothing for them, but for the documentation's pages."""

    def __init__(self, app: ASGIApp) -> None:
        self._data = SecureASGIMiddleware(app, secure=NOTHING)
        self._pages = SecureASGIMiddleware(app, secure=OWN_PAGES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_page = scope["type"] == "http" and scope["path"].startswith(DOCS)
        answer: Any = self._pages if is_page else self._data
        await answer(scope, receive, send)
