"""Why something is not carried out: one tree, told over HTTP by `code` (`api/problems.py`).

NotCarriedOut
├── Refusal               a rule of the ward says no: `code` is the rule, with what is in the way
├── Forbidden             somebody else may do this, this actor may not
├── NotThere              the booking, request or event that is named does not exist
├── Outdated              the bed or request has changed since the caller looked at it
├── WrongMode             only a demo lake has an inhabitant
├── InvalidRequest        what is asked cannot be meant
│   ├── NotYet            `occurred_at` lies after the hospital's now
│   ├── BodyTooLarge      it is longer than any that can be meant
│   └── KeyReused         the Idempotency-Key came before with another body
└── TryAgain              nothing is wrong with the request
    ├── NotReady          the hospital is still being opened
    ├── Overloaded        too many requests are waiting
    └── StorageUnavailable   the lake takes no rows now

What can go wrong in the lake itself is `lake.errors`.
"""

from collections.abc import Sequence
from datetime import datetime

from lake.vocabulary import SOFT_RULES, Rule
from simulator.domain.bookings import Booking

SENTENCES = {
    Rule.UNKNOWN_BED: "There is no such bed.",
    Rule.BED_OCCUPIED: "There is a patient in this bed.",
    Rule.PATIENT_IN_OTHER_BED: "This patient is in another bed at that time.",
    Rule.PATIENT_HAS_DIED: "This patient has died.",
    Rule.BOTH_IN_BED: "Both patients lie in a bed now.",
    Rule.BED_CLOSED: "This bed is closed.",
    Rule.ILLEGAL_STATUS_CHANGE: "The bed's present status does not allow this.",
    Rule.EMPTY_INTERVAL: "The booking ends before it starts.",
    Rule.BEFORE_LAST_EVENT: "Something later has already been recorded for this bed.",
    Rule.ILLEGAL_BOOKING_CHANGE: "The booking's present state does not allow this.",
    Rule.BED_EXISTS: "A bed with this id is already registered.",
    Rule.ALREADY_WAITING: "This patient is already on the waiting list.",
    Rule.ALREADY_REVIEWED: "This override has already been reviewed.",
    Rule.ALREADY_CANCELLED: "This event has already been cancelled.",
    Rule.OVERLAPS_BOOKING: "The bed is booked for a part of this time.",
    Rule.OVERLAPS_OPEN_STAY: "The patient in this bed stays, and no end of the stay is known.",
    Rule.BED_NOT_CLEAN: "The bed is not clean yet.",
    Rule.WRONG_SPECIALTY: "The bed belongs to another specialty than the patient needs.",
    Rule.WRONG_ROOM_CLASS: "The room is of another class than the patient needs.",
    Rule.MIXED_SEX: "A patient of another sex has a bed in this room at that time.",
    Rule.ISOLATION_NEEDED: "Isolation means a room that nobody else shares.",
    Rule.STARTS_IN_PAST: "The booking starts in the past.",
    Rule.CLOSED_TO_ADMISSIONS: "This room or ward is closed to admissions.",
    Rule.NOT_TAKEN_BY_WARD: "The ward does not take such patients.",
    Rule.BED_NOT_STAFFED: "Nobody is there to look after a patient in this bed.",
    Rule.BED_KEPT_FOR_LEAVE: "The bed is kept for a patient on leave.",
    Rule.LOUNGE_FULL: "The discharge lounge has no place.",
    Rule.KEPT_FOR_ISOLATION: "The room is kept for patients who need isolation.",
    Rule.PATIENT_RESERVED_ELSEWHERE: "This patient has another bed reserved at that time.",
}


class NotCarriedOut(Exception):
    """`code` is for programs, the text for people. `pair`: of several requests that were to be
    placed, the number and the id of the one that was not. `command`: what was not carried out."""

    code: str
    pair: tuple[int, str] | None = None
    command: object = None


class Refusal(NotCarriedOut):
    """A rule says no. `detail` adds the facts of this case to the rule's sentence.

    `rules`: all that the request breaks, `rule` the first of them. `suggestions`: beds that would
    do, each with the reason of its rank. `earliest_at`: from when on it would do. `past_of`: the
    patient whose past the detail tells. Texts name no
    patient: who that is stands in the bookings alone.
    """

    def __init__(
        self,
        rule: Rule,
        detail: str = "",
        conflicts_with: Booking | None = None,
        *,
        rules: Sequence[Rule] = (),
        in_the_way: Sequence[Booking] = (),
        earliest_at: datetime | None = None,
        past_of: str | None = None,
    ) -> None:
        super().__init__(f"{SENTENCES[rule]} {detail}".strip())
        self.code = rule.value
        self.rule = rule
        self.conflicts_with = conflicts_with
        self.rules = tuple(rules) or (rule,)
        self.earliest_at = earliest_at
        self.past_of = past_of
        self.suggestions: Sequence[tuple[str, str]] = ()
        self.in_the_way = tuple(in_the_way) or ((conflicts_with,) if conflicts_with else ())
        self.can_be_overridden = all(rule in SOFT_RULES for rule in self.rules)


class Forbidden(NotCarriedOut):
    """`code` says why: not_permitted, actor_required, same_actor."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class NotThere(NotCarriedOut):
    code = "not_found"


def no_open_booking(booking_id: str) -> NotThere:
    return NotThere(f"There is no open booking {booking_id}.")


def none_waits(bed_request_id: str) -> NotThere:
    return NotThere(f"No request {bed_request_id} is waiting.")


def none_in_lounge(booking_id: str) -> NotThere:
    return NotThere(f"Nobody of {booking_id} is in the discharge lounge.")


def not_merged() -> NotThere:
    return NotThere("This reference is merged into no other.")


class Outdated(NotCarriedOut):
    code = "precondition_failed"


class WrongMode(NotCarriedOut):
    code = "wrong_mode"

    def __init__(self) -> None:
        super().__init__("Only a demo lake has a simulated hospital.")


class InvalidRequest(NotCarriedOut):
    code = "invalid_request"


class NotYet(InvalidRequest):
    pass


class BodyTooLarge(InvalidRequest):
    code = "body_too_large"


class KeyReused(InvalidRequest):
    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key came before with another body.")


class TryAgain(NotCarriedOut):
    pass


class NotReady(TryAgain):
    code = "not_ready"


class Overloaded(TryAgain):
    code = "overloaded"

    def __init__(self) -> None:
        super().__init__("Too many requests are waiting.")


class StorageUnavailable(TryAgain):
    """Whether a lost commit landed is found out by itself."""

    code = "storage_unavailable"

    def __init__(self, cause: object = "The lake takes no writes now.") -> None:
        super().__init__(str(cause))
