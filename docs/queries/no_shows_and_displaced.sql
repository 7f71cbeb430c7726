-- How many reservations end without their patient: no-shows, and bookings that an override displaced?
-- Reservations by the month in which they were to start; without those cancelled and those ahead.
-- An admission on the spot is no reservation.
-- ward_id: the ward
-- month_on: first day of the month of starts_at, on the hospital's clock
-- reservation_count: reservations whose patient came, did not come, or lost the bed
-- no_show_count: the patient did not come within the grace; the reservation expired
-- no_show_percent: their share
-- displaced_count: the bed was taken by an override
-- displaced_percent: their share
WITH zone AS (
    SELECT max_by(time_zone, seq) AS name FROM silver.bed_events WHERE event_type = 'clock_set'
), reservations AS (
    SELECT ward_id, state, starts_at AT TIME ZONE (SELECT name FROM zone) AS starts_local
    FROM silver.bookings
    WHERE state IN ('expired', 'displaced')
        OR (state IN ('active', 'completed') AND booked_at < starts_at)
)
SELECT
    ward_id,
    date_trunc('month', starts_local)::DATE AS month_on,
    count(*) AS reservation_count,
    count(*) FILTER (state = 'expired') AS no_show_count,
    round(100.0 * no_show_count / reservation_count, 1) AS no_show_percent,
    count(*) FILTER (state = 'displaced') AS displaced_count,
    round(100.0 * displaced_count / reservation_count, 1) AS displaced_percent
FROM reservations
GROUP BY ward_id, month_on
ORDER BY month_on, length(ward_id), ward_id
