-- The newest idempotency keys, each with what it caused.
SELECT actor, request_path, idempotency_key, seq, recorded_at, schema_version, request_digest
FROM bronze.bed_events
WHERE event_date >= $since_on AND recorded_at >= $since AND idempotency_key IS NOT NULL
ORDER BY seq
