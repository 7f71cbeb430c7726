"""The top of every page in HTML: ribbons, hospital clock, data age."""

from collections.abc import Sequence
from html import escape
from typing import Any

from dashboard import theme, times
from dashboard.asking.age import DataAge
from dashboard.asking.live import Api, Glance
from dashboard.drawing.tiles import page
from lake.vocabulary import ANONYMOUS, LakeMode

MODE_RIBBONS = {
    LakeMode.DEMO: "Simulated data: this hospital and its patients are made up",
    LakeMode.REPLAY: "Replayed log: the clock stands at its last row",
}


def ribbons(mode: str | None, actor: str) -> str:
    texts = [MODE_RIBBONS[LakeMode(mode)]] if mode in MODE_RIBBONS else []
    texts.append(f"Nobody signs in: actions are recorded as “{actor or ANONYMOUS}”")
    spans = "".join(f"<span>{escape(text)}</span>" for text in texts)
    return page(f'<div class="ribbon">{spans}</div>')


def failed_checks(failed: Sequence[dict[str, Any]]) -> str:
    """Of rows of the question `failed_checks`; a label of a link, so no HTML."""
    first, *others = (theme.words(check["check_name"]) for check in failed)
    more = f" and {len(others)} more" if others else ""
    return f"Data check not passed: “{first}”{more}"


def strip(glance: Glance, middle: str = "") -> str:
    """One row: clock, what the page puts in the middle, data age."""
    return page(f'<div class="top">{_clock(glance)}{middle}{_age(glance)}</div>', warning(glance))


def warning(glance: Glance) -> str:
    if not glance.age.is_stale:
        return ""
    return f"""<p class="alarm" role="alert"><b>Statuses may be out of date.</b>
        {_cause(glance)} Check a bed on the ward before you rely on what is shown.</p>"""


def _cause(glance: Glance) -> str:
    if glance.api is Api.STARTING:
        return "The hospital is being set up; beds appear as soon as it is ready."
    if glance.api is Api.SILENT:
        return "The booking API does not answer."
    return "Updates reach this page late."


def _clock(glance: Glance) -> str:
    there = times.local(glance.hospital_at, glance.zone)
    speed = f", {glance.speed:g}×" if glance.speed not in (None, 1.0) else ""
    return f"""<div><span class="big">{there:%H:%M}</span>
        <span class="small">{there:%a} {there.day} {there:%b %Y}</span>
        <span class="small quiet">{escape(str(glance.zone))}{speed}</span></div>"""


def _age(glance: Glance) -> str:
    kind, sign, text = _age_in_words(glance.age)
    api = {Api.READY: "", Api.STARTING: "getting ready", Api.SILENT: "API silent"}[glance.api]
    return f"""<div class="age {kind}"><span class="big">{sign} {text}</span>
        <span class="small">data age{", " * bool(api)}{api}</span></div>"""


def _age_in_words(data: DataAge) -> tuple[str, str, str]:
    if data.age is None:
        return "stale", "✕", "unknown"
    text = times.duration(data.age)
    if data.is_stale or data.is_api_silent:
        return "stale", "✕", text
    return ("behind", "△", text) if data.age else ("fresh", "●", text)
