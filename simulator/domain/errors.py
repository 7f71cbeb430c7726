"""Why a command is not carried out.

Refusal                a rule of the ward says no; carries the rule, the booking in the way
└── NotThere           what the command names does not exist
"""

from lake.vocabulary import Rule
from simulator.domain.bookings import Booking

SENTENCES = {
    Rule.UNKNOWN_BED: "There is no such bed.",
    Rule.BED_OCCUPIED: "There is a patient in this bed.",
    Rule.PATIENT_IN_OTHER_BED: "This patient is already in another bed.",
    Rule.BED_CLOSED: "This bed is closed.",
    Rule.ILLEGAL_STATUS_CHANGE: "The bed's present status does not allow this.",
    Rule.EMPTY_INTERVAL: "The booking ends before it starts.",
    Rule.BEFORE_LAST_EVENT: "Something later has already been recorded for this bed.",
    Rule.ILLEGAL_BOOKING_CHANGE: "The booking's present state does not allow this.",
    Rule.BED_EXISTS: "A bed with this id is already registered.",
    Rule.OVERLAPS_BOOKING: "The bed is booked for a part of this time.",
    Rule.OVERLAPS_OPEN_STAY: "The patient in this bed stays, and no end of the stay is known.",
    Rule.BED_NOT_CLEAN: "The bed is not clean yet.",
}


class Refusal(Exception):
    """A rule says no. `detail` adds the facts of this case to the rule's sentence."""

    def __init__(self, rule: Rule, detail: str = "", conflicts_with: Booking | None = None) -> None:
        super().__init__(f"{SENTENCES[rule]} {detail}".strip())
        self.rule = rule
        self.conflicts_with = conflicts_with


class NotThere(Exception):
    """The booking or event that a command names does not exist."""
