-- Each room at each full hour of the hospital; summed over a ward's rooms it is gold.census_hourly.
-- Counted when it is asked for: ask for a day (census_on) rather than for all of them.
-- free_count: Clean and empty, reserved or not: available_count + reserved_count of the ward
CREATE OR REPLACE VIEW gold.room_census AS
WITH hours AS (
    SELECT DISTINCT hospital_id, census_at, census_on FROM gold.census_hourly
), beds AS (
    SELECT DISTINCT hospital_id, bed_id FROM silver.bed_status_spans
), looks AS (
    SELECT * FROM hours JOIN beds USING (hospital_id)
), found AS (
    SELECT
        looks.*,
        spans.ward_id,
        spans.room_id,
        spans.is_staffed,
        spans.until_at,
        spans.is_off_census,
        spans.is_closed_to_admissions,
        display_status(
            bed_status, false, is_closed_to_admissions := spans.is_closed_to_admissions
        ) AS was
    FROM looks
    ASOF JOIN silver.bed_status_spans AS spans
        ON spans.hospital_id = looks.hospital_id
        AND spans.bed_id = looks.bed_id
        AND spans.from_at <= looks.census_at
)
SELECT
    hospital_id,
    ward_id,
    room_id,
    census_at,
    census_on,
    count(*) AS bed_count,
    count(*) FILTER (is_staffed AND was <> 'closed') AS staffed_count,
    count(*) FILTER (was = 'occupied') AS occupied_count,
    count(*) FILTER (was = 'available') AS free_count,
    count(*) FILTER (was = 'dirty') AS dirty_count,
    count(*) FILTER (was = 'closed') AS closed_count
FROM found
WHERE (until_at IS NULL OR until_at > census_at) AND is_off_census IS NOT TRUE
GROUP BY hospital_id, ward_id, room_id, census_at, census_on
