-- gold.room_daily: every bed that counts as one looked up at every midnight, and what happened in between.
WITH days AS (
    SELECT census_on::DATE AS census_on, (census_on + INTERVAL 1 DAY) AT TIME ZONE $zone AS midnight
    FROM (
        SELECT unnest(generate_series(
            (SELECT min(from_at) FROM states) AT TIME ZONE $zone,
            $now AT TIME ZONE $zone,
            INTERVAL 1 DAY
        ))::DATE::TIMESTAMP AS census_on
    )
), looks AS (
    SELECT * FROM days CROSS JOIN (SELECT DISTINCT bed_id FROM states) WHERE midnight <= $now
), beds AS (
    SELECT
        hospital_id, ward_id, room_id, census_on,
        count(*) FILTER (
            IF(shows_as = 'occupied', NOT is_on_leave, is_staffed AND shows_as <> 'closed')
        ) AS available_bed_days,
        count(*) FILTER (shows_as = 'occupied' AND NOT is_on_leave) AS occupied_bed_days,
        count(*) FILTER (shows_as = 'occupied' AND is_on_leave) AS leave_bed_days
    FROM looks
    ASOF JOIN states ON states.bed_id = looks.bed_id AND states.from_at <= looks.midnight
    WHERE (until_at IS NULL OR until_at > midnight) AND NOT is_off_census
    GROUP BY ALL
), corrected AS (
    SELECT DISTINCT ON (corrects_event_id) corrects_event_id AS event_id, disposition, died_at
    FROM events WHERE event_type = 'discharge_corrected' ORDER BY seq DESC
), known AS (
    SELECT standing.* REPLACE (
        if(corrected.event_id IS NULL, standing.disposition, corrected.disposition) AS disposition,
        if(corrected.event_id IS NULL, standing.died_at, corrected.died_at) AS died_at
    )
    FROM standing LEFT JOIN corrected ON corrected.event_id = standing.event_id
), moves AS (
    SELECT
        hospital_id, ward_id, room_id,
        CASE
            WHEN event_type = 'patient_discharged' AND disposition = 'died' AND died_at IS NOT NULL
            THEN (died_at AT TIME ZONE coalesce(time_zone, 'UTC'))::DATE ELSE occurred_on
        END AS census_on,
        count(*) FILTER (event_type = 'patient_admitted') AS admission_count,
        count(*) FILTER (event_type = 'patient_transferred' AND booking_state = 'active')
            AS transfer_in_count,
        count(*) FILTER (event_type = 'patient_transferred' AND booking_state = 'completed')
            AS transfer_out_count,
        count(*) FILTER (event_type = 'patient_discharged'
                         AND disposition IS DISTINCT FROM 'died') AS discharge_count,
        count(*) FILTER (event_type = 'patient_discharged' AND disposition = 'died')
            AS death_count,
        count(*) FILTER (event_type = 'patient_discharged') AS case_count,
        count(*) FILTER (event_type = 'booking_expired') AS no_show_count
    FROM known
    WHERE room_id IS NOT NULL AND is_off_census IS NOT TRUE
    GROUP BY ALL
), overrides AS (
    SELECT hospital_id, ward_id, room_id, occurred_on AS census_on, count(*) AS override_count
    FROM events
    WHERE seq IN (
        SELECT min(seq) FROM events
        WHERE override_rule IS NOT NULL AND room_id IS NOT NULL AND is_off_census IS NOT TRUE
        GROUP BY coalesce(request_id, event_id)
    )
    GROUP BY ALL
)
SELECT
    hospital_id, ward_id, room_id, census_on,
    coalesce(available_bed_days, 0) AS available_bed_days,
    coalesce(occupied_bed_days, 0) AS occupied_bed_days,
    coalesce(leave_bed_days, 0) AS leave_bed_days,
    coalesce(admission_count, 0) AS admission_count,
    coalesce(transfer_in_count, 0) AS transfer_in_count,
    coalesce(transfer_out_count, 0) AS transfer_out_count,
    coalesce(discharge_count, 0) AS discharge_count,
    coalesce(death_count, 0) AS death_count,
    coalesce(case_count, 0) AS case_count,
    coalesce(override_count, 0) AS override_count,
    coalesce(no_show_count, 0) AS no_show_count
FROM beds
FULL JOIN moves USING (hospital_id, ward_id, room_id, census_on)
FULL JOIN overrides USING (hospital_id, ward_id, room_id, census_on)
WHERE census_on < ($now AT TIME ZONE $zone)::DATE
