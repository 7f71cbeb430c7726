"""The words that every room of the house shares, each with its field meaning (see GLOSSARY.md)."""

from enum import StrEnum


class BedStatus(StrEnum):
    """What a bed is. HL7 table 0116 is derived from it, never stored."""

    AVAILABLE = "available"
    OCCUPIED = "occupied"
    ISOLATED = "isolated"
    DIRTY = "dirty"
    CONTAMINATED = "contaminated"
    CLEANING = "cleaning"
    CLOSED = "closed"


HL7_BED_STATUS = {
    BedStatus.AVAILABLE: "U",
    BedStatus.OCCUPIED: "O",
    BedStatus.ISOLATED: "I",
    BedStatus.DIRTY: "H",
    BedStatus.CONTAMINATED: "K",
    BedStatus.CLEANING: "H",
    BedStatus.CLOSED: "C",
}

HOLDS_A_PATIENT = frozenset({BedStatus.OCCUPIED, BedStatus.ISOLATED})
NEEDS_CLEANING = frozenset({BedStatus.DIRTY, BedStatus.CONTAMINATED, BedStatus.CLEANING})


class DisplayStatus(StrEnum):
    """What the board counts; the five add up to the registered beds."""

    CLOSED = "closed"
    OCCUPIED = "occupied"
    DIRTY = "dirty"
    RESERVED = "reserved"
    AVAILABLE = "available"


SHOWN_AS: dict[str, DisplayStatus] = {
    BedStatus.AVAILABLE: DisplayStatus.AVAILABLE,
    BedStatus.OCCUPIED: DisplayStatus.OCCUPIED,
    BedStatus.ISOLATED: DisplayStatus.OCCUPIED,
    BedStatus.DIRTY: DisplayStatus.DIRTY,
    BedStatus.CONTAMINATED: DisplayStatus.DIRTY,
    BedStatus.CLEANING: DisplayStatus.DIRTY,
    BedStatus.CLOSED: DisplayStatus.CLOSED,
}
"""What the board shows of a bed that nobody has reserved; the macro of DuckDB and the census are
made from it. A status that is not listed counts as closed: unknown is never shown as free."""

RESERVED_AHEAD_MINUTES = 120
"""A reservation that starts within this many hospital minutes shows its bed as reserved."""


def display_status(
    bed_status: str, *, is_reserved: bool, is_closed_to_admissions: bool = False
) -> DisplayStatus:
    """`is_reserved`: a reservation of the bed runs, or starts within `RESERVED_AHEAD_MINUTES`.

    A bed that is closed to admissions counts as closed once nobody is in it.
    """
    shown = SHOWN_AS.get(bed_status, DisplayStatus.CLOSED)
    if is_closed_to_admissions and shown is not DisplayStatus.OCCUPIED:
        return DisplayStatus.CLOSED
    is_free = shown is DisplayStatus.AVAILABLE
    return DisplayStatus.RESERVED if is_free and is_reserved else shown


class RoomClass(StrEnum):
    GENERAL = "general"
    SEMI_PRIVATE = "semi_private"
    PRIVATE = "private"
    DELUXE = "deluxe"
    ICU = "icu"
    ISOLATION = "isolation"


class BookingState(StrEnum):
    RESERVED = "reserved"
    ACTIVE = "active"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    DISPLACED = "displaced"


OPEN_BOOKING_STATES = frozenset({BookingState.RESERVED, BookingState.ACTIVE})


class Sex(StrEnum):
    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNKNOWN = "unknown"


class AgeGroup(StrEnum):
    """Where each begins is said in hospital.toml."""

    NEONATE = "neonate"
    CHILD = "child"
    ADULT = "adult"
    OLDER = "older"


class LevelOfCare(StrEnum):
    """What a patient needs: a ward, a step-down (high dependency) unit, or intensive care."""

    WARD = "ward"
    STEP_DOWN = "step_down"
    INTENSIVE = "intensive"


class AdmissionType(StrEnum):
    """Planned or not (HL7 PV1-4, table 0007)."""

    ELECTIVE = "elective"
    EMERGENCY = "emergency"


class IsolationKind(StrEnum):
    """Of a source of infection from the others, or of a patient whom the others could infect."""

    SOURCE = "source"
    PROTECTIVE = "protective"


class BreachKind(StrEnum):
    """What is broken while a patient lies where a rule of the ward says no."""

    MIXED_SEX = "mixed_sex"
    ISOLATION = "isolation"
    LEVEL_OF_CARE = "level_of_care"
    NOT_TAKEN_BY_WARD = "not_taken_by_ward"


class Disposition(StrEnum):
    """Where a patient went at the end of a spell (HL7 PV1-36, table 0112, in brief). `other`: a
    care home, a hospice, a prison."""

    HOME = "home"
    OTHER_HOSPITAL = "other_hospital"
    DIED = "died"
    OTHER = "other"


class Away(StrEnum):
    """Where a patient is whose bed is kept: out of the hospital (HL7 A21), or within it (A09)."""

    LEAVE = "leave"
    ABSENCE = "absence"


class WaitsFor(StrEnum):
    """What keeps a patient in a bed that is no longer needed."""

    TRANSPORT = "transport"
    MEDICINES = "medicines"
    CARE_PACKAGE = "care_package"
    PLACEMENT = "placement"
    FAMILY = "family"
    OTHER = "other"


USUAL_PRIORITY = 3
"""Of who waits for a bed, where nobody says one; 1 is the most urgent, 5 the least."""


class WaitsIn(StrEnum):
    """Where a patient is who waits for a bed."""

    EMERGENCY_DEPARTMENT = "emergency_department"
    CLINIC = "clinic"
    THEATRE = "theatre"
    WARD = "ward"
    OTHER_HOSPITAL = "other_hospital"


def is_outlier(needed: str | None, specialty: str | None, *, is_cot: bool) -> bool:
    """Whether a patient lies on a ward of another specialty than the stay names. Whose specialty
    nobody said is none, nor is a newborn beside its mother."""
    return needed is not None and needed != specialty and not is_cot


def canonical_ref(patient_ref: str) -> str:
    """A patient's reference as it is written and compared: leading zeros stay."""
    return patient_ref.strip(" ").upper()


class EndedWith(StrEnum):
    """Reason codes of reservations and requests that end because their patient has left."""

    PATIENT_DISCHARGED = "patient_discharged"
    PATIENT_DIED = "patient_died"


class Source(StrEnum):
    """Who or what caused an event. `system` is the engine itself: its clock, its bed register."""

    SIMULATOR = "simulator"
    MANUAL = "manual"
    REPLAY = "replay"
    SYSTEM = "system"
    HL7 = "hl7"
    FHIR = "fhir"


ANONYMOUS = "anonymous"
"""The actor of a request that names nobody; may do all that leaves nobody to answer for it."""


class OverrideReason(StrEnum):
    """Why somebody set a rule of the ward aside."""

    CLINICAL_NEED = "clinical_need"
    INFECTION_CONTROL = "infection_control"
    PATIENT_SAFETY = "patient_safety"
    NO_OTHER_BED = "no_other_bed"
    MAJOR_INCIDENT = "major_incident"
    RECORD_CORRECTION = "record_correction"
    OTHER = "other"


class GlassReason(StrEnum):
    """Why a clerk looks at one patient of another ward."""

    EMERGENCY = "emergency"
    CROSS_COVER = "cross_cover"
    IDENTIFICATION = "identification"
    OTHER = "other"


class RequestState(StrEnum):
    """A bed request: a need without a bed."""

    WAITING = "waiting"
    PLACED = "placed"
    WITHDRAWN = "withdrawn"


class Role(StrEnum):
    """In which somebody acts; what each may, says the table in `domain/permissions.py`."""

    VIEWER = "viewer"
    CLERK = "clerk"
    MANAGER = "manager"
    ADMIN = "admin"
    SYSTEM = "system"


class AuditType(StrEnum):
    """What is recorded besides changes: who came, who was refused, who was shown patients."""

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT = "signed_out"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a word, and no password
    UNSIGNED_REFUSED = "unsigned_refused"
    CHANGE_REFUSED = "change_refused"
    READ_REFUSED = "read_refused"
    BOARD_SHOWN = "board_shown"
    SEARCH_SHOWN = "search_shown"
    BED_SHOWN = "bed_shown"
    PATIENT_SHOWN = "patient_shown"
    EVENTS_FOLLOWED = "events_followed"
    DATA_EXPORTED = "data_exported"
    GLASS_BROKEN = "glass_broken"
    GLASS_REVIEWED = "glass_reviewed"


class LakeMode(StrEnum):
    """What a lake is; fixed by its first event."""

    DEMO = "demo"
    REPLAY = "replay"
    LIVE = "live"


class EventType(StrEnum):
    BED_REGISTERED = "bed_registered"
    BED_UPDATED = "bed_updated"
    BED_RETIRED = "bed_retired"
    BED_BOOKED = "bed_booked"
    BOOKING_CHANGED = "booking_changed"
    BOOKING_CANCELLED = "booking_cancelled"
    BOOKING_EXPIRED = "booking_expired"
    BOOKING_DISPLACED = "booking_displaced"
    PATIENT_ADMITTED = "patient_admitted"
    PATIENT_TRANSFERRED = "patient_transferred"
    PATIENT_DISCHARGED = "patient_discharged"
    DISCHARGE_EXPECTED = "discharge_expected"
    DISCHARGE_CONFIRMED = "discharge_confirmed"
    ADMISSION_CANCELLED = "admission_cancelled"
    TRANSFER_CANCELLED = "transfer_cancelled"
    STAY_PROGRESSED = "stay_progressed"
    LEAVE_STARTED = "leave_started"
    LEAVE_ENDED = "leave_ended"
    ABSENCE_STARTED = "absence_started"
    ABSENCE_ENDED = "absence_ended"
    DISCHARGE_CANCELLED = "discharge_cancelled"
    DISCHARGE_CORRECTED = "discharge_corrected"
    LOUNGE_LEFT = "lounge_left"
    ISOLATION_STARTED = "isolation_started"
    ISOLATION_ENDED = "isolation_ended"
    CONTACT_STARTED = "contact_started"
    CONTACT_ENDED = "contact_ended"
    BED_MARKED_DIRTY = "bed_marked_dirty"
    CLEANING_STARTED = "cleaning_started"
    CLEANING_FINISHED = "cleaning_finished"
    CLEANING_STOPPED = "cleaning_stopped"
    BED_CLOSED = "bed_closed"
    BED_OPENED = "bed_opened"
    ADMISSIONS_CLOSED = "admissions_closed"
    ADMISSIONS_OPENED = "admissions_opened"
    NOTE_ADDED = "note_added"
    BED_REQUESTED = "bed_requested"
    REQUEST_CHANGED = "request_changed"
    REQUEST_WITHDRAWN = "request_withdrawn"
    REQUEST_PLACED = "request_placed"
    OVERRIDE_REVIEWED = "override_reviewed"
    ALERT_ACKNOWLEDGED = "alert_acknowledged"
    PATIENTS_MERGED = "patients_merged"
    MERGE_CANCELLED = "merge_cancelled"
    CLOCK_SET = "clock_set"


WITHOUT_A_BED = frozenset(
    {
        EventType.BED_REQUESTED,
        EventType.REQUEST_CHANGED,
        EventType.REQUEST_WITHDRAWN,
        EventType.REQUEST_PLACED,
        EventType.DISCHARGE_CORRECTED,
        EventType.LOUNGE_LEFT,
        EventType.OVERRIDE_REVIEWED,
        EventType.ALERT_ACKNOWLEDGED,
        EventType.PATIENTS_MERGED,
        EventType.MERGE_CANCELLED,
        EventType.CLOCK_SET,
    }
)
"""Events that may leave the bed columns null."""

OF_A_STAY = frozenset(
    {
        EventType.PATIENT_ADMITTED,
        EventType.PATIENT_TRANSFERRED,
        EventType.PATIENT_DISCHARGED,
        EventType.DISCHARGE_EXPECTED,
        EventType.DISCHARGE_CONFIRMED,
        EventType.STAY_PROGRESSED,
        EventType.LEAVE_STARTED,
        EventType.LEAVE_ENDED,
        EventType.ABSENCE_STARTED,
        EventType.ABSENCE_ENDED,
        EventType.CONTACT_STARTED,
        EventType.CONTACT_ENDED,
        EventType.DISCHARGE_CANCELLED,
    }
)
"""Events of a patient who is, or was, in the bed."""

OF_A_BOOKING = OF_A_STAY | {
    EventType.BED_BOOKED,
    EventType.BOOKING_CANCELLED,
    EventType.BOOKING_EXPIRED,
    EventType.BOOKING_DISPLACED,
    EventType.ADMISSION_CANCELLED,
    EventType.TRANSFER_CANCELLED,
}
"""Events that carry a booking's whole state. (A booking that is moved to another bed has a row of
the bed that it leaves, without the booking.)"""


class Rule(StrEnum):
    """Every rule a command can break, in the order in which an override names them."""

    UNKNOWN_BED = "unknown_bed"
    BED_OCCUPIED = "bed_occupied"
    PATIENT_IN_OTHER_BED = "patient_in_other_bed"
    PATIENT_HAS_DIED = "patient_has_died"
    BOTH_IN_BED = "both_in_bed"
    BED_CLOSED = "bed_closed"
    ILLEGAL_STATUS_CHANGE = "illegal_status_change"
    EMPTY_INTERVAL = "empty_interval"
    BEFORE_LAST_EVENT = "before_last_event"
    ILLEGAL_BOOKING_CHANGE = "illegal_booking_change"
    BED_EXISTS = "bed_exists"
    ALREADY_WAITING = "already_waiting"
    ALREADY_REVIEWED = "already_reviewed"
    ALREADY_CANCELLED = "already_cancelled"
    LOUNGE_FULL = "lounge_full"
    OVERLAPS_BOOKING = "overlaps_booking"
    OVERLAPS_OPEN_STAY = "overlaps_open_stay"
    BED_NOT_CLEAN = "bed_not_clean"
    WRONG_SPECIALTY = "wrong_specialty"
    WRONG_ROOM_CLASS = "wrong_room_class"
    MIXED_SEX = "mixed_sex"
    ISOLATION_NEEDED = "isolation_needed"
    STARTS_IN_PAST = "starts_in_past"
    CLOSED_TO_ADMISSIONS = "closed_to_admissions"
    NOT_TAKEN_BY_WARD = "not_taken_by_ward"
    BED_NOT_STAFFED = "bed_not_staffed"
    PATIENT_RESERVED_ELSEWHERE = "patient_reserved_elsewhere"
    BED_KEPT_FOR_LEAVE = "bed_kept_for_leave"
    KEPT_FOR_ISOLATION = "kept_for_isolation"


SOFT_RULES = frozenset(
    {
        Rule.OVERLAPS_BOOKING,
        Rule.OVERLAPS_OPEN_STAY,
        Rule.BED_NOT_CLEAN,
        Rule.WRONG_SPECIALTY,
        Rule.WRONG_ROOM_CLASS,
        Rule.MIXED_SEX,
        Rule.ISOLATION_NEEDED,
        Rule.STARTS_IN_PAST,
        Rule.CLOSED_TO_ADMISSIONS,
        Rule.NOT_TAKEN_BY_WARD,
        Rule.BED_NOT_STAFFED,
        Rule.PATIENT_RESERVED_ELSEWHERE,
        Rule.BED_KEPT_FOR_LEAVE,
        Rule.KEPT_FOR_ISOLATION,
    }
)

REPLAY_NO_CLEANING_DATA = "replay_no_cleaning_data"
"""Reason code of a cleaning that a replayed log does not know; left out of turnaround."""


class StatusChange(StrEnum):
    """Why a bed's status changes; the third column of the table of legal changes."""

    ADMITTED = "admitted"
    VACATED = "vacated"
    ADMISSION_UNDONE = "admission_undone"
    VACATING_UNDONE = "vacating_undone"
    ISOLATION_STARTED = "isolation_started"
    ISOLATION_ENDED = "isolation_ended"
    SWAPPED = "swapped"
    MARKED_DIRTY = "marked_dirty"
    CLEANING_STARTED = "cleaning_started"
    CLEANING_FINISHED = "cleaning_finished"
    CLEANING_STOPPED = "cleaning_stopped"
    CLOSED = "closed"
    OPENED = "opened"


def _legal_changes() -> dict[tuple[BedStatus, BedStatus], frozenset[StatusChange]]:
    b, by = BedStatus, StatusChange
    unclean = (b.DIRTY, b.CONTAMINATED, b.CLEANING)
    changes: list[tuple[BedStatus, BedStatus, StatusChange]] = [
        *((b.AVAILABLE, to, by.ADMITTED) for to in HOLDS_A_PATIENT),
        *((b.AVAILABLE, to, by.VACATING_UNDONE) for to in HOLDS_A_PATIENT),
        (b.OCCUPIED, b.DIRTY, by.VACATED),
        *((b.ISOLATED, to, by.VACATED) for to in (b.CONTAMINATED, b.DIRTY)),
        *((f, to, by.ADMISSION_UNDONE) for f in HOLDS_A_PATIENT for to in (b.AVAILABLE, *unclean)),
        (b.OCCUPIED, b.ISOLATED, by.ISOLATION_STARTED),
        (b.ISOLATED, b.OCCUPIED, by.ISOLATION_ENDED),
        (b.OCCUPIED, b.ISOLATED, by.SWAPPED),
        (b.ISOLATED, b.OCCUPIED, by.SWAPPED),
        (b.DIRTY, b.CLEANING, by.CLEANING_STARTED),
        (b.CONTAMINATED, b.CLEANING, by.CLEANING_STARTED),
        (b.CLEANING, b.AVAILABLE, by.CLEANING_FINISHED),
        (b.CLEANING, b.DIRTY, by.CLEANING_STOPPED),
        (b.CLEANING, b.CONTAMINATED, by.CLEANING_STOPPED),
        *((f, to, by.ADMITTED) for f in unclean for to in HOLDS_A_PATIENT),
        *((f, to, by.VACATING_UNDONE) for f in unclean for to in HOLDS_A_PATIENT),
        (b.AVAILABLE, b.DIRTY, by.MARKED_DIRTY),
        *((f, b.CLOSED, by.CLOSED) for f in (b.AVAILABLE, b.DIRTY, b.CONTAMINATED)),
        *((b.CLOSED, to, by.OPENED) for to in (b.AVAILABLE, b.DIRTY, b.CONTAMINATED)),
    ]
    table: dict[tuple[BedStatus, BedStatus], set[StatusChange]] = {}
    for before, after, cause in changes:
        table.setdefault((before, after), set()).add(cause)
    return {pair: frozenset(causes) for pair, causes in table.items()}


LEGAL_BED_STATUS_CHANGES = _legal_changes()
"""(from, to) -> what may cause it. A pair that is not here never happens."""


def is_legal_change(before: BedStatus, after: BedStatus, cause: StatusChange) -> bool:
    return cause in LEGAL_BED_STATUS_CHANGES.get((before, after), frozenset())
