"""The top of every page in HTML: ribbons, hospital clock, data age."""

from collections.abc import Sequence
from typing import Any

from dashboard import theme, times
from dashboard.asking.age import DataAge
from dashboard.asking.live import Api, Glance
from dashboard.drawing import html
from dashboard.whose import Whose
from lake.vocabulary import ANONYMOUS, LakeMode

MODE_RIBBONS = {
    LakeMode.DEMO: "Simulated data: this hospital and its patients are made up",
    LakeMode.REPLAY: "Replayed log: the clock stands at its last row",
}


def ribbons(mode: str | None, actor: str, me: Whose | None) -> str:
    texts = [MODE_RIBBONS[LakeMode(mode)]] if mode in MODE_RIBBONS else []
    if me is None:
        texts.append(f"Nobody signs in: actions are recorded as “{actor or ANONYMOUS}”")
    elif me.who.is_demo:
        texts.append("Demo users: their passwords were printed at the first start")
    if me is not None and not me.is_confirmed:
        texts.append("The booking API is silent: no patients are shown")
    return html.filled("ribbons", texts=texts)


def whose(me: Whose) -> str:
    """Who is signed in, in which roles; and how to leave."""
    return html.filled("whose", who=me.who)


def failed_checks(failed: Sequence[dict[str, Any]]) -> str:
    """Of rows of the question `failed_checks`; a label of a link, so no HTML."""
    first, *others = (theme.words(check["check_name"]) for check in failed)
    more = f" and {len(others)} more" if others else ""
    return f"Data check not passed: “{first}”{more}"


def strip(glance: Glance, middle: str = "") -> str:
    """One row: clock, what the page puts in the middle, data age; below it the alarm, if any."""
    kind, sign, age = _age_in_words(glance.age)
    return html.filled(
        "strip",
        there=times.local(glance.hospital_at, glance.zone),
        zone=glance.zone,
        speed=f", {glance.speed:g}×" if glance.speed not in (None, 1.0) else "",
        middle=middle,
        kind=kind,
        sign=sign,
        age=age,
        api=API_WORDS.get(glance.api),
        cause=_cause(glance) if glance.age.is_stale else None,
    )


API_WORDS = {Api.NOT_READY: "API not ready", Api.SILENT: "API silent"}


def _cause(glance: Glance) -> str:
    if glance.api is Api.NOT_READY:
        return f"The booking API is not ready: {glance.api_says}"
    if glance.api is Api.SILENT:
        return "The booking API does not answer."
    return "Updates reach this page late."


def _age_in_words(data: DataAge) -> tuple[str, str, str]:
    if data.age is None:
        return "stale", "✕", "unknown"
    text = times.duration(data.age)
    if data.is_stale or data.is_api_silent:
        return "stale", "✕", text
    return ("behind", "△", text) if data.age else ("fresh", "●", text)
