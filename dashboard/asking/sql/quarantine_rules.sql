-- How many events break which rule, and since when the newest of them has been set aside.
SELECT rule, count(*) AS event_count, max(quarantined_at) AS quarantined_at
FROM silver.quarantine
GROUP BY rule
ORDER BY event_count DESC, rule
