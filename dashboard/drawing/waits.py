"""Who waits for a bed, in words and HTML."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from markupsafe import Markup

from dashboard import theme, times
from dashboard.drawing import html
from dashboard.drawing.markdown import plain
from dashboard.times import Here
from lake.vocabulary import USUAL_PRIORITY, LevelOfCare
from simulator.client import BedRequest, PendingBed, ProposedBed


def headline(request: BedRequest) -> str:
    """As Markdown: who, how urgent, where the patient is, what is needed."""
    needs = request.needs
    is_assumed = needs.priority is None or "priority" in needs.assumed
    priority = f"priority {needs.priority or USUAL_PRIORITY}{' (assumed)' * is_assumed}"
    where = theme.words(request.waits_in) or "place not said"
    parts = [priority, where, request.ward_id or "any ward", _needs(request)]
    return " · ".join([f"**{plain(request.patient_ref)}**", *map(plain, parts)])


def briefly(request: BedRequest) -> str:
    """As Markdown: who, and how urgent."""
    priority = request.needs.priority or USUAL_PRIORITY
    return f"{plain(request.patient_ref)} (priority {priority})"


NOW = timedelta(minutes=5)
"""The page's clock may be some seconds old, and those of a demo are minutes."""


def is_now(pair: ProposedBed, here: Here) -> bool:
    return pair.starts_at <= here.now + NOW


def from_when(pair: ProposedBed, here: Here) -> str:
    return "now" if is_now(pair, here) else f"from {here.moment(pair.starts_at)}"


def help_of(bed: PendingBed, who: Sequence[str], here: Here) -> str:
    """As Markdown: a bed that is not free yet, and whom it would let in; `who` is Markdown."""
    free = f", free about {here.moment(bed.free_at)}" if bed.free_at else ""
    others = f" and {len(who) - 1} more" if len(who) > 1 else ""
    return f"**{plain(bed.bed_id)}** {plain(bed.why)}{free}: for {who[0]}{others}"


def _needs(request: BedRequest) -> str:
    needs = request.needs
    care = None if needs.level_of_care == LevelOfCare.WARD else needs.level_of_care
    said = (needs.specialty, care, needs.room_class, needs.sex)
    isolation = ["isolation"] if needs.isolation else []
    return ", ".join([*(theme.words(one) for one in said if one), *isolation]) or "no special needs"


def clocks(request: BedRequest, here: Here) -> Markup:
    """How long the patient waits, and how much is left of each clock that runs."""
    return html.filled("wait", waited=_waited(request, here), clocks=[*_running(request, here)])


def _waited(request: BedRequest, here: Here) -> str:
    since = max(request.wanted_from, request.requested_at)
    if since > here.now:
        return f"not before {here.moment(request.wanted_from)}"
    return f"waits {times.duration(here.now - since)}"


def _running(request: BedRequest, here: Here) -> Iterator[tuple[theme.Level, str]]:
    for name, ends_at in (
        ("from arrival", request.arrival_breach_at),
        ("from decision", request.decision_breach_at),
    ):
        if ends_at:
            left = ends_at - here.now
            level = theme.clock_level(left)
            yield level, f"{name}: {times.duration(abs(left))} {level.word}"


def story(request: BedRequest, here: Here) -> str:
    """As Markdown: what is known of the wait besides."""
    stay = request.expected_stay_hours
    told: Sequence[tuple[str, str]] = (
        ("arrived", here.moment(request.arrived_at)),
        ("decided", _decided(request, here)),
        ("expected stay", times.duration(timedelta(hours=stay)) if stay else ""),
        ("asked for by", plain(request.requested_by)),
    )
    displaced = ["displaced by an override"] if request.displaced_booking_id else []
    return ", ".join([*(f"{name} {fact}" for name, fact in told if fact), *displaced])


def _decided(request: BedRequest, here: Here) -> str:
    """Where somebody has said it: else it is when it was asked for."""
    return "" if request.decided_at == request.requested_at else here.moment(request.decided_at)


def overdue(requests: Sequence[BedRequest]) -> str:
    """As Markdown; empty: nobody."""
    count = sum(request.is_breached for request in requests)
    return f"▲ {count} {'waits' if count == 1 else 'wait'} longer than may be" if count else ""


def is_early(request: BedRequest, now: datetime) -> bool:
    return request.wanted_from > now
