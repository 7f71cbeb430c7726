-- What each bed was from when to when: at an instant, what the highest seq up to it says; between an
-- event and its correction, what it was before, and who was in it.
WITH bed_events AS (
    SELECT * FROM events WHERE bed_id IS NOT NULL
), undone AS (
    SELECT wrong.bed_id, wrong.seq AS from_seq, correction.seq AS until_seq
    FROM bed_events AS correction
    JOIN bed_events AS wrong ON wrong.event_id = correction.corrects_event_id
    WHERE correction.event_type <> 'discharge_corrected'
), real AS (
    SELECT * FROM bed_events AS e
    WHERE NOT EXISTS (
        FROM undone
        WHERE undone.bed_id = e.bed_id AND e.seq >= from_seq AND e.seq < until_seq
    )
), known AS (
    SELECT
        e.* REPLACE (
            coalesce(real.bed_status, e.bed_status) AS bed_status,
            if(real.seq IS NULL, e.leave_since_at, real.leave_since_at) AS leave_since_at,
            if(real.seq IS NULL, e.current_stay_id, real.current_stay_id) AS current_stay_id,
            if(real.seq IS NULL, e.current_booking_id, real.current_booking_id)
                AS current_booking_id,
            if(real.seq IS NULL, e.current_patient_ref, real.current_patient_ref)
                AS current_patient_ref,
            if(real.seq IS NULL, e.current_rooms_with, real.current_rooms_with)
                AS current_rooms_with,
            if(real.seq IS NULL, e.current_placed_with_patient_ref,
                real.current_placed_with_patient_ref) AS current_placed_with_patient_ref,
            if(real.seq IS NULL, e.current_single_sex_from_at, real.current_single_sex_from_at)
                AS current_single_sex_from_at,
            if(real.seq IS NULL, e.current_isolation_kind, real.current_isolation_kind)
                AS current_isolation_kind,
            if(real.seq IS NULL, e.current_infection, real.current_infection)
                AS current_infection,
            if(real.seq IS NULL, e.current_contact_of, real.current_contact_of)
                AS current_contact_of,
            if(real.seq IS NULL, e.current_not_taken_as, real.current_not_taken_as)
                AS current_not_taken_as
        ),
        min(e.occurred_at) OVER (
            PARTITION BY e.bed_id ORDER BY e.seq ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
        ) AS until_at
    FROM bed_events AS e
    ASOF LEFT JOIN real ON real.bed_id = e.bed_id AND real.seq <= e.seq
)
SELECT
    * REPLACE (coalesce(is_off_census, false) AS is_off_census),
    occurred_at AS from_at,
    coalesce(time_zone, 'UTC') AS zone,
    CASE
        WHEN bed_status IN ('occupied', 'isolated') THEN 'occupied'
        WHEN bed_status IN ('dirty', 'contaminated', 'cleaning') THEN 'dirty'
        WHEN bed_status = 'available' THEN 'available'
        ELSE 'closed'
    END AS counts_as,
    room_closed_reason_code IS NOT NULL OR ward_closed_reason_code IS NOT NULL
        AS is_closed_to_admissions,
    leave_since_at IS NOT NULL AS is_on_leave,
    if(is_closed_to_admissions AND counts_as <> 'occupied', 'closed', counts_as) AS shows_as
FROM known
WHERE (until_at IS NULL OR until_at > occurred_at) AND event_type <> 'bed_retired'
