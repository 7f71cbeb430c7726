"""Chance in the simulated hospital: seeded draws from published distributions.

Sources are in docs/simulated_hospital.md.
"""

import math
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from random import Random
from statistics import NormalDist
from typing import TypeVar
from zoneinfo import ZoneInfo

from simulator.plan import HospitalPlan, Ward

# Emergency admissions by hour of day, percent (UCLH-derived).
ARRIVALS_BY_HOUR = (
    *(1.7, 1.7, 1.6, 1.2, 1.8, 1.0, 1.5, 2.7, 3.5, 5.4, 6.3, 6.7),
    *(7.2, 7.5, 7.4, 6.4, 6.2, 6.0, 5.8, 5.6, 5.3, 3.2, 2.3, 2.0),
)
# A weekday's admissions against a weekend day's, 120 to 91 (Sun 2018), scaled to a mean of 1.
WEEKDAY_FACTOR, WEEKEND_FACTOR = 120 * 7 / 782, 91 * 7 / 782
HANDOVER_SIGMA, LONGEST_HANDOVER_MINUTES = 0.5, 240.0
# Discharges: 13 % before noon, 42 % before 15:00 (202 hospitals); a normal curve through both.
DISCHARGE_HOUR_MEAN, DISCHARGE_HOUR_SD = 15.65, 3.23
SHORTEST_STAY = timedelta(hours=4)
FIRST_MOVE_HOUR, LAST_MOVE_HOUR = 7, 22
ROUNDS_END_HOUR = 13
FIRST_DISCHARGE_HOUR, LAST_DISCHARGE_HOUR = 7.0, 21.5

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SATURDAY = 5
GOLDEN, SILVER = (math.sqrt(5) - 1) / 2, math.sqrt(2) - 1
REGULARITY = 4
"""Of what comes at a steady pace; 1 would be at random."""
OFFICE_HOURS = 9

NORMAL = NormalDist()
T = TypeVar("T")


class Chance:
    def __init__(self, plan: HospitalPlan, seed: int | str) -> None:
        self._random = Random(seed)  # noqa: S311 - a simulation wants the same draws again
        self._assumptions = plan.assumptions
        self._zone = ZoneInfo(plan.time_zone)
        self._evenly_drawn: dict[str, float] = {}

    def share(self) -> float:
        return self._random.random()

    def happens(self, share: float) -> bool:
        return self._random.random() < share

    def one_of(self, things: "tuple[T, ...] | list[T]") -> T:
        return self._random.choice(things)

    def weighted(self, weights: "Mapping[T, float]") -> T:
        return self._random.choices([*weights], [*weights.values()])[0]

    def text(self, texts: tuple[str, ...], **words: str) -> str:
        return self._random.choice(texts).format(**words)

    def patient_ref(self) -> str:
        return f"M{self._random.randrange(10**9):09d}"

    def hour(self, at: datetime) -> int:
        """Of the hospital's day."""
        return at.astimezone(self._zone).hour

    def is_weekend(self, at: datetime) -> bool:
        return at.astimezone(self._zone).weekday() >= SATURDAY

    def is_round(self, at: datetime) -> bool:
        """While the ward rounds are."""
        return FIRST_MOVE_HOUR < self.hour(at) < ROUNDS_END_HOUR

    def by_work(self, at: datetime, hour: float = 9) -> datetime:
        """Then, or if that is at night at that hour of the morning."""
        return at if self.is_at_work(at) else self.next_at(hour, at)

    def is_at_work(self, at: datetime) -> bool:
        """When nobody is moved who could wait for the morning, it is not."""
        return FIRST_MOVE_HOUR <= self.hour(at) < LAST_MOVE_HOUR

    def next_at(self, hour: float, at: datetime) -> datetime:
        """The next time that the hospital's clocks show that hour."""
        local = at.astimezone(self._zone)
        minutes = round(hour * 60)
        today = datetime.combine(local.date(), time(minutes // 60, minutes % 60), self._zone)
        return (today if today > local else today + DAY).astimezone(at.tzinfo)

    def hours(self, least: float, most: float) -> timedelta:
        return HOUR * self._random.uniform(least, most)

    def within(self, since: datetime, until: datetime) -> datetime:
        return since + (until - since) * self._random.random()

    def after_hours(self, at: datetime, mean: float) -> datetime:
        """The next event of a Poisson process."""
        return at + HOUR * self._random.expovariate(1 / mean)

    def minutes(self, mean_sd: tuple[float, float], factor: float = 1.0) -> timedelta:
        return MINUTE * max(3.0, self._random.gauss(*mean_sd) * factor)

    def handover(self, priority: int) -> timedelta:
        """From a bed that is found to the patient in it: report, porter, lift."""
        medians = self._assumptions.handover_minutes
        middle = medians[min(max(priority, 1), len(medians)) - 1]
        minutes = self._random.lognormvariate(math.log(middle), HANDOVER_SIGMA)
        return MINUTE * min(minutes, LONGEST_HANDOVER_MINUTES)

    def stay(self, ward: Ward) -> timedelta:
        return DAY * max(0.1, lognormal(*ward.stay_days, self._evenly(ward.ward_id)))

    def rest_of_stay(self, ward: Ward) -> timedelta:
        """Of somebody met in bed: longer stays are met more often."""
        mean, sd = ward.stay_days
        biased_mean = mean * (1 + (sd / mean) ** 2)
        whole = lognormal(biased_mean, sd * biased_mean / mean, self._evenly(ward.ward_id))
        return DAY * whole * self._evenly(f"{ward.ward_id} begun", SILVER)

    def _evenly(self, what: str, step: float = GOLDEN) -> float:
        """Between 0 and 1, far from the last ones of its kind: means of few scatter little."""
        last = self._evenly_drawn.get(what)
        drawn = self._random.random() if last is None else (last + step) % 1
        self._evenly_drawn[what] = drawn
        return min(max(drawn, 1e-6), 1 - 1e-6)

    def next_emergency(self, per_day: float, at: datetime) -> datetime:
        """The next arrival of a Poisson process with the published profile, by thinning."""
        peak = max(ARRIVALS_BY_HOUR) * WEEKDAY_FACTOR
        while True:
            at = self.after_hours(at, 100 / (per_day * peak))
            local = at.astimezone(self._zone)
            factor = WEEKEND_FACTOR if local.weekday() >= SATURDAY else WEEKDAY_FACTOR
            if self.happens(ARRIVALS_BY_HOUR[local.hour] * factor / peak):
                return at

    def next_elective(self, per_day: float, at: datetime) -> datetime:
        """Bookings of planned admissions are made on weekdays from 8 to 17, at a steady pace."""
        left = self.regularly(OFFICE_HOURS * 5 / 7 / max(per_day, 1e-6))
        local = self._in_office(at.astimezone(self._zone))
        while local + left >= (closes := local.replace(hour=17, minute=0, second=0, microsecond=0)):
            left -= closes - local
            local = self._in_office(closes)
        return (local + left).astimezone(at.tzinfo)

    def regularly(self, mean_hours: float) -> timedelta:
        """Until the next of its kind, which is due."""
        return HOUR * self._random.gammavariate(REGULARITY, mean_hours / REGULARITY)

    def _in_office(self, local: datetime) -> datetime:
        """Then, or when offices open next."""
        if local.weekday() < SATURDAY and 8 <= local.hour < 17:
            return local
        day = local.date() if local.hour < 8 else local.date() + DAY
        while day.weekday() >= SATURDAY:
            day += DAY
        return datetime.combine(day, time(8), self._zone)

    def admission(self, at: datetime, days_ahead: int, hours: tuple[float, float]) -> datetime:
        """On a weekday, between those hours."""
        day = at.astimezone(self._zone).date() + DAY * days_ahead
        while day.weekday() >= SATURDAY:
            day += DAY
        since, until = (round(hour * 60) for hour in hours)
        minutes = self._random.randrange(since, until, 15)
        start = datetime.combine(day, time(minutes // 60, minutes % 60), self._zone)
        return start.astimezone(at.tzinfo)

    def by_day(self, at: datetime) -> datetime:
        """Then, or if nobody leaves at that hour, when people leave next."""
        is_day = FIRST_DISCHARGE_HOUR <= self.hour(at) < LAST_DISCHARGE_HOUR
        return at if is_day else self.next_at(self._discharge_hour(), at)

    def leaves_at(self, admitted_at: datetime, stay: timedelta) -> datetime:
        """The day follows the length of stay, the hour the published profile of discharges. Who
        would leave at a weekend is sent home before it as often as kept until after it."""
        raw = admitted_at + stay
        day = raw.astimezone(self._zone).date()
        if day.weekday() >= SATURDAY and not self.happens(
            self._assumptions.weekend_discharge_factor
        ):
            day = self._working_day(day)
        hour = self._discharge_hour()
        at = datetime.combine(day, time(0), self._zone).astimezone(raw.tzinfo) + HOUR * hour
        earliest = admitted_at + SHORTEST_STAY
        if at < earliest:
            is_day = FIRST_DISCHARGE_HOUR <= self.hour(earliest) < LAST_DISCHARGE_HOUR - 1
            at = earliest if is_day else at + DAY
        while at < earliest:
            at += DAY
        return at

    def _discharge_hour(self) -> float:
        while True:
            hour = self._random.gauss(DISCHARGE_HOUR_MEAN, DISCHARGE_HOUR_SD)
            if FIRST_DISCHARGE_HOUR <= hour <= LAST_DISCHARGE_HOUR:
                return hour

    def _working_day(self, day: date) -> date:
        is_before = self.happens(0.5)
        while day.weekday() >= SATURDAY:
            day += -DAY if is_before else DAY
        return day

    def expected_at(self, at: datetime, leaves_at: datetime) -> datetime:
        """What the ward expects: the day known, the hour not quite; a full hour on its clock."""
        guess = max(leaves_at + HOUR * self._random.gauss(1, 3), at + HOUR)
        full = guess.astimezone(self._zone).replace(minute=0, second=0, microsecond=0)
        return full.astimezone(at.tzinfo) + HOUR


def lognormal(mean: float, sd: float, share: float) -> float:
    """Below which that share of the values lies."""
    sigma2 = math.log(1 + (sd / mean) ** 2)
    return math.exp(math.log(mean) - sigma2 / 2 + math.sqrt(sigma2) * NORMAL.inv_cdf(share))


class Quota:
    """Something that happens at a rate: each chance adds to what is due, and about once for each
    whole it happens. Counts scatter far less than by the throw of a coin for each chance."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._until_next = chance.share()

    def takes(self, share: float, *, is_possible: bool = True) -> bool:
        self._until_next -= share
        if self._until_next > 0 or not is_possible:
            return False
        self._until_next += 0.75 + self._chance.share() / 2
        return True
