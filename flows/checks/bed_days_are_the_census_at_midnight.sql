-- table: gold.ward_daily
-- Occupied and available bed-days are the first census hour of the next day; a bed with a patient is
-- available whether or not it is staffed, and neither where the patient is on leave.
WITH midnights AS (
    SELECT hospital_id, ward_id, census_on - 1 AS census_on, leave_count,
        occupied_count - leave_count AS there_count,
        staffed_count + unstaffed_occupied_count - leave_count AS in_use_count
    FROM gold.census_hourly
    QUALIFY census_at = min(census_at) OVER (PARTITION BY hospital_id, census_on)
)
SELECT daily.ward_id, daily.census_on, available_bed_days, in_use_count, occupied_bed_days,
    there_count, leave_bed_days, leave_count
FROM gold.ward_daily AS daily
LEFT JOIN midnights USING (hospital_id, ward_id, census_on)
WHERE occupied_bed_days <> coalesce(there_count, 0)
    OR leave_bed_days <> coalesce(leave_count, 0)
    OR available_bed_days <> coalesce(in_use_count, 0)
