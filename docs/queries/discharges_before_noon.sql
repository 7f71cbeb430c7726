-- How many patients leave before noon, per ward and month?
-- Of discharges from the hospital other than deaths, by the hospital's clock.
-- ward_id: the ward that discharged
-- month_on: first day of the month
-- discharge_count: discharges
-- before_noon_count: those before 12:00
-- before_noon_percent: their share
-- median_hour: the hour of the day in the middle (15.5 is half past three)
WITH zone AS (
    SELECT max_by(time_zone, seq) AS name FROM silver.bed_events WHERE event_type = 'clock_set'
), discharges AS (
    SELECT ward_id, ended_on, ended_at AT TIME ZONE (SELECT name FROM zone) AS ended_local
    FROM silver.bed_stays
    WHERE end_reason = 'discharged' AND disposition IS DISTINCT FROM 'died'
)
SELECT
    ward_id,
    date_trunc('month', ended_on)::DATE AS month_on,
    count(*) AS discharge_count,
    count(*) FILTER (hour(ended_local) < 12) AS before_noon_count,
    round(100.0 * before_noon_count / discharge_count, 1) AS before_noon_percent,
    round(median(hour(ended_local) + minute(ended_local) / 60), 1) AS median_hour
FROM discharges
GROUP BY ward_id, month_on
ORDER BY month_on, length(ward_id), ward_id
