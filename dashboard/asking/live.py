"""What every page shows on top: the hospital's clock, the lake's newest event and the data age."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from threading import Lock
from zoneinfo import ZoneInfo

import httpx
import streamlit as st

from dashboard.asking import queries
from dashboard.asking.age import DataAge, data_age
from dashboard.asking.ask import row
from dashboard.settings import DashboardSettings
from dashboard.times import Here
from simulator.client import BookingClient, ClientError, Clock, Readiness

LOOK_AGAIN_AFTER = timedelta(seconds=1)
"""All sessions share one look."""

BRIEFLY = httpx.Timeout(2.0, connect=0.5)

NOT_ANSWERING = Readiness(is_ready=False, status="silent", head_seq=None)


class Api(StrEnum):
    READY = "ready"
    NOT_READY = "not ready"
    SILENT = "silent"


@dataclass(frozen=True)
class Glance:
    """`hospital_at` is the last instant that is known; it stands while the API is silent.
    `api_says`: how it is, or why it is not ready."""

    api: Api
    api_says: str
    hospital_at: datetime
    zone: ZoneInfo
    speed: float | None
    age: DataAge
    mode: str | None

    @property
    def here(self) -> Here:
        return Here(self.hospital_at, self.zone)


class Live:
    """Looks at the API and at the lake, and remembers what was last known."""

    def __init__(self, client: BookingClient) -> None:
        self._client = client
        self._looking = Lock()
        self._clock: Clock | None = None
        self._mode: str | None = None
        self._shown_seq = 0
        self._confirmed_at: datetime | None = None
        self._glance: Glance | None = None
        self._looked_at = datetime.min.replace(tzinfo=UTC)

    def glance(self) -> Glance:
        with self._looking:
            now = datetime.now(UTC)
            if self._glance is None or now - self._looked_at >= LOOK_AGAIN_AFTER:
                self._glance, self._looked_at = self._look(now), now
            return self._glance

    def _look(self, now: datetime) -> Glance:
        # The API's head first, the lake after it: what the lake shows is then at least as new.
        readiness = self._ask_api()
        self._shown_seq = self._newest_seq()
        if readiness.head_seq is not None and self._shown_seq >= readiness.head_seq:
            self._confirmed_at = now
        hospital_at, zone = self._time()
        return Glance(
            api=_api(readiness),
            api_says=readiness.status,
            hospital_at=hospital_at,
            zone=zone,
            speed=self._clock.speed if self._clock else None,
            age=data_age(
                now,
                shown_seq=self._shown_seq,
                head_seq=readiness.head_seq,
                first_missing_at=self._first_missing_at(readiness.head_seq),
                confirmed_at=self._confirmed_at,
            ),
            mode=self._lake_mode(),
        )

    def _ask_api(self) -> Readiness:
        try:
            readiness = self._client.ready()
            self._clock = self._client.clock() if readiness.is_ready else self._clock
        except ClientError:
            return NOT_ANSWERING
        return readiness

    def _newest_seq(self) -> int:
        newest = row(queries.shown_seq, after_seq=self._shown_seq).get("seq")
        return max(newest or 0, self._shown_seq)

    def _first_missing_at(self, head_seq: int | None) -> datetime | None:
        if head_seq is None or self._shown_seq >= head_seq:
            return None
        try:
            missing = self._client.events(after_seq=self._shown_seq, limit=1)
        except ClientError:
            return None
        return missing[0].recorded_at if missing else None

    def _time(self) -> tuple[datetime, ZoneInfo]:
        if self._clock:
            return self._clock.hospital_at, ZoneInfo(self._clock.time_zone)
        known = row(queries.last_known_time)
        zone = ZoneInfo(known.get("time_zone") or "UTC")
        return known.get("hospital_at") or datetime.now(UTC), zone

    def _lake_mode(self) -> str | None:
        self._mode = self._mode or row(queries.lake_mode).get("mode")
        return self._mode


def _api(readiness: Readiness) -> Api:
    if readiness is NOT_ANSWERING:
        return Api.SILENT
    return Api.READY if readiness.is_ready else Api.NOT_READY


def glance() -> Glance:
    return _live(DashboardSettings().api_url).glance()


@st.cache_resource(show_spinner=False)
def _live(api_url: str) -> Live:
    token = DashboardSettings().dashboard_token.get_secret_value()
    return Live(BookingClient(api_url, secret=token, timeout=BRIEFLY))
