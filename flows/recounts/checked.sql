-- Every row of the log with the first check that it breaks (null: none).
WITH looked_at AS (
    SELECT
        *,
        CASE
            WHEN schema_version > $schema_version THEN 'newer_schema_version'
            WHEN seq IS NULL OR event_id IS NULL OR event_type IS NULL OR occurred_at IS NULL
                OR recorded_at IS NULL OR hospital_id IS NULL THEN 'missing_field'
            WHEN list_contains($of_a_bed, event_type)
                AND (bed_id IS NULL OR room_id IS NULL OR ward_id IS NULL OR bed_status IS NULL)
                THEN 'missing_field'
            WHEN list_contains($of_a_booking, event_type)
                AND (booking_id IS NULL OR booking_state IS NULL OR starts_at IS NULL)
                THEN 'missing_field'
            WHEN list_contains($of_a_stay, event_type)
                AND (stay_id IS NULL OR spell_id IS NULL OR patient_ref IS NULL)
                THEN 'missing_field'
            WHEN NOT list_contains($event_types, event_type) THEN 'unknown_event_type'
            WHEN time_zone NOT IN (SELECT name FROM pg_timezone_names()) THEN 'unknown_time_zone'
            WHEN ends_at < starts_at THEN 'wrong_order'
        END AS broken
    FROM bronze.bed_events
    WHERE seq <= $high_seq OR seq IS NULL
), counted AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY broken, event_id ORDER BY seq) AS nth_of_id,
        row_number() OVER (PARTITION BY broken, seq ORDER BY event_id) AS nth_of_seq
    FROM looked_at
)
SELECT
    * EXCLUDE (broken, nth_of_id, nth_of_seq),
    CASE
        WHEN broken IS NOT NULL THEN broken
        WHEN nth_of_id > 1 THEN 'duplicate_event_id'
        WHEN nth_of_seq > 1 THEN 'duplicate_seq'
    END AS rule
FROM counted
