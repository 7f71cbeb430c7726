-- A later admission of a patient that stands.
SELECT seq FROM bronze.bed_events
WHERE event_type = 'patient_admitted' AND patient_ref = $patient_ref AND seq > $seq
AND event_id NOT IN
    (SELECT corrects_event_id FROM bronze.bed_events WHERE corrects_event_id IS NOT NULL)
LIMIT 1
