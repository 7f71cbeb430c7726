-- When patients left a bed, if not before $since.
SELECT patient_ref, max_by(occurred_at, seq) AS left_at FROM bronze.bed_events
WHERE booking_state = 'completed' AND occurred_at >= $since GROUP BY patient_ref
