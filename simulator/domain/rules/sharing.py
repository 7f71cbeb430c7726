"""Who may share a room: of what sex, and with what infection; pairs of patients, both ways.

What is written into the log of each bed lets the same be counted there: `gold.breaches`.
"""

from collections.abc import Collection
from typing import NamedTuple, Protocol

from simulator.domain.bookings import Booking
from simulator.domain.hospital import Hospital, infection_of
from simulator.domain.needs import Isolation, Needs


class Coming(Protocol):
    """A wish, as far as it matters here."""

    @property
    def patient_ref(self) -> str: ...
    @property
    def needs(self) -> Needs: ...


class Carrier(NamedTuple):
    """`infections`: what a patient has or was exposed to."""

    isolation: Isolation | None
    infections: frozenset[str]


HARMLESS = Carrier(None, frozenset())


def sexes_clash(hospital: Hospital, wish: Coming, booking: Booking) -> bool:
    """Unless both are known to be of one sex, or one is placed with the other."""
    own = wish.needs.rooms_with
    if own is not None and own == booking.needs.rooms_with:
        return False
    is_placed = _names(hospital, wish.needs, booking.patient_ref)
    return not (is_placed or _names(hospital, booking.needs, wish.patient_ref))


def _names(hospital: Hospital, needs: Needs, patient_ref: str) -> bool:
    """As whom to share with."""
    named = needs.placed_with_ref
    return named is not None and named in hospital.refs_of(patient_ref)


def who_comes(hospital: Hospital, wish: Coming) -> Carrier:
    isolation = wish.needs.isolation or None
    if isolation is None and not hospital.exposed:
        return HARMLESS
    stay = hospital.stay_of(wish.patient_ref)
    own = infection_of(isolation, stay) if stay else None
    if stay is None and isolation and isolation.is_source:
        own = isolation.organism or "what this patient has"
    return _carrier(isolation, own, stay.contact_of if stay else ())


def who_is_there(hospital: Hospital, booking: Booking) -> Carrier:
    isolation = hospital.isolation_of(booking)
    exposed_to: Collection[str] = booking.contact_of
    if hospital.exposed and not booking.is_stay:
        exposed_to = hospital.contact_of(booking.patient_ref)
    if isolation is None and not exposed_to:
        return HARMLESS
    return _carrier(isolation, infection_of(isolation, booking), exposed_to)


def _carrier(isolation: Isolation | None, own: str | None, exposed_to: Collection[str]) -> Carrier:
    infections = frozenset(exposed_to)
    return Carrier(isolation, infections | {own} if own else infections)


def infects(one: Carrier, other: Carrier) -> bool:
    """Whether the two must not share a room: but for those who have, or were exposed to, the same;
    what is not named is never the same."""
    if one is other:
        return False
    kinds = [carrier.isolation for carrier in (one, other) if carrier.isolation]
    is_protected = any(not isolation.is_source for isolation in kinds)
    return is_protected or one.infections != other.infections


def are_alike(one: Isolation | None, other: Isolation | None) -> bool:
    """Two sources of the same organism, which is named."""
    if not (one and other and one.is_source and other.is_source):
        return False
    return one.organism is not None and one.organism == other.organism


def said_of_sexes(own: Needs, other: Needs, where: str) -> str:
    if own.rooms_with is None:
        return f"{where} shares the room, and the patient's sex is not said (needs.placed_with)."
    if other.rooms_with is None:
        return f"{where} is of a patient whose sex is not said."
    return f"{where} is of a {other.rooms_with} patient."


SAID_OF_SEX = {"female": "women", "male": "men"}


def said_of_sexes_briefly(own: Needs, other: Needs) -> str:
    if own.rooms_with is None:
        return "room has others, and the patient's sex is not said"
    if other.rooms_with is None:
        return "room has a patient whose sex is not said"
    return f"room has {SAID_OF_SEX[other.rooms_with]}"


def said_of_isolation(other: Carrier) -> str:
    if other.isolation:
        return "who needs isolation"
    return "who was exposed to an infection" if other.infections else "who needs none"


NEEDS_IN_WORDS = {
    "age_group": "this age group",
    "sex": "patients of this sex",
    "admission_type": "such admissions",
    "level_of_care": "patients who need this level of care",
    "specialty": "patients of another specialty",
}


def said_of_need(needs: Needs, reason: str) -> str:
    """What a ward does not take, with what was said of the patient."""
    has = needs.rooms_with or needs.sex if reason == "sex" else getattr(needs, reason)
    told = has or "not said"
    return f"{NEEDS_IN_WORDS[reason]} ({told.replace('_', ' ')})"
