-- silver.bed_events: what breaks no check.
SELECT
    * EXCLUDE (rule),
    (occurred_at AT TIME ZONE coalesce(time_zone, 'UTC'))::DATE AS occurred_on
FROM checked
WHERE rule IS NULL
