-- From dirty to clean, per ward, for cycles that ended in the chosen days: medians and the share
-- within the goals, for the response, the clean and the whole turn.
WITH measured AS (
    SELECT
        hospital_id,
        ward_id,
        unnest(['response', 'clean', 'turn']) AS phase,
        unnest([response_minutes, clean_minutes, turn_minutes]) AS minutes,
        unnest([$response_goal, $clean_goal, $turn_goal])::DOUBLE AS goal_minutes
    FROM gold.turnaround
    WHERE ended_on BETWEEN $from_on AND $until_on
        AND (len($ward_ids) = 0 OR list_contains($ward_ids, ward_id))
)
SELECT
    concat_ws(' ', ward_id, nullif(ward_name, ward_id)) AS ward_name,
    phase,
    goal_minutes,
    count(minutes) AS cycle_count,
    median(minutes) AS median_minutes,
    100.0 * avg((minutes < goal_minutes)::INT) AS in_goal_percent
FROM measured
LEFT JOIN gold.wards USING (hospital_id, ward_id)
GROUP BY hospital_id, ward_id, wards.ward_name, phase, goal_minutes
HAVING count(minutes) > 0
ORDER BY natural_order(ward_id), phase
