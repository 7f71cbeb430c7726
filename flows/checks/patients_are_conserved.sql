-- table: gold.ward_daily
-- Per ward: admissions + transfers in - transfers out - cases = change of the census between
-- midnights. The census of a midnight has what happened at that very instant, the next day counts it.
WITH undone AS (
    SELECT corrects_event_id AS event_id FROM silver.bed_events WHERE corrects_event_id IS NOT NULL
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
    GROUP BY hospital_id, ward_id, occurred_on
), days AS (
    SELECT
        *,
        admission_count + transfer_in_count - transfer_out_count - case_count AS moved_count,
        occupied_bed_days - lag(occupied_bed_days, 1, 0) OVER of_ward AS change_count,
        lag(census_on) OVER of_ward AS before_on
    FROM gold.ward_daily
    WINDOW of_ward AS (PARTITION BY hospital_id, ward_id ORDER BY census_on)
)
SELECT days.ward_id, days.census_on, moved_count, change_count
FROM days
LEFT JOIN at_midnight AS first USING (hospital_id, ward_id, census_on)
LEFT JOIN at_midnight AS last
    ON last.hospital_id = days.hospital_id AND last.ward_id = days.ward_id
        AND last.census_on = days.census_on + 1
WHERE change_count
    <> moved_count - CASE WHEN before_on IS NULL THEN 0 ELSE coalesce(first.net_count, 0) END
        + coalesce(last.net_count, 0)
