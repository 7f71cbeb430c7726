-- The events without those that were undone later.
SELECT *
FROM events
WHERE event_id NOT IN (
    SELECT corrects_event_id FROM events
    WHERE corrects_event_id IS NOT NULL AND event_type <> 'discharge_corrected'
)
