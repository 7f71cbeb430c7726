"""What a body means: the wire's words as the domain's commands."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from lake.vocabulary import USUAL_PRIORITY, AgeGroup, IsolationKind, LevelOfCare, canonical_ref
from simulator.domain import commands as c
from simulator.domain.bookings import Booking
from simulator.domain.errors import InvalidRequest
from simulator.domain.hospital import Hospital
from simulator.domain.needs import NO_ISOLATION, SEXES, SOURCE, Isolation, Needs
from simulator.domain.overrides import Override
from simulator.domain.rules import hard
from simulator.domain.rules.matching import Search
from simulator.domain.rules.suggestions import as_moved
from simulator.wire import bodies as b

ASSUMED = {"age_group": AgeGroup.ADULT.value, "level_of_care": LevelOfCare.WARD.value}
"""What a patient is where nobody says otherwise."""


def needs(body: b.Needs) -> Needs:
    """What the body says of a patient who is known already."""
    placed_with = body.placed_with
    if placed_with is not None and placed_with not in SEXES:
        placed_with = canonical_ref(placed_with)
    return Needs(
        specialty=body.specialty,
        room_class=body.room_class and body.room_class.value,
        isolation=isolation(body.isolation),
        sex=body.sex and body.sex.value,
        priority=body.priority,
        age_group=body.age_group and body.age_group.value,
        level_of_care=body.level_of_care and body.level_of_care.value,
        admission_type=body.admission_type and body.admission_type.value,
        features=tuple(body.features),
        placed_with=placed_with,
    )


def needs_of_new(body: b.Needs) -> Needs:
    """Of a new patient what was not said is assumed, and marked so."""
    said = needs(body)
    unsaid = tuple(name for name in sorted(ASSUMED) if getattr(said, name) is None)
    return replace(
        said,
        age_group=said.age_group or ASSUMED["age_group"],
        level_of_care=said.level_of_care or ASSUMED["level_of_care"],
        assumed=unsaid,
    )


def needs_of_request(body: b.Needs) -> Needs:
    """Of a new patient who waits: with the usual priority, unless one is said."""
    said = needs_of_new(body)
    if said.priority is not None:
        return said
    assumed = tuple(sorted((*said.assumed, "priority")))
    return replace(said, priority=USUAL_PRIORITY, assumed=assumed)


def isolation(body: b.Isolation | bool | None) -> Isolation | None:
    if isinstance(body, b.Isolation):
        return isolation_of(body)
    return body if body is None else SOURCE if body else NO_ISOLATION


def isolation_of(body: b.Isolation) -> Isolation:
    """Raises InvalidRequest."""
    if body.organism and body.kind is IsolationKind.PROTECTIVE:
        raise InvalidRequest("organism: goes with isolation of a source only.")
    return Isolation(body.kind.value, body.organism)


def newborns(body: b.WithNewborns) -> tuple[c.Newborn, ...]:
    """Raises InvalidRequest."""
    for nth, one in enumerate(body.newborns):
        if (one.to_bed_id is None) == (one.disposition is None):
            raise InvalidRequest(f"newborns[{nth}]: either to_bed_id or disposition.")
    return tuple(
        c.Newborn(
            patient_ref=one.patient_ref,
            to_bed_id=one.to_bed_id,
            disposition=one.disposition and one.disposition.value,
        )
        for one in body.newborns
    )


def override(body: b.Overriding) -> Override | None:
    given = body.override
    return Override(given.reason_code.value, given.reason) if given else None


def booking(body: b.NewBooking) -> c.BookBed:
    """Raises InvalidRequest."""
    _starts_when_it_occurs(body)
    return c.BookBed(
        bed_id=body.bed_id,
        patient_ref=body.patient_ref,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        admit=body.admit,
        needs=needs_of_new(body.needs),
        override=override(body),
        assumes_end="ends_at" not in body.model_fields_set,
        mother_ref=body.mother_ref,
    )


def search(hospital: Hospital, body: b.BedSearch, now: datetime) -> Search:
    """Raises InvalidRequest, and Refusal for a patient who has died."""
    starts_at = body.starts_at or now
    if starts_at < now:
        raise InvalidRequest("starts_at: has passed; leave it out for now.")
    patient_ref = canonical_ref(body.patient_ref) if body.patient_ref else ""
    hard.alive(hospital, patient_ref)
    hard.not_empty(starts_at, body.ends_at)
    stay = hospital.stay_of(patient_ref)
    wanted = hospital.needs_with(stay, needs(body.needs)) if stay else needs_of_new(body.needs)
    hard.known_features(hospital, wanted)
    if body.ward_id is not None:
        hospital.beds_of_ward(body.ward_id)
    search = Search(
        needs=wanted,
        starts_at=starts_at,
        now=now,
        ends_at=body.ends_at,
        assumes_end="ends_at" not in body.model_fields_set,
        moves_in=body.starts_at is None,
        patient_ref=patient_ref,
        ward_id=body.ward_id,
        mother_ref=canonical_ref(body.mother_ref) if body.mother_ref else None,
    )
    if stay is None or not search.assumes_end:
        return replace(search, besides=frozenset({stay.booking_id})) if stay else search
    return as_moved(search, stay)


def placement(bed_request_id: str, body: b.Placement) -> c.PlaceRequest:
    """Raises InvalidRequest."""
    _starts_when_it_occurs(body)
    return c.PlaceRequest(
        bed_request_id=bed_request_id,
        bed_id=body.bed_id,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        admit=body.admit,
        newborns=newborns(body),
        override=override(body),
        assumes_end="ends_at" not in body.model_fields_set,
    )


def placements(body: b.Placements) -> c.PlaceAll:
    """Raises InvalidRequest."""
    return c.PlaceAll(pairs=tuple(_pair(nth, body) for nth in range(len(body.pairs))))


def _pair(nth: int, body: b.Placements) -> c.Pair:
    pair = body.pairs[nth]
    if pair.admit and pair.starts_at and pair.starts_at != body.occurred_at:
        raise InvalidRequest(f"pairs.{nth}.starts_at: an admission starts when it occurs.")
    place = c.PlaceRequest(
        bed_request_id=pair.bed_request_id,
        bed_id=pair.bed_id,
        starts_at=pair.starts_at,
        admit=pair.admit,
        assumes_end=True,
    )
    return c.Pair(place=place, seq=pair.seq)


def of_waiting(body: b.OfWaiting) -> dict[str, Any]:
    """What is said of a wait, new or known."""
    return {
        "waits_in": body.waits_in and body.waits_in.value,
        "arrived_at": body.arrived_at,
        "decided_at": body.decided_at,
        "expected_stay_hours": body.expected_stay_hours,
    }


def _starts_when_it_occurs(body: b.NewBooking | b.Placement) -> None:
    if body.admit and body.starts_at and body.starts_at != body.occurred_at:
        raise InvalidRequest("starts_at: an admission starts when it occurs.")


def change(
    booking_id: str, known: Booking | None, body: b.BookingChange
) -> c.ChangeReservation | c.ExpectDischarge | c.ChangeNeeds:
    """What the body leaves out is what it was. An unknown booking is refused when it is decided.

    Raises InvalidRequest.
    """
    if known is None:
        return c.ExpectDischarge(booking_id=booking_id, expected_at=None)
    bed_id = body.bed_id if body.bed_id is not None else known.bed_id
    starts_at = body.starts_at or known.starts_at
    ends_at = body.ends_at if "ends_at" in body.model_fields_set else known.ends_at
    if known.is_stay and "needs" in body.model_fields_set:
        if (bed_id, starts_at, ends_at) != (known.bed_id, known.starts_at, known.ends_at):
            raise InvalidRequest("needs: of a patient in bed they change alone.")
        return c.ChangeNeeds(booking_id=booking_id, needs=needs(body.needs))
    if known.is_stay and (bed_id, starts_at) == (known.bed_id, known.starts_at):
        return c.ExpectDischarge(
            booking_id=booking_id, expected_at=ends_at, override=override(body)
        )
    return c.ChangeReservation(
        booking_id=booking_id,
        bed_id=bed_id,
        starts_at=starts_at,
        ends_at=ends_at,
        says_end="ends_at" in body.model_fields_set,
        needs=needs(body.needs),
        override=override(body),
    )


def progress(booking_id: str, known: Booking | None, body: b.Progress) -> c.ProgressStay:
    """What the body leaves out is what it was."""
    expected_at = known.ends_at if known else None
    if "expected_at" in body.model_fields_set:
        expected_at = body.expected_at
    return c.ProgressStay(
        booking_id=booking_id,
        expected_at=expected_at,
        says_end="expected_at" in body.model_fields_set,
        needs_bed=body.needs_bed,
        needs_level_of_care=body.needs_level_of_care,
        waits_for=body.waits_for and body.waits_for.value,
        override=override(body),
    )


def closing_to_admissions(
    bed_ids: Sequence[str], body: b.Closing, *, is_ward: bool
) -> c.CloseAdmissions:
    return c.CloseAdmissions(
        bed_ids=tuple(bed_ids),
        reason_code=body.reason_code,
        is_ward=is_ward,
        until_at=body.until_at,
    )


def closing(bed_ids: Sequence[str], body: b.Closing) -> c.CloseBeds:
    return c.CloseBeds(
        bed_ids=tuple(bed_ids),
        reason_code=body.reason_code,
        until_at=body.until_at,
        override=override(body),
    )
