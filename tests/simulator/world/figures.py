"""What a simulated run comes to: every figure of docs/simulated_hospital.md, from event rows.

Pure: rows in the order of `seq` and an end in, numbers out. Cots and their patients count nowhere.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from lake.vocabulary import HOLDS_A_PATIENT, is_outlier

Row = dict[str, Any]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
IN_TIME = 4 * HOUR
"""By when who needs isolation is to lie alone, and how long no bed may stand idle."""


class Span(NamedTuple):
    """A bed in one status, as the row says with which it began."""

    row: Row
    lasts: timedelta

    @property
    def is_held(self) -> bool:
        return self.row["bed_status"] in HOLDS_A_PATIENT


def spans(rows: Iterable[Row], until: datetime) -> Iterator[Span]:
    """From each row of a bed to its next one, or the end; a retired bed has none."""
    of_bed: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.get("bed_id") and not row.get("is_cot"):
            of_bed[row["bed_id"]].append(row)
    for known in of_bed.values():
        for row, following in pairwise([*known, {"occurred_at": until}]):
            if row["event_type"] != "bed_retired":
                yield Span(row, following["occurred_at"] - row["occurred_at"])


def held_days(rows: list[Row], until: datetime) -> dict[str, float]:
    """Bed-days per ward."""
    days: dict[str, float] = defaultdict(float)
    for span in spans(rows, until):
        days[span.row["ward_id"]] += span.is_held * (span.lasts / DAY)
    return days


def occupancy(rows: list[Row], until: datetime) -> dict[str, float]:
    """Percent per ward, and of `all`: bed-days held / bed-days of beds that are not closed."""
    held, there = defaultdict[str, float](float), defaultdict[str, float](float)
    for span in spans(rows, until):
        for place in (span.row["ward_id"], "all"):
            held[place] += span.is_held * (span.lasts / DAY)
            there[place] += (span.row["bed_status"] != "closed") * (span.lasts / DAY)
    return {place: 100 * held[place] / there[place] for place in there}


def boarding(rows: Iterable[Row]) -> dict[int, list[float]]:
    """Minutes from an emergency's decision (its first request) to the bed, by priority."""
    decided: dict[str, Row] = {}
    minutes: dict[int, list[float]] = defaultdict(list)
    for row in rows:
        if row["event_type"] == "bed_requested" and row.get("admission_type") == "emergency":
            if not row.get("spell_id"):
                decided.setdefault(row["patient_ref"], row)
        elif row["event_type"] == "patient_admitted" and row["patient_ref"] in decided:
            asked = decided.pop(row["patient_ref"])
            waited = row["occurred_at"] - asked["occurred_at"]
            minutes[asked["priority"]].append(waited / timedelta(minutes=1))
    return minutes


def median_boarding(minutes: dict[int, list[float]]) -> float:
    return median(one for of in minutes.values() for one in of)


def intensive_hours(rows: Iterable[Row]) -> list[float]:
    """From an emergency's need of intensive care to the bed, or to another hospital."""
    asked: dict[str, datetime] = {}
    hours = []
    for row in rows:
        kind, ref = row["event_type"], row.get("patient_ref")
        is_emergency = row.get("admission_type") == "emergency" and not row.get("spell_id")
        if kind == "bed_requested" and row.get("level_of_care") == "intensive" and is_emergency:
            asked.setdefault(ref, row["occurred_at"])
        if kind in {"patient_admitted", "request_withdrawn"} and ref in asked:
            hours.append((row["occurred_at"] - asked.pop(ref)) / HOUR)
    return hours


class Planned(NamedTuple):
    """How many planned admissions came into bed, how many were put off before they came (on the
    day before or sooner), how many came and found no bed."""

    came: int
    put_off_ahead: int
    put_off_on_the_day: int
    turned_away: int


def planned(rows: Iterable[Row], zone: ZoneInfo) -> Planned:
    """`no_bed` is the reason of what is put off, with the bed it is moved to; the start before is
    that of the booking's last row."""
    starts: dict[str, datetime] = {}
    came = ahead = on_the_day = away = 0
    for row in rows:
        kind, is_elective = row["event_type"], row.get("admission_type") == "elective"
        came += kind == "patient_admitted" and is_elective
        away += kind == "booking_cancelled" and (row.get("note") or "").startswith(NO_BED_YET)
        ref = row.get("booking_id")
        if kind == "booking_changed" and row.get("reason_code") == "no_bed" and ref in starts:
            is_today = _day(starts[ref], zone) == _day(row["occurred_at"], zone)
            on_the_day += is_today
            ahead += not is_today
        if ref and row.get("starts_at"):
            starts[ref] = row["starts_at"]
    return Planned(came, ahead, on_the_day, away)


NO_BED_YET = ("No bed yet", "No intensive care bed yet")


def _day(at: datetime, zone: ZoneInfo) -> Any:
    return at.astimezone(zone).date()


def outlier_share(rows: Iterable[Row], until: datetime) -> float:
    """Of the days on which a bed is held, those by a patient of another specialty."""
    days = {True: 0.0, False: 0.0}
    for span in spans(rows, until):
        if span.is_held:
            needed = span.row.get("current_need_specialty")
            days[is_outlier(needed, span.row["specialty"], is_cot=False)] += span.lasts / DAY
    return days[True] / sum(days.values())


def single_rooms(rows: Iterable[Row]) -> set[str]:
    """Rooms with one bed."""
    beds = defaultdict(set)
    for row in rows:
        if row["event_type"] == "bed_registered" and not row.get("is_cot"):
            beds[row["room_id"]].add(row["bed_id"])
    return {room for room, of in beds.items() if len(of) == 1}


@dataclass
class Need:
    """Of isolation, from when it is known; `was_met`: whether the patient lay alone in time."""

    since: datetime
    was_met: bool | None = None

    def look(self, at: datetime, *, is_alone: bool) -> None:
        if self.was_met is None and (is_alone or at > self.since + IN_TIME):
            self.was_met = is_alone and at <= self.since + IN_TIME


def isolated_in_time(rows: list[Row], until: datetime) -> list[bool]:
    """Of each need of isolation, whether the patient lay alone within 4 hours of its being known:
    with the request for a bed, at the admission without one, or as isolation started. A need that
    ended, or a run that did, before the 4 hours had passed is not counted."""
    single, alone = single_rooms(rows), set[str]()
    needs: dict[str, Need] = {}
    ended: list[Need] = []
    for row in rows:
        ref, at, kind = row.get("patient_ref"), row["occurred_at"], row["event_type"]
        if ref is None or row.get("is_cot"):
            continue
        is_in_bed = row.get("booking_state") == "active"
        if is_in_bed:
            (alone.add if row["room_id"] in single else alone.discard)(ref)
        if row.get("need_isolation") and (is_in_bed or kind == "bed_requested"):
            needs.setdefault(ref, Need(at))
        if ref in needs:
            needs[ref].look(at, is_alone=ref in alone)
        if kind in {"isolation_ended", "patient_discharged", "request_withdrawn"} and ref in needs:
            ended.append(needs.pop(ref))
        if kind == "patient_discharged":
            alone.discard(ref)
    for need in needs.values():
        need.look(until, is_alone=False)
    return [need.was_met for need in [*ended, *needs.values()] if need.was_met is not None]


def others_in_isolation_rooms(rows: list[Row], until: datetime) -> float:
    """Share of the isolation rooms' days on which somebody lay there who needs none."""
    days = {True: 0.0, False: 0.0}
    for span in spans(rows, until):
        if span.row["room_class"] == "isolation":
            days[span.row["bed_status"] == "occupied"] += span.lasts / DAY
    return days[True] / sum(days.values())


def stepped_down(rows: Iterable[Row]) -> list[bool]:
    """Of each who left the hospital alive and had been in intensive care: whether from a ward."""
    intensive, left = set[str](), list[bool]()
    for row in rows:
        is_icu = row.get("room_class") == "icu"
        if row.get("booking_state") == "active" and is_icu:
            intensive.add(row["spell_id"])
        is_end = row["event_type"] == "patient_discharged" and row["disposition"] != "died"
        if is_end and row["spell_id"] in intensive:
            left.append(not is_icu)
    return left


FELL = re.compile(r"\b(fell|fall,|fall )", re.IGNORECASE)


def falls_per_1000_days(rows: list[Row], until: datetime) -> float:
    fallen = sum(1 for row in notes(rows) if FELL.search(row["note"]))
    return 1000 * fallen / sum(held_days(rows, until).values())


class Cases(NamedTuple):
    """Per ward whose patients they are: who left, who of them died, and the days in bed."""

    left: Counter[str]
    died: Counter[str]
    days: dict[str, float]

    def length_of_stay(self, ward_id: str) -> float:
        """Days as StatsWales counts them: bed-days / cases."""
        return self.days[ward_id] / self.left[ward_id]


def cases(rows: Iterable[Row], until: datetime) -> Cases:
    """A patient is of the ward that was asked for (of the first bed, if none was), wherever it is;
    of intensive care while in it, which is left for a ward as for good."""
    left, died, days = Counter[str](), Counter[str](), defaultdict[str, float](float)
    asked: dict[str, str] = {}
    since: dict[str, tuple[str, datetime]] = {}
    for row in rows:
        ref, kind, at = row.get("patient_ref"), row["event_type"], row["occurred_at"]
        if ref is None or row.get("is_cot"):
            continue
        is_for_isolation = row.get("spell_id") and row.get("need_isolation")
        is_asked = kind == "bed_requested" and not is_for_isolation
        if (is_asked or kind == "request_changed") and row["ward_id"]:
            asked[ref] = row["ward_id"]
        is_end = kind == "patient_discharged"
        if row.get("booking_state") != "active" and not is_end:
            continue
        of = row["ward_id"] if row["room_class"] == "icu" else asked.setdefault(ref, row["ward_id"])
        if ref in since and (is_end or since[ref][0] != of):
            ward, came_at = since.pop(ref)
            days[ward] += (at - came_at) / DAY
            left[ward] += 1
            died[ward] += is_end and row["disposition"] == "died"
        if kind == "discharge_cancelled":
            left[of] -= 1
        if not is_end:
            since.setdefault(ref, (of, at))
    for ward, came_at in since.values():
        days[ward] += (until - came_at) / DAY
    return Cases(left, died, days)


def before_noon(rows: Iterable[Row], zone: ZoneInfo) -> float:
    """Share of the discharges of the living."""
    hours = [
        row["occurred_at"].astimezone(zone).hour
        for row in rows
        if row["event_type"] == "patient_discharged"
        and row["disposition"] != "died"
        and not row.get("is_cot")
    ]
    return sum(hour < 12 for hour in hours) / len(hours)


def notes(rows: Iterable[Row]) -> Iterator[Row]:
    return (row for row in rows if row["event_type"] == "note_added")


ASK: tuple[tuple[str, Callable[[Row], bool]], ...] = (
    (r"isolation|precautions|barrier", lambda row: row["bed_status"] == "isolated"),
    (r"norovirus", lambda row: row.get("current_isolation_organism") in {None, "norovirus"}),
    (r"mother|baby|contraction", lambda row: row["ward_id"] == "W11"),
    (r"parent|play", lambda row: row.get("current_age_group") in {"child", "neonate"}),
    (r"ventilat|sedat", lambda row: row.get("current_level_of_care") == "intensive"),
    (
        r"mobilised|walk|slept well|eating|relatives visited|fell|fall,",
        lambda row: (
            row.get("current_level_of_care") != "intensive"
            or bool(row.get("current_care_not_needed_since_at"))
        ),
    ),
    (
        r"social worker|care home|home care|carer",
        lambda row: row.get("current_age_group") in {"adult", "older"},
    ),
    (r"waiting for|waits for", lambda row: bool(row.get("current_waits_for"))),
    (r"died|last hours", lambda _: False),
    (FELL.pattern, lambda row: row.get("current_age_group") != "neonate"),
)
"""What a note says that asks something of the bed that it is written on."""


def contradictions(rows: Iterable[Row]) -> list[tuple[str, str]]:
    """Notes, each with its bed, that are not so: of an empty bed, of another kind of patient, of
    somebody who is dead, or in the discharge lounge for something else."""
    rows = [*rows]
    wrong = [
        row
        for row in notes(rows)
        if row["bed_status"] not in HOLDS_A_PATIENT
        or any(
            re.search(words, row["note"], re.IGNORECASE) and not holds(row) for words, holds in ASK
        )
    ]
    wrong += [*after_death(rows), *wrong_of_lounge(rows)]
    return [(row.get("bed_id") or "lounge", row["note"]) for row in wrong]


def after_death(rows: list[Row]) -> Iterator[Row]:
    """What is written of patients after they died and before it is entered; a contact is made one
    by what is done with somebody else."""
    died = {r["patient_ref"]: (r["died_at"], r["occurred_at"]) for r in rows if r.get("died_at")}
    for row in rows:
        is_note = row["event_type"] == "note_added"
        ref = row.get("current_patient_ref" if is_note else "patient_ref")
        if row.get("note") and ref in died and row["event_type"] != "contact_started":
            since, until = died[ref]
            if since <= row["occurred_at"] < until:
                yield row


HOURS: tuple[tuple[str, float, float], ...] = (
    (r"ward round|on the round", 7, 13),
    (r"this morning|nothing by mouth", 6, 12),
    (r"corridor overnight", 18, 7),
    (r"slept well", 6, 9),
    (r"asleep", 22, 6),
    (r"physiotherapy|speech therapist|play specialist", 8, 17),
    (r"social worker|care home visited|outpatient clinic", 8, 17),
    (r"relatives visited", 12, 20),
    (r"swab positive|confirmed in|confirmed, isolated|on screening|toxin positive", 7, 22),
    (r"cancelled by patient|theatre list changed|bed meeting", 7, 22),
    (r"discharge lounge", 7, 22),
    (r"admission lounge", 6, 21),
)
"""The hours of the day from and until which such words may be written."""
OFFICE = re.compile(r"play specialist|social worker|care home visited|speech", re.IGNORECASE)
"""Words of those who are not there at a weekend."""


def untimely(rows: Iterable[Row], zone: ZoneInfo) -> list[tuple[int, str]]:
    """What is written at an hour, or on a day, at which it does not happen."""
    found = []
    for row in rows:
        said, local = row.get("note") or "", row["occurred_at"].astimezone(zone)
        is_wrong = OFFICE.search(said) and local.weekday() >= 5
        for words, since, until in HOURS:
            if re.search(words, said, re.IGNORECASE):
                is_in = (
                    since <= local.hour < until
                    if since < until
                    else not (until <= local.hour < since)
                )
                is_wrong = is_wrong or not is_in
        if is_wrong:
            found.append((local.hour, said))
    return found


VENTILATED, WELL = (
    re.compile(words, re.IGNORECASE)
    for words in (
        r"ventilated",
        r"eating and drinking|slept well|mobilised|walked|ward care will do",
    )
)
SINCE_LONG = re.compile(r"asleep|ward care will do", re.IGNORECASE)
WEAK_AFTER = 12 * HOUR


def too_well(rows: Iterable[Row]) -> list[tuple[str, str]]:
    """Who was ventilated, and ate, walked or needed no intensive care within twelve hours; and who
    had come less than three hours ago, and was asleep all night or was well enough for a ward."""
    ventilated, came = dict[str, datetime](), dict[str, datetime]()
    found = []
    for row in rows:
        at, said = row["occurred_at"], row.get("note") or ""
        ref = row.get("current_patient_ref") or row.get("patient_ref")
        if row["event_type"] in {"patient_admitted", "patient_transferred"}:
            came[ref] = at
        if VENTILATED.search(said):
            ventilated[ref] = at
        is_soon = ref in ventilated and at - ventilated[ref] < WEAK_AFTER
        has_come = ref in came and at - came[ref] < 3 * HOUR
        if (has_come and SINCE_LONG.search(said)) or (is_soon and WELL.search(said)):
            found.append((ref, said))
    return found


GOES_TO: tuple[tuple[str, str], ...] = (
    (r"\bhome with|\bhome,|collected by|clinic", "home"),
    (r"another hospital", "other_hospital"),
    (r"care home", "other"),
    (r"died", "died"),
)
"""What a note of a discharge says, and where the patient went."""


def elsewhere(rows: Iterable[Row]) -> list[tuple[str, str]]:
    """Discharges whose note names another place than they do, or that go to another hospital
    although it was said that something at home was waited for."""
    return [
        (row["disposition"], row["note"])
        for row in rows
        if row["event_type"] == "patient_discharged" and row.get("note")
        if any(
            re.search(words, row["note"]) and place != row["disposition"]
            for words, place in GOES_TO
        )
        or WAITED_FOR.get(row.get("waits_for") or "", row["disposition"])
        not in {row["disposition"], "died"}
    ]


WAITED_FOR = {"care_package": "home", "family": "home", "medicines": "home", "placement": "other"}
"""Where who waited for it goes."""


IN_LOUNGE = {"transport": "transport", "medicines": "medicines", "family": "relatives"}
"""What is said there of who waits for what."""


def wrong_of_lounge(rows: list[Row]) -> Iterator[Row]:
    """Who waits for something else, or goes home although it is to a care home."""
    waits_for: dict[str, str | None] = {}
    for row in rows:
        note, spell_id = row.get("note") or "", row.get("spell_id")
        if row.get("to_lounge"):
            waits_for[row["spell_id"]] = row.get("waits_for")
            others = {key for key, word in IN_LOUNGE.items() if word in note}
            if others - {row.get("waits_for")}:
                yield row
        is_placed = row["event_type"] == "lounge_left" and waits_for.get(spell_id) == "placement"
        if is_placed and "home" in note:
            yield row


Idle = list[set[tuple[str, str]]]
"""Hour by hour: each request that waits, with the free and clean beds that would do for it."""


def idle_share(rows: Iterable[Row], idle: Idle) -> float:
    """Share of the requests for which one and the same bed stood idle for 4 hours."""
    asked = {row["bed_request_id"] for row in rows if row["event_type"] == "bed_requested"}
    hours = 1 + IN_TIME // HOUR
    windows = (idle[start : start + hours] for start in range(len(idle) - hours + 1))
    failed = {request for window in windows for request, _ in set.intersection(*window)}
    return len(failed) / max(len(asked), 1)
