"""How long the engine takes to decide, in a very large hospital with a very full diary; and to find
the right bed, for one patient and for all who wait.

The reference is the same decision in a hospital of one ward. Times are of `Engine.stage`: rules,
state, row and hash chain, all but the disk. A search is for a day on which half the beds would do,
and most of the others are booked.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from statistics import median, quantiles

from lake.vocabulary import Role, Source
from simulator.domain import commands as c
from simulator.domain.errors import Refusal
from simulator.domain.hospital import Hospital
from simulator.domain.needs import SOURCE, Needs
from simulator.domain.principals import unasked
from simulator.domain.rules.matching import Matcher, Search
from simulator.domain.rules.proposal import propose
from simulator.domain.rules.suggestions import suggest
from simulator.writer.clock import HospitalClock, wall_now
from simulator.writer.engine import Context, Engine

START = datetime(2026, 1, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
BEDS, RESERVATIONS, HISTORY, ROUNDS = 5_000, 50_000, 100_000, 2_000
SHOWN, LOOKS = 20, 9
WHO = Context(Source.MANUAL, unasked("bench", Role.MANAGER))
SEXES = ("female", "male")


def engine() -> Engine:
    return Engine("bench", Hospital(), HospitalClock(START, wall_now(), 0.0, "UTC"), b"salt")


def bed_id(number: int) -> str:
    """Wards of 50 beds, rooms of 4."""
    return f"W{number // 50}-{number // 4}-{number % 4}"


def open_hospital(beds: int, reservations: int) -> Engine:
    """Each room is kept to one sex, so that every reservation is a legal one."""
    made = engine()
    for number in range(beds):
        ward, room, _ = bed_id(number).split("-")
        register = c.RegisterBed(
            bed_id=bed_id(number),
            room_id=f"{ward}-{room}",
            ward_id=ward,
            ward_name=f"Ward {ward}",
            specialty="general",
            room_class="general",
        )
        made.stage(register, WHO)
    for number in range(reservations):
        made.stage(booking(number % beds, number // beds, f"P-{number}"), WHO)
    return made


def booking(bed: int, day: int, patient: str) -> c.BookBed:
    start = START + HOUR * 24 * (day + 1)
    needs = Needs(sex=SEXES[bed // 4 % 2], specialty="general", room_class="general")
    return c.BookBed(
        bed_id=bed_id(bed),
        patient_ref=patient,
        starts_at=start,
        ends_at=start + 20 * HOUR,
        needs=needs,
    )


def timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - begin)


def decisions(made: Engine, beds: int, after_days: int) -> list[float]:
    """Milliseconds of one booking each, cancelled again so that the diary stays as full."""
    times = []
    for number in range(ROUNDS):
        wish = booking(number * 37 % beds, after_days, f"Q-{number}")
        times.append(timed(lambda wish=wish: made.stage(wish, WHO)))
        made.stage(c.CancelBooking(booking_id=f"B{made.head_seq}"), WHO)
    return times


def refusals(made: Engine, beds: int) -> list[float]:
    """Milliseconds of a refusal with the beds that would do."""

    def refuse(wish: c.BookBed) -> None:
        try:
            made.stage(wish, WHO)
        except Refusal as refused:
            suggest(made.hospital, wish, refused.rules, made.moment(WHO))

    wishes = (booking(number * 37 % beds, 3, f"R-{number}") for number in range(50))
    return [timed(lambda wish=wish: refuse(wish)) for wish in wishes]


def looks(made: Engine, *, with_reasons: bool) -> list[float]:
    """Milliseconds of a search: the first beds that would do, or also why no other one does."""
    starts_at = START + 24 * HOUR
    search = Search(
        needs=Needs(sex="female", age_group="adult", level_of_care="ward"),
        starts_at=starts_at,
        now=START,
        ends_at=starts_at + 24 * HOUR,
    )

    def look() -> None:
        matcher = Matcher(made.hospital, search)
        if with_reasons:
            matcher.all(SHOWN)
        else:
            list(islice(matcher.ranked(), SHOWN))

    return [timed(look) for _ in range(LOOKS)]


def half_booked(beds: int, reservations: int) -> Engine:
    """On the second day one bed in two; on the days after that all."""
    made = open_hospital(beds, 0)
    for number in range(reservations):
        bed, day = number % beds, number // beds
        if day or bed % 2:
            made.stage(booking(bed, day, f"P-{number}"), WHO)
    return made


def proposals(beds: int, waiters: int) -> list[float]:
    """Milliseconds of a bed for each who waits, one in two of the beds booked for two days."""
    made = half_booked(beds, 0)
    for bed in range(1, beds, 2):
        sex = Needs(sex=SEXES[bed // 4 % 2])
        stay = c.BookBed(bed_id=bed_id(bed), patient_ref=f"P-{bed}", admit=True, needs=sex)
        made.stage(replace(stay, ends_at=START + HOUR * (5 + bed % 90)), WHO)
    for number in range(waiters):
        needs = Needs(
            sex=SEXES[number % 2],
            isolation=SOURCE if number % 17 == 0 else None,
            priority=1 + number % 5,
        )
        ward_id = f"W{number % 4}"
        made.stage(c.RequestBed(patient_ref=f"W-{number}", ward_id=ward_id, needs=needs), WHO)
    moment = made.moment(WHO)
    return [timed(lambda: propose(made.hospital, moment)) for _ in range(LOOKS)]


def live_through(made: Engine, beds: int, events: int) -> None:
    for number in range(events // 2):
        made.stage(booking(number % beds, 40, f"H-{number}"), WHO)
        made.stage(c.CancelBooking(booking_id=f"B{made.head_seq}"), WHO)


def p99(times: list[float]) -> float:
    return quantiles(times, n=100)[98]


def main() -> None:
    small = median(decisions(open_hospital(50, 0), 50, 20))
    large = open_hospital(BEDS, RESERVATIONS)
    days = RESERVATIONS // BEDS + 10
    before = decisions(large, BEDS, days)
    refused = refusals(large, BEDS)
    live_through(large, BEDS, HISTORY)
    after = decisions(large, BEDS, days)
    diary = f"{BEDS:,} beds, {RESERVATIONS:,} reservations"
    print(f"50 beds, empty diary:          {small:6.3f} ms (reference)")
    print(f"{diary}: {median(before):6.3f} ms, p99 {p99(before):.3f} (wanted 1)")
    print(f"{HISTORY:,} events later:         {median(after) / median(before):6.2f} x (wanted 1)")
    print(f"refused, with other beds:      {median(refused):6.3f} ms, p99 {p99(refused):.3f}")
    for beds, wanted, with_all in ((200, None, 4), (BEDS, 30, 100)):
        found = half_booked(beds, 10 * beds)
        first, every = (median(looks(found, with_reasons=one)) for one in (False, True))
        said = f" (wanted {wanted})" if wanted else ""
        print(f"{beds:5,} beds, ranked:            {first:6.3f} ms{said}")
        print(f"{beds:5,} beds, with all reasons:  {every:6.3f} ms (wanted {with_all})")
    print(f"50 who wait, 200 beds:         {median(proposals(200, 50)):6.1f} ms (wanted 500)")


if __name__ == "__main__":
    main()
