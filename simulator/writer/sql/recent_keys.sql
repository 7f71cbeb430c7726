-- The newest idempotency keys.
SELECT * FROM bronze.bed_events
WHERE event_date >= $since_on AND recorded_at >= $since AND idempotency_key IS NOT NULL
ORDER BY seq
