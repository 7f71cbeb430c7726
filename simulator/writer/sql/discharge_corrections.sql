-- What was said later of a discharge.
SELECT * FROM bronze.bed_events
WHERE event_type = 'discharge_corrected' AND corrects_event_id = $event_id ORDER BY seq
