-- table: gold.ward_daily
-- Per ward: admissions + transfers in - transfers out - cases = change of the census between
-- midnights. The census of a midnight has what happened at that very instant, the next day counts it;
-- who has died is in the census until the bed is vacated.
WITH undone AS (
    SELECT corrects_event_id AS event_id FROM silver.bed_events
    WHERE corrects_event_id IS NOT NULL AND event_type <> 'discharge_corrected'
), corrected AS (
    SELECT DISTINCT ON (corrects_event_id) corrects_event_id AS event_id, disposition, died_at
    FROM silver.bed_events WHERE event_type = 'discharge_corrected' ORDER BY seq DESC
), bodies AS (
    SELECT
        left_bed.hospital_id,
        left_bed.ward_id,
        left_bed.occurred_on,
        (coalesce(corrected.died_at, left_bed.died_at)
            AT TIME ZONE coalesce(left_bed.time_zone, 'UTC'))::DATE AS died_on
    FROM silver.bed_events AS left_bed
    LEFT JOIN corrected USING (event_id)
    WHERE left_bed.event_type = 'patient_discharged'
        AND left_bed.is_off_census IS NOT TRUE
        AND coalesce(corrected.disposition, left_bed.disposition) = 'died'
        AND event_id NOT IN (SELECT event_id FROM undone)
), late AS (
    SELECT hospital_id, ward_id, census_on, sum(still_count) AS still_count
    FROM (
        SELECT hospital_id, ward_id, died_on AS census_on, 1 AS still_count FROM bodies
        WHERE died_on <> occurred_on
        UNION ALL
        SELECT hospital_id, ward_id, occurred_on, -1 FROM bodies WHERE died_on <> occurred_on
    )
    GROUP BY ALL
), at_midnight AS (
    SELECT
        hospital_id,
        ward_id,
        occurred_on AS census_on,
        sum(CASE
            WHEN event_type = 'patient_admitted' THEN 1
            WHEN event_type = 'patient_discharged' THEN -1
            WHEN event_type = 'patient_transferred' AND booking_state = 'active' THEN 1
            WHEN event_type = 'patient_transferred' AND booking_state = 'completed' THEN -1
            ELSE 0
        END) AS net_count
    FROM silver.bed_events
    WHERE occurred_at = (occurred_on::TIMESTAMP AT TIME ZONE coalesce(time_zone, 'UTC'))
        AND event_id NOT IN (SELECT event_id FROM undone)
        AND is_off_census IS NOT TRUE
    GROUP BY hospital_id, ward_id, occurred_on
), days AS (
    SELECT
        *,
        admission_count + transfer_in_count - transfer_out_count - case_count AS moved_count,
        occupied_bed_days + leave_bed_days
            - lag(occupied_bed_days + leave_bed_days, 1, 0) OVER of_ward AS change_count,
        lag(census_on) OVER of_ward AS before_on
    FROM gold.ward_daily
    WINDOW of_ward AS (PARTITION BY hospital_id, ward_id ORDER BY census_on)
)
SELECT days.ward_id, days.census_on, moved_count, change_count
FROM days
LEFT JOIN at_midnight AS first USING (hospital_id, ward_id, census_on)
LEFT JOIN late USING (hospital_id, ward_id, census_on)
LEFT JOIN at_midnight AS last
    ON last.hospital_id = days.hospital_id AND last.ward_id = days.ward_id
        AND last.census_on = days.census_on + 1
WHERE change_count
    <> moved_count + coalesce(still_count, 0) - CASE WHEN before_on IS NULL THEN 0 ELSE coalesce(first.net_count, 0) END
        + coalesce(last.net_count, 0)
