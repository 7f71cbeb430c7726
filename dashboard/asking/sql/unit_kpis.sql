-- Occupancy, length of stay, turnover interval and bed use of rooms, wards, specialties or the
-- hospital ($level), per day, week, month or quarter ($period). Periods that overlap the dates count as
-- a whole. Chosen wards narrow it down to these, to their rooms, or to their specialties.
SELECT
    CASE level
        WHEN 'ward' THEN concat_ws(' ', unit_id, nullif(ward_name, unit_id))
        WHEN 'specialty' THEN replace(unit_id, '_', ' ')
        WHEN 'room' THEN unit_id
        ELSE 'whole hospital'
    END AS unit_name,
    period_on,
    day_count,
    available_bed_days,
    occupied_bed_days,
    occupancy_percent,
    admission_count,
    case_count,
    alos_days,
    median_stay_days,
    turnover_interval_days,
    bed_use_factor
FROM gold.unit_kpis AS kpis
LEFT JOIN gold.wards ON level = 'ward' AND unit_id = ward_id AND kpis.hospital_id = wards.hospital_id
WHERE level = $level
    AND period = $period
    AND period_on BETWEEN date_trunc($period, $from_on)::DATE AND $until_on
    AND (
        len($ward_ids) = 0
        OR level = 'hospital'
        OR (level = 'ward' AND list_contains($ward_ids, unit_id))
        OR (level = 'room' AND unit_id IN (
            SELECT room_id FROM silver.beds WHERE list_contains($ward_ids, ward_id)
        ))
        OR (level = 'specialty' AND unit_id IN (
            SELECT coalesce(specialty, 'unknown') FROM gold.wards
            WHERE list_contains($ward_ids, ward_id)
        ))
    )
ORDER BY period_on DESC, natural_order(unit_id)
