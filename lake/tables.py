"""Every table of the lake: one Arrow schema each, its key, partition, owner and meaning.

Spark types, DuckDB views and docs/tables.md derive from here. Columns are flat: string, bool,
int64, float64, date32, `timestamp[us, UTC]`, list of string. All are nullable in storage, so that
every engine agrees on the type; what must be there is a check (`check_lake`), not a type.
"""

from dataclasses import dataclass, field
from enum import StrEnum

import pyarrow as pa

from lake.vocabulary import (
    OF_A_BOOKING,
    OF_A_STAY,
    WITHOUT_A_BED,
    AdmissionType,
    AgeGroup,
    AuditType,
    Away,
    BedStatus,
    BookingState,
    BreachKind,
    Disposition,
    EventType,
    IsolationKind,
    LakeMode,
    LevelOfCare,
    RoomClass,
    Sex,
    Source,
    WaitsFor,
    WaitsIn,
)

STRING = pa.string()
BOOL = pa.bool_()
INT = pa.int64()
FLOAT = pa.float64()
STRINGS = pa.list_(pa.string())
DATE = pa.date32()
INSTANT = pa.timestamp("us", tz="UTC")


class Owner(StrEnum):
    """The one process that writes and maintains a table."""

    ENGINE = "engine"
    STREAM = "stream"
    BATCH = "batch"


@dataclass(frozen=True)
class Column:
    """`is_private`: of a patient, or in somebody's own words; kept out of the log's chain."""

    name: str
    type: pa.DataType
    meaning: str
    is_private: bool = False


@dataclass(frozen=True)
class Table:
    """`name` reads `layer.stem`; `key` is unique per row; `partition_by` is empty or one date."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    owner: Owner
    partition_by: tuple[str, ...] = ()
    properties: dict[str, str] = field(default_factory=dict)

    @property
    def layer(self) -> str:
        return self.name.split(".")[0]

    @property
    def stem(self) -> str:
        return self.name.split(".")[1]

    @property
    def column_names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([pa.field(column.name, column.type) for column in self.columns])


def _any_of(words: type[StrEnum]) -> str:
    return ", ".join(words)


HOSPITAL_ID = Column("hospital_id", STRING, "The hospital, from hospital.toml")
WARD_ID = Column("ward_id", STRING, "The ward")

EVENT_COLUMNS = (
    HOSPITAL_ID,
    Column("seq", INT, "Position in the log, gapless from 1: the one order of events"),
    Column("event_id", STRING, "UUIDv7 of the event"),
    Column("event_type", STRING, "What happened, past tense; all types: lake/vocabulary.py"),
    Column("occurred_at", INSTANT, "When it happened, hospital time"),
    Column("recorded_at", INSTANT, "When it was written down, wall time"),
    Column("event_date", DATE, "UTC date of recorded_at"),
    WARD_ID,
    Column("room_id", STRING, "The room"),
    Column("bed_id", STRING, "The bed; null for events without a bed"),
    Column(
        "booking_id", STRING, "The booking; its columns here are its whole state after the event"
    ),
    Column(
        "booking_state", STRING, f"State of that booking after the event: {_any_of(BookingState)}"
    ),
    Column("booking_source", STRING, "Who made that booking, or has taken it over"),
    Column("stay_id", STRING, "The stay: one patient in one bed"),
    Column("spell_id", STRING, "The spell: all stays of one admission"),
    Column("patient_ref", STRING, "Opaque reference of the patient; never a name", is_private=True),
    Column("patient_sex", STRING, _any_of(Sex)),
    Column("starts_at", INSTANT, "Start of the booking, hospital time, included"),
    Column("ends_at", INSTANT, "End of the booking, hospital time, excluded; null: open"),
    Column("need_specialty", STRING, "Specialty that the booking asks for"),
    Column("need_room_class", STRING, f"Room class that is asked for: {_any_of(RoomClass)}"),
    Column("need_isolation", BOOL, "Whether the booking asks for isolation"),
    Column("age_group", STRING, f"Age group of the patient: {_any_of(AgeGroup)}"),
    Column("level_of_care", STRING, f"Level of care that is needed: {_any_of(LevelOfCare)}"),
    Column("admission_type", STRING, f"How the patient comes: {_any_of(AdmissionType)}"),
    Column("need_features", STRINGS, "What the bed must have: words of hospital.toml"),
    Column("assumed_needs", STRINGS, "Needs that nobody said: the usual is assumed"),
    Column("isolation_kind", STRING, f"Whom the isolation protects: {_any_of(IsolationKind)}"),
    Column("isolation_organism", STRING, "What it is for", is_private=True),
    Column("contact_of", STRINGS, "Infections that the patient was exposed to", is_private=True),
    Column(
        "contact_patient_refs",
        STRINGS,
        "On isolation_started: who has shared a room with the patient",
        is_private=True,
    ),
    Column("placed_with_sex", STRING, "Whose room the patient is placed in: female or male"),
    Column("placed_with_patient_ref", STRING, "Whom the patient may share with", is_private=True),
    Column("mother_patient_ref", STRING, "Of a newborn in a cot: the mother", is_private=True),
    Column(
        "merged_into_patient_ref", STRING, "On a merge: the reference it becomes", is_private=True
    ),
    Column("merge_is_pending", BOOL, "On patients_merged: whether it waits for a stay to end"),
    Column("wanted_from_at", INSTANT, "On a request: from when on a bed is needed, hospital time"),
    Column("requested_at", INSTANT, "On a request: when it was first made, hospital time"),
    Column("requested_by", STRING, "On a request: who made it"),
    Column("bed_was_lent", BOOL, "On a request: the patient's bed was lent during leave"),
    Column("placed_event_id", STRING, "On request_placed: the event that gave the bed"),
    Column("unmet_request_ids", STRINGS, "Requests of the patient that the bed does not meet"),
    Column("at_risk_booking_ids", STRINGS, "Reservations in the time of a closing to admissions"),
    Column("lost_booking_ids", STRINGS, "Reservations that a correction could not restore"),
    Column("waits_in", STRING, f"On a request: where the patient is: {_any_of(WaitsIn)}"),
    Column("arrived_at", INSTANT, "On a request: when the patient came here; null: not said"),
    Column(
        "decided_at", INSTANT, "On a request: when it was decided to admit; null: as it was made"
    ),
    Column("expected_stay_hours", FLOAT, "On a request: how long; null: as is usual on the ward"),
    Column("is_end_assumed", BOOL, "Whether the end of the booking is only assumed"),
    Column("died_at", INSTANT, "When the patient died, hospital time"),
    Column("priority", INT, "1 (most urgent) to 5"),
    Column(
        "disposition", STRING, f"Where the patient went, on a discharge: {_any_of(Disposition)}"
    ),
    Column("to_lounge", BOOL, "On a discharge: whether to the discharge lounge; null: no"),
    Column("source", STRING, _any_of(Source)),
    Column("actor", STRING, "Who did it"),
    Column("role", STRING, "The actor's role"),
    Column("reason_code", STRING, "Coded reason"),
    Column("reason", STRING, "The words for it, of a closing or an opening", is_private=True),
    Column("note", STRING, "Free text", is_private=True),
    Column("override_rules", STRINGS, "Soft rules that were overridden"),
    Column("override_reason_code", STRING, "Why, as a code; of every row that the override wrote"),
    Column("override_reason", STRING, "Why, in words", is_private=True),
    Column("override_rule", STRING, "override_rules joined by commas, as version 1 wrote them"),
    Column("displaced_booking_ids", STRINGS, "Bookings that an override displaced"),
    Column("displaced_booking_id", STRING, "The same joined by commas, as version 1 wrote them"),
    Column("displaced_by_booking_id", STRING, "Booking that took a displaced one's place"),
    Column("reviewed_event_id", STRING, "Event whose override this one reviews"),
    Column("bed_request_id", STRING, "Bed request that this is, or that the booking comes from"),
    Column("is_discharge_confirmed", BOOL, "Whether that booking's discharge is confirmed"),
    Column("is_at_risk", BOOL, "Whether that stay's end was set by what comes after it"),
    Column("away_as", STRING, f"Whether that patient is away, the bed kept: {_any_of(Away)}"),
    Column("away_since_at", INSTANT, "Since when"),
    Column("back_since_at", INSTANT, "Since when that patient is back, of who was away"),
    Column("expected_move_count", INT, "How often that stay's expected discharge was moved"),
    Column("bed_not_needed_since_at", INSTANT, "Since when the patient could leave that bed"),
    Column("care_not_needed_since_at", INSTANT, "Since when that level of care is not needed"),
    Column("waits_for", STRING, f"What the patient waits for who could leave: {_any_of(WaitsFor)}"),
    Column("corrects_event_id", STRING, "Event that this one undoes"),
    Column("idempotency_key", STRING, "The client's Idempotency-Key"),
    Column("request_id", STRING, "The request; the rows of one command share it"),
    Column("request_path", STRING, "Method and path of the request that carried the key"),
    Column("request_digest", STRING, "HMAC-SHA-256 of its body, keyed by the hospital's secret"),
    Column("clock_speed", FLOAT, "Hospital seconds per wall second, on clock_set"),
    Column("lake_mode", STRING, f"On clock_set: {_any_of(LakeMode)}"),
    Column("time_zone", STRING, "The hospital's IANA time zone"),
    Column("schema_version", INT, "Version of these columns"),
    Column("private_digest", STRING, "SHA-256 over private_salt and the row's private columns"),
    Column("private_salt", STRING, "Random; destroyed with what it is salt to", is_private=True),
    Column("chain_hash", STRING, "SHA-256 over the previous row's hash and this row"),
)

BED_STATE_COLUMNS = (
    Column("bed_status", STRING, f"What the bed is: {_any_of(BedStatus)}"),
    Column("status_since_at", INSTANT, "Since when, hospital time"),
    Column("previous_bed_status", STRING, "What the bed was before its status last changed"),
    Column("current_booking_id", STRING, "Booking of the patient in the bed"),
    Column("current_stay_id", STRING, "Stay of the patient in the bed"),
    Column("current_patient_ref", STRING, "The patient in the bed", is_private=True),
    Column("current_patient_sex", STRING, "The sex of that patient"),
    Column("current_age_group", STRING, "The age group of that patient"),
    Column("current_need_specialty", STRING, "The specialty of that patient; null: not said"),
    Column("current_level_of_care", STRING, "The level of care that patient needs"),
    Column("current_rooms_with", STRING, "Whose room that patient is in by right; null: not said"),
    Column(
        "current_placed_with_patient_ref",
        STRING,
        "Whom that patient may share with",
        is_private=True,
    ),
    Column(
        "current_single_sex_from_at",
        INSTANT,
        "From when on that patient's room is to be of one sex; null: it need not be",
    ),
    Column(
        "current_isolation_kind", STRING, f"Whom that isolation protects: {_any_of(IsolationKind)}"
    ),
    Column(
        "current_infection",
        STRING,
        "Of source isolation: the organism, or the spell where it is not named",
        is_private=True,
    ),
    Column(
        "current_contact_of", STRINGS, "Infections that patient was exposed to", is_private=True
    ),
    Column("current_not_taken_as", STRINGS, "What of that patient the ward does not take"),
    Column("admitted_at", INSTANT, "Start of the stay in this bed, hospital time"),
    Column("expected_discharge_at", INSTANT, "Planned end of the stay; null: not known"),
    Column("current_is_end_assumed", BOOL, "Whether nobody has said that end"),
    Column("current_is_discharge_confirmed", BOOL, "Whether that discharge is confirmed"),
    Column("leave_since_at", INSTANT, "Since when that patient is on leave, out of the hospital"),
    Column("absence_since_at", INSTANT, "Since when that patient is absent, within the hospital"),
    Column("current_expected_move_count", INT, "How often that end was moved"),
    Column("current_bed_not_needed_since_at", INSTANT, "Since when the patient could leave"),
    Column("current_care_not_needed_since_at", INSTANT, "Since when for a lower level of care"),
    Column("current_waits_for", STRING, "What keeps the patient who could leave"),
    Column("current_is_at_risk", BOOL, "Whether that end was set by what comes after the stay"),
    Column("next_booking_id", STRING, "Next reservation of the bed"),
    Column("next_patient_ref", STRING, "Its patient", is_private=True),
    Column("next_starts_at", INSTANT, "Its start"),
    Column("next_ends_at", INSTANT, "Its end; null: open"),
    Column("closed_reason_code", STRING, "Why the bed is closed"),
    Column("closed_until_at", INSTANT, "Planned end of the closing; nothing opens by itself"),
    Column("room_closed_reason_code", STRING, "Why its room is closed to admissions; null: is not"),
    Column("room_closed_since_at", INSTANT, "Since when, hospital time"),
    Column("room_closed_until_at", INSTANT, "Planned end of that"),
    Column("ward_closed_reason_code", STRING, "Why its ward is closed to admissions; null: is not"),
    Column("ward_closed_since_at", INSTANT, "Since when, hospital time"),
    Column("ward_closed_until_at", INSTANT, "Planned end of that"),
    Column("is_staffed", BOOL, "Whether the bed is staffed"),
    Column("is_temporary", BOOL, "Whether the bed is a surge bed"),
    Column("is_cot", BOOL, "Whether it is a newborn's, beside the mother's bed"),
    Column("is_off_census", BOOL, "Whether it counts as no bed"),
    Column("features", STRINGS, "What the bed has: words of hospital.toml"),
    Column("last_booking_id", STRING, "Booking of the newest stay in this bed, ended or not"),
    Column("unreviewed_override_count", INT, "Overrides on this bed that wait for a review"),
    Column("room_class", STRING, f"Class of the room: {_any_of(RoomClass)}"),
    Column("specialty", STRING, "Specialty of the ward"),
    Column("ward_name", STRING, "Name of the ward"),
)

SCHEMA_VERSION = 2

BED_EVENTS = Table(
    "bronze.bed_events",
    "The event log: every change of every bed, append-only. The newest row of a bed is the bed.",
    (*EVENT_COLUMNS, *BED_STATE_COLUMNS),
    key=("hospital_id", "seq"),
    owner=Owner.ENGINE,
    partition_by=("event_date",),
    properties={
        "delta.appendOnly": "true",
        "delta.checkpointInterval": "25",
        # Its owner drops entries of the log by what its followers have read (lake/upkeep).
        "delta.deletedFileRetentionDuration": "interval 2 days",
        # Columns that reads filter by: statistics on the rest would only cost the writer time.
        "delta.dataSkippingStatsColumns": "seq,event_id,occurred_at,recorded_at,bed_id,booking_id",
    },
)

AUDIT_EVENTS = Table(
    "bronze.audit_events",
    "What is no change: who signed in, what was refused, whose patients were shown to whom.",
    (
        HOSPITAL_ID,
        Column("seq", INT, "Position in this table, gapless from 1"),
        Column("event_id", STRING, "UUIDv7 of the row"),
        Column("event_type", STRING, _any_of(AuditType)),
        Column("recorded_at", INSTANT, "When it was written down, wall time"),
        Column("event_date", DATE, "UTC date of recorded_at"),
        Column("actor", STRING, "Who: a person's name, or a token; null: nobody knows"),
        Column("roles", STRING, "In which roles, with blanks between"),
        Column("session_id", STRING, "The session; null: a token's, or none"),
        Column("address", STRING, "Where it came from, of sign-ins and of who had not signed in"),
        Column("asked", STRING, "What was asked: a route, or a question of the dashboard"),
        Column("code", STRING, "Why it was refused: an error's code, a rule"),
        WARD_ID,
        Column("bed_id", STRING, "The bed that was asked for"),
        Column("booking_id", STRING, "The booking that was asked for"),
        Column("bed_request_id", STRING, "The request that was asked for"),
        Column("patient_ref", STRING, "The patient that was asked for", is_private=True),
        Column("reason_code", STRING, "Why the glass was broken"),
        Column("reason", STRING, "The words for it", is_private=True),
        Column("count", INT, "How often, of what is counted; else 1"),
        Column("schema_version", INT, "Version of the columns, as of bronze.bed_events"),
        Column("private_digest", STRING, "Stands for the private columns in the chain"),
        Column(
            "private_salt", STRING, "Random; destroyed with what it is salt to", is_private=True
        ),
        Column("chain_hash", STRING, "SHA-256 over the row and the hash before it"),
    ),
    key=("hospital_id", "seq"),
    owner=Owner.ENGINE,
    partition_by=("event_date",),
    properties={
        "delta.appendOnly": "true",
        "delta.checkpointInterval": "25",
        "delta.deletedFileRetentionDuration": "interval 2 days",
        "delta.dataSkippingStatsColumns": "seq,recorded_at,actor",
    },
)
"""Its private columns are some of those of the log, so one chain holds for both."""

PRIVATE_COLUMNS = {
    1: ("patient_ref", "current_patient_ref", "next_patient_ref", "note"),
    2: tuple(column.name for column in BED_EVENTS.columns if column.is_private),
}
"""Columns of the log that its chain covers by a digest only, per version of the row."""

FOLLOWED_COLUMNS = tuple(c for c in BED_EVENTS.columns if c.name != "private_salt")
"""What is taken out of the log: a salt that is destroyed there must not be anywhere else."""

NEEDED_ALWAYS = ("seq", "event_id", "event_type", "occurred_at", "recorded_at", "hospital_id")
NEEDED_BY_TYPE = (
    (frozenset(EventType) - WITHOUT_A_BED, ("bed_id", "room_id", "ward_id", "bed_status")),
    (OF_A_BOOKING, ("booking_id", "booking_state", "starts_at")),
    (OF_A_STAY, ("stay_id", "spell_id", "patient_ref")),
)
"""Columns of BED_EVENTS that must be there, of all events and of these types; the stream looks."""

SILVER_BED_EVENTS = Table(
    "silver.bed_events",
    "Valid events, each once.",
    (
        *FOLLOWED_COLUMNS,
        Column("occurred_on", DATE, "Hospital date of occurred_at"),
    ),
    key=("hospital_id", "seq"),
    owner=Owner.STREAM,
    partition_by=("occurred_on",),
    properties={
        # Few files have a correction: builds find them by the counts of nulls.
        "delta.dataSkippingStatsColumns": (
            "seq,event_id,occurred_at,bed_id,booking_id,corrects_event_id"
        ),
        # Builds ask what came since the last one. Appends need no files of changes for that.
        "delta.enableChangeDataFeed": "true",
        "delta.checkpointInterval": "20",
        # A stream follows it: its owner drops entries of the log once that has read them.
        "delta.enableExpiredLogCleanup": "false",
        "delta.deletedFileRetentionDuration": "interval 2 days",
    },
)

QUARANTINE = Table(
    "silver.quarantine",
    "Events that break a check, with the rule and what is wrong.",
    (
        *FOLLOWED_COLUMNS,
        Column("rule", STRING, "The check that the event breaks"),
        Column("detail", STRING, "What is wrong, in words"),
        Column("quarantined_at", INSTANT, "When it was set aside, wall time"),
    ),
    key=("hospital_id", "seq", "event_id", "rule"),
    owner=Owner.STREAM,
)

BED_BOARD = Table(
    "gold.bed_board",
    "Every registered bed as its newest event left it.",
    (
        HOSPITAL_ID,
        Column("bed_id", STRING, "The bed"),
        Column("room_id", STRING, "Its room"),
        Column("ward_id", STRING, "Its ward"),
        *BED_STATE_COLUMNS,
        Column("last_event_type", STRING, "Type of the newest event"),
        Column("seq", INT, "seq of the newest event"),
        Column("occurred_at", INSTANT, "When it happened, hospital time"),
        Column("recorded_at", INSTANT, "When it was written down, wall time"),
    ),
    key=("hospital_id", "bed_id"),
    owner=Owner.STREAM,
    properties={
        # One small file, replaced by each batch: old ones and their log must not pile up.
        "delta.dataSkippingNumIndexedCols": "0",
        "delta.checkpointInterval": "20",
        "delta.logRetentionDuration": "interval 1 hours",
        "delta.deletedFileRetentionDuration": "interval 1 hours",
    },
)

UPDATE_TERMS = Table(
    "gold.update_terms",
    "String analysis of update texts: terms and bigrams per hour and ward.",
    (
        HOSPITAL_ID,
        Column("window_at", INSTANT, "Start of the hospital hour"),
        Column("window_on", DATE, "Hospital date of window_at"),
        WARD_ID,
        Column("term", STRING, "One word, or two words of a bigram, lower case"),
        Column("gram_size", INT, "1: a term, 2: a bigram"),
        Column("is_manual", BOOL, "Whether people wrote the updates, not the simulator or a feed"),
        Column("update_count", INT, "Updates that contain the term"),
        Column("character_count", INT, "Characters of those updates' texts"),
    ),
    key=("hospital_id", "window_at", "ward_id", "term", "gram_size", "is_manual"),
    owner=Owner.STREAM,
    partition_by=("window_on",),
)

UPDATE_PHRASES = Table(
    "gold.update_phrases",
    "Flagged phrases in update texts per hour and ward (which ones: flows/phrases.toml).",
    (
        HOSPITAL_ID,
        Column("window_at", INSTANT, "Start of the hospital hour"),
        Column("window_on", DATE, "Hospital date of window_at"),
        WARD_ID,
        Column("flag", STRING, "What the phrases stand for: falls, oxygen, ..."),
        Column("is_manual", BOOL, "Whether people wrote the updates, not the simulator or a feed"),
        Column("update_count", INT, "Updates that contain any of the flag's phrases"),
    ),
    key=("hospital_id", "window_at", "ward_id", "flag", "is_manual"),
    owner=Owner.STREAM,
    partition_by=("window_on",),
)

UPDATE_VOLUME = Table(
    "gold.update_volume",
    "Updates, and the length of their texts, per hour and ward, by people and by machines.",
    (
        HOSPITAL_ID,
        Column("window_at", INSTANT, "Start of the hospital hour"),
        Column("window_on", DATE, "Hospital date of window_at"),
        WARD_ID,
        Column("is_manual", BOOL, "Whether people wrote the updates, not the simulator or a feed"),
        Column("update_count", INT, "Updates"),
        Column("character_count", INT, "Characters of their texts"),
    ),
    key=("hospital_id", "window_at", "ward_id", "is_manual"),
    owner=Owner.STREAM,
    partition_by=("window_on",),
)

BEDS = Table(
    "silver.beds",
    "Each bed with its place, and from when to when that held.",
    (
        HOSPITAL_ID,
        Column("bed_id", STRING, "The bed"),
        Column("room_id", STRING, "Its room"),
        WARD_ID,
        Column("ward_name", STRING, "Name of the ward"),
        Column("specialty", STRING, "Specialty of the ward"),
        Column("room_class", STRING, f"Class of the room: {_any_of(RoomClass)}"),
        Column("is_staffed", BOOL, "Whether the bed is staffed"),
        Column("from_at", INSTANT, "Registered or changed, hospital time"),
        Column("until_at", INSTANT, "Changed or retired; null: still so"),
        Column("ended_on", DATE, "Hospital date of until_at; null: still so"),
    ),
    key=("hospital_id", "bed_id", "from_at"),
    owner=Owner.BATCH,
    partition_by=("ended_on",),
)

BED_STATUS_SPANS = Table(
    "silver.bed_status_spans",
    "Each bed's statuses, one span after the other.",
    (
        HOSPITAL_ID,
        Column("bed_id", STRING, "The bed"),
        WARD_ID,
        Column("room_id", STRING, "The room"),
        Column("bed_status", STRING, f"What the bed was: {_any_of(BedStatus)}"),
        Column("is_staffed", BOOL, "Whether it was staffed"),
        Column("is_closed_to_admissions", BOOL, "Whether its room or ward took nobody new"),
        Column("is_on_leave", BOOL, "Whether its patient was on leave"),
        Column("is_off_census", BOOL, "Whether it counted as no bed"),
        Column("from_at", INSTANT, "Start, hospital time, included"),
        Column("until_at", INSTANT, "End, excluded; null: still so"),
        Column("ended_on", DATE, "Hospital date of until_at; null while open"),
    ),
    key=("hospital_id", "bed_id", "from_at"),
    owner=Owner.BATCH,
    partition_by=("ended_on",),
)

BED_STAYS = Table(
    "silver.bed_stays",
    "Each stay: one patient in one bed.",
    (
        HOSPITAL_ID,
        Column("stay_id", STRING, "The stay"),
        Column("spell_id", STRING, "All stays of one admission"),
        Column("booking_id", STRING, "Its booking"),
        Column("patient_ref", STRING, "The patient", is_private=True),
        WARD_ID,
        Column("room_id", STRING, "The room"),
        Column("bed_id", STRING, "The bed"),
        Column("specialty", STRING, "Specialty of the ward"),
        Column("admitted_at", INSTANT, "Start of the stay in this bed"),
        Column("admitted_on", DATE, "Hospital date of admitted_at"),
        Column("ended_at", INSTANT, "End of the stay in this bed; null while open"),
        Column("end_reason", STRING, "discharged or transferred; null while open"),
        Column(
            "disposition", STRING, f"Where the patient went, on a discharge: {_any_of(Disposition)}"
        ),
        Column("is_off_census", BOOL, "Whether that bed counts as no bed"),
        Column("ended_on", DATE, "Hospital date of ended_at; null while open"),
    ),
    key=("hospital_id", "stay_id"),
    owner=Owner.BATCH,
    partition_by=("ended_on",),
)

BOOKINGS = Table(
    "silver.bookings",
    "Each booking as it stands or ended.",
    (
        HOSPITAL_ID,
        Column("booking_id", STRING, "The booking"),
        Column("bed_id", STRING, "The bed"),
        WARD_ID,
        Column("patient_ref", STRING, "The patient", is_private=True),
        Column("state", STRING, _any_of(BookingState)),
        Column("starts_at", INSTANT, "Start, included"),
        Column("ends_at", INSTANT, "End, excluded; null: open"),
        Column("booked_at", INSTANT, "When it was made, hospital time"),
        Column("ended_at", INSTANT, "When it ended, hospital time; null while open"),
        Column("source", STRING, f"Who or what made it: {_any_of(Source)}"),
        Column("actor", STRING, "Who made it"),
        Column("override_rule", STRING, "Soft rules that were overridden to make it"),
        Column("displaced_by_booking_id", STRING, "The booking that displaced it"),
        Column("seq", INT, "seq of its newest event"),
        Column("ended_on", DATE, "Hospital date of ended_at; null while open"),
    ),
    key=("hospital_id", "booking_id"),
    owner=Owner.BATCH,
    partition_by=("ended_on",),
)

BREACHES = Table(
    "gold.breaches",
    "Each time that a patient lay where a rule of the ward is broken, whoever allowed it.",
    (
        HOSPITAL_ID,
        Column("stay_id", STRING, "The stay of the patient who is affected"),
        Column("patient_ref", STRING, "The patient", is_private=True),
        WARD_ID,
        Column("room_id", STRING, "The room"),
        Column("bed_id", STRING, "The bed"),
        Column("breach", STRING, f"What is broken: {_any_of(BreachKind)}"),
        Column("from_at", INSTANT, "Start, hospital time, included"),
        Column("until_at", INSTANT, "End, excluded; null: still so"),
        Column("override_event_id", STRING, "The override that explains it; null: none does"),
        Column("override_reason_code", STRING, "Its coded reason"),
        Column("ended_on", DATE, "Hospital date of until_at; null: still so"),
    ),
    key=("hospital_id", "stay_id", "breach", "from_at"),
    owner=Owner.BATCH,
    partition_by=("ended_on",),
)

CENSUS_HOURLY = Table(
    "gold.census_hourly",
    "Beds per display status at each full hour of the hospital.",
    (
        HOSPITAL_ID,
        WARD_ID,
        Column("census_at", INSTANT, "The full hour"),
        Column("census_on", DATE, "Its hospital date"),
        Column("bed_count", INT, "Registered beds"),
        Column("staffed_count", INT, "Beds that are staffed and not closed"),
        Column("unstaffed_occupied_count", INT, "Beds with a patient and without staff"),
        Column("occupied_count", INT, "Occupied or isolated"),
        Column("leave_count", INT, "Those of them whose patient is on leave"),
        Column("available_count", INT, "Available and not reserved"),
        Column("reserved_count", INT, "Available, and a reservation runs or starts in 2 hours"),
        Column("dirty_count", INT, "Dirty, contaminated or in cleaning"),
        Column("closed_count", INT, "Closed, or empty and closed to admissions"),
        Column("closed_to_admissions_count", INT, "Beds whose room or ward takes nobody new"),
        Column("closed_to_admissions_empty_count", INT, "Those of them with nobody in them"),
    ),
    key=("hospital_id", "ward_id", "census_at"),
    owner=Owner.BATCH,
    partition_by=("census_on",),
)

DAILY_COLUMNS = (
    Column("census_on", DATE, "The hospital day"),
    Column(
        "available_bed_days",
        INT,
        "Beds at the midnight that ends the day: staffed and not closed, or with a patient",
    ),
    Column("occupied_bed_days", INT, "Occupied beds at that midnight"),
    Column("leave_bed_days", INT, "Beds kept for a patient on leave then: neither of the two"),
    Column("admission_count", INT, "Admissions"),
    Column("transfer_in_count", INT, "Stays that a transfer began"),
    Column("transfer_out_count", INT, "Stays that a transfer ended"),
    Column("discharge_count", INT, "Discharges other than deaths"),
    Column("death_count", INT, "Deaths, on the day of the death"),
    Column("case_count", INT, "Discharges and deaths"),
    Column("override_count", INT, "Overrides; one of several rows counts where its first row is"),
    Column("no_show_count", INT, "Reservations that expired"),
)
"""What adds up over rooms and days. Admissions, transfers and discharges that were undone later do
not count; an override does, whatever became of it. Beds off the census are in none of it."""

ROOM_DAILY = Table(
    "gold.room_daily",
    "What adds up, per room and ended hospital day.",
    (HOSPITAL_ID, WARD_ID, Column("room_id", STRING, "The room"), *DAILY_COLUMNS),
    key=("hospital_id", "ward_id", "room_id", "census_on"),
    owner=Owner.BATCH,
    partition_by=("census_on",),
)

WARD_DAILY = Table(
    "gold.ward_daily",
    "What adds up, per ward and ended hospital day: the sums of gold.room_daily.",
    (HOSPITAL_ID, WARD_ID, *DAILY_COLUMNS),
    key=("hospital_id", "ward_id", "census_on"),
    owner=Owner.BATCH,
    partition_by=("census_on",),
)

TURNAROUND = Table(
    "gold.turnaround",
    "Each cleaning cycle that ended with a clean bed, or is under way.",
    (
        HOSPITAL_ID,
        Column("bed_id", STRING, "The bed"),
        WARD_ID,
        Column("dirty_at", INSTANT, "When the patient left, or the bed was found dirty"),
        Column("cleaning_started_at", INSTANT, "When somebody first began; null: not yet"),
        Column("cleaning_finished_at", INSTANT, "When the bed was clean; null: not yet"),
        Column("response_minutes", FLOAT, "Dirty to started; goal under 30 (TeleTracking)"),
        Column("clean_minutes", FLOAT, "Started to finished; goal under 30"),
        Column("turn_minutes", FLOAT, "Dirty to finished; goal under 60"),
        Column("is_isolation", BOOL, "Whether the bed was contaminated (after isolation)"),
        Column("census_on", DATE, "Hospital date of dirty_at"),
        Column("ended_on", DATE, "Hospital date of cleaning_finished_at; null: not yet"),
    ),
    key=("hospital_id", "bed_id", "dirty_at"),
    owner=Owner.BATCH,
    partition_by=("ended_on",),
)

CARRIED_NAMES = (
    "hospital_id", "seq", "event_id", "event_type", "occurred_at", "ward_id", "room_id", "bed_id",
    "booking_id", "booking_state", "stay_id", "spell_id", "patient_ref", "starts_at", "ends_at",
    "disposition", "died_at", "source", "actor", "override_rule", "override_reason_code",
    "displaced_by_booking_id", "corrects_event_id", "request_id", "time_zone", "bed_status",
    "current_booking_id", "current_stay_id", "current_patient_ref", "current_rooms_with",
    "current_placed_with_patient_ref", "current_single_sex_from_at", "current_isolation_kind",
    "current_infection", "current_contact_of", "current_not_taken_as", "leave_since_at",
    "is_staffed", "is_cot", "is_off_census", "room_closed_reason_code", "ward_closed_reason_code",
    "room_class", "specialty", "ward_name", "occurred_on",
)  # fmt: skip
"""The columns that the batch transforms read of an event."""

CARRIED_EVENTS = Table(
    "silver.carried_events",
    "The few events before a Monday that still matter on it: builds read them and the log since.",
    (
        *(column for column in SILVER_BED_EVENTS.columns if column.name in CARRIED_NAMES),
        Column("status_from_at", INSTANT, "Since when its bed had that status; null: not of a bed"),
        Column("place_from_at", INSTANT, "Since when its bed had that place"),
        Column("breach", STRING, "Of a breach, whose event is the override that explains it"),
        Column("breach_from_at", INSTANT, "Since when that breach lasts"),
        Column("breach_until_at", INSTANT, "Until when it is known to: the Monday's midnight"),
        Column(
            "carried_as",
            STRING,
            "bed, booking, override, breach or undone: what the row stands for",
        ),
        Column("carried_on", DATE, "The Monday"),
    ),
    key=("hospital_id", "carried_on", "carried_as", "seq", "stay_id", "breach"),
    owner=Owner.BATCH,
    partition_by=("carried_on",),
)

CHECK_RESULTS = Table(
    "gold.check_results",
    "Each check of the lake at each run.",
    (
        HOSPITAL_ID,
        Column("checked_at", INSTANT, "When the check ran, wall time"),
        Column("check_name", STRING, "The check"),
        Column("table_name", STRING, "The table it looks at"),
        Column("is_ok", BOOL, "Whether it held"),
        Column("failed_count", INT, "Rows that break it"),
        Column("detail", STRING, "What was found"),
        Column("promise", STRING, "What holds where nothing breaks the check"),
        Column("table_version", INT, "Version of the table when the checks began"),
        Column("seconds", FLOAT, "How long the check took"),
        Column("examples", STRINGS, "The first rows that break it, as JSON", is_private=True),
    ),
    key=("hospital_id", "checked_at", "check_name"),
    owner=Owner.BATCH,
)

TABLE_RUNS_COLUMNS = (
    HOSPITAL_ID,
    Column("run_name", STRING, "The flow run"),
    Column("run_id", STRING, "The flow run in Prefect; null: run without it"),
    Column("table_name", STRING, "The table it wrote"),
    Column("finished_at", INSTANT, "When it finished, wall time"),
    Column("from_on", DATE, "First hospital date that it built; null: not by date"),
    Column("to_on", DATE, "Last hospital date that it built"),
    Column("version_read", INT, "Version of the table of events that it read from"),
    Column("sources", STRINGS, "Every table that it read from, as name@version"),
    Column("version_written", INT, "Version it wrote"),
    Column("seq_until", INT, "Highest seq that it took in"),
    Column("in_count", INT, "Rows in"),
    Column("out_count", INT, "Rows out"),
    Column("quarantined_count", INT, "Rows set aside"),
    Column("seconds", FLOAT, "How long it took, wall time"),
)

TABLE_RUNS_STREAM = Table(
    "gold.table_runs_stream",
    "What the stream wrote, one row a minute at most.",
    TABLE_RUNS_COLUMNS,
    key=("hospital_id", "run_name", "table_name", "finished_at"),
    owner=Owner.STREAM,
)

TABLE_RUNS_BATCH = Table(
    "gold.table_runs_batch",
    "What each batch run wrote.",
    TABLE_RUNS_COLUMNS,
    key=("hospital_id", "run_name", "table_name", "finished_at"),
    owner=Owner.BATCH,
)

TABLES = (
    BED_EVENTS,
    AUDIT_EVENTS,
    SILVER_BED_EVENTS,
    QUARANTINE,
    BED_BOARD,
    UPDATE_TERMS,
    UPDATE_PHRASES,
    UPDATE_VOLUME,
    BEDS,
    BED_STATUS_SPANS,
    BED_STAYS,
    BOOKINGS,
    TURNAROUND,
    BREACHES,
    CENSUS_HOURLY,
    ROOM_DAILY,
    WARD_DAILY,
    CARRIED_EVENTS,
    CHECK_RESULTS,
    TABLE_RUNS_STREAM,
    TABLE_RUNS_BATCH,
)
