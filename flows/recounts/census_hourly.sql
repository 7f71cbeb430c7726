-- gold.census_hourly: every bed looked up at every full hour.
WITH quarters AS (
    SELECT unnest(generate_series(
        to_timestamp(ceil(epoch((SELECT min(from_at) FROM states)) / 900) * 900),
        $now,
        INTERVAL 15 MINUTES
    )) AS census_at
), hours AS (
    SELECT census_at, census_at AT TIME ZONE $zone AS on_the_wall
    FROM quarters
    WHERE minute(census_at AT TIME ZONE $zone) = 0
), looks AS (
    SELECT * FROM hours CROSS JOIN (SELECT DISTINCT bed_id FROM states)
), shown AS (
    SELECT
        looks.*,
        states.*,
        CASE
            WHEN bed_status = 'closed' THEN 'closed'
            WHEN bed_status IN ('occupied', 'isolated') THEN 'occupied'
            WHEN bed_status IN ('dirty', 'contaminated', 'cleaning') THEN 'dirty'
            WHEN next_starts_at <= census_at + to_minutes($reserved_ahead_minutes)
                AND (next_ends_at IS NULL OR next_ends_at > census_at) THEN 'reserved'
            ELSE 'available'
        END AS display_status
    FROM looks
    ASOF JOIN states ON states.bed_id = looks.bed_id AND states.from_at <= looks.census_at
    WHERE until_at IS NULL OR until_at > census_at
)
SELECT
    hospital_id,
    ward_id,
    census_at,
    any_value(on_the_wall)::DATE AS census_on,
    count(*) AS bed_count,
    count(*) FILTER (is_staffed AND bed_status <> 'closed') AS staffed_count,
    count(*) FILTER (display_status = 'occupied') AS occupied_count,
    count(*) FILTER (display_status = 'available') AS available_count,
    count(*) FILTER (display_status = 'reserved') AS reserved_count,
    count(*) FILTER (display_status = 'dirty') AS dirty_count,
    count(*) FILTER (display_status = 'closed') AS closed_count
FROM shown
GROUP BY hospital_id, ward_id, census_at
