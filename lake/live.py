"""What is live in DuckDB: the board, the open bookings, the board at an instant, and its breaches.

Made from the vocabulary, so that every view and page shows a bed as the API does.
"""

from lake.clashes import ISOLATION_IN_DUCKDB, MIXED_SEX
from lake.tables import BED_BOARD, BED_EVENTS, BOOKINGS
from lake.versions import UPDATE_TEXT
from lake.vocabulary import (
    HOLDS_A_PATIENT,
    OPEN_BOOKING_STATES,
    RESERVED_AHEAD_MINUTES,
    SHOWN_AS,
    BreachKind,
    DisplayStatus,
)

OF_A_BOOKING = "hospital_id, booking_id, bed_id, ward_id, patient_ref, starts_at, ends_at, seq"
OPEN = ", ".join(f"'{state}'" for state in sorted(OPEN_BOOKING_STATES))

BOARD = ", ".join(BED_BOARD.column_names)
BOARD_FROM_EVENTS = {"last_event_type": "event_type"}
"""Columns of the board that an event has under another name."""
FRESH = ", ".join(
    f"{BOARD_FROM_EVENTS[name]} AS {name}" if name in BOARD_FROM_EVENTS else name
    for name in BED_BOARD.column_names
)


def live_board(newest_on_the_board: str) -> str:
    return f"""
        -- Every registered bed as it is now: gold.bed_board, and what the log has since.
        -- It does not wait for the stream. `bed_status` is that of the bed alone: a bed that is
        -- kept for a reservation, or whose room takes nobody, is available. What the board shows is
        -- the `display_status` of `board_at`.
        CREATE OR REPLACE VIEW live_board AS
        WITH rows AS (
            SELECT {BOARD} FROM {BED_BOARD.name}
            UNION ALL
            SELECT {FRESH} FROM {BED_EVENTS.name}
            WHERE bed_id IS NOT NULL
              AND seq > {newest_on_the_board}
        )
        SELECT {BOARD} FROM rows
        QUALIFY row_number() OVER (PARTITION BY bed_id ORDER BY seq DESC) = 1
            AND last_event_type <> 'bed_retired'
    """  # noqa: S608 - names of our own columns, no input


def live_bookings(newest_built: str) -> str:
    return f"""
        -- Every open booking (reserved, active) as it stands now: silver.bookings, and what the log
        -- has since. It does not wait for a build.
        -- state: reserved or active
        -- seq: seq of its newest event
        CREATE OR REPLACE VIEW live_bookings AS
        WITH built AS (
            SELECT {OF_A_BOOKING}, state FROM {BOOKINGS.name} WHERE ended_on IS NULL
        ), rows AS (
            SELECT * FROM built
            UNION ALL
            SELECT {OF_A_BOOKING}, booking_state FROM {BED_EVENTS.name}
            WHERE booking_id IS NOT NULL AND booking_state IS NOT NULL
              AND seq > {newest_built}
        )
        SELECT * FROM rows
        QUALIFY row_number() OVER (PARTITION BY booking_id ORDER BY seq DESC NULLS LAST) = 1
            AND state IN ({OPEN})
    """  # noqa: S608 - our own names


LIVE_BOARD_VIEW = live_board(f"(SELECT coalesce(max(seq), 0) FROM {BED_BOARD.name})")  # noqa: S608 - our own names
LIVE_BOOKINGS_VIEW = live_bookings("(SELECT coalesce(max(seq), 0) FROM built)")
"""As any DuckDB can make them; `LakeReader` names the number."""

ARRAY_JOIN_MACRO = """
    CREATE OR REPLACE MACRO array_join(parts, separator) AS array_to_string(parts, separator)
"""
"""As Spark calls it: the log's columns are read by both (lake/versions.py)."""

NATURAL_ORDER_MACRO = r"""
    CREATE OR REPLACE MACRO natural_order(id) AS list_transform(
        regexp_extract_all(id, '\d+|\D+'),
        lambda part: if(regexp_full_match(part, '\d+'), lpad(part, 20, '0'), part)
    )
"""
"""Sorts W2 before W10, for ORDER BY; as `natural` of simulator/domain/rules/matching.py."""

UPDATE_TEXT_MACRO = f"""
    CREATE OR REPLACE MACRO update_text(schema_version, override_reason, reason, note) AS
    {UPDATE_TEXT}
"""

SHOWN = " ".join(f"WHEN '{status}' THEN '{shown}'" for status, shown in SHOWN_AS.items())
TAKEN = ", ".join(f"'{status}'" for status in sorted(HOLDS_A_PATIENT))
FREE = ", ".join(f"'{s}'" for s, shown in SHOWN_AS.items() if shown is DisplayStatus.AVAILABLE)

DISPLAY_STATUS_MACRO = f"""
    CREATE OR REPLACE MACRO display_status(
        bed_status, is_reserved, is_closed_to_admissions := false
    ) AS
    CASE
        WHEN is_closed_to_admissions AND bed_status NOT IN ({TAKEN})
        THEN '{DisplayStatus.CLOSED}'
        WHEN bed_status IN ({FREE}) AND is_reserved THEN '{DisplayStatus.RESERVED}'
        ELSE CASE bed_status {SHOWN} ELSE '{DisplayStatus.CLOSED}' END
    END
"""

BOARD_AT_MACRO = f"""
    -- live_board with what it shows at an instant: `SELECT * FROM board_at(now())`; in a demo,
    -- whose clock runs ahead, `board_at((SELECT max(occurred_at) FROM bronze.bed_events))`. The
    -- next reservation is the first that has not passed by then; gold.bed_board knows the one that
    -- was next when something last happened to the bed.
    -- display_status: What the board counts: closed, occupied, dirty, reserved or available
    CREATE OR REPLACE MACRO board_at(moment) AS TABLE
    WITH following AS (
        SELECT bed_id, booking_id, patient_ref, starts_at, ends_at
        FROM live_bookings
        WHERE state = 'reserved' AND (ends_at IS NULL OR ends_at > moment)
        QUALIFY row_number() OVER (PARTITION BY bed_id ORDER BY starts_at, seq) = 1
    )
    SELECT
        live_board.* REPLACE (
            following.booking_id AS next_booking_id,
            following.patient_ref AS next_patient_ref,
            following.starts_at AS next_starts_at,
            following.ends_at AS next_ends_at
        ),
        display_status(
            bed_status,
            coalesce(starts_at <= moment + to_minutes({RESERVED_AHEAD_MINUTES}), false),
            is_closed_to_admissions :=
                coalesce(room_closed_reason_code, ward_closed_reason_code) IS NOT NULL
        ) AS display_status
    FROM live_board
    LEFT JOIN following USING (bed_id)
"""  # noqa: S608 - our own names

OF_A_LIVE_BREACH = f"""\
    -- breach: What is broken: {", ".join(BreachKind)}
    -- patient_ref: The patient who is affected
    -- stay_id: The stay of that patient
    -- from_at: Since when both have been there, or the one, and the right to it has begun
""".strip()

BREACHES_AT_MACRO = f"""
    -- What breaks a rule of the ward, by who is in which bed: `SELECT * FROM breaches_at(now())`.
    -- The rights are those of that instant. A patient on leave shares no room and is not affected.
    -- It does not wait for the stream.
    {OF_A_LIVE_BREACH}
    CREATE OR REPLACE MACRO breaches_at(moment) AS TABLE
    WITH here AS (
        SELECT * FROM live_board WHERE current_stay_id IS NOT NULL AND leave_since_at IS NULL
    ), pairs AS (
        SELECT
            a.*,
            greatest(a.admitted_at, b.admitted_at) AS met_at,
            {MIXED_SEX} AS is_mixed,
            {ISOLATION_IN_DUCKDB} AS is_exposed
        FROM here AS a
        JOIN here AS b
            ON a.hospital_id = b.hospital_id AND a.room_id = b.room_id AND a.bed_id <> b.bed_id
    ), broken AS (
        SELECT '{BreachKind.MIXED_SEX}' AS breach,
            greatest(met_at, current_single_sex_from_at) AS from_at, *
        FROM pairs WHERE is_mixed AND current_single_sex_from_at <= moment
        UNION ALL BY NAME
        SELECT '{BreachKind.ISOLATION}' AS breach, met_at AS from_at, *
        FROM pairs WHERE is_exposed
        UNION ALL BY NAME
        SELECT '{BreachKind.LEVEL_OF_CARE}' AS breach, admitted_at AS from_at, *
        FROM here WHERE list_contains(current_not_taken_as, '{BreachKind.LEVEL_OF_CARE}')
        UNION ALL BY NAME
        SELECT '{BreachKind.NOT_TAKEN_BY_WARD}' AS breach, admitted_at AS from_at, *
        FROM here
        WHERE len(list_filter(
            current_not_taken_as, lambda reason: reason <> '{BreachKind.LEVEL_OF_CARE}'
        )) > 0
    )
    SELECT
        breach,
        hospital_id,
        ward_id,
        room_id,
        bed_id,
        current_patient_ref AS patient_ref,
        current_stay_id AS stay_id,
        min(from_at) AS from_at
    FROM broken
    GROUP BY ALL
"""  # noqa: S608 - our own names

LIVE_BREACHES_VIEW = f"""
    -- What breaks a rule of the ward at the newest time on the live board: breaches_at of it.
    {OF_A_LIVE_BREACH}
    CREATE OR REPLACE VIEW live_breaches AS
    SELECT * FROM breaches_at((SELECT max(occurred_at) FROM live_board))
"""  # noqa: S608 - our own names
