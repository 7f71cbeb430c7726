-- gold.census_hourly for wards, specialties and the hospital: each the sum of the one before.
-- level: ward, specialty or hospital
-- unit_id: Which of them
CREATE OR REPLACE VIEW gold.unit_census AS
WITH wards AS (
    SELECT census.*, coalesce(specialty, 'unknown') AS specialty
    FROM gold.census_hourly AS census
    LEFT JOIN gold.wards USING (hospital_id, ward_id)
), units AS (
    SELECT *, 'ward' AS level, ward_id AS unit_id FROM wards
    UNION ALL
    SELECT *, 'specialty', specialty FROM wards
    UNION ALL
    SELECT *, 'hospital', hospital_id FROM wards
)
SELECT
    hospital_id,
    level,
    unit_id,
    census_at,
    census_on,
    sum(bed_count)::BIGINT AS bed_count,
    sum(staffed_count)::BIGINT AS staffed_count,
    sum(unstaffed_occupied_count)::BIGINT AS unstaffed_occupied_count,
    sum(closed_to_admissions_count)::BIGINT AS closed_to_admissions_count,
    sum(closed_to_admissions_empty_count)::BIGINT AS closed_to_admissions_empty_count,
    sum(occupied_count)::BIGINT AS occupied_count,
    sum(leave_count)::BIGINT AS leave_count,
    sum(available_count)::BIGINT AS available_count,
    sum(reserved_count)::BIGINT AS reserved_count,
    sum(dirty_count)::BIGINT AS dirty_count,
    sum(closed_count)::BIGINT AS closed_count
FROM units
GROUP BY hospital_id, level, unit_id, census_at, census_on
