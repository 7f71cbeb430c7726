"""The secret that Prefect's server shares with all that ask it: drawn once, kept for its owner."""

import secrets

import httpx

from lake.places import Places
from simulator.writer.disk import write_safely

USER = "snr"


def shared(places: Places) -> str:
    """`user:password`, as Prefect's PREFECT_API_AUTH_STRING."""
    path = places.prefect_secret
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_safely(path, f"{USER}:{secrets.token_urlsafe(24)}")
    return path.read_text()


def sent(places: Places) -> httpx.BasicAuth | None:
    """With a request; None: no server of this home has ever asked for it."""
    if not places.prefect_secret.exists():
        return None
    return httpx.BasicAuth(*shared(places).split(":", 1))
