"""Granting a wish that soft rules are against: only by an override, which makes the room.

A reservation in the way is displaced, and its patient put on the waiting list; a stay in the way
keeps its patient, but is expected to end when the new booking starts.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from lake.vocabulary import ANONYMOUS, BookingState, EventType, Rule
from simulator.domain.beds import Bed
from simulator.domain.bookings import Booking
from simulator.domain.changes import Change, Moment
from simulator.domain.errors import Forbidden, Refusal
from simulator.domain.hospital import Hospital
from simulator.domain.overrides import Override
from simulator.domain.permissions import may_override
from simulator.domain.requests import BedRequest
from simulator.domain.rules.hard import bed_at
from simulator.domain.rules.soft import Breach, refusal_of

NOBODY: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Grant:
    """`first`: the changes that make room; `columns`: the override's record, empty without one."""

    first: tuple[Change, ...] = ()
    columns: dict[str, Any] = field(default_factory=dict)

    def on(self, bed: Bed) -> Bed:
        """The bed that the override is about, which shows it until it is reviewed."""
        if not self.columns:
            return bed
        return replace(bed, unreviewed_override_count=bed.unreviewed_override_count + 1)


def grant(
    hospital: Hospital,
    broken: Sequence[Breach],
    override: Override | None,
    moment: Moment,
    *,
    starts_at: datetime,
    winners: Mapping[str, str] = NOBODY,
    patient_refs: Collection[str] = (),
) -> Grant:
    """Raises Refusal where rules are broken without an override, Forbidden without an actor.

    `winners`: per bed the booking that takes the place of a displaced one. `patient_refs`:
    of those who get the beds; whoever loses a booking of their own waits for no other one.
    """
    if not broken:
        return Grant()
    if override is None:
        raise refusal_of(list(broken))
    somebody_answers(moment)
    if not may_override(moment.who, (b.rule for b in broken), hospital.house.clerks_override):
        names = ", ".join(dict.fromkeys(breach.rule.value for breach in broken))
        raise Forbidden("not_permitted", f"A manager may override this ({names}).")
    in_the_way = dict.fromkeys(booking for breach in broken for booking in breach.in_the_way)
    reason = {
        "override_reason_code": override.reason_code,
        "override_reason": override.reason,
    }
    first: list[Change] = []
    for booking in in_the_way:
        if booking.is_stay:
            first.append(_cut_short(hospital, booking, starts_at, moment, reason))
        else:
            lost = replace(
                booking,
                state=BookingState.DISPLACED,
                displaced_by_booking_id=winners.get(booking.bed_id),
            )
            bed = bed_at(hospital, booking.bed_id, moment)
            first.append(Change(EventType.BOOKING_DISPLACED, bed, lost, reason))
            if booking.patient_ref not in patient_refs:
                first.append(back_to_the_waiting_list(hospital, lost, moment, len(first), reason))
    for breach in broken:
        if breach.rule is Rule.BED_KEPT_FOR_LEAVE and breach.beside:
            first += _lent(hospital, breach.beside, winners, moment, len(first), reason)
    displaced = [booking.booking_id for booking in in_the_way if not booking.is_stay]
    rules = dict.fromkeys(breach.rule.value for breach in sorted(broken, key=_order))
    record = {
        **reason,
        "override_rules": list(rules),
        "displaced_booking_ids": displaced or None,
    }
    return Grant(tuple(first), record)


def somebody_answers(moment: Moment) -> None:
    if moment.actor == ANONYMOUS:
        raise Forbidden("actor_required", "Say who you are (X-Actor): somebody answers for this.")


def _order(breach: Breach) -> int:
    return list(Rule).index(breach.rule)


def back_to_the_waiting_list(
    hospital: Hospital, booking: Booking, moment: Moment, place: int, reason: dict[str, Any]
) -> Change:
    """Whoever ended the booking has to find another bed: the request names who, and a booking that
    was displaced. It stands beside a request of the patient's own. `place`: of this row among
    those of its command."""
    is_displaced = booking.state is BookingState.DISPLACED
    request = BedRequest(
        bed_request_id=f"R{moment.next_seq + place}",
        patient_ref=booking.patient_ref,
        ward_id=hospital.bed(booking.bed_id).ward_id,
        needs=booking.needs,
        wanted_from=booking.starts_at,
        requested_at=moment.at,
        requested_by=moment.actor,
        displaced_booking_id=booking.booking_id if is_displaced else None,
        spell_id=booking.spell_id if hospital.stay_of(booking.patient_ref) else None,
    )
    return Change(EventType.BED_REQUESTED, columns={**reason, **request.as_columns()})


def _lent(
    hospital: Hospital,
    stay: Booking,
    winners: Mapping[str, str],
    moment: Moment,
    place: int,
    reason: dict[str, Any],
) -> list[Change]:
    """The spell of the patient on leave goes on without a bed, and waits for one."""
    bed = bed_at(hospital, stay.bed_id, moment)
    ended = replace(stay.completed(), displaced_by_booking_id=winners.get(stay.bed_id))
    request = BedRequest(
        bed_request_id=f"R{moment.next_seq + place}",
        patient_ref=stay.patient_ref,
        ward_id=bed.ward_id,
        needs=stay.needs,
        wanted_from=moment.at,
        requested_at=moment.at,
        requested_by=moment.actor,
        spell_id=stay.spell_id,
        bed_was_lent=True,
    )
    return [
        Change(EventType.PATIENT_TRANSFERRED, bed, ended, reason),
        Change(EventType.BED_REQUESTED, columns={**reason, **request.as_columns()}),
    ]


def _cut_short(
    hospital: Hospital, stay: Booking, at: datetime, moment: Moment, reason: dict[str, Any]
) -> Change:
    """The stay's expected discharge becomes `at`, at risk. Nobody leaves a bed by this."""
    if at <= stay.starts_at:
        raise Refusal(Rule.BED_OCCUPIED, f"{stay.booking_id} began before that.", stay)
    cut = replace(stay.ends_by(min(stay.ends_at or at, at)), is_at_risk=True)
    bed = bed_at(hospital, stay.bed_id, moment)
    return Change(EventType.DISCHARGE_EXPECTED, bed, cut, reason)
