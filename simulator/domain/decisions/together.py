"""Several requests placed by one command: all of them, or none."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from lake.vocabulary import Rule
from simulator.domain import commands as c
from simulator.domain.changes import Change, Moment
from simulator.domain.decisions.draft import take_in
from simulator.domain.errors import NotCarriedOut, Outdated, Refusal
from simulator.domain.hospital import Hospital

Decide = Callable[[Hospital, c.Command, Moment], list[Change]]
"""What placing one request changes."""


def place_all(
    hospital: Hospital, command: c.PlaceAll, moment: Moment, decide: Decide
) -> list[Change]:
    """In the order of the pairs, each decided on what those before it have left.

    Raises what placing one does, and Outdated; what is raised names its pair.
    """
    for nth, pair in enumerate(command.pairs):
        with _naming(nth, pair):
            _as_seen(hospital, pair)
    after = hospital.copy()
    made: list[Change] = []
    for nth, pair in enumerate(command.pairs):
        its = replace(moment, next_seq=moment.next_seq + len(made))
        with _naming(nth, pair):
            _still_waiting(after, pair)
            changes = decide(after, pair.place, its)
        take_in(after, changes, its)
        made += changes
    return made


@contextmanager
def _naming(nth: int, pair: c.Pair) -> Iterator[None]:
    try:
        yield
    except NotCarriedOut as error:
        error.pair = (nth, pair.place.bed_request_id)
        raise


def _as_seen(hospital: Hospital, pair: c.Pair) -> None:
    request = hospital.request(pair.place.bed_request_id)
    if request.seq != pair.seq:
        what = f"{request.bed_request_id} has changed with event {request.seq}"
        raise Outdated(f"{what}: look at it again.")


def _still_waiting(after: Hospital, pair: c.Pair) -> None:
    if pair.place.bed_request_id not in after.requests:
        raise Refusal(Rule.ILLEGAL_BOOKING_CHANGE, "A pair before it has placed this request.")
