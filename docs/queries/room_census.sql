-- How was each room used, hour by hour, on the last ended day?
-- For another day write a date in place of the query of `census_on`.
-- ward_id: the ward
-- room_id: the room
-- census_at: the full hour (UTC)
-- hour_local: the same hour on the hospital's clock
-- bed_count: registered beds
-- occupied_count: occupied or isolated
-- dirty_count: dirty, contaminated or in cleaning
-- closed_count: closed
-- free_count: clean and empty, reserved or not
WITH zone AS (
    SELECT max_by(time_zone, seq) AS name FROM silver.bed_events WHERE event_type = 'clock_set'
)
SELECT
    ward_id,
    room_id,
    census_at,
    strftime(census_at AT TIME ZONE (SELECT name FROM zone), '%H:%M') AS hour_local,
    bed_count,
    occupied_count,
    dirty_count,
    closed_count,
    free_count
FROM gold.room_census
WHERE census_on = (SELECT max(census_on) FROM gold.ward_daily)
ORDER BY length(ward_id), ward_id, length(room_id), room_id, census_at
