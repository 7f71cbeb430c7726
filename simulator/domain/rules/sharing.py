"""Who may share a room: of what sex, and with what infection; pairs of patients, both ways.

What is written into the log of each bed lets the same be counted there: `gold.breaches`.
"""

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
    """`infection`: what a source of infection has; `contact_of`: what a patient was exposed to."""

    isolation: Isolation | None
    infection: str | None
    contact_of: frozenset[str]


def sexes_clash(hospital: Hospital, wish: Coming, booking: Booking) -> bool:
    """Unless both are known to be of one sex, or one is placed with the other."""
    own, other = wish.needs, booking.needs
    if own.rooms_with is not None and own.rooms_with == other.rooms_with:
        return False
    is_named = own.placed_with_ref in hospital.refs_of(booking.patient_ref)
    is_naming = other.placed_with_ref in hospital.refs_of(wish.patient_ref)
    return not (is_named or is_naming)


def who_comes(hospital: Hospital, wish: Coming) -> Carrier:
    isolation = wish.needs.isolation or None
    stay = hospital.stay_of(wish.patient_ref)
    infection = isolation.organism if isolation and isolation.is_source else None
    if stay and isolation:
        infection = infection_of(isolation, stay)
    return Carrier(isolation, infection, hospital.contact_of(wish.patient_ref))


def who_is_there(hospital: Hospital, booking: Booking) -> Carrier:
    isolation = hospital.isolation_of(booking)
    contact_of = hospital.contact_of(booking.patient_ref)
    return Carrier(isolation, infection_of(isolation, booking), contact_of)


def infects(one: Carrier, other: Carrier) -> bool:
    """Whether the two must not share a room. A source of infection and who was exposed to it
    already do no harm to each other; two that are not known to be the same do."""
    kinds = [carrier.isolation for carrier in (one, other) if carrier.isolation]
    if any(not isolation.is_source for isolation in kinds):
        return True
    if len(kinds) == 2:
        return not are_alike(one.isolation, other.isolation)
    if kinds:
        source, exposed = (one, other) if one.isolation else (other, one)
        return source.infection not in exposed.contact_of
    return one.contact_of != other.contact_of


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


def said_of_isolation(other: Carrier) -> str:
    if other.isolation:
        return "who needs isolation"
    return "who was exposed to an infection" if other.contact_of else "who needs none"


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
