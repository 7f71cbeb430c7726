-- How fast are beds made ready again, against the goals of 30, 30 and 60 minutes?
-- Cleaning cycles that ended, in hospital minutes. Goals: TeleTracking.
-- ward_id: the ward
-- cycle_count: cycles from dirty to clean
-- isolation_count: those after an isolation, which take longer
-- response_minutes: median, dirty to cleaning started
-- clean_minutes: median, cleaning started to finished
-- turn_minutes: median, dirty to finished
-- response_in_goal_percent: share of cycles under 30 minutes to the start
-- clean_in_goal_percent: share of cycles under 30 minutes of cleaning
-- turn_in_goal_percent: share of cycles under 60 minutes in all
SELECT
    ward_id,
    count(*) AS cycle_count,
    count(*) FILTER (is_isolation) AS isolation_count,
    round(median(response_minutes), 1) AS response_minutes,
    round(median(clean_minutes), 1) AS clean_minutes,
    round(median(turn_minutes), 1) AS turn_minutes,
    round(100.0 * avg((response_minutes < 30)::INT), 1) AS response_in_goal_percent,
    round(100.0 * avg((clean_minutes < 30)::INT), 1) AS clean_in_goal_percent,
    round(100.0 * avg((turn_minutes < 60)::INT), 1) AS turn_in_goal_percent
FROM gold.turnaround
WHERE ended_on IS NOT NULL
GROUP BY ward_id
ORDER BY length(ward_id), ward_id
