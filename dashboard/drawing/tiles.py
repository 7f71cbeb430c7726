"""The board in HTML. Every text from the lake is escaped here."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from html import escape

from markupsafe import Markup

from dashboard import theme, times
from dashboard.asking.board import Bed, Counts, Ward, is_overdue, is_shut, is_taken
from dashboard.times import Here
from lake.vocabulary import BreachKind, DisplayStatus

OVERRIDE_SIGN = "⚑"
SHUT_SIGN = "⊘"
AWAY_SIGN = "↗"
CONTACT_SIGN = "⊙"
WRONG_WARD_SIGN = "≠"
BREACH_SIGN = "⚠"


def page(*parts: str) -> str:
    return f'<div class="snr">{"".join(parts)}</div>'


def wards(
    shown: Iterable[Ward],
    here: Here,
    *,
    is_stale: bool = False,
    limits: theme.Thresholds = theme.NHS,
) -> str:
    """Without colour where stale: what may no longer be so must not look free."""
    blocks = "".join(_ward(ward, here, limits) for ward in shown)
    return page(f'<div class="wards{" stale" * is_stale}">{blocks}</div>')


def counts(count: Counts) -> Markup:
    boxes = "".join(
        _count(look, status, count.by_status[status]) for status, look in theme.LOOKS.items()
    )
    return Markup(f"""{boxes}<div><span class="big">{count.registered}</span>
        <span class="small">beds, {count.staffed} staffed and open</span></div>""")  # noqa: S704 - of numbers


def tile(bed: Bed, here: Here) -> str:
    look = theme.LOOKS[DisplayStatus(bed["display_status"])]
    return f"""<div class="bed {bed["display_status"]}" title="{escape(_story(bed, here))}">
        <div><b>{escape(short_label(bed))}</b>
          <span>{_mark(bed)}<span class="sign">{look.sign}</span>
            {escape(status_word(bed))}</span></div>
        <div><span class="cut">{escape(_subject(bed))}</span>
          <span class="quiet">{_since(bed, here)}</span></div>
        <div>{_leaving(bed, here)}<span>{_coming(bed, here)}</span></div>
        {_outlier(bed)}{_breach(bed)}</div>"""


def _since(bed: Bed, here: Here) -> str:
    """How long the bed has been what is shown; it is reserved from a time to come on."""
    is_reserved = bed["display_status"] == DisplayStatus.RESERVED
    return "" if is_reserved else here.since(bed["status_since_at"])


def _mark(bed: Bed) -> str:
    """An override that nobody else has looked at yet; a room or ward that takes nobody new."""
    marks = []
    if bed["unreviewed_override_count"]:
        marks.append((OVERRIDE_SIGN, "Override, not reviewed yet"))
    if bed["leave_since_at"] or bed["absence_since_at"]:
        marks.append((AWAY_SIGN, _away(bed)))
    if is_shut(bed):
        marks.append((SHUT_SIGN, "Closed to admissions"))
    if bed["is_beside_a_source"] and not is_taken(bed):
        marks.append((SHUT_SIGN, "Takes nobody new: a patient in the room is isolated"))
    if bed["current_contact_of"]:
        marks.append((CONTACT_SIGN, "Contact of an infection"))
    if bed["current_not_taken_as"]:
        marks.append((WRONG_WARD_SIGN, "The ward does not take such patients"))
    return "".join(f'<span class="late" title="{why}">{sign}</span> ' for sign, why in marks)


def short_label(bed: Bed) -> str:
    """`204-A` of W3-204-A: the ward is in the heading."""
    return str(bed["bed_id"]).removeprefix(f"{bed['ward_id']}-")


def status_word(bed: Bed) -> str:
    """The display status, or the bed's own where it says more (cleaning, isolated)."""
    status, own = DisplayStatus(bed["display_status"]), str(bed["bed_status"])
    if status in (DisplayStatus.OCCUPIED, DisplayStatus.DIRTY):
        return own.capitalize()
    return theme.LOOKS[status].word


def _count(look: theme.Look, status: DisplayStatus, number: int) -> str:
    return f"""<div class="count {status}"><span class="big"><span class="sign">{look.sign}</span>
        {number}</span><span class="small">{look.word.lower()}</span></div>"""


def _ward(ward: Ward, here: Here, limits: theme.Thresholds) -> str:
    free = ward.counts.by_status[DisplayStatus.AVAILABLE]
    tiles = "".join(tile(bed, here) for bed in ward.beds)
    return f"""<section class="ward"><header>
        <span class="name"><b>{escape(ward.ward_id)} {escape(_name(ward))}</b>
          <span class="quiet">{escape(theme.words(ward.specialty))}</span></span>
        <b>{free} free</b><span class="quiet">of {ward.counts.registered}</span>
        {_occupancy_bar(ward.counts, limits)}</header><div class="beds">{tiles}</div></section>"""


def _name(ward: Ward) -> str:
    return "" if ward.ward_name == ward.ward_id else ward.ward_name


def _occupancy_bar(count: Counts, limits: theme.Thresholds) -> str:
    if count.occupancy is None:
        return '<span class="quiet">no staffed beds</span>'
    percent = 100 * count.occupancy
    level = theme.occupancy_level(percent, limits)
    return f"""<span class="bar" style="--level: {level.colour}">
        <i style="width: {min(percent, 100):.0f}%"></i></span>
        <span>{level.sign} {int(percent)} % {level.word}</span>"""


def _subject(bed: Bed) -> str:
    """Whose patients these eyes do not see are told as their beds are."""
    is_reserved = bed["display_status"] == DisplayStatus.RESERVED
    if whose := bed["current_patient_ref"] or (is_reserved and bed["next_patient_ref"]):
        return str(whose)
    if bed["closed_reason_code"] or is_shut(bed):
        return _closed_because(bed)
    return "cot" if bed["is_cot"] else theme.words(bed["room_class"])


def _away(bed: Bed) -> str:
    return "On leave" if bed["leave_since_at"] else "In theatre, dialysis or elsewhere here"


def _closed_because(bed: Bed) -> str:
    """The bed, its room or its ward."""
    names = ("closed_reason_code", "room_closed_reason_code", "ward_closed_reason_code")
    return theme.words(next(filter(None, (bed[name] for name in names)), ""))


def _leaving(bed: Bed, here: Here) -> str:
    if not is_taken(bed):
        return (
            '<span class="quiet">not staffed</span>' if not bed["is_staffed"] else "<span></span>"
        )
    expected = here.moment(bed["expected_discharge_at"])
    if not expected:
        return '<span class="quiet">out: open</span>'
    if bed["current_is_end_assumed"]:
        has_passed = bed["expected_discharge_at"] <= here.now
        told = "out: ask" if has_passed else f"usually {expected}"
        return f'<span class="quiet" title="Nobody has said an end">{told}</span>'
    if is_overdue(bed, here.now):
        return f'<span class="late">late {expected}</span>'
    sure = " ✓" if bed["current_is_discharge_confirmed"] else ""
    return f"<span>out {expected}{sure}</span>"


def _coming(bed: Bed, here: Here) -> str:
    """Beside an expected discharge there is room for the day or the hour only."""
    moment = here.moment(bed["next_starts_at"])
    if not moment:
        return ""
    is_crowded = is_taken(bed) and bed["expected_discharge_at"]
    told = f"◆ {moment.split(' ')[0] if is_crowded and ':' in moment else moment}"
    if bed["next_is_at_risk"]:
        return f'<span class="late" title="At risk: {_risk(bed)}">{told}</span>'
    return told


def _breach(bed: Bed) -> str:
    """As an outlier's: a bay in which men and women lie has to be seen from afar."""
    told = ", ".join(map(_said_of, bed["breaches"] or ()))
    return f'<div><span class="late">{BREACH_SIGN} {escape(told)}</span></div>' if told else ""


def _said_of(breach: str) -> str:
    return "shares with isolation" if breach == BreachKind.ISOLATION else theme.words(breach)


def _outlier(bed: Bed) -> str:
    """A line of its own: whose patient this is has to be read from afar."""
    specialty = escape(theme.words(bed["current_need_specialty"]))
    return f'<div><span class="cut">outlier: {specialty}</span></div>' if bed["is_outlier"] else ""


def _since_what(bed: Bed) -> str:
    """The bed's own status is of that time, not the reservation."""
    return "free since" if bed["display_status"] == DisplayStatus.RESERVED else "since"


def _story(bed: Bed, here: Here) -> str:
    """All that the tile says, in full words."""
    zone = here.zone
    parts: Sequence[tuple[str, datetime | None]] = (
        (_since_what(bed), bed["status_since_at"]),
        ("expected discharge", bed["expected_discharge_at"]),
        ("next reservation", bed["next_starts_at"]),
    )
    told = [f"{name} {times.full(at, zone)}" for name, at in parts if at]
    if bed["breaches"]:
        since = times.full(bed["breach_since_at"], zone)
        told.append(f"in breach since {since}: {', '.join(map(_said_of, bed['breaches']))}")
    if bed["unreviewed_override_count"]:
        told.append("an override waits for a review")
    if bed["is_outlier"]:
        told.append(f"outlier: {theme.words(bed['current_need_specialty'])}")
    return ", ".join([f"{bed['bed_id']} {status_word(bed)}", _subject(bed), *told])


def _who(bed: Bed) -> str:
    said = (bed["current_patient_sex"], bed["current_age_group"])
    return ", ".join(theme.words(one) for one in said if one)


def _expected(bed: Bed, full: Callable[[datetime | None], str]) -> str:
    """An end that nobody has said is only what is usual on the ward."""
    expected = full(bed["expected_discharge_at"])
    return f"nobody has said; usually {expected}" if bed["current_is_end_assumed"] else expected


def _risk(bed: Bed) -> str:
    if is_shut(bed):
        return "the room or ward takes nobody new"
    return "the stay before it runs over"


DOT = " · "


def offer(bed: Bed, here: Here) -> str:
    """A free bed to choose."""
    until = here.moment(bed["next_starts_at"])
    parts = [f"○ {bed['bed_id']}", theme.words(bed["room_class"])]
    return DOT.join([*parts, *([f"until {until}"] if until else [])])


def choice(bed: Bed, here: Here) -> str:
    """A bed in a list of all beds; begins with its bed_id."""
    look = theme.LOOKS[DisplayStatus(bed["display_status"])]
    coming = here.moment(bed["next_starts_at"])
    parts = [bed["bed_id"], f"{look.sign} {status_word(bed)}", _subject(bed)]
    return DOT.join([*parts, *([f"reserved from {coming}"] if coming else [])])


def found(bed_id: str, said: str) -> str:
    """A bed in the list of what was found for a patient; begins with its bed_id."""
    return DOT.join([bed_id, said])


def card(bed: Bed, here: Here) -> str:
    """One bed, with all that is known of it."""
    facts = "".join(
        f"<tr><th>{name}</th><td>{escape(fact)}</td></tr>" for name, fact in _facts(bed, here)
    )
    return page(f'<div class="card {bed["display_status"]}"><table>{facts}</table></div>')


def _facts(bed: Bed, here: Here) -> list[tuple[str, str]]:
    def full(at: datetime | None) -> str:
        return times.full(at, here.zone) if at else ""

    def shut(what: str) -> str:
        until = full(bed[f"{what}_closed_until_at"])
        reason = theme.words(bed[f"{what}_closed_reason_code"])
        return f"{reason}, until {until}" if until else reason

    look = theme.LOOKS[DisplayStatus(bed["display_status"])]
    since = f"{_since_what(bed)} {full(bed['status_since_at'])}"
    since += f" ({here.since(bed['status_since_at'])})"
    facts = [
        ("Status", f"{look.sign} {status_word(bed)}, {since}"),
        ("Place", f"{bed['ward_name'] or bed['ward_id']}, {theme.words(bed['room_class'])} room"),
        ("Patient", bed["current_patient_ref"] or ""),
        ("Sex, age group", _who(bed)),
        ("Level of care", theme.words(bed["current_level_of_care"])),
        ("Outlier", theme.words(bed["current_need_specialty"]) if bed["is_outlier"] else ""),
        ("In breach", ", ".join(map(_said_of, bed["breaches"] or ()))),
        ("In breach since", full(bed["breach_since_at"])),
        ("Isolation", theme.words(bed["current_isolation_kind"])),
        ("Contact", "of an infection" if bed["current_contact_of"] else ""),
        ("Ward does not take", ", ".join(map(theme.words, bed["current_not_taken_as"] or ()))),
        ("Has", ", ".join(map(theme.words, bed["features"] or ()))),
        ("In this bed from", full(bed["admitted_at"])),
        ("Expected discharge", _expected(bed, full)),
        ("Discharge", "confirmed" if bed["current_is_discharge_confirmed"] else ""),
        ("On leave since", full(bed["leave_since_at"])),
        ("Elsewhere in the hospital since", full(bed["absence_since_at"])),
        ("Could leave since", full(bed["current_bed_not_needed_since_at"])),
        ("Waits for", theme.words(bed["current_waits_for"])),
        ("Next reservation", full(bed["next_starts_at"])),
        ("Reserved for", bed["next_patient_ref"] or ""),
        ("At risk", _risk(bed) if bed["next_is_at_risk"] else ""),
        ("Reservation ends", full(bed["next_ends_at"])),
        ("Closed because", theme.words(bed["closed_reason_code"])),
        ("Closed until", full(bed["closed_until_at"])),
        ("Room takes nobody new", shut("room")),
        ("Ward takes nobody new", shut("ward")),
        ("Override", "waits for a review" if bed["unreviewed_override_count"] else ""),
    ]
    return [(name, fact) for name, fact in facts if fact]
