-- gold.census_hourly: every bed that counts as one looked up at every full hour.
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
), held AS (
    -- Each booking as it stood: a correction counts from the time of the event that it undoes.
    SELECT
        e.bed_id,
        e.booking_state,
        e.starts_at,
        e.ends_at,
        coalesce(undone.occurred_at, e.occurred_at) AS from_at,
        min(coalesce(undone.occurred_at, e.occurred_at)) OVER (
            PARTITION BY e.booking_id ORDER BY e.seq
            ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
        ) AS until_at
    FROM standing AS e
    LEFT JOIN events AS undone ON undone.event_id = e.corrects_event_id
    WHERE e.booking_id IS NOT NULL AND e.booking_state IS NOT NULL
), reserved AS (
    SELECT DISTINCT bed_id, census_at
    FROM held
    JOIN hours
        ON census_at >= from_at
        AND census_at >= starts_at - to_minutes($reserved_ahead_minutes)
        AND (until_at IS NULL OR census_at < until_at)
        AND (ends_at IS NULL OR census_at < ends_at)
    WHERE booking_state = 'reserved'
), looks AS (
    SELECT * FROM hours CROSS JOIN (SELECT DISTINCT bed_id FROM states)
), shown AS (
    SELECT
        looks.*,
        states.*,
        if(shows_as = 'available' AND reserved.bed_id IS NOT NULL, 'reserved', shows_as)
            AS display_status
    FROM looks
    ASOF JOIN states ON states.bed_id = looks.bed_id AND states.from_at <= looks.census_at
    LEFT JOIN reserved ON reserved.bed_id = looks.bed_id AND reserved.census_at = looks.census_at
    WHERE (until_at IS NULL OR until_at > looks.census_at) AND NOT is_off_census
)
SELECT
    hospital_id,
    ward_id,
    census_at,
    any_value(on_the_wall)::DATE AS census_on,
    count(*) AS bed_count,
    count(*) FILTER (is_staffed AND display_status <> 'closed') AS staffed_count,
    count(*) FILTER (display_status = 'occupied' AND NOT is_staffed) AS unstaffed_occupied_count,
    count(*) FILTER (display_status = 'occupied' AND is_on_leave) AS leave_count,
    count(*) FILTER (is_closed_to_admissions) AS closed_to_admissions_count,
    count(*) FILTER (is_closed_to_admissions AND display_status <> 'occupied')
        AS closed_to_admissions_empty_count,
    count(*) FILTER (display_status = 'occupied') AS occupied_count,
    count(*) FILTER (display_status = 'available') AS available_count,
    count(*) FILTER (display_status = 'reserved') AS reserved_count,
    count(*) FILTER (display_status = 'dirty') AS dirty_count,
    count(*) FILTER (display_status = 'closed') AS closed_count
FROM shown
GROUP BY hospital_id, ward_id, census_at
