"""How long the engine takes to decide, in a very large hospital with a very full diary.

The reference is the same decision in a hospital of one ward. Times are of `Engine.stage`: rules,
state, row and hash chain, all but the disk.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median, quantiles

from lake.vocabulary import Role, Source
from simulator.domain import commands as c
from simulator.domain.errors import Refusal
from simulator.domain.hospital import Hospital
from simulator.domain.needs import Needs
from simulator.domain.rules.suggestions import suggest
from simulator.writer.clock import HospitalClock, wall_now
from simulator.writer.engine import Context, Engine

START = datetime(2026, 1, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
BEDS, RESERVATIONS, HISTORY, ROUNDS = 5_000, 50_000, 100_000, 2_000
WHO = Context(Source.MANUAL, "bench", Role.MANAGER)
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


if __name__ == "__main__":
    main()
