-- The $most events that were set aside last.
SELECT rule, detail, seq, event_type, bed_id, source, quarantined_at
FROM silver.quarantine
ORDER BY quarantined_at DESC, seq DESC
LIMIT $most
