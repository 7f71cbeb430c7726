"""Tells the API whose patients a page is about to show; what it has not recorded is not shown."""

from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock
from time import monotonic

import httpx

from dashboard.settings import DashboardSettings
from dashboard.whose import Whose
from simulator.client import BookingClient, ClientError, Look, Shown

SAME_LOOK_SECONDS = 240.0
A_SESSION_SECONDS = 12 * 3600.0
MOST_KNOWN = 20_000
BRIEFLY = httpx.Timeout(5.0, connect=0.5)

_lock = Lock()
_told: OrderedDict[tuple[str, Look], float] = OrderedDict()


def are_recorded(
    who: Whose, shown: Shown, asked: str, ward_ids: Iterable[str | None], detail: str | None = None
) -> bool:
    """False: the API is silent, or does not take it; then nothing of it may be shown."""
    wards = tuple(sorted(ward_id for ward_id in ward_ids if ward_id))
    look = Look(shown=shown, asked=asked, ward_ids=wards, detail=detail)
    key = who.who.session_id, look
    if _is_known(key):
        return True
    try:
        with BookingClient(DashboardSettings().api_url, secret=who.secret, timeout=BRIEFLY) as api:
            api.look(look)
    except ClientError:
        return False
    with _lock:
        _told[key] = monotonic()
        _told.move_to_end(key)
        while len(_told) > MOST_KNOWN:
            _told.popitem(last=False)
    return True


def _is_known(key: tuple[str, Look]) -> bool:
    """Exports are told each time."""
    shown = key[1].shown
    if shown is Shown.EXPORT:
        return False
    holds = A_SESSION_SECONDS if shown is Shown.BOARD else SAME_LOOK_SECONDS
    with _lock:
        told_at = _told.get(key)
    return told_at is not None and monotonic() - told_at < holds
