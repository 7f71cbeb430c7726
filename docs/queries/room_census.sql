-- How was each room used, hour by hour, on the last ended day?
-- Beds at each full hour. Summed over a ward's rooms they are gold.census_hourly (free_count is its
-- available_count + reserved_count). For another day write a date in place of the query of `day`.
-- ward_id: the ward
-- room_id: the room
-- census_at: the full hour (UTC)
-- hour_local: the same hour on the hospital's clock
-- bed_count: registered beds
-- occupied_count: occupied or isolated
-- dirty_count: dirty, contaminated or in cleaning
-- closed_count: closed
-- free_count: clean and empty, reserved or not
WITH day AS (
    SELECT max(census_on) AS census_on FROM gold.ward_daily
), hours AS (
    SELECT DISTINCT hospital_id, census_at, census_on
    FROM gold.census_hourly
    WHERE census_on = (SELECT census_on FROM day)
), zone AS (
    SELECT max_by(time_zone, seq) AS name FROM silver.bed_events WHERE event_type = 'clock_set'
)
SELECT
    ward_id,
    room_id,
    census_at,
    strftime(census_at AT TIME ZONE (SELECT name FROM zone), '%H:%M') AS hour_local,
    count(*) AS bed_count,
    count(*) FILTER (bed_status IN ('occupied', 'isolated')) AS occupied_count,
    count(*) FILTER (bed_status IN ('dirty', 'contaminated', 'cleaning')) AS dirty_count,
    count(*) FILTER (bed_status = 'closed') AS closed_count,
    count(*) FILTER (bed_status = 'available') AS free_count
FROM hours
JOIN silver.bed_status_spans AS spans
    ON spans.hospital_id = hours.hospital_id
    AND spans.from_at <= census_at
    AND (spans.until_at IS NULL OR spans.until_at > census_at)
    -- Spans lie in folders by the day on which they ended: this line spares reading the older ones.
    AND (spans.ended_on IS NULL OR spans.ended_on >= (SELECT census_on FROM day))
GROUP BY ward_id, room_id, census_at, hour_local
ORDER BY length(ward_id), ward_id, length(room_id), room_id, census_at
