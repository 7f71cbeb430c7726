-- What has been undone.
SELECT corrects_event_id FROM bronze.bed_events
WHERE corrects_event_id IS NOT NULL AND event_type <> 'discharge_corrected'
