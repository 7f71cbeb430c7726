"""From where the API and the dashboard are reached: this machine alone, or others too, through a
proxy that speaks TLS. Both listen where only that one and this machine are answered.
"""

from ipaddress import ip_address
from typing import Self
from urllib.parse import urlsplit

from pydantic import IPvAnyAddress, model_validator
from pydantic_settings import SettingsConfigDict
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from lake.auth import LOOPBACK, Auth, AuthSettings
from lake.duck import LakeReader
from lake.errors import LakeError
from lake.places import Places
from lake.tables import BED_EVENTS
from lake.vocabulary import LakeMode

HERE = "127.0.0.1"
EVERYWHERE = "0.0.0.0"  # noqa: S104 # nosec B104 - `FromTheProxy` answers none but that one


class Reach(AuthSettings):
    """`SNR_PUBLIC_URL`: what browsers call the dashboard, `https://NAME`; `SNR_PROXY`: the address
    of the proxy that answers there, which is believed whom it speaks for. Both or neither."""

    # An error would tell all settings, the dashboard's token too.
    model_config = SettingsConfigDict(env_prefix="SNR_", hide_input_in_errors=True)

    simulator: bool = True
    public_url: str = ""
    proxy: IPvAnyAddress | None = None

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        if not self.public_url and self.proxy is None:
            return self
        if not self.public_url or self.proxy is None:
            raise ValueError("SNR_PUBLIC_URL and SNR_PROXY: set both, or neither")
        if not _is_https_name(self.public_url):
            raise ValueError("SNR_PUBLIC_URL: https://NAME and nothing after it")
        if self.auth is Auth.OFF:
            raise ValueError("SNR_PUBLIC_URL: where nobody signs in, others stay out: SNR_AUTH=on")
        if self.simulator:
            raise ValueError("SNR_PUBLIC_URL: a demo is for this machine: ./snr up --no-simulator")
        return self

    @property
    def is_public(self) -> bool:
        return bool(self.public_url)

    @property
    def bind(self) -> str:
        """Where to listen: a proxy on another machine needs more than this one."""
        is_elsewhere = self.proxy is not None and not self.proxy.is_loopback
        return EVERYWHERE if is_elsewhere else HERE

    @property
    def hosts(self) -> list[str]:
        """What a request may call us."""
        public = urlsplit(self.public_url).hostname
        return [*LOOPBACK, *([public] if public else [])]

    def is_own(self, origin: str, host: str | None) -> bool:
        """Whether a page of that origin is one of those at `host`; of the public one with TLS."""
        if host and host == urlsplit(self.public_url).netloc:
            return origin == self.public_url
        return urlsplit(origin).netloc == host


def _is_https_name(url: str) -> bool:
    parts = urlsplit(url)
    return url == f"https://{parts.netloc}" and bool(parts.hostname) and "@" not in url


class FromTheProxy:
    """Answers this machine and the declared proxy; a browser's address is what that one says."""

    def __init__(self, app: ASGIApp, proxy: IPvAnyAddress) -> None:
        self._app = ProxyHeadersMiddleware(app, trusted_hosts=str(proxy))  # type: ignore[arg-type]
        self._proxy = proxy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or self._answers(scope.get("client")):
            await self._app(scope, receive, send)  # type: ignore[arg-type]
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await PlainTextResponse("Come through the proxy.", 403)(scope, receive, send)

    def _answers(self, peer: tuple[str, int] | None) -> bool:
        address = ip_address(peer[0]) if peer else None
        return address is not None and (address.is_loopback or address == self._proxy)


def refuse_a_demo(places: Places, reach: Reach) -> None:
    """Raises LakeError: everybody who was shown its users' passwords could sign in."""
    if not reach.is_public or not places.exists(BED_EVENTS):
        return
    sql = f"SELECT max_by(lake_mode, seq) FILTER (lake_mode != '') FROM {BED_EVENTS.name}"  # noqa: S608 - our name
    [mode] = LakeReader(places, [BED_EVENTS]).ask(sql).column(0).to_pylist()
    if mode == LakeMode.DEMO:
        raise LakeError(
            f"The lake in {places.lake_url} is a demo's: it is for this machine alone.",
            "Leave out SNR_PUBLIC_URL and SNR_PROXY, or use another SNR_HOME.",
        )
