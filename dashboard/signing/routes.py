"""The dashboard's own routes: a page to sign in on, and what its forms and watch.js send.

The session's secret and the device's travel in cookies that no script reads (HttpOnly), that other
sites' pages do not send (SameSite=Strict), and each route that takes one checks where the request
comes from.
"""

from collections.abc import Awaitable, Callable
from functools import partial, wraps
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from dashboard.drawing import html
from dashboard.settings import DashboardSettings
from dashboard.signing import lanes
from dashboard.whose import Sessions
from simulator.client import (
    BookingClient,
    ClientError,
    Device,
    PinSignIn,
    Refused,
    SignedIn,
    SignIn,
)

SHIFT_SECONDS = 12 * 3600
"""As long as a device is bound to a person, and a session lasts."""
MOST_DEVICES = 2_000
MOST_FORM_BYTES = 8 * 1024
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)

_TEMPLATES = html.templates_of("dashboard.signing")

Handle = Callable[[Request], Awaitable[Response]]


class Routes:
    def __init__(self, settings: DashboardSettings, sessions: Sessions) -> None:
        self._settings, self._sessions = settings, sessions
        self._devices: set[str] = set()

    def all(self) -> list[Route]:
        posts = {
            "/sign-in": self.sign_in,
            "/sign-in/pin": self.sign_in_with_pin,
            "/session/touch": self.touch,
            "/session/lock": self.lock,
            "/session/end": self.sign_out,
        }
        return [
            Route("/sign-in", self.page, methods=["GET"]),
            Route("/sign-in/style.css", style, methods=["GET"]),
            Route("/session", self.state, methods=["GET"]),
            *(Route(path, self.from_here(do), methods=["POST"]) for path, do in posts.items()),
        ]

    async def page(self, request: Request) -> Response:
        """Who has signed in already goes on."""
        going_to = own_path(request.query_params.get("next"))
        try:
            found = await lanes.find(self._sessions, self._secret(request), _address(request))
        except lanes.Crowded:
            return await self._asking(request, going_to, problem=lanes.CROWDED, status=503)
        if found and not found.who.is_locked:
            return RedirectResponse(going_to, 303)
        asks_new = "new" in request.query_params
        return await self._asking(request, going_to, asks_new=asks_new)

    async def sign_in(self, request: Request) -> Response:
        form = await _form(request)
        going_to = own_path(form.get("next"))
        try:
            wish = SignIn(
                name=form.get("name", ""),
                password=form.get("password", ""),
                new_password=form.get("new_password") or None,
                device_secret=self._device(request),
            )
            address = _address(request)
            opened = await self._in_lane(request, lambda: self._client().sign_in(wish, address))
        except (lanes.Crowded, ClientError, ValidationError) as error:
            is_once = isinstance(error, Refused) and error.code == "new_password_required"
            asks_new = is_once or "new_password" in form
            return await self._again(
                request, going_to, form.get("name", ""), error, asks_new=asks_new
            )
        return await self._opened(request, opened, going_to)

    async def sign_in_with_pin(self, request: Request) -> Response:
        form = await _form(request)
        going_to, name = own_path(form.get("next")), form.get("name", "")
        try:
            wish = PinSignIn(
                name=name, pin=form.get("pin", ""), device_secret=self._device(request) or ""
            )
            address = _address(request)
            opened = await self._in_lane(
                request, lambda: self._client().sign_in_with_pin(wish, address)
            )
        except (lanes.Crowded, ClientError, ValidationError) as error:
            return await self._again(request, going_to, name, error)
        return await self._opened(request, opened, going_to)

    async def _in_lane(self, request: Request, do: Callable[[], SignedIn]) -> SignedIn:
        """Raises Crowded."""
        device = self._device(request)
        if device in self._devices:
            return await lanes.SIGNING_IN_AGAIN.ask(device, do)
        return await lanes.SIGNING_IN.ask(_address(request), do)

    def _has_seen(self, device_secret: str) -> None:
        """Somebody has signed in on this device: the API says so."""
        if len(self._devices) >= MOST_DEVICES:
            self._devices.clear()
        self._devices.add(device_secret)

    async def state(self, request: Request) -> Response:
        """For watch.js: whether the page may stay. Counts as no sign of life."""
        try:
            found = await lanes.find(self._sessions, self._secret(request), _address(request))
        except lanes.Crowded:
            return JSONResponse({"detail": lanes.CROWDED}, 503, lanes.RETRY)
        if found is None or found.who.is_locked:
            return JSONResponse({"is_open": False}, 401)
        return JSONResponse({"is_open": True, "session_id": found.who.session_id})

    async def touch(self, request: Request) -> Response:
        return await self._tell(request, lambda api: api.touch())

    async def lock(self, request: Request) -> Response:
        """Where the API cannot be told, the browser forgets the session: nobody finds it open."""
        response = await self._tell(request, lambda api: api.lock())
        if response.status_code != 200:
            self._forget_session(response)
        return response

    async def sign_out(self, request: Request) -> Response:
        """Of the session nothing is left, whether or not the API could be told."""
        await self._tell(request, lambda api: api.end_session())
        response = RedirectResponse("/sign-in", 303)
        self._forget_session(response)
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response

    async def _tell(self, request: Request, ask: Callable[[BookingClient], Any]) -> Response:
        secret = self._secret(request)
        if not secret:
            return JSONResponse({"detail": "Sign in first."}, 401)
        try:
            told = partial(self._told, secret, ask)
            await lanes.for_secret(self._sessions, secret, _address(request), told)
        except Refused as refused:
            return JSONResponse({"detail": refused.detail, "code": refused.code}, refused.status)
        except (lanes.Crowded, ClientError, ValidationError) as error:
            return JSONResponse({"detail": _said(error)}, 503)
        return JSONResponse({"is_done": True})

    def _told(self, secret: str, ask: Callable[[BookingClient], Any]) -> None:
        """What was known of the session is forgotten only once the API has answered: while it is
        silent the page goes on, masked."""
        with BookingClient(self._settings.api_url, secret=secret) as api:
            ask(api)
        self._sessions.forget(secret)

    async def _again(
        self,
        request: Request,
        going_to: str,
        name: str,
        error: Exception,
        *,
        asks_new: bool = False,
    ) -> Response:
        status = 503 if _is_crowded(error) else 401
        return await self._asking(
            request, going_to, name, _said(error), asks_new=asks_new, status=status
        )

    async def _asking(
        self,
        request: Request,
        going_to: str,
        name: str = "",
        problem: str = "",
        *,
        asks_new: bool = False,
        status: int = 200,
    ) -> Response:
        page = _TEMPLATES.get_template("sign_in.html").render(
            names=await self._names(request),
            going_to=going_to,
            name=name,
            problem=problem,
            asks_new=asks_new,
        )
        headers = {
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
            "Cache-Control": "no-store",
        }
        return HTMLResponse(page, status, headers | (lanes.RETRY if status == 503 else {}))

    async def _names(self, request: Request) -> list[str]:
        """Who has a PIN on this device; nobody where that cannot be asked."""
        secret = self._device(request)
        if not secret:
            return []
        try:
            names = await lanes.STRANGERS.ask(_address(request), partial(self._names_on, secret))
        except (lanes.Crowded, ClientError, ValidationError):
            return []
        if names:
            self._has_seen(secret)
        return names

    def _names_on(self, device_secret: str) -> list[str]:
        with BookingClient(self._settings.api_url) as api:
            return api.names_on(Device(device_secret=device_secret))

    async def _opened(self, request: Request, opened: SignedIn, going_to: str) -> Response:
        """Another session than the one before, whoever it was: that one ends."""
        if self._secret(request):
            await self._tell(request, lambda api: api.end_session())
        await lanes.for_who_signed_in(lambda: self._sessions.find(opened.secret))  # from now on
        self._has_seen(opened.device_secret)
        response = RedirectResponse(going_to, 303)
        cookies = {
            self._settings.session_cookie: opened.secret,
            self._settings.device_cookie: opened.device_secret,
        }
        for name, secret in cookies.items():
            response.set_cookie(
                name, secret, max_age=SHIFT_SECONDS, path="/", secure=self._settings.is_public,
                httponly=True, samesite="strict",
            )  # fmt: skip
        return response

    def _forget_session(self, response: Response) -> None:
        name, is_secure = self._settings.session_cookie, self._settings.is_public
        response.delete_cookie(name, path="/", secure=is_secure)

    def from_here(self, handle: Handle) -> Handle:
        """Only of pages of this site, as the browser says it."""

        @wraps(handle)
        async def checked(request: Request) -> Response:
            origin = request.headers.get("origin")
            if origin is None or not self._settings.is_own(origin, request.headers.get("host")):
                return JSONResponse({"detail": "Not from another site."}, 403)
            return await handle(request)

        return checked

    def _client(self) -> BookingClient:
        """Its token is why the API believes it the browser's address."""
        token = self._settings.dashboard_token.get_secret_value()
        return BookingClient(self._settings.api_url, secret=token)

    def _secret(self, request: Request) -> str | None:
        return request.cookies.get(self._settings.session_cookie)

    def _device(self, request: Request) -> str | None:
        return request.cookies.get(self._settings.device_cookie)


def own_path(text: str | None) -> str:
    """Where to go on to: a page of this dashboard, whatever was asked."""
    path = PurePosixPath(urlsplit(text or "").path).name
    return f"/{path}" if path.isalpha() and path.isascii() else "/"


async def style(_: Request) -> Response:
    text = _TEMPLATES.get_template("style.css").render()
    return Response(text, media_type="text/css")


async def _form(request: Request) -> dict[str, str]:
    """Texts of a form; of one that is too long, none."""
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > MOST_FORM_BYTES:
        return {}
    form = await request.form(max_files=0, max_fields=10)
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _address(request: Request) -> str:
    return lanes.address_of(request.client)


def _is_crowded(error: Exception) -> bool:
    is_overloaded = isinstance(error, Refused) and error.code == "overloaded"
    return is_overloaded or isinstance(error, lanes.Crowded)


def _said(error: Exception) -> str:
    if _is_crowded(error):
        return lanes.CROWDED
    if isinstance(error, ValidationError):
        return "That is too long."
    return error.detail if isinstance(error, Refused) else str(error)
