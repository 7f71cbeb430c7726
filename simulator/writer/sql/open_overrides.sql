-- Overrides that nobody has reviewed.
SELECT * FROM bronze.bed_events WHERE override_rules IS NOT NULL AND event_id NOT IN
    (SELECT reviewed_event_id FROM bronze.bed_events WHERE reviewed_event_id IS NOT NULL)
