-- Bed-days of patients who could have left: each midnight that somebody was in a bed who no longer
-- needed it, by ward, day and what was waited for.
-- census_on: The hospital day
-- waits_for: What kept them: transport, medicines, care_package, placement, family, other; null: not said
-- lost_bed_days: Such midnights; each ends its day (census_on)
CREATE OR REPLACE VIEW gold.lost_bed_days AS
WITH told AS (
    SELECT
        hospital_id,
        ward_id,
        time_zone,
        booking_state,
        is_off_census,
        bed_not_needed_since_at,
        waits_for,
        occurred_at AS from_at,
        min(occurred_at) OVER (
            PARTITION BY hospital_id, stay_id ORDER BY seq
            ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
        ) AS until_at
    FROM silver.bed_events
    WHERE stay_id IN (
            SELECT stay_id FROM silver.bed_events WHERE bed_not_needed_since_at IS NOT NULL
        )
        AND booking_state IS NOT NULL
        AND event_id NOT IN (
            SELECT corrects_event_id FROM silver.bed_events
            WHERE corrects_event_id IS NOT NULL AND event_type <> 'discharge_corrected'
        )
), waiting AS (
    SELECT
        *,
        from_at AT TIME ZONE coalesce(time_zone, 'UTC') AS from_local,
        coalesce(until_at, (SELECT max(occurred_at) FROM silver.bed_events))
            AT TIME ZONE coalesce(time_zone, 'UTC') AS until_local
    FROM told
    WHERE booking_state = 'active'
        AND bed_not_needed_since_at IS NOT NULL
        AND is_off_census IS NOT TRUE
), midnights AS (
    SELECT
        hospital_id,
        ward_id,
        waits_for,
        unnest(generate_series(
            date_trunc('day', from_local - INTERVAL 1 MICROSECOND) + INTERVAL 1 DAY,
            until_local,
            INTERVAL 1 DAY
        )) AS midnight,
        until_local,
        until_at
    FROM waiting
)
SELECT
    hospital_id,
    ward_id,
    midnight::DATE - 1 AS census_on,
    waits_for,
    count(*) AS lost_bed_days
FROM midnights
WHERE midnight < until_local OR until_at IS NULL
GROUP BY ALL
