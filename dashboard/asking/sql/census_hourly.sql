-- Beds per display status at each full hour, on the hospital's own clock.
SELECT census_at AT TIME ZONE $time_zone AS census_local, display_status, bed_count
FROM (
    SELECT
        census_at,
        sum(occupied_count)::BIGINT AS occupied,
        sum(dirty_count)::BIGINT AS dirty,
        sum(reserved_count)::BIGINT AS reserved,
        sum(available_count)::BIGINT AS available,
        sum(closed_count)::BIGINT AS closed
    FROM gold.census_hourly
    WHERE census_on BETWEEN $from_on AND $until_on
        AND (len($ward_ids) = 0 OR list_contains($ward_ids, ward_id))
    GROUP BY census_at
)
UNPIVOT (bed_count FOR display_status IN (occupied, dirty, reserved, available, closed))
ORDER BY census_local
